# shellcheck shell=sh disable=SC2154 # what the other files set
# Rows 7 to 9: memory, delay and growth.

# Row 7: the highest peak of all runs, but for those of row 9 that write: what
# is remembered of 200,000 records, each a match, is its own measure there.
row_7() {
    peaks "peak memory of bsky2s2, from a file to -n" 16 \
        "$dir"/runs/1.bsky2s2* "$dir"/runs/9.bsky2s2-[0-9]*
    peaks "  in rows 2 to 8" 24 "$dir"/runs/[2-68].bsky2s2*
    peaks "  of s2tail" 24 "$dir"/runs/6.s2tail*
}
peaks() { # WHAT LIMIT FILE...
    peaks_what=$1 peaks_limit=$2
    shift 2
    peaks_kib=$(cat "$@" 2>/dev/null |
        awk '$4 == 0 && $3 > n { n = $3 } END { print n + 0 }')
    if [ "$peaks_kib" = 0 ]; then
        no_line "$peaks_what" skipped "its rows were not run"
        return
    fi
    peaks_mib=$(calc "$peaks_kib / 1024")
    line "$peaks_what" "$(short "$peaks_mib") MiB" - "$peaks_mib" '<=' \
        "$peaks_limit" ' MiB'
}

# Row 8: from an event's time to the line that tells of its record's ack, with
# events that come into being as on the busiest days.  What --linger is by
# default and 50 ms more.
row_8() {
    corpus hot "$(scaled 60000)"
    seconds=$(scaled 20)
    [ "$seconds" -gt 2 ] || seconds=2
    repeat row_8_run_file
    late "delay at 2000 events/s, a file basin" bsky2s2-file
    if ! has s2; then
        skip "  s2 lite" "the S2 CLI"
        return
    fi
    lite
    repeat row_8_run_lite
    late "  s2 lite" bsky2s2 '<=' 150
}
row_8_run_file() { # RUN
    live bsky2s2-file "file:$dir/live-$1.db"
}
row_8_run_lite() { # RUN
    basin "bench-live-$1"
    live bsky2s2 "s2://bench-live-$1"
}

# A server is for one run: its events begin when the first client comes.
live() { # NAME BASIN
    peer fakejet --v1 "$corpus" --restamp --pace 2000/s
    # The names of old posts are not dated now, as their events are.
    timed "$1" "$tool" -q -u "ws://127.0.0.1:$port/subscribe" --max-age 0 \
        -t "${seconds}s" -b "$2" -o - | "$BUILD/bench/lag" >"$dir/out"
    end "$peer_pid"
    cat "$dir/out" >>"$(runs_of "$1").lag"
    # One event in ten is a record; most of them must be there to count.
    read -r live_records _ <"$dir/out"
    [ "${live_records:-0}" -ge $((seconds * 150)) ] ||
        broken "$1" "has ${live_records:-no} records after $seconds s"
}

late() { # WHAT NAME [RULE LIMIT]
    ready "$1" "$2" || return 0
    late_half=$(median "$(runs_of "$2").lag" 2)
    late_most=$(median "$(runs_of "$2").lag" 3)
    line "$1" "p50 $(short "$late_half"), p99 $(short "$late_most") ms" - \
        "$late_most" "${3-}" "${4-}" ' ms' "$2"
}

# Row 9: seconds and memory by the number of events, and of streams.
row_9() {
    sizes="$(scaled 100000) $(scaled 300000) $(scaled 1000000)"
    sizes="$sizes $(scaled 3000000)"
    repeat row_9_run_events
    base=$(scaled 300000)
    for size in $sizes; do
        growth_of_events "bsky2s2-$size" "bsky2s2-$base"
    done
    growth_of_memory
    rm -f "$dir"/mix-*

    repeat row_9_run_file
    growth_of_streams "a file basin" file
    if ! has s2; then
        skip "streams of s2 lite" "the S2 CLI"
        return
    fi
    lite
    repeat row_9_run_lite
    growth_of_streams "s2 lite" lite
}

row_9_run_events() {
    for size in $sizes; do
        corpus mix "$size"
        timed "bsky2s2-$size" "$tool" -q -n -i "$corpus" -o "$dir/out"
        rm -f "$dir/out"
    done
}

# The start takes its time too, which a small file shows and a large one hides.
growth_of_events() { # NAME BASE
    ready "filter, $size events" "$1" "$2" || return 0
    growth=$(calc "$(middle "$1" 1) * 1e6 / $size")
    growth_rule='<='
    [ "$size" -gt "$base" ] || growth_rule=''
    line "filter, $size events" "$(short "$growth") s/million" - \
        "$(calc "$growth / ($(middle "$2" 1) * 1e6 / $base)")" \
        "$growth_rule" 1.25 x "$1"
}

growth_of_memory() {
    ready "  memory, $base to $size events" "bsky2s2-$base" "bsky2s2-$size" ||
        return 0
    growth=$(calc "($(highest "bsky2s2-$size") - $(highest \
        "bsky2s2-$base")) / 1024")
    line "  memory, $base to $size events" "$(short "$growth") MiB more" - \
        "$growth" '<=' 1 ' MiB'
}

row_9_run_file() { # RUN
    for streams in 9 500 1000; do
        many "bsky2s2-file-$streams" "file:$dir/many.db"
        rm -f "$dir/many.db"*
    done
}
row_9_run_lite() { # RUN
    for streams in 9 500 1000; do
        basin "bench-$streams-streams-$1"
        many "bsky2s2-lite-$streams" "s2://bench-$streams-streams-$1"
    done
}
many() { # NAME BASIN
    wide_corpus "$streams" "$(scaled 200000)"
    timed "$1" "$tool" -q -i "$corpus" --no-default-routes \
        -R "$dir/routes-$streams" -b "$2" --expect "$(scaled 200000)"
}

growth_of_streams() { # WHAT BASIN
    for streams in 9 500 1000; do
        growth_name=bsky2s2-$2-$streams
        ready "$streams streams of $1" "$growth_name" "bsky2s2-$2-9" ||
            continue
        growth=$(middle "$growth_name" 1)
        line "$streams streams of $1" "$(short "$growth") s" - \
            "$(calc "$growth / $(middle "bsky2s2-$2-9" 1)")" '' '' x \
            "$growth_name"
    done
    ready "  the second 500" "bsky2s2-$2-9" "bsky2s2-$2-500" \
        "bsky2s2-$2-1000" || return 0
    # The second half may cost as much as the first and half of that more; of
    # the start, which all have, a tenth is taken for noise.
    growth_nine=$(middle "bsky2s2-$2-9" 1)
    growth_half=$(middle "bsky2s2-$2-500" 1)
    growth_all=$(middle "bsky2s2-$2-1000" 1)
    growth=$(calc "$growth_all - $growth_half")
    line "  the second 500" "$(short "$growth") s more" \
        "$(short "$(calc "$growth_half - $growth_nine")") s the first" \
        "$(calc "$growth / ($growth_half - $growth_nine + \
            $growth_nine / 10)")" '<=' 1.5 x
    growth=$(calc "($(highest "bsky2s2-$2-1000") - $(highest \
        "bsky2s2-$2-9")) / 991")
    line "  memory of a stream" "$(short "$growth") KiB" - "$growth" '<=' 32 \
        ' KiB'
}
