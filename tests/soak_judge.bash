# shellcheck shell=bash
# shellcheck disable=SC2154 # what soak_live.sh and soak_live.bash set
# How an hour's soak is judged: what the streams hold, what s2tail has counted,
# and memory (soak_live.sh).

# The oracle's streams: ./wanted/*; the S2 server's: ./held/*.
live_compare() {
    local stream wanted=0 sums="0 0 0 0" file
    mkdir wanted held
    fakelive --start "$START" --seed "$seed" --print $((RATE * seconds)) |
        bsky2s2 -q -n -i - | awk '{
            body = index($0, ",\"record\":") + 10
            split(substr($0, 1, body), part, "\"")
            gsub("/", " ", part[4])
            print substr($0, body, length($0) - body) >("wanted/" part[4])
        }'
    for stream in $(live_streams); do
        live_s2 read "s2://$S2_BASIN/$stream" --seq-num 0 --count 1000000000 \
            2>>s2.err >"held/${stream//\// }" || wrong "s2 read $stream: $?"
    done
    for file in wanted/* held/*; do
        file=${file#*/}
        [ "$file" != '*' ] || continue
        [ -e "wanted/$file" ] || : >"wanted/$file"
        [ -e "held/$file" ] || : >"held/$file"
    done
    for file in wanted/*; do
        wanted=$((wanted + $(wc -l <"$file")))
        sums=$(live_differences "$file" "held/${file#*/}" "$sums")
    done
    # shellcheck disable=SC2086 # four numbers
    set -- $sums
    echo "events $((RATE * seconds)), records $(cat held/* | wc -l)" \
        "in $(find held -type f | wc -l) streams: lost $1, doubled $2," \
        "foreign $3, out of order $4"
    [ "$sums" = "0 0 0 0" ] || wrong "streams are not what they are to be"
    [ "$wanted" -eq $((RECORDS * seconds)) ] ||
        wrong "the oracle has $wanted records, the source made" \
            $((RECORDS * seconds))
}

# Add to the sums what is lost, doubled, foreign and out of order.
live_differences() { # WANTED HELD SUMS
    cmp -s "$1" "$2" && echo "$3" && return
    echo "$3" | awk -v wanted="$1" -v held="$2" '{
        while ((getline line <wanted) > 0)
            at[line] = ++n
        while ((getline line <held) > 0) {
            if (!(line in at))
                foreign++
            else if (seen[line]++)
                doubled++
            else {
                found++
                if (at[line] < last)
                    disorder++
                else
                    last = at[line]
            }
        }
        print $1 + n - found, $2 + doubled, $3 + foreign, $4 + disorder
    }'
}

# What s2tail has counted, by its state and anew, is what was wanted.
live_totals() {
    local file
    for file in wanted/*; do
        printf '%s\t%s\n' "$(basename "$file" | tr ' ' /)" "$(wc -l <"$file")"
    done | LC_ALL=C sort >totals.wanted
    live_total state -S state -w 10s && live_total anew
}

live_total() { # NAME OPTION...
    local name=$1
    shift
    timeout $((STUCK_MS / 1000)) s2tail -q -1 -f tsv "$@" \
        >"totals.$name.tsv" || wrong "s2tail -1: $?"
    awk -F '\t' '$5 == "open" { print $2 "\t" $4 }' "totals.$name.tsv" |
        LC_ALL=C sort >"totals.$name"
    cmp -s totals.wanted "totals.$name" || {
        wrong "s2tail's totals ($name) are others:"
        diff totals.wanted "totals.$name"
    }
}

# How often what happened on a link, by kind.
live_faults() { # LINK
    awk '/^fault / {
        if ($3 ~ /^op=/)
            kind = substr($3, 4) " " $6
        else {
            i = $4 == "after" ? 6 : 4
            kind = $3 " " ($i == "timeout" && $(i + 1) == 0 ? "hole" : $i)
        }
        n[kind]++
    }
    END { for (kind in n) print ", " kind " " n[kind] }' "$1.log" | sort |
        tr -d '\n' | sed 's/^, //'
    echo
}

# What the last figures of each life say, added up; the greatest lag.
live_sums() {
    awk 'FNR == 1 { total() }
    function total(    i, pair) {
        for (i = 1; i <= n; i++)
            if (split(word[i], pair, "=") == 2)
                sum[pair[1]] += pair[2]
        n = 0
    }
    / events=[0-9]/ {
        n = split($0, word, " ")
        for (i = 1; i <= n; i++)
            if (word[i] ~ /^lag=/ && substr(word[i], 5) + 0 > lag)
                lag = substr(word[i], 5) + 0
    }
    END {
        total()
        printf "seen %.0f, delivered %.0f, recognised %.0f; reconnects %d, " \
            "retries %d, checkpoints %d, gaps %d; lag at most %.1f s\n",
            sum["events"], sum["delivered"], sum["duplicates"],
            sum["reconnects"], sum["retries"], sum["checkpoints"],
            sum["gaps"] + sum["stream_gaps"], lag
    }' writer.[0-9]*
}

live_figures() {
    local what
    for what in "${!COUNT[@]}"; do
        echo "$what: ${COUNT[$what]}"
    done | LC_ALL=C sort >counts
    echo "instances: bsky2s2 $WRITERS, s2tail $TAILS; $(paste -s -d , counts |
        sed 's/,/, /g')"
    echo "faults to Jetstream: $(live_faults jet)"
    echo "faults to S2: $(live_faults s2)"
    echo "the figures of all lives, but for the $STATS s before each kill:"
    live_sums
    echo "read back: $(cat writer.[0-9]* | grep -c ': read back up to')"
    ! grep -h ': gap' writer.[0-9]* >gaps || wrong "gaps: $(head -3 gaps)"
}

# MS WHO PAGES [INSTANCE] as WHO PART KIB, by tenths of the time and, of the
# instance of bsky2s2 that lived longest, by thirds of its life.
live_parts() {
    awk -v tenth=$((seconds * 100)) -v kib=$(($(getconf PAGESIZE) / 1024)) '
    NR == FNR {
        if ($2 == "bsky2s2" && ++n[$4] > n[longest])
            longest = $4
        next
    }
    $1 < 10 * tenth {
        print $2, int($1 / tenth) + 1, $3 * kib
    }
    $2 == "bsky2s2" && $4 == longest {
        print "longest", int(3 * (k++) / n[longest]) + 1, $3 * kib
    }' memory memory | sort -k 1,1 -k 2,2n -k 3,3n
}

# Of each part the least, the median and the most, in MiB; and whether it is
# too much.  What is remembered of a record takes 60 bytes, for half an hour
# and a minute; a long life goes on touching what it has already taken, at 40
# bytes a record, until it has been once around.
live_memory() {
    live_parts | awk -v seconds="$seconds" -v rate="$RECORDS" '
    function judge(m,    before) {
        before = last
        last = m
        if (who == "longest")
            return part == 3 && \
                m > before + 2 + rate * n * 40 / 2 ^ 20
        if (!(who in first))
            first[who] = m
        if (m > 2 * first[who] + 2 + (who == "bsky2s2" ? \
            rate * 1860 * 60 / 2 ^ 20 : 0))
            return 1
        # From then on no more is remembered.
        if ((part - 1) * seconds / 10 < 1920)
            return 0
        if (!(who in full))
            full[who] = m
        return m > 1.2 * full[who] + 2
    }
    function told(    m) {
        m = v[int((n + 1) / 2)]
        printf "memory, %s, part %d: %.1f %.1f %.1f MiB%s\n", who, part, v[1],
            m, v[n], judge(m) ? ": has grown" : ""
        n = 0
    }
    NR > 1 && ($1 != who || $2 != part) { told() }
    { who = $1; part = $2; v[++n] = $3 / 1024 }
    END { told() }' >memory.told
    cat memory.told
    ! grep -q grown memory.told || wrong "memory has grown"
}
