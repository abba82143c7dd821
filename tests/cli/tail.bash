# What the tests of s2tail share: inputs, and an independent count of windows.

tail_setup() {
    common_setup
    unset NO_COLOR TERM
}

tail_usage() { usage_error_of s2tail "$@"; }

# Start s2tail in the background; $PID is its process.
tail_background() { # OPTION...
    rm -f out err
    s2tail "$@" >out 2>err 3>&- &
    PID=$!
    PIDS+=("$PID")
}

# A line as bsky2s2 -o prints it.
line() { # STREAM MS [RECORD]
    printf '{"stream":"%s","seq_num":0,"timestamp":%d,"record":%s}\n' \
        "$1" "$2" "${3-{\}}"
}

# N such lines, one every STEP ms from MS on, of nine streams in turn or of
# those that are named; the streams' order is the lines'.
lines_of() { # N STEP MS [STREAM...]
    local n=$1 step=$2 from=$3
    shift 3
    [ $# -gt 0 ] || set -- social/youtube social/reddit social/facebook \
        news/bbc news/cnn news/cbc shop/amazon shop/ebay shop/etsy
    awk -v n="$n" -v step="$step" -v from="$from" -v all="$*" 'BEGIN {
        m = split(all, stream, " ")
        for (i = 0; i < n; i++)
            printf "{\"stream\":\"%s\",\"seq_num\":%d,\"timestamp\":%.0f," \
                "\"record\":{\"i\":%d}}\n", stream[i % m + 1], i / m,
                from + int(i * step), i
    }'
}

# The posts of s2.bash, of other keys for each time, so that bsky2s2 takes
# none for one that it has delivered.
posts_at() { # N TIME [DOMAIN]
    local key=${2//[!0-9]/}
    posts "$@" | sed "s/\"rkey\":\"/&$key${3:0:1}/"
}

# The records of an embedded basin, and those of such lines: MS<TAB>STREAM.
times() { # FILE
    sqlite3 -readonly -separator '	' "$1" \
        'SELECT timestamp, stream FROM records'
}
times_lines() { # FILE [GROUP-OF-.record]
    jq -r "[.timestamp, ${2:-.stream}] | @tsv" "$1"
}

# Count MS<TAB>LABEL of stdin in windows of WINDOW ms every EVERY ms, by adding
# up each window from its records' steps: TSV as s2tail prints it, but only of
# windows that hold something and of groups that have been seen.  The last
# window, which holds the last record, is open.
naive() { # WINDOW EVERY
    LC_ALL=C sort -n -s -k 1,1 | LC_ALL=C awk -F '\t' -v CONVFMT=%.0f \
        -v w="$1" -v e="$2" '
    function two(n) { return sprintf("%02d", n) }
    function when(ms,   s, d, z, era, doe, yoe, doy, mp, day, month) {
        s = int(ms / 1000)
        d = int(s / 86400)
        z = d + 719468
        era = int(z / 146097)
        doe = z - era * 146097
        yoe = int((doe - int(doe / 1460) + int(doe / 36524) - \
            int(doe / 146096)) / 365)
        doy = doe - (365 * yoe + int(yoe / 4) - int(yoe / 100))
        mp = int((5 * doy + 2) / 153)
        day = doy - int((153 * mp + 2) / 5) + 1
        month = mp < 10 ? mp + 3 : mp - 9
        s -= d * 86400
        return sprintf("%04d-", yoe + era * 400 + (month <= 2)) two(month) \
            "-" two(day) "T" two(int(s / 3600)) ":" two(int(s / 60) % 60) \
            ":" two(s % 60) \
            (w % 1000 || e % 1000 ? sprintf(".%03d", ms % 1000) : "") "Z"
    }
    function seen(label,   i) {
        for (i = n++; i > 0 && labels[i - 1] > label; i--)
            labels[i] = labels[i - 1]
        labels[i] = label
    }
    # The window that ends with step k - 1; whether it holds anything.
    function tell(k, state,   i, j, sum, all, text, end) {
        end = when(k * e)
        for (i = 0; i < n; i++) {
            sum = 0
            for (j = k - w / e; j < k; j++)
                if ((labels[i], j) in count)
                    sum += count[labels[i], j]
            all += sum
            text = text end "\t" labels[i] "\t" sum "\t" \
                total[labels[i]] "\t" state "\n"
        }
        if (all > 0)
            printf "%s", text
        return all > 0
    }
    {
        b = int($1 / e)
        if (NR == 1)
            last = b
        while (last < b && tell(last + 1, "final"))
            last++
        last = b
        if (!($2 in total))
            seen($2)
        count[$2, b]++
        total[$2]++
    }
    END { if (NR > 0) tell(last + 1, "open") }'
}

# What of s2tail's TSV the naive count tells, too.
telling() { # [FILE]
    awk -F '\t' '
    $1 != end { if (any) printf "%s", text; text = ""; any = 0; end = $1 }
    $4 > 0 { text = text $0 "\n" }
    $3 > 0 { any = 1 }
    END { if (any) printf "%s", text }' "$@"
}

# The final windows alone; at its end a basin is asked now, when that is.
finals() { # [FILE]
    awk -F '\t' '$5 == "final"' "$@"
}

# The totals at the end of s2tail's TSV: GROUP<TAB>TOTAL.
totals() { # [FILE]
    awk -F '\t' '$5 == "open" { print $2 "\t" $4 }' "$@"
}

# Compare two files, and show where they differ.
alike() { # GOT WANT
    cmp -s "$1" "$2" && return 0
    diff "$2" "$1" | head -20
    return 1
}

# While a writer appends to the basin, end s2tail OPTION... at random, again
# and again, by KILL, or by TERM so that it keeps its state.  In the end it has
# counted what is there, once.  What it writes to: ./state.
random_ends() { # ROUNDS OPTION...
    local rounds=$1 seed=${SEED:-$RANDOM} round writer signal
    shift
    echo "seed $seed"
    RANDOM=$seed
    (for chunk in {1..50}; do
        posts_at 100 $((1700000000 + chunk)) | bsky2s2 -q -i - || exit 1
    done) 3>&- &
    writer=$!
    PIDS+=("$writer")
    for ((round = 0; round < rounds; round++)); do
        s2tail -q -S state -s earliest -w 1s "$@" >>told 3>&- &
        PID=$!
        sleep "0.$(printf %03d $((RANDOM % 300)))"
        signal=$((RANDOM % 2 ? 9 : 15))
        kill -$signal "$PID"
        wait "$PID" 2>/dev/null || true
    done
    wait "$writer"
    test -s state
    s2tail -1 -S state -w 1s "$@" | totals >got
    s2tail -1 -w 1s "$@" | totals >want
    alike got want
    same "$(awk '{ n += $2 } END { print n }' got)" 5000
}
