#!/usr/bin/env bats
# The embedded basin.

load common
setup() { common_setup; }
teardown() { common_teardown; }

# A writer that stays: it reads a pipe that nobody closes. $PID, ./pipe.
staying_writer() {
    mkfifo pipe
    sleep 600 >pipe 3>&- &
    PIDS+=($!)
    background -i pipe -b file:x.db -o records
    cat "$EVENTS" >pipe
    await test -s records
}

@test "the same records in the same order as decided" {
    tool bsky2s2 -i "$EVENTS" -b file:x.db
    same "$status" 0
    same "$output" ""
    same "$stderr" ""
    same "$(dump x.db)" "$(expected)"
    same "$(sqlite3 x.db "SELECT min(seq_num), max(seq_num), min(timestamp) FROM records WHERE stream = 'social/youtube'")" \
        "0|41|1795370400021"
}

@test "a second replay adds nothing" {
    bsky2s2 -i "$EVENTS" -b file:x.db
    tool bsky2s2 -i "$EVENTS" -b file:x.db -o -
    same "$status" 0
    same "$output" ""
    same "$(dump x.db)" "$(expected)"
}

@test "half, then all" {
    head -200 "$EVENTS" | bsky2s2 -i - -b file:x.db
    bsky2s2 -i "$EVENTS" -b file:x.db
    same "$(dump x.db)" "$(expected)"
}

@test "-o: one line a record, after its ack, in the order of its stream" {
    tool bsky2s2 -i "$EVENTS" -b file:x.db -o -
    same "$status" 0
    echo "$output" >out
    same "$(dump_lines out)" "$(expected)"
    same "$(jq -r 'select(.stream == "news/bbc") | .seq_num' out | tr '\n' ' ')" \
        "0 1 2 3 4 5 6 7 8 9 10 11 12 13 "
    bsky2s2 -i "$EVENTS2" -b file:y.db -o lines
    same "$(cat lines | wc -l)" 141
}

@test "the default basin is made below HOME" {
    tool bsky2s2 -i "$EVENTS"
    same "$status" 0
    same "$(sqlite3 .local/share/bsky2s2/basin.db 'SELECT count(*) FROM records')" 141
}

@test "a second writer is refused, naming the first: 79" {
    staying_writer
    tool bsky2s2 -i "$EVENTS" -b file:x.db
    same "$status" 79
    [[ $stderr == *" $PID "* ]]
    [[ $stderr == *"$(hostname)"* ]]
}

@test "a reader reads while the writer writes" {
    staying_writer
    await bash -c '[ "$(sqlite3 -readonly x.db "SELECT count(*) FROM records")" = 141 ]'
    kill -0 "$PID"
}

@test "kill -9 loses nothing that was acked, and the next run goes on" {
    staying_writer
    kill -9 "$PID"
    wait "$PID" || true
    local acked
    acked=$(wc -l <records)
    [ "$(sqlite3 x.db 'SELECT count(*) FROM records')" -ge "$acked" ]
    bsky2s2 -i "$EVENTS" -b file:x.db
    same "$(dump x.db)" "$(expected)"
}

@test "TERM: drain, exit 0; INT: drain, die of it" {
    staying_writer
    kill -TERM "$PID"
    wait "$PID" && st=0 || st=$?
    same "$st" 0
    grep -q '^bsky2s2: stopped by SIGTERM: 141 records delivered, 0 unacked$' err
    rm -f pipe x.db* records
    staying_writer
    kill -INT "$PID"
    wait "$PID" && st=0 || st=$?
    same "$st" 130
    same "$(dump x.db)" "$(expected)"
}

@test "USR1: one line of figures" {
    staying_writer
    kill -USR1 "$PID"
    await grep -q '^bsky2s2: events=480 posts=217 ' err
    kill -0 "$PID"
}

@test "a foreign or corrupt file is refused, untouched: 78" {
    echo "this is a letter" >letter
    sqlite3 foreign.db 'CREATE TABLE t (x); INSERT INTO t VALUES (1)'
    bsky2s2 -i "$EVENTS" -b file:x.db
    head -c 20000 x.db >cut.db
    for file in letter foreign.db cut.db; do
        cp "$file" before
        tool bsky2s2 -i "$EVENTS" -b "file:$file"
        same "$status" 78
        same "$output" ""
        [[ $stderr == "bsky2s2: "*"$file"* ]]
        cmp "$file" before
    done
}

@test "a basin of a later schema is refused: 78" {
    bsky2s2 -i "$EVENTS" -b file:x.db
    sqlite3 x.db 'PRAGMA user_version = 99'
    tool bsky2s2 -i "$EVENTS" -b file:x.db
    same "$status" 78
}

@test "a basin in a missing directory is exit 73" {
    tool bsky2s2 -i "$EVENTS" -b file:nowhere/x.db
    same "$status" 73
}

@test "retention removes what was appended long ago" {
    bsky2s2 -i "$EVENTS" -b file:x.db
    sqlite3 x.db 'UPDATE record SET appended = appended - 3600000'
    bsky2s2 -i /dev/null -b file:x.db --retention 2h
    same "$(sqlite3 x.db 'SELECT count(*) FROM records')" 141
    bsky2s2 -i "$EVENTS" -b file:x.db --retention 30m --since 2100-01-01T00:00:00Z
    same "$(sqlite3 x.db 'SELECT count(*) FROM records')" 0
}

@test "a count is exact" {
    tool bsky2s2 -i "$EVENTS" -b file:x.db -c 50 -o -
    same "$status" 0
    same "${#lines[@]}" 50
    same "$(sqlite3 x.db 'SELECT count(*) FROM records')" 50
}

@test "a count is exact on a second replay, too" {
    bsky2s2 -i "$EVENTS" -b file:x.db -c 50
    tool bsky2s2 -i "$EVENTS" -b file:x.db -c 10 --expect 10 -o -
    same "$status" 0
    same "${#lines[@]}" 10
    same "$(sqlite3 x.db 'SELECT count(*) FROM records')" 60
}

@test "an input that breaks off: what came before is delivered, then 65" {
    zstd -q "$EVENTS" -o whole.zst
    head -c -50 whole.zst >cut.zst
    bsky2s2 -n -i cut.zst >want || true
    [ -s want ]
    tool bsky2s2 -i cut.zst -b file:x.db
    same "$status" 65
    same "$(dump x.db)" "$(dump_lines want)"
}

@test "a source that ends for good: what it gave is delivered first" {
    printf 'connection\nafter 150 close 1001\nconnection\nrefuse 400 no\n' >script
    peer fakejet --v1 "$EVENTS" script
    tool bsky2s2 -u "ws://127.0.0.1:$PORT/subscribe" -b file:x.db --linger 5s \
        -s earliest
    same "$status" 76
    [ "$(sqlite3 x.db 'SELECT count(*) FROM records')" -gt 10 ]
}

@test "--check-config makes nothing" {
    tool bsky2s2 --check-config
    same "$status" 0
    same "$(ls -A "$HOME" | grep -c local)" 0
}
