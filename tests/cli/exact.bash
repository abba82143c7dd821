# What the tests of resuming share: made-up events on either wire, a scripted
# Jetstream server, a job that runs against it in either basin, and what an
# independent reader finds there.

load common
load s2

# The time of second 0 of all events (s since 1970).
BASE=1700000000

exact_setup() {
    common_setup
    STORY=$BATS_TEST_DIRNAME/story.awk
}

# Lines for events: the identities FROM to TO, the first at second START,
# each STEP later.
row() { # FROM TO START [STEP [KIND]]
    awk -v from="$1" -v to="$2" -v at="$3" -v step="${4:-0}" -v kind="$5" \
        'BEGIN {
        for (id = from; id <= to; id++)
            print id, at + (id - from) * step, id, kind
    }'
}

# Events from lines IDENTITY SECOND [NUMBER|- [KIND]]: the number is 20000 +
# NUMBER, - for none.  KIND: post (default), delete, like, identity, dated (a
# post whose key says that it was made 25 hours before second 0).
events() { # WIRE
    awk -v base="$BASE" '
    function tid(us,    s, i) {
        for (i = 0; i < 11; i++) {
            s = substr("234567abcdefghijklmnopqrstuvwxyz", us % 32 + 1, 1) s
            us = int(us / 32)
        }
        return s "22"
    }
    {
        us = (base + $2) * 1000000
        seq = $3 == "-" ? "" : sprintf("\"cursor\":%d,",
            20000 + ($3 == "" ? $1 : $3))
        kind = $4 == "" ? "post" : $4
        rkey = sprintf("r%06d", $1)
        if (kind == "dated")
            rkey = tid((base - 90000) * 1000000 + $1)
        printf "{\"did\":\"did:plc:%05d\",\"time_us\":%.0f,%s", $1 % 777, us,
            seq
        if (kind == "identity") {
            print "\"kind\":\"identity\",\"identity\":{\"handle\":\"h.x\"}}"
            next
        }
        printf "\"kind\":\"commit\",\"commit\":{\"rev\":\"r\"," \
            "\"operation\":\"%s\",\"collection\":\"app.bsky.feed.%s\"," \
            "\"rkey\":\"%s\"", kind == "delete" ? "delete" : "create",
            kind == "like" ? "like" : "post", rkey
        if (kind != "delete")
            printf ",\"cid\":\"c%d\",\"record\":{\"langs\":[\"en\"]," \
                "\"embed\":{\"external\":{\"uri\":\"https://%s/%d\"}}}", $1,
                $1 % 5 == 0 ? "bbc.com" : "youtube.com", $1
        print "}}"
    }' | if [ "$1" = 1 ]; then cat; else to_v2; fi
}

to_v2() {
    jq -c '{"$type": "message", payload: ({"$type":
            ("network.bsky.jetstream.subscribeEvents#" + .kind)}
        + (if .kind == "commit" then .commit else {(.kind): .[.kind]} end)
        + {did, seq: .cursor, time: ((.time_us / 1000000 | floor | todate
            | .[:-1]) + "." + (.time_us % 1000000 | tostring
            | "000000" + . | .[-6:]) + "Z")})}'
}

# WHEN for an option, and as messages write it.
at() { # SECOND
    date -u -d "@$((BASE + $1))" +%FT%TZ
}
when() { # SECOND
    date -u -d "@$((BASE + $1))" +%FT%T.000000+00:00
}

# Start a scripted Jetstream server, the script on stdin, that has the events
# of ./1 unless it says otherwise.  $URL is it on $WIRE, $HOST its name.
jet() { # [OPTION...]
    cat >jet.script
    peer fakejet --log "${LOG:-jet.log}" "--v$WIRE" 1 "$@" jet.script
    JET=${PIDS[-1]}
    HOST=127.0.0.1:$PORT
    URL=$(url "$HOST")
}
url() { # HOST
    if [ "$WIRE" = 1 ]; then
        echo "ws://$1/subscribe"
    else
        echo "ws://$1/xrpc/network.bsky.jetstream.subscribeEvents"
    fi
}

# A script whose connections get the events of ./1, ./2 and so on, and no more.
in_turn() { # N
    local i
    for ((i = 1; i <= $1; i++)); do
        printf 'connection\nevents %s\n' "$i"
    done
}

# An empty basin: file, or s2 with more lines for its script.
on() { # file|s2 [LINE...]
    BASIN=$1
    unset S2_BASIN
    if [ "$BASIN" = s2 ]; then
        s2 "${@:2}"
    else
        rm -f x.db*
        export S2_BASIN=file:$PWD/x.db
    fi
}

# Run FUNCTION for each basin and wire, each in a folder of its own.
everywhere() { # FUNCTION
    for WIRE in 1 2; do
        each_basin "$1"
    done
}
each_basin() { # FUNCTION
    local basin
    : "${WIRE:=1}"
    for basin in file s2; do
        mkdir "$WIRE-$basin"
        cd "$WIRE-$basin" || return 1
        on "$basin"
        echo "# $basin, wire $WIRE"
        "$1"
        end_all
        cd ..
    done
}

# End all that was started.
end_all() {
    kill -KILL "${PIDS[@]}" 2>/dev/null || true
    wait "${PIDS[@]}" 2>/dev/null || true
    PIDS=()
}

# The job in the background; ./err has its figures at its end.
job() { # OPTION...
    background -u "$URL" --no-compress --stats 1h "$@"
}
# The job until it ends by itself; as tool does.
job_ends() { # OPTION...
    tool timeout 50 bsky2s2 -u "$URL" --no-compress --stats 1h "$@"
    printf '%s\n' "$stderr" >err
}

# Wait until the data streams hold N records, as long as the job runs.
has() { # N
    await holds_n "$1" && [ "$(held | wc -l)" -ge "$1" ] && return 0
    held | wc -l
    cat err
    return 1
}
holds_n() {
    [ "$(held | wc -l)" -ge "$1" ] || ! kill -0 "$PID" 2>/dev/null
}

# End the job by SIGNAL; its status is $status.
end_job() { # SIGNAL
    kill -"$1" "$PID"
    status=0
    wait "$PID" || status=$?
}
# Wait for N records, and end the job by TERM.
until_has() { # N
    has "$1"
    end_job TERM
    same "$status" 0
}
# Wait for N records, and kill the job.
kill_at() { # N
    has "$1"
    end_job KILL
    same "$status" 137
}

# The file may not be there yet, and is never made by reading it.
ask_file() { # SQL
    sqlite3 -readonly -separator '	' x.db "$1" 2>/dev/null || true
}

# All records without checkpoints, STREAM<TAB>BODY, streams in order.
held() {
    local stream
    if [ "$BASIN" = file ]; then
        ask_file "SELECT stream, body FROM records
            WHERE stream NOT GLOB '_bsky2s2/*' ORDER BY stream, seq_num"
        return
    fi
    curl -fsS -H "s2-basin: $S2_BASIN" \
        -H "Authorization: Bearer $S2_ACCESS_TOKEN" \
        "$S2_BASIN_ENDPOINT/v1/streams" | jq -r '.streams[].name' |
        grep -v ^_bsky2s2/ | LC_ALL=C sort | while read -r stream; do
            records_of "$stream" | sed "s|^|$stream	|"
        done
}
# The bodies of STREAM without commands.
records_of() { # STREAM
    if [ "$BASIN" = s2 ]; then
        curl -fsS "$S2_BASIN_ENDPOINT/dump?stream=$1"
        return
    fi
    ask_file "SELECT body FROM records WHERE stream = '$1' ORDER BY seq_num"
}
# How many records K has ever had.
k_tail() {
    if [ "$BASIN" = s2 ]; then
        s2_ask GET /_bsky2s2%2Fdefault/records/tail && jq .tail.seq_num answer
    else
        ask_file "SELECT next_seq FROM stream WHERE name GLOB '_bsky2s2/*'"
    fi
}
# The job's checkpoints, and its newest.
checkpoints() { # [JOB]
    records_of "_bsky2s2/${1:-default}"
}
newest() { # [JOB]
    checkpoints "$@" | tail -1
}
# The newest checkpoint's FIELD.
newest_is() { # FIELD VALUE
    same "$(newest | jq -r ".$1")" "$2"
}

# The data streams hold exactly what is decided on FILE, once and in order.
is_exact() { # FILE [OPTION...]
    bsky2s2 -n -i "$@" >decided
    test -s decided
    bodies decided >wanted
    held >got
    diff wanted got >differences || {
        wc -l wanted got
        head -10 differences
        return 1
    }
}

# A figure of ./err's last line of figures.
figure() { # NAME
    grep -oE "[ :]$1=[0-9]+" err | tail -1 | cut -d = -f 2
}
# ./err without figures, checkpoints and the like.
said() {
    grep -vE ': events=|: job .default.: going on from ' err || true
}
# The running job says so when it is asked for its figures.
figures_have() { # NAME=VALUE
    kill -USR1 "$PID"
    grep -Eq "[ :]$1( |\$)" err
}
