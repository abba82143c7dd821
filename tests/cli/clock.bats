#!/usr/bin/env bats
# Clocks: the wall clock steps by an hour while a tool runs, and S2 is away
# for ten minutes.  Nothing is lost or doubled, nothing hangs.

load net
load tail

setup() {
    common_setup
    # The tool may be built with a sanitizer that wants to be first.
    export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
    export STEP_FILE=$PWD/step
}
teardown() { s2_teardown; }

# COMMAND... by a clock that is off by the seconds that ./step says.  In the
# background it is that process.
stepping() {
    [ $BASHPID = $$ ] || exec env LD_PRELOAD="$BUILD/preload/step.so" "$@"
    env LD_PRELOAD="$BUILD/preload/step.so" "$@"
}
step() { # SECONDS
    echo "$1" >step.new
    mv step.new step
}

@test "the library: the wall clock is off, the other is not" {
    local now
    now=$(date +%s)
    step 3600
    # By clock_gettime, and by time.
    for shown in "$(stepping date +%s)" \
        "$(stepping awk 'BEGIN { srand(); printf "%d", srand() }')"; do
        [ $((shown - now)) -ge 3600 ]
        [ $((shown - now)) -lt 3700 ]
    done
    step -3600
    [ $((now - $(stepping date +%s))) -gt 3500 ]
    rm step
    [ $(($(stepping date +%s) - now)) -lt 100 ]
}

# The figures that the tool has told: each lag is one that can be.
lags_are_sane() { # SECONDS-AT-MOST
    grep -o '\blag=[0-9.-]*' err | cut -d= -f2 >lags
    [ "$(wc -l <lags)" -ge 3 ]
    awk -v most="$1" '$1 < 0 || $1 > most { print "lag " $1; bad = 1 }
        END { exit bad }' lags
}

# bsky2s2 OPTION... in the background, whose clock steps.
stepping_run() { # OPTION...
    rm -f records
    stepping bsky2s2 -o records --stats 50ms "$@" >out 2>err 3>&- &
    PID=$!
    PIDS+=("$PID")
}

# The clock is off by each of these, one after the other, while events come.
steps() { # SECONDS...
    local at=10 seconds
    for seconds; do
        await has_lines "$at" records
        step "$seconds"
        at=$((at + 8))
    done
}

# Who and which, of STREAM<TAB>BODY.
identities() {
    sed -E 's/\{"did":("[^"]*").*"cid":("[^"]*").*/\1 \2/'
}

@test "a websocket into a file: lag stays what it can be, one connection" {
    # Slowly, so that there are moments without an event.
    head -160 "$EVENTS" >events
    bsky2s2 -n -i events >decided
    dump_lines decided | identities >wanted
    for first in 3600 -3600; do
        rm -f x.db* step
        peer fakejet --v1 events --restamp --pace 90/s --log jet.log
        stepping_run -u "ws://127.0.0.1:$PORT/subscribe" -s earliest \
            -b file:x.db --metrics-file m.prom -c "$(wc -l <decided)"
        steps $first 0 $((-first)) 0
        wait "$PID"
        lags_are_sane 3700
        if grep '^bsky2s2_lag_seconds -' m.prom; then return 1; fi
        same "$(count '^subscribe' jet.log)" 1
        same "$(count 'no new event|not answered' err)" 0
        # Restamped, with other keys: who and which are what can be compared.
        dump x.db | identities | cmp - wanted
        kill "${PIDS[0]}"
        PIDS=()
        rm -f jet.log
    done
}
@test "a websocket into S2, and a second life with the right clock" {
    for seconds in 3600 -3600; do
        rm -f step log
        s2
        peer fakejet --v1 "$EVENTS" --pace 300/s
        stepping_run -u "ws://127.0.0.1:$PORT/subscribe" -s earliest -c 100
        await has_lines 30 records
        step $seconds
        wait "$PID"
        cat records >all
        rm step
        # From the checkpoint, which the stepped clock has dated.
        stepping_run -u "ws://127.0.0.1:$PORT/subscribe" -c 41
        wait "$PID"
        cat records >>all
        same "$(count ' gap( |:)' err)" 0
        holds "$EVENTS"
        told all
        kill "${PIDS[@]}" 2>/dev/null || true
        PIDS=()
    done
}
@test "a file through a pipe: what is read before and after is all there" {
    bsky2s2 -n -i "$EVENTS" >decided
    bodies decided >wanted
    for seconds in 3600 -3600; do
        rm -f x.db* step in
        mkfifo in
        stepping_run -i in -b file:x.db --linger 10ms
        exec {in}>in
        head -200 "$EVENTS" >&"$in"
        await has_lines 20 records
        step $seconds
        tail -n +201 "$EVENTS" >&"$in"
        exec {in}>&-
        wait "$PID"
        dump x.db | cmp - wanted
        bodies records | cmp - wanted
    done
}

# N records of this moment into ./x.db, or S2.
append_now() { # N
    posts_at "$1" "$(awk -v now="$(date +%s.%N)" \
        'BEGIN { printf "%.3f", now - 0.1 }')" | bsky2s2 -q -i -
}
counted() { # N
    kill -USR1 "$PID" 2>/dev/null || true
    tail -1 err | grep -q "^s2tail: records=$1 "
}

# The last window's total of a group of nine.
told_total() { # N
    [ "$(tail -1 out | jq -r '.groups["news/bbc"].total')" = "$1" ]
}

# Live windows over a basin, while the clock steps: each record is counted
# once, in a window or as late, and what is kept says so, too.
windows_survive() { # SECONDS
    rm -f step state out err
    append_now 45
    stepping s2tail -v -w 100ms -s earliest --discover 100ms -S state -f json \
        -o out >stdout 2>err 3>&- &
    PID=$!
    PIDS+=("$PID")
    # Before that it does not listen to signals.
    await grep -q ': found$' err
    await counted 45
    step "$1"
    append_now 90
    await counted 135
    step 0
    append_now 9
    await counted 144
    # Windows go on, and say so.
    await told_total 16
    kill -TERM "$PID"
    wait "$PID"
    # Windows go forward, each is told once, and counts only grow.
    jq -s -e 'map(.end) as $ends | ($ends | sort | unique) == $ends' out
    jq -s -e 'all(.lag_ms == null or (.lag_ms >= 0 and .lag_ms < 3700000))' out
    jq -s -e '[.[].groups["news/bbc"].total // 0] as $t | ($t | sort) == $t' out
    rm step
    s2tail -q -1 -S state -w 100ms -f tsv | totals >got
    s2tail -q -1 -w 100ms -s earliest -f tsv | totals >want
    alike got want
    same "$(awk '{ n += $2 } END { print n }' got)" 144
}

@test "live windows of a file: each record counts once, none is told twice" {
    for seconds in 3600 -3600; do
        rm -f x.db*
        export S2_BASIN=file:x.db
        windows_survive $seconds
    done
}

@test "live windows of S2: the same" {
    for seconds in 3600 -3600; do
        s2
        windows_survive $seconds
        kill "$S2"
    done
}

# Ten minutes of the tool's clock, in which a second is a hundred: while S2 is
# away Jetstream goes on, is closed for want of room, and is resumed.
@test "S2 is away for ten minutes: bounded, said, and then nothing is missing" {
    posts 1000 1700000000 "bbc.com cnn.com" 7000 >many
    s2
    local jet
    through 'on append 3 down 6100'
    s2_at "http://127.0.0.1:$PORT"
    printf '%s\n' 'live 1' >jet.script
    peer fakejet --v1 many --pace 160/s --log jet.log jet.script
    LD_PRELOAD=$BUILD/preload/fast.so bsky2s2 --no-compress -s earliest \
        -u "ws://127.0.0.1:$PORT/subscribe" -o records >out 2>err 3>&- &
    PID=$!
    PIDS+=("$PID")
    await grep -qE 'basin answers again after ([6-9]|[0-9]{2,})[0-9]{2} s$' err
    grep -q 'closed until there is room' err
    grep -q 'the basin has not answered for [1-9][0-9]* s: [1-9]' err
    # Queues, lines and buffers, not all of the posts; a sanitizer's are more.
    grep -q __asan_init "$BUILD/bsky2s2" ||
        [ "$(awk '/^VmHWM:/ { print $2 }' "/proc/$PID/status")" -lt 49152 ]
    await has_lines 1000 records
    kill -TERM "$PID"
    wait "$PID"
    happened '.* down 6100'
    same "$(count ' gap ' err)" 0
    [ "$(count '^subscribe .*cursor=[0-9]' jet.log)" -ge 2 ]
    holds many
    told records
}
