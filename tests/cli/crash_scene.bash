# What the tests of points and edges share: a short story, lives of it, and what
# is right where something has gone.  Needs common, s2 and crash.

# A gap in any stream, or in the source.
GAP='gap(:| from )'

STORY_OF=(5 1 300) # SEED WIRE N
SEGMENT=100        # events

# That story, at $PACE a second, and a new basin of that kind.
scene() { # BASIN LINE...
    BASIN=$1
    shift
    rm -f log
    crash_story "${STORY_OF[@]}"
    crash_jet "${STORY_OF[1]}" "${PACE:-100000}" "segment $SEGMENT"
    if [ "$BASIN" = file ]; then
        crash_basin file 0
    else
        s2 "$@"
        DIRECT=$S2_BASIN_ENDPOINT
    fi
}

# A first life that ends cleanly after N records.
first_life() { # N [OPTION...]
    bsky2s2 -u "$URL" -s earliest -c "$1" --stats 1h "${CRASH_OPTIONS[@]}" \
        "${@:2}" 2>>err
}

# The fake S2 has done FAULT.
faulted() { # FAULT
    grep -Eq "^fault .* $1\$" log 2>/dev/null
}

killed() {
    kill -KILL "$PID"
    crash_wait
    same "$STATUS" 137
}

# To the end, and everything is there, once.
recovers() { # OPTION...
    crash_last "$@"
    crash_compare
}

# To the end; all is right but in the streams of that name, each of which may
# lack what is gone: what it holds is right, once and in order.
recovers_but() { # PATTERN
    local stream
    crash_last
    crash_wanted >wanted
    crash_held >held
    diff <(grep -Ev "^($1)	" wanted) <(grep -Ev "^($1)	" held)
    for stream in $(cut -f 1 wanted | uniq | grep -Ex "$1"); do
        grep "^$stream	" held >part || true
        # Of those before the floor one may be dated behind it.
        grep "^$stream	" wanted | awk 'NR == FNR { part[++n] = $0; next }
            $0 == part[at + 1] { at++ }
            END { exit at != n }' part -
    done
}

said() { # N TEXT
    same "$(grep -Ec -- "$2" err)" "$1"
}

# Append N command records of name NAME and BODY to STREAM, from outside.
commands() { # STREAM N NAME BODY
    crash_ask POST "/${1//\//%2F}/records" "$(awk -v n="$2" -v name="$3" \
        -v body="$4" 'BEGIN {
            printf "{\"records\":["
            while (n-- > 0)
                printf "{\"headers\":[[\"\",\"%s\"]],\"body\":\"%s\"}%s", name,
                    body, (n > 0 ? "," : "")
            printf "]}"
        }')"
}

sql() { sqlite3 -cmd '.timeout 5000' basin.db "$1"; }

