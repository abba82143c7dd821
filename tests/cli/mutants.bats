#!/usr/bin/env bats
# Each rule without which a restart would lose or double something, alone:
# what the faults in tests/mutants break.

load common
load s2
setup() {
    common_setup
    STORY=$BATS_TEST_DIRNAME/story.awk
}
teardown() { s2_teardown; }

jet() { # EVENTS [OPTION...] with the script on stdin
    local events=$1
    shift
    cat >jetscript
    peer fakejet --v1 "$events" --log peer.log "$@" jetscript
    URL=ws://127.0.0.1:$PORT/subscribe
}

# A basin in a file, and what it is to hold: STREAM<TAB>BODY.
in_file() { # OPTION...
    bsky2s2 -b file:got.db "$@"
}
decided() { # INPUT
    bsky2s2 -n -i "$1" >decided
    bodies decided
}

checkpoints_are() { # N
    curl -fsS "$S2_BASIN_ENDPOINT/dump?stream=_bsky2s2/default" >checkpoints
    lines_are "$1" checkpoints
}

@test "a checkpoint waits for the acks of all that it covers" {
    # One post amid others, which are minutes away on both sides.
    posts 200 1700000000 bbc.com |
        awk '{ sub(/"time_us":[0-9]+/,
            sprintf("\"time_us\":%.0f", 17e14 + NR * 1e6)) } 1' >input
    sed -i '100s/bbc.com/youtube.com/' input
    s2 'on append social/youtube 1 status 503 unavailable Retry-After: 60'
    jet input </dev/null
    background -u "$URL" -s earliest
    await checkpoints_are 2
    # That of the post before it, or of none.
    [ "$(tail -n 1 checkpoints | jq .time_us)" -le 1700000099000000 ]
    grep -q 'op=append stream=news/bbc 200$' log
    kill -KILL "$PID"
    wait "$PID" || true
    bsky2s2 -u "$URL" -c 1 -t 20s
    injected 'status 503 unavailable'
    holds input
}

@test "events of one time, with a restart amid them" {
    posts 40 1700000000 bbc.com |
        sed 's/"time_us":[0-9]*/"time_us":1700000000000000/' >input
    jet input </dev/null
    in_file -u "$URL" -s earliest -c 20
    same "$(dump got.db)" "$(decided <(head -20 input))"
    in_file -u "$URL" -c 20 -t 20s
    same "$(dump got.db)" "$(decided input)"
    # None of them has a number: the time is asked for.
    grep -q '^subscribe .* cursor=1699999940000000 ' peer.log
}

@test "more matches than are always remembered, read again" {
    posts 12000 1700000000 bbc.com >input
    in_file -i input
    in_file -i input
    dump got.db | cmp - <(decided input)
}

@test "an unsealed segment brings what is remembered no more" {
    # 6,000 posts to one stream, the first thousand hours before the others;
    # then the same, of which only the last were taken.
    {
        posts 1000 1699990000 bbc.com
        posts 6000 1700000000 bbc.com | tail -5000
    } >input
    jet input <<<"segment 6000"
    in_file -u "$URL" -s earliest -c 6000
    background -b file:got.db -u "$URL" -t 20s --stats 100ms
    await grep -q 'duplicates=5000 ' err
    kill "$PID"
    wait "$PID"
    dump got.db | cmp - <(decided input)
    grep -q 'below_floor=1000 ' err
}

@test "the same posts again two hours later, in the same run" {
    {
        posts 100 1700000000 bbc.com
        posts 9000 1700007200 example.org
        posts 100 1700007300 bbc.com
    } >input
    in_file -i input
    dump got.db | cmp - <(decided <(head -100 input))
}

@test "the same posts again two hours later, in the next run" {
    posts 100 1700000000 bbc.com >input
    posts 100 1700007200 bbc.com >later
    in_file -i input
    in_file -i later
    dump got.db | cmp - <(decided input)
}

@test "a crashed server gives numbers that we have had to other events" {
    # From line 151 on it has lost all, and gets it again in another order.
    awk -v seed=5 -v n=300 -v wire=1 -f "$STORY" >input
    {
        sed -n '1,150p' input
        { sed -n '201,250p' input; sed -n '151,200p' input
            sed -n '251,300p' input; } | awk 'match($0, /"time_us":[0-9]+/) {
            printf "%s\"time_us\":%.0f,\"cursor\":%.0f,%s\n",
                substr($0, 1, RSTART - 1), 1700000030e6 + NR * 1000,
                1000149 + NR, substr($0, index($0, "\"kind\""))
        }'
    } >crashed
    same "$(wc -l <crashed)" 300
    jet input <<<"filter off
connection
after 200 eof
connection
events crashed"
    {
        head -200 input
        sed -n '151,200p; 251,300p' crashed
    } >first
    decided first >wanted
    in_file -u "$URL" -s earliest -c "$(wc -l <wanted)" -t 20s
    same "$(grep -c '^subscribe ' peer.log)" 2
    dump got.db | cmp - wanted
}

@test "a restart skips the fences of those before it" {
    posts 40 1700000000 bbc.com >input
    jet input </dev/null
    s2 'on append _bsky2s2/default 3 command'
    bsky2s2 -u "$URL" -s earliest -c 10
    tool bsky2s2 -u "$URL" -c 10
    same "$status" 0
    same "$(count 'is no checkpoint')" 0
    bsky2s2 -u "$URL" -c 20
    injected 'command'
    holds input
}
