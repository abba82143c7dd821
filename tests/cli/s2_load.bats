#!/usr/bin/env bats
# An S2 basin with several writers, killed writers, and more to write than it
# takes.

load common
load s2
setup() { common_setup; }
teardown() { s2_teardown; }

# Start N instances that read a pipe each, ./pipe.1 and so on, and tell
# ./records.1 and so on; all have looked at every stream, which is empty.
# What follows goes to all of them by ${pipes[@]}.
instances() { # N OPTION...
    local i n=$1
    shift
    pipes=()
    for ((i = 1; i <= n; i++)); do
        mkfifo "pipe.$i"
        bsky2s2 -i "pipe.$i" -o "records.$i" "$@" >"out.$i" 2>"err.$i" 3>&- &
        PIDS+=($!)
        WRITERS+=($!)
        exec {pipe}>"pipe.$i"
        pipes+=("$pipe")
        echo '{"time_us":1700000000000000,"kind":"identity"}' >&"$pipe"
    done
    await looked "$n"
}

looked() { # N
    [ "$(count 'op=tail .* 200$' log)" -ge $((9 * $1)) ]
}

# Give FILE to all instances at once, and wait for their end.
give() { # FILE
    local pipe feeders=()
    for pipe in "${pipes[@]}"; do
        cat "$1" >&"$pipe" &
        feeders+=($!)
        exec {pipe}>&-
    done
    wait "${feeders[@]}"
    wait "${WRITERS[@]}"
}

@test "two instances at the same time: each record once in all" {
    s2
    instances 2 --linger 0
    posts 5000 >input
    give input
    # They did meet.
    [ "$(count 'op=append .* 412$' log)" -gt 0 ]
    holds input
    told records.1 records.2
}

@test "three instances, and acks are lost" {
    s2 'on append prob 0.1 7 drop' 'on append every 9 status 500 other' \
        'on append every 10 late 20'
    instances 3 --linger 0
    posts 1800 >input
    give input
    injected drop 'status 500 other' 'late 20'
    [ "$(count 'op=append .* 412$' log)" -gt 9 ]
    holds input
    # Whose copy it was cannot be known once an ack is lost: all is told, and
    # some maybe twice.
    numbered records.* | sort -u >named
    cut -f 1,2,4 ours | sort | diff - named
}

@test "kill -9 while appends are in flight, and again, and again" {
    s2 'on append prob 0.5 3 hold 40' 'on append every 5 drop'
    posts 5000 >input
    # Each run has more to write, however far the one before it came, and reads
    # a pipe that does not end, so that none ends by itself.
    for i in 1 2 3; do
        mkfifo "pipe.$i"
        background -i "pipe.$i" -o "records.$i" --linger 0
        exec {pipe}>"pipe.$i"
        head -$((i * 1500)) input >&"$pipe" 3>&- &
        await test -s "records.$i"
        kill -KILL "$PID"
        wait "$PID" || true
        exec {pipe}>&-
        # It may have died within a line.
        [ -z "$(tail -c 1 "records.$i")" ] || sed -i '$d' "records.$i"
    done
    bsky2s2 -i input -o records.4
    injected 'hold 40' drop
    holds input
    # What was told is there; what was not may be, too.
    numbered records.* >named
    same "$(sort named | uniq -d)" ""
    same "$(sort named | comm -23 - <(cut -f 1,2,4 ours | sort))" ""
}

@test "no answer for longer than a request may take" {
    # Eleven seconds, all streams at once: time-out, 412, found.
    s2 'on append 1-9 hold 11000'
    tool bsky2s2 -i "$EVENTS" -o records
    same "$status" 0
    injected 'hold 11000'
    same "$(count 'op=append .* 412$' log)" 9
    holds "$EVENTS"
    told records
}

# The feeder has not got on for some time.
stalled() { # PID
    local now last=$pos
    now=$(sed -n 's/^pos:[^0-9]*//p' "/proc/$1/fdinfo/0")
    pos=$now
    if [ "$now" = "$last" ]; then still=$((still + 1)); else still=0; fi
    [ $still -ge 50 ]
}

# The most memory that PID ever had, in KiB.
peak() { # PID
    sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB$/\1/p' "/proc/$1/status"
}

@test "back-pressure: memory is bounded, the feeder waits, all arrives" {
    s2
    posts 1 >first
    posts 5000 1700000001 "bbc.com cnn.com" 8000 >rest
    cat first rest >input
    mkfifo pipe
    background -i pipe -o records
    exec {pipe}>pipe
    cat first >&"$pipe"
    await test -s records
    kill -STOP "$S2"
    cat <rest >&"$pipe" 3>&- &
    feeder=$!
    PIDS+=("$feeder")
    pos=0 still=0
    await stalled "$feeder"
    kill -0 "$feeder"
    # Three megabytes are queued, a few more wait in lines.
    [ "$pos" -gt 3000000 ]
    [ "$pos" -lt 10000000 ]
    kill -CONT "$S2"
    wait "$feeder"
    await lines_are 5001 records
    # The sanitizers' own memory is not ours.
    grep -q __asan_init "$(command -v bsky2s2)" ||
        [ "$(peak "$PID")" -lt 40960 ]
    exec {pipe}>&-
    wait "$PID"
    holds input
    told records
}

@test "everything at once, for 20,000 posts" {
    s2 'on append prob 0.04 1 drop' 'on append prob 0.04 2 lost' \
        'on append prob 0.04 3 status 500 other' \
        'on append prob 0.04 4 applied 503 unavailable' \
        'on append prob 0.04 5 midbody' 'on append prob 0.04 6 slow 2000' \
        'on append prob 0.04 7 late 30' 'on append prob 0.04 8 foreign 2' \
        'on append prob 0.04 9 wrongtype' 'on append 1 garbage' \
        'on append prob 0.04 11 hold 50' 'on append prob 0.04 12 droplate 30' \
        'on read prob 0.1 13 drop' 'on read prob 0.1 14 status 500 storage' \
        'on tail prob 0.1 15 lost'
    posts 20000 >input
    # A little at a time, so that there are many batches.
    split -l 500 input part.
    for part in part.*; do
        cat "$part"
        sleep 0.05
    done | bsky2s2 -i - --linger 0 -o records
    injected drop lost 'status 500 other' 'applied 503 unavailable' midbody \
        'slow 2000' 'late 30' 'foreign 2' wrongtype garbage 'hold 50' \
        'droplate 30' 'op=read .* drop' 'op=read .* status 500 storage'
    holds input
    told records
}
