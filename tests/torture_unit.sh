#!/bin/sh
# Run the unit tests again, each with an allocation that fails: once, and from
# there on for ever.  A test may go on without it, or say that it failed, and
# then it ends there; but it ends: not by a signal, and not after a while.
#
#   tests/torture_unit.sh [-s STRIDE] [-l MOST] [-t SECONDS] [TEST...]
#
# STRIDE: only every so many, from the first on; of a test no more than MOST
# (200), evenly, and no more than SECONDS (60) seem enough for, five at least;
# where they were not enough, it says where it was cut.  TEST: as in
# BUILD/unit, by default all but those that need a real server.  Built with a
# sanitizer, what that finds counts.  Ends with "N runs, N broken".
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
stride=1 most=200 seconds=60
while getopts s:l:t: option; do
    case $option in
    s) stride=$OPTARG ;;
    l) most=$OPTARG ;;
    t) seconds=$OPTARG ;;
    *) exit 64 ;;
    esac
done
shift $((OPTIND - 1))
if [ $# -eq 0 ]; then
    # shellcheck disable=SC2046 # names without spaces
    set -- $(cd tests/unit && grep -L '"lite.h"' test_*.c | sed 's/\.c$//')
    echo "left out: $(cd tests/unit && grep -l '"lite.h"' test_*.c | xargs)"
fi
folder=$(mktemp -d)
chmod 711 "$folder" # some tests are nobody for a while
trap 'rm -rf "$folder"' EXIT
runs=0 broken=0
export PEEK_CASES=300 # of test_peek: enough to see every allocation
export TMPDIR="$folder/tmp"
# Leaks count where a test ends as usual, and where it stops early.
export ASAN_OPTIONS=verify_asan_link_order=0:exitcode=99
export UBSAN_OPTIONS=halt_on_error=1:exitcode=99
patience=20

now() { # ms
    date +%s%3N
}

# A test that stops early leaves files behind, and processes.
starved() { # TEST AT [VARIABLE=VALUE]
    rm -rf "$folder/refused" "$TMPDIR"
    mkdir "$TMPDIR"
    timeout -k 1 "$patience" env LD_PRELOAD="$BUILD/preload/starve.so" \
        STARVE_AT="$2" STARVE_COUNT="$folder/counted" \
        STARVE_SAY="$folder/refused" ${3+"$3"} \
        "$BUILD/unit/$1" >"$folder/out" 2>&1 </dev/null &
    status=0
    wait $! 2>/dev/null || status=$?
    kill -s KILL -- -$! 2>/dev/null
    runs=$((runs + 1))
}

where() {
    [ -s "$folder/refused" ] || return 0
    read -r _ file offset _ <"$folder/refused"
    addr2line -e "$file" "$offset"
}

# How many of the ${total} allocations fail in ${ms} a run.
choose() { # MS
    few=$((seconds * 500 / ($1 + 1)))
    [ "$few" -ge 5 ] || few=5
    [ "$few" -le "$most" ] || few=$most
    step=$(((total + few - 1) / few))
    [ "$step" -ge "$stride" ] || step=$stride
}

both() { # TEST AT
    for forever in 0 1; do
        starved "$1" "$2" STARVE_FOREVER=$forever
        [ "$status" -le 1 ] && continue
        broken=$((broken + 1))
        echo "broken: $1 $2 $forever: $status ($(where))" \
            "$(grep -v '^ok' "$folder/out" | tail -1)"
    done
}

for test; do
    patience=120
    from=$(now)
    starved "$test" 0
    if [ "$status" -ne 0 ]; then
        broken=$((broken + 1))
        echo "broken: $test, with all its memory: $status"
        continue
    fi
    total=$(cat "$folder/counted")
    ms=$(($(now) - from))
    patience=$((20 + ms / 500))
    choose "$ms"
    at=1 cut=
    end=$(($(now) + 2000 * seconds))
    while [ "$at" -le "$total" ] && [ -z "$cut" ]; do
        both "$test" "$at"
        at=$((at + step))
        [ "$(now)" -lt "$end" ] || cut=", cut at $at: $((2 * seconds)) s"
    done
    [ "$at" -le "$total" ] || cut=
    echo "$test: $total, one in $step$cut"
done
echo "$runs runs, $broken broken"
[ "$broken" -eq 0 ] && [ "$runs" -gt 0 ]
