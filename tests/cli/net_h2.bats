#!/usr/bin/env bats
# Read sessions over HTTP/2, and what only HTTP/2 has: GOAWAY and RST_STREAM,
# before, amid and after an answer.  Every record is counted once.

load net
load tail

setup() {
    common_setup
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout key.pem -out ca.pem -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost 2>openssl.log
}
teardown() { s2_teardown; }

# A fake S2 with three streams of 2,500 records each, and before it a gateway
# that speaks HTTP/2 and does FAULT...
gateway() { # FAULT...
    rm -f log h2.log
    s2 "seed social/a 2500 -60000 10" "seed social/b 2500 -60000 10" \
        "seed news/c 2500 -60000 10"
    DIRECT=$S2_BASIN_ENDPOINT
    printf '%s\n' "$@" >h2.script
    peer fakeh2 --to "${DIRECT##*:}" --tls ca.pem key.pem --log h2.log h2.script
    s2_at "https://localhost:$PORT"
}

# How many lines of the gateway's log are about that.
noted() { # PATTERN
    count "$1" h2.log
}

# All are counted once, under FAULT..., each of which has happened.
counts_all() { # FAULT...
    local fault
    gateway "$@"
    tool timeout 30 s2tail -1 --cacert ca.pem
    same "$* : $status" "$* : 0"
    same "$(totals <<<"$output")" "news/c	2500
social/a	2500
social/b	2500"
    for fault; do
        [ "$(noted "^fault .* ${fault#on * }\$")" -ge 1 ] || {
            echo "never happened: $fault"
            return 1
        }
    done
    kill "${PIDS[@]: -2}"
}

@test "sessions share one connection; a fault is what its line says" {
    counts_all
    same "$stderr" ""
    same "$(noted '^connect .* h2$')" 1
    same "$(noted '^request .* /v1/streams/')" 3
    for line in 'on 1' 'off 1 rst CANCEL end' 'on 0 rst CANCEL end' \
        'on 1 rst 8 end' 'on 1 rst CANCEL' 'on 1 rst CANCEL after' \
        'on 1 goaway CANCEL end now'; do
        echo "$line" >bad
        tool timeout 10 fakeh2 --to 1 --tls ca.pem key.pem bad
        same "$line: $status" "$line: 78"
    done
}

@test "GOAWAY before an answer, amid it, behind it" {
    for code in NO_ERROR ENHANCE_YOUR_CALM; do
        for when in before 'after 0' 'after 5000' end; do
            counts_all "on 2 goaway $code $when"
        done
    done
}

@test "RST_STREAM before an answer, amid it, behind it" {
    for code in REFUSED_STREAM INTERNAL_ERROR NO_ERROR; do
        for when in before 'after 0' 'after 5000' end; do
            counts_all "on 2 rst $code $when"
        done
    done
}

@test "again and again, in every session" {
    counts_all 'on 1-9 goaway NO_ERROR after 9000'
    counts_all 'on 1-9 goaway NO_ERROR before'
    counts_all 'on 1-9 goaway INTERNAL_ERROR after 9000'
    counts_all 'on 1-9 rst INTERNAL_ERROR after 9000'
    counts_all 'on 1-9 rst REFUSED_STREAM before'
}

# s2tail in the background has counted so many records, and no more.
counted() { # N
    kill -USR1 "$PID"
    tail -1 err | grep -q "^s2tail: records=$1 "
}

@test "under sessions that wait at the tail: what comes later is counted, once" {
    local fault n stream
    # The first three bring what is there, the next three wait for more.
    for fault in 'goaway NO_ERROR' 'goaway INTERNAL_ERROR' \
        'rst REFUSED_STREAM' 'rst INTERNAL_ERROR'; do
        gateway "on 4-6 $fault after 100"
        tail_background -v --cacert ca.pem -w 100ms -s earliest --grace 5s
        # Before that it does not listen to signals.
        await grep -q ': found$' err
        for n in 7500 7800 8100; do
            await counted $n
            for stream in social/a social/b news/c; do
                S2_BASIN_ENDPOINT=$DIRECT s2_append $stream 100
            done
        done
        await counted 8400
        kill -TERM "$PID"
        wait "$PID"
        [ "$(noted "^fault .* $fault after 100\$")" -ge 1 ]
        # A server that goes in peace lets its streams go on.
        [ "$fault" = 'goaway NO_ERROR' ] || [ "$(noted '^request ')" -ge 7 ]
        kill "${PIDS[@]: -3:2}"
    done
}
