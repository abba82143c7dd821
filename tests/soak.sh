#!/usr/bin/env bash
# Kill bsky2s2 at random times for as long as it takes, on the embedded basin
# and on S2 (the real server where it is there, else the fake one): at least N
# kills on each, in at most T seconds in all.
#
#   tests/soak.sh [-n N] [-t T] [-s SEED] [BASIN...]
#
# Before that, at every call that changes something.  With -s only that seed
# runs, once, and its folder is kept.  A BASIN is file,
# fakes2 or lite.  Ends with "N runs, N broken", and with 1 if any is.
set -u
ROOT=$(cd "$(dirname "$0")/.." && pwd)
BUILD=${BUILD:-$ROOT/build}
case $BUILD in /*) ;; *) BUILD=$ROOT/$BUILD ;; esac
least=500 limit=3600 only=
while getopts n:t:s: option; do
    case $option in
    n) least=$OPTARG ;;
    t) limit=$OPTARG ;;
    s) only=$OPTARG ;;
    *) exit 64 ;;
    esac
done
shift $((OPTIND - 1))

# What the tests' helpers expect of bats, and share.
# shellcheck disable=SC1091,SC2034
{
    BATS_TEST_DIRNAME=$ROOT/tests/real
    BATS_TEST_TMPDIR=$(mktemp -d)
    bats_require_minimum_version() { :; }
    exec 3>&2
    . "$ROOT/tests/cli/common.bash"
    . "$ROOT/tests/cli/s2.bash"
    . "$ROOT/tests/real/lite.bash"
    . "$ROOT/tests/cli/crash.bash"
}
if [ $# = 0 ]; then
    if [ -n "$S2_CLI" ]; then set -- file lite; else set -- file fakes2; fi
fi
kept=$BATS_TEST_TMPDIR
trap 's2_teardown; [ "$broken" -gt 0 ] || [ -n "$only" ] || rm -rf "$kept"' EXIT
runs=0 broken=0

# Every point once, and not some of them.
if [ -z "$only" ]; then
    CRASH_STRIDE=1 BUILD=$BUILD timeout "$limit" \
        bats --tap "$ROOT/tests/cli/crash_points.bats" >"$kept/points" 2>&1 ||
        broken=1
    grep -E '^(ok|not ok|# [0-9]+ kills)' "$kept/points"
    [ "$broken" = 0 ] || cat "$kept/points"
    runs=$(awk '/^# [0-9]+ kills/ { n += $2 } END { print n + 0 }' \
        "$kept/points")
fi
common_setup

# A seed on a basin: its folder goes if all is well.
one() { # BASIN SEED
    local folder=$kept/$1.$2
    mkdir "$folder"
    cd "$folder" || exit 71
    BATS_TEST_TMPDIR=$folder
    if crash_run "$1" "$2" 8 >"$folder/why" 2>&1; then
        [ -n "$only" ] || rm -rf "$folder"
    else
        broken=$((broken + 1))
        echo "broken: $1, seed $2"
        grep -v ' Killed ' "$folder/why" | head -3
        echo "again: BUILD=$BUILD bash tests/soak.sh -s $2 $1   # in $folder"
    fi
    s2_teardown
    # shellcheck disable=SC2034
    PIDS=()
    unset PORT
    cd "$kept" || exit 71
}

for basin; do
    KILLED=0 seed=${only:-1000}
    while [ "$KILLED" -lt "$least" ] && [ $SECONDS -lt "$limit" ]; do
        one "$basin" "$seed"
        seed=$((seed + 1))
        [ -z "$only" ] || break
    done
    echo "$basin: $KILLED kills, seeds ${only:-1000} to $((seed - 1))," \
        "$SECONDS s"
    if [ -z "$only" ] && [ "$KILLED" -lt "$least" ]; then
        echo "$basin: the time was up"
    fi
    runs=$((runs + KILLED))
done
echo "$runs runs, $broken broken"
[ "$broken" -eq 0 ] && [ "$runs" -gt 0 ]
