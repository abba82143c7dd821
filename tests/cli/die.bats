#!/usr/bin/env bats
# The library that kills a process at its N-th system call: that it does, and
# that bsky2s2 survives it at each of them.

load common
load s2
setup() {
    common_setup
    DIE=$BUILD/preload/die.so
    # The tool may be built with a sanitizer that wants to be first.
    export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
    head -60 "$EVENTS" >input
}
teardown() { s2_teardown; }

# Run COMMAND... under the library: dying [VARIABLE=VALUE...] COMMAND...
dying() {
    tool env LD_PRELOAD="$DIE" "$@"
}

# What is killed says nothing, not even of its death.
killed() {
    same "$status" 137
    same "$output" ""
}

zeros() { # N: dd writes them one by one
    echo dd if=/dev/zero of=file bs=1 count="$1" status=none
}

@test "dead before the N-th call, or right behind it" {
    # shellcheck disable=SC2046 # words
    {
        dying DIE_AT=3 $(zeros 5)
        killed
        same "$(wc -c <file)" 2
        dying DIE_AT=3 DIE_AFTER=1 $(zeros 5)
        killed
        same "$(wc -c <file)" 3
        dying DIE_AT=3 DIE_ON=write,read $(zeros 5)
        killed
        same "$(wc -c <file)" 1
    }
}

@test "counted to the end" {
    # shellcheck disable=SC2046 # words
    {
        dying DIE_COUNT=n DIE_ON=write $(zeros 5)
        same "$status" 0
        same "$(cat n)" 5
        dying DIE_COUNT=n DIE_ON=write DIE_AT=6 $(zeros 5)
        same "$status" 0
        same "$(cat n)" 5
        dying DIE_COUNT=n DIE_ON=fsync,unlink $(zeros 5)
        same "$(cat n)" 0
    }
    rm n
    dying DIE_COUNT=n DIE_AT=1 dd if=/dev/zero of=file bs=1 count=5 status=none
    killed
    test ! -e n
}

@test "a slip in the list of names does not pass" {
    dying DIE_ON=write,wrte true
    same "$status" 134
}

@test "what SQLite does is counted: all that strace would show" {
    for call in pwrite64 fdatasync ftruncate64 unlink; do
        rm -rf x.db*
        dying DIE_ON="$call" DIE_COUNT=n bsky2s2 -i input -b file:x.db
        same "$status" 0
        [ "$(cat n)" -gt 0 ]
    done
}

@test "an embedded basin: killed at each call, then run again" {
    local want n
    bsky2s2 -i input -b file:want.db
    want=$(dump want.db)
    dying DIE_COUNT=n bsky2s2 -i input -b file:x.db
    for ((n = 1; n <= $(cat n); n++)); do
        rm -rf x.db*
        dying DIE_AT="$n" DIE_AFTER=$((n % 2)) bsky2s2 -i input -b file:x.db
        killed
        bsky2s2 -i input -b file:x.db
        same "$(dump x.db)" "$want"
    done
    [ "$n" -gt 30 ]
}

@test "an S2 basin: killed at each send, then run again" {
    local n
    s2
    dying DIE_ON=send DIE_COUNT=n bsky2s2 -i input --prefix 0/
    same "$status" 0
    # How many calls it takes differs a little from run to run.
    for ((n = 1; n <= $(cat n); n++)); do
        dying DIE_ON=send DIE_AT="$n" DIE_AFTER=$((n % 2)) \
            bsky2s2 -i input --prefix "$n/"
        [ "$status" = 0 ] && [ "$n" -gt 10 ] && continue
        killed
        bsky2s2 -i input --prefix "$n/"
    done
    s2_end
    sed -n 's/^0\///p' dump | cut -f 1,4 >want
    test -s want
    for ((n--; n > 0; n--)); do
        sed -n "s/^$n\\///p" dump | cut -f 1,4 | diff want -
    done
}
