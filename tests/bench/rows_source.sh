# shellcheck shell=sh disable=SC2154 # what the other files set
# Rows 1 to 3: from a file, and from a websocket, to what matches.

tool=$BUILD/bsky2s2

# Row 1: a file through the filter, with and without cursors, which not all
# servers give.  All write to files: grep stops at the first match when its
# output goes to /dev/null.
row_1() {
    corpus mix "$(scaled 300000)"
    sed 's/,"cursor":[0-9]*//' "$corpus" >"$dir/bare.jsonl"
    wanted=$(records "$corpus")
    repeat row_1_run
    filtered "" "filter of a file, $(($(wc -l <"$corpus"))) events" "$corpus"
    filtered -bare "the same without cursors" "$dir/bare.jsonl"
    rm -f "$dir/bare.jsonl"
}
filtered() { # SUFFIX WHAT FILE
    if ready "$2" "bsky2s2$1"; then
        speed=$(calc "$(wc -c <"$3") / $(middle "bsky2s2$1" 1) / 1e9")
        line "$2" "$(short "$speed") GB/s" - "$speed" '>=' 1 ' GB/s' \
            "bsky2s2$1"
    fi
    against "  against grep -c" "bsky2s2$1" "grep$1" 1 '<=' 3
    against "  against Python's json.loads" "bsky2s2$1" "filter.py$1" 1 \
        '>=' 12
    against "  against jq" "bsky2s2$1" "jq$1" 1 '>=' 20
}
row_1_run() {
    filter_all "" "$corpus"
    filter_all -bare "$dir/bare.jsonl"
}
filter_all() { # SUFFIX FILE
    timed "bsky2s2$1" "$tool" -q -n -i "$2" -o "$dir/out" &&
        agree "bsky2s2$1" "$(wc -l <"$dir/out")" "$wanted"
    timed "grep$1" grep -c '"uri":"http' "$2" >"$dir/out"
    if has filter.py; then
        timed "filter.py$1" "$python" "$here/peers/filter.py" <"$2" \
            >"$dir/out" && agree "filter.py$1" "$(cat "$dir/out")" "$wanted"
    fi
    if has jq; then
        timed "jq$1" jq -c -f "$here/peers/filter.jq" "$2" >"$dir/out" &&
            agree "jq$1" "$(wc -l <"$dir/out")" "$wanted"
    fi
    rm -f "$dir/out"
}

# Row 2: the same events as frames of a websocket.
row_2() {
    corpus mix "$(scaled 300000)"
    wanted=$(records "$corpus")
    events=$(wc -l <"$corpus")
    until=$(last_time "$corpus")
    jet "$corpus"
    repeat row_2_run
    against "websocket to filter" bsky2s2 barelws 2 '<=' 1.25
    against "  against Bytewax" bsky2s2 firehose.py 2 '>=' 9
    against "  against Bytewax, tuned" bsky2s2 firehose_tuned.py 2 '' ''
}
row_2_run() {
    socket_to_filter bsky2s2
    timed barelws "$BUILD/bench/barelws" "$port" /subscribe "$events" \
        >"$dir/out"
    bytewax_fills firehose.py
    bytewax_fills firehose_tuned.py
}

# A pipeline takes the events, and appends the records to a basin if told so.
bytewax_fills() { # NAME [ENDPOINT BASIN]
    has firehose.py || return 0
    fills_name=$1
    shift
    timed "$fills_name" "$python" "$here/peers/$fills_name" "$url" "$events" \
        "$@" >"$dir/out" &&
        agree "$fills_name" "$(cat "$dir/out")" "$wanted"
}

# The last event's time ends it, so that one is not judged.
socket_to_filter() { # NAME [OPTION...]
    filter_name=$1
    shift
    rm -f "$dir/out"
    timed "$filter_name" "$tool" -q -n -u "$url" --until "$until" \
        -o "$dir/out" "$@" &&
        agree "$filter_name" "$(wc -l <"$dir/out")" "$wanted" 1
}

# Row 3: frames that are compressed with a dictionary, as the public servers
# can; trained on other events of the same kind.
row_3() {
    if ! has zstd; then
        skip "compressed frames, against plain" zstd
        return
    fi
    corpus mix 10000 2
    mkdir "$dir/samples"
    split -l 1 -a 4 "$corpus" "$dir/samples/"
    zstd -q --train -r "$dir/samples" --maxdict=112640 \
        --dictID=1612007021 -o "$dir/dictionary" || exit 71
    rm -r "$dir/samples"

    corpus mix "$(scaled 300000)"
    wanted=$(records "$corpus")
    until=$(last_time "$corpus")
    jet "$corpus" --dict1 "$dir/dictionary"
    repeat row_3_run
    against "compressed frames, against plain" bsky2s2-zstd bsky2s2-plain \
        2 '<=' 1
}
row_3_run() {
    socket_to_filter bsky2s2-plain
    socket_to_filter bsky2s2-zstd --zstd-dictionary "$dir/dictionary"
}
