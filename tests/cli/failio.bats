#!/usr/bin/env bats
# Disks and sockets that fail: calls that do as little as they may, or nothing;
# and the power that goes.  What is told is durable, a stream holds a prefix of
# what it is to hold, and a run that meets no fault makes it whole.  Some of the
# calls are tried here, all with IO_STRIDE=1.

load common
load s2
load crash

setup_file() {
    [ -z "${IO_STRIDE-}" ] || export BATS_TEST_TIMEOUT=3600
}
setup() {
    common_setup
    # The tool may be built with a sanitizer that wants to be first.
    export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
}
teardown() { s2_teardown; }

# COMMAND... where calls fail: failing VARIABLE=VALUE... COMMAND...
failing() {
    tool timeout -k 1 30 env LD_PRELOAD="$BUILD/preload/fail.so" "$@"
}
# COMMAND... where the power goes.
cut_off() {
    tool timeout -k 1 30 env LD_PRELOAD="$BUILD/preload/cut.so" \
        CUT_FILE=x.db CUT_COUNT=n "$@"
}

# Two streams, in a few transactions: ./input, and ./want of it.
two_streams() {
    posts 2500 1700000000 "youtube.com bbc.com" >input
    bsky2s2 -q -i input -b file:want.db --linger 0
    dump want.db >want
    same "$(wc -l <want)" 2500
}

# ./input into a basin that is not there yet, under failing or cut_off.
delivers() { # HOW [VARIABLE=VALUE...]
    rm -f x.db* told
    "$@" bsky2s2 -q -i input -b file:x.db --linger 0 -o told --retry-for 100ms
}

# What is told is there; what is there is a prefix; then all is.  Whoever asks
# goes on after a failure, so each is a word.
stays_right() {
    : >held
    if [ -s x.db ]; then
        same "$(sqlite3 x.db 'PRAGMA integrity_check')" ok || return 1
        dump x.db >held || return 1
    fi
    awk -F '\t' 'NR == FNR { want[$1, ++n[$1]] = $0; next }
        $0 != want[$1, ++m[$1]] { print "not in its place: " $0; bad = 1 }
        END { exit bad }' want held || return 1
    if [ -s told ]; then
        dump_lines told | LC_ALL=C sort |
            comm -23 - <(LC_ALL=C sort held) >missing
        same "$(head -3 missing)" "" || return 1
    fi
    bsky2s2 -q -i input -b file:x.db || return 1
    dump x.db | cmp - want
}

# Each of the calls CALL about files with PART in their names, one in STRIDE,
# goes wrong as ERROR for TIMES.  How they ended: $ENDS.
each() { # CALL PART STRIDE ERROR [TIMES]
    local n last ends='' stride=${IO_STRIDE:-$3}
    delivers failing FAIL_ON="$1" FAIL_FILE="$2" FAIL_COUNT=n
    same "$status" 0
    last=$(cat n)
    for ((n = 1; n <= last; n += stride)); do
        delivers failing FAIL_ON="$1" FAIL_FILE="$2" FAIL_AT="$n" \
            FAIL_WITH="$4" FAIL_TIMES="${5:-1}"
        ends+=" $status"
        stays_right || {
            echo "$1 $n of $last: $4, ended with $status: $stderr"
            return 1
        }
    done
    # shellcheck disable=SC2086 # words
    ENDS=$(printf '%s\n' $ends | sort -nu | tr '\n' ' ')
    echo "# $1 of $2, $4: $ENDS"
}

# None ended with another status than these.
only_ends() { # STATUS...
    local end allowed=" $* "
    for end in $ENDS; do
        [[ $allowed == *" $end "* ]]
    done
}

@test "the library: fails, falls short, counts, and takes no slip" {
    local zeros="dd if=/dev/zero of=file bs=8 count=4 status=none"
    # shellcheck disable=SC2086 # words
    {
        failing FAIL_ON=write FAIL_FILE=file FAIL_COUNT=n $zeros
        same "$status,$(cat n)" 0,4
        failing FAIL_ON=write FAIL_FILE=file FAIL_AT=3 FAIL_WITH=ENOSPC $zeros
        same "$status" 1
        [[ $stderr == *"No space left on device" ]]
        same "$(wc -c <file)" 16
        failing FAIL_ON=write FAIL_AT=1 FAIL_TIMES=3 FAIL_WITH=short $zeros
        same "$status,$(wc -c <file)" 0,32
        failing FAIL_ON=wrte $zeros
        same "$status" 134
        failing FAIL_ON=write FAIL_AT=1 FAIL_WITH=ENOSUCH $zeros
        same "$status" 134
    }
}

# Twelve bytes into ./x.db in three writes, and a sync, under cut_off.
three_writes() { # VARIABLE=VALUE...
    printf 'old old ' >x.db
    rm -f n
    cut_off "$@" dd if=/dev/zero of=x.db bs=4 count=3 conv=fsync,notrunc \
        status=none
}

@test "the library: what was not synced is gone" {
    three_writes A=1
    same "$status,$(cat n),$(wc -c <x.db)" 0,4,12
    for n in 1 2 3 4; do
        three_writes CUT_AT=$n
        same "$status,$(cat n)" "137,$n"
        same "$(cat x.db)" "old old "
    done
    # Some of it may be there.
    for torn in {1..9}; do
        three_writes CUT_AT=4 CUT_TORN=$torn
        od -An -c x.db | tr -d ' \n' >>torn
        echo >>torn
    done
    [ "$(sort -u torn | wc -l)" -ge 4 ]
    three_writes CUT_SYNC_FAILS=1
    same "$status,$(wc -c <x.db)" 1,12
}

# The power went there; afterwards nothing is wrong.  Counts in $cuts how often
# it did, in $lost what had not come to its end, in $told what had been told.
went() { # CALL WHAT
    # A run may take a few calls less.
    if [ "$status" = 0 ]; then
        [ "$(cat n)" -lt "$1" ]
        return
    fi
    same "$status,$(cat n)" "137,$1" || return 1
    cuts=$((cuts + 1))
    [ ! -s told ] || told=$((told + 1))
    stays_right || {
        echo "the power went at call $1, $2"
        return 1
    }
    [ "$(wc -l <held)" = 2500 ] || lost=$((lost + 1))
}

@test "the power goes at any write or sync: told is durable" {
    local n last torn lost=0 told=0 cuts=0 stride=${IO_STRIDE:-37}
    two_streams
    delivers cut_off
    same "$status" 0
    last=$(cat n)
    [ "$last" -gt 100 ]
    for ((n = 1; n <= last; n += stride)); do
        # All that was not synced is lost, or only some.
        for torn in 0 $n; do
            [ "$stride" = 1 ] || [ $((torn == 0)) = $((n / stride % 2)) ] ||
                continue
            delivers cut_off CUT_AT="$n" CUT_TORN="$torn"
            went "$n" "torn: $torn"
        done
    done
    echo "# $cuts cuts at $last calls: $lost before the end, $told had told" >&3
    [ "$cuts" -ge $((last / stride - 1)) ]
    # Some went with nothing done, some with all.
    [ "$lost" -ge 3 ]
    [ "$told" -ge 3 ]
}

@test "a sync fails, is tried again, and the power goes: told is durable" {
    local n syncs last lost=0 told=0 cuts=0
    two_streams
    delivers failing FAIL_ON=fsync,fdatasync FAIL_FILE=x.db FAIL_COUNT=n
    syncs=$(cat n)
    [ "$syncs" -ge 5 ]
    # The first makes the file, or nothing.
    delivers cut_off CUT_SYNC_FAILS=1
    same "$status" 73
    stays_right
    for ((n = 2; n <= syncs; n++)); do
        delivers cut_off CUT_SYNC_FAILS="$n"
        same "$status" 0
        last=$(cat n)
        for at in $((last - 20)) $((last - 1)); do
            delivers cut_off CUT_SYNC_FAILS="$n" CUT_AT="$at"
            went "$at" "sync $n failed"
        done
    done
    [ "$cuts" -ge "$syncs" ]
    [ "$told" -ge "$syncs" ]
}

@test "writes of the basin: EIO, ENOSPC, EINTR, short ones" {
    two_streams
    each pwrite64 x.db 163 EIO
    only_ends 0 73 74
    each pwrite64 x.db 163 ENOSPC 1000000
    only_ends 0 69 73 74
    each pwrite64 x.db 163 EINTR
    only_ends 0
    each pwrite64 x.db 163 short
    only_ends 0
    each pwrite64 x.db 1000 short 1000000
    only_ends 0
}

@test "syncs of the basin fail: nothing is told before one succeeds" {
    two_streams
    each fdatasync x.db 1 EIO
    only_ends 0
    each fsync x.db 1 EIO
    only_ends 73
    # From before the first record on, for ever.
    delivers failing FAIL_ON=fdatasync,fsync FAIL_FILE=x.db FAIL_COUNT=n
    delivers failing FAIL_ON=fdatasync FAIL_FILE=x.db-wal FAIL_AT=1 \
        FAIL_TIMES=1000000 FAIL_WITH=EIO
    same "$status" 69
    [[ $stderr == *"disk I/O error" ]]
    same "$(wc -c <told)" 0
    stays_right
}

@test "other calls about the basin's files" {
    two_streams
    each ftruncate64 x.db 2 EIO
    only_ends 0 74
    each open x.db 2 EMFILE
    only_ends 71 73
    each openat x.db.lock 1 EMFILE
    only_ends 71 73
    each unlink x.db 3 EACCES
    only_ends 73
    each rename x.db 1 EACCES
    only_ends 73
    each close x.db 3 EIO
    only_ends 0 73
    each pread64 x.db 53 EIO
    only_ends 0 73 74
}

@test "-o: short writes and EINTR lose nothing, an error is 74, EPIPE silent" {
    two_streams
    for with in short EINTR; do
        each write told 1 $with 3
        only_ends 0
        same "$(dump_lines told | cmp - want)" ""
    done
    each write told 1 EIO
    only_ends 74
    each write told 2 ENOSPC
    only_ends 74
    each write told 2 EPIPE
    only_ends 141
    same "$stderr" ""
    each close told 1 EIO
    only_ends 74
    each open told 1 EMFILE
    only_ends 71
}

@test "an input that cannot be read is 66, what was read of it is kept" {
    two_streams
    each read input 1 EINTR 2
    only_ends 0
    each read input 1000 short 1000000
    only_ends 0
    each read input 1 EIO
    only_ends 66
}

@test "--state: a sync that fails is 74, and the old state stays" {
    two_streams
    bsky2s2 -q -i input -b file:x.db
    s2tail -q -b file:x.db -1 -S state >out
    cp state before
    failing FAIL_ON=fsync FAIL_FILE=state.tmp FAIL_AT=1 FAIL_WITH=EIO \
        s2tail -q -b file:x.db -1 -S state
    same "$status" 74
    same "$stderr" "s2tail: cannot write state.tmp: Input/output error"
    cmp state before
    failing FAIL_ON=renameat FAIL_FILE=state FAIL_AT=1 FAIL_WITH=ENOSPC \
        s2tail -q -b file:x.db -1 -S state
    same "$status" 74
    cmp state before
}

@test "metrics: short writes and EINTR lose nothing" {
    local name with
    two_streams
    bsky2s2 -q -i input -b file:x.db
    for with in short EINTR; do
        for name in s2tail.prom bsky2s2.prom; do
            replaces "$name"
            mv "$name" whole
            replaces "$name" LD_PRELOAD="$BUILD/preload/fail.so" FAIL_ON=write \
                FAIL_FILE=$name FAIL_AT=1 FAIL_TIMES=3 FAIL_WITH=$with \
                FAIL_COUNT=n
            [ "$(cat n)" -ge 2 ]
            # Ages are other ones.
            diff <(sed '/_seconds/s/ [0-9.]*$//' whole) \
                <(sed '/_seconds/s/ [0-9.]*$//' "$name")
        done
    done
}
replaces() { # NAME VARIABLE=VALUE...
    local name=$1
    shift
    case $name in
    s2tail.prom) env "$@" s2tail -q -b file:x.db -1 -f prom -o "$name" ;;
    *) env "$@" bsky2s2 -q -n -i input -o out --metrics-file "$name" ;;
    esac
}

# A story from a websocket into S2, over sockets that fail so.  A run of 0 has
# delivered all; else the next one does.
story_with() { # CALL STRIDE ERROR [TIMES]
    local n last name=$1-$3 stride=${IO_STRIDE:-$2} runs=0
    story_under "$name" FAIL_ON="$1" FAIL_COUNT=n
    same "$status" 0
    last=$(cat n)
    for ((n = 1; n <= last; n += stride)); do
        story_under "$name-$n" FAIL_ON="$1" FAIL_AT="$n" FAIL_WITH="$3" \
            FAIL_TIMES="${4:-1}"
        echo "# $1 $n of $last, $3: $status $stderr"
        [ "$status" = 0 ] || [ "$status" = 71 ]
        [ "$status" = 0 ] || crash_last
        crash_compare
        runs=$((runs + 1))
    done
    [ "$runs" -ge 1 ]
}
# As a job of its own, into streams of its own.
story_under() { # NAME VARIABLE=VALUE...
    CRASH_K=_bsky2s2/$1
    CRASH_PREFIX=$1/
    CRASH_OPTIONS=(-q --job "$1" --prefix "$1/" --retry-for 10s)
    failing "${@:2}" bsky2s2 -u "$URL" --until "$UNTIL" -s earliest \
        "${CRASH_OPTIONS[@]}"
}

@test "sockets: short, interrupted, broken, none left" {
    crash_story 5 1 60
    crash_jet 1 100000 'segment 50'
    crash_basin fakes2 0
    story_with recv 1000 short 1000000
    story_with recv 13 ECONNRESET
    story_with send 29 EINTR
    story_with send 29 EPIPE
    story_with socket 7 EMFILE
    story_with pipe 1 EMFILE
    story_with poll 113 EINTR
}
