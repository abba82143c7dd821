#!/usr/bin/env bats
# The command line of s2tail: options, inputs, formats, exit statuses.

load common
load s2
load tail
setup() { tail_setup; }
teardown() { s2_teardown; }

# Three streams, five seconds; in windows of two seconds the last is open.
small() {
    line social/reddit 1700000000100 '{"offsite":"reddit.com"}'
    line news/bbc 1700000000900 '{"offsite":"bbc.co.uk"}'
    line social/reddit 1700000001999 '{"offsite":"redd.it"}'
    line social/reddit 1700000002000 '{"offsite":"reddit.com"}'
    line _bsky2s2/default 1700000002001
    line social/youtube 1700000004500 '{"offsite":"youtube.com","n":7}'
}

@test "--help goes to stdout and fits 80 columns" {
    tool s2tail --help
    same "$status" 0
    same "$stderr" ""
    [[ $output == "Usage: s2tail [OPTION]... [PREFIX]..."* ]]
    if grep '.\{81\}' <<<"$output"; then return 1; fi
}

@test "--version names the linked libraries" {
    tool s2tail --version
    same "$status" 0
    same "$stderr" ""
    [[ ${lines[0]} =~ ^s2tail\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
    for library in libcurl jansson protobuf-c zstd SQLite; do
        grep -q "^$library [0-9]" <<<"$output" || { echo "$library"; return 1; }
    done
}

@test "usage errors: one line and a hint, exit 64" {
    tail_usage "unknown option '--nope'" --nope
    tail_usage "unknown option '--onc'" --onc
    tail_usage "option '--window' needs an argument" --window
    tail_usage "option '-S' needs an argument" -S
    tail_usage "--window: '10' needs one of the units ms, s, m, h, d" -w 10
    tail_usage "--grace: '2x' needs one of the units ms, s, m, h, d" --grace 2x
    tail_usage "--discover: 'x' is not a duration such as 250ms, 10s, 15m, 2h or 7d" \
        --discover x
    tail_usage "--top: 0 is not between 1 and 9223372036854775807" -k 0
    tail_usage "--top: 'ten' is not a whole number" -k ten
    tail_usage "--width: 0 is not between 1 and 9223372036854775807" --width 0
    tail_usage "--format: 'xml' is not one of auto|chart|table|tsv|json|prom" \
        -f xml
    tail_usage "--sort: 'size' is not one of name|count" --sort size
    tail_usage "--color: 'yes' is not one of auto|always|never" --color yes
    tail_usage "--since: 'soon' is not a time: now, earliest, 15m (ago) or RFC 3339" \
        -s soon
    tail_usage "--basin: 'file:' is no basin: s2://NAME, NAME or file:PATH" \
        -b file:
}

@test "durations, fields, panels and thresholds that cannot be: 64" {
    for options in "-w 0" "-w 10s -e 3s" "-w 1s -e 10s" "-w 1d -e 1s" \
        "-e 0" "-w 10ms -e 10ms --grace 1h" "--panels spark" "--panels x" \
        "--panels recent,,total" "--where x" "--where =x" "-g ,a" "-g a," \
        "--check --warn x" "--check --crit total<x" "--warn total<1"; do
        # shellcheck disable=SC2086 # words
        tool s2tail -b file:nowhere.db -1 $options
        case $options in
        --check*) same "$options: $status" "$options: 3" ;;
        *)
            same "$options: $status" "$options: 64"
            same "$output" ""
            same "${#stderr_lines[@]}" 2
            ;;
        esac
    done
}

@test "options that do not go together: 64" {
    small >in
    for options in "-i in -S state" "-i in -b file:x.db" \
        "--check -f json -b file:x.db" "--check -o out -b file:x.db"; do
        # shellcheck disable=SC2086 # words
        tool s2tail $options
        case $options in
        --check*) same "$options: $status" "$options: 3" ;;
        *) same "$options: $status" "$options: 64" ;;
        esac
    done
    [ ! -e state ]
}

@test "-i: TSV, to the byte" {
    small >in
    tool s2tail -i in -w 2s
    same "$status" 0
    same "$stderr" ""
    same "$output" "$(printf '%s\t%s\t%s\t%s\t%s\n' \
        2023-11-14T22:13:22Z news/bbc 1 1 final \
        2023-11-14T22:13:22Z social/reddit 2 2 final \
        2023-11-14T22:13:22Z social/youtube 0 0 final \
        2023-11-14T22:13:24Z news/bbc 0 1 final \
        2023-11-14T22:13:24Z social/reddit 1 3 final \
        2023-11-14T22:13:24Z social/youtube 0 0 final \
        2023-11-14T22:13:26Z news/bbc 0 1 open \
        2023-11-14T22:13:26Z social/reddit 0 3 open \
        2023-11-14T22:13:26Z social/youtube 1 1 open)"
}

@test "-i: JSON, to the byte" {
    small >in
    tool s2tail -i in -w 2s -f json social/
    same "$status" 0
    same "$stderr" ""
    same "$(sed 's/"lag_ms":[0-9a-z]*/"lag_ms":LAG/' <<<"$output")" \
        '{"v":1,"start":"2023-11-14T22:13:20Z","end":"2023-11-14T22:13:22Z","final":true,"groups":{"social/reddit":{"n":2,"total":2},"social/youtube":{"n":0,"total":0}},"late":0,"lag_ms":LAG,"streams":2}
{"v":1,"start":"2023-11-14T22:13:22Z","end":"2023-11-14T22:13:24Z","final":true,"groups":{"social/reddit":{"n":1,"total":3},"social/youtube":{"n":0,"total":0}},"late":0,"lag_ms":LAG,"streams":2}
{"v":1,"start":"2023-11-14T22:13:24Z","end":"2023-11-14T22:13:26Z","final":false,"groups":{"social/reddit":{"n":0,"total":3},"social/youtube":{"n":1,"total":1}},"late":0,"lag_ms":LAG,"streams":2}'
}

@test "-i: a table for a person" {
    small >in
    tool s2tail -i in -w 2s -f table -1
    same "$status" 0
    same "$stderr" ""
    [[ ${lines[0]} == "window 22:13:2"[0-9]"-22:13:2"[0-9]* ]]
    grep -qx 'stream  *recent  *share  *total' <<<"$output"
    grep -qx 'social/reddit  *[0-9]*  *[0-9.]*%  *3' <<<"$output"
    same "$(awk '{ print length }' <<<"$(tail -n +2 <<<"$output")" | sort -u |
        wc -l)" 1
}

@test "-f prom: what Prometheus reads; a file is replaced" {
    small >in
    tool s2tail -i in -w 2s -f prom -1
    same "$status" 0
    same "$(grep '^s2tail_records_total{' <<<"$output" | sort)" \
        's2tail_records_total{group="news/bbc"} 1
s2tail_records_total{group="social/reddit"} 3
s2tail_records_total{group="social/youtube"} 0'
    same "$(grep '^# TYPE' <<<"$output" | wc -l)" \
        "$(grep '^# HELP' <<<"$output" | wc -l)"
    if command -v promtool >/dev/null; then
        promtool check metrics <<<"$output"
    fi
    echo '# HELP s2tail_old' >metrics
    tool s2tail -i in -w 2s -f prom -o metrics
    same "$status" 0
    same "$output" ""
    same "$(head -c 6 metrics)" "# HELP"
    same "$(ls | grep metrics)" metrics
    if grep -q s2tail_old metrics; then return 1; fi
}

@test "-o appends lines" {
    small >in
    echo first >out
    tool s2tail -i in -w 2s -o out
    same "$status" 0
    same "$output" ""
    same "$(head -1 out)" first
    same "$(tail -n +2 out)" "$(s2tail -i in -w 2s -o -)"
    tool s2tail -i in -o nowhere/out
    same "$status" 73
}

@test "stdin, a pipe, zstd and a last line without a newline are the same" {
    lines_of 500 7 1700000000000 >in
    s2tail -i in -w 100ms >want
    same "$(wc -l <want)" 315
    s2tail -i - -w 100ms <in >got
    alike got want
    cat in | s2tail -i - -w 100ms >got
    alike got want
    zstd -q in
    s2tail -i in.zst -w 100ms >got
    alike got want
    printf %s "$(cat in)" | s2tail -i - -w 100ms >got
    alike got want
}

@test "what bsky2s2 prints is what -i reads" {
    posts 900 >posts
    bsky2s2 -n -i posts >decided
    bsky2s2 -n -i posts | s2tail -i - -w 100ms | telling >got
    times_lines decided | naive 100 100 >want
    same "$(wc -l <want)" 81
    alike got want
}

@test "lines that are no records are counted and skipped, exit 65" {
    { line s 1700000000000; echo nonsense; echo '{"stream":"s"}'
      echo '{"stream":1,"timestamp":1,"record":{}}'
      echo '{"stream":"s","timestamp":"1","record":{}}'
      echo '[]'; line s 1700000001000; } >in
    tool s2tail -i in
    same "$status" 65
    same "$output" "2023-11-14T22:13:30Z	s	2	2	open"
    [[ $stderr == *"5"* ]]
}

@test "a missing input is exit 66, broken zstd 65" {
    tool s2tail -i nowhere
    same "$status" 66
    same "$output" ""
    same "$stderr" "s2tail: nowhere: No such file or directory"
    tool s2tail -i .
    same "$status" 66
    lines_of 5000 1 1700000000000 | zstd -q >whole.zst
    head -c 500 whole.zst >cut.zst
    tool s2tail -i cut.zst
    same "$status" 65
}

@test "an empty input: no windows, no groups, exit 0" {
    tool s2tail -i /dev/null
    same "$status" 0
    same "$output" ""
    same "$stderr" ""
    tool s2tail -i /dev/null -f table
    same "$status" 0
}

@test "PREFIXes and --exclude choose streams; under two PREFIXes once" {
    small >in
    chosen() { s2tail -i in -w 2s "$@" | totals | tr '\t\n' '= '; }
    same "$(chosen)" "news/bbc=1 social/reddit=3 social/youtube=1 "
    same "$(chosen social/)" "social/reddit=3 social/youtube=1 "
    same "$(chosen social/ s social/r)" "social/reddit=3 social/youtube=1 "
    same "$(chosen news social/y)" "news/bbc=1 social/youtube=1 "
    same "$(chosen -x 'social/*')" "news/bbc=1 "
    same "$(chosen -x '*e*' -x news/bbc)" ""
    same "$(chosen nothing)" ""
    same "$(chosen -- -x)" ""
}

@test "the same choice in a basin" {
    posts 90 >posts
    bsky2s2 -i posts -b file:x.db
    chosen() { s2tail -b file:x.db -1 "$@" | totals | cut -f 1 | tr '\n' ' '; }
    same "$(chosen news/)" "news/bbc news/cbc news/cnn "
    same "$(chosen news/ n social/y)" \
        "news/bbc news/cbc news/cnn social/youtube "
    same "$(chosen -x 's*' -x '*/e*' -x '*a*n*')" "news/bbc news/cbc news/cnn "
    same "$(s2tail -b file:x.db -1 news/ n | totals | cut -f 2 | sort -u)" 10
    same "$(s2tail -b file:x.db -1 nothing)" ""
}

@test "--group, --where" {
    small >in
    grouped() { s2tail -i in -w 10s "$@" | totals | tr '\t\n' '= '; }
    same "$(grouped -g offsite)" \
        "bbc.co.uk=1 redd.it=1 reddit.com=2 youtube.com=1 "
    same "$(grouped -g n)" "(none)=4 7=1 "
    same "$(grouped -g stream,offsite social/)" \
        "social/reddit,redd.it=1 social/reddit,reddit.com=2 social/youtube,youtube.com=1 "
    same "$(grouped --where 'offsite=redd*')" "social/reddit=3 "
    same "$(grouped --where 'offsite=redd*' --where 'offsite=*.com')" \
        "social/reddit=2 "
    same "$(grouped --where 'stream=news/*' -g offsite)" "bbc.co.uk=1 "
    same "$(grouped --where 'n=(none)')" "news/bbc=1 social/reddit=3 "
}

@test "--top, --sort, --rate" {
    small >in
    rows() { s2tail -i in -w 10s "$@" | cut -f 2-4 | tr '\t\n' '= '; }
    same "$(rows)" "news/bbc=1=1 social/reddit=3=3 social/youtube=1=1 "
    same "$(rows --sort count)" \
        "social/reddit=3=3 news/bbc=1=1 social/youtube=1=1 "
    same "$(rows -k 1)" "other=2=2 social/reddit=3=3 "
    same "$(rows -k 2 --sort count)" \
        "social/reddit=3=3 news/bbc=1=1 other=1=1 "
    same "$(rows -k 3)" "$(rows)"
    same "$(rows --rate)" "news/bbc=0.1=1 social/reddit=0.3=3 social/youtube=0.1=1 "
}

@test "labels that would move the cursor are harmless in every format" {
    printf '%s\n' '{"stream":"a\u001b[31m\u202e\u009b","timestamp":1700000000000,"record":{}}' \
        '{"stream":"b\tc\\d\ne","timestamp":1700000000000,"record":{}}' >in
    tool s2tail -i in
    same "$output" "2023-11-14T22:13:30Z	a?[31m??	1	1	open
2023-11-14T22:13:30Z	b\\tc\\\\d\\ne	1	1	open"
    for format in table json prom chart; do
        s2tail -i in -f $format >out
        if LC_ALL=C grep -n "$(printf '[\001-\010\013-\037\177]')" out; then
            return 1
        fi
        if LC_ALL=C.UTF-8 grep -nP '\x{202e}|\x{9b}' out; then return 1; fi
    done
    s2tail -i in -f json | jq -e '.groups | length == 2'
}

@test "--until, --since with --once" {
    posts 90 >posts
    bsky2s2 -i posts -b file:x.db
    sum() { s2tail -b file:x.db -1 "$@" | totals |
        awk '{ n += $2 } END { print n + 0 }'; }
    same "$(sum)" 90
    same "$(sum -s earliest)" 90
    same "$(sum -s 2023-11-14T22:13:20.050Z)" 40
    same "$(sum --until 2023-11-14T22:13:20.050Z)" 50
    same "$(sum -s 2023-11-14T22:13:20.010Z --until 2023-11-14T22:13:20.050Z)" 40
    same "$(sum -s now)" 0
}

@test "--until, --since with --input" {
    lines_of 90 1 1700000000000 s >in
    sum() { s2tail -i in "$@" | totals | cut -f 2; }
    same "$(sum)" 90
    same "$(sum -s 2023-11-14T22:13:20.050Z)" 40
    same "$(sum --until 2023-11-14T22:13:20.050Z)" 50
    same "$(sum -w 10ms -s 2023-11-14T22:13:20.010Z --until 2023-11-14T22:13:20.050Z)" 40
}

@test "no basin: 66 with --once, and the file is not made" {
    tool s2tail -b file:x.db -1
    same "$status" 66
    same "$output" ""
    [[ $stderr == "s2tail: "*x.db* ]]
    [ ! -e x.db ]
    tool env -u HOME s2tail -1
    same "$status" 78
    same "$stderr" "s2tail: the default basin needs HOME or XDG_DATA_HOME; or name one with --basin"
}

@test "a foreign or corrupt file is refused, untouched: 78" {
    echo "this is a letter" >letter
    sqlite3 foreign.db 'CREATE TABLE t (x); INSERT INTO t VALUES (1)'
    for file in letter foreign.db; do
        cp "$file" before
        tool s2tail -b "file:$file" -1
        same "$file $status" "$file 78"
        same "$output" ""
        cmp "$file" before
    done
}

@test "a basin that may only be read is read" {
    posts 90 >posts
    mkdir dir
    bsky2s2 -i posts -b file:dir/x.db
    s2tail -b file:dir/x.db -1 | totals >want
    same "$(wc -l <want)" 9
    chmod 444 dir/x.db
    chmod 555 dir
    s2tail -b file:dir/x.db -1 | totals >got
    chmod 755 dir
    alike got want
    same "$(ls dir | head -1)" x.db
}

@test "head -1 ends it quietly" {
    lines_of 200000 1 1700000000000 >in
    set +o pipefail
    run bash -c 's2tail -i in -w 10ms 2>err | head -1; echo ${PIPESTATUS[0]}'
    same "${#lines[@]}" 2
    same "${lines[1]}" 141
    same "$(cat err)" ""
}

@test "head -1 ends it quietly while it waits for records" {
    posts 90 >posts
    bsky2s2 -i posts -b file:x.db
    set +o pipefail
    run bash -c 's2tail -b file:x.db -s earliest 2>err | head -1; echo ${PIPESTATUS[0]}'
    same "${#lines[@]}" 2
    same "${lines[1]}" 141
    same "$(cat err)" ""
}

@test "a full disk is exit 74" {
    [ -w /dev/full ] || skip "no /dev/full here"
    small >in
    run --separate-stderr bash -c "s2tail -i in >/dev/full"
    same "$status" 74
    [[ $stderr == "s2tail: "*"No space left on device" ]]
}

# valgrind takes a closed descriptor for its own log.
# bats test_tags=unwatched
@test "no terminal, no TERM, closed stdin, cron's environment: the same" {
    small >in
    posts 90 >posts
    # Else windows close up to now, and now and then one more.
    END=2023-11-14T22:14:00Z
    bsky2s2 -i posts -b file:x.db
    s2tail -i in -w 2s >want
    s2tail -b file:x.db -1 --until "$END" | finals >want.basin
    [ -s want.basin ]
    TERM=xterm s2tail -i in -w 2s >got
    alike got want
    env -i PATH="$PATH" HOME=/ SHELL=/bin/sh s2tail -i in -w 2s >got
    alike got want
    s2tail -i in -w 2s <&- >got
    alike got want
    s2tail -b file:x.db -1 --until "$END" <&- | finals >got
    alike got want.basin
    s2tail -b file:x.db -1 --until "$END" 2>&- | finals >got
    alike got want.basin
    setsid -w s2tail -b file:x.db -1 --until "$END" </dev/null | finals >got
    alike got want.basin
    LC_ALL=C s2tail -i in -w 2s >got
    alike got want
    LC_ALL=xx_XX s2tail -i in -w 2s >got
    alike got want
}

# The same.
# bats test_tags=unwatched
@test "closed stdout is an error, not a crash" {
    small >in
    run --separate-stderr bash -c 's2tail -i in >&-'
    same "$status" 74
}

@test "-f chart without a terminal draws the last frame once" {
    small >in
    tool s2tail -i in -f chart --width 60 --ascii
    same "$status" 0
    [ -n "$output" ]
    same "$(LC_ALL=C awk 'length > 60' <<<"$output")" ""
    if LC_ALL=C grep -q "$(printf '[\033\200-\377]')" <<<"$output"; then
        return 1
    fi
    for name in social/reddit social/youtube news/bbc; do
        grep -q "$name" <<<"$output"
    done
    s2tail -i in -f chart --color always --width 60 | grep -q "$(printf '\033\[')"
    if NO_COLOR=1 s2tail -i in -f chart | grep "$(printf '\033')"; then
        return 1
    fi
}

@test "more than can wait is told all the same, bit by bit" {
    awk 'BEGIN {
        for (i = 0; i < 1000; i++)
            printf "{\"stream\":\"s%03d\",\"timestamp\":1700000000000," \
                "\"record\":{}}\n", i
        for (i = 0; i < 4000; i++)
            printf "{\"stream\":\"s000\",\"timestamp\":%.0f," \
                "\"record\":{}}\n", 1700000000000 + i * 10
    }' >in
    s2tail -i in -w 10ms -f json >out
    same "$(wc -l <out)" 4000
    [ "$(wc -c <out)" -gt $((64 << 20)) ]
}

@test "a pipe, a device or a link is not replaced by -f prom" {
    { line a 1700000000000; line a 1700000020000; } >in
    mkfifo pipe
    exec 7<>pipe
    s2tail -i in -f prom -o pipe
    [ -p pipe ]
    read -r got <&7
    same "$got" "# HELP s2tail_window_records Records in the window."
    exec 7<&-
    mkdir there
    echo '# HELP s2tail_old' >there/file
    ln -s there/file link
    s2tail -i in -f prom -o link
    [ -L link ]
    grep -q '^s2tail_records_total' there/file
    s2tail -i in -f prom -o /dev/null
    [ -c /dev/null ]
}

@test "no window past --until is told as final" {
    { line a 1700000000000; line a 1700000001500; line a 1700000002500
      line a 1700000009000; } >in
    same "$(s2tail -i in -w 1s --until 2023-11-14T22:13:22Z)" \
        "2023-11-14T22:13:21Z	a	1	1	final
2023-11-14T22:13:22Z	a	1	2	final
2023-11-14T22:13:23Z	a	0	2	open"
}

@test "an input's line counts like the same record in a basin" {
    local group record seq=0
    posts 1 >posts
    bsky2s2 -i posts -b file:x.db
    echo "INSERT INTO stream (name, next_seq, last_timestamp, created_at)
        VALUES ('odd', 6, 1700000000000, 0);" >sql
    while IFS= read -r record; do
        line odd 1700000000000 "$record" >>in
        echo "INSERT INTO record (stream, seq_num, timestamp, appended,
            nheaders, body) SELECT id, $((seq++)), 1700000000000,
            1700000000000, 0, CAST('$record' AS BLOB)
            FROM stream WHERE name = 'odd';" >>sql
    done <<'END'
{"a":"x\u0000y","n":true}
{"n":5,"t":99999999999999999999999}
{"n":5.5,"t":-99999999999999999999999}
{"n":5.0}
["n"]
"n"
END
    sqlite3 x.db <sql
    for group in stream n a t n,t; do
        s2tail -b file:x.db -1 -g "$group" odd | totals >want
        s2tail -i in -g "$group" odd | totals >got
        alike got want
        same "$(awk -F '\t' '{ n += $2 } END { print n }' got)" 6
    done
    same "$(s2tail -i in -g n | totals)" "(none)	2
5	1
5.0	1
5.5	1
true	1"
}

@test "the last millisecond of 9999 is one beside a number that is too large" {
    line a 253402300799999 '{"t":1}' >in
    line a 253402300799999 '{"t":99999999999999999999999}' >>in
    tool s2tail -i in
    same "$status" 0
    same "$(totals <<<"$output")" "a	2"
}

@test "a basin's file that is replaced or removed ends it: 66" {
    posts 90 >posts
    bsky2s2 -i posts -b file:x.db
    tail_background -v -b file:x.db
    await grep -q ': found$' err
    rm x.db
    status=0
    wait "$PID" || status=$?
    same "$status" 66
    grep -q '^s2tail: x.db: was replaced or removed while it was read$' err
}

@test "what is no name of a stream costs nobody else his counts" {
    posts 90 >posts
    bsky2s2 -i posts -b file:x.db
    sqlite3 x.db "INSERT INTO stream (name, created_at) VALUES
        (CAST(x'61ff62' AS TEXT), 0), ('', 0), (CAST(x'610062' AS TEXT), 0),
        ('..', 0), (printf('%.*c', 600, 'n'), 0)"
    tool s2tail -b file:x.db -1
    same "$status" 0
    same "$(totals <<<"$output" | awk '{ n += $2 } END { print NR, n }')" "9 90"
    same "$stderr" ""
}
