#!/bin/sh
# The main job, for a look: Jetstream into a fresh embedded basin, and the
# counts per stream.  Without a Jetstream server in reach, the bundled events
# are replayed by a local one, dated now and at their own pace.
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
seconds=${DEMO_SECONDS:-15}
dir=$(mktemp -d)
peer=
# shellcheck disable=SC2317 # called by the trap
cleanup() {
    [ -z "$peer" ] || kill "$peer" 2>/dev/null
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

run() { # OPTION...
    "$BUILD/bsky2s2" -b "file:$dir/basin.db" -o "$dir/records.jsonl" "$@"
}

echo "demo: $seconds seconds of Jetstream into $dir/basin.db"
run -q --retry-for 5s -t "${seconds}s"
status=$?
if [ $status -eq 69 ]; then
    echo "demo: no Jetstream server answers; replaying bundled events"
    mkfifo "$dir/port"
    "$BUILD/peer/fakejet" --v1 tests/data/events-v1.jsonl --restamp \
        --pace 48/s >"$dir/port" &
    peer=$!
    read -r _ port <"$dir/port"
    run -u "ws://127.0.0.1:$port/subscribe" -s earliest -t "${seconds}s"
    status=$?
fi

echo
echo "records per stream (the same:  sqlite3 basin.db \\"
echo "  'SELECT stream, count(*) FROM records GROUP BY stream')"
sed -n 's/^{"stream":"\([^"]*\)".*/\1/p' "$dir/records.jsonl" | sort | uniq -c
exit $status
