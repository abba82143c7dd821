# What tests/soak_live.sh is made of: the servers, the tools and their deaths,
# and what is held against the oracle in the end.  The working directory holds
# all there is to see of a run.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what soak_live.sh sets, and soak_judge.bash uses

RATE=2000
RECORDS=200 # of these a second; both are the server's
STATS=5     # seconds between lines of figures

BROKEN=0  # what has been found wrong
ENDED=''  # an instance has come to the last event
WRITERS=0 # instances so far
TAILS=0
declare -A WRITER=() # which one a process is; those that live
declare -A SENT=()   # what a process was sent: KILL, TERM
declare -A BORN=()   # when a process was started
declare -A ASLEEP=() # when a process that was stopped goes on
declare -A PEER=()   # processes: source, and jet and s2, the proxies
declare -A PORTS=()  # and where they listen
declare -A COUNT=()  # how often what was done, or seen
TAIL='' SOURCE_AT='' WRITER_AT=0 TAIL_AT=0 SAMPLE_AT=0 HELD_AT=0

wrong() { # WHAT...
    BROKEN=$((BROKEN + 1))
    echo "broken: $*"
}

note() { # WHAT
    COUNT[$1]=$((${COUNT[$1]-0} + 1))
}

# $NOW, in ms since the first event.
live_now() {
    NOW=$((${EPOCHREALTIME/[.,]/} / 1000 - START * 1000))
}

live_nap() {
    local word
    read -r -t 0.05 word <&"$never" || true
}

# Whether a process is a child of ours that has not ended: its number may be
# another's by now.
alive() { # PID
    local stat
    { read -r -a stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    [ "${stat[3]}" = $$ ] && [ "${stat[2]}" != Z ]
}

# Send SIGNAL to a child of ours, if it lives.
tell() { # SIGNAL PID
    alive "$2" || return 1
    kill "-$1" "$2"
}

# Start a peer under NAME, on the port that it had before; at first on one that
# no connection of somebody's is given while the peer is away.
live_peer() { # NAME PROGRAM OPTION...
    local name=$1 word='' port=${PORTS[$1]-$((20000 + RANDOM % 12000))}
    shift
    [ -z "${PEER[$name]-}" ] || wait "${PEER[$name]}" 2>/dev/null
    rm -f listens
    mkfifo listens
    "$@" --log "$name.log" --port "$port" >listens 2>>peers.err &
    PEER[$name]=$!
    read -r word port <listens
    [ "$word" = port ] && PORTS[$name]=$port
}

live_unpeer() { # NAME SIGNAL
    tell "$2" "${PEER[$1]}" || wrong "the peer $1 has died"
}

live_source() {
    await live_peer source fakelive --start "$START" --seed "$seed" \
        --segment $((RATE * 60)) || exit 71
}

# The proxy on a link begins anew, by another script.
live_wire() { # jet|s2 SCRIPT
    local to=${PORTS[source]}
    [ "$1" = jet ] || to=${DIRECT##*:}
    tr ';' '\n' <<<"$2" >"$1.script"
    [ -z "${PEER[$1]-}" ] || live_unpeer "$1" KILL
    await live_peer "$1" fakeproxy --to "127.0.0.1:$to" --seed "$seed" \
        "$1.script" || exit 71
}

# Everything that stands all the time; the first event is now.
live_servers() {
    mkfifo never
    exec {never}<>never
    lite || exit 71
    DIRECT=$S2_BASIN_ENDPOINT
    START=$EPOCHSECONDS
    UNTIL=$(date -u -d "@$((START + seconds))" +%FT%TZ)
    live_source
    live_wire jet 'upstream none'
    live_wire s2 'upstream none'
    s2_at "http://127.0.0.1:${PORTS[s2]}"
    export S2_BASIN=soak-live
    live_s2 create-basin "$S2_BASIN" >/dev/null 2>&1 || exit 71
}

# The S2 CLI, behind the proxy's back.
live_s2() { # COMMAND OPTION...
    S2_ACCOUNT_ENDPOINT=$DIRECT S2_BASIN_ENDPOINT=$DIRECT "$S2" "$@"
}

# Whether the job has a checkpoint or a fence, so that --since is not needed.
live_begun() {
    [ -n "${BEGUN-}" ] && return
    S2_BASIN_ENDPOINT=$DIRECT s2_ask GET \
        "/_bsky2s2%2Fdefault/records/tail" 2>/dev/null &&
        ! grep -q '"seq_num":0' answer && BEGUN=1
}

live_writer() { # [PROGRAM OPTION...]: to start it
    local since=()
    live_begun || since=(-s earliest)
    WRITERS=$((WRITERS + 1))
    "$@" bsky2s2 -u "ws://127.0.0.1:${PORTS[jet]}/subscribe" \
        --until "$UNTIL" --stats ${STATS}s "${since[@]}" </dev/null \
        >>writer.out 2>"writer.$WRITERS" &
    WRITER[$!]=$WRITERS BORN[$!]=$NOW
}

live_tail() {
    TAILS=$((TAILS + 1))
    s2tail -S state -s earliest -w 10s -f json -o windows </dev/null \
        >>tail.out 2>>tail.err &
    TAIL=$! BORN[$!]=$NOW
}

# A line of the plan.
live_do() { # WHO WHAT
    local words pid
    read -r -a words <<<"$2"
    case $1 in
    jet | s2)
        live_wire "$1" "$2"
        note "$1"
        ;;
    source)
        [ -z "$SOURCE_AT" ] || return 0
        live_unpeer source "${words[0]^^}"
        SOURCE_AT=$((NOW + words[1]))
        note source
        ;;
    writer)
        for pid in "${!WRITER[@]}"; do
            [ -z "${SENT[$pid]-}" ] || continue
            live_end_of writer "$pid" "${words[@]}"
            break
        done
        ;;
    tail)
        [ -z "$TAIL" ] || [ -n "${SENT[$TAIL]-}" ] ||
            live_end_of tail "$TAIL" "${words[@]}"
        ;;
    esac
}

# What becomes of a process.
live_end_of() { # WHO PID kill|term|stop|second MS
    local signal=${3^^}
    case $3 in
    kill | term)
        tell "$signal" "$2" || return 0
        SENT[$2]=$signal
        if [ "$1" = writer ]; then
            WRITER_AT=$((NOW + $4))
        else
            TAIL_AT=$((NOW + $4))
        fi
        ;;
    stop) live_sleep "$2" "$4" || return 0 ;;
    second)
        [ ${#WRITER[@]} -eq 1 ] || return 0
        [ "$4" = 0 ] || live_sleep "$2" "$4" || return 0
        live_writer
        ;;
    esac
    note "$1 $3"
}

live_sleep() { # PID MS
    tell STOP "$1" || return 1
    ASLEEP[$1]=$((NOW + $2))
}

# Look after everybody: who goes on, who has ended, who is to be started.
live_look() {
    local pid
    for pid in "${!ASLEEP[@]}"; do
        [ "$NOW" -ge "${ASLEEP[$pid]}" ] || [ -n "$calm" ] || continue
        tell CONT "$pid"
        unset "ASLEEP[$pid]"
    done
    if [ -n "$SOURCE_AT" ] && [ "$NOW" -ge "$SOURCE_AT" ]; then
        SOURCE_AT=''
        live_source
    fi
    for pid in "${!WRITER[@]}"; do
        alive "$pid" || live_writer_ended "$pid"
    done
    if [ -n "$TAIL" ] && ! alive "$TAIL"; then live_tail_ended; fi
    [ ${#WRITER[@]} -gt 0 ] || [ -n "$ENDED" ] || [ "$NOW" -lt "$WRITER_AT" ] ||
        live_writer
    [ -n "$TAIL" ] || [ "$NOW" -lt "$TAIL_AT" ] || live_tail
    [ "$NOW" -lt "$SAMPLE_AT" ] || live_sample
}

# $STATUS and $SIGNAL, the last that it was sent; it may not have listened to
# TERM yet, and the drain of a clean stop may come to its end.
live_wait() { # WHO PID
    SIGNAL=${SENT[$2]-} STATUS=0
    wait "$2" 2>/dev/null || STATUS=$?
    unset "SENT[$2]" "ASLEEP[$2]" "BORN[$2]"
    note "$1 ended with $STATUS"
    case $STATUS.$SIGNAL in
    137.KILL | 0.TERM | 75.TERM | 143.TERM) return 0 ;;
    esac
    return 1
}

live_writer_ended() { # PID
    local n=${WRITER[$1]}
    unset "WRITER[$1]"
    live_wait writer "$1" && return
    # The end; or another one has taken over, and lives or has lived.
    [ "$STATUS" != 79 ] || [ "${COUNT[writer second]-0}" = 0 ] || return 0
    if [ "$STATUS" = 0 ] && [ "$NOW" -ge $((seconds * 1000)) ]; then
        ENDED=$NOW
        return
    fi
    wrong "bsky2s2 $n ended with $STATUS: $(tail -2 "writer.$n")"
}

live_tail_ended() {
    local pid=$TAIL
    TAIL=''
    live_wait tail "$pid" ||
        wrong "s2tail ended with $STATUS: $(tail -2 tail.err)"
}

# What they take, once a second; but not while they are about to begin.
live_sample() {
    local pid pages
    SAMPLE_AT=$((NOW + 1000))
    for pid in "${!BORN[@]}"; do
        [ $((NOW - BORN[$pid])) -ge 1000 ] || continue
        { read -r _ pages _ <"/proc/$pid/statm"; } 2>/dev/null || continue
        [ "$pages" -gt 0 ] || continue
        if [ "$pid" = "$TAIL" ]; then
            echo "$NOW s2tail $pages"
        else
            echo "$NOW bsky2s2 $pages ${WRITER[$pid]}"
        fi
    done >>memory
}

live_end() {
    local pid
    for pid in "${!WRITER[@]}" $TAIL "${PEER[@]}" "${PIDS[@]}"; do
        tell KILL "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    grep -v ' Killed  ' shell.err >&3
    [ -n "$ENDED" ] || cat peers.err >&3
    cd / || return
    [ "$BROKEN" -gt 0 ] || [ -z "$ENDED" ] || rm -rf "$kept"
}

# The streams that there are but the checkpoints, a name a line.
live_streams() {
    S2_BASIN_ENDPOINT=$DIRECT s2_ask GET '?limit=1000' || return 1
    jq -r '.streams[].name' answer | grep -v '^_bsky2s2/'
}

# How many records they hold.
live_held() {
    local stream n=0
    for stream in $(live_streams); do
        S2_BASIN_ENDPOINT=$DIRECT s2_ask GET "/${stream//\//%2F}/records/tail"
        n=$((n + $(jq .tail.seq_num answer)))
    done
    echo $n
}

# Whether, after the last event, the streams have not grown for long.
live_stuck() {
    local held
    [ -n "$calm" ] && [ "$NOW" -ge "$HELD_AT" ] || return 1
    HELD_AT=$((NOW + 10000)) held=$(live_held)
    if [ "$held" != "${HELD-}" ]; then
        HELD=$held GREW=$NOW
    elif [ $((NOW - GREW)) -gt "$STUCK_MS" ]; then
        wrong "$held records, no more for $((STUCK_MS / 1000)) s, and no end"
        return 0
    fi
    return 1
}

# s2tail keeps its state, and one more life of bsky2s2 adds nothing.
live_finish() {
    local held
    live_now
    [ -z "$TAIL" ] || { tell TERM "$TAIL" && SENT[$TAIL]=TERM; }
    [ -z "$TAIL" ] || live_tail_ended
    held=$(live_held)
    live_writer timeout $((STUCK_MS / 1000))
    wait $! || wrong "the last life ended with $?: $(tail -2 "writer.$WRITERS")"
    unset "WRITER[$!]"
    [ "$(live_held)" = "$held" ] || wrong "a life after the end has appended"
}
