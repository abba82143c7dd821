#!/bin/sh
# Run groups of tests (unit, cli, real, lint), show what they say in TAP, and
# end with one line: N passed, N failed, N skipped.
#
# A test program or a bats file is a job; JOBS of them run at once, one more
# than there are processors: most wait for their peers.
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
export BUILD
# A tool that hangs fails its test, and no more.
export BATS_TEST_TIMEOUT="${BATS_TEST_TIMEOUT:-600}"

one() { # NAME COMMAND...: a check that is one test
    name=$1
    shift
    if "$@" >"$out.one" 2>&1; then
        echo "ok - $name"
    else
        cat "$out.one"
        echo "not ok - $name"
    fi
}

# One that dies without a word counts as failed.
job() { # FOLDER KIND NAME
    folder=$1 kind=$2 name=$3 status=0
    out=$(mktemp "$folder/XXXXXX")
    echo "# $kind $name" >"$out"
    case $kind in
    unit) "$BUILD/unit/$name" ;;
    seeds)
        one "seeds of the $name fuzzer" "$BUILD/feed/$name" \
            "tests/fuzz/corpus/$name"
        ;;
    bats) bats --tap "$name" ;;
    lint) one lint make --no-print-directory lint ;;
    esac >>"$out" 2>&1 || status=$?
    if [ "$status" -ne 0 ] && ! grep -q '^not ok' "$out"; then
        echo "not ok - $name ended with $status" >>"$out"
    fi
    # shellcheck disable=SC2016 # the inner shell's
    flock "$folder/log" sh -c 'tee -a "$1" <"$2"' sh "$folder/log" "$out"
}

# What takes longest by the clock begins first, whatever its group.
LONG='real/exact cli/resume cli/crash_points cli/crash cli/torture
    cli/resume_begin cli/failio cli/gaps cli/job cli/jetstream cli/clock'

long() { # GROUP...
    for name in $LONG; do
        case " $* " in *" ${name%/*} "*) echo "bats tests/$name.bats" ;; esac
    done
}

jobs_of() { # GROUP...
    for group in "$@"; do
        case $group in
        unit)
            find tests/unit -name 'test_*.c' -exec basename {} .c \; |
                sort | sed 's/^/unit /'
            find tests/fuzz/corpus -mindepth 1 -maxdepth 1 \
                -exec basename {} \; | sort | sed 's/^/seeds /'
            ;;
        cli | real)
            find "tests/$group" -name '*.bats' -size +0 -printf '%s bats %p\n' |
                sort -rn | cut -d ' ' -f 2-
            ;;
        lint) echo "lint all" ;;
        esac
    done
}

# KIND NAME of each job; what is large may take long, and begins early.
list() { # GROUP...
    {
        long "$@"
        jobs_of "$@"
    } | awk '!seen[$0]++'
}

if [ "$1" = -j ]; then
    shift
    job "$@"
    exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
log=$folder/log
touch "$log"
list "$@" | xargs -L 1 -P "${JOBS:-$(($(getconf _NPROCESSORS_ONLN) + 1))}" \
    sh tests/run.sh -j "$folder"

skipped=$(grep -ci '^ok .*# skip' "$log")
passed=$(($(grep -c '^ok' "$log") - skipped))
failed=$(grep -c '^not ok' "$log")
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
