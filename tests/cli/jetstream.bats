#!/usr/bin/env bats
# From a scripted Jetstream server: what is delivered, whatever it does.

load common
setup() {
    common_setup
    V1=/subscribe
    V2=/xrpc/network.bsky.jetstream.subscribeEvents
}
teardown() { common_teardown; }

jet() { # [OPTION...] with the script on stdin
    cat >script
    rm -f peer.log
    peer fakejet --v1 "$EVENTS" --v2 "$EVENTS2" --log peer.log "$@" script
    JET=${PIDS[-1]}
    URL=ws://127.0.0.1:$PORT
}

# A dictionary made of our own events, with that id.
make_dictionary() { # ID
    mkdir samples
    split -l 1 -a 4 "$EVENTS2" samples/
    split -l 1 -a 5 "$EVENTS" samples/
    zstd -q --train samples/* --maxdict=16384 --dictID="$1" -o dictionary
}

# Run until all 141 records are there, end it, and compare every stream.
delivers_all() { # OPTION...
    rm -rf got.db* lines
    background -b file:got.db -o lines -s earliest "$@"
    await has_lines 141 lines || { cat err peer.log; return 1; }
    kill -TERM "$PID"
    wait "$PID"
    same "$(dump got.db)" "$(expected)"
    same "$(dump_lines lines)" "$(expected)"
}

@test "both wires, plain, deliver the same" {
    jet </dev/null
    delivers_all -u "$URL$V1"
    delivers_all -u "$URL$V2" --no-compress
    delivers_all -u "$URL"
}

@test "what is asked for: collections, user agent, no extension" {
    jet </dev/null
    delivers_all -u "$URL$V1"
    delivers_all -u "$URL$V2" --no-compress
    grep -q 'GET /subscribe?wantedCollections=app.bsky.feed.post&cursor=' peer.log
    grep -q 'subscribeEvents?kinds=commit&collections=app.bsky.feed.post&cursor=' peer.log
    same "$(grep -c 'User-Agent: bsky2s2/' peer.log)" 2
    if grep -qi 'permessage-deflate' peer.log; then return 1; fi
}

@test "without --since: the live tip, no cursor" {
    jet --pace 2000/s <<<"live 400"
    background -n -u "$URL$V1" -c 5
    wait "$PID"
    same "$(cat out)" "$(bsky2s2 -n -i <(tail -80 "$EVENTS") | head -5)"
    if grep -q 'cursor=[0-9]' <(grep '^request' peer.log); then return 1; fi
}

@test "compressed, wire v2: the dictionary is fetched" {
    make_dictionary 77
    jet --dict2 dictionary </dev/null
    delivers_all -u "$URL$V2"
    grep -q 'getZstdDictionary' peer.log
    grep -q 'zstdDictionary=77' peer.log
    same "$(cat err)" "bsky2s2: stopped by SIGTERM: 141 records delivered, 0 unacked"
}

@test "compressed, wire v1: with --zstd-dictionary" {
    make_dictionary 1612007021
    jet --dict1 dictionary </dev/null
    delivers_all -u "$URL$V1" --zstd-dictionary dictionary
    grep -q 'compress=true' peer.log
    delivers_all -u "$URL$V1"
    same "$(grep -c 'compress=true' <(grep ^request peer.log))" 1
}

@test "no dictionary to be had: plain, with one warning" {
    jet <<<"connection *
every 200 close 1001"
    delivers_all -u "$URL$V2"
    same "$(grep -c 'without compression' err)" 1
}

# Each fault every 60 events of a connection: nothing lost, nothing doubled.
survives() { # WIRE FAULT...
    local path=$1
    shift
    jet <<<"connection *
every 60 $*"
    delivers_all -u "$URL$path" --no-compress
    grep -q "^fault " peer.log || { cat peer.log; return 1; }
    kill "$JET"
}

@test "closes of every kind" {
    for fault in "close 1000" "close 1001" "close 1008" "close 1011" \
        "close 4000" eof reset cut; do
        survives "$V1" "$fault"
        survives "$V2" "$fault"
    done
}

@test "frames that break the protocol" {
    for fault in rsv masked bigcontrol; do
        survives "$V1" "$fault"
    done
}

@test "messages that cannot be taken are skipped" {
    for fault in garbage "notjson {" binary zero unknown badutf8 \
        "oversize 5000000"; do
        survives "$V1" "$fault"
        survives "$V2" "$fault"
    done
}

@test "stalls, pings, repeats, pieces of one byte" {
    for fault in "stall 100" ping "dup 40" "fragments 1" "fragments 7"; do
        survives "$V1" "$fault"
        survives "$V2" "$fault"
    done
}

@test "undecodable zstd is skipped" {
    make_dictionary 77
    jet --dict2 dictionary <<<"connection *
every 50 badzstd"
    delivers_all -u "$URL$V2"
    grep -q '^fault ' peer.log
}

@test "v2's last words are told, and it goes on" {
    jet <<<"connection
after 100 error ConsumerTooSlow
connection
"
    delivers_all -u "$URL$V2" --no-compress
    grep -q 'says: ConsumerTooSlow' err
}

@test "503 and 429 are retried" {
    jet <<<"connection
refuse 503 Retry-After: 1
connection
refuse 429
connection
"
    delivers_all -u "$URL$V1"
    same "$(grep -c '^request.*GET /subscribe' peer.log)" 3
}

@test "400 is not retried: exit 76 with the server's words" {
    jet <<<'connection *
refuse 400 subscribe: we do not like you'
    tool timeout 20 bsky2s2 -n -u "$URL$V1"
    same "$status" 76
    [[ $stderr == *"subscribe: we do not like you"* ]]
    kill "$JET"
    jet <<<'connection *
refuse 400 {"error":"InvalidRequest","message":"no such thing"}'
    tool timeout 20 bsky2s2 -n --no-compress -u "$URL$V2"
    same "$status" 76
    [[ $stderr == *"no such thing"* ]]
}

@test "redirects are not followed" {
    local target
    peer fakejet --v1 "$EVENTS" --log target.log
    target=$PORT
    jet <<<"connection *
redirect http://127.0.0.1:$target/subscribe"
    tool bsky2s2 -n -u "$URL$V1" --retry-for 1s
    same "$status" 69
    grep -q '^request' peer.log
    [ ! -s target.log ]
}

@test "--retry-for: exit 69 when nobody answers" {
    jet </dev/null
    kill "$JET"
    wait "$JET" || true
    tool bsky2s2 -n -u "$URL$V1" --retry-for 1s
    same "$status" 69
    same "$output" ""
}

@test "--did is asked of the server" {
    local did
    did=$(bsky2s2 -n -i "$EVENTS" | head -1 | jq -r .record.did)
    jet </dev/null
    background -n -u "$URL$V1" -s earliest --did "$did" -c 1
    wait "$PID"
    same "$(jq -r .record.did out)" "$did"
    grep -q "wantedDids=$(sed 's/:/%3A/g' <<<"$did")" peer.log ||
        grep -q "wantedDids=$did" peer.log
}

@test "behind the lookback: CursorTooOld, then by time, and the gap is said" {
    jet <<<"connection
after 150 close 1001
connection
floor 400
"
    background -n -u "$URL$V2" --no-compress -s earliest
    await grep -q 'gap from' err
    grep -q 'too old' err
    kill "$PID"
    wait "$PID"
}

@test "an unsealed segment is replayed: what is below the floor is dropped" {
    # The third event's time is moved an hour back, in the newest segment.
    sed '3s/"time_us":17953704/"time_us":17953668/' "$EVENTS" >old.jsonl
    EVENTS=$PWD/old.jsonl jet <<<"segment 480"
    background -n -u "$URL$V1" -s 2026-11-22T18:00:05Z -t 60s --stats 100ms
    await grep -q 'below_floor=[1-9][0-9]' err
    kill "$PID"
    wait "$PID"
    same "$(cat out)" "$(bsky2s2 -n -i "$EVENTS" --since 2026-11-22T18:00:05Z)"
}

@test "wss: the certificate is checked, and against the name" {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca \
        -keyout ca.key -out ca.pem 2>/dev/null
    openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem \
        -out req.pem 2>/dev/null
    printf 'subjectAltName=DNS:localhost\n' >ext
    openssl x509 -req -in req.pem -CA ca.pem -CAkey ca.key -CAcreateserial \
        -days 2 -extfile ext -out cert.pem 2>/dev/null
    jet --tls cert.pem key.pem </dev/null
    delivers_all -u "wss://localhost:$PORT$V1" --cacert ca.pem
    tool bsky2s2 -n -u "wss://localhost:$PORT$V1" --retry-for 1s
    same "$status" 69
    tool bsky2s2 -n -u "wss://127.0.0.1:$PORT$V1" --cacert ca.pem \
        --retry-for 1s
    same "$status" 69
}

@test "a stuck reader of stdout: reading stops, nothing is lost" {
    for i in $(seq 1 60); do cat "$EVENTS"; done >many.jsonl
    local want
    want=$(bsky2s2 -n -i many.jsonl | md5sum)
    mkfifo slow
    bsky2s2 -n -i many.jsonl >slow 2>err 3>&- &
    PIDS+=($!)
    same "$(dd if=slow bs=64k iflag=fullblock 2>/dev/null | md5sum)" "$want"
}
