#!/usr/bin/env bats
# The proxy that other tests stand on: each of its faults really happens, is
# told in its log, and changes nothing else.

load common
load s2
setup() { common_setup; }
teardown() { s2_teardown; }

# Start a fake S2 and in front of it a proxy that follows LINE...; the log of
# the server is ./log, that of the proxy ./proxy.log.  SEED is the proxy's.
proxied() { # LINE...
    s2 autocreate
    DIRECT=http://127.0.0.1:$PORT
    printf '%s\n' "$@" >proxy.script
    peer fakeproxy --to "${DIRECT#http://}" --log proxy.log \
        --seed "${SEED:-0}" proxy.script
    s2_at "http://127.0.0.1:$PORT"
}

# Ask through the proxy: METHOD PATH [CURL OPTION...].  $status is curl's: 0;
# 7: refused; 18: broken in the middle; 52, 56: broken.
ask() {
    local method=$1 path=$2
    shift 2
    run curl -sS -m 10 -X "$method" -H "s2-basin: $S2_BASIN" \
        -H 'Content-Type: application/json' "$@" \
        "$S2_BASIN_ENDPOINT/v1/streams$path"
}
append() { # STREAM BODY [CURL OPTION...]
    ask POST "/$1/records" -d "{\"records\":[{\"body\":\"$2\"}]}" "${@:3}"
}

# What a stream holds, asked of the server itself.
held() { # STREAM
    curl -fsS "$DIRECT/dump?stream=$1" | tr '\n' ' '
}

broken() { # no answer came, not a byte
    [ "$status" = 52 ] || [ "$status" = 56 ]
}

@test "nothing is changed where nothing is said" {
    proxied
    tool bsky2s2 -i "$EVENTS" -o records
    same "$status" 0
    same "$stderr" ""
    [ "$(count '^answer .* op=append .* 200$' proxy.log)" -ge 9 ]
    same "$(count '^(fault|broken)' proxy.log)" 0
    same "$(count '^request' proxy.log)" "$(count '^request' log)"
    holds "$EVENTS"
    told records
}

@test "dropped: applied, and no answer" {
    proxied 'on append one 2 dropped'
    append one a
    same "$status" 0
    append one b
    broken
    append one c
    same "$status" 0
    same "$(held one)" "a b c "
    grep -q '^fault conn=2 op=append stream=one n=2 dropped$' proxy.log
    grep -q '^dropped conn=2 applied: 200$' proxy.log
}

@test "lost: not applied" {
    proxied 'on append one 1 lost' 'on tail lost'
    append one a
    broken
    append one b
    same "$status" 0
    ask GET /one/records/tail
    broken
    same "$(held one)" "b "
    grep -q '^fault conn=1 op=append stream=one n=1 lost$' proxy.log
    same "$(count 'records/tail' log)" 0
}

@test "late: reset at once, applied behind what came after it" {
    proxied 'on append one 1 late 700' 'on append one 3 late 700'
    append one a
    broken
    append one b
    same "$status" 0
    same "$(held one)" "b "
    await grep -q '^late conn=1 applied: 200$' proxy.log
    same "$(held one)" "b a "
    # As the first copy of a request that has been tried again.
    ask POST /one/records \
        -d '{"match_seq_num":2,"records":[{"body":"c"}]}'
    broken
    ask POST /one/records \
        -d '{"match_seq_num":2,"records":[{"body":"c"}]}'
    same "$status" 0
    await grep -q '^late conn=3 applied: 412$' proxy.log
    same "$(held one)" "b a c "
}

@test "delay: the answer is right, and late" {
    proxied 'on append one delay 400'
    append one a -o answer -w '%{http_code} %{time_total}'
    same "${output% *}" 200
    awk -v t="${output#* }" 'BEGIN { exit t < 0.4 }'
    grep -q '"end"' answer
    append two a -o /dev/null -w '%{http_code}'
    same "$output" 200
    same "$(count '^fault')" 0
    same "$(count '^fault .* delay 400$' proxy.log)" 1
}

@test "half: of the answer; all is applied" {
    proxied 'on append one 2 half'
    append one a
    whole=$output
    append one b -o part
    [ "$status" = 18 ] || [ "$status" = 56 ]
    # Both answers are of one length.
    same "$(wc -c <part)" $((${#whole} / 2))
    same "$(held one)" "a b "
    grep -q '^fault conn=2 op=append stream=one n=2 half$' proxy.log
}

@test "down: all are reset and refused for a while, on the same port" {
    proxied 'on append one 2 down 700'
    append one a
    # A session that stands.
    curl -sS -N -m 20 -H "s2-basin: $S2_BASIN" -H 'Content-Type: s2s/proto' \
        "$S2_BASIN_ENDPOINT/v1/streams/one/records?seq_num=0" -o session \
        2>session.err 3>&- &
    session=$!
    await test -s session
    append one b
    broken
    append one c
    same "$status" 7
    wait "$session" && return 1
    grep -q 'reset' session.err
    same "$(held one)" "a "
    again() {
        append one d
        [ "$status" = 0 ]
    }
    await again
    same "$(held one)" "a d "
    # And a connection lasts as before.
    ask GET "" -o one -o two "$S2_BASIN_ENDPOINT/v1/streams"
    same "$status" 0
    last=$(sed -n '$s/^answer conn=\([0-9]*\) .*/\1/p' proxy.log)
    same "$(count "^request conn=$last " proxy.log)" 2
    grep -q '^fault conn=3 op=append stream=one n=2 down 700$' proxy.log
}

@test "what it is about: operation, stream, turn; the first line wins" {
    proxied 'on create 1 lost' 'on list lost' 'on read two 2-3 lost' \
        'on any every 10 none' 'on append a%b none' 'on append every 3 lost' \
        'on append delay 1'
    ask POST "" -d '{"stream":"two"}'
    broken
    ask POST "" -d '{"stream":"two"}'
    same "$status" 0
    ask GET ""
    broken
    for want in 0 56 56 0; do
        ask GET '/two/records?seq_num=0'
        [ "$status" = "$want" ] || { [ "$want" = 56 ] && broken; }
    done
    append a%25b x
    append two x
    same "$status" 0
    append two x
    broken
    same "$(sed -n 's/^fault conn=[0-9]* //p' proxy.log)" \
        "op=create stream=two n=1 lost
op=list stream=- n=1 lost
op=read stream=two n=2 lost
op=read stream=two n=3 lost
op=append stream=a%b n=1 none
op=append stream=a%b n=1 delay 1
op=append stream=two n=2 delay 1
op=append stream=two n=10 none
op=append stream=two n=3 lost"
}

@test "prob: as its seed and --seed say" {
    draw() { # SEED
        rm -f proxy.log
        SEED=$1 proxied 'on tail prob 0.5 7 none'
        for ((i = 0; i < 40; i++)); do
            echo "url = \"$S2_BASIN_ENDPOINT/v1/streams/one/records/tail\""
        done | curl -sS -o /dev/null -H "s2-basin: $S2_BASIN" -K -
        sed -n 's/^fault .* n=//p' proxy.log >"$2"
        [ "$(wc -l <"$2")" -gt 5 ] && [ "$(wc -l <"$2")" -lt 35 ]
    }
    draw 1 first
    draw 1 same
    draw 2 other
    cmp first same
    if cmp -s first other; then return 1; fi
}

@test "chunks, pieces of a byte, a session: passed on as they come" {
    proxied
    # Each of two requests on one connection, in chunks.
    printf '{"records":[{"body":"%s"},{"body":"b"}]}' \
        "$(head -c 100000 /dev/zero | tr '\0' x)" >body
    ask POST /one/records -H 'Transfer-Encoding: chunked' \
        -H 'Expect: 100-continue' --data-binary @body -o one -o two \
        -w '%{http_code}' "$S2_BASIN_ENDPOINT/v1/streams/one/records"
    same "$output" 200200
    same "$(held one | wc -c)" 200006
    same "$(count '^request conn=1 ' proxy.log)" 2
    # The bytes of a session are those of the server.
    for at in "$S2_BASIN_ENDPOINT" "$DIRECT"; do
        curl -sS -m 10 -H "s2-basin: $S2_BASIN" -H 'Content-Type: s2s/proto' \
            "$at/v1/streams/one/records?seq_num=0&count=4" -o "got.${at##*:}"
    done
    cmp got.*
    test -s "got.$PORT"
}

# A request, as bytes, to PORT: what comes back until it is closed.
speak() { # PORT < BYTES
    local fd
    exec {fd}<>"/dev/tcp/127.0.0.1/$1"
    cat >&"$fd"
    timeout 10 cat <&"$fd"
    exec {fd}>&-
}

@test "requests that are none end the connection" {
    proxied
    for request in 'nonsense' 'GET one HTTP/1.1' \
        'POST /a HTTP/1.1\r\nContent-Length: x' \
        'POST /a HTTP/1.1\r\nTransfer-Encoding: gzip' \
        'POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz' \
        'POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc' \
        'POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n;\r\n' \
        'POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1'; do
        # shellcheck disable=SC2059 # it is the format
        printf "$request\r\n\r\n" | speak "$PORT" >answer 2>&1 || true
        test ! -s answer
    done
    test ! -e log || same "$(count '^request' log)" 0
    append one a
    same "$status" 0
}

@test "a server that is gone: the client is reset, and later served again" {
    proxied
    append one a
    same "$status" 0
    kill "$S2"
    wait "$S2" || true
    append one b
    broken
    grep -q '^broken conn=2 op=append stream=one$' proxy.log
    peer fakes2 --port "${DIRECT##*:}" script
    append one c
    same "$status" 0
    same "$(held one)" "c "
}

@test "an idle connection outlives that of the server" {
    local fd head
    proxied
    exec {fd}<>"/dev/tcp/127.0.0.1/$PORT"
    get() {
        printf 'GET /v1/streams HTTP/1.1\r\ns2-basin: %s\r\n%s\r\n' \
            "$S2_BASIN" "$1" >&"$fd"
        read -r -t 10 head <&"$fd"
        [[ $head == "HTTP/1.1 200 OK"* ]]
    }
    get
    kill "$S2"
    wait "$S2" || true
    peer fakes2 --port "${DIRECT##*:}" script
    # What is left of the first answer, up to its last line.
    until [[ $head == *has_more* ]]; do
        read -r -t 10 -d '}' head <&"$fd"
    done
    get $'Connection: close\r\n'
    cat <&"$fd"
    exec {fd}>&-
    same "$(count '^request conn=1 ' proxy.log)" 2
    same "$(count '^broken' proxy.log)" 0
}

@test "all at once under bsky2s2: nothing is lost, doubled or out of order" {
    proxied 'on append prob 0.06 1 dropped' 'on append prob 0.06 2 lost' \
        'on append prob 0.06 3 late 300' 'on append prob 0.06 4 half' \
        'on append 40 down 300' 'on append prob 0.06 5 delay 50' \
        'on read every 3 half' 'on create every 2 dropped' 'on tail 1-2 lost'
    posts 270 >input
    lockstep input 9
    for fault in dropped lost 'late 300' half 'down 300' 'delay 50'; do
        grep -q "^fault .* $fault\$" proxy.log || {
            echo "never: $fault"
            return 1
        }
    done
    lates() {
        [ "$(count '^late ' proxy.log)" = "$(count ' late 300$' proxy.log)" ]
    }
    await lates
    holds input
    told records
}

@test "what it does not take" {
    tool fakeproxy
    same "$status" 64
    [[ $stderr == *"--to 127.0.0.1:PORT is wanted"* ]]
    tool fakeproxy --to example.org:80
    same "$status" 64
    tool fakeproxy --to 127.0.0.1:0
    same "$status" 64
    tool fakeproxy --to 127.0.0.1:1 --seed x
    same "$status" 64
    for line in 'on' 'on append' 'on nothing lost' 'on append one two lost' \
        'on append late' 'on append lost 3' 'on follow lost' 'uncapped' \
        'on append after 3 lost' 'on append 0 lost' 'on append status 500 x'; do
        echo "$line" >bad
        tool fakeproxy --to 127.0.0.1:1 bad
        same "$status" 78
        [[ $stderr == "fakeproxy: bad:1: "* ]]
        same "$output" ""
    done
}
