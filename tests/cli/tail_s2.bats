#!/usr/bin/env bats
# s2tail against a fake S2 server that misbehaves: every record is counted
# once, whatever happens to the sessions.

load common
load s2
load tail
setup() { tail_setup; }
teardown() { s2_teardown; }

# Three streams with 2,500 records each, and LINE...
seeded() { # LINE...
    s2 "seed social/a 2500 -60000 10" "seed social/b 2500 -60000 10" \
        "seed news/c 2500 -60000 10" "$@"
}

# A run to the tails counts every record once, in spite of LINE...
counts_all() { # LINE...
    seeded "$@"
    tool s2tail -1
    same "$* : $status" "$* : 0"
    same "$(totals <<<"$output")" "news/c	2500
social/a	2500
social/b	2500"
    s2_end
}

@test "no fault; a prefix; nothing is said" {
    counts_all "on any none"
    same "$stderr" ""
    seeded
    same "$(s2tail -1 social/ | totals | tr '\t\n' '= ')" \
        "social/a=2500 social/b=2500 "
}

@test "sessions that end, are cut or are refused are taken up again" {
    for fault in end reset cut short reconnect lost "status 503 unavailable" \
        "status 500 storage" "status 429 rate_limited" "hold 200"; do
        case $fault in
        status* | lost | hold*) counts_all "on follow social/a 1 $fault" ;;
        *) counts_all "on follow social/a 1 after 700 $fault" ;;
        esac
        injected "$fault"
    done
}

@test "a terminal frame is classified like a refusal" {
    counts_all "on follow social/a 1 after 700 terminal 503 unavailable"
    injected "terminal 503 unavailable"
}

@test "garbage in a session costs the session, not a record" {
    for fault in zero huge bomb badzstd badproto varint statusless gzip \
        comp3 reserved; do
        counts_all "on follow social/a 1 after 700 $fault"
        injected "$fault"
    done
}

@test "unknown fields, frames in pieces: harmless" {
    counts_all "on follow social/a 1 unknown" "on follow social/b slice 1"
    injected unknown "slice 1"
    same "$stderr" ""
}

@test "batches that come twice, backwards or from before count once" {
    for fault in dup backward "back 50"; do
        counts_all "on follow social/a 1 after 700 $fault"
        injected "$fault"
    done
}

@test "tails and lists that fail are asked again" {
    counts_all "on tail social/a 1-2 status 503 unavailable"
    counts_all "on list 1-2 status 503 unavailable"
}

@test "command records are not counted" {
    seeded "on follow social/a 1 command"
    s2tail -1 | totals | grep -qx 'social/a	2500'
}

@test "numbers that are missing are counted and said" {
    seeded "on follow social/a after 700 jump 20"
    tool s2tail -1 -f json
    same "$status" 0
    same "$(tail -1 <<<"$output" | jq -c '[.groups["social/a"].total, .missing]')" \
        "[2480,20]"
    [[ $stderr == *"social/a: 20 records were trimmed"* ]]
}

@test "a stream that is gone at once does not end the others" {
    seeded "on follow social/a 1 delete"
    tool s2tail -1
    same "$status" 0
    same "$(totals <<<"$output" | grep -v social/a)" "news/c	2500
social/b	2500"
}

@test "a token that is refused: 77; an unknown basin: 78" {
    s2 "on any status 403 permission_denied"
    tool s2tail -1
    same "$status" 77
    same "$output" ""
    [[ $stderr != *the-secret-token* ]]
    s2 "on any status 404 basin_not_found"
    tool s2tail -1
    same "$status" 78
}

@test "no server: --retry-for ends it with 69" {
    s2_at http://127.0.0.1:1
    tool s2tail -1 --retry-for 300ms
    same "$status" 69
    same "$output" ""
    [[ $stderr == *"s2tail: "* ]]
    [[ $stderr != *the-secret-token* ]]
}

@test "following: what is appended comes, through cut sessions" {
    s2 "on follow every 2 after 20 cut"
    posts 90 1700000000 youtube.com >one
    posts_at 90 1700000001 youtube.com >two
    bsky2s2 -i one
    tail_background -v -s earliest -w 100ms
    await grep -q ': found$' err
    bsky2s2 -i two
    await awk -F '\t' '$2 == "social/youtube" { n = $4 } END { exit n != 180 }' out
    kill -TERM "$PID"
    wait "$PID"
}

# valgrind keeps the environment as it was.
# bats test_tags=unwatched
@test "the token is in no argument, no environment and no message" {
    seeded
    tail_background -v -v -v -s earliest
    await grep -q ': found$' err
    if grep -q the-secret-token "/proc/$PID/cmdline" "/proc/$PID/environ" err
    then
        return 1
    fi
}
