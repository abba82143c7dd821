#!/usr/bin/env bats
# s2tail against the real S2 server, "s2 lite": the counts of the same
# records in a file.

load ../cli/common
load ../cli/s2
load ../cli/tail
load lite

setup() {
    tail_setup
    lite_setup
}
teardown() { s2_teardown; }

# What s2tail OPTION... tells of the server and of the file is the same.
alike_both() { # OPTION...
    s2tail -1 "$@" >told
    s2tail -b file:x.db -1 "$@" >want
    finals told | telling >got
    finals want | telling >wanted
    test -s wanted
    alike got wanted
    totals told >got
    totals want >wanted
    alike got wanted
}

@test "the same windows and totals as in a file" {
    lite
    posts 20000 >posts
    bsky2s2 -i posts --create-basin
    bsky2s2 -i posts -b file:x.db
    alike_both -w 10ms
    alike_both -w 1s -e 100ms
    alike_both -w 100ms social/
    alike_both -w 100ms -g offsite news/ social/
    times x.db | awk -F '\t' '{ n[$2]++ } END { for (s in n) print s "\t" n[s] }' |
        LC_ALL=C sort >want
    s2tail -1 | totals >got
    alike got want
}

@test "following, while records come and the server restarts with its disk" {
    mkdir disk
    lite --local-root disk
    posts 900 >one
    posts_at 900 1700000010 >two
    bsky2s2 -i one --create-basin
    tail_background -v -s earliest -w 1s -S state
    await grep -q ': found$' err
    kill "$LITE"
    wait "$LITE" || true
    lite --local-root disk
    bsky2s2 -i two
    await awk -F '\t' '$2 == "news/bbc" { n = $4 } END { exit n != 200 }' out
    kill -TERM "$PID"
    wait "$PID"
    s2tail -1 -S state -w 1s | totals >got
    same "$(cut -f 2 got | sort -u)" 200
    same "$(wc -l <got)" 9
}

@test "ended at random, again and again, while records come" {
    lite
    "$S2" create-basin "$S2_BASIN" >/dev/null 2>&1
    random_ends 40
}

@test "a stream that is deleted leaves the others" {
    lite
    posts 90 >posts
    bsky2s2 -i posts --create-basin
    tail_background -v -s earliest -w 1s
    await awk -F '\t' '$2 == "news/bbc" { n = $4 } END { exit n != 10 }' out
    "$S2" delete-stream s2://real-basin/social/youtube 2>/dev/null
    await grep -q '^s2tail: social/youtube: deleted$' err
    posts_at 90 1700000010 bbc.com >more
    bsky2s2 -i more
    await awk -F '\t' '$2 == "news/bbc" { n = $4 } END { exit n != 100 }' out
    kill -0 "$PID"
}

@test "an unknown basin is exit 78" {
    lite
    tool s2tail -b s2://no-such-basin -1
    same "$status" 78
    same "$output" ""
}
