#!/usr/bin/env bats
# s2tail --check: thresholds, as monitoring plugins report them.

load common
load s2
load tail
setup() {
    tail_setup
    # Two hours with ten records each, so that the window that is judged, the
    # last complete one, holds ten even when the hour ends meanwhile.
    HOUR=$(($(date +%s) / 3600 * 3600))
    { posts_at 9 $((HOUR - 3600)); posts_at 1 $((HOUR - 3599)) youtube.com
      posts_at 9 $HOUR; posts_at 1 "$HOUR.010" youtube.com; } >posts
    bsky2s2 -i posts -b file:x.db
}
teardown() { s2_teardown; }

check() { # STATUS OPTION...
    local want=$1
    shift
    tool s2tail -b file:x.db --check -w 1h --grace 0 "$@"
    same "$* : $status $output $stderr" "$* : $want $output "
    same "${#lines[@]}" 1
}

@test "no threshold: OK, the counts of the last complete window" {
    check 0
    [[ $output =~ ^S2TAIL\ OK\ -\ 10\ records\ in\ 3600\ s,\ lag\ [0-9]+\.[0-9]\ s\ \|\ total=10\ lag=[0-9]+\.[0-9]{3}s$ ]]
}

@test "warning 1, critical 2, and what made them so" {
    check 0 --warn 'social/youtube<2' --crit 'social/youtube<1'
    [[ $output == "S2TAIL OK - "*" | 'social/youtube'=2;2:;1: total=10 lag="* ]]
    check 1 --warn 'social/youtube<3' --crit 'social/youtube<1'
    [[ $output == "S2TAIL WARNING - social/youtube 2 < 3; 10 records in "* ]]
    check 2 --warn 'social/youtube<3' --crit 'social/youtube<3'
    [[ $output == "S2TAIL CRITICAL - social/youtube 2 < 3; "* ]]
    check 2 --warn 'news/bbc>0' --crit 'total>9' --crit 'total<9'
    [[ $output == "S2TAIL CRITICAL - total 10 > 9; "* ]]
    check 0 --crit 'total>10'
    check 0 --crit 'total<10'
    check 1 --warn 'total<11' --warn 'total>100'
}

@test "a group that is not there counts as 0" {
    check 2 --crit 'no/such<1'
    [[ $output == "S2TAIL CRITICAL - no/such 0 < 1; "* ]]
    check 0 --crit 'no/such>0'
}

@test "lag" {
    check 0 --crit 'lag>7d'
    check 2 --crit 'lag<7d'
    check 1 --warn 'lag<2h' --crit 'lag>2h'
    [[ $output == "S2TAIL WARNING - lag "*" s < 2h; "* ]]
}

@test "groups by a field, and prefixes" {
    check 0 -g offsite --crit 'youtube.com<2' --crit 'youtube.com>2'
    check 2 news/ --crit 'total<4'
    [[ $output == "S2TAIL CRITICAL - total 3 < 4; 3 records in "* ]]
}

@test "an input is judged by its own time" {
    { line a 1700000010000; line a 1700000011000; line a 1700000020000
      line a 1700000021000; line a 1700000022000; line a 1700000035000; } >in
    tool s2tail -i in --check --crit 'a<3' --crit 'a>3'
    same "$status $output" "0 $output"
    [[ $output == "S2TAIL OK - 3 records in 10 s, "* ]]
}

@test "unknown, 3, for any failure, on stdout" {
    unknown() { # OPTION...
        tool s2tail --check "$@"
        same "$* : $status" "$* : 3"
        same "${#lines[@]}" 1
        [[ $output == "S2TAIL UNKNOWN - "?* ]]
    }
    unknown -b file:nowhere.db
    unknown -b file:x.db --nope
    unknown --warn -b file:x.db x
    unknown -b file:x.db --warn 'total=1'
    unknown -b file:x.db --crit 'total<'
    unknown -b file:x.db --crit '<1'
    unknown -b file:x.db --crit 'lag>5'
    unknown -b file:x.db --crit 'total<-1'
    echo letter >letter
    unknown -b file:letter
    unknown -i nowhere
    unknown --nope
    S2_ACCOUNT_ENDPOINT=http://127.0.0.1:1 S2_BASIN_ENDPOINT=http://127.0.0.1:1 \
        S2_ACCESS_TOKEN=x unknown -b s2://some-basin --retry-for 200ms
}

@test "no secret and no newline is in the line" {
    for second in 10 20 30; do
        printf '{"stream":"a|b\\n%%c","timestamp":17000000%d000,"record":{}}\n' \
            $second
    done >in
    tool s2tail -i in --check --crit $'a|b\n%c<1'
    same "${#lines[@]}" 1
    same "$(tr -cd '|' <<<"$output" | wc -c)" 1
}

@test "the lag of streams that have been quiet is that of their last record" {
    posts 90 >posts
    bsky2s2 -q -i posts -b file:old.db
    tool s2tail -b file:old.db --check --crit 'lag>36500d'
    same "$status" 0
    [[ $output == "S2TAIL OK - 0 records in 10 s, lag "[0-9]* ]]
    tool s2tail -b file:old.db --check --crit 'lag>1h'
    same "$status" 2
}
