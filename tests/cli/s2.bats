#!/usr/bin/env bats
# An S2 basin, as long as all goes well.

load common
load s2
setup() { common_setup; }
teardown() { s2_teardown; }

@test "the same records, order, numbers and dates as decided" {
    s2
    tool bsky2s2 -i "$EVENTS" -o records
    same "$status" 0
    same "$output" ""
    same "$stderr" ""
    holds "$EVENTS"
    told records
    # A stream's dates never go back.
    jq -r '[.stream, .timestamp] | @tsv' decided | LC_ALL=C sort -s -k 1,1 |
        awk '$1 != stream { last = 0 }
            { stream = $1; if ($2 > last) last = $2; print $1, last }' >dates
    same "$(awk '{ print $1, $3 }' dump)" "$(cat dates)"
}

@test "the nine streams are made by POST, each once, with the basin's header" {
    s2
    bsky2s2 -i "$EVENTS"
    same "$(count ' POST /v1/streams \|' log)" 9
    same "$(count 's2-basin: test-basin' log)" "$(count '^request ' log)"
    same "$(count '^request .* (PUT|DELETE) ' log)" 0
}

@test "a second replay adds nothing, and says nothing" {
    s2
    bsky2s2 -i "$EVENTS"
    tool bsky2s2 -i "$EVENTS" -o -
    same "$status" 0
    same "$output" ""
    same "$stderr" ""
    holds "$EVENTS"
}

@test "half, then all; 5,000 posts" {
    s2
    posts 5000 >big
    head -2345 big | bsky2s2 -i - -o records
    bsky2s2 -i big -o records
    holds big
    told records
    same "$(wc -l <dump)" 5000
}

@test "--prefix: other streams, the same records" {
    s2
    bsky2s2 -i "$EVENTS"
    bsky2s2 -i "$EVENTS" --prefix a/b.
    s2_end
    sed -n 's/^a\/b\.//p' dump >mine
    grep -v '^a/b\.' dump >plain
    same "$(wc -l <mine)" 141
    cmp mine plain
}

@test "--linger 0: a batch of each record, none waits for another" {
    s2
    posts 450 >input
    lockstep input 9
    same "$(count 'op=append .* 200$' log)" 450
    holds input
    told records
}

all_wait() {
    kill -USR1 "$PID"
    grep -q ' matches=300 .* unacked=300 ' err
}

@test "--linger: what comes in time makes one batch" {
    s2
    mkfifo pipe
    background -i pipe --linger 60s
    exec {pipe}>pipe
    posts 300 | while read -r line; do echo "$line"; done >&"$pipe"
    await grep -q 'op=tail stream=ecommerce/etsy 200' log
    await all_wait
    exec {pipe}>&-
    wait "$PID"
    same "$(count 'op=append' log)" 9
    holds <(posts 300)
}

@test "a pipe that idles: what it gave is written" {
    s2
    posts 5000 >input
    zstd -q -1 input
    mkfifo pipe
    for file in input input.zst; do
        background -i pipe -o "records.$file" --prefix "$file/"
        exec {pipe}>pipe
        cat "$file" >&"$pipe"
        await lines_are 5000 "records.$file"
        exec {pipe}>&-
        wait "$PID"
    done
    s2_end
    bsky2s2 -n -i input >decided
    for file in input input.zst; do
        sed -n "s,^$file/,,p" dump | cut -f 1,4 | diff <(bodies decided) -
    done
}

@test "no batch is above 1,000 records" {
    # While the first one is held, all the others come to wait.
    s2 'on append 1 hold 1000'
    posts 5000 1700000000 bbc.com >input
    bsky2s2 -i input -o records
    injected 'hold 1000'
    holds input
    told records
    [ "$(count 'op=append .* 200$' log)" -le 7 ]
    same "$(count 'op=append .* [^2]..$' log)" 0
}

@test "no batch is above 1 MiB" {
    s2 'on append 1 hold 1000'
    posts 600 1700000000 bbc.com 8000 >input
    bsky2s2 -i input -o records
    injected 'hold 1000'
    holds input
    told records
    [ "$(count 'op=append .* 200$' log)" -le 12 ]
    same "$(count 'op=append .* [^2]..$' log)" 0
}

@test "a basin that wants timestamps" {
    s2 require-timestamps
    bsky2s2 -i "$EVENTS"
    holds "$EVENTS"
}

@test "a basin that creates streams on append" {
    s2 autocreate 'on append news/bbc delete'
    tool bsky2s2 -i "$EVENTS"
    same "$status" 0
    injected delete
    holds "$EVENTS"
}

@test "a clock that is behind is said once, and a restart still adds nothing" {
    echo 'skew -3600000' >script
    s2_start script
    posts 90 "$(date +%s)" >input
    tool bsky2s2 -i input
    same "$status" 0
    same "${#stderr_lines[@]}" 1
    same "$(count "[a-z]: the basin's clock is 3[56][0-9]+ s behind: ")" 1
    tool bsky2s2 -i input -o -
    same "$status" 0
    same "$output" ""
    holds input
}

@test "a clock that is 20 minutes behind is nothing to speak of" {
    echo 'skew -1200000' >script
    s2_start script
    posts 90 "$(date +%s)" >input
    tool bsky2s2 -i input
    same "$status" 0
    same "$stderr" ""
    holds input
}

@test "an unknown basin is exit 78, and --create-basin is named" {
    s2_start --basin other-basin
    tool bsky2s2 -i "$EVENTS" -o -
    same "$status" 78
    same "$output" ""
    [[ $stderr == *basin_not_found*--create-basin* ]]
    same "${#stderr_lines[@]}" 1
    same "$(count 'POST /v1/basins' log)" 0
}

@test "--create-basin creates a missing basin, and says so once" {
    echo uncapped >script
    s2_start --no-basin script
    tool bsky2s2 -i "$EVENTS" --create-basin
    same "$status" 0
    same "$stderr" "bsky2s2: created the basin"
    holds "$EVENTS"
}

@test "--create-basin leaves a basin that is there as it is" {
    s2
    tool bsky2s2 -i "$EVENTS" --create-basin
    same "$status" 0
    same "$stderr" ""
    same "$(count 'POST /v1/basins' log)" 0
    holds "$EVENTS"
}

@test "--create-basin, refused, is exit 77; failing, it is tried again" {
    s2_start --basin other-basin
    tool bsky2s2 -i "$EVENTS" --create-basin
    same "$status" 77
    [[ $stderr == *permission_denied* ]]
    s2_end
    echo 'on basin 1-3 status 503 unavailable' >script
    rm log
    s2_start --no-basin script
    tool bsky2s2 -i "$EVENTS" --create-basin
    same "$status" 0
    injected 'status 503 unavailable'
    holds "$EVENTS"
}

@test "names that no basin can have are exit 78, before anything is sent" {
    s2
    for name in short UPPERCASE-basin -basin-name basin-name- \
        basin_name this-is-a-name-of-nine-and-forty-bytes-in-all-xxx; do
        tool bsky2s2 -i "$EVENTS" -b "$name"
        same "$status" 78
        same "$output" ""
        [[ $stderr == "bsky2s2: '$name' is no basin's name: "* ]]
    done
    for name in s2:// a/basin-name file:; do
        tool bsky2s2 -i "$EVENTS" -b "$name"
        same "$status" 64
    done
    same "$(count . log)" 0
}

@test "one endpoint alone, or one of each scheme, is exit 78" {
    s2
    unset S2_ACCOUNT_ENDPOINT
    tool bsky2s2 -i "$EVENTS"
    same "$status" 78
    tool bsky2s2 -i "$EVENTS" --account-endpoint https://127.0.0.1:1
    same "$status" 78
    same "$(count . log)" 0
}

@test "a token goes over plain http to this machine only" {
    s2
    tool bsky2s2 -i "$EVENTS" --account-endpoint http://127.0.0.1:1 \
        --basin-endpoint http://s2.example:1
    same "$status" 78
    [[ $stderr == *--allow-http* ]]
}

@test "-c: the count is exact, however many are in flight" {
    s2
    posts 5000 >big
    tool bsky2s2 -i big -c 1234 -o records
    same "$status" 0
    head -1234 big >first
    holds first
    told records
}
