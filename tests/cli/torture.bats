#!/usr/bin/env bats
# The library that refuses memory: that it does; and some of what
# tests/torture.sh lets fail in every place: one allocation in so many.

load common
load s2

setup() {
    common_setup
    ! grep -q __gcov_exit "$BUILD/bsky2s2" || skip "what counts coverage allocates, too"
    STARVE=$BUILD/preload/starve.so
    head -24 "$EVENTS" >input
    # The tool may be built with a sanitizer that wants to be first.
    export ASAN_OPTIONS=verify_asan_link_order=0
}
teardown() { common_teardown; }

starving() { # [VARIABLE=VALUE...] COMMAND...
    tool env LD_PRELOAD="$STARVE" "$@"
}

# The least number of runs that were to be, all of them well.
all_well() { # LEAST
    echo "$output"
    same "$status" 0
    [[ ${lines[-1]} == *" runs, 0 broken" ]]
    [ "${lines[-1]%% *}" -ge "$1" ]
}

# Of each CASE one allocation in STRIDE, in so many runs at least.
tortured() { # LEAST STRIDE [-m MODE]... CASE...
    local least=$1
    shift
    run bash "$ROOT/tests/torture.sh" -s "$@"
    all_well "$least"
}

@test "counted, and refused from where it is told, once or for ever" {
    starving STARVE_COUNT=n bsky2s2 --help
    same "$status" 0
    [ "$(cat n)" -gt 3 ]
    starving STARVE_AT=1 STARVE_SAY=who bsky2s2 --help
    same "$status" 71
    same "$stderr" "bsky2s2: out of memory"
    same "$(wc -l <who)" 1
    [[ $(cat who) == "1 "*bsky2s2* ]]
    starving STARVE_AT=$(($(cat n) + 1)) STARVE_SAY=none bsky2s2 --help
    same "$status" 0
    test ! -e none
}

@test "with those of the libraries there are far more, and each is the end" {
    local own all n
    starving STARVE_COUNT=n bsky2s2 -q -i input -b file:x.db
    own=$(cat n)
    rm x.db*
    starving STARVE_COUNT=n STARVE_ALL=1 bsky2s2 -q -i input -b file:x.db
    all=$(cat n)
    [ "$all" -gt $((own + 1000)) ]
    # From the first of OpenSSL's on.
    for n in 1 $((all / 5)) $((all / 2)); do
        starving STARVE_AT="$n" STARVE_ALL=1 \
            bsky2s2 -q -i input -b file:y.db --log-format json
        same "$status" 71
        [[ $stderr == *'"out of memory"'* || \
            $stderr == "bsky2s2: out of memory" ]]
    done
}

@test "a terminal is given back before the end" {
    head -80 "$EVENTS" | bsky2s2 -n -i - >lines
    starving STARVE_COUNT=n STARVE_ALL=1 s2tail -i lines -f tsv
    same "$status" 0
    printf '%s\n' "$(($(cat n) * 9 / 10))" >at
    run -71 script -qec "env TERM=xterm LC_ALL=C.UTF-8 LD_PRELOAD='$STARVE' STARVE_ALL=1 \
        STARVE_FOREVER=1 STARVE_AT=$(cat at) s2tail -i lines -f chart" shown
    [[ $(tail -c 400 shown) == *$'\e[?1049l\e[?25h'*"out of memory"* ]]
}

OWN=(-m own-once -m own-ever)
ALL=(-m all-once -m all-ever)

@test "words and settings" {
    tortured 40 1 "${OWN[@]}" help completion
    tortured 40 3 "${OWN[@]}" settings
    tortured 10 1 -l 5 "${ALL[@]}" settings
}

@test "a file of events, shown" {
    tortured 25 7 "${OWN[@]}" dry
    tortured 10 1 -l 5 "${ALL[@]}" dry
}

@test "a file of events into an embedded basin: told is there, once" {
    tortured 25 19 "${OWN[@]}" file
    tortured 15 31 "${OWN[@]}" again
    tortured 10 1 -l 5 "${ALL[@]}" file
}

@test "the same into S2" {
    tortured 18 59 "${OWN[@]}" s2 s2again
    tortured 10 1 -l 5 "${ALL[@]}" s2
}

@test "a websocket, and a second life" {
    tortured 8 89 -m own-once jetfile lifefile
    tortured 6 1 -l 5 -m all-once jets2
}

@test "s2tail: lines, a chart" {
    tortured 30 7 "${OWN[@]}" lines chart
    tortured 20 1 -l 5 "${ALL[@]}" lines chart
}

@test "s2tail --state counts nothing twice, --check has one line" {
    tortured 15 23 "${OWN[@]}" state
    tortured 20 13 "${OWN[@]}" check follow
    tortured 20 1 -l 5 "${ALL[@]}" check state
}

@test "unit tests pass or fail, and nothing worse" {
    [ -x "$BUILD/unit/test_log" ] || skip "the unit tests are not built"
    run sh "$ROOT/tests/torture_unit.sh" -l 5 test_log test_seen test_match \
        test_writer_odd test_checkpoint_odd test_follow_gone test_term_odd
    all_well 60
}
