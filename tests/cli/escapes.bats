#!/usr/bin/env bats
# Whatever strangers write, and whatever is in names and settings: no byte that
# a terminal obeys, that turns a line around, hides or is no UTF-8 comes out of
# either tool, wherever it prints.

load net

setup() {
    common_setup
    hostile
}
teardown() { s2_teardown; }

# One of each kind a line, as bytes but for NUL and line feed: ./hostile.  And
# the same without blanks, ./words, as the peers' scripts want it.
hostile() {
    local c
    {
        # C0 and DEL; C1 as bytes and as UTF-8.
        for c in {1..9} {11..31} 127; do
            printf "a\\x$(printf %02x "$c")b\n"
        done
        for c in {128..159}; do
            printf "a\\x$(printf %x "$c")b\na\\xc2\\x$(printf %x "$c")b\n"
        done
        # What they begin: CSI, OSC, DCS, APC, charsets, a reset.
        printf 'a\033[2J\033[31;5mb\na\302\2332Jb\na\2332Jb\n'
        printf 'a\033]0;title\ab\na\033]8;;http://x/\033\\b\na\302\235x\302\234b\n'
        printf 'a\033P+q\033\\b\na\033_x\033\\b\na\033(0b\na\033cb\n'
        # Bidi, zero width, separators, what hides and what annotates.
        for c in 00ad 061c 180e 200{b,c,d,e,f} 202{8,9,a,b,c,d,e} \
            206{0,1,2,3,4,5,6,7,8,9,a,b,c,d,e,f} feff fff9 fffa fffb; do
            printf "a\\u${c}b\n"
        done
        printf 'a\U000e0001b\na\U000e0041b\na\U000e007fb\n'
        # No UTF-8: overlong, surrogate, too high, cut off, alone.
        printf 'a\300\200b\na\340\200\200b\na\355\240\200b\na\364\220\200\200b\n'
        printf 'a\342\200b\na\377b\na\360\237b\na\342\200\n'
    } >hostile
    LC_ALL=C tr -d ' \t\r\v\f' <hostile >words
}

# What of FILE must not be there, TAB only where it separates.
unsafe() { # FILE
    LC_ALL=C grep -aP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f\xad]|\xd8\x9c|\xe1\xa0\x8e|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf|\xef\xbf[\xb9-\xbb]|\xf3\xa0[\x80-\xbf]' "$1" &&
        return 0
    ! iconv -f UTF-8 -t UTF-16LE "$1" >"$BATS_TEST_TMPDIR/iconv" 2>&1
}
clean() { # FILE...
    local file
    for file; do
        test -s "$file" || {
            echo "$file is empty"
            return 1
        }
        ! unsafe "$file" >found || {
            echo "in $file:"
            head -3 found | cat -v
            return 1
        }
    done
}

# Run COMMAND...: stdout and stderr, those that are not empty, are clean.
prints_clean() {
    "$@" >printed.out 2>printed.err && status=0 || status=$?
    cat printed.out printed.err >printed
    clean printed
}

@test "the search finds each of them" {
    local line
    [ "$(wc -l <hostile)" -gt 120 ]
    while IFS= read -r line; do
        printf 'plain é 日本 %s\n' "$line" >one
        unsafe one >found || {
            # A tab is the one that may be there.
            same "$line" $'a\tb'
        }
    done <hostile
    printf 'plain é 日本 👍 e\314\201 ?\n' >one
    clean one
}

@test "input lines, file names, settings: stderr, in each format" {
    local line format
    cp hostile 'no.json'
    for format in text json; do
        prints_clean bsky2s2 -vvv -n -i no.json --log-format $format
        same "$status" 65
        prints_clean s2tail -vvv -i no.json --log-format $format
        same "$status" 65
    done
    while IFS= read -r line; do
        prints_clean bsky2s2 -n -i "./$line"
        same "$status" 66
        prints_clean s2tail -i "./$line"
        same "$status" 66
        prints_clean bsky2s2 -n -i no.json -r "x.example=$line" || true
        prints_clean bsky2s2 --check-config --prefix "$line" --job "$line" \
            --unrouted "$line" -b "file:$line"
        prints_clean bsky2s2 -n -u "ws://$line/subscribe" -t 1s
        prints_clean s2tail -b "s2://$line"
        prints_clean s2tail "--$line"
        prints_clean s2tail -1 -b "file:$line" -g "$line" --where "$line=x"
    done < <(grep -a -e '2J' -e $'\u202e' -e $'\u200b' -e $'\xff' -e $'\xc2\x9d' hostile)
    tr '\n' ' ' <hostile >routes
    prints_clean bsky2s2 -n -i no.json -R routes
    same "$status" 78
    (umask 077 && cp hostile token && mkdir -p .config/s2 &&
        cp hostile .config/s2/config.toml)
    prints_clean bsky2s2 -i no.json -b s2://some-basin --token-file token
    same "$status" 78
    prints_clean s2tail -1 -b s2://some-basin
    same "$status" 78
}

# Those that JSON can hold: ./texts, and posts that have them in all that is
# taken from a post.
hostile_posts() {
    iconv -c -f UTF-8 -t UTF-16LE hostile 2>iconv.err |
        iconv -f UTF-16LE -t UTF-8 >texts
    jq -Rc '. as $t | input_line_number as $n | {did: ("did:plc:" + $t),
        kind: "commit", time_us: (1700000000000000 + $n), commit: {
        operation: "create", collection: "app.bsky.feed.post",
        rkey: ("r" + ($n | tostring) + $t), cid: ("c" + $t), record: {
        langs: ["en"], createdAt: $t,
        embed: {external: {uri: ("https://bbc.com/" + $t)}}}}}' texts
}

@test "-n and -o lines: escaped, and they say what they are" {
    hostile_posts >posts
    [ "$(wc -l <posts)" -gt 100 ]
    prints_clean bsky2s2 -n -i posts
    same "$status" 0
    jq -r '.record.offsite_uri[16:]' printed >got
    cmp got texts
    bsky2s2 -i posts -b file:x.db -o records
    clean records
    same "$(jq -c .record records)" "$(jq -c .record printed)"
    # What is there is what -o has told.
    same "$(sqlite3 x.db "SELECT body FROM records WHERE stream = 'news/bbc'" |
        jq -c .)" "$(jq -c .record records)"
    s2tail -i records -g offsite_uri -f json >counts
    clean counts
}

# Every way in which s2tail tells what it has counted: s2tail OPTION...
told_clean() {
    local format
    for format in $(s2tail --help |
        sed -n 's/.*--format auto|\([^ ]*\).*/\1/p' | tr '|' ' '); do
        prints_clean s2tail -1 -vv -f $format "$@"
        test -s printed.out
    done
    test "$format" != ""
    prints_clean s2tail -1 -f chart --ascii --width 60 --height 20 \
        --panels recent,total,spark --top 3 --rate "$@"
}

@test "labels: chart, table, TSV, JSON, metrics, the check's line" {
    hostile_posts >posts
    bsky2s2 -i posts -b file:x.db
    told_clean -b file:x.db -g offsite_uri
    told_clean -b file:x.db -g did,created_at
    local line
    while IFS= read -r line; do
        prints_clean s2tail --check -b file:x.db -g offsite_uri \
            --crit "https://bbc.com/$line<5"
    done < <(grep -a -e '2J' -e $'\u202e' -e $'\u200b' texts)
    [[ $(cat printed) == "S2TAIL CRITICAL"* ]]
}

@test "names of streams: in a file, in lines, in S2" {
    local line
    bsky2s2 -i "$EVENTS" -b file:x.db
    # The tools themselves give no stream such a name.
    while IFS= read -r line; do
        printf "INSERT INTO stream(name, next_seq, last_timestamp, created_at)
            VALUES (CAST(x'%s' AS TEXT), 1, 1700000000000, 0);
            INSERT INTO record(stream, seq_num, timestamp, appended, nheaders,
            body) VALUES (last_insert_rowid(), 0, 1700000000000,
            1700000000000, 0, x'7b7d');\n" \
            "$(printf %s "$line" | od -An -v -tx1 | tr -d ' \n')"
    done <hostile >sql
    sqlite3 x.db <sql
    told_clean -b file:x.db
    # They are there.
    [ "$(s2tail -1 -b file:x.db -f json | tail -1 | jq .streams)" -gt 100 ]
    hostile_posts >posts
    jq -Rc '{stream: ., seq_num: 0, timestamp: 1700000000000, record: {}}' \
        texts >lines
    echo '{"stream":"x","seq_num":0,"timestamp":1700000060000,"record":{}}' \
        >>lines
    told_clean -i lines
    prints_clean s2tail --check -i lines --warn $'a\u202eb<500'
    same "$status" 1
    grep -q 'a?b 0 < 500' printed
    # In S2, whose list is no JSON with some of them.
    tr -d ' \t\r\v\f' <texts | grep -v '^ab*$' |
        sed 's/.*/seed & 3 -60000 10/' >seeds
    [ "$(wc -l <seeds)" -gt 90 ]
    s2 "$(cat seeds)"
    told_clean
    [ "$(s2tail -1 -f json | tail -1 | jq .streams)" -gt 90 ]
    s2 $'seed a\x9b2J\xe2\x80b 3'
    prints_clean s2tail -1 -vvv
    same "$status" 76
}

@test "words of an S2 server: codes, messages, heads, nonsense" {
    local line tool
    while IFS= read -r line; do
        for code in 400 503; do
            s2 "on any status $code $line"
            prints_clean bsky2s2 -vvv -i "$EVENTS" --retry-for 1ms
            [ "$status" -ne 0 ]
            prints_clean s2tail -1 -vvv --retry-for 1ms
            [ "$status" -ne 0 ]
            prints_clean s2tail --check --retry-for 1ms
            same "$status" 3
            kill "$S2"
        done
    done < <(grep -a -e '2J' -e $'\u202e' -e $'\xff' words)
    # Neither JSON nor a code; a status line and heads.
    printf 'HTTP/1.1 400 %s\r\nServer: %s\r\nContent-Length: %d\r\n\r\n' \
        "$(tr '\n' ' ' <hostile)" "$(tr '\n' ' ' <hostile)" \
        "$(wc -c <hostile)" | cat - hostile | od -An -v -tx1 | tr -d ' \n' >hex
    s2
    through "downstream speak $(cat hex)"
    s2_at "http://127.0.0.1:$PORT"
    prints_clean bsky2s2 -vvv -i "$EVENTS" --retry-for 1ms
    [ "$status" -ne 0 ]
    prints_clean s2tail -1 -vvv --retry-for 1ms
    [ "$status" -ne 0 ]
    happened 'downstream speak'
}

# The line of a script that ends a websocket by CODE and what is in FILE, as
# soon as it stands.
closing() { # CODE FILE
    local size
    size=$(wc -c <"$2")
    printf 'downstream after %d speak 88%02x%04x%s' "$head" $((size + 2)) \
        "$1" "$(od -An -v -tx1 "$2" | tr -d ' \n')"
}

@test "words of a Jetstream server: refusals, last words, reasons of a close" {
    local line path
    while IFS= read -r line; do
        for what in "refuse 400 $line" "refuse 503 $line" \
            'after 3 error \u001b[2J\u009b2J\u202e\u200b' \
            "after 3 notjson $line"; do
            printf '%s\n' 'connection *' "$what" >jet.script
            rm -f log
            peer fakejet --v1 "$EVENTS" --v2 "$EVENTS2" --log log jet.script
            for path in subscribe xrpc/network.bsky.jetstream.subscribeEvents
            do
                prints_clean bsky2s2 -n -vvv -s earliest -c 20 --no-compress \
                    --retry-for 1ms -u "ws://127.0.0.1:$PORT/$path"
            done
            grep -q "^refuse\|^fault" log
            kill "${PIDS[-1]}"
        done
    done < <(grep -a -e $'\033\[2J' -e $'\u202e' -e $'\xff' words)
    # How long the head of the answer to an upgrade is.
    peer fakejet --v1 "$EVENTS"
    curl -sS -N -D head -o body -m 0.3 -H 'Upgrade: websocket' \
        -H 'Connection: Upgrade' -H 'Sec-WebSocket-Version: 13' \
        -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' \
        "http://127.0.0.1:$PORT/subscribe?cursor=1" 2>curl.err || true
    head=$(wc -c <head)
    [ "$head" -gt 100 ]
    local jet=$PORT
    grep -a -e '2J' -e $'\u202e' -e $'\u200b' texts | head -c 100 >reason
    for code in 1000 1008 1011 4000; do
        PORT=$jet
        through "$(closing $code reason)"
        prints_clean bsky2s2 -n -vvv -s earliest --retry-for 1ms \
            -u "ws://127.0.0.1:$PORT/subscribe"
        same "$status" 69
        grep -q "$code" printed
        happened "downstream after $head speak"
    done
}

@test "the status that a service manager is told, and metrics" {
    hostile_posts >posts
    peer fakenotify --log told notify
    mkfifo in
    NOTIFY_SOCKET=$PWD/notify background -i in -b file:x.db --stats 50ms \
        --metrics-file m.prom
    exec {in}>in
    cat posts hostile >&"$in"
    await grep -q '^STATUS=.*' told
    await test -s m.prom
    exec {in}>&-
    wait "$PID" || true
    clean told m.prom err
}
