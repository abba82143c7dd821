#!/usr/bin/env bats
# Killed at chosen points: at every call that changes something (some of them
# here, all with CRASH_STRIDE=1), and at each step between an event and its
# checkpoint, on S2.

load common
load s2
load crash
load crash_scene

STORY_OF=(11 1 120)
SEGMENT=50

setup() {
    common_setup
    DIE=$BUILD/preload/die.so
    # The tool may be built with a sanitizer that wants to be first.
    export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
    CRASH_OPTIONS=()
}
teardown() { s2_teardown; }

# Live under the library: dying VARIABLE=VALUE...; $STATUS.
dying() {
    crash_arguments
    STATUS=0
    timeout -k 1 20 env LD_PRELOAD="$DIE" "$@" \
        bsky2s2 "${ARGUMENTS[@]}" >>out 2>>err 3>&- || STATUS=$?
}

@test "a file: killed at its calls, before and after each" {
    local n last killed=0 after stride=${CRASH_STRIDE:-9}
    scene file
    dying DIE_COUNT=n
    crash_compare
    last=$(cat n)
    for ((n = 1; n <= last; n += stride)); do
        for after in 0 1; do
            rm -rf basin.db*
            dying DIE_AT="$n" DIE_AFTER=$after
            [ "$STATUS" = 0 ] || killed=$((killed + 1))
            crash_last
            crash_compare || {
                echo "killed at call $n, after: $after"
                return 1
            }
        done
    done
    echo "# $killed kills at $last calls" >&3
    # A run may take a few calls less.
    [ "$killed" -ge $((2 * (last / stride) - 4)) ]
}

@test "a file: killed at its calls of a second life" {
    local n last killed=0 stride=${CRASH_STRIDE:-9}
    scene file
    bsky2s2 -u "$URL" -s earliest -c 40
    cp basin.db before.db
    dying DIE_COUNT=n
    crash_compare
    last=$(cat n)
    for ((n = 1; n <= last; n += stride)); do
        rm -rf basin.db*
        cp before.db basin.db
        dying DIE_AT="$n" DIE_AFTER=$((n % 2))
        [ "$STATUS" = 0 ] || killed=$((killed + 1))
        crash_last
        crash_compare || {
            echo "killed at call $n"
            return 1
        }
    done
    [ "$killed" -ge $((last / stride - 2)) ]
}

@test "S2: killed at its sends, before and after each" {
    local n last killed=0 after stride=${CRASH_STRIDE:-7}
    scene fakes2
    dying DIE_ON=send,sendto,sendmsg DIE_COUNT=n
    crash_compare
    last=$(cat n)
    for ((n = 1; n <= last; n += stride)); do
        for after in 0 1; do
            # A job of its own, and streams of its own.
            CRASH_K=_bsky2s2/$n.$after
            CRASH_PREFIX=$n.$after/
            CRASH_OPTIONS=(--job "$n.$after" --prefix "$CRASH_PREFIX")
            dying DIE_ON=send,sendto,sendmsg DIE_AT="$n" DIE_AFTER=$after
            [ "$STATUS" = 0 ] || killed=$((killed + 1))
            crash_last
            crash_compare || {
                echo "killed at send $n, after: $after"
                return 1
            }
        done
    done
    echo "# $killed kills at $last sends" >&3
    [ "$killed" -ge $((2 * (last / stride) - 6)) ]
}

# Live until the fake S2 does FAULT, to the tool and not to what we ask it, and
# be killed.
killed_at() { # FAULT OPTION...
    local conn
    crash_start "${@:2}"
    await faulted "$1"
    killed
    conn=$(grep -Em1 "^fault .* $1\$" log | grep -o 'conn=[0-9]*')
    grep -q "^request $conn .* User-Agent: bsky2s2/" log
}

# How many checkpoints of K say where the source is.
placed() {
    curl -fsS "$DIRECT/dump?stream=${CRASH_K//\//%2F}" |
        grep -c '"time_us":[0-9]' || true
}

@test "before the first is sent" {
    scene fakes2
    crash_start --linger 10s --until 2033-01-01T00:00:00Z
    waiting() {
        kill -USR1 "$PID" 2>/dev/null && grep -q ' unacked=[1-9]' err
    }
    # Before that it does not listen to signals.
    await grep -q "^answer .* op=append stream=$CRASH_K 200" log
    await waiting
    killed
    same "$(grep -c "^answer .* op=append .* 200" log)" 1
    grep -q "^answer .* op=append stream=$CRASH_K 200" log
    recovers
}

@test "sent, applied, and not acked" {
    local n PACE=200
    for n in 1 2; do
        scene fakes2 "on append news/bbc $n hold 60000"
        killed_at "op=append stream=news/bbc n=$n hold 60000" --linger 0
        recovers
        s2_teardown
        PIDS=()
    done
}

@test "sent and not applied" {
    scene fakes2 'on append social/reddit 1-3 lost'
    killed_at 'op=append stream=social/reddit n=2 lost'
    curl -fsS "$DIRECT/dump?stream=social%2Freddit" >dumped
    same "$(wc -l <dumped)" 0
    recovers
    injected 'n=3 lost'
}

@test "acked and not yet in a checkpoint" {
    scene fakes2
    crash_start --until 2033-01-01T00:00:00Z -o acked
    bsky2s2 -n -i events >decided
    await lines_are "$(wc -l <decided)" acked
    killed
    same "$(placed)" 0
    recovers
    # All of it came again, and was known.
    grep -q " matches=0 .* duplicates=$(wc -l <decided) " err
}

@test "a checkpoint sent, applied, and not acked" {
    scene fakes2 "on append $CRASH_K 2 hold 60000"
    killed_at "op=append stream=$CRASH_K n=2 hold 60000"
    same "$(placed)" 1
    recovers
}

@test "a checkpoint sent, and lost" {
    # More than until the kill: it may come late.
    scene fakes2 "on append $CRASH_K 2-8 lost"
    killed_at "op=append stream=$CRASH_K n=4 lost"
    same "$(placed)" 0
    recovers
}

@test "between the steps of the first start" {
    local step
    # Our own question, whether it has begun, is a tail of K too.
    for step in "create stream=$CRASH_K 1" "tail stream=$CRASH_K 2" \
        "append stream=$CRASH_K 1" "create stream=news/cnn 1" \
        "tail stream=news/bbc 1"; do
        scene fakes2 "on ${step/stream=/} hold 60000"
        killed_at "op=${step% *} n=${step##* } hold 60000"
        recovers
        s2_teardown
        PIDS=()
    done
}

@test "between the steps of a later start" {
    local step
    for step in "create stream=$CRASH_K 2" "tail stream=$CRASH_K 3" \
        "read stream=$CRASH_K 1" "append stream=$CRASH_K 3" \
        "create stream=news/cnn 2" "tail stream=news/bbc 2" \
        "read stream=news/bbc 1" "read stream=news/bbc 2"; do
        scene fakes2 "on ${step/stream=/} hold 60000"
        first_life 60
        killed_at "op=${step% *} n=${step##* } hold 60000"
        recovers
        s2_teardown
        PIDS=()
    done
}

@test "the fence was applied, its ack lost, and it is killed: nobody else did" {
    scene fakes2 "on append $CRASH_K 1-2 drop"
    killed_at "op=append stream=$CRASH_K n=1 drop"
    recovers
}
