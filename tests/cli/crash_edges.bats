#!/usr/bin/env bats
# Edges on the basin's side: what can be there, or no more, when a job comes
# back, or while it runs.

load common
load s2
load crash
load crash_scene

setup() {
    common_setup
    CRASH_OPTIONS=(--linger 5ms)
}
teardown() { s2_teardown; }

@test "empty streams" {
    scene fakes2 'seed news/bbc 0' "seed $CRASH_K 0"
    first_life 20
    recovers
    said 0 "$GAP"
}

@test "all records are gone but for the tails, on S2" {
    scene fakes2 'on tail news/bbc 2 trim 100000'
    first_life 150
    recovers_but news/bbc
    faulted 'op=tail .* trim 100000'
    # What is older than the checkpoint is not asked for again, but for a
    # minute of it.
    [ "$(wc -l <part)" -gt 0 ]
}

@test "all records have expired, in a file" {
    scene file
    first_life 150
    sql "DELETE FROM record WHERE stream != (SELECT id FROM stream
        WHERE name = '$CRASH_K')"
    recovers_but '.*'
    # From a minute before the checkpoint on.
    [ "$(wc -l <held)" -gt 80 ] && [ "$(wc -l <held)" -lt "$(wc -l <wanted)" ]
}

@test "the tail is a command" {
    scene fakes2
    first_life 150
    commands news/bbc 1 fence ''
    commands social/reddit 3 fence ''
    recovers
    said 0 "$GAP"
    grep -q '^bsky2s2: .*going on from' err
}

@test "a thousand fences in a row behind the checkpoints" {
    scene fakes2
    first_life 150
    commands "$CRASH_K" 1000 fence ''
    commands "$CRASH_K" 100 fence ''
    recovers
    said 0 "$GAP"
    said 1 'going on from'
}

@test "nothing but fences where the checkpoints should be" {
    mapfile -t fences < <(yes "command $CRASH_K" | head -1000)
    scene fakes2 "${fences[@]}"
    recovers
    said 1 'gap from unknown to unknown: the checkpoints were trimmed'
}

@test "checkpoints trimmed while down: in part, and whole" {
    scene fakes2 "on tail $CRASH_K 2 trim 2" "on tail $CRASH_K 3 trim 100000"
    first_life 100
    bsky2s2 -u "$URL" -c 50 2>>err
    said 0 "$GAP"
    said 1 'going on from'
    recovers
    faulted 'op=tail .* trim 100000'
    said 1 'gap from unknown to unknown: the checkpoints were trimmed'
    # What there is then is whole again.
    crash_last
    said 2 'going on from'
}

@test "checkpoints gone and --on-gap fail: 76, and nothing is written" {
    scene fakes2 "on tail $CRASH_K 2 trim 100000"
    first_life 100
    crash_held >before
    tool timeout 20 bsky2s2 -u "$URL" --until "$UNTIL" --on-gap fail
    same "$status" 76
    crash_held | cmp before -
}

@test "checkpoints trimmed while running" {
    scene fakes2 "on append $CRASH_K 2 trim 100000"
    crash_last
    faulted 'op=append .* trim 100000'
    recovers
    said 0 "$GAP"
    said 1 'going on from'
}

@test "checkpoints deleted while down" {
    scene fakes2
    first_life 150
    crash_ask DELETE "/${CRASH_K//\//%2F}"
    recovers
}

@test "checkpoints deleted while running" {
    scene fakes2 "on append $CRASH_K 2 delete"
    crash_last
    faulted 'op=append .* delete'
    said 1 "$CRASH_K: the stream was deleted or its store lost data: made anew"
    recovers
    said 1 'going on from'
}

@test "somebody else appends where the checkpoints are, while down" {
    scene fakes2
    first_life 150
    crash_ask POST "/${CRASH_K//\//%2F}/records" '{"records":[{"body":"a"}]}'
    recovers
    said 1 'is no checkpoint: skipped'
    said 1 'going on from'
}

@test "somebody else appends where the checkpoints are, while running" {
    scene fakes2 "on append $CRASH_K 2 foreign 3"
    crash_last
    faulted 'op=append .* foreign 3'
    said 1 'is no checkpoint: skipped'
    recovers
    said 1 'going on from'
}

@test "somebody else's fence where the checkpoints are: 79, then resumed" {
    scene fakes2 "on append $CRASH_K 2 command"
    crash_arguments
    tool timeout 20 bsky2s2 "${ARGUMENTS[@]}"
    same "$status" 79
    faulted 'op=append .* command'
    recovers
}

@test "a stream deleted while down" {
    scene fakes2
    first_life 150
    crash_ask DELETE /news%2Fbbc
    recovers_but news/bbc
    [ "$(wc -l <part)" -gt 0 ]
}

@test "a stream deleted while down, in a file" {
    scene file
    first_life 150
    sql "DELETE FROM record WHERE stream = (SELECT id FROM stream
        WHERE name = 'news/bbc'); DELETE FROM stream WHERE name = 'news/bbc'"
    recovers_but news/bbc
    [ "$(wc -l <part)" -gt 0 ]
}

@test "a stream deleted while running: a gap is said, then all goes on" {
    PACE=400 scene fakes2 'on append news/bbc 3 delete'
    recovers_but news/bbc
    faulted 'op=append .* delete'
    said 1 'news/bbc: gap: '
}

@test "a stream deleted while running and --on-gap fail: 76" {
    PACE=400 scene fakes2 'on append news/bbc 3 delete'
    crash_arguments --on-gap fail
    tool timeout 20 bsky2s2 "${ARGUMENTS[@]}"
    same "$status" 76
    # A life that may go on does.
    recovers_but news/bbc
}

@test "a retention shorter than the memory" {
    scene file
    first_life 150 --retention 1ms
    # Nothing of it may be left; then the checkpoints are gone, too.
    CRASH_OPTIONS+=(--retention 1ms)
    tool timeout 20 bsky2s2 -u "$URL" --until "$UNTIL" "${CRASH_OPTIONS[@]}"
    same "$status" 0
    grep -q 'gap .*the checkpoints were trimmed or have expired' <<<"$stderr"
    same "$(dump basin.db | sort | uniq -d)" ""
}

@test "timestamps are required" {
    PACE=400 scene fakes2 require-timestamps 'on append news/bbc 3 hold 60000'
    crash_start
    await faulted 'op=append .* hold 60000'
    killed
    recovers
}

@test "a basin that makes streams by itself" {
    PACE=400 scene fakes2 autocreate 'on append news/bbc 3 hold 60000'
    crash_start
    await faulted 'op=append .* hold 60000'
    killed
    recovers
}

@test "409 of all kinds at creation" {
    scene fakes2 "on create $CRASH_K 1-2 status 409 transaction_conflict" \
        "on create $CRASH_K 3 status 409 stream_deletion_pending" \
        'on create news/bbc 1 status 409 transaction_conflict' \
        'on create news/cnn 1 status 409 stream_deletion_pending'
    first_life 150
    faulted "stream=$CRASH_K n=2 status 409 transaction_conflict"
    faulted "stream=$CRASH_K n=3 status 409 stream_deletion_pending"
    faulted 'stream=news/bbc .* status 409 transaction_conflict'
    faulted 'stream=news/cnn .* status 409 stream_deletion_pending'
    recovers
    # And those that say that it is there.
    grep -q "^answer .* op=create stream=$CRASH_K 409" log
}
