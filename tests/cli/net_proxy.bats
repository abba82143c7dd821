#!/usr/bin/env bats
# The proxy as it handles bytes: each fault really happens, as often and as
# late as it says, in its direction and on its connections, and changes nothing
# else.

load net
setup() { common_setup; }
teardown() { s2_teardown; }

# A server with ./body behind a proxy that follows LINE...
serving() { # LINE...
    end_peers
    rm -f log
    s2 'seed one 600'
    curl -fsS "$S2_BASIN_ENDPOINT/dump?stream=one" -o body
    [ "$(wc -c <body)" -gt 4000 ]
    through "$@"
    URL=http://127.0.0.1:$PORT/dump?stream=one
}
end_peers() {
    [ ${#PIDS[@]} -eq 0 ] || kill -KILL "${PIDS[@]}"
    common_teardown
    PIDS=()
}

# Ask for it: ./got, curl's $status, and $seconds.
get() { # [CURL OPTION...]
    rm -f got
    run curl -sS -m 10 -o got -w '%{time_total}' "$@" "$URL"
    seconds=${lines[-1]}
    touch got
}
took() { # AT-LEAST-SECONDS
    awk -v t="$seconds" -v least="$1" 'BEGIN { exit t < least }'
}
whole() {
    same "$status" 0
    cmp got body
}
# Half of it or so came before it broke.
part() { # BYTES
    same "$(wc -c <got)" "$1"
    cmp -n "$1" got body
}

@test "nothing where nothing is said, and on other connections" {
    serving 'downstream 2 reset' 'upstream every 3 after 9000 reset'
    get
    whole
    same "$(count ^fault proxy.log)" 0
    get
    same "$status" 56
    same "$(sed -n 's/^fault //p' proxy.log)" "conn=2 downstream reset"
    get
    whole
    await grep -q '^end conn=3 up=[1-9][0-9]* down=[1-9]' proxy.log
}

@test "latency, bandwidth, slicer: all of it, later; each in its direction" {
    serving 'upstream latency 300 0'
    get
    whole
    took 0.3
    serving 'downstream latency 300 50'
    get
    whole
    took 0.3
    # 5,000 bytes and more, 10,000 a second.
    serving 'downstream bandwidth 10000'
    get
    whole
    took 0.4
    serving 'downstream bandwidth 1000000'
    get
    whole
    serving 'downstream slicer 500 100 40'
    get
    whole
    took 0.3
    serving 'upstream slicer 10 0 20'
    get
    whole
    took 0.1
    happened 'upstream slicer 10 0 20'
}

@test "slow close: what came is there at once, the end is late" {
    local fd from
    serving 'downstream slowclose 400'
    exec {fd}<>"/dev/tcp/127.0.0.1/$PORT"
    from=$(date +%s%N)
    printf 'GET /dump?stream=one HTTP/1.1\r\nConnection: close\r\n\r\n' >&"$fd"
    cat <&"$fd" >got
    exec {fd}>&-
    [ $(($(date +%s%N) - from)) -ge 400000000 ]
    tail -c "$(wc -c <body)" got | cmp - body
    happened 'downstream slowclose 400'
}

@test "timeout: silence, then an end; or silence" {
    serving 'downstream after 1000 timeout 300'
    get
    [ "$status" -ne 0 ]
    took 0.3
    serving 'downstream after 1000 timeout 0'
    get -m 0.4
    same "$status" 28
    happened 'downstream after 1000 timeout 0'
    # It does not answer what it does not pass on.
    serving 'upstream timeout 0'
    get -m 0.4
    same "$status" 28
    same "$(wc -c <got)" 0
    same "$(count 'GET /dump' log)" 1
}

@test "reset, limit: so many bytes, and then an end of either kind" {
    local head
    serving 'upstream every 9 none'
    get -D head
    head=$(wc -c <head)
    serving "downstream after $((head + 700)) limit"
    get
    same "$status" 18
    part 700
    serving "downstream after $((head + 700)) reset"
    get
    same "$status" 56
    serving 'upstream after 20 reset'
    get
    same "$status" 56
    same "$(count 'GET /dump' log)" 1
}

@test "down: all are reset and refused for a while, on the same port" {
    serving 'upstream 2 down 500'
    exec {fd}<>"/dev/tcp/127.0.0.1/$PORT"
    await grep -q '^connect conn=1' proxy.log
    get
    [ "$status" -ne 0 ]
    get
    same "$status" 7
    # Reset, not closed.
    run -1 cat <&"$fd"
    [[ $output == *reset* ]]
    exec {fd}>&-
    again() {
        get
        [ "$status" = 0 ]
    }
    await again
    whole
}

@test "late: reset at once, delivered later; speak: other words" {
    serving 'upstream 1 late 300'
    get
    same "$status" 56
    same "$(count 'GET /dump' log)" 1
    await grep -q '^late conn=1 answered$' proxy.log
    same "$(count 'GET /dump' log)" 2
    get
    whole
    serving "downstream speak $(printf 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc' |
        od -An -v -tx1 | tr -d ' \n')"
    get
    same "$status$(cat got)" 0abc
}

@test "what such a script cannot say" {
    for line in upstream 'upstream nothing' 'upstream 0 reset' \
        'upstream 3-2 reset' 'upstream every 0 reset' 'upstream every reset' \
        'upstream after reset' 'upstream latency 1' 'upstream latency 1 x' \
        'upstream bandwidth 0' 'upstream slicer 3 3 0' 'upstream reset 1' \
        'downstream late 3' 'downstream speak' 'downstream speak 1' \
        'downstream speak 0g' 'sideways reset'; do
        echo "$line" >bad
        tool fakeproxy --to 127.0.0.1:1 bad
        same "$status $line" "78 $line"
        [[ $stderr == "fakeproxy: bad:1: "* ]]
    done
    for lines in 'on append lost\nupstream reset' 'upstream reset\non append lost'
    do
        # shellcheck disable=SC2059 # it is the format
        printf "$lines\n" >bad
        tool fakeproxy --to 127.0.0.1:1 bad
        same "$status" 78
        [[ $stderr == "fakeproxy: bad:2: requests or bytes, not both"* ]]
    done
}
