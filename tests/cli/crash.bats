#!/usr/bin/env bats
# Killed at random times while a story goes on: nothing is lost, nothing is
# doubled, nothing changes places.  A seed tells all of a run; tests/soak.sh
# does many more.

load common
load s2
load crash
setup() { common_setup; }
teardown() { s2_teardown; }

# Runs of SEED... with five kills each, side by side no two.
runs() { # BASIN SEED...
    local basin=$1 seed
    shift
    KILLED=0
    for seed; do
        mkdir "seed.$seed"
        cd "seed.$seed"
        crash_run "$basin" "$seed" 5 || {
            echo "broken: seed $seed"
            return 1
        }
        s2_teardown
        PIDS=()
        cd ..
    done
    echo "# $KILLED kills on $basin" >&3
    [ "$KILLED" -ge 40 ]
}

# Something was seen in the logs of these runs: PATTERN FILE
seen() {
    cat seed.*/"$2" | grep -Eq -- "$1" || {
        echo "never seen: $1 in $2"
        return 1
    }
}

@test "a file, killed 40 times" {
    runs file 1 2 3 4 5 6 7 8 9 10
    seen 'going on from' err
    seen ' duplicates=[1-9]' err
    seen ' below_floor=[1-9]' err
    seen '^crash ' jet.log
}

@test "S2, killed 40 times" {
    runs fakes2 1 2 3 4 5 6 7 8 9 10
    seen 'going on from' err
    seen ' duplicates=[1-9]' err
    seen ' below_floor=[1-9]' err
    seen 'read back up to [0-9]+: [1-9][0-9]* of ours' err
    seen '^crash ' jet.log
    seen '^late .* applied: 412' proxy.log
    seen '^dropped .* applied: 200' proxy.log
    seen 'op=append stream=_bsky2s2/default 412' log
}
