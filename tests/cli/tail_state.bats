#!/usr/bin/env bats
# s2tail --state: a restart goes on where it was, counting nothing twice.

load common
load s2
load tail
setup() { tail_setup; }
teardown() { s2_teardown; }

counted() { # OPTION...
    s2tail -b file:x.db -1 -S state "$@" | totals |
        awk '{ n += $2 } END { print n + 0 }'
}

# Append N posts of this moment.
now_posts() { # N
    posts_at "$1" "$(awk -v now="$(date +%s.%N)" 'BEGIN { printf "%.3f", now - 0.1 }')"
}

# Start s2tail in the background, and wait until it runs.
following() { # OPTION...
    tail_background -v -b file:x.db -S state "$@"
    await grep -q ': found$' err
}

# So many records s2tail, in the background, says it has counted.
has_counted() { # N
    kill -USR1 "$PID" 2>/dev/null || return 1
    grep -q "records=$1 " err
}

# Every record is in a window that has been told: the naive count of the
# basin, and what all runs together have told, each row once.
told_all() { # WINDOW FILE...
    local window=$1
    shift
    times x.db | naive "$window" "$window" | sed 's/open$/final/' >want
    finals "$@" | LC_ALL=C sort -u | telling | awk -F '\t' '$3 > 0' >got
    awk -F '\t' '$3 > 0' want >wanted
    alike got wanted
}

@test "a second run counts only what came since" {
    posts 90 >one
    posts_at 50 1700000010 >two
    bsky2s2 -i one -b file:x.db
    same "$(counted)" 90
    same "$(counted)" 90
    bsky2s2 -i two -b file:x.db
    same "$(counted)" 140
    same "$(counted)" 140
    s2tail -b file:x.db -1 -S state | totals >got
    s2tail -b file:x.db -1 | totals >want
    alike got want
}

@test "names that are not UTF-8 are settings like others" {
    local odd=$'\xff'
    posts 90 >one
    mkdir "$odd"
    bsky2s2 -i one -b "file:$odd/y.db"
    odd_run() { # EXCLUDE
        tool s2tail -b "file:$odd/y.db" -1 -S state -g "$odd" -T "$odd" -x "$1"
    }
    for _ in 1 2; do
        odd_run "$odd"
        same "$status $stderr" "0 "
    done
    odd_run $'\xfe'
    same "$status" 78
    same "$stderr" "s2tail: state: it was kept with another exclude; remove it to count from the beginning"
}

@test "the state wins over --since" {
    posts 90 >one
    bsky2s2 -i one -b file:x.db
    same "$(counted -s 2023-11-14T22:13:20.050Z)" 40
    same "$(counted -s earliest)" 40
    same "$(counted)" 40
}

@test "a stream that is made later counts from its head" {
    posts_at 10 1700000000 youtube.com >one
    posts_at 10 1700000001 bbc.com >two
    bsky2s2 -i one -b file:x.db
    same "$(counted)" 10
    bsky2s2 -i two -b file:x.db
    same "$(counted)" 20
}

@test "it is there whole, for its owner, and nothing beside it but a lock" {
    posts 90 >one
    bsky2s2 -i one -b file:x.db
    mkdir dir
    s2tail -b file:x.db -1 -S dir/state >/dev/null
    same "$(stat -c %a dir/state)" 600
    jq -e . dir/state >/dev/null
    same "$(ls dir)" "state
state.lock"
}

@test "other prefixes, groups, windows, times, filters or basins: 78" {
    posts 90 >one
    bsky2s2 -i one -b file:x.db
    cp x.db y.db
    same "$(counted -w 1s social/)" 30
    cp state before
    for options in "-w 1s" "-w 1s news/" "-w 2s social/" \
        "-w 1s -e 500ms social/" "-w 1s -g offsite social/" \
        "-w 1s -T observed_at social/" "-w 1s --where stream=* social/" \
        "-w 1s -b file:y.db social/"; do
        # shellcheck disable=SC2086 # words
        tool s2tail -b file:x.db -1 -S state $options
        same "$options: $status" "$options: 78"
        same "$output" ""
        [[ $stderr == "s2tail: state: "* ]]
        cmp state before
    done
    same "$(counted -w 1s social/)" 30
}

@test "what only concerns the output may change" {
    posts 90 >one
    bsky2s2 -i one -b file:x.db
    same "$(counted)" 90
    same "$(counted -k 2 --sort count)" 90
    same "$(s2tail -b file:x.db -1 -S state -f json | tail -1 |
        jq '[.groups[].total] | add')" 90
}

@test "a state that is cut, empty or something else: 78, untouched" {
    posts 90 >one
    bsky2s2 -i one -b file:x.db
    counted
    cp state whole
    for cut in 0 1 100; do
        head -c $cut whole >state
        cp state before
        tool s2tail -b file:x.db -1 -S state
        same "$cut $status" "$cut 78"
        same "$output" ""
        cmp state before
    done
    for text in '{}' '[]' 'hello' '{"v":1}' '{"v":99}'; do
        echo "$text" >state
        tool s2tail -b file:x.db -1 -S state
        same "$text $status" "$text 78"
    done
}

@test "a state that cannot be written: 73" {
    posts 90 >one
    bsky2s2 -i one -b file:x.db
    tool s2tail -b file:x.db -1 -S nowhere/state
    same "$status" 73
    same "$output" ""
}

@test "a second s2tail of the same state is refused: 79" {
    posts 90 >one
    bsky2s2 -i one -b file:x.db
    following
    tool s2tail -b file:x.db -1 -S state
    same "$status" 79
    same "$output" ""
    [[ $stderr == *state* ]]
    kill -TERM "$PID"
    wait "$PID"
    tool s2tail -b file:x.db -1 -S state
    same "$status" 0
}

# By the clock, which valgrind does not keep up with.
# bats test_tags=unwatched
@test "TERM and start again, while records come: each window is told once" {
    mkfifo pipe
    bsky2s2 -i pipe -b file:x.db >/dev/null 2>&1 3>&- &
    PIDS+=($!)
    exec 9>pipe
    now_posts 90 >&9
    await test -e x.db
    await bash -c '[ "$(sqlite3 -readonly x.db "SELECT count(*) FROM records")" = 90 ]'
    for round in 1 2 3 4; do
        now_posts 90 >&9
        following -w 200ms --grace 1s -s earliest
        await has_counted $((90 * (round + 1)))
        kill -TERM "$PID"
        wait "$PID"
        mv out "out.$round"
    done
    exec 9>&-
    following -w 200ms --grace 1s
    await has_counted 450
    last=$(times x.db | naive 200 200 | tail -1 | cut -f 1)
    await grep -q "^$last" out
    kill -TERM "$PID"
    wait "$PID"
    told_all 200 out.? out
    same "$(cat out.? out | cut -f 1,2 | sort | uniq -d)" ""
}

@test "kill -9 and start again: nothing is lost or counted twice" {
    posts 9000 >one
    posts_at 9000 1700000100 >two
    bsky2s2 -i one -b file:x.db
    following -w 1s -s earliest
    await test -s state
    kill -9 "$PID"
    wait "$PID" || true
    same "$(counted -w 1s)" 9000
    bsky2s2 -i two -b file:x.db
    following -w 1s
    await has_counted 18000
    kill -9 "$PID"
    wait "$PID" || true
    same "$(counted -w 1s)" 18000
    s2tail -b file:x.db -1 -S state -w 1s | totals >got
    s2tail -b file:x.db -1 -w 1s | totals >want
    alike got want
}

# The same.
# bats test_tags=unwatched
@test "ended at random, again and again, while records come" {
    export S2_BASIN=file:x.db
    random_ends 40
}

@test "windows that could not be written are told again" {
    posts 90 >one
    bsky2s2 -i one -b file:x.db
    s2tail -b file:x.db -1 -w 1s >want
    run -74 sh -c 's2tail -b file:x.db -1 -w 1s -S state >/dev/full'
    s2tail -b file:x.db -1 -w 1s -S state | awk '$3 > 0' >got
    awk '$3 > 0' want >wanted
    alike got wanted
    # Nor are they lost when the reader goes away in the middle.
    rm state
    posts_at 2000 1700000200 >two
    bsky2s2 -i two -b file:x.db
    s2tail -b file:x.db -1 -w 10ms -S state | head -1 >/dev/null || true
    s2tail -b file:x.db -1 -w 10ms -S state | awk '$3 > 0' >got
    s2tail -b file:x.db -1 -w 10ms | awk '$3 > 0' >wanted
    alike got wanted
}

@test "it belongs to one file, whatever that is called" {
    mkdir one two
    posts 90 >posts
    (cd one && bsky2s2 -i ../posts -b file:x.db)
    (cd two && bsky2s2 -i ../posts -b file:x.db)
    (cd one && s2tail -b file:x.db -1 -S ../state >../told)
    (cd two && run -78 s2tail -b file:x.db -1 -S ../state)
    s2tail -b file:./one/../one/x.db -1 -S state >told
    same "$(totals <told | awk '{ n += $2 } END { print n }')" 90
}

@test "what --until left out is counted by the next run" {
    posts 90 >posts
    bsky2s2 -i posts -b file:x.db
    same "$(counted --until 2023-11-14T22:13:20.050Z)" 50
    same "$(counted)" 90
}

@test "a stream that was deleted and made anew is counted from its beginning" {
    s2 "seed social/a 100 -60000 10"
    tail_background -v -s earliest -w 1s -S state --discover 100ms
    await grep -qs ': found$' err
    await has_counted 100
    s2_delete social/a
    await grep -q 'deleted$' err
    s2_create social/a
    await grep -q 'begins anew' err
    kill -TERM "$PID"
    wait "$PID"
    s2_append social/a 150
    s2tail -1 -S state -w 1s | totals >got
    same "$(cat got)" "social/a	250"
    s2_end
}
