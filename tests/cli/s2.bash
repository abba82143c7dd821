# What the tests against a fake S2 share: the peer, inputs, and the oracle,
# which compares what the peer holds with what the tool decides by -n.

# Start a fake S2 that follows LINE...; the tool is pointed to it.  $S2 is its
# process, ./log its log, ./dump what it held at its end.  It keeps the dates
# of records, so that the tests do not depend on today's.
s2() { # LINE...
    printf '%s\n' uncapped "$@" >script
    s2_start script
}

# The same with OPTION... and without that line.
s2_start() { # OPTION... SCRIPT
    peer fakes2 --dump dump --log log "$@"
    S2=${PIDS[-1]}
    s2_at "http://127.0.0.1:$PORT"
}

s2_at() { # URL
    export S2_ACCOUNT_ENDPOINT=$1 S2_BASIN_ENDPOINT=$1
    export S2_BASIN=test-basin S2_ACCESS_TOKEN=the-secret-token
}

# A process that is stopped, or that hangs, ends by nothing less.
s2_teardown() {
    [ ${#PIDS[@]} -eq 0 ] || kill -KILL "${PIDS[@]}" 2>/dev/null || true
    common_teardown
}

# End the fake S2: from now on ./dump is there.
s2_end() {
    kill "$S2"
    wait "$S2"
}

# N posts of TIME (s since 1970) and the milliseconds after, to all nine
# streams in turn or to that of DOMAIN, with links of at least LENGTH bytes.
posts() { # N [TIME [DOMAIN [LENGTH]]]
    awk -v n="$1" -v time="${2:-1700000000}" -v all="${3:-youtube.com \
        reddit.com facebook.com bbc.com cnn.com cbc.ca amazon.com ebay.com \
        etsy.com}" -v length_="${4:-1}" 'BEGIN {
        m = split(all, domain, " ")
        for (fill = "x"; length(fill) < length_; fill = fill fill) {}
        fill = substr(fill, 1, length_)
        for (i = 0; i < n; i++)
            printf "{\"did\":\"did:plc:%05d\",\"time_us\":%.0f," \
                "\"kind\":\"commit\",\"commit\":{\"operation\":\"create\"," \
                "\"collection\":\"app.bsky.feed.post\",\"rkey\":\"r%06d\"," \
                "\"cid\":\"c%d\",\"record\":{\"langs\":[\"en\"]," \
                "\"embed\":{\"external\":{\"uri\":\"https://%s/%s%d\"}}}}}\n",
                i % 777, time * 1e6 + i * 1000, i, i, domain[i % m + 1],
                fill, i
    }'
}

# -n or -o lines as STREAM<TAB>BODY, ordered by stream.
bodies() { # FILE
    awk '{
        body = index($0, ",\"record\":") + 10
        split(substr($0, 1, body), part, "\"")
        print part[4] "\t" substr($0, body, length($0) - body)
    }' "$1" | LC_ALL=C sort -s -t '	' -k 1,1
}

# -o lines as STREAM<TAB>NUMBER<TAB>BODY, ordered by both.
numbered() { # FILE...
    awk '{
        body = index($0, ",\"record\":") + 10
        split(substr($0, 1, body), part, "[\":,]+")
        print part[3] "\t" part[5] "\t" substr($0, body, length($0) - body)
    }' "$@" | LC_ALL=C sort -t '	' -k 1,1 -k 2,2n
}

# Every stream holds exactly what was decided on INPUT, once and in order, but
# for what other writers made up, and for checkpoints.  Ends the peer.
holds() { # INPUT [OPTION...]
    s2_end
    bsky2s2 -n -i "$@" >decided
    test -s decided
    bodies decided >wanted
    grep -v -e '	FOREIGN-' -e '^_bsky2s2/' dump >ours
    cut -f 1,4 ours >held
    diff wanted held >differences || { head -20 differences; return 1; }
}

# After that: the -o lines in FILE... name each of these records exactly once,
# under its number.
told() { # FILE...
    numbered "$@" >named
    cut -f 1,2,4 ours | diff - named >differences ||
        { head -20 differences; return 1; }
}

# The peer has really done so at least once: extended regular expressions for
# the ends of lines of its log.
injected() { # FAULT...
    local fault
    for fault in "$@"; do
        grep -Eq "^fault .* $fault\$" log || {
            echo "never injected: $fault"
            return 1
        }
    done
}

# How many lines of FILE match, of stderr by default; none is no failure.
count() { # PATTERN [FILE]
    if [ $# -gt 1 ]; then
        grep -Ec -- "$1" "$2"
    else
        grep -Ec -- "$1" <<<"$stderr"
    fi || true
}

lines_are() { # N FILE
    [ "$(wc -l <"$2")" -eq "$1" ]
}

# Run against a fake S2 that follows LINE..., with the bundled events: nothing
# is lost, doubled or out of order, and -o tells all.
survives() { # LINE...
    s2 "$@"
    tool bsky2s2 -i "$EVENTS" -o records
    same "$status" 0
    same "$output" ""
    holds "$EVENTS"
    told records
}

# Feed FILE in groups of N lines, each after the last one is acked, so that
# each line is a batch of its own where a group has one line a stream.  Every
# line must be a post that is kept.  Leaves the tool's -o lines in ./records.
lockstep() { # FILE N OPTION...
    local file=$1 group=$2 line last i
    shift 2
    mkfifo in told
    background -i in -o told --linger 0 "$@"
    # Opened for both, a pipe neither blocks nor breaks if the tool dies.
    exec {told}<>told {both}<>in {in}>in {posts}<"$file"
    while mapfile -t -n "$group" -u "$posts" last && [ ${#last[@]} -gt 0 ]; do
        printf '%s\n' "${last[@]}" >&"$in"
        for ((i = 0; i < ${#last[@]}; i++)); do
            read -r -t 20 line <&"$told" || {
                cat err
                return 1
            }
            printf '%s\n' "$line" >>records
        done
    done
    exec {both}>&- {in}>&- {posts}<&-
    wait "$PID"
    exec {told}>&-
}

# Ask the fake S2 itself: METHOD PATH [JSON].
s2_ask() {
    curl -fsS -m 20 -o answer -X "$1" -H "s2-basin: $S2_BASIN" \
        -H "Authorization: Bearer $S2_ACCESS_TOKEN" \
        -H 'Content-Type: application/json' ${3:+-d "$3"} \
        "$S2_BASIN_ENDPOINT/v1/streams$2"
}
s2_delete() { # STREAM
    s2_ask DELETE "/${1//\//%2F}"
}
s2_create() { # STREAM
    s2_ask POST "" "{\"stream\":\"$1\"}"
}
s2_append() { # STREAM N
    s2_ask POST "/${1//\//%2F}/records" "$(awk -v n="$2" 'BEGIN {
        printf "{\"records\":["
        for (i = 0; i < n; i++)
            printf "%s{\"body\":\"{}\"}", (i > 0 ? "," : "")
        printf "]}"
    }')"
}
