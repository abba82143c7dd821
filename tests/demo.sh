#!/bin/sh
# The main job, for a look: Jetstream into a fresh embedded basin, and what is
# in it as a live chart; without a terminal, for some seconds, as a table.
# Without a Jetstream server in reach the bundled events are replayed by a
# local one, dated now and at their own pace.
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
seconds=${DEMO_SECONDS:-15}
dir=$(mktemp -d)
peer='' writer=''
# shellcheck disable=SC2317 # called by the trap
cleanup() {
    for pid in $writer $peer; do
        kill "$pid" 2>/dev/null && wait "$pid"
    done
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

echo "demo: looking for a Jetstream server"
set --
if ! "$BUILD/bsky2s2" -n -q --retry-for 5s -t 10s -c 1 --expect 1 \
    -l any --unrouted any >/dev/null 2>&1; then
    echo "demo: none answers; replaying bundled events"
    mkfifo "$dir/port"
    "$BUILD/peer/fakejet" --v1 tests/data/events-v1.jsonl --restamp \
        --pace 32/s >"$dir/port" &
    peer=$!
    read -r _ port <"$dir/port"
    set -- -u "ws://127.0.0.1:$port/subscribe" -s earliest
fi

"$BUILD/bsky2s2" -q -b "file:$dir/basin.db" "$@" 2>"$dir/errors" &
writer=$!
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then
    trap : INT # Ctrl-C ends the chart, and then all ends in order
    "$BUILD/s2tail" -q -b "file:$dir/basin.db"
    status=$?
    [ $status -eq 130 ] && status=0
else
    echo "demo: $seconds seconds into $dir/basin.db"
    "$BUILD/s2tail" -q -b "file:$dir/basin.db" -t "${seconds}s" -o /dev/null
    kill "$writer" && wait "$writer"
    status=$?
    writer=
    "$BUILD/s2tail" -b "file:$dir/basin.db" --once -f table
fi
cat "$dir/errors" >&2
exit $status
