#!/usr/bin/env bats
# The status line of bsky2s2 on a terminal, which script(1) lends: it moves the
# cursor to the beginning of its line and no farther, whatever is in names,
# and whatever servers say meanwhile.

load net

setup() {
    common_setup
    command -v script >/dev/null || skip "script(1) is not here"
}
teardown() { s2_teardown; }

# Run bsky2s2 OPTION... on a terminal of so many columns: ./screen is what it
# got, ./status.end the exit status.
terminal() { # COLUMNS OPTION...
    local columns=$1
    shift
    rm -f screen status.end
    printf '%q ' timeout 20 bsky2s2 "$@" >command
    cat >run <<END
stty cols $columns rows 24
$(cat command)
echo \$? >status.end
END
    timeout -k 1 30 script -qefc 'bash ./run' screen </dev/null >script.out \
        2>&1 3>&- || true
    test -s status.end
}

# What the terminal got without what a status line is made of: ./words, and
# its status lines: ./lines.
taken_apart() {
    sed '1d;$d' screen >body
    tr '\r' '\n' <body | sed -n $'s/^\([^\033]\{1,\}\)\033\[K$/\\1/p' >lines
    sed $'s/\r//g; s/\033\[K//g' body >words
    [ "$(wc -l <lines)" -ge 1 ]
}

# Each status line leaves the last of so many columns free.
fits() { # COLUMNS
    awk -v most="$1" 'length($0) >= most { print length($0) ": " $0; bad = 1 }
        END { exit bad }' lines
}

@test "names that are none are refused, and shown without what moves a cursor" {
    local name
    for name in $'a\033[2Jb' $'a\033]0;t\ab' $'a\302\2332Jb' $'a\342\200\256b' \
        $'a\342\200\213b' $'a\rb' $'a\377b' 'a b' 'a%1b[2Jb'; do
        terminal 80 -u "ws://$name/subscribe" -b file:x.db -t 1s
        same "$(cat status.end)" 64
        sed '1d;$d' screen | tr -d '\r' >body
        grep -aq 'is not a server: bad host name' body
        if LC_ALL=C grep -a '[^ -~]' body; then return 1; fi
    done
}

@test "a long name in capitals, in columns from 4 to 200" {
    local name columns
    name=$(printf 'AB-CD_EF.%.0s' {1..27})localhost
    for columns in 4 30 200; do
        terminal $columns -u "ws://$name:1/subscribe" -s earliest -t 1500ms \
            -b file:x.db
        same "$(cat status.end)" 0
        taken_apart
        if LC_ALL=C grep -a '[^ -~]' words lines; then return 1; fi
        fits $columns
    done
}

@test "a server's words between status lines stay words" {
    local word
    s2 'on append 1 status 503 \u001b[2J\u001b]0;t\u0007\u009b2J\u202ex' \
        'on append 2 status 503 \r\u001b[1A\u001b[K\u200bx'
    peer fakejet --v1 "$EVENTS" --restamp --pace 200/s
    terminal 100 -vv -u "ws://127.0.0.1:$PORT/subscribe" -s earliest -c 141
    same "$(cat status.end)" 0
    taken_apart
    if LC_ALL=C grep -a '[^ -~]' words lines; then return 1; fi
    fits 100
    for word in '?[2J?]0;t??2J?x' '?[1A?[K?x'; do
        grep -aqF "$word" words
    done
    # Host, figures, and how far behind.
    grep -aqxE '127\.0\.0\.1:[0-9]+  [0-9]+ events  [0-9]+ records  [0-9]+ unacked  lag [0-9.]+ s' lines
}
