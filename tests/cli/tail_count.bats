#!/usr/bin/env bats
# Counts are exact: what s2tail tells, and an independent count of the same
# records.

load common
load s2
load tail
setup() { tail_setup; }
teardown() { s2_teardown; }

# s2tail's windows of WINDOW every EVERY ms over the lines of FILE are those
# of a naive count.
agrees() { # FILE WINDOW EVERY [OPTION...]
    local file=$1 window=$2 every=$3
    shift 3
    s2tail -i "$file" -w "${window}ms" -e "${every}ms" "$@" | telling >got
    times_lines "$file" | naive "$window" "$every" >want
    test -s want
    alike got want
}

# The same of a basin, whose last window is that of now.
agrees_basin() { # FILE WINDOW EVERY [OPTION...]
    local file=$1 window=$2 every=$3
    shift 3
    s2tail -b "file:$file" -1 -w "${window}ms" -e "${every}ms" "$@" >told
    finals told | telling >got
    times "$file" | naive "$window" "$every" | sed 's/open$/final/' >want
    # The windows that the last record is in end one by one.
    awk -F '\t' 'NR == FNR { last = $1; next } $1 <= last' want got >upto
    test -s want
    alike upto want
    totals told >got
    times "$file" | awk -F '\t' '{ n[$2]++ } END { for (s in n) print s "\t" n[s] }' |
        LC_ALL=C sort >want
    alike got want
}

# N records at random times of SPAN ms, in the order of time but for SWAPS
# neighbours or so that come at most JITTER ms too late.
random_lines() { # N SPAN JITTER SEED
    awk -v n="$1" -v span="$2" -v jitter="$3" -v seed="$4" 'BEGIN {
        srand(seed)
        for (i = 0; i < n; i++) {
            at = 1700000000000 + int(rand() * span)
            key = at + int(rand() * (jitter + 1))
            printf "%.0f\t{\"stream\":\"s/%d\",\"timestamp\":%.0f," \
                "\"record\":{}}\n", key, int(rand() * 7), at
        }
    }' | sort -n -s -k 1,1 | cut -f 2-
}

@test "tumbling windows, by hand" {
    { line a 1700000000000; line a 1700000000999; line b 1700000001000
      line a 1700000002999; line b 1700000003000; } >in
    tool s2tail -i in -w 1s --grace 0
    same "$status" 0
    same "$output" "$(printf '%s\t%s\t%s\t%s\t%s\n' \
        2023-11-14T22:13:21Z a 2 2 final \
        2023-11-14T22:13:21Z b 0 0 final \
        2023-11-14T22:13:22Z a 0 2 final \
        2023-11-14T22:13:22Z b 1 1 final \
        2023-11-14T22:13:23Z a 1 3 final \
        2023-11-14T22:13:23Z b 0 1 final \
        2023-11-14T22:13:24Z a 0 3 open \
        2023-11-14T22:13:24Z b 1 2 open)"
}

@test "hopping windows, by hand" {
    { line a 1700000000500; line a 1700000001500; line a 1700000003500; } >in
    tool s2tail -i in -w 3s -e 1s
    same "$status" 0
    same "$output" "$(printf '%s\ta\t%s\t%s\t%s\n' \
        2023-11-14T22:13:21Z 1 1 final \
        2023-11-14T22:13:22Z 2 2 final \
        2023-11-14T22:13:23Z 2 2 final \
        2023-11-14T22:13:24Z 2 3 open)"
    s2tail -i in -w 3s -e 1s -f json | head -1 | grep -q \
        '"start":"2023-11-14T22:13:18Z","end":"2023-11-14T22:13:21Z"'
}

@test "windows are aligned to the clock, whatever their length" {
    line a 1700000000000 >in
    for pair in 7s=2023-11-14T22:13:21Z 1h=2023-11-14T23:00:00Z \
        1d=2023-11-15T00:00:00Z 7d=2023-11-16T00:00:00Z \
        250ms=2023-11-14T22:13:20.250Z 1500ms=2023-11-14T22:13:21.000Z; do
        same "$pair $(s2tail -i in -w "${pair%=*}")" \
            "$pair ${pair#*=}	a	1	1	open"
    done
}

@test "late within the grace: counted where it belongs" {
    { line a 1700000000900; line a 1700000002500; line a 1700000000950
      line a 1700000003100; } >in
    tool s2tail -i in -w 1s --grace 2s -f json
    same "$(jq -c '[.end[17:19], .groups.a.n, .late, .late_graced]' <<<"$output" | tr '\n' ' ')" \
        '["21",2,0,1] ["22",0,0,1] ["23",1,0,1] ["24",1,0,1] '
}

@test "late beyond the grace: counted apart and in the total, never lost" {
    { line a 1700000000900; line a 1700000003500; line a 1700000000950
      line a 1700000003600; } >in
    tool s2tail -i in -w 1s --grace 1s -f json
    same "$(jq -c '[.end[17:19], .groups.a.n, .groups.a.total, .late]' <<<"$output" | tr '\n' ' ')" \
        '["21",1,1,0] ["22",0,1,0] ["23",0,2,1] ["24",2,4,1] '
}

@test "random records in many windows equal a naive count" {
    random_lines 2000 60000 0 1 >in
    agrees in 1000 1000
    agrees in 10000 1000
    agrees in 250 50 --grace 0
    agrees in 30000 10000
    agrees in 7000 7000
    agrees in 60000 100
    agrees in 86400000 86400000
}

@test "random records out of order, within the grace, equal a naive count" {
    random_lines 2000 60000 1999 2 >in
    agrees in 1000 1000
    agrees in 5000 500
    agrees in 100 100
    random_lines 2000 60000 30000 3 >in
    agrees in 1000 1000 --grace 30s
}

@test "an embedded basin in many windows equals a naive count" {
    posts 5000 >posts
    bsky2s2 -i posts -b file:x.db
    agrees_basin x.db 1000 1000
    agrees_basin x.db 10 10
    agrees_basin x.db 500 100 --grace 0
}

@test "the bundled events: totals are those of the database" {
    bsky2s2 -i "$EVENTS" -b file:x.db
    s2tail -b file:x.db --once -f tsv | totals >got
    sqlite3 -separator '	' x.db \
        'SELECT stream, count(*) FROM records GROUP BY stream ORDER BY stream' >want
    alike got want
    s2tail -b file:x.db --once -g offsite | totals >got
    sqlite3 -separator '	' x.db \
        "SELECT json_extract(body, '\$.offsite') AS o, count(*) FROM records
         GROUP BY o ORDER BY o" >want
    alike got want
}

@test "200,000 records in windows of 10 ms, from lines" {
    lines_of 200000 0.7 1700000000000 >in
    s2tail -i in -w 10ms | telling >got
    times_lines in | naive 10 10 >want
    same "$(cut -f 1 want | uniq | wc -l)" 14000
    alike got want
}

@test "200,000 records in windows of 10 ms, from an embedded basin" {
    posts 200000 >posts
    bsky2s2 -i posts -b file:x.db
    agrees_basin x.db 10 10
}

@test "a fake S2 server: the same counts as in a file" {
    s2
    posts 3000 >posts
    bsky2s2 -i posts
    bsky2s2 -i posts -b file:x.db
    s2tail -1 -w 100ms >told
    s2tail -b file:x.db -1 -w 100ms >want
    finals told | telling >got
    finals want | telling >wanted
    alike got wanted
    totals told >got
    totals want >wanted
    same "$(awk '{ n += $2 } END { print n }' got)" 3000
    alike got wanted
}

@test "empty windows: all groups at zero, of a longer stretch 360 and the last" {
    { line a 1700000000000; line b 1700000000000; line a 1700000300000; } >in
    s2tail -i in -w 1s >out
    same "$(grep -c final out)" 600
    same "$(awk '$3 == 0 && $2 == "b"' out | wc -l)" 300
    { line a 1700000000000; line a 1700000361000; line a 1700000362000; } >in
    same "$(s2tail -i in -w 1s --grace 0 | wc -l)" 363
    { line a 1700000000000; line a 1700001000000; line a 1700001001000; } >in
    tool s2tail -i in -w 1s --grace 0
    same "${#lines[@]}" 364
    same "$(awk '$3 == 0' <<<"$output" | wc -l)" 361
    same "$(tail -4 <<<"$output")" "2023-11-14T22:19:21Z	a	0	1	final
2023-11-14T22:30:00Z	a	0	1	final
2023-11-14T22:30:01Z	a	1	2	final
2023-11-14T22:30:02Z	a	1	3	open"
}

@test "a record of 1970 before one of 2023, in windows of 10 ms" {
    { line a 0; line a 1700000000000; line a 1700000000010; } >in
    tool s2tail -i in -w 10ms --grace 0
    same "$status" 0
    same "${#lines[@]}" 364
    same "${lines[0]}" "1970-01-01T00:00:00.010Z	a	1	1	final"
    same "${lines[-1]}" "2023-11-14T22:13:20.020Z	a	1	3	open"
}

@test "--time FIELD: RFC 3339 or a number; without it the record's" {
    { line a 1700000005000 '{"at":"2023-11-14T22:13:20.5Z"}'
      line a 1700000005000 '{"at":1700000001500}'
      line a 1700000005000 '{"at":true}'; line a 1700000006000; } >in
    same "$(s2tail -i in -w 1s -T at --grace 10s | cut -f 1,3)" \
        "2023-11-14T22:13:21Z	1
2023-11-14T22:13:22Z	1
2023-11-14T22:13:23Z	0
2023-11-14T22:13:24Z	0
2023-11-14T22:13:25Z	0
2023-11-14T22:13:26Z	1
2023-11-14T22:13:27Z	1"
}

@test "--time arrival: now" {
    line a 1700000005000 >in
    local before after end
    before=$(date -u +%FT%H:%M)
    end=$(s2tail -i in -w 1s -T arrival | cut -f 1)
    after=$(date -u -d '+2 seconds' +%FT%H:%M)
    [[ ! $end < $before ]]
    [[ ! ${end:0:16} > $after ]]
}

@test "at most 10,000 labels, then other" {
    awk 'BEGIN { for (i = 0; i < 10500; i++)
        printf "{\"stream\":\"s\",\"timestamp\":1700000000000," \
            "\"record\":{\"k\":\"k%d\"}}\n", i }' >in
    s2tail -i in -g k >out
    same "$(wc -l <out)" 10001
    same "$(awk -F '\t' '$2 == "other"' out | cut -f 3,4)" "500	500"
}
