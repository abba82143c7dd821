#!/usr/bin/env bats
# The unit files, as far as they can be judged without a service manager, and
# what the tools tell one.  tests/booted.sh really starts the units.

load common
load s2

setup() {
    common_setup
    unset NOTIFY_SOCKET WATCHDOG_USEC WATCHDOG_PID
}
teardown() { s2_teardown; }

UNITS=(bsky2s2.service bsky2s2@.service s2tail-check.service
    s2tail-check.timer)

# The units with the tools that were built, in ./units; skips where nothing can
# judge them.
units() {
    local unit
    command -v systemd-analyze >/dev/null || skip "systemd-analyze is missing"
    mkdir units
    for unit in "${UNITS[@]}"; do
        sed "s|@BINDIR@|$BUILD|g" "$ROOT"/cmd/*/"$unit" >"units/$unit"
    done
    cd units || return 1
}
verify() { # UNIT: silent, and 0
    SYSTEMD_LOG_LEVEL=info tool systemd-analyze verify --man=no "./$1"
    same "$status" 0
    same "$output$stderr" ""
}
exposure() { # UNIT: below 2.0?
    tool systemd-analyze security --offline=true --threshold=19 --no-pager \
        "./$1"
    [[ $output = *"Overall exposure level for "* ]]
    return "$status"
}

@test "units: systemd finds nothing to say" {
    units
    for unit in "${UNITS[@]}"; do
        verify "$unit"
        if grep @BINDIR "$unit"; then return 1; fi
    done
    # It would.
    sed -i 's/^WatchdogSec=/WatchdogSecs=/' bsky2s2.service
    run ! verify bsky2s2.service
    sed -i 's|^ExecStart=.*|ExecStart=/no/such/program|' s2tail-check.service
    run ! verify s2tail-check.service
}

@test "units: exposed below 2.0" {
    units
    for unit in *.service; do
        exposure "$unit"
    done
    sed -i '/^\(System\|Capab\|Protect\|Private\|Restrict\)/d' bsky2s2.service
    run ! exposure bsky2s2.service
}

@test "units: all services are shut in alike, and have the same user" {
    walls() { # UNIT
        grep -E '^(System|Capab|Protect|Proc|Private|Restrict|Lock|Memory|NoNew|User|Dynamic|LoadC|StateDirectoryMode)' \
            "$ROOT"/cmd/*/"$1"
    }
    walls bsky2s2.service | grep -x User=bsky2s2
    same "$(walls bsky2s2@.service)" "$(walls bsky2s2.service)"
    same "$(walls s2tail-check.service)" "$(walls bsky2s2.service)"
}

@test "units: the exit statuses that prevent a restart are in the manual" {
    sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EXAMPLES/s/^\.It //p' \
        "$ROOT/man/bsky2s2.1" >statuses
    for unit in bsky2s2.service bsky2s2@.service; do
        list=$(sed -n 's/^RestartPreventExitStatus=//p' \
            "$ROOT/cmd/bsky2s2/$unit")
        same "$list" "1 64 65 66 73 76 77 78 79"
        for code in $list; do
            grep -qx "$code" statuses
        done
    done
    # These end when the world has changed: no memory, full disks, an outage.
    for code in 69 71 74 75; do
        grep -qx "$code" statuses
    done
}

# The service manager's socket: each line of a message in the file notes.
manager() { # [ADDRESS]
    peer fakenotify --log notes "${1-$PWD/notify}"
    MANAGER=${PIDS[-1]}
    export NOTIFY_SOCKET=$PORT
}
jet() { # OPTION...
    peer fakejet --v1 "$EVENTS" --restamp "$@"
    URL=ws://127.0.0.1:$PORT/subscribe
}
told() { # N LINE: at least so often
    [ "$(grep -cxe "$2" notes)" -ge "$1" ]
}
times() { # LINE
    grep -cxe "$1" notes || true
}
# What the process that has ended said was all heard once this is.
heard_all() {
    await last_is STOPPING=1
}
last_is() { # LINE
    [ "$(grep -vxe -- notes | tail -n 1)" = "$1" ]
}
ended() { # STATUS
    wait "$PID" && status=0 || status=$?
    same "$status" "$1"
}

# From the start to the end of a run with a Jetstream server.
tells() {
    jet --pace 100/s
    background -b file:x.db -u "$URL" -s earliest
    await told 1 READY=1
    await told 1 'STATUS=.*127\.0\.0\.1.*'
    await told 1 'STATUS=.*[0-9] events/s.*'
    await told 1 'STATUS=.*lag [0-9].*'
    await told 1 'STATUS=.*[0-9] unacked.*'
    same "$(times STOPPING=1)" 0
    kill -TERM "$PID"
    ended 0
    heard_all
    same "$(times READY=1)" 1
    same "$(times STOPPING=1)" 1
    same "$(grep -vxe -- notes | head -n 1)" READY=1
    same "$(grep -vxe -- notes | tail -n 1)" STOPPING=1
    if grep -vxE 'READY=1|STOPPING=1|STATUS=.+|--' notes; then return 1; fi
}

@test "bsky2s2 is ready, has a status, and is stopping" {
    manager
    tells
}

@test "an abstract socket" {
    manager "@bsky2s2-test-$$-$RANDOM"
    tells
}

@test "a far end that is dead is no reason not to be ready" {
    manager
    background -b file:x.db -u ws://127.0.0.1:1/subscribe
    await told 1 READY=1
    await told 1 'STATUS=.*not connected.*'
    kill -TERM "$PID"
    ended 0
    heard_all
    same "$(times READY=1)" 1
}

# What was said before this is heard before it.
only_this_is_ready() {
    : >the-last
    tool bsky2s2 -n -i the-last
    same "$status" 0
    await told 1 'STATUS=the-last: .*'
    heard_all
    same "$(times READY=1)" 1
}

@test "bsky2s2 is never ready with a bad configuration" {
    manager
    echo "x/new not_a+domain" >routes
    tool bsky2s2 -n -u ws://127.0.0.1:1/subscribe -R routes
    same "$status" 78
    tool bsky2s2 -b file:no/such/folder/x.db -u ws://127.0.0.1:1/subscribe
    same "$status" 73
    tool bsky2s2 -b file:routes -u ws://127.0.0.1:1/subscribe
    same "$status" 78
    tool bsky2s2 -n -u ws://127.0.0.1:1/subscribe --duration 3
    same "$status" 64
    # A checkpoint of other settings.
    jet
    tool env -u NOTIFY_SOCKET bsky2s2 -q -b file:y.db -u "$URL" -s earliest -c 5
    same "$status" 0
    tool bsky2s2 -b file:y.db -u "$URL" -l de
    same "$status" 78
    only_this_is_ready
}

@test "s2tail is never ready with a bad configuration" {
    manager
    echo "no basin" >foreign
    tool s2tail -b file:foreign
    same "$status" 78
    tool s2tail --window 3
    same "$status" 64
    only_this_is_ready
}

@test "stopping is said when the end begins, not when it has come" {
    manager
    s2 "on append social/youtube status 503 unavailable"
    jet
    background -u "$URL" -s earliest
    await told 1 'STATUS=.*[1-9][0-9]* unacked.*'
    kill -TERM "$PID"
    await told 1 STOPPING=1
    kill -0 "$PID"
    kill -TERM "$PID"
    ended 75
    same "$(times STOPPING=1)" 1
}

# A process that lives for so long, and is watched; $N are its signs of life.
lives() { # DURATION WATCHDOG_USEC [WATCHDOG_PID]
    rm -f notes notify
    manager
    export WATCHDOG_USEC=$2 WATCHDOG_PID=$3
    [ -n "$3" ] || unset WATCHDOG_PID
    tool "${TOOL[@]}" -t "$1"
    same "$status" 0
    heard_all
    N=$(times WATCHDOG=1)
    kill "$MANAGER"
    unset WATCHDOG_USEC WATCHDOG_PID
}
watched() { # COMMAND...
    TOOL=("$@")
    # Many; at the beginning and a second later; at the beginning only.
    lives 1s 20000
    [ "$N" -ge 20 ]
    lives 1900ms 2000000
    same "$N" 2
    lives 500ms 3600000000
    same "$N" 1
    # Ours, by its own number.
    TOOL=(sh -c 'WATCHDOG_PID=$$ exec "$@"' sh "$@")
    lives 500ms 3600000000 1
    same "$N" 1
    # Another's, or nonsense.
    TOOL=("$@")
    lives 500ms 20000 1
    same "$N" 0
    for us in '' 0 -5 1h 99999999999999999999999; do
        lives 100ms "$us"
        same "$N" 0
    done
    lives 100ms 20000 one
    same "$N" 0
}

@test "bsky2s2 gives a sign of life in half the time, and to its own watchdog" {
    jet
    watched bsky2s2 -q -n -u "$URL"
}

@test "s2tail gives a sign of life in half the time, and to its own watchdog" {
    bsky2s2 -q -b file:x.db -i "$EVENTS"
    watched s2tail -q -b file:x.db
}

@test "s2tail is ready, has a status, and is stopping" {
    bsky2s2 -q -b file:x.db -i "$EVENTS"
    manager
    s2tail -b file:x.db >out 2>err 3>&- &
    PID=$!
    PIDS+=("$PID")
    await told 1 READY=1
    await told 1 'STATUS=.*9 streams.*'
    await told 1 'STATUS=.*[0-9] records/s.*'
    kill -TERM "$PID"
    ended 0
    heard_all
    same "$(times READY=1)" 1
    same "$(times STOPPING=1)" 1
    same "$(grep -vxe -- notes | head -n 1)" READY=1
}

@test "a socket that is bad or gone changes nothing" {
    manager "$PWD/gone"
    kill "$MANAGER"
    wait "$MANAGER" || true
    test -S gone # nobody is there any more
    : >file
    printf -v long '%0300d' 0
    export WATCHDOG_USEC=20000
    for address in '' gone "$PWD/gone" "$PWD/file" "$PWD" /no/such/socket @ / \
        @nobody "/$long" "@$long"; do
        NOTIFY_SOCKET=$address tool bsky2s2 -n -i "$EVENTS"
        same "$status" 0
        same "$(grep -c '"stream"' <<<"$output")" 141
        if grep -v 'events=' <<<"$stderr" | grep .; then return 1; fi
        NOTIFY_SOCKET=$address tool s2tail -1 -i /dev/null
        same "$status" 0
        same "$output$stderr" ""
    done
}

# A run that says more than the manager's socket holds, while it does not read.
fill() {
    kill -STOP "$MANAGER"
    WATCHDOG_USEC=2000 tool bsky2s2 -q -n -u ws://127.0.0.1:1/subscribe -t 2s
    same "$status" 0
}
was_full() {
    local most
    most=$(cat /proc/sys/net/unix/max_dgram_qlen)
    [ "$(grep -cxe -- notes)" -ge "$most" ]
}

@test "a manager that does not listen holds nobody up" {
    manager
    fill
    kill -CONT "$MANAGER"
    await told 1 READY=1
    await was_full
}

@test "ready is said until it is heard" {
    manager
    fill
    jet --log requests
    background -n -u "$URL"
    await grep subscribe requests
    kill -CONT "$MANAGER"
    await was_full
    await told 2 READY=1
}
