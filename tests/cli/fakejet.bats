#!/usr/bin/env bats
# The fake Jetstream that other tests stand on, as far as it must go on over
# several runs of a client: what it serves, byte by byte.

load common
setup() {
    common_setup
    V1=/subscribe
    V2=/xrpc/network.bsky.jetstream.subscribeEvents
    STORY=$BATS_TEST_DIRNAME/story.awk
}
teardown() { common_teardown; }

jet() { # [OPTION...] with the script on stdin
    cat >script
    rm -f peer.log
    peer fakejet --log peer.log "$@" script
    URL=ws://127.0.0.1:$PORT
}

# Subscribe to TARGET without bsky2s2: what comes, up to the end of it.
raw() { # TARGET
    local fd
    exec {fd}<>"/dev/tcp/127.0.0.1/$PORT"
    printf 'GET %s HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' \
        "$1" >&"$fd"
    printf 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n' \
        dGhlIHNhbXBsZSBub25jZQ== >&"$fd"
    timeout 20 cat <&"$fd"
    exec {fd}>&-
}

# The same: the events' numbers and times, NUMBER TIME.
numbers() { # TARGET
    raw "$1" | grep -aoE \
        '"time_us":[0-9]+,"cursor":[0-9]+|"seq":[0-9]+,"time":"[^"]*"\}\}' |
        sed -E 's/.time_us.:([0-9]+),.cursor.:([0-9]+)/\2 \1/
            s/.seq.:([0-9]+),.time.:"(.*)".*/\1 \2/'
}

# N events of a story, numbered from 0 as their lines.
story() { # N WIRE [OPTION...]
    awk -v n="$1" -v wire="$2" -v first=0 "${@:3}" -f "$STORY"
}

# Lines FROM and later of EVENTS as they are after a crash.
later() { # FILE FROM SEQ US
    jq -c --argjson from "$2" --argjson seq "$3" --argjson us "$4" \
        'if input_line_number > $from
         then .time_us += $us | .cursor += $seq else . end' "$1"
}

@test "a crash: the last events come again with new numbers and times" {
    story 500 1 >events
    jet --v1 events <<<"crash 300 120 60000
after 500 eof
filter off"
    numbers "$V1" >first
    grep -q '^crash sent=300 from=180 tip=300 seq=+120 us=+60000000$' peer.log
    # All that was sent arrives before it.
    jq -r '"\(.cursor) \(.time_us)"' events >all
    diff first <(head -300 all)
    numbers "$V1" >second
    later events 180 120 60000000 | jq -r '"\(.cursor) \(.time_us)"' >want
    diff second want
    # Numbers that are gone, and those of the new ones.
    for ask in "200 180" "299 180" "300 180" "301 181"; do
        numbers "$V1?cursor=${ask% *}" >got &
        client=$!
        await grep -q "cursor=${ask% *} first=${ask#* } " peer.log
        kill "$client" 2>/dev/null || true
        wait "$client" 2>/dev/null || true
    done
}

@test "crashes on wire v2, each from where the last one has left it" {
    story 400 2 >events
    jet --v2 events <<<"crash 100 20 1000
crash 250 1000 2000
crash 700 1 0
after 400 eof
filter off"
    numbers "$V2" >got
    same "$(wc -l <got)" 100
    numbers "$V2" >got
    same "$(wc -l <got)" 150
    grep -q '^crash sent=250 from=0 tip=150 seq=+170 us=+2000000$' peer.log
    # Behind the second crash, which took all, and up to the third.
    numbers "$V2" >got
    same "$(wc -l <got)" 400
    same "$(head -1 got | cut -d ' ' -f 1)" 170
    same "$(sed -n '80,81p' got | cut -d ' ' -f 1 | xargs)" "249 270"
    same "$(sed -n '$p' got | cut -d ' ' -f 1)" 589
    jq -r .payload.time events | sed -n 81p >was
    # 3 s later, and of the same fraction.
    same "$(sed -n 81p got | sed 's/.*\.//')" "$(sed 's/.*\.//' was)"
    numbers "$V2" >got
    same "$(wc -l <got)" 50
    numbers "$V2" >got
    grep -q '^crash sent=700 from=399 tip=400 seq=+1 us=+0$' peer.log
    same "$(sed -n '$p' got | cut -d ' ' -f 1)" 590
}

@test "a crash under bsky2s2: each record once, and in order" {
    story 3000 1 -v seed=5 >events
    jet --v1 events <<<"crash 1000 200 30000
crash 1800 500 30000"
    bsky2s2 -n -i events >want
    bsky2s2 -b file:got.db -o got -u "$URL$V1" -s earliest \
        -c "$(wc -l <want)" 2>err
    identities() {
        dump_lines "$1" | sed 's/"created_at.*"cid/"cid/; s/,"offsite.*//'
    }
    same "$(identities got | md5sum)" "$(identities want | md5sum)"
    same "$(grep -c '^crash ' peer.log)" 2
    # A new client meets the events as they are now.
    later events "$(sed -n '/sent=1000/s/.*from=\([0-9]*\).*/\1/p' peer.log)" \
        "$(sed -n '/sent=1000/s/.*seq=+\([0-9]*\).*/\1/p' peer.log)" 30000000 \
        >once
    later once "$(sed -n '/sent=1800/s/.*from=\([0-9]*\).*/\1/p' peer.log)" \
        "$(sed -n '/sent=1800/s/.*seq=+\([0-9]*\).*/\1/p' peer.log)" 30000000 \
        >twice
    bsky2s2 -n -u "$URL$V1" -s earliest -c "$(wc -l <want)" >again
    same "$(md5sum <again)" "$(bsky2s2 -n -i twice | md5sum)"
}

@test "a crash ends all connections" {
    story 300 1 >events
    jet --v1 events <<<"connection
after 100 done
connection
after 150 done
connection
crash 300 10 0
after 300 eof"
    numbers "$V1" >one &
    one=$!
    await grep -q '^fault conn=1 .* done' peer.log
    numbers "$V1" >two &
    two=$!
    await grep -q '^fault conn=2 .* done' peer.log
    numbers "$V1" >three
    wait "$one" "$two"
    same "$(wc -l <one) $(wc -l <two) $(wc -l <three)" "100 150 50"
    grep -q '^crash sent=300 from=140 tip=150 ' peer.log
}

@test "a paced stream goes on while nobody is connected" {
    story 600 1 >events
    jet --v1 events --pace 400/s <<<"live 10"
    bsky2s2 -n -u "$URL$V1" -c 5 >got
    # Later clients begin at the tip, which moves on by itself.
    beyond() { # EVENT
        bsky2s2 -n -u "$URL$V1" -c 1 >got
        [ "$(sed -n 's/.* cursor=-1 first=\([0-9]*\) .*/\1/p' peer.log |
            tail -1)" -gt "$1" ]
    }
    await beyond 200
    # One that knows where it was gets all in between.
    bsky2s2 -n -i events >want
    bsky2s2 -n -u "$URL$V1" -s earliest -c 300 >got
    same "$(cat got)" "$(head -300 want)"
}

@test "the newest segment is replayed whole, as its tip moves on" {
    story 500 1 -v step_us=1000000 >events
    jet --v1 events <<<"live 250
segment 100
after 10 eof"
    at() { # LINE: its time
        sed -n "$1p" events | jq .time_us
    }
    # Times that go back stand behind the first one that is late enough.
    numbers "$V1?cursor=$(at 241)" >got
    same "$(wc -l <got)" 10
    grep -q "cursor=$(at 241) first=200 " peer.log
    # Now all 500 are there.
    numbers "$V1?cursor=$(at 481)" >got
    same "$(wc -l <got)" 10
    grep -q "cursor=$(at 481) first=400 " peer.log
    numbers "$V1?cursor=490" >got
    grep -q "cursor=490 first=490 " peer.log
    numbers "$V1?cursor=$(at 321)" >got
    grep -Eq "cursor=$(at 321) first=3(1.|20) " peer.log
}

@test "the floor moves between connections, clamps or refuses" {
    story 300 1 >events1
    story 300 2 >events2
    jet --v1 events1 --v2 events2 <<<"filter off
connection
floor 100
after 5 eof
connection
floor 200
connection
floor 200
after 5 eof
connection
floor 250
after 5 eof"
    numbers "$V1?cursor=20" >got
    same "$(head -1 got | cut -d ' ' -f 1)" 100
    raw "$V2?cursor=20" >got
    grep -aq 'CursorTooOld.* 200"' got
    raw "$V2?cursor=1600000000000000" >got
    grep -aq OutdatedCursor got
    grep -aoE '"seq":[0-9]+' got | head -1 | grep -qx '"seq":200'
    numbers "$V1?cursor=20" >got
    same "$(head -1 got | cut -d ' ' -f 1)" 250
}

@test "a story: the same decisions on both wires, whatever the seed" {
    for seed in 1 2 3; do
        story 2000 1 -v seed="$seed" >one
        story 2000 2 -v seed="$seed" >two
        story 2000 1 -v seed="$seed" | cmp one -
        bsky2s2 -n -i one >decided
        bsky2s2 -n -i two | cmp decided -
        # About seven in ten, to all nine streams, no identity twice in one.
        posts=$(jq -r .record.cid decided | sort -u | wc -l)
        [ "$posts" -gt 1300 ] && [ "$posts" -lt 1520 ]
        same "$(jq -r .stream decided | sort -u | wc -l)" 9
        same "$(jq -r '[.stream, .record.did, .record.rkey, .record.cid]
            | @tsv' decided | sort | uniq -d)" ""
        # There are ties, and times that go back by at most 30 s.
        jq .time_us one | awk 'NR > 1 && $1 == last { ties++ }
            NR > 1 && $1 < last { back++; if (last - $1 > most) most = last - $1 }
            { last = $1 }
            END { exit !(ties > 300 && back > 10 && most < 30000000) }'
        if [ "$seed" -gt 1 ] && cmp -s one before; then return 1; fi
        mv one before
    done
}

@test "what a script cannot say of crashes" {
    for line in 'crash' 'crash 1' 'crash 1 2' 'crash 0 1 1' 'crash 1 0 1' \
        'crash 1 1 x' 'crash 1 1 99999999999' 'crash 1 1 1 1'; do
        echo "$line" >bad
        tool fakejet bad
        same "$status" 78
        [[ $stderr == "fakejet: bad:1: "* ]]
    done
    printf '%s\n' 'crash 5 1 1' 'crash 5 1 1' >bad
    tool fakejet bad
    same "$status" 78
    [[ $stderr == "fakejet: bad:2: not in order: 'crash'"* ]]
}
