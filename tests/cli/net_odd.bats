#!/usr/bin/env bats
# What servers may do that is rare: odd ends and sizes, JSON that means
# nothing, one side that stands still while the other goes on.

load net
setup() { common_setup; }
teardown() { s2_teardown; }

# A Jetstream server of FILE that follows LINE...; $URL is it on wire v1, and
# $JET its process.
jet() { # FILE LINE...
    local file=$1
    shift
    printf '%s\n' "$@" >jet.script
    rm -f jet.log
    peer fakejet --v1 "$file" --log jet.log jet.script
    JET=${PIDS[-1]}
    URL=ws://127.0.0.1:$PORT/subscribe
}

# From there until N records are told, and all that were decided are held.
delivers() { # FILE N [OPTION...]
    local file=$1 n=$2
    shift 2
    rm -f records x.db*
    background -u "$URL" -s earliest -b file:x.db -o records "$@"
    await has_lines "$n" records
    ends_well "$file"
}
ends_well() { # FILE
    kill -TERM "$PID"
    wait "$PID"
    bsky2s2 -n -i "$1" >decided
    bodies decided >wanted
    dump x.db | cmp - wanted
    bodies records | cmp - wanted
}

@test "closes by other codes: 1003, 1009, 3000" {
    for code in 1003 1009 3000; do
        jet "$EVENTS" connection "after 90 close $code" connection
        delivers "$EVENTS" 141
        grep -q "close $code" jet.log
        grep -q "$code" err
        kill "$JET"
    done
}

@test "a message of 32 MiB and one byte: skipped, and never held" {
    jet "$EVENTS" connection 'after 200 oversize 33554433'
    delivers "$EVENTS" 141
    grep -q 'skipped a message above 4 MiB' err
    grep -q '^fault .*oversize 33554433' jet.log
    within 32 bsky2s2 -n -u "$URL" -s earliest -c 100
    same "$status" 0
    same "$(count '^fault .*oversize 33554433' jet.log)" 2
}

# Lines that are or are not what they seem; a post for each.
odd_json() {
    posts 1 >post
    while IFS='	' read -r key edit; do
        sed "s/r000000/$key/; $edit" post
    done <<'END'
good	
nul-uri	s|youtube.com/|youtube.com\\u0000/|
nul-key	s|"langs"|"a\\u0000b":1,"langs"|
lone-high	s|"langs"|"text":"\\ud800","langs"|
lone-low	s|"langs"|"text":"\\udc00x","langs"|
halves	s|"langs"|"text":"\\udc00\\ud800","langs"|
twice	s|"langs":|"langs":["de"],"langs":|
twice-did	s|"did":|"did":"did:plc:y","did":|
big-time	s|"time_us":[0-9]*|"time_us":18446744073709551616|
big-cursor	s|"kind"|"cursor":99999999999999999999,"kind"|
minus	s|"time_us":|"time_us":-|
fraction	s|"time_us":\([0-9]*\)|"time_us":\1.5|
power	s|"time_us":\([0-9]*\)|"time_us":1e999|
text-time	s|"time_us":\([0-9]*\)|"time_us":"\1"|
langs-null	s|\["en"\]|null|
langs-text	s|\["en"\]|"en"|
langs-deep	s|\["en"\]|[["en"]]|
langs-mixed	s|\["en"\]|[null,7,{},"en"]|
record-list	s|"record":{|"record":[{|; s|}}}}}|}}}]}}|
record-text	s|"record":{.*|"record":"x"}}|
no-record	s|,"record":{.*|}}|
no-commit	s|,"commit":{.*|}|
commit-null	s|"commit":{.*|"commit":null}|
commit-text	s|"commit":{.*|"commit":"x"}|
kind-number	s|"kind":"commit"|"kind":7|
kind-unknown	s|"kind":"commit"|"kind":"novelty"|
did-number	s|"did":"[^"]*"|"did":7|
rkey-list	s|"rkey":"[^"]*"|"rkey":["r"]|
uri-number	s|"uri":"[^"]*"|"uri":7|
uri-list	s|"uri":\("[^"]*"\)|"uri":[\1]|
embed-list	s|"embed":\({.*}\)}}}$|"embed":[\1]}}}|
embed-in-embed	s|"embed":\({.*}\)}}}$|"embed":{"embed":\1}}}}|
media-in-media	s|"embed":\({.*}\)}}}$|"embed":{"media":{"media":\1}}}}}|
record-in-embed	s|"embed":\({.*}\)}}}$|"embed":{"record":{"record":{"embed":\1}}}}}}|
media	s|"embed":\({.*}\)}}}$|"embed":{"media":\1}}}}|
cut	s|}$||
two	s|$|{}|
bare	s|.*|7|
bytes	s|youtube.com/|youtube.com/\xff|
END
}

@test "odd JSON: what is taken, what is passed over, what is malformed" {
    odd_json >odd
    [ "$(wc -l <odd)" -eq 39 ]
    tool bsky2s2 -n -i odd
    same "$status" 65
    # A number that nobody needs may be of any size.
    same "$(jq -r .record.rkey <<<"$output" | tr '\n' ' ')" \
        "good big-cursor langs-mixed media "
    # And from a socket, between good ones.
    { head -100 "$EVENTS"; grep -a -e '"media"' -e '"big-cursor"' odd
        tail -n +101 "$EVENTS"; } >events
    { echo 'connection *'
        sed -n '/"lone-high"\|"twice"\|"power"\|"cut"\|"uri-list"/s/^/once 50 notjson /p' \
            odd; } >lines
    jet events "$(cat lines)"
    delivers events 143
    [ "$(count '^fault .*notjson' jet.log)" -ge 5 ]
}

@test "bytes behind a terminal frame: the session is over, and taken up again" {
    s2 'seed social/a 2500 -60000 10' \
        'on follow social/a 1 after 700 overrun 503 unavailable' \
        'on follow social/a 2 after 900 overrun 500 storage'
    tool s2tail -1
    same "$status" 0
    same "$(tail -1 <<<"$output" | cut -f 2,4)" "social/a	2500"
    injected 'overrun 503 unavailable' 'overrun 500 storage'
}

@test "stopped for longer than the server waits, and then going on" {
    posts 1600 1700000000 "bbc.com cnn.com" 7000 >many
    jet many
    background -u "$URL" -s earliest -b file:x.db -o records
    await test -s records
    kill -STOP "$PID"
    # The server gives up somebody who has not read for five seconds.
    await grep -q ^drop jet.log
    same "$(count '^subscribe' jet.log)" 1
    kill -CONT "$PID"
    await has_lines 1600 records
    ends_well many
    [ "$(count '^subscribe' jet.log)" -ge 2 ]
}

@test "S2 stands still while Jetstream goes on: closed, bounded, then resumed" {
    posts 1600 1700000000 "bbc.com cnn.com" 7000 >many
    jet many
    s2
    background -u "$URL" -s earliest -o records --no-compress
    await test -s records
    kill -STOP "$S2"
    await grep -q 'closed until there is room' err
    # Queues, lines and buffers, not all of the posts; a sanitizer's are more.
    grep -q __asan_init "$BUILD/bsky2s2" ||
        [ "$(awk '/^VmHWM:/ { print $2 }' "/proc/$PID/status")" -lt 49152 ]
    kill -CONT "$S2"
    await has_lines 1600 records
    kill -TERM "$PID"
    wait "$PID"
    holds many
    [ "$(count '^subscribe .*cursor=[0-9]' jet.log)" -ge 2 ]
}
