#!/usr/bin/env bats
# Exactly once on the real S2 server, "s2 lite": kills, a proxy that loses
# answers and delays requests, writers at the same time, and a server that
# restarts, with its disk or empty.  The S2 CLI reads everything back.

load ../cli/common
load ../cli/s2
load lite
load ../cli/crash

setup() {
    common_setup
    S2=$S2_CLI
    lite_setup
    CRASH_OPTIONS=(--linger 20ms --create-basin)
}
teardown() { s2_teardown; }

seen() { # PATTERN FILE
    cat seed.*/"$2" | grep -Eq -- "$1" || {
        echo "never seen: $1 in $2"
        return 1
    }
}

said() { # PATTERN
    cat err err.* 2>/dev/null | grep -Eq -- "$1" || {
        echo "never said: $1"
        return 1
    }
}

@test "killed 40 times at random, with and without a proxy" {
    local seed
    KILLED=0
    for seed in 3 4 5 6 7 8 9; do
        mkdir "seed.$seed"
        cd "seed.$seed"
        S2=$S2_CLI
        crash_run lite "$seed" 8 || {
            echo "broken: seed $seed"
            return 1
        }
        s2_teardown
        PIDS=()
        cd ..
    done
    echo "# $KILLED kills" >&3
    [ "$KILLED" -ge 40 ]
    seen 'going on from' err
    seen ' duplicates=[1-9]' err
    seen '^late .* applied: ' proxy.log
    seen '^dropped .* applied: 200' proxy.log
}

@test "answers lost after the append, requests delivered after their retry" {
    crash_story 21 2 2500
    crash_jet 2 1000 'segment 300'
    crash_basin lite 7 'on append every 5 dropped' \
        'on append every 7 late 400' 'on append _bsky2s2/default 2 dropped'
    crash_last
    crash_compare
    grep -q '^dropped .* applied: 200' proxy.log
    await grep -q '^late .* applied: 412' proxy.log
    said 'read back up to [0-9]+: [1-9][0-9]* of ours were there'
    crash_compare
}

# Start a writer of a NAME, again and again, until the folder has a file stop:
# what a supervisor would do.
supervised() { # NAME OPTION...
    local name=$1
    shift
    while [ ! -e stop ]; do
        bsky2s2 -u "$URL" "$@" 2>>"err.$name" >/dev/null 3>&- || true
        sleep 0.2
    done
}

# For a minute, two jobs and, on another server, three instances of one job.
@test "two and three writers at the same time, for 60 s" {
    local root=$PWD pids=() scene name job n
    for scene in jobs one; do
        mkdir "$scene"
        cd "$scene"
        crash_story 31 1 6000 100000
        crash_jet 1 100 'segment 500'
        S2=$S2_CLI
        crash_basin lite 0
        for n in 1 2 3; do
            if [ "$scene" = jobs ] && [ "$n" = 3 ]; then continue; fi
            job=same
            [ "$scene" = one ] || job=job$n
            supervised "$n" -s earliest --job "$job" "${CRASH_OPTIONS[@]}" \
                --linger 20ms &
            PIDS+=($!)
            pids+=($!)
        done
        echo "$URL $DIRECT" >where
        cd "$root"
    done
    sleep 60
    for scene in jobs one; do
        touch "$scene/stop"
    done
    # They end with their loops.
    for n in $(pgrep_children "${pids[@]}"); do
        kill -TERM "$n" 2>/dev/null || true
    done
    for n in "${pids[@]}"; do
        wait "$n" || true
    done
    for scene in jobs one; do
        cd "$root/$scene"
        read -r URL DIRECT <where
        s2_at "$DIRECT"
        BASIN=lite S2_BASIN=real-basin
        CRASH_OPTIONS=(--job after --linger 20ms)
        CRASH_K=_bsky2s2/after
        crash_last
        crash_compare
    done
    # They met each other's records, and one instance took over from another.
    cd "$root"
    grep -hEo 'read back up to .*' jobs/err.* | awk '{ n++; ours += $6 }
        END { print "# read back " n " times, " ours " were there"
            exit n < 10 || ours < 10 }' >&3
    grep -q 'another instance took over' one/err.*
}

# The processes that these have started.
pgrep_children() { # PID...
    local pid stat
    for stat in /proc/[0-9]*/stat; do
        { read -r -a fields <"$stat"; } 2>/dev/null || continue
        for pid; do
            [ "${fields[3]}" != "$pid" ] || echo "${fields[0]}"
        done
    done
}

@test "on a file all but one are refused" {
    crash_story 31 1 300
    crash_jet 1 100
    crash_basin file 0
    CRASH_OPTIONS=()
    crash_start
    await crash_begun
    for job in default other; do
        tool bsky2s2 -u "$URL" -t 5s --job "$job"
        same "$status" 79
    done
    kill "$PID"
    crash_wait
    same "$STATUS" 0
    crash_last
    crash_compare
}

# A story that goes on while the server is gone.
restart_scene() {
    mkdir disk
    crash_story 41 1 1500
    crash_jet 1 400 'segment 300'
    unset PORT
    lite --local-root disk
    BASIN=lite DIRECT=$S2_BASIN_ENDPOINT LITE_PORT=$PORT
}

lite_again() { # OPTION...
    kill -KILL "$LITE"
    wait "$LITE" 2>/dev/null || true
    PORT=$LITE_PORT
    S2=$S2_CLI
    lite "$@"
}

# So much is in a stream.
holds_some() {
    crash_ask GET /social%2Fyoutube/records/tail 2>/dev/null || return 1
    [ "$(sed -E 's/.*"seq_num":([0-9]+).*/\1/' answer)" -ge "$1" ]
}

@test "the server restarts with its disk: while running, and while down" {
    restart_scene
    crash_start
    await holds_some 10
    lite_again --local-root disk
    await holds_some 30
    kill -KILL "$PID"
    crash_wait
    lite_again --local-root disk
    crash_last
    crash_compare
    ! grep -Eq ': gap' err
}

# What follows an emptied store is complete: each stream holds, in order and
# once, the end of what it should, all of it from one record on.
complete_end() {
    crash_wanted >wanted
    crash_held >held
    for stream in $(cut -f 1 wanted | uniq); do
        grep "^$stream	" held >part
        diff <(grep "^$stream	" wanted | tail -n "$(wc -l <part)") part
    done
}

@test "the server restarts empty while running: said, and all that follows" {
    restart_scene
    crash_start
    await holds_some 20
    lite_again
    STATUS=0
    wait "$PID" || STATUS=$?
    same "$STATUS" 0
    said 'social/youtube: gap: the stream was deleted'
    said "$CRASH_K: the stream was deleted or its store lost data: made anew"
    complete_end
    # And a restart goes on from there.
    crash_last
    said 'going on from'
    crash_held | cut -f 2 | sort | uniq -d >doubled
    same "$(cat doubled)" ""
}

@test "the server restarts empty while down: it begins again" {
    restart_scene
    crash_start
    await holds_some 20
    kill -KILL "$PID"
    crash_wait
    lite_again
    # Nothing is left that could tell of a gap.
    crash_last
    crash_compare
}

@test "45,000 records over nine streams, then a restart" {
    local from
    posts 45000 >events
    # And the end, ten minutes later.
    posts 1 1700000600 | sed 's/"create"/"delete"/' >>events
    UNTIL=2023-11-14T22:21:40Z
    crash_jet 1 1000000
    unset PORT
    lite
    BASIN=lite DIRECT=$S2_BASIN_ENDPOINT
    from=$EPOCHREALTIME
    crash_last
    echo "# written in $(awk "BEGIN { print $EPOCHREALTIME - $from }") s" >&3
    from=$EPOCHREALTIME
    crash_last
    echo "# resumed in $(awk "BEGIN { print $EPOCHREALTIME - $from }") s" >&3
    crash_compare
    same "$(wc -l <wanted)" 45000
}
