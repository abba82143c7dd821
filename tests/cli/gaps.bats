#!/usr/bin/env bats
# What a server cannot send any more is said: from, to, seconds, cause; and
# what is no gap is not.

load exact
setup() { exact_setup; }
teardown() { s2_teardown; }

# A job that got to second 399, number 20400, and then ends.  The next runs see
# 400 more events, of which the server has lost those before event FLOOR.
has_been() { # FLOOR [LINE...]
    row 1 400 0 1 | events "$WIRE" >1
    row 1 800 0 1 | events "$WIRE" >2
    { sed -n 1,400p 2 && tail -n +$(($1 + 1)) 2; } >3
    jet < <(in_turn 2 && printf '%s\n' "floor $1" "${@:2}")
    job
    until_has 400
    same "$(said)" "bsky2s2: job 'default': no checkpoint: beginning at the live tip
bsky2s2: stopped by SIGTERM: 400 records delivered, 0 unacked"
    before=$(newest)
}

# The job goes on, and says exactly LINE... besides the usual.
goes_on() { # RECORDS FILE GAPS LINE...
    job
    until_has "$1"
    is_exact "$2"
    same "$(said)" "$(printf '%s\n' "${@:4}" \
        "bsky2s2: stopped by SIGTERM: $(($1 - 400)) records delivered, 0 unacked")"
    same "$(figure gaps)" "$3"
}
# With --on-gap fail it ends, as often as it is started, and nothing moves.
fails() { # LINE...
    local run
    for run in 1 2; do
        job_ends --on-gap fail
        same "$status" 76
        same "$(said)" "$(printf '%s\n' "$@" \
            "bsky2s2: stopped at the gap; --since or --on-gap warn goes on")"
        same "$(held | wc -l)" 400
        same "$(figure gaps)" 1
        place "$(newest)" | diff - <(place "$before")
    done
}
place() { # CHECKPOINT
    jq -c '[.time_us, .seq, .begin_us, .begin_seq, .url]' <<<"$1"
}

clamp() {
    has_been 500
    local gap="bsky2s2: $HOST: gap from $(when 399) to $(when 500) (101 s):"
    gap+=" the first event comes after what was asked for"
    fails "$gap"
    goes_on 700 3 1 "$gap"
}

@test "wire v1 clamps in silence: a gap all the same" {
    WIRE=1
    each_basin clamp
}

too_old() {
    has_been 500
    local words="cursor is below the oldest retained event 20501"
    local gap="bsky2s2: $HOST: our position is too old: $words
bsky2s2: $HOST says: OutdatedCursor: OutdatedCursor, as scripted
bsky2s2: $HOST: gap from $(when 399) to $(when 500) (101 s): CursorTooOld: $words"
    fails "$gap"
    goes_on 700 3 1 "$gap"
}

@test "wire v2: CursorTooOld by number, then by time: the gap and its cause" {
    WIRE=2
    each_basin too_old
}

within() {
    # The number asked for is gone, but our own is not: nothing is missing.
    has_been 350
    job
    until_has 800
    is_exact 2
    grep -q ': our position is too old: cursor is below ' err
    grep -q ' says: OutdatedCursor: ' err
    same "$(figure gaps)" 0
    if grep gap err | grep -v events=; then return 1; fi
}

@test "wire v2: CursorTooOld and OutdatedCursor alone are no gap" {
    WIRE=2
    each_basin within
}

@test "--on-gap fail: 76; --since and --on-gap warn go on" {
    onward() {
        has_been 500
        job_ends --on-gap fail
        same "$status" 76
        job --on-gap fail -s "$(at 450)"
        until_has 700
        is_exact 3
        same "$(said)" "bsky2s2: $HOST: gap from $(when 399) to $(when 450) (51 s): --since skips it
bsky2s2: stopped by SIGTERM: 300 records delivered, 0 unacked"
        # From here on nothing is missing any more.
        job_ends --on-gap fail --until "$(at 799)"
        same "$status" 0
    }
    WIRE=1
    each_basin onward
}

@test "a gap within a run, and a second one: counted" {
    twice() {
        row 1 900 0 1 | events "$WIRE" >1
        { sed -n 1,300p 1 && sed -n 401,600p 1 && sed -n 701,900p 1; } >3
        # Wire v2 refuses the number first, in a connection of its own.
        local again=${WIRE/1/}
        jet <<<"connection
after 300 close 1001
${again:+connection
floor 400}
connection
floor 400
after 200 close 1001
${again:+connection
floor 700}
connection
floor 700"
        job
        until_has 700
        is_exact 3
        same "$(grep -c "gap from" err)" 2
        grep -Fq "gap from $(when 299) to $(when 400) (101 s): " err
        grep -Fq "gap from $(when 599) to $(when 700) (101 s): " err
        same "$(figure gaps)" 2
    }
    everywhere twice
}

@test "K trimmed or expired to the last checkpoint: said, and with fail 76" {
    emptied() {
        # The fence, its checkpoint, that of the begin and that of the end.
        [ "$BASIN" = file ] ||
            on s2 "on read _bsky2s2/default 1 trim 4"
        row 1 100 0 1 | events 1 | tee 1 >2
        row 101 200 100 1 | events 1 >>2
        jet < <(in_turn 2)
        job
        until_has 100
        [ "$BASIN" = s2 ] || sqlite3 x.db "UPDATE record
            SET appended = appended - 864000000 WHERE stream =
                (SELECT id FROM stream WHERE name GLOB '_bsky*')"
        local tail said="bsky2s2: job 'default': gap: its checkpoints were"
        said+=" trimmed or have expired (--since says where to begin)"
        tail=$(k_tail)
        job_ends --on-gap fail
        same "$status" 76
        same "$(said)" "$said"
        same "$(k_tail)" "$tail"
        same "$(checkpoints)" ""
        same "$(grep -c ^request jet.log)" 1
        job
        until_has 200
        is_exact 2
        same "$(said)" "bsky2s2: $HOST: gap from unknown to unknown: the checkpoints were trimmed or have expired
bsky2s2: job 'default': no checkpoint: beginning at the live tip
bsky2s2: stopped by SIGTERM: 100 records delivered, 0 unacked"
        same "$(figure gaps)" 1
    }
    each_basin emptied
}

@test "a fresh start says once that it begins at the live tip" {
    row 1 50 0 1 | events 1 >1
    WIRE=1
    on file
    jet <<<"every 20 close 1001"
    job -c 30
    wait "$PID"
    same "$(grep -c 'beginning at the live tip' err)" 1
    grep -q '^fault' jet.log
}

@test "--did: a sparse feed has no false gap" {
    sparse() {
        # One account of many: an event every 777 s.
        { row 1 20 5000 5000 | awk '{ $1 *= 777; $3 = NR; print }'; } >lines
        head -8 lines | events "$WIRE" >1
        head -16 lines | events "$WIRE" >2
        events "$WIRE" <lines >3
        jet < <(in_turn 3)
        job --did did:plc:00000 -s "$(at 100)" --on-gap fail
        until_has 8
        job --did did:plc:00000 --on-gap fail
        kill_at 12
        job --did did:plc:00000 --on-gap fail
        until_has 20
        is_exact 3
        same "$(figure gaps)" 0
    }
    everywhere sparse
}

# $URL and $HOST are one server, $URL2 and $HOST2 another one with numbers and
# times of its own, 2 s late.
two_hosts() {
    row 1 2000 0 1 | events "$WIRE" >1
    row 1 2100 0 1 | awk '{ $2 += 2; $3 = $1 + 7000; print }' |
        events "$WIRE" >2
    LOG=jet2.log jet < <(printf 'connection *\nevents 2\n')
    URL2=$URL HOST2=$HOST
    jet </dev/null
    job
    until_has 2000
    gap="bsky2s2: $HOST2: gap from $(when 1999) to $(when 1399) (0 s):"
    gap+=" another host than before: continuity across hosts is not proven"
}

@test "another host: H is rewound, and said once as a gap" {
    switch_hosts() {
        two_hosts
        before=$(newest)
        URL=$URL2
        job_ends --on-gap fail
        same "$status" 76
        same "$(said)" "$gap
bsky2s2: stopped at the gap; --since or --on-gap warn goes on"
        place "$(newest)" | diff - <(place "$before")
        job
        until_has 2100
        same "$(held | wc -l)" 2100
        same "$(held | cut -d '"' -f 4,8,16 | sort -u | wc -l)" 2100
        same "$(said)" "$gap
bsky2s2: stopped by SIGTERM: 100 records delivered, 0 unacked"
        same "$(figure gaps)" 1
        grep -q " cursor=$(((BASE + 1399) * 1000000)) " jet2.log
        newest_is url "$URL2"
        newest_is seq 29100
        job_ends --on-gap fail -t 300ms
        same "$status" 0
    }
    everywhere switch_hosts
}

@test "the checkpoint's host is tried first, wherever it stands in the list" {
    first_host() {
        two_hosts
        local second=$URL
        URL=$URL2
        job_ends -u "$second" -t 500ms
        same "$status" 0
        same "$(figure gaps)" 0
        [ ! -s jet2.log ]
        same "$(grep -c '^subscribe.* cursor=12000 ' jet.log)" 1
    }
    everywhere first_host
}
