#!/usr/bin/env bats
# Against the real S2 server, "s2 lite"; an independent reader, the S2 CLI,
# reads everything back.

load ../cli/common
load ../cli/s2
load lite

setup() {
    common_setup
    lite_setup
}
teardown() { common_teardown; }

# What every stream of a basin but the checkpoints holds, as the S2 CLI reads
# it.
dump_s2() { # BASIN
    local stream
    for stream in $("$S2" list-streams "s2://$1" --no-auto-paginate 2>/dev/null |
        awk '{ print $1 }' | sed "s,^s2://$1/,," | grep -v '^_bsky2s2/'); do
        "$S2" read "s2://$1/$stream" --seq-num 0 --count 100000 2>/dev/null |
            sed "s,^,$stream	,"
    done
}

@test "the same records in the same order as in the file and as decided" {
    lite
    tool bsky2s2 -i "$EVENTS" -b s2://real-basin --create-basin
    same "$status" 0
    same "$output" ""
    bsky2s2 -i "$EVENTS2" -b file:x.db
    same "$(dump_s2 real-basin)" "$(expected)"
    same "$(dump x.db)" "$(expected)"
}

@test "a second replay adds nothing" {
    lite
    bsky2s2 -i "$EVENTS" -b s2://real-basin --create-basin
    tool bsky2s2 -i "$EVENTS" -b s2://real-basin -o -
    same "$status" 0
    same "$output" ""
    same "$(dump_s2 real-basin)" "$(expected)"
}

@test "an unknown basin is exit 78 and names --create-basin" {
    lite
    tool bsky2s2 -i "$EVENTS" -b s2://no-such-basin
    same "$status" 78
    [[ $stderr == *--create-basin* ]]
}

@test "from a Jetstream peer, both wires, into the real server" {
    lite
    peer fakejet --v1 "$EVENTS" --v2 "$EVENTS2"
    bsky2s2 -u "ws://127.0.0.1:$PORT/subscribe" -s earliest -c 141 \
        -b s2://real-basin --create-basin --prefix one/
    bsky2s2 -u "ws://127.0.0.1:$PORT/xrpc/network.bsky.jetstream.subscribeEvents" \
        -s earliest -c 141 -b s2://real-basin --prefix two/
    same "$(dump_s2 real-basin | sed -n 's,^one/,,p')" "$(expected)"
    same "$(dump_s2 real-basin | sed -n 's,^two/,,p')" "$(expected)"
}

@test "the server restarts with its disk amid an input: nothing lost or doubled" {
    mkdir disk
    lite --local-root disk
    mkfifo pipe
    background -i pipe -b s2://real-basin --create-basin -o acked
    exec 9>pipe
    head -240 "$EVENTS" >&9
    await test -s acked
    kill "$LITE"
    wait "$LITE" || true
    tail -240 "$EVENTS" >&9
    exec 9>&-
    lite --local-root disk
    wait "$PID"
    same "$(dump_s2 real-basin)" "$(expected)"
}

@test "a deleted stream is made again, and the gap is said" {
    lite
    mkfifo pipe
    background -i pipe -b s2://real-basin --create-basin -o acked
    exec 9>pipe
    head -240 "$EVENTS" >&9
    await test -s acked
    "$S2" delete-stream s2://real-basin/social/youtube 2>/dev/null
    tail -240 "$EVENTS" >&9
    exec 9>&-
    wait "$PID"
    grep -q 'social/youtube: gap' err
    same "$(dump_s2 real-basin | grep -v ^social/youtube)" \
        "$(expected | grep -v ^social/youtube)"
    same "$(dump_s2 real-basin | grep ^social/youtube)" \
        "$(expected | grep ^social/youtube | tail -"$(dump_s2 real-basin | grep -c ^social/youtube)")"
}
