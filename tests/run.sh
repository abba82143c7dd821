#!/bin/sh
# Run groups of tests (unit, cli, real, lint), show what they say in TAP, and
# end with one line: N passed, N failed, N skipped.
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
export BUILD
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# One program that speaks TAP; one that dies without a word counts as failed.
tap() {
    "$@" >"$log.one" 2>&1
    told $? "$log.one" "$@"
}

told() { # STATUS OUTPUT COMMAND...: what such a one said
    status=$1 output=$2
    shift 2
    echo "# $*"
    cat "$output"
    cat "$output" >>"$log"
    if [ "$status" -ne 0 ] && ! grep -q '^not ok' "$output"; then
        echo "not ok - $1 ended with $status" | tee -a "$log"
    fi
    rm -f "$output"
}

# The bats files of a folder in two halves at once: most tests wait for peers.
# shellcheck disable=SC2086 # file names without spaces
halves() { # FOLDER
    mine='' other=''
    for file in "$1"/*.bats; do
        longer="$mine $file" mine=$other other=$longer
    done
    bats --tap $other >"$log.other" 2>&1 &
    tap bats --tap $mine
    wait $!
    told $? "$log.other" bats --tap $other
}

one() { # NAME COMMAND...: a check that is one test
    name=$1
    shift
    if "$@" >"$log.one" 2>&1; then
        echo "ok - $name" | tee -a "$log"
    else
        cat "$log.one"
        echo "not ok - $name" | tee -a "$log"
    fi
    rm -f "$log.one"
}

for group in "$@"; do
    case $group in
    unit)
        for source in tests/unit/test_*.c; do
            tap "$BUILD/unit/$(basename "$source" .c)"
        done
        for seeds in tests/fuzz/corpus/*; do
            name=$(basename "$seeds")
            one "seeds of the $name fuzzer" "$BUILD/feed/$name" "$seeds"
        done
        ;;
    cli) halves tests/cli ;;
    real) halves tests/real ;;
    lint) one lint make --no-print-directory lint ;;
    esac
done

skipped=$(grep -ci '^ok .*# skip' "$log")
passed=$(($(grep -c '^ok' "$log") - skipped))
failed=$(grep -c '^not ok' "$log")
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
