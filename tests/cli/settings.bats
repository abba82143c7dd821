#!/usr/bin/env bats
# Which settings are the same, and what becomes of others.

load exact
setup() { exact_setup; }
teardown() { s2_teardown; }

@test "a stream's name that looks like a domain is not taken for one" {
    WIRE=1
    on s2
    row 1 50 0 1 | events 1 >1
    jet --v1 1 <<<""
    job --no-default-routes -r youtube.com,bbc.com=s
    until_has 20
    job_ends --no-default-routes -r "bbc.com=s youtube.com" -t 20s
    same "$status" 78
}

@test "the order of aliases, repetition and case make no other settings" {
    WIRE=1
    on s2
    row 1 50 0 1 | events 1 >1
    jet --v1 1 <<<""
    job --no-default-routes -r youtube.com,bbc.com,cnn.com=s
    until_has 30
    for route in youtube.com,cnn.com,bbc.com youtube.com,bbc.com,cnn.com,bbc.com; do
        job_ends --no-default-routes -r $route=s -l EN -l en -t 200ms
        same "$status" 0
    done
    job_ends --no-default-routes -r bbc.com,youtube.com,cnn.com=s -t 20s
    same "$status" 78
}

@test "--since checkpoint with one more language: nothing older behind newer" {
    WIRE=1
    on s2
    row 1 50 0 1 | events 1 | awk 'NR % 2 { gsub(/"en"/, "\"de\"") } 1' >1
    { cat 1; row 51 60 50 1 | events 1; } >2
    jet --v1 1 <<<"$(in_turn 2)"
    job
    until_has 25
    job -l en -l de --since checkpoint
    has 30
    end_job TERM
    held | grep '^social/youtube' | grep -o 'observed_at":"[^"]*' >times
    sort -c times
}
