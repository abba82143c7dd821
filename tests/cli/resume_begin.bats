#!/usr/bin/env bats
# Where a job began, and times that lie: what a resumed run takes, and what it
# never does.

load exact
setup() { exact_setup; }
teardown() { s2_teardown; }

# 200 events of history, then the job's first, all within a minute.  Ties with
# the last of history; after the first, times go back behind it.
tip_lines() {
    row 1 200 0 0.1
    echo 201 19.9
    echo 202 19.9
    row 203 260 20 0.1
    row 261 270 5 0.1
    row 271 300 27 0.1
}

tip() {
    tip_lines >lines
    head -280 lines | events "$WIRE" >1
    head -290 lines | events "$WIRE" >2
    events "$WIRE" <lines >3
    tail -n +201 3 >4
    jet < <(echo "live 200" && in_turn 3)
    job
    until_has 80
    same "$(grep -c "no checkpoint: beginning at the live tip" err)" 1
    newest_is begin_seq 20201
    newest_is begin_us $((BASE * 1000000 + 19900000))
    job
    kill_at 85
    job
    until_has 100
    same "$(sed -n 's/^subscribe.* first=\([0-9]*\).*/\1/p' jet.log)" "200
0
0"
    is_exact 4
    [ "$(figure below_floor)" -ge 200 ]
    newest_is begin_seq 20201
}

@test "from the live tip, within a minute: nothing from before the first event" {
    everywhere tip
}

@test "killed with a checkpoint that nobody asked for" {
    everyfive() {
        tip_lines >lines
        head -290 lines | events 1 >1
        events 1 <lines >2
        tail -n +201 2 >3
        jet < <(echo "live 200" && in_turn 2)
        job -v -v -v
        await newest_is begin_seq 20201
        kill_at 90
        job
        until_has 100
        is_exact 3
    }
    each_basin everyfive
}

@test "from --since, within a minute: nothing from before it" {
    since() {
        tip_lines >lines
        head -290 lines | events "$WIRE" >1
        events "$WIRE" <lines >2
        # Second 10 is event 101; 261 to 270 are older, but came later.
        tail -n +101 2 >3
        jet < <(echo "filter off" && in_turn 2)
        job -s "$(at 10)"
        until_has 190
        newest_is begin_us $(((BASE + 10) * 1000000))
        newest_is begin_seq 20101
        job
        until_has 200
        is_exact 3
        [ "$(figure below_floor)" -ge 100 ]
    }
    everywhere since
}

# Three runs of a job: the first gets LINES, the second more, the third all.
wild_runs() { # LINES
    head -"$1" lines | events "$WIRE" >1
    head -300 lines | events "$WIRE" >2
    events "$WIRE" <lines >3
    jet < <(in_turn 3)
    job
    until_has "$1"
    time_us=$(newest | jq .time_us)
    job
    kill_at $(($1 + 50))
    job
    until_has 400
    is_exact 3
    same "$(figure gaps)" 0
}
# Its checkpoint is from second FROM to TO.
not_spoiled() { # FROM TO
    [ "$time_us" -ge $(((BASE + $1) * 1000000)) ]
    [ "$time_us" -le $(((BASE + $2) * 1000000)) ]
}

future() {
    { row 1 99 0 1 && echo 100 900000000 && row 101 400 100 1; } >lines
    wild_runs 200
    not_spoiled 199 200
}
future_last() {
    { row 1 99 0 1 && echo 100 900000000 && row 101 400 100 1; } >lines
    wild_runs 100
    not_spoiled 98 98
}
past() {
    { row 1 99 0 1 && echo 100 -900000000 && row 101 400 100 1; } >lines
    wild_runs 200
    not_spoiled 199 200
}
past_last() {
    { row 1 99 0 1 && echo 100 -900000000 && row 101 400 100 1; } >lines
    wild_runs 100
    not_spoiled 98 98
}
apart() {
    { row 1 99 0 1 && echo 100 900000000 && echo 101 -900000000 &&
        row 102 400 100 1; } >lines
    wild_runs 101
    not_spoiled 98 98
}

@test "one time of the far future" {
    everywhere future
}

@test "one time of the far future, as the very event before the crash" {
    everywhere future_last
}

@test "one time of the far past" {
    everywhere past
}

@test "one time of the far past, as the very event before the crash" {
    everywhere past_last
}

@test "two wild times in a row that do not agree" {
    everywhere apart
}

agree() {
    { row 1 98 0 1 && row 99 100 900000000 1 && row 101 400 100 1; } >lines
    [ "$NUMBERS" = yes ] || awk '{ $3 = "-"; print }' lines >unnumbered
    [ "$NUMBERS" = yes ] || mv unnumbered lines
    head -100 lines | events "$WIRE" >1
    events "$WIRE" <lines >2
    jet < <(in_turn 2)
    job
    until_has 100
    newest_is time_us $(((BASE + 900000001) * 1000000))
    job
    until_has 400
    is_exact 2
    newest_is time_us $(((BASE + 399) * 1000000))
}

@test "two that do agree spoil the checkpoint's time: the number goes on" {
    NUMBERS=yes
    everywhere agree
}

@test "the same without numbers: from the wild ones on" {
    NUMBERS=no WIRE=1
    each_basin agree
}

@test "--since in the future takes nothing before it" {
    ahead() {
        row 1 300 0 1 | events "$WIRE" >1
        jet <<<"live 100"
        job -s "$(at 250)"
        until_has 50
        tail -50 1 >3
        is_exact 3
    }
    everywhere ahead
}
