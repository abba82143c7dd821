#!/usr/bin/env bats
# s2tail while a basin grows.

load common
load s2
load tail
setup() { tail_setup; }
teardown() { s2_teardown; }

# A writer that stays: it reads what is written to descriptor 9.
writer() {
    mkfifo pipe
    bsky2s2 -i pipe -b file:x.db --linger 10ms >/dev/null 2>&1 3>&- &
    PIDS+=($!)
    exec 9>pipe
    await test -e x.db
}

# N posts of this moment.
now_posts() { # N [DOMAIN]
    posts_at "$1" "$(awk -v now="$(date +%s.%N)" 'BEGIN { printf "%.3f", now - 0.1 }')" \
        ${2+"$2"}
}

# N records of this moment into a stream, which is made when it is missing;
# no other is.
append() { # STREAM N
    now_posts "$2" example.org | bsky2s2 -i - -b file:x.db \
        --no-default-routes -r "example.org=$1"
}

# s2tail, in the background, has told windows of a group with such counts in
# all, and such a total.
has_told() { # GROUP COUNT [TOTAL]
    awk -F '\t' -v group="$1" -v want="$2" -v total="${3-$2}" '
        $2 == group { n += $3; last = $4 }
        END { exit !(n == want && last == total) }' out
}

# A stream that is listed later, and records that are written later than the
# grace, would be late.
records_are() { # N
    [ "$(times x.db | wc -l)" = "$1" ]
}

running() {
    await grep -q ': found$' err
}

@test "windows are told as they close; a quiet feed closes them, too" {
    writer
    now_posts 45 >&9
    await records_are 45
    tail_background -v -b file:x.db -w 100ms --grace 3s -s earliest
    await has_told news/bbc 5
    now_posts 90 >&9
    await has_told news/bbc 15
    local lines
    lines=$(wc -l <out)
    await has_lines $((lines + 18)) out
    has_told social/youtube 15
    kill -TERM "$PID"
    wait "$PID"
    exec 9>&-
    times x.db | naive 100 100 | sed 's/open$/final/' >want
    telling out >got
    alike got want
}

@test "streams that are made later join from their head" {
    append social/a 10
    tail_background -v -b file:x.db -w 100ms --grace 3s --discover 100ms
    running
    append news/b 7
    await has_told news/b 7
    grep -q '^s2tail: news/b: found$' err
}

@test "--discover 0: no stream joins" {
    append social/a 10
    tail_background -v -b file:x.db -w 100ms -s earliest --discover 0
    running
    append news/b 7
    append social/a 3
    await has_told social/a 13
    same "$(grep -c news/b out)" 0
}

@test "a file that is not there yet is waited for, and that is said" {
    tail_background -v -b file:x.db -w 100ms -s earliest
    await grep -q '^s2tail: .*x\.db.*waiting' err
    same "$(grep -c waiting err)" 1
    [ ! -e x.db ]
    posts 90 >posts
    bsky2s2 -i posts -b file:x.db
    await has_told news/bbc 10
}

@test "a prefix under which there is nothing yet" {
    append social/a 10
    tail_background -v -b file:x.db -w 100ms --grace 3s --discover 100ms news/
    append news/b 7
    await has_told news/b 7
    same "$(grep -c social out)" 0
}

@test "it begins with the last complete window, not with the past" {
    { posts 90; posts_at 9 "$(($(date +%s) - 1))"; } >posts
    bsky2s2 -i posts -b file:x.db
    tail_background -v -b file:x.db -w 1h --grace 0
    running
    has_counted() {
        kill -USR1 "$PID"
        grep -q '^s2tail: records=9 ' err
    }
    await has_counted
    same "$(grep -c 'records=[1-9][0-9]' err)" 0
}

@test "-t ends it, exit 0" {
    posts 90 >posts
    bsky2s2 -i posts -b file:x.db
    tool s2tail -b file:x.db -t 300ms -s earliest -w 1s
    same "$status" 0
    same "$stderr" ""
    [[ ${lines[0]} == "2023-11-14T22:13:21Z	ecommerce/amazon	10	10	final" ]]
}

@test "TERM: exit 0; INT: die of it; nothing is said" {
    posts 90 >posts
    bsky2s2 -i posts -b file:x.db
    tail_background -v -b file:x.db
    running
    kill -TERM "$PID"
    wait "$PID" && st=0 || st=$?
    same "$st" 0
    tail_background -v -b file:x.db
    running
    kill -INT "$PID"
    wait "$PID" && st=0 || st=$?
    same "$st" 130
    same "$(grep -vc ': found$' err)" 0
}

@test "TERM while the input says nothing" {
    mkfifo in
    tail_background -i in
    exec 9>in
    line a 1700000000000 >&9
    await grep -q '^State:.S' "/proc/$PID/status"
    kill -TERM "$PID"
    wait "$PID" && st=0 || st=$?
    exec 9>&-
    [ "$st" = 0 ] || [ "$st" = 143 ]
}

@test "an input that goes on is told while it does" {
    mkfifo in
    tail_background -i in -w 1s --grace 0
    exec 9>in
    line a 1700000000000 >&9
    line a 1700000001000 >&9
    await grep -q '^2023-11-14T22:13:21Z	a	1	1	final$' out
    line a 1700000002000 >&9
    await grep -q '^2023-11-14T22:13:22Z	a	1	2	final$' out
    exec 9>&-
    wait "$PID"
    same "$(tail -1 out)" "2023-11-14T22:13:23Z	a	1	3	open"
}

@test "USR1: one line of figures" {
    posts 90 >posts
    bsky2s2 -i posts -b file:x.db
    tail_background -v -b file:x.db -s earliest
    running
    await has_told news/bbc 10
    kill -USR1 "$PID"
    await grep -q '^s2tail: records=90 streams=9 ' err
    kill -0 "$PID"
}

@test "-f json: late within the grace and beyond it is told" {
    { line a 1700000000000; line a 1700000009000; line a 1700000000500
      line a 1700000008900; } >in
    tool s2tail -i in -w 1s -f json
    same "$(tail -1 <<<"$output" | jq -c '[.late, .late_graced]')" "[1,1]"
    same "$(tail -1 <<<"$output" | jq .groups.a.total)" 4
}

@test "a stream that is pruned under the reader: the rest is counted" {
    posts 900 >posts
    bsky2s2 -i posts -b file:x.db
    sqlite3 x.db 'UPDATE record SET appended = appended - 3600000
        WHERE seq_num < 50'
    bsky2s2 -i /dev/null -b file:x.db --retention 30m
    bsky2s2 -i /dev/null -b file:x.db --retention 30m
    same "$(sqlite3 x.db 'SELECT count(*) FROM records')" 450
    s2tail -b file:x.db -1 | totals >got
    same "$(cut -f 2 got | sort -u)" 50
}
