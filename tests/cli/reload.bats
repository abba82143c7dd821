#!/usr/bin/env bats
# SIGHUP: the routes are read again, and what follows from that for what is
# already there and for the next run.

load exact
setup() {
    exact_setup
    WIRE=1
}
teardown() { s2_teardown; }

only() { # ROUTES-LINE...
    printf '%s\n' "$@" >routes
}
reads_again() { # N: how many times until now
    kill -HUP "$PID"
    await lines_match "$1" 'read the routes again: '
}
lines_match() { # N PATTERN
    [ "$(count "$2" err)" -ge "$1" ]
}

learns() {
    row 1 1600 0 0.005 | events 1 >1
    # Somebody has filled the new route's stream with its first posts.
    jet <<<"connection
after 700 done
connection"
    job --job other --no-default-routes -r youtube.com=x/new
    until_has 560
    end_jet
    jet --pace 400/s <<<"live 1"
    only "news/bbc bbc.com"
    job --no-default-routes -R routes
    has 570
    only "news/bbc bbc.com" "x/new youtube.com"
    reads_again 1
    grep -Fqx "bsky2s2: read the routes again: 2" err
    await newest_is_of 'youtube.com=x/new'
    has 1600
    end_job TERM
    same "$status" 0
    # Found among what is there, and not by an append that was refused.
    [ "$(figure duplicates)" -gt 0 ]
    if grep 'read back' err; then cat err; return 1; fi
    is_exact 1 --no-default-routes -R routes
}
newest_is_of() { # ROUTE
    newest | jq -e --arg r "route=$1" '.settings.list | index($r)' >/dev/null
}
end_jet() {
    kill "$JET"
    wait "$JET" || true
}

@test "a new route's stream is learnt before its first append" {
    each_basin learns
}

settings() {
    row 1 100 0 1 | events 1 | tee 1 2 3 >4
    row 101 200 100 1 | events 1 | tee -a 2 3 >>4
    jet < <(in_turn 4)
    only "news/bbc bbc.com"
    job --no-default-routes -R routes
    has 20
    only "news/bbc bbc.com" "x/new youtube.com"
    reads_again 1
    end_job TERM
    same "$status" 0
    newest_is_of 'youtube.com=x/new'
    # With the file as it was: 78. As it is: on.
    only "news/bbc bbc.com"
    job_ends --no-default-routes -R routes
    same "$status" 78
    same "$(said)" "bsky2s2: the checkpoint of job 'default' is of other settings (-route=youtube.com=x/new): another --job, or --since"
    only "news/bbc bbc.com" "x/new youtube.com"
    job --no-default-routes -R routes
    until_has 168
    newest_is_of 'youtube.com=x/new'
}

@test "the next checkpoint has the new settings; the next run is held to them" {
    each_basin settings
}

@test "a bad file keeps the old map, and says its name and line" {
    on file
    row 1 600 0 0.005 | events 1 >1
    jet --pace 400/s <<<"live 1"
    only "news/bbc bbc.com"
    job --no-default-routes -R routes
    has 5
    only "news/bbc bbc.com" "" "x/new not_a+domain"
    kill -HUP "$PID"
    await lines_match 1 'the old routes stay: '
    rm routes
    kill -HUP "$PID"
    await lines_match 2 'the old routes stay: '
    only "# nothing"
    kill -HUP "$PID"
    await lines_match 3 'the old routes stay: '
    has 120
    end_job TERM
    same "$status" 0
    same "$(grep 'old routes' err)" "bsky2s2: the old routes stay: routes:3: 'not_a+domain' is not a domain
bsky2s2: the old routes stay: routes: No such file or directory
bsky2s2: the old routes stay: there is no route"
    tail -n +2 1 >2
    is_exact 2 --no-default-routes -r bbc.com=news/bbc
    newest | jq -e '.settings.list | index("route=bbc.com=news/bbc")'
}

@test "nohup: SIGHUP is ignored" {
    on file
    row 1 100 0 1 | events 1 >1
    jet </dev/null
    only "news/bbc bbc.com"
    nohup bsky2s2 -u "$URL" --no-default-routes -R routes 2>err >out 3>&- &
    PID=$!
    PIDS+=("$PID")
    has 20
    kill -HUP "$PID"
    await figures_have events=100
    end_job TERM
    same "$status" 0
    same "$(count 'routes' err)" 0
}

@test "while a stream backs off: its older records stay before its newer" {
    WIRE=1
    on s2 "on append social/youtube 2 status 503 unavailable Retry-After: 2"
    row 1 400 0 1 | awk '$1 % 5' | events 1 >1
    jet --v1 1 --pace 100/s <<<""
    job
    await grep -q 'op=append stream=social/youtube n=2 status 503' log
    kill -HUP "$PID"
    has 320
    end_job TERM
    is_exact 1
    grep -q 'read the routes again' err
}
