#!/usr/bin/env bats
# A job's name, its settings, and two instances of it.

load exact
setup() { exact_setup; }
teardown() { s2_teardown; }

@test "--job: usage errors" {
    usage_error "--job goes with neither --input nor --dry-run: they have no checkpoints" \
        --job x -i "$EVENTS"
    usage_error "--job goes with neither --input nor --dry-run: they have no checkpoints" \
        --job x -n -u ws://127.0.0.1:9
    usage_error "--since checkpoint goes with neither --input nor --dry-run: they have no checkpoints" \
        --since checkpoint -i "$EVENTS"
    usage_error "--job: '' cannot be a name" --job "" -u ws://127.0.0.1:9
    usage_error "--job: 'a?b' cannot be a name" --job $'a\tb' \
        -u ws://127.0.0.1:9
    local long
    long=$(printf '%504s' '' | tr ' ' j)
    usage_error "--job: '${long::64}' cannot be a name" --job "$long" \
        -u ws://127.0.0.1:9
}

# Refused for the differences $1: said in one line, and nothing is touched.
refused() { # DIFFERENCES OPTION...
    job_ends "${@:2}"
    same "$status" 78
    same "$(said)" "bsky2s2: the checkpoint of job 'default' is of other settings ($1): another --job, or --since"
    same "$(k_tail)" "$tail"
    same "$(grep -c ^request jet.log)" 1
    same "$(held | wc -l)" 100
}

changed() {
    local tail
    row 1 100 0 1 | events 1 | tee 1 >2
    row 101 200 100 1 | events 1 >>2
    jet < <(in_turn 2)
    job
    until_has 100
    tail=$(k_tail)
    refused "-prefix=, +prefix=a/" --prefix a/
    refused "+route=example.org=x/y" -r example.org=x/y
    refused "+lang=de, -lang=en" -l de
    refused "+lang=fr" -l en -l fr
    refused "+lang=any, -lang=en" -l any
    refused "-links=all, +links=facets" --links facets
    refused "+did=did:plc:00001" --did did:plc:00001
    refused "+unrouted=other" --unrouted other
    # What does not decide the records is free to change.
    job --max-age 3d --linger 10ms -l en -l en --no-compress --idle 90s
    until_has 200
    is_exact 2
}

@test "settings changed between runs: 78, and nothing is touched" {
    each_basin changed
}

@test "--since checkpoint goes on with other settings, and says what" {
    anyway() {
        row 1 100 0 1 | events 1 | tee 1 2 >3
        row 101 200 100 1 | events 1 | tee -a 2 >>3
        row 201 300 200 1 | events 1 >>3
        jet < <(in_turn 3)
        job --no-default-routes -r bbc.com=news/bbc
        until_has 20
        job --since checkpoint --no-default-routes -r bbc.com=news/bbc \
            -r youtube.com=x/new
        # Of the minute that is asked for again nothing is judged anew.
        until_has 120
        same "$(said)" "bsky2s2: job 'default': its settings are others from here on (+route=youtube.com=x/new): what the new ones add is missing before 2023-11-14T22:14:59.000000+00:00
bsky2s2: stopped by SIGTERM: 100 records delivered, 0 unacked"
        # Those are the checkpoint's from now on.
        job --no-default-routes -r bbc.com=news/bbc -r youtube.com=x/new
        until_has 220
        same "$(records_of news/bbc | wc -l)" 60
    }
    each_basin anyway
}

@test "a prefix makes two jobs of one basin" {
    prefixes() {
        row 1 100 0 1 | events 1 | tee 1 >2
        row 1 200 0 1 | events 1 | tee 3 >4
        jet < <(in_turn 4)
        job --prefix a/ --job a
        until_has 100
        job --prefix b/ --job b/c
        until_has 200
        job --prefix a/ --job a
        until_has 300
        job --prefix b/ --job b/c
        until_has 400
        bsky2s2 -n -i 3 | bodies >one
        { sed s/^/a\\// one && sed s/^/b\\// one; } | diff - <(held)
        newest_is job a a
        same "$(newest a | jq .seq) $(newest b/c | jq .seq)" "20200 20200"
    }
    newest_is() { # FIELD VALUE JOB
        same "$(newest "$3" | jq -r ".$1")" "$2"
    }
    each_basin prefixes
}

# Two instances on S2: $ONE, whose stderr is ./err1, and then $PID.
paced() { # EVENTS [OPTION...]
    row 1 "$1" 0 0.005 | events 1 >1
    jet --pace 200/s <<<"live 100"
    tail -n +101 1 >2
    job "${@:2}"
    has 1
    ONE=$PID
    mv err err1
}

@test "superseded: the first of two instances ends, naming the second: 79" {
    local date
    WIRE=1
    on s2
    paced 2400
    job
    status=0
    wait "$ONE" || status=$?
    same "$status" 79
    has 2300
    end_job TERM
    same "$status" 0
    is_exact 2
    # The time is that of a checkpoint of the second.
    grep -oE '^bsky2s2: _bsky2s2/default: another instance took over: .*' \
        err1 >line
    s2_end
    for date in $(grep '^_bsky2s2/.*"pid":'"$PID," dump | cut -f 3); do
        date -u -d "@$((date / 1000))" +"bsky2s2: _bsky2s2/default: another \
instance took over: host $(hostname), pid $PID, at \
%FT%T.$(printf %03d $((date % 1000)))000+00:00"
    done | grep -Fxf line
    same "$(wc -l <line)" 1
}

@test "on a file the second is refused, and the first goes on: 79" {
    WIRE=1
    on file
    paced 500
    job_ends -t 10s
    same "$status" 79
    same "$(grep -v events= <<<"$stderr")" \
        "bsky2s2: $PWD/x.db is being written by process $ONE on $(hostname)"
    PID=$ONE
    has 400
    end_job TERM
    same "$status" 0
    is_exact 2
}

@test "who is refused for his settings does not supersede who runs" {
    WIRE=1
    on s2
    paced 1600
    job_ends --prefix other/
    same "$status" 78
    PID=$ONE
    has 1500
    end_job TERM
    same "$status" 0
    is_exact 2
    grep -Eq 'checkpoints=[3-9]' err1
}

@test "TERM while S2 does not answer: bounded, said, and then all is well" {
    WIRE=1
    row 1 100 0 1 | events 1 | tee 1 >2
    row 101 200 100 1 | events 1 >>2
    # One whose records are not answered, one whose last checkpoint is not.
    mkdir data k
    cd data
    on s2 "on append social/youtube 1-3 hold 600000"
    cp ../1 ../2 .
    jet < <(in_turn 2)
    job
    has 100
    local data=$PID url=$URL s2=$S2_BASIN_ENDPOINT
    cd ../k
    on s2 "on append _bsky2s2/default 3-4 hold 600000"
    cp ../1 ../2 .
    jet < <(in_turn 2)
    job -v
    until_acked 100
    kill "$PID" "$data"
    wait "$PID" && status=0 || status=$?
    same "$status" 0
    same "$(grep -c . <<<"$(grep 'the last checkpoint was not' err)")" 1
    wait "$data" && status=0 || status=$?
    same "$status" 75
    grep -Fqx "bsky2s2: 80 records are unacked; run again" ../data/err
    job
    until_has 200
    is_exact 2
    cd ../data
    URL=$url
    s2_at "$s2"
    job
    until_has 200
    is_exact 2
}
until_acked() { # N
    has "$1" && await figures_have "delivered=$1"
}
