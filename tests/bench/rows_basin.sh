# shellcheck shell=sh disable=SC2154 # what the other files set
# Rows 4 to 6: from a websocket into basins, and out of them.

tail=$BUILD/s2tail

# Row 4: one event in ten becomes a record in one of nine streams.  What S2
# costs is what the same run costs more than with -n.
row_4() {
    if ! has s2; then
        skip "websocket to s2 lite" "the S2 CLI"
        skip "  CPU of S2" "the S2 CLI"
        return
    fi
    hot
    "$tool" -q -n -i "$corpus" | sed 's/^.*,"record":\(.*\)}$/\1/' \
        >"$dir/bodies"
    lite
    repeat row_4_run
    faster "websocket to s2 lite, against Bytewax" firehose.py '>=' 10
    faster "  against Bytewax, tuned" firehose_tuned.py '' ''
    if ready "  CPU of S2, against s2 append" bsky2s2 bsky2s2-n s2-append; then
        # Of two large numbers the small difference: run by run, so that both
        # are of the same minute.
        paste "$(runs_of bsky2s2)" "$(runs_of bsky2s2-n)" |
            awk '{ print $2 - $6 }' >"$dir/differences"
        ours=$(median "$dir/differences" 1)
        peers_=$(middle s2-append 2)
        line "  CPU of S2, against s2 append" "$(short "$ours") s CPU" \
            "$(short "$peers_") s CPU s2-append" \
            "$(calc "$ours / $peers_")" '<=' 1 x bsky2s2 s2-append
    fi
}
row_4_run() { # RUN
    basin "bench-ours-$1"
    socket_to_basin bsky2s2 "s2://bench-ours-$1" -o "$dir/out" &&
        agree bsky2s2 "$(wc -l <"$dir/out")" "$wanted" 1
    socket_to_basin bsky2s2-n file:unused -n -o "$dir/out" &&
        agree bsky2s2-n "$(wc -l <"$dir/out")" "$wanted" 1
    basin "bench-append-$1"
    stream "bench-append-$1" all
    timed s2-append "$S2" append -i "$dir/bodies" "s2://bench-append-$1/all" \
        >/dev/null
    for name in firehose firehose_tuned; do
        ! has firehose.py || basin "bench-$1-$(echo $name | tr _ -)"
        bytewax_fills $name.py "$endpoint" "bench-$1-$(echo $name | tr _ -)"
    done
}

faster() { # WHAT PEER RULE LIMIT
    ready "$1" bsky2s2 "$2" || return 0
    ours=$(calc "$events / $(middle bsky2s2 1)")
    peers_=$(calc "$events / $(middle "$2" 1)")
    line "$1" "$(short "$ours") events/s" "$(short "$peers_") $2" \
        "$(calc "$ours / $peers_")" "$3" "$4" x bsky2s2 "$2"
}

# The hot corpus, from a Jetstream.
hot() {
    corpus hot "$(scaled 200000)"
    wanted=$(records "$corpus")
    events=$(($(wc -l <"$corpus")))
    until=$(last_time "$corpus")
    jet "$corpus"
}

socket_to_basin() { # NAME BASIN [OPTION...]
    basin_name=$1 basin_place=$2
    shift 2
    rm -f "$dir/out"
    timed "$basin_name" "$tool" -q -u "$url" --until "$until" \
        --expect $((wanted - 1)) -b "$basin_place" "$@"
}

# Row 5: the same into a file.
row_5() {
    if ! has s2; then
        skip "websocket to a file basin, against s2 lite" "the S2 CLI"
        return
    fi
    hot
    lite
    repeat row_5_run
    against "websocket to a file basin, against s2 lite" bsky2s2-file \
        bsky2s2-s2 1 '<=' 1
}
row_5_run() { # RUN
    socket_to_basin bsky2s2-file "file:$dir/run-$1.db" &&
        holds bsky2s2-file "file:$dir/run-$1.db"
    rm -f "$dir/run-$1.db"*
    basin "bench-five-$1"
    socket_to_basin bsky2s2-s2 "s2://bench-five-$1" &&
        holds bsky2s2-s2 "s2://bench-five-$1"
}

# What was written is there once, but for the last event.
holds() { # NAME BASIN
    timeout "$limit" "$tail" -q --once -b "$2" -f tsv >"$dir/out"
    agree "$1" "$(awk -F '\t' '{ n += $3 } END { print n }' "$dir/out")" \
        "$wanted" 1
}

# Row 6: all that a basin holds, counted; as one stream, which s2 read can
# read, and as nine.
row_6() {
    if ! has s2; then
        skip "s2tail --once, against s2 read" "the S2 CLI"
        return
    fi
    lite
    wanted=$(scaled 200000)
    wide 1 "$wanted"
    wide 9 "$wanted"
    repeat row_6_run
    against "s2tail --once, $wanted records, against s2 read" s2tail s2-read \
        1 '<=' 1
    against "  CPU" s2tail s2-read 2 '<=' 0.4
    against "  nine streams, against Bytewax" s2tail-nine tail.py 2 '>=' 30
    against "  against Bytewax, tuned" s2tail-nine tail_tuned.py 2 '' ''
}
row_6_run() {
    counted s2tail bench-wide-1
    timed s2-read "$S2" read -s 0 -n "$wanted" s2://bench-wide-1/site0 \
        >/dev/null
    counted s2tail-nine bench-wide-9
    bytewax_counts tail.py
    bytewax_counts tail_tuned.py
}

# In windows as s2tail's are, unless it is told others.
bytewax_counts() { # NAME
    has tail.py || return 0
    timed "$1" "$python" "$here/peers/$1" "$endpoint" bench-wide-9 site 10 \
        >"$dir/out" &&
        agree "$1" "$(awk '{ n += $2 } END { print n }' "$dir/out")" "$wanted"
}

# N events that are a record each, and the routes that take them.
wide_corpus() { # STREAMS N
    corpus wide "$2" 1 "$1"
    "$BUILD/bench/corpus" routes "$1" >"$dir/routes-$1"
}

# A basin of so many streams that hold N records.
wide() { # STREAMS N
    wide_corpus "$@"
    basin "bench-wide-$1"
    timeout "$limit" "$tool" -q -i "$corpus" --no-default-routes \
        -R "$dir/routes-$1" -b "s2://bench-wide-$1" --expect "$2" || exit 71
}

counted() { # NAME BASIN
    timed "$1" "$tail" -q --once -b "s2://$2" site >"$dir/out" &&
        agree "$1" "$(awk -F '\t' '{ n += $3 } END { print n }' "$dir/out")" \
            "$wanted"
}
