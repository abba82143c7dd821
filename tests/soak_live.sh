#!/usr/bin/env bash
# For T seconds 2,000 events a second by the clock, through proxies on both
# links, from a Jetstream server into "s2 lite", the real S2 server, while at
# random the network fails, the source goes away, and bsky2s2 and the s2tail
# that follows it all are killed, stopped, and taken over from.
#
#   tests/soak_live.sh [-t T] [-s SEED]
#
# In the end the streams hold what they are to hold, once and in order, s2tail
# has counted just that, and memory has not grown.  The seed decides what
# happens when (soak_live.awk).  Ends with "N runs, N broken", and with 1 if
# any is; the folder is kept then.
set -u
ROOT=$(cd "$(dirname "$0")/.." && pwd)
BUILD=${BUILD:-$ROOT/build}
case $BUILD in /*) ;; *) BUILD=$ROOT/$BUILD ;; esac
seconds=3600 seed=$RANDOM
while getopts t:s: option; do
    case $option in
    t) seconds=$OPTARG ;;
    s) seed=$OPTARG ;;
    *) exit 64 ;;
    esac
done
S2=$(sh "$ROOT/tests/s2.sh") || exit 1

# What the tests' helpers expect of bats, and share.
# shellcheck disable=SC1091,SC2034
{
    BATS_TEST_DIRNAME=$ROOT/tests/real
    BATS_TEST_TMPDIR=$(mktemp -d)
    bats_require_minimum_version() { :; }
    . "$ROOT/tests/cli/common.bash"
    . "$ROOT/tests/cli/s2.bash"
    . "$ROOT/tests/real/lite.bash"
    . "$ROOT/tests/soak_live.bash"
    . "$ROOT/tests/soak_judge.bash"
}
kept=$BATS_TEST_TMPDIR
common_setup
# The shell tells there who was killed.
exec 3>&2 2>shell.err
trap live_end EXIT
trap 'exit 130' INT TERM
echo "seed $seed, $seconds s, in $kept"

# Longer than any patience of the tools.
STUCK_MS=600000

live_servers
awk -v seed="$seed" -v seconds="$seconds" -f "$ROOT/tests/soak_live.awk" |
    sort -n >plan
exec {plan}<plan
read -r at who what <&"$plan"

calm=''
until [ -n "$ENDED" ] && [ ${#WRITER[@]} -eq 0 ]; do
    live_now
    while [ -n "$at" ] && [ "$at" -le "$NOW" ]; do
        live_do "$who" "$what"
        read -r at who what <&"$plan" || at=''
    done
    if [ -z "$calm" ] && [ "$NOW" -ge $((seconds * 1000)) ]; then
        calm=$NOW
        live_do jet 'upstream none'
        live_do s2 'upstream none'
    fi
    live_look
    live_stuck && break
    live_nap
done

if [ -n "$ENDED" ]; then
    echo "at the end $((NOW / 1000 - seconds)) s after the last event"
    live_finish
fi
live_compare
live_totals
live_figures
live_memory
echo "$((WRITERS + TAILS)) runs, $BROKEN broken"
[ "$BROKEN" -eq 0 ]
