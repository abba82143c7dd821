#!/usr/bin/env bats
# What make bench measures with: the corpus, and the programs that take time,
# lag and the cost of a bare websocket.

load common
setup() {
    common_setup
    PATH=$BUILD/bench:$PATH
}
teardown() { common_teardown; }

# What jq's FILTER makes of all the events of a file, slurped.
about() { # FILE FILTER
    jq -cs "$2" "$1"
}

# Whether LOW <= NUMBER <= HIGH.
between() { # LOW NUMBER HIGH
    awk -v low="$1" -v n="$2" -v high="$3" \
        'BEGIN { exit !(low <= n && n <= high) }' && return 0
    echo "$2 is not from $1 to $3"
    return 1
}

# The fields of the only line of a file of measure's, as WALL, CPU, PEAK and
# STATUS.
measured() { # FILE
    same "$(wc -l <"$1")" 1
    read -r WALL CPU PEAK STATUS <"$1"
}

# A line of bsky2s2 for an event so many seconds ago.
acked() { # SECONDS
    printf '{"stream":"news/bbc","seq_num":1,"timestamp":1,"record":{%s,%s}}\n' \
        '"did":"did:plc:a","rkey":"r","created_at":null' \
        "$(date -u -d "-$1 seconds" \
            '+"observed_at":"%Y-%m-%dT%H:%M:%S.%6N+00:00","cid":"c"')"
}

# The same N times.
acked_times() { # N SECONDS
    yes "$(acked "$2")" | head -n "$1"
}

@test "corpus: the same bytes for the same arguments" {
    for kind in mix hot wide; do
        corpus $kind 500 7 >one
        corpus $kind 500 7 >two
        corpus $kind 500 8 >other
        cmp one two
        same "$(wc -l <one)" 500
        run cmp -s one other
        same "$status" 1
        corpus $kind 200 7 | cmp - <(head -n 200 one)
    done
    corpus mix 50 | cmp - <(corpus mix 50 1)
}

@test "corpus: compact JSON with distinct keys, escaped as by the servers" {
    local kind
    for kind in mix hot wide; do
        corpus $kind 3000 >events
        run grep -q '[&<>]' events
        same "$status" 1
        # jq keeps the order of keys, and of those that repeat the last.
        jq -c . events >round
        sed 's/\\u0026/\&/g; s/\\u003c/</g; s/\\u003e/>/g' events | cmp - round
    done
    corpus mix 3000 | grep -q 'u0026'
}

@test "corpus: times and cursors rise, keys are unique" {
    corpus mix 5000 >events
    same "$(about events '[range(1; length) as $i | [.[$i].time_us -
        .[$i - 1].time_us, .[$i].cursor - .[$i - 1].cursor]] | unique')" \
        '[[500,1]]'
    same "$(about events '[.[].commit | select(.operation == "create")] |
        [length - (unique_by(.rkey) | length),
         length - (unique_by(.cid) | length)]')" '[0,0]'
    # A record is made before its event, not long before.
    same "$(about events '[.[] | select(.commit.record.createdAt) |
        .time_us / 1000000 - (.commit.record.createdAt |
        sub("(\\.[0-9]+)?(Z|\\+00:00)$"; "Z") | fromdate)] |
        min > 0 and max < 4')" true
}

@test "corpus: mix has the shares of a real server" {
    corpus mix 20000 >events
    same "$(bsky2s2 -n -i events 2>&1 >out)" ""
    between 10 "$(wc -l <out)" 30
    between 550 "$(($(wc -c <events) / 20000))" 580
    about events '
        def share(f): map(select(f)) | length;
        def link: [.facets[]?.features[]?.uri, .embed.external.uri,
            .embed.media.external.uri] | map(select(.)) | unique | .[];
        def what: [.kind, .commit.operation, .commit.collection] |
            map(select(.)) | join(" ");
        length as $n | (group_by(what)[] | "\(.[0] | what)\t\(length / $n)"),
        (map(select(.commit.collection == "app.bsky.feed.post" and
            .commit.operation == "create") | .commit.record) |
            length as $n | {reply: share(.reply), linked: share([link] != []),
            images: share(.embed.images), tagged: share([.facets[]?.features[]
            .tag // empty] != []), quote: share(.embed.record),
            english: share([.langs[]? | select(test("^en"))] != []),
            unknown: share(.langs == null)} |
            to_entries[] | "\(.key)\t\(.value / $n)")' |
        tr -d '"' | sed 's/\\t/\t/' >shares
    while IFS='	' read -r low what high; do
        between "$low" "$(awk -F '\t' -v what="$what" \
            '$1 == what { print $2 }' shares)" "$high" || { cat shares; false; }
    done <<'EOF'
.68	commit create app.bsky.feed.like	.70
.105	commit create app.bsky.feed.post	.115
.09	commit create app.bsky.feed.repost	.11
.035	commit create app.bsky.graph.follow	.045
.015	commit delete app.bsky.graph.follow	.025
.005	commit create app.bsky.graph.block	.009
.005	commit delete app.bsky.feed.post	.009
.005	commit update app.bsky.actor.status	.009
.005	commit update fm.teal.alpha.actor.status	.009
.004	identity	.008
.004	account	.008
.18	linked	.22
.38	reply	.44
.08	images	.13
.10	tagged	.14
.05	quote	.09
.37	english	.43
.04	unknown	.08
EOF
}

@test "corpus: exactly one in ten of hot matches, and each stream gets some" {
    corpus hot 4000 >events
    same "$(bsky2s2 -n -i - <events 2>&1 >out)" ""
    same "$(wc -l <out)" 400
    same "$(jq -r .stream out | sort -u | tr '\n' ' ')" "$(printf '%s ' \
        ecommerce/amazon ecommerce/ebay ecommerce/etsy news/bbc news/cbc \
        news/cnn social/facebook social/reddit social/youtube)"
    same "$(about events 'map(.commit.record | select([.facets[]?.features[]?
        .uri // empty, .embed.external.uri, .embed.media.external.uri] |
        any)) | length')" 4000
    # One in each ten, at no fixed place.
    jq -r .record.cid out | grep -nFf - events |
        awk -F : '{ tens[int(($1 - 1) / 10)]++; place[$1 % 10]++ }
            END { for (t in tens) n++; for (p in place) k++; print n, k }' >n
    same "$(cat n)" "400 10"
}

@test "corpus: all of wide matches, evenly, with its routes" {
    corpus routes 70 >routes
    same "$(sed -n '1p;$p' routes)" "site0 site0.example
site69 site69.example"
    corpus wide 1400 3 70 >events
    same "$(bsky2s2 -n -i events --no-default-routes --routes routes \
        2>&1 >out)" ""
    same "$(jq -r .stream out | sort | uniq -c | awk '{ print $1 }' |
        sort | uniq -c | tr -s ' ')" " 70 20"
}

@test "corpus: what is no number, or no kind, is a usage error" {
    for arguments in "" mix "mix x" "mix -1" "cold 5" "wide 5 1 0" "routes" \
        "routes 0" "routes 5 1" "mix 1 2 3 4"; do
        # shellcheck disable=SC2086 # they are several
        tool corpus $arguments
        same "$status" 64
        same "$output" ""
        [[ $stderr == "usage: corpus "* ]]
    done
    tool sh -c 'corpus mix 5000 >/dev/full'
    same "$status" 74
}

@test "measure: the exit status, and stdio passes through" {
    local status_of
    same "$(echo in | measure m sh -c 'cat; echo err >&2' 2>err)" in
    same "$(cat err)" err
    measured m
    same "$STATUS" 0
    for status_of in "3:exit 3" '137:kill -KILL $$'; do
        rm m
        tool measure m sh -c "${status_of#*:}"
        same "$status" "${status_of%%:*}"
        measured m
        same "$STATUS" "$status"
    done
    rm m
    run -127 --separate-stderr measure m ./no-such-program
    same "$stderr" "measure: ./no-such-program: No such file or directory"
    measured m
    measure m true
    same "$(wc -l <m)" 2
    tool measure no-such-directory/m touch ran
    same "$status" 73
    [ ! -e ran ]
}

@test "measure: time, CPU of a busy grandchild, peak of a large one" {
    measure m sleep 0.3
    measured m
    between 0.3 "$WALL" 5
    between 0 "$CPU" 0.1
    rm m
    # So many ticks of CPU, however long that takes.
    cat >busy <<'EOF'
while read -ra stat </proc/$$/stat && [ $((stat[13] + stat[14])) -lt "$1" ]
do :; done
EOF
    measure m sh -c 'bash busy 20; true'
    measured m
    between 0.19 "$CPU" 1
    between "$CPU" "$WALL" 60
    rm m
    measure m sh -c 'dd if=/dev/zero of=/dev/null bs=64M count=1; true'
    measured m
    between 65536 "$PEAK" 90000
}

@test "measure: a TERM ends the command, which is still measured" {
    measure m sh -c 'trap "exit 9" TERM; : >up; while :; do sleep 0.1; done' \
        3>&- &
    PIDS+=($!)
    await test -e up
    kill "$!"
    await test -s m
    measured m
    same "$STATUS" 9
}

@test "lag: percentiles of what is acked" {
    { acked_times 198 5; acked_times 2 60; } >lines
    read -r n p50 p99 max < <(lag <lines)
    same "$n" 200
    between 5000 "$p50" 50000
    between 5000 "$p99" 50000
    between 60000 "$max" 110000
    { acked_times 197 5; acked_times 3 60; } >lines
    read -r n p50 p99 max < <(lag <lines)
    between 5000 "$p50" 50000
    between 60000 "$p99" 110000
}

@test "lag: a line counts when it comes, not when all have come" {
    read -r n p50 p99 max < <({ acked 0; sleep 2; acked 0; } | lag)
    same "$n" 2
    between 0 "$max" 1900
}

@test "lag: nothing, and what is no record, are errors" {
    tool lag </dev/null
    same "$status $output $stderr" "65  lag: no records"
    { acked 1; echo '{"stream":"news/bbc"}'; } >lines
    tool lag <lines
    same "$status $output $stderr" "65  lag: line 2: no observed_at"
}

@test "lag: of what bsky2s2 says it delivered" {
    corpus hot 500 >events
    bsky2s2 -i events -b file:links.db -o - | lag >lag
    read -r n p50 p99 max <lag
    same "$n" 50
    between 1 "$p50" "$max"
}

@test "barelws: as many messages as asked for, and their bytes" {
    corpus mix 3000 >events
    peer fakejet --v1 events
    tool barelws "$PORT" /subscribe 3000
    same "$status" 0
    same "$output" "3000 $(($(wc -c <events) - 3000))"
    tool barelws "$PORT" /subscribe 100
    same "$output" "100 $(($(head -n 100 events | wc -c) - 100))"
}

@test "barelws: pieces of a message are one, an early end is an error" {
    corpus mix 300 >events
    printf 'after 1 fragments 100\nafter 200 eof\n' >script
    peer fakejet --v1 events script
    tool barelws "$PORT" /subscribe 150
    same "$output" "150 $(($(head -n 150 events | wc -c) - 150))"
    tool barelws "$PORT" /subscribe 300
    same "$status" 69
    same "$output" "200 $(($(head -n 200 events | wc -c) - 200))"
    same "$stderr" "barelws: the connection ended too early"
    tool barelws "$PORT" /nothing 1
    same "$status $output" "69 0 0"
    tool barelws "$PORT" subscribe 1
    same "$status" 64
}

@test "the peers filter by the tool's default map" {
    bsky2s2 --check-config | sed -n 's/^route=//p' >map
    [ -s map ]
    for peer in filter.jq filter.py; do
        awk '/^"/ { on = 0 }
            /^[a-z]*\/[a-z]* [a-z]*\./ { on = 1 }
            on && /^  / { sub(/^ */, ""); line = line " " $0; next }
            on { if (line != "") print line; line = $0 }
            END { print line }' "$ROOT/tests/bench/peers/$peer" >its
        diff map its
    done
}
