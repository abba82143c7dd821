#!/usr/bin/env bats
# A job that ends, by whatever, and goes on: every stream holds every record
# once and in order.

load exact
setup() { exact_setup; }
teardown() { s2_teardown; }

# Ends that leave a checkpoint, then ends that do not.
three_runs() { # ONE TWO THREE: how many records each run waits for
    job
    until_has "$1"
    job
    kill_at "$2"
    job
    until_has "$3"
    is_exact 3
}

ties() {
    # Groups of seven at one time; the first two runs see a part of a group.
    row 1 700 0 1 | awk '{ $2 = int($1 / 7) * 0.5 + 0.25; print }' >lines
    head -263 lines | events "$WIRE" >1
    head -529 lines | events "$WIRE" >2
    events "$WIRE" <lines >3
    jet < <(in_turn 3)
    three_runs 263 400 700
    # What had been read was sent again, and recognised.
    [ "$(figure duplicates)" -ge 250 ]
}

@test "ties in time across a crash" {
    everywhere ties
}

@test "the very end of a run is its checkpoint: the restart asks from there" {
    local asked
    wherefrom() {
        row 1 500 0 1 | events "$WIRE" >1
        cp 1 2
        row 501 510 500 1 | events "$WIRE" >>2
        jet < <(in_turn 2)
        job
        until_has 500
        newest_is time_us $(((BASE + 499) * 1000000))
        newest_is seq 20500
        newest_is begin_us ${BASE}000000
        newest_is begin_seq 20001
        newest_is pid "$PID"
        newest_is host "$(hostname)"
        newest_is job default
        newest_is url "$URL"
        job
        until_has 510
        asked=$(grep ^subscribe jet.log | grep -o 'cursor=[-0-9]*')
        same "$asked" "cursor=-1
cursor=10500"
        is_exact 2
        same "$(figure duplicates) $(figure below_floor)" "61 439"
    }
    everywhere wherefrom
}

@test "without numbers the restart asks by time, a minute before" {
    bytime() {
        row 1 500 0 1 | sed 's/[0-9]*$/-/' | awk '{ $3 = "-"; print }' |
            events 1 >1
        cp 1 2
        row 501 510 500 1 | awk '{ $3 = "-"; print }' | events 1 >>2
        jet < <(in_turn 2)
        job
        until_has 500
        newest_is seq null
        job
        until_has 510
        same "$(grep ^subscribe jet.log | grep -o 'cursor=[-0-9]*')" \
            "cursor=-1
cursor=$(((BASE + 439) * 1000000))"
        is_exact 2
        same "$(figure duplicates)" 61
    }
    each_basin bytime
}

@test "INT leaves a checkpoint, too, and the tool dies of it" {
    interrupted() {
        row 1 90 0 1 | events 1 >1
        row 1 120 0 1 | events 1 >2
        jet < <(in_turn 2)
        job
        has 90
        end_job INT
        same "$status" 130
        newest_is seq 20090
        job
        until_has 120
        is_exact 2
    }
    each_basin interrupted
}

# 300 records that D does not cover: older than the floor by more than M, and
# 5,200 newer ones behind them in their streams.
unsealed() {
    { row 1 600 0 1 && row 601 13000 3600 0.01; } >lines
    [ "$NUMBERS" = yes ] || awk '{ $3 = "-"; print }' lines >lines.
    [ "$NUMBERS" = yes ] || mv lines. lines
    head -12900 lines | events "$WIRE" >1
    events "$WIRE" <lines >2
    printf 'segment 100000\nfilter off\n' >script.jet
    jet < <(cat script.jet && in_turn 2)
    job
    until_has 12900
    if [ "$NUMBERS" = move ]; then
        # Another name of the same server is another host.
        URL=$(url "localhost:$PORT")
    fi
    job
    until_has 13000
    same "$(sed -n 's/^subscribe.* first=\([0-9]*\).*/\1/p' jet.log)" "0
0"
    is_exact 2
    [ "$(figure below_floor)" -ge 600 ]
}

@test "a cursor in an unsealed segment replays thirty minutes: the floor" {
    WIRE=1 NUMBERS=no
    each_basin unsealed
}

@test "an unsealed segment on wire v2, asked for by time" {
    WIRE=2 NUMBERS=move
    each_basin unsealed
}

@test "the same identity with a new number and time after more than M" {
    again() {
        # Run 1: posts, then 5,000 deletes half an hour and more later.
        { row 1 300 0 0.1 && row 301 5300 2400 0.01 delete; } >lines
        events "$WIRE" <lines >1
        # Run 2: the posts again, another such pause, and again.
        { cat lines
            row 1 300 2460 0.1 | awk '{ $3 = 6000 + $1; print }'
            row 7000 12000 4900 0.01 delete
            row 1 300 5000 0.1 | awk '{ $3 = 13000 + $1; print }'
            echo 14000 5100; } | events "$WIRE" >2
        { row 1 300 0 0.1 && echo 14000 5100; } | events "$WIRE" >3
        jet < <(in_turn 2)
        job
        has 300
        await newest_has 25300
        end_job TERM
        job
        until_has 301
        is_exact 3
        [ "$(figure duplicates)" -ge 600 ]
    }
    everywhere again
}

newest_has() { # NUMBER
    [ "$(newest | jq .seq)" = "$1" ]
}

@test "deletes and other kinds as the newest events" {
    kinds() {
        { row 1 50 0 1 && row 51 80 50 1 delete && row 81 90 80 1 identity &&
            row 91 99 90 1 like; } >lines
        { cat lines && row 100 109 100 1 delete; } | events "$WIRE" >1
        { cat lines && row 100 109 100 1 delete && row 110 120 110 1; } |
            events "$WIRE" >2
        jet < <(echo "filter off" && in_turn 2)
        job
        has 50
        await figures_have events=109
        end_job TERM
        same "$status" 0
        newest_is seq 20109
        newest_is time_us $(((BASE + 109) * 1000000))
        job
        until_has 61
        is_exact 2
    }
    everywhere kinds
}

@test "a burst of old posts on wire v2 (resync)" {
    burst() {
        # What is already there, outside of D, then again, and what never was.
        { row 1 200 -90000 1 dated && row 201 6400 0 0.01; } >lines
        row 1 200 100 0.01 dated | awk '{ $3 = 7000 + $1; print }' >old
        row 8001 8200 104 0.01 dated >older
        { cat lines old older && row 8201 8300 106 0.01; } | events 2 >1
        { cat lines old older && row 8201 8300 106 0.01 &&
            row 8301 8500 107 0.01 dated && row 8501 8600 110 0.01; } |
            events 2 >2
        { cat lines && row 8201 8300 106 0.01 && row 8501 8600 110 0.01; } |
            events 2 >3
        jet < <(in_turn 2)
        job
        until_has 6500
        same "$(figure too_old)" 400
        job
        until_has 6600
        same "$(figure too_old)" 600
        is_exact 3
    }
    WIRE=2
    each_basin burst
}

@test "--since into what was already written, far before M" {
    big() {
        row 1 20000 0 0.5 | awk '{ $1 *= 5; $3 = $1 / 5; print }' |
            events "$WIRE" >1
        cp 1 2
        row 20001 20010 10000 0.5 | events "$WIRE" >>2
        jet < <(in_turn 2)
        job
        until_has 20000
        job -s "$(at 0)"
        until_has 20010
        is_exact 2
        same "$(figure duplicates)" 20000
    }
    each_basin big
}

@test "-c, -t, --until, then a run to the end: together all, once" {
    bounds() {
        row 1 400 0 1 | events "$WIRE" | tee 1 2 3 4 >5
        row 401 410 400 1 | events "$WIRE" >>5
        jet < <(in_turn 5)
        job_ends -c 50
        same "$status" 0
        same "$(held | wc -l)" 50
        job_ends --until "$(at 199)"
        same "$status" 0
        same "$(held | wc -l)" 199
        job_ends -c 60
        same "$status" 0
        same "$(held | wc -l)" 259
        for _ in 1 2 3 4 5; do
            job_ends -t 300ms
            same "$status" 0
            [ "$(grep -c ^subscribe jet.log)" -lt 4 ] || break
        done
        job
        until_has 410
        is_exact 5
    }
    everywhere bounds
}
