# Runs of bsky2s2 that are killed again and again while a story goes on, and
# the oracle that compares in the end.  Needs common and s2; real/lite for the
# basin "lite".
#
# A seed decides the story, the wire, the faults, and when who is killed.  The
# working directory holds what there is to see of a run.

CRASH_STORY=$BATS_TEST_DIRNAME/../cli/story.awk
CRASH_K=_bsky2s2/default
S2_CLI=${S2-}
CRASH_PREFIX= # of the streams to be compared, in S2

# N events of a story, and a last one, a delete, that is 10 minutes later: where
# --until ends every run.  ./events, $UNTIL.
crash_story() { # SEED WIRE N [STEP_US]
    local last end delete
    awk -v seed="$1" -v wire="$2" -v n="$3" -v step_us="${4:-400000}" \
        -f "$CRASH_STORY" >events
    # No event is later than the last group but by its own time.
    last=$(sed -E 's/.*"time_us":([0-9]{10}).*/\1/
        s/.*"time":"([^"]*)"\}\}$/\1/' events | sort | tail -1)
    [ "$2" = 1 ] || last=$(date -u -d "$last" +%s)
    end=$((last + 600))
    UNTIL=$(date -u -d "@$((end - 1))" +%FT%T.500000Z)
    delete='"operation":"delete","collection":"app.bsky.feed.post","rev":"a"'
    delete+=',"rkey":"end"'
    if [ "$2" = 1 ]; then
        printf '{"did":"did:plc:end","time_us":%s000000,%s,%s:{%s}}\n' \
            "$end" "\"cursor\":$((1000000 + $3))" \
            '"kind":"commit","commit"' "$delete"
    else
        printf '{%s,"payload":{"$type":"%s",%s,%s,"time":"%s"}}\n' \
            '"$type":"message"' \
            network.bsky.jetstream.subscribeEvents#commit "$delete" \
            "\"did\":\"did:plc:end\",\"seq\":$((1000000 + $3))" \
            "$(date -u -d "@$end" +%FT%T.000000Z)"
    fi >>events
}

# Serve ./events at PACE a second, with LINE...; $URL, and ./jet.log.
crash_jet() { # WIRE PACE LINE...
    local wire=$1 pace=$2
    shift 2
    printf '%s\n' "$@" >jet.script
    peer fakejet --log jet.log "--v$wire" events --pace "$pace/s" jet.script
    if [ "$wire" = 1 ]; then
        URL=ws://127.0.0.1:$PORT/subscribe
    else
        URL=ws://127.0.0.1:$PORT/xrpc/network.bsky.jetstream.subscribeEvents
    fi
}

# A basin: file, fakes2 or lite.  The S2 ones stand behind a proxy that
# follows LINE..., if there is any.
crash_basin() { # BASIN SEED LINE...
    BASIN=$1
    case $BASIN in
    file)
        export S2_BASIN=file:basin.db
        return
        ;;
    fakes2) s2 ;;
    lite)
        unset PORT
        lite
        ;;
    esac
    DIRECT=$S2_BASIN_ENDPOINT
    [ $# -gt 2 ] || return 0
    printf '%s\n' "${@:3}" >proxy.script
    peer fakeproxy --to "127.0.0.1:${DIRECT##*:}" --log proxy.log \
        --seed "$2" proxy.script
    s2_at "http://127.0.0.1:$PORT"
    [ "$BASIN" = fakes2 ] || export S2_BASIN=real-basin
}

# Ask the S2 server itself, behind the back of a proxy.
crash_ask() { # METHOD PATH [JSON]
    S2_BASIN_ENDPOINT=$DIRECT s2_ask "$@"
}

# Whether a checkpoint, or a fence at least, is there.
crash_begun() {
    if [ "$BASIN" = file ]; then
        [ -f basin.db ] && [ "$(sqlite3 basin.db 2>/dev/null \
            "SELECT count(*) FROM records WHERE stream = '$CRASH_K'")" != 0 ]
    else
        crash_ask GET "/${CRASH_K//\//%2F}/records/tail" 2>/dev/null &&
            ! grep -q '"seq_num":0' answer
    fi
}

# What all streams hold but K: STREAM<TAB>BODY, ordered by stream.
crash_held() {
    local stream
    case $BASIN in
    file) dump basin.db ;;
    fakes2)
        for stream in $(crash_streams); do
            curl -fsS "$DIRECT/dump?stream=${stream//\//%2F}" |
                sed "s,^,$stream	,"
        done
        ;;
    lite)
        for stream in $(crash_streams); do
            S2_ACCOUNT_ENDPOINT=$DIRECT S2_BASIN_ENDPOINT=$DIRECT "$S2_CLI" \
                read "s2://$S2_BASIN/$stream" --seq-num 0 --count 1000000 \
                2>/dev/null | sed "s,^,$stream	,"
        done
        ;;
    esac
}

crash_streams() {
    crash_ask GET "?limit=1000&prefix=$CRASH_PREFIX" || return 1
    grep -oE '"name":"[^"]*"' answer | cut -d '"' -f 4 | grep -v '^_bsky2s2/' |
        LC_ALL=C sort
}

# A re-ingested event has another time: what stays is who and which.
crash_identities() {
    sed -E 's/\{"did":("[^"]*"),"rkey":("[^"]*").*"cid":("[^"]*").*/\1 \2 \3/'
}

# What the streams are to hold of ./events: the word of an oracle that is not
# the tool.  STREAM<TAB>BODY, by stream.
crash_wanted() {
    jq -r -f "$ROOT/tests/cli/oracle.jq" events | sed "s,^,$CRASH_PREFIX," |
        LC_ALL=C sort -s -t '	' -k 1,1
}

# Every stream holds what it is to hold, once and in order.
crash_compare() {
    crash_wanted >expected
    [ -s expected ] || return 1
    crash_identities <expected >wanted
    crash_held | crash_identities >held
    # Whole bodies, where no time has changed.
    if ! grep -q '^crash ' jet.log; then
        cp expected wanted
        crash_held >held
    fi
    cmp -s wanted held && return
    echo "missing $(sort wanted | comm -23 - <(sort held) | wc -l)," \
        "doubled $(sort held | uniq -d | wc -l)," \
        "extra $(sort wanted | comm -13 - <(sort held) | wc -l)," \
        "of $(wc -l <wanted)"
    return 1
}

# Set $ARGUMENTS: from the beginning, unless the job has begun.
crash_arguments() { # OPTION...
    ARGUMENTS=(-u "$URL" --until "$UNTIL" --stats 1h "${CRASH_OPTIONS[@]}" "$@")
    crash_begun || ARGUMENTS+=(-s earliest)
}

# Start a life in the background.  $PID.
crash_start() { # OPTION...
    crash_arguments "$@"
    bsky2s2 "${ARGUMENTS[@]}" >>out 2>>err 3>&- &
    PID=$!
    PIDS+=("$PID")
}

# Live to the end of the story.
crash_last() { # OPTION...
    crash_arguments "$@"
    STATUS=0
    timeout -k 1 45 bsky2s2 "${ARGUMENTS[@]}" >>out 2>>err 3>&- || STATUS=$?
    [ "$STATUS" = 0 ] && return
    echo "the last life ended with $STATUS"
    tail -5 err
    return 1
}

# Wait for $PID: $STATUS.
crash_wait() {
    STATUS=0
    wait "$PID" 2>/dev/null || STATUS=$?
    PIDS=("${PIDS[@]/#$PID/}")
}

# How one life ends, by lot: most are killed at once, sometimes amid a stop,
# sometimes after a clean one.  Sets $KILLED.
crash_life() {
    local lot=$((RANDOM % 10)) ms=$((RANDOM % 350)) more=$((RANDOM % 25))
    [ $((RANDOM % 4)) != 0 ] || ms=$((ms / 15))
    crash_start
    sleep "$(printf '0.%03d' "$ms")"
    if [ "$lot" -lt 3 ]; then
        kill -TERM "$PID" 2>/dev/null || true
        sleep "$(printf '0.%03d' "$more")"
    fi
    if [ "$lot" -ne 0 ]; then
        kill -KILL "$PID" 2>/dev/null || true
    fi
    crash_wait
    case $STATUS in
    137) KILLED=$((KILLED + 1)) ;;
    0 | 143) ;; # It may not have listened to signals yet.
    75) [ "$lot" = 0 ] ;; # The drain of a clean stop may come to its end.
    *)
        echo "a life ended with $STATUS"
        tail -3 err
        return 1
        ;;
    esac
}

# What the source does, by lot: $FAULTS.  No subshell, where lots are others.
crash_jet_faults() {
    local n=$((RANDOM % 600 + 100)) m=$((RANDOM % 200 + 1))
    FAULTS=("segment $((RANDOM % 400 + 50))")
    case $((RANDOM % 6)) in
    0 | 1) FAULTS+=("crash $n $m $((RANDOM % 30000))") ;;
    2) FAULTS+=('connection *' "every $((n + 200)) close 1001") ;;
    3) FAULTS+=('connection *' "after $((n + 200)) cut") ;;
    4) FAULTS+=('connection *' "every $((m + 50)) dup 25") ;;
    esac
}

# What stands before S2.
CRASH_PROXY=('on append prob 0.08 1 dropped' 'on append prob 0.06 2 late 150'
    'on append prob 0.05 3 lost' 'on append prob 0.08 4 delay 60'
    'on read prob 0.05 5 half' 'on create prob 0.05 6 dropped'
    'on tail prob 0.05 7 lost')

# One story with KILLS kills, to its end, and the comparison; in a directory
# of its own that is empty.  Adds to $KILLED.
crash_run() { # BASIN SEED KILLS
    local basin=$1 seed=$2 want=$((KILLED + $3)) wire lives=0 urls other
    RANDOM=$seed
    wire=$((RANDOM % 2 + 1))
    CRASH_OPTIONS=(--linger "$((RANDOM % 60))ms")
    crash_story "$seed" "$wire" $((RANDOM % 800 + 700))
    crash_jet_faults
    other=$((RANDOM % 5))
    crash_jet "$wire" $((RANDOM % 400 + 500)) "${FAULTS[@]}"
    urls=("$URL")
    if [ "$other" = 0 ] && ! grep -q ^crash jet.script; then
        # Another host, which has the same events.
        mv jet.log jet1.log
        crash_jet "$wire" 800 "${FAULTS[@]}"
        urls+=("$URL")
    fi
    if [ "$basin" != file ] && [ $((RANDOM % 3)) != 0 ]; then
        crash_basin "$basin" "$seed" "${CRASH_PROXY[@]}"
    else
        crash_basin "$basin" "$seed"
    fi
    [ "$basin" != lite ] || CRASH_OPTIONS+=(--create-basin)
    while [ "$KILLED" -lt "$want" ] && [ $((lives += 1)) -lt $((2 * $3)) ]; do
        URL=${urls[RANDOM % ${#urls[@]}]}
        crash_life || return 1
    done
    crash_last && crash_compare
}
