# What the tests of the command line share.  Every test has a directory of its
# own, an environment without settings, and peers that end with it.

bats_require_minimum_version 1.5.0

common_setup() {
    ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    BUILD=${BUILD:-$ROOT/build}
    PATH=$BUILD:$BUILD/peer:$PATH
    EVENTS=$ROOT/tests/data/events-v1.jsonl
    EVENTS2=$ROOT/tests/data/events-v2.jsonl
    PIDS=()
    cd "$BATS_TEST_TMPDIR" || return 1
    unset S2_BASIN S2_ACCESS_TOKEN S2_ACCESS_TOKEN_FILE S2_AUTH_TOKEN \
        S2_ACCOUNT_ENDPOINT S2_BASIN_ENDPOINT S2_ENCRYPTION_KEY \
        BSKY2S2_URL SSL_CERT_FILE CREDENTIALS_DIRECTORY XDG_DATA_HOME \
        JOURNAL_STREAM NOTIFY_SOCKET WATCHDOG_USEC WATCHDOG_PID
    export HOME=$BATS_TEST_TMPDIR
}

common_teardown() {
    local pid
    for pid in "${PIDS[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
}

# Run COMMAND...; afterwards $status, $output (stdout) and $stderr hold all.
tool() {
    run --separate-stderr "$@"
}

# Fail with what is there unless it is what is wanted.
same() { # GOT WANT
    [ "$1" = "$2" ] && return 0
    printf 'got:\n%s\nwanted:\n%s\n' "$1" "$2"
    return 1
}

# A usage error: exit 64, nothing on stdout, this line and the hint.
usage_error_of() { # TOOL TEXT OPTION...
    local name=$1 text=$2
    shift 2
    tool "$name" "$@"
    same "$status" 64
    same "$output" ""
    same "$stderr" "$name: $text
$name: try '$name --help'"
}
usage_error() { usage_error_of bsky2s2 "$@"; }

# FILE is there and has at least N lines.
has_lines() { # N FILE
    [ -e "$2" ] && [ "$(wc -l <"$2")" -ge "$1" ]
}

# Wait until COMMAND... succeeds, at most 20 s, or PATIENCE.
await() {
    local end=$((SECONDS + ${PATIENCE:-20}))
    until "$@"; do
        if [ $SECONDS -ge $end ]; then
            echo "waited in vain for: $*"
            return 1
        fi
        sleep 0.02
    done
}

# Start a peer in the background; $PORT is where it listens.
peer() { # PROGRAM OPTION...
    local fifo word
    fifo=$(mktemp -u "$BATS_TEST_TMPDIR/port.XXXXXXXX")
    mkfifo "$fifo"
    "$@" >"$fifo" 3>&- &
    PIDS+=($!)
    read -r word PORT <"$fifo"
    [ "$word" = port ]
}

# Start bsky2s2 in the background; $PID is its process.
background() { # OPTION...
    bsky2s2 "$@" >out 2>err 3>&- &
    PID=$!
    PIDS+=("$PID")
}

# The records of an embedded basin without the checkpoints, in order:
# STREAM<TAB>BODY.
dump() { # FILE
    sqlite3 -separator '	' "$1" "SELECT stream, body FROM records
        WHERE stream NOT LIKE '\_bsky2s2/%' ESCAPE '\' ORDER BY stream, seq_num"
}

# The same of -o or -n lines.
dump_lines() { # FILE
    jq -r '[.stream, (.record | tojson)] | join("\t")' "$1" |
        sort -s -t '	' -k 1,1
}

# What the decisions on the bundled events are.
expected() {
    bsky2s2 -n -i "$EVENTS" >"$BATS_TEST_TMPDIR/expected.jsonl"
    dump_lines "$BATS_TEST_TMPDIR/expected.jsonl"
}
