#!/usr/bin/env bats
# Events from a file or a pipe, decisions to stdout.

load common
setup() { common_setup; }
teardown() { common_teardown; }

post() { # RKEY LINK
    printf '{"did":"did:plc:a","time_us":1795370400000000,"kind":"commit","commit":{"operation":"create","collection":"app.bsky.feed.post","rkey":"%s","cid":"c","record":{"langs":["en"],"embed":{"external":{"uri":"%s"}}}}}\n' "$1" "$2"
}

@test "a record, to the byte" {
    post r1 https://youtu.be/x >one.jsonl
    tool bsky2s2 -n -i one.jsonl
    same "$status" 0
    same "$stderr" ""
    same "$output" '{"stream":"social/youtube","timestamp":1795370400000,"record":{"did":"did:plc:a","rkey":"r1","created_at":null,"observed_at":"2026-11-22T18:00:00.000000+00:00","cid":"c","offsite":"youtube.com","offsite_uri":"https://youtu.be/x"}}'
}

@test "both wires decide alike" {
    tool bsky2s2 -n -i "$EVENTS"
    same "$status" 0
    same "$stderr" ""
    [ "${#lines[@]}" -eq 141 ]
    same "$(bsky2s2 -n -i "$EVENTS2")" "$output"
}

@test "the shared posts decide as expected" {
    local data=$ROOT/../shared/data
    [ -r "$data/posts-links.jsonl" ] || skip "no shared data here"
    bsky2s2 -n -i "$data/posts-links.jsonl" >out
    same "$(sed 's/^{"stream":"\([^"]*\)","timestamp":[0-9]*,"record":\(.*\)}$/\1	\2/' out)" \
        "$(cat "$data/posts-links.expected.tsv")"
}

@test "stdin, a pipe, zstd and a last line without a newline are the same" {
    local want
    want=$(bsky2s2 -n -i "$EVENTS")
    same "$(bsky2s2 -n -i - <"$EVENTS")" "$want"
    same "$(cat "$EVENTS" | bsky2s2 -n -i -)" "$want"
    zstd -q "$EVENTS" -o events.zst
    same "$(bsky2s2 -n -i events.zst)" "$want"
    same "$(cat events.zst | bsky2s2 -n -i -)" "$want"
    printf %s "$(cat "$EVENTS")" >no-newline
    same "$(bsky2s2 -n -i no-newline)" "$want"
}

@test "malformed lines are named, the rest runs, exit 65" {
    { post r1 https://cnn.com; echo '{"kind":'; post r2 https://cnn.com
      echo '{"kind":"commit"}'; } >bad.jsonl
    tool bsky2s2 -n -i bad.jsonl
    same "$status" 65
    same "${#lines[@]}" 2
    [[ ${stderr_lines[0]} == "bsky2s2: bad.jsonl:2: "* ]]
    [[ ${stderr_lines[1]} == "bsky2s2: bad.jsonl:4: "* ]]
    same "${stderr_lines[2]}" \
        "bsky2s2: bad.jsonl: 2 malformed lines, 0 too long"
}

# An event as the servers spell it: no post; what makes it damaged is behind.
like() { # TIME_US [DAMAGE]
    printf '{"did":"did:plc:a","time_us":%s,"cursor":7,"kind":"commit","commit":{"rev":"r","operation":"create","collection":"app.bsky.feed.like","rkey":"k","record":{}%s,"cid":"c"}}\n' "$1" "${2-}"
}

@test "behind what shows that it is not wanted, damage goes unseen" {
    { like 1795370400000000 ',"rkey":"k"'; post r1 https://cnn.com
      like 1795370400000000 ',"rkey":"k"'; } >in
    # The first event tells where an input begins: it is looked at.
    tool bsky2s2 -n -i in
    same "$status" 65
    same "${#lines[@]}" 1
    same "${stderr_lines[-1]}" "bsky2s2: in: 1 malformed lines, 0 too long"
}

@test "a damaged event does not end a run by its time" {
    { like 1795370400000000; post r1 https://cnn.com
      like 1795370420000000 ',"rkey":"k"'; post r2 https://cnn.com; } >in
    tool bsky2s2 -n -i in --until 2026-11-22T18:00:10Z
    same "$status" 65
    same "${#lines[@]}" 2
    { like 1795370400000000; post r1 https://cnn.com
      like 1795370420000000; like 1795370421000000; post r2 https://cnn.com
    } >in
    tool bsky2s2 -n -i in --until 2026-11-22T18:00:10Z
    same "$status" 0
    same "${#lines[@]}" 1
}

@test "an input that is cut off ends with 65, whatever its last line is" {
    { post r1 https://cnn.com; like 1795370400000000; } >in
    head -c -30 in >cut
    tool bsky2s2 -n -i cut
    same "$status" 65
    same "${#lines[@]}" 1
    head -c -1 in >whole
    tool bsky2s2 -n -i whole
    same "$status" 0
}

@test "a line above 4 MiB is skipped and counted, exit 65" {
    { post r1 https://cnn.com
      printf '{"kind":"'; head -c 5000000 /dev/zero | tr '\0' x; printf '"}\n'
      post r2 https://cnn.com; } >big.jsonl
    tool bsky2s2 -n -i big.jsonl
    same "$status" 65
    same "${#lines[@]}" 2
    same "$stderr" "bsky2s2: big.jsonl: 0 malformed lines, 1 too long"
    # A line that is read whole at once, too; not one of just 4 MiB.
    { head -c 4194304 /dev/zero | tr '\0' x; echo
      head -c 4194305 /dev/zero | tr '\0' x; echo; } >edge.jsonl
    tool bsky2s2 -n -i edge.jsonl
    same "$status" 65
    [[ $stderr == *": 1 malformed lines, 1 too long" ]]
}

@test "a missing file is exit 66, broken zstd 65" {
    tool bsky2s2 -n -i nowhere
    same "$status" 66
    same "$stderr" "bsky2s2: nowhere: No such file or directory"
    tool bsky2s2 -n -i .
    same "$status" 66
    zstd -q "$EVENTS" -o whole.zst
    head -c 3000 whole.zst >cut.zst
    tool bsky2s2 -n -i cut.zst
    same "$status" 65
    { head -c 100 whole.zst; echo rubbish; } >broken.zst
    tool bsky2s2 -n -i broken.zst
    same "$status" 65
}

@test "-c, --until and --since bound what is taken" {
    local want
    want=$(bsky2s2 -n -i "$EVENTS")
    tool bsky2s2 -n -i "$EVENTS" -c 7
    same "$status" 0
    same "$output" "$(head -7 <<<"$want")"
    tool bsky2s2 -n -i "$EVENTS" --until 2026-11-22T18:00:05Z
    same "$output" "$(jq -c 'select(.record.observed_at < "2026-11-22T18:00:05")' <<<"$want")"
    tool bsky2s2 -n -i "$EVENTS" --since 2026-11-22T18:00:05Z
    same "$output" "$(jq -c 'select(.record.observed_at >= "2026-11-22T18:00:05")' <<<"$want")"
}

@test "--expect" {
    tool bsky2s2 -n -i "$EVENTS" --expect 141
    same "$status" 0
    tool bsky2s2 -n -i "$EVENTS" --expect 142
    same "$status" 1
}

@test "languages" {
    lang() { # LANGS OPTION...
        printf '{"did":"d","time_us":1,"kind":"commit","commit":{"operation":"create","collection":"app.bsky.feed.post","rkey":"r","cid":"c","record":{%s"embed":{"external":{"uri":"https://cnn.com"}}}}}\n' "$1" >lang.jsonl
        bsky2s2 -n -i lang.jsonl "${@:2}" | wc -l
    }
    same "$(lang '"langs":["en-GB"],')" 1
    same "$(lang '"langs":["EN"],')" 1
    same "$(lang '"langs":["en_US"],')" 0
    same "$(lang '"langs":["fr","en"],')" 1
    same "$(lang '')" 0
    same "$(lang '' -l any)" 1
    same "$(lang '"langs":["fr"],' -l any)" 1
    same "$(lang '"langs":["en"],' -l en-GB)" 0
    same "$(lang '"langs":["en-gb"],' -l en-GB)" 1
    same "$(lang '"langs":["fr-CA"],' -l en -l fr)" 1
}

@test "--links" {
    printf '{"did":"d","time_us":1,"kind":"commit","commit":{"operation":"create","collection":"app.bsky.feed.post","rkey":"r","cid":"c","record":{"langs":["en"],"facets":[{"features":[{"uri":"https://cnn.com"}]}],"embed":{"external":{"uri":"https://bbc.com"}}}}}\n' >links.jsonl
    streams() { bsky2s2 -n -i links.jsonl "$@" | jq -r .stream | tr '\n' ' '; }
    same "$(streams)" "news/cnn news/bbc "
    same "$(streams --links facets)" "news/cnn "
    same "$(streams --links embeds)" "news/bbc "
}

@test "routes of one's own" {
    { post r1 https://a.example.org/; post r2 https://m.youtube.com/
      post r3 https://cnn.com/; } >posts.jsonl
    pairs() { bsky2s2 -n -i posts.jsonl "$@" |
        jq -r '.stream + "=" + .record.offsite' | tr '\n' ' '; }
    same "$(pairs)" "social/youtube=youtube.com news/cnn=cnn.com "
    same "$(pairs -r example.org=x)" \
        "x=example.org social/youtube=youtube.com news/cnn=cnn.com "
    same "$(pairs -r m.youtube.com=mobile)" \
        "mobile=m.youtube.com news/cnn=cnn.com "
    same "$(pairs -r cnn.com=mine)" \
        "social/youtube=youtube.com mine=cnn.com "
    same "$(pairs --no-default-routes -r example.org=x)" "x=example.org "
    same "$(pairs --prefix p/)" "p/social/youtube=youtube.com p/news/cnn=cnn.com "
    same "$(pairs --unrouted rest)" \
        "rest=a.example.org social/youtube=youtube.com news/cnn=cnn.com "
    printf '# mine\n\nx example.org e.org\n' >routes
    same "$(pairs -R routes --no-default-routes)" "x=example.org "
    printf 'x example.org\nbroken\n' >routes
    tool bsky2s2 -n -i posts.jsonl -R routes
    same "$status" 78
    [[ $stderr == "bsky2s2: routes:2: "* ]]
    tool bsky2s2 -n -i posts.jsonl -R nowhere
    same "$status" 66
    tool bsky2s2 -n -i posts.jsonl --no-default-routes
    same "$status" 78
}

@test "--max-age by the record key" {
    # 3n2w6ziwwwwws is some hours old at the event's time, at most a day
    post 3n2w2222222ws https://cnn.com >old.jsonl
    same "$(bsky2s2 -n -i old.jsonl | wc -l)" 1
    same "$(bsky2s2 -n -i old.jsonl --max-age 10m | wc -l)" 0
    same "$(bsky2s2 -n -i old.jsonl --max-age 0 | wc -l)" 1
    post 3jzfcijpj2z2a https://cnn.com >older.jsonl
    same "$(bsky2s2 -n -i older.jsonl | wc -l)" 0
    same "$(bsky2s2 -n -i older.jsonl --max-age 0 | wc -l)" 1
}

@test "SIGPIPE ends quietly, at once" {
    set +o pipefail
    yes "$(head -40 "$EVENTS")" | head -100000 >many.jsonl
    run bash -c 'bsky2s2 -n -i many.jsonl 2>err | head -1; echo ${PIPESTATUS[0]}'
    same "${lines[1]}" 141
    same "$(cat err)" ""
}

@test "a full disk under -o is exit 74" {
    [ -w /dev/full ] || skip "no /dev/full here"
    run --separate-stderr bash -c "bsky2s2 -n -i '$EVENTS' >/dev/full"
    same "$status" 74
    same "$stderr" "bsky2s2: output: No space left on device"
    tool bsky2s2 -n -i "$EVENTS" -o nowhere/file
    same "$status" 73
}

@test "TERM before a reader that is stuck: 75, and what was not written is said" {
    for i in $(seq 1 60); do cat "$EVENTS"; done >many.jsonl
    mkfifo stuck
    exec {both}<>stuck
    bsky2s2 -n -i many.jsonl --stats 50ms >stuck 2>err 3>&- &
    PID=$!
    PIDS+=("$PID")
    await grep -q 'matches=[0-9]\{4,\}' err
    kill -TERM "$PID"
    kill -TERM "$PID"
    wait "$PID" && st=0 || st=$?
    exec {both}>&-
    same "$st" 75
    grep -q 'bytes of output were not written' err
}

@test "a signal ends it while a fifo has no other end" {
    mkfifo in out.fifo
    for options in "-i in" "-i $EVENTS -o out.fifo"; do
        # shellcheck disable=SC2086 # two words and more
        background -n $options
        await grep -q '^State:.S' "/proc/$PID/status"
        kill -TERM "$PID"
        wait "$PID" && st=0 || st=$?
        same "$st" 143
    done
}
