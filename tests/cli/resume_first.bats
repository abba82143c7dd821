#!/usr/bin/env bats
# The first moments of a job that begins at the live tip: as soon as a record
# of it is there, so is where it began.

load exact
setup() { exact_setup; }
teardown() { s2_teardown; }

# The same server, which has gone on meanwhile.
jet_goes_on() { # EVENTS
    kill "$JET"
    wait "$JET" || true
    echo "live 100" >jet2.script
    peer fakejet --port "${HOST#*:}" --v1 "$1" jet2.script
}

@test "killed before the first checkpoint of a position: all since the begin" {
    WIRE=1
    on s2
    row 1 50 0 1 | events 1 >1
    row 1 120 0 1 | events 1 >2
    jet --v1 1 <<<"live 0"
    job
    kill_at 50
    jet_goes_on 2
    job
    has 120
    end_job TERM
    is_exact 2
}

@test "killed while the first record of one stream waits: all since the begin" {
    WIRE=1
    on s2 "on append social/youtube 1 status 503 unavailable Retry-After: 30"
    row 1 100 0 1 | events 1 >1
    row 1 120 0 1 | events 1 >2
    jet --v1 1 --pace 50/s <<<"live 0"
    job
    has 20
    end_job KILL
    same "$(newest | jq '.time_us')" null
    jet_goes_on 2
    job
    has 120
    end_job TERM
    is_exact 2
}

@test "killed before it is written where it began: no record is there" {
    WIRE=1
    on s2 "on append _bsky2s2/default 2 hold 60000"
    row 1 50 0 1 | events 1 >1
    jet --v1 1 <<<"live 0"
    job
    await grep -q 'op=append stream=_bsky2s2/default n=2 hold' log
    end_job KILL
    s2_end
    same "$(grep -vc '^_bsky2s2/' dump)" 0
}
