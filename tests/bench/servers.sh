# shellcheck shell=sh disable=SC2034,SC2154 # what the other files set and use
# Servers: where events come from, and where records go; and what is sent.

# Start PEER of tests/peer; $port is where it listens.
peer() { # PEER OPTION...
    peer_name=$1
    shift
    rm -f "$dir/port"
    mkfifo "$dir/port"
    "$BUILD/peer/$peer_name" "$@" >"$dir/port" &
    peer_pid=$!
    servers="$servers $peer_pid"
    read -r _ port <"$dir/port" || exit 71
}

end() { # PID
    kill "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}

# shellcheck disable=SC2317 # called by a trap
servers_end() {
    for pid in $servers; do
        end "$pid"
    done
    servers=''
}

# A Jetstream that sends all of FILE to whoever comes, whatever was asked for;
# $url is where.
jet() { # FILE OPTION...
    jet_file=$1
    shift
    echo 'filter off' >"$dir/script"
    peer fakejet --v1 "$jet_file" "$@" "$dir/script"
    url=ws://127.0.0.1:$port/subscribe
}

# The real S2 server, in memory; $endpoint is where.
lite() {
    peer fakes2
    end "$peer_pid"
    lite_port=$port
    "$S2" lite --port "$lite_port" >"$dir/lite.log" 2>&1 &
    servers="$servers $!"
    endpoint=http://localhost:$lite_port
    export S2_ACCOUNT_ENDPOINT="$endpoint" S2_BASIN_ENDPOINT="$endpoint"
    lite_tries=0
    until curl -fs "$endpoint/health" >/dev/null; do
        lite_tries=$((lite_tries + 1))
        if [ $lite_tries -gt 200 ]; then
            say "s2 lite does not answer"
            tail -n 5 "$dir/lite.log" >&2
            exit 71
        fi
        sleep 0.1
    done
}

post() { # PATH JSON [BASIN]
    curl -fsS -o /dev/null -H 'Content-Type: application/json' \
        -H 'Authorization: Bearer none' ${3:+-H "s2-basin: $3"} \
        -d "$2" "$endpoint/v1/$1" || exit 71
}

# A basin that nobody has written to.
basin() { # NAME
    post basins "{\"basin\":\"$1\"}"
}

stream() { # BASIN NAME
    post streams "{\"stream\":\"$2\"}" "$1"
}

# A corpus of N events, made once; $corpus is its file.
corpus() { # KIND N [SEED [SITES]]
    corpus=$dir/$(echo "$*" | tr ' ' -).jsonl
    [ -e "$corpus" ] || {
        say "making the corpus $*"
        "$BUILD/bench/corpus" "$@" >"$corpus.part" &&
            mv "$corpus.part" "$corpus"
    } || exit 71
}

# When the last event of FILE was, as --until takes it.
last_time() { # FILE
    last_us=$(tail -n 1 "$1" | sed 's/.*"time_us":\([0-9]*\).*/\1/')
    echo "$(date -u -d "@$((last_us / 1000000))" +%Y-%m-%dT%H:%M:%S).$(
        printf '%06d' $((last_us % 1000000)))Z"
}

# How many records the tool makes of FILE.
records() { # FILE [OPTION...]
    "$BUILD/bsky2s2" -q -n -i "$@" -o - | wc -l
}
