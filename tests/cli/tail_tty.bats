#!/usr/bin/env bats
# s2tail on a terminal, which script(1) lends.

load common
load s2
load tail

setup() {
    tail_setup
    command -v script >/dev/null || skip "script(1) is not here"
    export TERM=xterm-256color LC_ALL=C.UTF-8
    posts_at 90 "$(($(date +%s) - 1))" >posts
    bsky2s2 -i posts -b file:x.db
}
teardown() { s2_teardown; }

# Run s2tail OPTION... on a terminal of so many cells: ./screen is what it got,
# descriptor 8 its keyboard, $PID s2tail, and then ./status its exit status,
# ./before and ./after the terminal's settings.  Stopped, it goes on when there
# is ./go.
terminal() { # COLUMNS ROWS OPTION...
    local size="cols $1 rows $2"
    shift 2
    mkfifo keys
    cat >job <<END
set -m
sh -c 'echo \$\$ >pid; exec "\$@"' sh s2tail $*
st=\$?
while jobs | grep -q Stopped; do
    stty -a >stopped
    until [ -e go ]; do sleep 0.02; done
    fg
    st=\$?
done
exit \$st
END
    # A shell that waits for a job which dies of INT dies of it, too.
    cat >run <<END
stty $size; tty >tty; stty -a >before
bash ./job
echo \$? >status.new; stty -a >after; mv status.new status
END
    script -qefc 'bash ./run' screen <keys >/dev/null 2>&1 3>&- &
    PIDS+=($!)
    exec 8>keys
    await test -s pid
    PID=$(cat pid)
    PIDS+=("$PID")
}

# What the terminal got holds these bytes.
shows() { # TEXT
    await grep -aqF -- "$1" screen
}

# It has ended so, and left the terminal as it was, with a cursor.
ended() { # STATUS
    await test -e status
    same "$(cat status)" "$1"
    alike after before
    cursor_is_back
    exec 8>&-
}

cursor_is_back() {
    same "$(grep -ao "$(printf '\033\[?25[lh]')" screen | tail -1 | tail -c 2)" h
}

@test "a chart; q ends it, and the last frame stays" {
    terminal 100 20 -b file:x.db -s earliest
    shows social/youtube
    shows since
    printf q >&8
    ended 0
    # It is on the screen that was there before.
    sed "s/$(printf '\033')\[?1049l/\n&\n/g" screen | tail -n +2 >parts
    awk '/1049l/ { text = ""; next } { text = text $0 } END { print text }' \
        parts | grep -aq social/youtube
}

@test "INT: die of it; TERM: exit 0" {
    terminal 80 24 -b file:x.db -s earliest
    shows social/youtube
    printf '\003' >&8
    ended 130
    rm -f keys status pid screen
    terminal 80 24 -b file:x.db -s earliest
    shows social/youtube
    kill -TERM "$PID"
    ended 0
}

@test "a crash leaves the terminal as it was" {
    terminal 80 24 -b file:x.db -s earliest
    shows social/youtube
    ulimit -c 0
    kill -ABRT "$PID"
    ended 134
}

@test "keys: pause, sort, rate, zero" {
    terminal 100 20 -b file:x.db -s earliest
    shows social/youtube
    printf ' ' >&8
    shows paused
    printf ' srz\014' >&8
    printf '\033[A\033OP\033[15~' >&8
    kill -0 "$PID"
    printf q >&8
    ended 0
}

@test "Ctrl-Z gives the terminal back, and fg takes it again" {
    terminal 80 24 -b file:x.db -s earliest
    shows social/youtube
    printf '\032' >&8
    await test -s stopped
    await alike stopped before
    cursor_is_back
    : >screen
    : >go
    shows social/youtube
    printf q >&8
    ended 0
}

@test "sizes from 1x1 on, and a storm of them" {
    terminal 100 20 -b file:x.db -s earliest
    shows social/youtube
    for size in "1 1" "40 1" "1 40" "40 10" "300 90" "2 2" "80 24"; do
        # shellcheck disable=SC2086 # two words
        set -- $size
        stty -F "$(cat tty)" cols "$1" rows "$2"
    done
    for i in $(seq 1 100); do
        stty -F "$(cat tty)" cols $((i % 60 + 1)) rows $((i % 20 + 1))
    done
    kill -0 "$PID"
    printf q >&8
    await test -e status
    same "$(cat status)" 0
    cursor_is_back
}

@test "a terminal that is closed ends it" {
    terminal 80 24 -b file:x.db -s earliest
    shows social/youtube
    kill -KILL "${PIDS[0]}"
    gone() { ! kill -0 "$PID" 2>/dev/null; }
    await gone
}

@test "TERM=dumb, no TERM: lines, nothing but text" {
    for TERM in dumb ''; do
        rm -f keys status pid screen
        terminal 80 24 -b file:x.db -1
        await test -e status
        same "$(cat status)" 0
        grep -aq "^20..-.*	social/youtube	" screen
        if grep -aq "$(printf '\033')" screen; then return 1; fi
    done
}

@test "NO_COLOR, --color never, a locale without UTF-8" {
    coloured() { grep -aqE "$(printf '\033')\\[[0-9;]*3[0-7]m" screen; }
    terminal 80 24 -b file:x.db -s earliest
    shows social/youtube
    printf q >&8
    ended 0
    coloured
    rm -f keys status pid screen
    NO_COLOR=1 terminal 80 24 -b file:x.db -s earliest
    shows social/youtube
    printf q >&8
    ended 0
    if coloured; then return 1; fi
    rm -f keys status pid screen
    LC_ALL=C terminal 80 24 -b file:x.db -s earliest --color never
    shows social/youtube
    printf q >&8
    ended 0
    if coloured; then return 1; fi
    if LC_ALL=C grep -aq "$(printf '[\200-\377]')" screen; then return 1; fi
}

@test "keys are read from the terminal while stdin carries data" {
    lines_of 90 1 1700000000000 >in
    mkfifo data
    exec 7<>data
    cat in >&7
    terminal 80 24 -i - '<data'
    shows social/youtube
    printf q >&8
    ended 0
    exec 7>&-
}

@test "lines on stderr do not tear the chart" {
    terminal 100 20 -v -b file:x.db -s earliest --discover 100ms
    shows social/youtube
    posts_at 5 "$(date +%s)" example.org |
        bsky2s2 -i - -b file:x.db --no-default-routes -r example.org=z/new
    shows z/new
    printf q >&8
    ended 0
    # The line comes after the last frame.
    tail -n 12 screen | grep -aq 's2tail: z/new: found'
}

@test "--check judges on a terminal what it judges in a pipe" {
    { lines_of 100 100 1700000000000; lines_of 10 500 1700000010000; } >in
    tool s2tail -i in --check --crit 'total<100'
    same "$status" 0
    [[ $output == "S2TAIL OK - 100 records"* ]]
    terminal 80 24 -i in --check --crit "'total<100'"
    await test -e status
    same "$(cat status)" 0
    same "$(grep -ao 'S2TAIL OK - [0-9]* records' screen)" \
        "S2TAIL OK - 100 records"
}
