#!/usr/bin/env bats
# Gaps where bounds, quiet accounts and odd times might hide them, or feign
# them.

load exact
setup() { exact_setup; }
teardown() { s2_teardown; }

@test "a gap before the record that -c ends with is told" {
    WIRE=1
    on s2
    row 1 50 600 1 | events 1 >1
    jet --v1 1 <<<""
    job_ends --since "$(at 0)" -c 1
    same "$status" 0
    same "$(grep -c 'gap from' err)" 1
}

@test "a gap that reaches behind --until is told" {
    WIRE=1
    on s2
    row 1 50 0 1 | events 1 >1
    row 1001 12000 5000 0.01 | tail -100 | events 1 >2
    jet --v1 1 <<<"$(in_turn 2)"
    job
    until_has 50
    job_ends --until "$(at 1000)"
    same "$status" 0
    same "$(grep -c 'gap from' err)" 1
}

# One account that posts every 40 minutes.
bot() { # N
    row 1 "$1" 0 2400 | events 1 | sed 's/did:plc:[0-9]*/did:plc:bot/'
}

@test "--did: an account that posts every 40 minutes moves the checkpoint" {
    WIRE=1
    on s2
    bot 60 >1
    jet --v1 1 <<<""
    job --did did:plc:bot
    until_has 60
    # One event behind: it waits for the next to confirm its time.
    newest_is time_us $(((BASE + 58 * 2400) * 1000000))
}

@test "--did: and has no gap after a restart" {
    WIRE=1
    on s2
    bot 60 >1
    bot 61 >2
    jet --v1 1 <<<"connection
events 1
connection
events 2
floor 50"
    job --did did:plc:bot
    until_has 60
    job_ends --did did:plc:bot --on-gap fail -c 1
    same "$status" 0
    same "$(grep -c 'gap from' err)" 0
}

@test "a run of imported old times, then a restart: no gap" {
    WIRE=1
    on s2
    { row 1 50 100000 1; row 51 53 10 1; } | events 1 >1
    { row 1 50 100000 1; row 51 53 10 1; row 54 80 100060 1; } | events 1 >2
    jet --v1 1 <<<"$(in_turn 2)"
    job --max-age 0
    until_has 53
    job_ends --on-gap fail --max-age 0 -c 1
    same "$status" 0
    same "$(grep -c 'gap from' err)" 0
}

@test "the first event after a restart is of the far future: no gap" {
    WIRE=1
    on s2
    { echo 1 90000 1; row 2 50 100 1; } | events 1 >1
    { cat 1; row 51 80 150 1 | events 1; } >2
    jet --v1 1 <<<"$(in_turn 2)"
    job --max-age 0
    until_has 50
    job_ends --on-gap fail --max-age 0 -c 1
    same "$status" 0
    same "$(grep -c 'gap from' err)" 0
}

@test "the first event behind a gap is of the far past: the gap is told" {
    WIRE=1
    on s2
    row 1 50 100 1 | events 1 >1
    { echo 20001 -90000 20001; row 20002 20080 1000 1; } | events 1 >2
    jet --v1 1 <<<"$(in_turn 2)"
    job --max-age 0
    until_has 50
    job --max-age 0
    has 100
    end_job TERM
    same "$(grep -c 'gap from' err)" 1
}
