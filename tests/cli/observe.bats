#!/usr/bin/env bats
# What a run tells about itself: figures, lines as JSON, the metrics file, and
# that nothing happens.

load common
load s2
setup() { common_setup; }
teardown() { s2_teardown; }

# The metrics in a file are as Prometheus wants them; promtool(1) agrees,
# where there is one.
prom_ok() { # FILE
    awk -f "$ROOT/tests/cli/prom.awk" "$1" || return 1
    [ "$(tail -c 1 "$1" | od -An -c | tr -d ' ')" = '\n' ]
    if command -v promtool >/dev/null; then
        promtool check metrics <"$1" >promtool.out 2>&1 ||
            { cat promtool.out; return 1; }
        same "$(cat promtool.out)" ""
    fi
}

metric() { # FILE NAME: its value
    awk -v n="$2" 'index($0, n " ") == 1 { print $2 }' "$1"
}

@test "--stats is key=value, or JSON with --log-format json, the same figures" {
    tool bsky2s2 -i "$EVENTS" -b file:a.db --stats 1h
    same "$status" 0
    grep -E '^bsky2s2: events=480 ' <<<"$stderr" >line
    sed 's/^bsky2s2: //' line | tr ' ' '\n' | grep -v '^\(lag\|since_event\)=' \
        >as_text
    grep -q '^unacked=0$' as_text
    grep -q '^delivered=[1-9]' as_text
    tool bsky2s2 -i "$EVENTS" -b file:b.db --stats 1h --log-format json
    same "$status" 0
    jq -r 'select(.message == "stats") | to_entries[]
        | select(.key | IN("time", "level", "prog", "message", "lag",
            "since_event") | not) | "\(.key)=\(.value)"' <<<"$stderr" >as_json
    same "$(cat as_json)" "$(cat as_text)"
    jq -e 'select(.message == "stats") | (.lag | type == "number") and
        (.since_event | type == "number") and .level == "notice" and
        .prog == "bsky2s2"' <<<"$stderr"
}

@test "every line is an object with --log-format json, whatever it says" {
    printf '{"a\n\033[31m"\\\xff\n' >bad.jsonl
    tool bsky2s2 -n -i bad.jsonl --log-format json
    same "$status" 65
    same "$output" ""
    jq -s -e 'length == 3 and all(keys == ["level", "message", "prog", "time"])
        and all(.time | test("^20..-..-..T..:..:..[.]......[+]00:00$"))
        and ([.[].level] == ["warning", "warning", "error"])' <<<"$stderr"
    tool s2tail -i bad.jsonl --log-format json
    same "$status" 65
    jq -s -e 'length >= 1 and all(.prog == "s2tail")' <<<"$stderr"
    tool bsky2s2 -n -i nowhere --log-format json
    same "$status" 66
    jq -e '.level == "error" and (.message | test("nowhere"))' <<<"$stderr"
}

@test "SIGUSR1 prints the figures of both tools, as JSON too" {
    peer fakejet --v1 "$EVENTS" --restamp
    background -u "ws://127.0.0.1:$PORT/subscribe" -b file:a.db -s earliest \
        --log-format json --stats 0
    await sh -c '[ "$(sqlite3 a.db "SELECT count(*) FROM records" 2>/dev/null)" -gt 9 ]'
    kill -USR1 "$PID"
    await grep -q '"message":"stats"' err
    jq -e 'select(.message == "stats") | .connected == 1 and .events > 0' err
    s2tail -b file:a.db --log-format json >tail.out 2>tail.err 3>&- &
    PIDS+=($!)
    tail_pid=$!
    await test -s tail.out
    kill -USR1 "$tail_pid"
    await grep -q '"message":"stats"' tail.err
    jq -e 'select(.message == "stats") | .prog == "s2tail" and .streams == 9' \
        tail.err
}

@test "--metrics-file: what Prometheus takes, with the same figures, at the end" {
    tool bsky2s2 -i "$EVENTS" -b file:a.db --metrics-file m.prom --stats 1h
    same "$status" 0
    prom_ok m.prom
    for key in events posts matches delivered reconnects gaps batches retries \
        duplicates stream_gaps; do
        want=$(grep -o "\b$key=[0-9]*" <<<"$stderr" | cut -d= -f2)
        same "$key $(metric m.prom "bsky2s2_${key}_total")" "$key $want"
    done
    for cause in below_floor too_old malformed oversize garbage too_large; do
        want=$(grep -o "\b$cause=[0-9]*" <<<"$stderr" | cut -d= -f2)
        same "$cause $(metric m.prom \
            "bsky2s2_skipped_total{cause=\"$cause\"}")" "$cause $want"
    done
    same "$(metric m.prom bsky2s2_unacked)" 0
    # An input has none.
    ! grep -q checkpoints m.prom
    same "$(ls m.*)" m.prom
}

@test "--metrics-file while running: lag, the connection, the job as a label" {
    peer fakejet --v1 "$EVENTS" --restamp
    background -u "ws://127.0.0.1:$PORT/subscribe" -b file:a.db -s earliest \
        --metrics-file m.prom --stats 100ms --job 'a "job" \'
    label='{job_name="a \"job\" \\"}'
    await grep -q '^bsky2s2_delivered_total{.*} [1-9]' m.prom
    await grep -qF "bsky2s2_connected$label 1" m.prom
    prom_ok m.prom
    grep -q '^bsky2s2_lag_seconds{.*} -\?[0-9.]*$' m.prom
    kill "${PIDS[0]}"
    await grep -qF "bsky2s2_connected$label 0" m.prom
    kill "$PID"
    wait "$PID"
    prom_ok m.prom
    grep -qF "bsky2s2_unacked$label 0" m.prom
}

@test "--metrics-file that cannot be made: 73 at once; what breaks later is told" {
    tool bsky2s2 -i "$EVENTS" -b file:a.db --metrics-file no/m.prom
    same "$status" 73
    [[ $stderr == "bsky2s2: --metrics-file: no/m.prom"*": No such file or directory" ]]
    mkdir d
    peer fakejet --v1 "$EVENTS" --restamp
    background -u "ws://127.0.0.1:$PORT/subscribe" -b file:a.db -s earliest \
        --metrics-file d/m.prom --stats 50ms
    await test -s d/m.prom
    mv d gone
    await grep -q '^bsky2s2: --metrics-file: d/m.prom.*No such file' err
    mkdir d
    await grep -q '^bsky2s2: --metrics-file: written again$' err
    await test -s d/m.prom
    same "$(grep -c 'metrics-file: d' err)" 1
    kill "$PID"
    wait "$PID"
}

@test "a source that gives nothing is told, more and more rarely, and its return" {
    : >none.jsonl
    peer fakejet --v1 none.jsonl
    background -u "ws://127.0.0.1:$PORT/subscribe" -n --idle 200ms -s earliest
    await grep -q '^bsky2s2: no new event has come for' err
    await sh -c '[ $(grep -c "no new event has come" err) -ge 2 ]'
    kill "$PID"
    wait "$PID"
    # ... and with --did, which few events match, it is nothing to talk about.
    background -u "ws://127.0.0.1:$PORT/subscribe" -n --did did:plc:x -v -s \
        earliest --stats 50ms
    await grep -q 'since_event=0.[4-9]' err
    if grep -q 'no new event has come' err; then return 1; fi
}

@test "s2tail -f prom is what Prometheus takes" {
    bsky2s2 -q -i "$EVENTS" -b file:a.db
    s2tail -b file:a.db --once -f prom >m.prom
    prom_ok m.prom
    s2tail -b file:a.db --once -f prom -g offsite -o n.prom
    prom_ok n.prom
}

@test "the check of metrics finds what is wrong" {
    for wrong in 'x_total 1' '# HELP x x\n# TYPE x counter\nx 1' \
        '# HELP x_ms x\n# TYPE x_ms gauge\nx_ms 1' \
        '# TYPE x gauge\nx 1' '# HELP x x\n# TYPE x gauge\nx 1\nx 2' \
        '# HELP x x\n# TYPE x gauge\nx{a="\\t"} 1' '# HELP x x\n# TYPE x gauge'; do
        printf "$wrong\n" >m.prom
        if awk -f "$ROOT/tests/cli/prom.awk" m.prom; then echo "$wrong"; return 1; fi
    done
}

@test "a basin that acknowledges nothing is told after a minute, and when it does" {
    s2 'on append 1-14 status 500 other'
    export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
    posts 5 1700000000 youtube.com >posts
    tool env LD_PRELOAD="$BUILD/preload/fast.so" bsky2s2 -i posts
    same "$status" 0
    grep -q '^bsky2s2: the basin has not answered for [0-9]* s: 5 records wait$' \
        <<<"$stderr"
    grep -q '^bsky2s2: the basin answers again after [0-9]* s$' \
        <<<"$stderr"
}

@test "what a server sends again is no sign of life" {
    head -20 "$EVENTS" >few
    peer fakejet --v1 few
    export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
    LD_PRELOAD=$BUILD/preload/fast.so bsky2s2 \
        -u "ws://127.0.0.1:$PORT/subscribe" -b file:a.db -s earliest -v \
        --stats 1s >out 2>err 3>&- &
    PIDS+=($!)
    # Reconnects, each of which brings old events again.
    await sh -c '[ $(grep -c "connected to" err) -ge 4 ]'
    await grep -qE 'events=([3-9][0-9]|[0-9]{3})' err
    await sh -c '[ $(grep -c "no new event has come" err) -ge 2 ]'
    if grep 'events come again' err; then return 1; fi
    # Since all that is new was there.
    sed -n 's/.* events=\([0-9]*\) .* since_event=\([0-9]*\).*/\1 \2/p' err |
        awk '$1 >= 20 { print $2 }' >ages
    [ "$(wc -l <ages)" -ge 3 ]
    sort -cn ages
}

@test "while the basin is away it is that which is told, not a silent source" {
    s2 'on any status 503 unavailable'
    peer fakejet --v1 "$EVENTS"
    export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
    LD_PRELOAD=$BUILD/preload/fast.so bsky2s2 \
        -u "ws://127.0.0.1:$PORT/subscribe" >out 2>err 3>&- &
    PIDS+=($!)
    await sh -c '[ $(grep -c "the basin has not answered for" err) -ge 2 ]'
    if grep 'no new event has come' err; then return 1; fi
}

@test "an input that comes slowly is not a basin that does not answer" {
    mkfifo pipe
    export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
    LD_PRELOAD=$BUILD/preload/fast.so bsky2s2 -i pipe -b file:a.db --stats 1s \
        >out 2>err 3>&- &
    PID=$!
    PIDS+=("$PID")
    exec 4>pipe
    await grep -q 'since_event=1[0-9][0-9]' err
    cat "$EVENTS" >&4
    exec 4>&-
    wait "$PID"
    if grep 'not answered\|has come' err; then return 1; fi
    same "$(dump a.db)" "$(expected)"
}

@test "--metrics-file replaces nothing else" {
    bsky2s2 -q -i "$EVENTS" -b file:a.db
    cp a.db copy
    for other in a.db "$EVENTS" a.db.lock; do
        cp "$other" before
        tool bsky2s2 -q -i "$EVENTS" -b file:a.db --metrics-file "$other"
        same "$status" 73
        same "$stderr" "bsky2s2: --metrics-file: $other holds something else, and was left as it is"
        [ "$other" = a.db.lock ] || cmp "$other" before
    done
    tool bsky2s2 -q -i "$EVENTS" -b file:b.db -o out --metrics-file ./out
    same "$status" 73
    same "$stderr" "bsky2s2: --metrics-file: ./out is the file of --output"
    tool s2tail -1 -b file:a.db -f prom -o a.db
    same "$status" 73
    same "$stderr" "s2tail: a.db holds something else, and was left as it is"
    same "$(dump a.db)" "$(expected)"
    ln -s nowhere link
    tool bsky2s2 -q -i "$EVENTS" -b file:a.db --metrics-file link
    same "$status" 73
    [ -L link ]
}

@test "--metrics-file and -f prom into a pipe, through a link, and without a reader" {
    ln -s /proc/self/fd/1 link
    bsky2s2 -q -n -o /dev/null -i "$EVENTS" --metrics-file link | cat >m.prom
    [ -L link ]
    grep -q '^bsky2s2_events_total 480$' m.prom
    bsky2s2 -q -i "$EVENTS" -b file:a.db
    s2tail -1 -b file:a.db -f prom -o link | cat >s.prom
    [ -L link ]
    grep -q '^s2tail_records_total{group="news/bbc"} ' s.prom
    mkfifo pipe
    tool bsky2s2 -n -o /dev/null -i "$EVENTS" --metrics-file pipe
    same "$status" 0
    same "$stderr" "bsky2s2: --metrics-file: pipe: No such device or address"
    [ -p pipe ]
    ln -s m.prom linked
    bsky2s2 -q -n -o /dev/null -i "$EVENTS" --metrics-file linked
    [ -L linked ] && [ ! -L m.prom ]
    same "$(grep -c '^bsky2s2_events_total 480$' m.prom)" 1
}

@test "after the end nothing is connected" {
    peer fakejet --v1 "$EVENTS" --restamp
    bsky2s2 -q -u "ws://127.0.0.1:$PORT/subscribe" -n -o /dev/null -s earliest \
        -c 5 --metrics-file m.prom
    grep -q '^bsky2s2_connected 0$' m.prom
}

@test "USR1 and HUP do not cut off the last lines" {
    posts 2000 1700000000 youtube.com 400 >posts
    mkfifo pipe
    bsky2s2 -i posts -b file:a.db -o pipe 2>err 3>&- &
    PID=$!
    PIDS+=("$PID")
    exec 4<pipe
    await sh -c '[ $(sqlite3 a.db "SELECT count(*) FROM records" 2>/dev/null) = 2000 ]'
    kill -USR1 "$PID"
    await grep -q 'delivered=2000' err
    kill -HUP "$PID"
    await grep -q 'read the routes again' err
    cat <&4 >lines
    wait "$PID"
    same "$(wc -l <lines)" 2000
}

@test "a wrong command line is told as JSON, too" {
    tool bsky2s2 --log-format json --nope
    same "$status" 64
    jq -s -e 'length == 2 and .[0].message == "unknown option '"'--nope'"'"' \
        <<<"$stderr"
}
