#!/usr/bin/env bats
# What strangers send can neither lead us elsewhere, nor make us large, nor
# bring us down; what we open is ours; what we are built with.

load net

setup() {
    common_setup
    REACH=$BUILD/preload/reach.so
    # The tools may be built with a sanitizer that wants to be first.
    export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
}
teardown() { s2_teardown; }

# Run COMMAND... under the library that notes whom it speaks with: ./reached
# has each address and name, once.
reaching() {
    rm -f reach.log
    : >reached
    tool env LD_PRELOAD="$REACH" REACH_LOG=reach.log "$@"
    [ ! -e reach.log ] || LC_ALL=C sort -u reach.log >reached
}

# A port of this machine that nobody has a reason to visit.
bait() {
    peer fakewire --keep bait --log bait.log
    BAIT=$PORT
}
untouched() {
    same "$(cat bait bait.log)" ""
}

# Posts whose every string is an address: of the bait, of names, of what is
# not http, of a machine's own metadata.
tempting() {
    posts 90 >plain
    jq -c --arg b "127.0.0.1:$BAIT" '.commit.record |= (
        .facets = [{features: [{"$type": "app.bsky.richtext.facet#link",
            uri: "http://\($b)/facet"}, {uri: "https://youtube.com.evil.test/"},
            {uri: "https://169.254.169.254/latest/meta-data"},
            {uri: "file:///etc/passwd"}, {uri: "gopher://\($b)/x"}]}]
        | .text = "http://\($b)/text" | .uri = "http://\($b)/uri"
        | .embed.external.thumb = "http://\($b)/thumb"
        | .embed.external.description = "ws://\($b)/subscribe"
        | .reply = {root: {uri: "http://\($b)/root"}})' plain >full
    grep -q "127.0.0.1:$BAIT/facet" full
}

@test "the logger notes addresses and names, and what cannot be noted ends" {
    bait
    reaching curl -sS -m 0.3 "http://127.0.0.1:$BAIT/"
    grep -qx "connect 127.0.0.1 $BAIT" reached
    reaching getent ahosts localhost
    same "$(cat reached)" "name localhost"
    tool env LD_PRELOAD="$REACH" getent ahosts localhost
    same "$status" 134
}

@test "posts full of URLs: no connection but to the hosts that are configured" {
    local jet basin
    bait
    tempting
    peer fakejet --v1 full
    jet=$PORT
    s2
    basin=${S2_BASIN_ENDPOINT##*:}
    reaching bsky2s2 -u "ws://127.0.0.1:$jet/subscribe" -s earliest -c 60 \
        --unrouted others -o records
    same "$status" 0
    grep -q "127.0.0.1:$BAIT" records
    same "$(grep connect reached)" "$(printf 'connect 127.0.0.1 %s\n' \
        "$jet" "$basin" | LC_ALL=C sort)"
    same "$(grep -v -e connect -e '^name 127.0.0.1$' reached)" ""
    reaching s2tail -1 -g offsite_uri
    same "$status" 0
    grep -q "127.0.0.1:$BAIT" <<<"$output"
    same "$(grep connect reached)" "connect 127.0.0.1 $basin"
    same "$(grep -v -e connect -e '^name 127.0.0.1$' reached)" ""
    untouched
}

@test "posts full of URLs, from a file into a file: no connection at all" {
    bait
    tempting
    reaching bsky2s2 -i full -b file:x.db --unrouted others
    same "$status" 0
    same "$(cat reached)" ""
    reaching s2tail -1 -b file:x.db -g offsite_uri
    same "$status" 0
    grep -q "127.0.0.1:$BAIT" <<<"$output"
    same "$(cat reached)" ""
    untouched
}

# The bytes of a redirect, for a peer that speaks.
redirect() { # STATUS LOCATION
    printf 'HTTP/1.1 %s Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n' \
        "$1" "$2" | od -An -v -tx1 | tr -d ' \n'
}

@test "redirects are not followed: by either link, whatever the code and target" {
    local code target jet basin
    bait
    peer fakejet --v1 "$EVENTS"
    jet=$PORT
    s2
    basin=${S2_BASIN_ENDPOINT##*:}
    while read -r code target; do
        PORT=$jet
        through "downstream speak $(redirect "$code" "$target")"
        reaching bsky2s2 -n -u "ws://127.0.0.1:$PORT/subscribe" \
            --retry-for 1ms
        same "$code $status" "$code 69"
        happened 'downstream speak'
        same "$(grep -v '^name 127.0.0.1$' reached)" "connect 127.0.0.1 $PORT"
        PORT=$basin
        through "downstream speak $(redirect "$code" "$target")"
        s2_at "http://127.0.0.1:$PORT"
        for tool in "bsky2s2 -i $EVENTS" "s2tail -1"; do
            # shellcheck disable=SC2086 # words
            reaching $tool --retry-for 1ms
            same "$code $status" "$code 76"
            same "$(grep -v '^name 127.0.0.1$' reached)" \
                "connect 127.0.0.1 $PORT"
        done
        happened 'downstream speak'
    done <<END
301 http://127.0.0.1:$BAIT/subscribe
302 ws://127.0.0.1:$BAIT/
303 file:///etc/passwd
307 http://169.254.169.254/latest
308 //localhost:$BAIT/
END
    untouched
}

# What a stranger may send in one message: nested 100,000 deep, numbers of
# 10,000 digits, 100,000 facets, a link of 8 MiB, and of 3; and ./good, which
# has what is taken from them.
outsized() {
    awk 'function rep(n, s,   t) {
            for (t = s; length(t) < n * length(s); t = t t) {}
            return substr(t, 1, n * length(s))
        }
        function event(time, key, more) {
            printf "{\"did\":\"did:plc:x\",\"time_us\":%s,\"kind\":\"commit\"," \
                "\"commit\":{\"operation\":\"create\",\"collection\":" \
                "\"app.bsky.feed.post\",\"rkey\":\"%s\",\"cid\":\"c\",\"record\":" \
                "{\"langs\":[\"en\"],\"embed\":{\"external\":{\"uri\":" \
                "\"https://bbc.com/%s\"}}%s}}}\n", time, key, key, more
        }
        function link(n) {
            return "[{\"features\":[{\"uri\":\"https://bbc.com/" \
                rep(n, "x") "\"}]}]"
        }
        BEGIN {
            now = "1700000000000000"
            event(now, "good", "")
            event(now, "deep", ",\"a\":" rep(100000, "[") rep(100000, "]"))
            event(now, "deeper", ",\"a\":" rep(400000, "{\"a\":") "1" \
                rep(400000, "}"))
            event(now, "digits", ",\"a\":" rep(10000, "9"))
            event(now, "fraction", ",\"a\":0." rep(10000, "9"))
            event(now, "power", ",\"a\":1e" rep(10000, "9"))
            event(rep(10000, "9"), "time", "")
            event(now, "cursor", "}},\"cursor\":-" rep(10000, "9") \
                ",\"x\":{\"y\":{")
            event(now, "facets", ",\"facets\":[" \
                rep(100000, "{\"features\":[{\"uri\":\"\"}]},") "0]")
            event(now, "arrays", ",\"a\":[" rep(1000000, "[],") "0]")
            event(now, "link3", ",\"facets\":" link(3000000))
            event(now, "link8", ",\"facets\":" link(8388608))
        }' >outsized
    jq -cn '"good", "fraction", "facets", "arrays", "link3"' >wanted
}

@test "depth, digits, facets, links: what is no nonsense is taken, within bounds" {
    outsized
    within 256 bsky2s2 -n -i outsized
    same "$status" 65
    same "$(jq -c .record.rkey <<<"$output")" "$(cat wanted)"
    [[ $stderr == *"6 malformed lines, 1 too long"* ]]
    sed 's/^/{"stream":"s","seq_num":0,"timestamp":1700000000000,"record":/; s/$/}/' \
        outsized >lines
    within 384 s2tail -i lines -g commit.record.a,commit.record.facets -f json
    same "$status" 65
}

@test "the same from a websocket" {
    outsized
    { head -100 "$EVENTS"; sed -n '/"digits"/p; /"fraction"/p; /"facets"/p;
        /"arrays"/p; /"link3"/p; /"link8"/p' outsized; tail -n +101 "$EVENTS"; } >events
    {
        echo 'connection *'
        sed -n '/"deep"/s/^/once 50 notjson /p; /"power"/s/^/once 60 notjson /p
            /"cursor"/s/^/once 70 notjson /p' outsized
    } >jet.script
    peer fakejet --v1 events --log log jet.script
    within 256 bsky2s2 -n -u "ws://127.0.0.1:$PORT/subscribe" -s earliest -c 145
    same "$status" 0
    same "$(count ^fault log)" 3
}

@test "a bomb of zstd: as an input, in a session" {
    head -c 1000000000 /dev/zero | zstd -q -1 >bomb.zst
    [ "$(wc -c <bomb.zst)" -lt 200000 ]
    within 32 bsky2s2 -n -i bomb.zst
    same "$status" 65
    [[ $stderr == *"0 malformed lines, 1 too long"* ]]
    within 32 s2tail -i bomb.zst
    same "$status" 65
    s2 'seed a 100 -60000 10' 'on follow 1-3 bomb'
    within 32 s2tail -1 --retry-for 20s
    same "$status" 0
    same "$(tail -1 <<<"$output" | cut -f 2,4)" "a	100"
    injected bomb
}

# The files of this test that process PID has open, other than the three: all
# of them, or those that a child would get.
opened() { # PID [would-be-inherited]
    local fd flags name
    for fd in /proc/"$1"/fdinfo/*; do
        name=$(readlink "/proc/$1/fd/${fd##*/}") || continue
        if [ "${fd##*/}" -le 2 ] || [[ $name != "$BATS_TEST_TMPDIR"/* ]]; then
            continue
        fi
        flags=$(sed -n 's/^flags:[[:space:]]*//p' "$fd")
        (((8#$flags & 8#2000000) != 0 && $# > 1)) ||
            echo "${name#"$BATS_TEST_TMPDIR/"}"
    done | sort -u | tr '\n' ' '
}

@test "no file of either tool would be a child's" {
    local open jet
    echo a >file
    exec {open}<file
    same "$(opened $BASHPID would-be-inherited)" "file "
    exec {open}<&-
    peer fakejet --v1 "$EVENTS"
    jet=$PORT
    background -u "ws://127.0.0.1:$jet/subscribe" -s earliest -o records \
        -b file:x.db
    await test -s records
    same "$(opened "$PID")" "records x.db x.db-shm x.db-wal x.db.lock "
    same "$(opened "$PID" would-be-inherited)" ""
    s2tail -b file:x.db -s earliest -S state -o counts -w 100ms >out 2>err \
        3>&- &
    PIDS+=($!)
    await test -s counts
    [[ $(opened $!) == *counts*state.lock*x.db* ]]
    same "$(opened $! would-be-inherited)" ""
    mkfifo in
    background -n -i in
    exec {open}>in
    cat "$EVENTS" >&"$open"
    await test -s out
    same "$(opened "$PID")" "in "
    same "$(opened "$PID" would-be-inherited)" ""
    exec {open}>&-
}

# Runs COMMAND... in a process whose number is in the name of the link that is
# planted before it: PREFIX.PID.SUFFIX.
planted() { # PREFIX SUFFIX COMMAND...
    # shellcheck disable=SC2016 # the inner shell's
    tool sh -c 'ln -s "$PWD/victim" "$1$$$2"; shift 2; exec "$@"' sh "$@"
}

@test "links that somebody has planted are not written through" {
    echo precious >victim
    planted m.prom. .tmp bsky2s2 -i "$EVENTS" -b file:a.db --metrics-file m.prom
    same "$status" 73
    planted c.prom. .tmp s2tail -1 -b file:a.db -f prom -o c.prom
    [ "$status" -ne 0 ]
    for lock in b.db.lock st.lock; do
        ln -s "$PWD/victim" $lock
    done
    tool bsky2s2 -i "$EVENTS" -b file:b.db
    [ "$status" -ne 0 ]
    tool s2tail -1 -b file:a.db -S st
    same "$status" 73
    rm st.lock
    ln -s "$PWD/victim" st.tmp
    tool s2tail -1 -b file:a.db -S st
    same "$status" 0
    same "$(cat victim)" precious
    test ! -L st.tmp
    # Where nobody has planted any, they are written.
    bsky2s2 -i "$EVENTS" -b file:c.db --metrics-file m.prom
    test -s m.prom
}

# What of a program's headers, sections and symbols must be there.
hardened() { # FILE
    local file=$1
    readelf -hW "$file" | grep -q '^ *Type: *DYN ' || echo "no PIE"
    readelf -dW "$file" | grep -q 'FLAGS_1.*PIE' || echo "no PIE flag"
    readelf -dW "$file" | grep -q 'BIND_NOW\|FLAGS_1.*NOW' || echo "no BIND_NOW"
    readelf -lW "$file" | grep -q GNU_RELRO || echo "no RELRO"
    readelf -lW "$file" | grep -q 'GNU_STACK.* RW ' || echo "executable stack"
    ! readelf -lW "$file" | grep -q 'LOAD.* RWE ' || echo "writable code"
    ! readelf -dW "$file" | grep -q TEXTREL || echo "text relocations"
    ! readelf -dW "$file" | grep -q 'R\(UN\)\?PATH' || echo "a run path"
    readelf --dyn-syms -W "$file" | grep -q '__stack_chk_fail' ||
        echo "no stack protector"
    readelf --dyn-syms -W "$file" | grep -q '__.*_chk@' ||
        echo "no FORTIFY"
}

@test "the tools are hardened: PIE, RELRO, BIND_NOW, stack, FORTIFY" {
    command -v readelf >readelf.path || skip "readelf is missing"
    if grep -q "__asan_init\|__gcov_exit" "$BUILD/bsky2s2"; then
        skip "sanitizers are built without"
    fi
    for tool in bsky2s2 s2tail; do
        same "$(hardened "$BUILD/$tool")" ""
    done
    # It finds what is not.
    echo 'int main(void) { return 0; }' >soft.c
    cc -O0 -no-pie -fno-stack-protector -U_FORTIFY_SOURCE -Wl,-z,norelro \
        -Wl,-z,execstack -Wl,-z,lazy -o soft soft.c 2>cc.log ||
        skip "no compiler here"
    same "$(hardened ./soft)" "no PIE
no PIE flag
no BIND_NOW
no RELRO
executable stack
no stack protector
no FORTIFY"
}
