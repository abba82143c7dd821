# shellcheck shell=sh disable=SC2154 # what bench.sh sets
# Run programs, and turn what they took into lines of the table.

say() {
    echo "bench: $*" >&2
}

scaled() { # N
    echo $(($1 / scale))
}

# Which peers there are; what is missing is said, and its lines are skipped.
find_peers() {
    peers=' grep barelws '
    python=$cache/bench-venv/bin/python
    if "$python" -c 'import bytewax, requests, sseclient, websockets' \
        2>/dev/null; then
        peers="${peers}filter.py firehose.py tail.py "
    elif [ -n "$python3" ]; then
        python=$python3
        peers="${peers}filter.py "
    fi
    for program in jq zstd; do
        ! command -v "$program" >/dev/null || peers="$peers$program "
    done
    [ -z "$S2" ] || peers="${peers}s2 "
    for name in filter.py jq firehose.py tail.py zstd s2; do
        has "$name" ||
            say "$name is not here, or what it needs: make bench-deps"
    done
}

has() { # PEER
    case $peers in *" $1 "*) return 0 ;; esac
    return 1
}

# The runs of one thing in a row, NAME, are lines of this file.
runs_of() { # NAME
    echo "$dir/runs/$row.$1"
}

# What is wrong with NAME makes its lines in the table fail.
broken() { # NAME WHY
    say "row $row: $1: $2"
    echo "$2" >>"$(runs_of "$1").broken"
}

# Run COMMAND... as NAME; what it writes to stderr is shown if it fails, and
# then it is not run again.
timed() { # NAME COMMAND...
    timed_name=$1
    shift
    [ ! -e "$(runs_of "$timed_name").broken" ] || return 1
    timeout --foreground "$limit" "$BUILD/bench/measure" \
        "$(runs_of "$timed_name")" "$@" 2>"$dir/errors"
    timed_status=$?
    if [ $timed_status -ne 0 ]; then
        tail -n 5 "$dir/errors" >&2
        broken "$timed_name" "ended with $timed_status"
        return 1
    fi
}

# That much is to be the same, or nothing is compared; LESS, one, may be missing
# where a run is ended by the time of the last event.
agree() { # NAME GOT WANTED [LESS]
    case $2 in '' | *[!0-9]*) set -- "$1" -1 "$3" "${4-}" ;; esac
    if [ "$2" -gt "$3" ] || [ "$2" -lt $(($3 - ${4:-0})) ]; then
        broken "$1" "has $2 records instead of $3"
    fi
}

# Call FUNCTION once for each run, with its number.
repeat() { # FUNCTION
    run=1
    while [ "$run" -le "$runs" ]; do
        say "row $row, run $run of $runs"
        "$1" "$run"
        run=$((run + 1))
    done
}

median() { # FILE COLUMN
    awk -v column="$2" '{ print $column }' "$1" | sort -n |
        awk '{ v[NR] = $1 }
            END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

# The median of NAME's runs: of 1 wall seconds, 2 CPU seconds, 3 KiB.
middle() { # NAME COLUMN
    median "$(runs_of "$1")" "$2"
}

# The highest peak of NAME's runs, in KiB.
highest() { # NAME
    awk '$3 > peak { peak = $3 } END { print peak + 0 }' "$(runs_of "$1")"
}

calc() { # EXPRESSION
    awk "BEGIN { printf \"%.9g\", $1 }" 2>/dev/null
}

# 12.3456 as 12.35, 0.0123 as 0.012.
short() { # NUMBER
    awk -v n="$1" 'BEGIN {
        printf((n >= 100 ? "%.0f" : n >= 1 ? "%.2f" : "%.3f"), n) }'
}

# One line of the table.  VALUE is held against RULE (<= or >=, or nothing)
# LIMIT UNIT, and shown as the ratio if the unit is x.  The CPU time and the
# peak are those of the runs OURS and PEERS, where there are such.
line() { # WHAT OURS_TEXT PEERS_TEXT VALUE RULE LIMIT UNIT [OURS [PEERS]]
    line_verdict=- line_target=- line_ratio=-
    line_cpu=- line_peers=- line_peak=-
    if [ -n "$5" ]; then
        line_target="$5 $6$7"
        line_verdict=$(awk -v value="$4" -v rule="$5" -v limit="$6" 'BEGIN {
            met = rule == "<=" ? value + 0 <= limit + 0 : value + 0 >= limit + 0
            print(met && value ~ /^-?[0-9.]/ ? "met" : "missed") }')
    fi
    [ "$7" != x ] || line_ratio=$(short "$4")x
    if [ -n "${8-}" ]; then
        line_cpu=$(short "$(middle "$8" 2)")
        line_peak=$(short "$(calc "$(highest "$8") / 1024")")
    fi
    [ -z "${9-}" ] || line_peers=$(short "$(middle "$9" 2)")
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$row" "$1" "$2" "$3" \
        "$line_ratio" "$line_target" "$line_verdict" "$line_cpu" \
        "$line_peers" "$line_peak" >>"$dir/table"
}

# A line without numbers.
no_line() { # WHAT WORD WHY
    printf '%s\t%s\t-\t%s\t-\t-\t%s\t-\t-\t-\n' "$row" "$1" "$3" "$2" \
        >>"$dir/table"
}

skip() { # WHAT PEER
    no_line "$1" skipped "$2 is missing"
}

# Whether all of NAME... have good runs; if not, the line says why.
ready() { # WHAT NAME...
    ready_what=$1
    shift
    for name; do
        if [ -e "$(runs_of "$name").broken" ]; then
            no_line "$ready_what" missed "$name failed"
            return 1
        elif [ ! -s "$(runs_of "$name")" ]; then
            skip "$ready_what" "$name"
            return 1
        fi
    done
}

# OURS against PEER by COLUMN: at most LIMIT times as much (<=), or at least
# LIMIT times less (>=).
against() { # WHAT OURS PEER COLUMN RULE LIMIT
    ready "$1" "$2" "$3" || return 0
    against_ours=$(middle "$2" "$4")
    against_peer=$(middle "$3" "$4")
    if [ "$5" = '<=' ]; then
        against_value=$(calc "$against_ours / $against_peer")
    else
        against_value=$(calc "$against_peer / $against_ours")
    fi
    against_unit=' s'
    [ "$4" = 1 ] || against_unit=' s CPU'
    line "$1" "$(short "$against_ours")$against_unit" \
        "$(short "$against_peer")$against_unit $3" "$against_value" \
        "$5" "$6" x "$2" "$3"
}

# What was compared, before the table.
about() {
    "$BUILD/bsky2s2" --version | head -n 1
    sed -n 's/^model name[^:]*: /CPU: /p' /proc/cpuinfo | sort | uniq -c |
        sed 's/^ *\([0-9]*\) CPU: /\1 x /'
    grep --version | head -n 1
    ! has jq || jq --version
    ! has s2 || "$S2" --version
    ! has tail.py || "$python" -c 'import platform
from importlib.metadata import version
print("Python", platform.python_version(), "Bytewax", version("bytewax"))'
    echo "medians of $runs runs, ours and the peers' in turn; peaks are the" \
        "highest"
    [ "$scale" = 1 ] || echo "sizes divided by $scale: targets mean little"
    echo "firehose.py and tail.py are Bytewax pipelines as the users of" \
        "bytewax-s2 had them, written for"
    echo "this bench over S2's v1 HTTP API, because bytewax-s2 speaks one" \
        "that is retired; *_tuned.py go as"
    echo "far as Bytewax can be made to go by hand, and are no target"
    echo
}
