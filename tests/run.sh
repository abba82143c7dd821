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
    echo "# $*"
    "$@" >"$log.one" 2>&1
    status=$?
    cat "$log.one"
    cat "$log.one" >>"$log"
    if [ $status -ne 0 ] && ! grep -q '^not ok' "$log.one"; then
        echo "not ok - $1 ended with $status" | tee -a "$log"
    fi
    rm -f "$log.one"
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
        ;;
    cli) tap bats --tap tests/cli ;;
    real) tap bats --tap tests/real ;;
    lint) one lint make --no-print-directory lint ;;
    esac
done

skipped=$(grep -ci '^ok .*# skip' "$log")
passed=$(($(grep -c '^ok' "$log") - skipped))
failed=$(grep -c '^not ok' "$log")
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
