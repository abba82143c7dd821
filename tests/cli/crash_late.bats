#!/usr/bin/env bats
# Answers that are lost and requests that come late, with kills in between;
# clocks that differ; a record that is too large.

load common
load s2
load crash
load crash_scene

setup() {
    common_setup
    CRASH_OPTIONS=(--linger 5ms)
}
teardown() { s2_teardown; }

@test "the ack of the first, a middle, the last batch is lost, and a kill" {
    local n
    for n in 1 3; do
        PACE=400 scene fakes2 "on append news/bbc $n hold 60000"
        crash_start
        await faulted "op=append stream=news/bbc n=$n hold 60000"
        killed
        recovers
        s2_teardown
        PIDS=()
    done
    # One batch a stream, when it stops.
    scene fakes2 'on append news/bbc 1 hold 60000'
    crash_start --linger 20s
    await faulted 'op=append stream=news/bbc n=1 hold 60000'
    killed
    recovers
}

@test "the acks of three in a row are lost, and a kill after each" {
    local n
    PACE=100 scene fakes2 'on append news/bbc 1-3 hold 60000'
    for n in 1 2 3; do
        crash_start
        await faulted "op=append stream=news/bbc n=$n hold 60000"
        killed
    done
    recovers
    said 0 "$GAP"
}

@test "the first copy lands after the retry" {
    PACE=400 scene fakes2 'on append news/bbc 2 late 300'
    recovers
    await grep -q '^late .* applied: 412' log
    crash_compare
}

# A first life: its first batch is applied MS later, its retry is turned away,
# then it is killed.
late_copy() { # MS LINE...
    scene fakes2 "on append news/bbc 1 late $1" \
        'on append news/bbc 2 status 503 unavailable Retry-After: 9' "${@:2}"
    crash_start --linger 9s
    await faulted 'op=append stream=news/bbc n=2 status 503 .*'
    killed
    if grep -q '^late' log; then return 1; fi
}

@test "the first copy lands after a restart has written the same" {
    late_copy 3000
    recovers
    await grep -q '^late .* applied: 412' log
    crash_compare
}

@test "the first copy lands after a restart has looked: read back" {
    late_copy 2000 \
        'on append news/bbc 3 status 503 unavailable Retry-After: 3'
    recovers
    grep -q '^late .* applied: 200' log
    grep -q '^answer .* op=append stream=news/bbc 412' log
    said 1 'news/bbc: read back up to [0-9]+: [1-9][0-9]* of ours were there'
}

@test "what is read back after a restart is half ours, half another's" {
    late_copy 2000 \
        'on append news/bbc 3 status 503 unavailable Retry-After: 3' \
        'on append news/bbc 4 foreign 3'
    crash_last
    grep -q '^late .* applied: 200' log
    faulted 'op=append stream=news/bbc n=4 foreign 3'
    said 1 'news/bbc: read back up to [0-9]+: [1-9][0-9]* of ours were there'
    crash_held >all
    same "$(grep -c FOREIGN- all)" 3
    bsky2s2 -n -i events >decided
    diff <(bodies decided) <(grep -v FOREIGN- all)
}

# A story of the last two minutes, on an S2 with a clock of its own.
recent() { # LINE...
    BASIN=fakes2
    awk -v seed=5 -v n=300 -v start="$((EPOCHSECONDS - 120))000000" \
        -f "$CRASH_STORY" >events
    printf '%s\n' "$@" >script
    crash_jet 1 100000 'segment 100'
    s2_start script
    DIRECT=$S2_BASIN_ENDPOINT
}

@test "S2's clock is behind: said" {
    recent 'skew -3600000'
    first_life 200
    said 1 "the basin's clock is [0-9]+ s behind: after a restart, duplicates"
}

@test "S2's clock is behind, and --on-gap fail: 76" {
    recent 'skew -3600000'
    tool timeout 20 bsky2s2 -u "$URL" -s earliest -c 200 --on-gap fail
    same "$status" 76
}

@test "one wild future event is not S2's clock" {
    recent
    sed -n 150p events | sed -E \
        "s/\"time_us\":[0-9]+/\"time_us\":$((EPOCHSECONDS + 86400))000000/
        s/\"cid\":\"[^\"]*\"/\"cid\":\"wild\"/
        s/\"cursor\":[0-9]+/\"cursor\":1000149/" >wild
    # A post that is kept.
    bsky2s2 -n -i wild >decided
    test -s decided
    sed -i -e '150r wild' events
    s2_teardown
    PIDS=()
    crash_jet 1 100000 'segment 100'
    s2_start script
    DIRECT=$S2_BASIN_ENDPOINT
    bsky2s2 -n -i events >decided
    first_life "$(wc -l <decided)" --on-gap fail
    said 0 'clock'
    diff <(bodies decided) <(crash_held)
    # Nor does it spoil what comes then.
    tool timeout 20 bsky2s2 -u "$URL" -t 1s -o -
    same "$status" 0
    same "$output" ""
}

@test "what would be a record over 1 MiB, and a restart behind it" {
    BASIN=fakes2
    crash_story 5 1 300
    posts 1 1700000060 cnn.com 1100000 >big
    sed -i '150r big' events
    crash_jet 1 100000
    s2
    DIRECT=$S2_BASIN_ENDPOINT
    # A link of that length is none, so that nothing stops at it for ever.
    first_life 180
    recovers
    said 2 ' malformed=0 oversize=0 garbage=0 too_large=0 '
    grep -q '"cid":"c0"' events
    same "$(grep -c '"c0"' held)" 0
}
