#!/usr/bin/env bats
# Each of the eight things that toxiproxy does to a connection, up- and
# downstream, on each link; and the two that are worse.  What the streams hold,
# and what is counted, is what it would have been.

load net
setup() { common_setup; }
teardown() { s2_teardown; }

# SCENARIO under each FAULT of that side, in a folder of its own.  What ends a
# connection ends the first few alone, so that there is an end of it.
under() { # SCENARIO SIDE FAULT...
    local scenario=$1 side=$2 fault first
    shift 2
    for fault in "$@"; do
        echo "# $side $fault"
        # A websocket is tried again later and later; sessions come behind the
        # list and the tails.
        case $scenario.$fault in
        *.after\ 5000*) first=6 ;;
        subscribes.* | *.*timeout\ 0) first=1 ;;
        *) first=3 ;;
        esac
        mkdir scene
        cd scene || return 1
        case $fault in
        latency* | bandwidth* | slicer* | slowclose*)
            $scenario "$side $fault"
            ;;
        *) $scenario "$side 1-$first $fault" ;;
        esac
        happened "$side $fault"
        [ ${#PIDS[@]} -eq 0 ] || kill -KILL "${PIDS[@]}"
        common_teardown
        PIDS=()
        cd ..
        rm -r scene
    done
}

# What LINE holds back has come to the server after all.
arrived() { # LINE
    [[ $1 != *" late "* ]] || await grep -q '^late .* answered$' proxy.log
}

# Into S2: the server holds what was decided, and -o names all of it.  Now and
# then the server closes, so that there is a close to be slow with.
appends() { # LINE
    s2 'on append 5 droplate 10'
    through "$1"
    s2_at "http://127.0.0.1:$PORT"
    tool timeout 30 bsky2s2 -i "$EVENTS" -o records
    same "$status" 0
    arrived "$1"
    holds "$EVENTS"
    told records
}

@test "appends, upstream: latency, bandwidth, slicer, slow close" {
    under appends upstream 'latency 20 15' 'bandwidth 200000' \
        'slicer 60 30 1' 'slowclose 100'
}

@test "appends, upstream: timeout, reset, limit, down" {
    under appends upstream 'after 900 timeout 100' reset 'after 900 reset' \
        'after 900 limit' 'after 900 down 100'
}

@test "appends, downstream: latency, bandwidth, slicer, slow close" {
    under appends downstream 'latency 20 15' 'bandwidth 20000' \
        'slicer 60 30 1' 'slowclose 100'
}

@test "appends, downstream: timeout, reset, limit, down" {
    under appends downstream 'after 300 timeout 100' reset 'after 300 reset' \
        'after 300 limit' 'after 300 down 100'
}

# From a websocket: the basin holds what was decided, and -o names all of it.
subscribes() { # LINE
    # Who has no cursor gets nothing of what has been.
    echo 'live 480' >jet.script
    [[ $1 != *slowclose* ]] ||
        printf 'connection\nafter 90 eof\nconnection\n' >>jet.script
    peer fakejet --v1 "$EVENTS" --log log jet.script
    through "$1"
    background -b file:got.db -o records -s earliest \
        -u "ws://127.0.0.1:$PORT/subscribe"
    await has_lines 141 records || {
        cat err proxy.log
        return 1
    }
    arrived "$1"
    kill -TERM "$PID"
    wait "$PID"
    same "$(dump got.db)" "$(expected)"
    same "$(dump_lines records)" "$(expected)"
}

@test "a websocket, upstream: latency, bandwidth, slicer, slow close" {
    under subscribes upstream 'latency 20 15' 'bandwidth 2000' \
        'slicer 20 10 1' 'slowclose 100'
}

@test "a websocket, upstream: timeout, reset, limit, down" {
    under subscribes upstream 'after 100 timeout 100' reset 'after 100 reset' \
        'after 100 limit' 'after 100 down 100'
}

@test "a websocket, downstream: latency, bandwidth, slicer, slow close" {
    under subscribes downstream 'latency 20 15' 'bandwidth 600000' \
        'slicer 900 800 1' 'slowclose 100'
}

@test "a websocket, downstream: timeout, reset, limit, down" {
    under subscribes downstream 'after 9000 timeout 100' reset \
        'after 60 reset' 'after 70000 reset' 'after 50001 limit' \
        'after 30000 down 100'
}

# Read sessions: each record is counted once.
counts() { # LINE
    s2 'seed social/a 1500 -60000 10' 'seed social/b 1500 -60000 10' \
        'seed news/c 1500 -60000 10' 'on tail 1 droplate 10'
    through "$1"
    s2_at "http://127.0.0.1:$PORT"
    tool timeout 30 s2tail -1
    same "$status" 0
    arrived "$1"
    same "$(awk -F '\t' '$5 == "open" { print $2, $4 }' <<<"$output")" \
        "news/c 1500
social/a 1500
social/b 1500"
}

@test "read sessions, upstream: latency, bandwidth, slicer, slow close" {
    under counts upstream 'latency 20 15' 'bandwidth 20000' 'slicer 20 10 1' \
        'slowclose 100'
}

@test "read sessions, upstream: timeout, reset, limit, down" {
    under counts upstream 'after 100 timeout 100' reset 'after 100 reset' \
        'after 100 limit' 'after 100 down 100'
}

@test "read sessions, downstream: latency, bandwidth, slicer, slow close" {
    under counts downstream 'latency 20 15' 'bandwidth 500000' \
        'slicer 900 800 1' 'slowclose 100'
}

@test "read sessions, downstream: timeout, reset, limit, down" {
    under counts downstream 'after 5000 timeout 100' 'after 5000 reset' \
        'after 5000 limit' 'after 5000 down 100'
}

# Reset at once, and delivered when it has been tried again: the server serves
# somebody who has gone.
@test "delivered after the retry: appends, a websocket, read sessions" {
    under appends upstream 'late 300' 'after 600 late 300'
    under subscribes upstream 'late 700'
    under counts upstream 'late 300'
}

# Reset when the answer is about to come: it was done, and nobody knows.
@test "the answer is dropped: appends, a websocket, read sessions" {
    under appends downstream reset 'after 130 reset'
    under subscribes downstream reset
    under counts downstream reset
}

# Nothing comes any more, nor does an end: as after a suspend, or behind a
# firewall that forgets.  A second is a hundred for the tools.
@test "a black hole: appends, a websocket, read sessions" {
    export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
    mkdir fast
    for tool in bsky2s2 s2tail; do
        printf '#!/bin/sh\nLD_PRELOAD=%s exec %s "$@"\n' \
            "$BUILD/preload/fast.so" "$BUILD/$tool" >fast/$tool
    done
    chmod +x fast/*
    PATH=$PWD/fast:$PATH
    for side in upstream downstream; do
        under appends $side 'after 300 timeout 0'
        under subscribes $side 'after 60 timeout 0'
        under counts $side 'after 60 timeout 0'
    done
    under subscribes downstream 'after 30000 timeout 0'
    under counts downstream 'after 5000 timeout 0'
}
