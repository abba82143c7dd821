#!/bin/sh
# Run the examples of both manuals and of the README as printed, each with sh
# in a home of its own, with a Jetstream server that serves bundled events at
# the present time, and judge what comes of it.  An example that the table
# below does not know is a failure.
#
# Usage: [BUILD=build] [TOOLS=FOLDER] tests/examples.sh [local|s2|all]
# TOOLS: where the tools are, the build folder by default.  s2: only those that
# need the S2 CLI, local: only the others.
set -u
cd "$(dirname "$0")/.." || exit 1
root=$PWD
what=${1:-all}
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$root/$BUILD ;; esac
TOOLS=${TOOLS:-$BUILD}
S2=${S2:-$(sh tests/s2.sh --cached)}
data=.local/share/bsky2s2/basin.db
# A place that the examples name, and one that may be written to instead.
collector=/var/lib/prometheus/node-exporter
limit=60

dir=$(mktemp -d)
peers='' mine='' home=''
number=0 passed=0 failed=0 skipped=0

# shellcheck disable=SC2317 # called by the trap
cleanup() {
    end_all
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# --- The examples -----------------------------------------------------------

# Those of a manual, one file each: the blocks of its section EXAMPLES.
manual() { # FILE
    awk -v out="$dir/example" -v from="$1" '
    /^\.Sh / { on = $2 == "EXAMPLES" }
    on && /^\.Ed/ { close(file); file = "" }
    file != "" {
        gsub(/\\&/, "")
        gsub(/\\\(aq/, "\047")
        gsub(/\\-/, "-")
        gsub(/\\e/, "\\")
        print >file
    }
    on && /^\.Bd -literal/ {
        base = from
        sub(/.*\//, "", base)
        file = sprintf("%s.%s.%02d", out, base, ++n)
        printf "" >file
    }' "$1"
}

# Those of the README: the lines of its shell blocks, but what sets the stage
# for the next line goes with that; a crontab or a settings file as a whole.
readme() { # FILE
    awk -v out="$dir/example" '
    function next_file() {
        if (file != "")
            close(file)
        file = sprintf("%s.README.%02d", out, ++n)
    }
    /^```/ {
        lang = lang == "" ? substr($0, 4) : ""
        if (lang == "" || lang ~ /^(sh|crontab|ini)$/)
            joined = 0
        next
    }
    lang ~ /^(sh|crontab|ini)$/ && NF > 0 {
        if (!joined)
            next_file()
        print >file
        joined = lang != "sh" || /[\\|&]$/ || /^export /
    }' "$1"
}

# How to judge an example: sets
#   kind   ends: by itself; runs: until it is told to end, once $seen holds;
#          cron: a crontab, once; twice: a crontab, twice; env: settings of a
#          unit; target: of make
#   setup  what must be there before: functions below
#   seen   what must hold in the end; its exit status must be 0
judge() { # TEXT
    kind=runs setup='' seen=true
    case $1 in
    'make '*) kind=target ;;
    'bsky2s2' | 'bsky2s2 '*'# from where it stopped'*) seen="rows $data" ;;
    'bsky2s2 -n -s 10m -c 20'*) kind=ends seen='lines 20' ;;
    'bsky2s2 -n --no-default-routes'*) seen='told mine/example' ;;
    'echo video/youtube'*) seen='rows mine.db my/mine/example' ;;
    'bsky2s2 -b file:links.db -o -'*) seen='lines 3' ;;
    'bsky2s2 -i events.jsonl -b file:links.db'*)
        kind=ends setup=original seen='rows links.db news/bbc' ;;
    'sqlite3 links.db'*) kind=ends setup='original links' seen='lines 2' ;;
    'sqlite3 ~/'*) kind=ends setup=stored seen='lines 9' ;;
    'bsky2s2 -b s2://bluesky-links --token-file'*)
        kind=ends setup=token seen='told basin=s2://bluesky-links' ;;
    'bsky2s2 -s 6h --until now'*)
        kind=ends setup=past seen="rows $data" ;;
    'bsky2s2 -i events.jsonl.zst'*)
        kind=ends setup='original packed' seen='rows other.db other' ;;
    'bsky2s2 --metrics-file'*)
        seen='has metrics/bsky2s2.prom ^bsky2s2_delivered_total' ;;
    'bsky2s2 --log-format json --stats'*) seen='lines 1' ;;
    'S2_BASIN='*) kind=env setup=routes seen='told job=links' ;;
    'CHECK='*) kind=env setup=stored seen='told S2TAIL' ;;

    's2tail social/'*) setup=live seen='told social/' ;;
    'bsky2s2 -n | s2tail -i -'*) seen='told news/' ;;
    's2tail --once --where'*) kind=ends setup=stored seen='told social/' ;;
    's2tail --once '*) kind=ends setup=stored seen='told total' ;;
    's2tail -w 1m news/'*) setup=stored seen='told news/' ;;
    's2tail -w 1m -f json'*) setup=stored seen='lines 1' ;;
    's2tail -w 1h -g offsite -f json'*)
        setup=stored seen='has hours.jsonl youtube.com' ;;
    's2tail -g offsite -w 1h'*)
        setup=stored seen='has hours.tsv youtube.com.*final' ;;
    's2tail --check '*)
        kind=ends setup=stored seen='told ^S2TAIL.OK' ;;
    's2tail -f prom '*)
        setup=stored seen='has metrics/s2tail.prom ^s2tail_records_total' ;;

    'PATH='*bsky2s2*)
        kind=cron setup='stored checkpoint past' seen="more_rows $data" ;;
    'PATH='*s2tail*)
        kind=twice setup=stored seen='has hours.tsv final && once hours.tsv' ;;

    's2 lite '*) setup=s2_port seen='in_s2 social/youtube' ;;
    'bsky2s2 -b s2://bluesky-links &'*)
        setup='s2_port s2_server' seen='in_s2 de/' ;;
    *' s2 read '*) kind=ends setup='s2_port s2_server' seen='told youtube.com' ;;
    's2tail -b s2://bluesky-links'*)
        setup='s2_port s2_server' seen='told final' ;;
    *) return 1 ;;
    esac
}

# --- What is there before ---------------------------------------------------

# In the home of the example, with the tools themselves; become_tool does not
# come back.
tool() { (become_tool "$@"); } # TOOL OPTION...
become_tool() {
    name=$1
    shift
    # shellcheck disable=SC2086 # settings, or nothing
    cd "$home" && exec env -i HOME="$home" BSKY2S2_URL="$url" $endpoints \
        "$TOOLS/$name" "$@"
}

# The bundled events, half of them spread over two hours, half over the eight
# minutes before now.
recent() {
    awk -v now="$(date +%s)" '{
        n = NR <= 240 ? 480 + (240 - NR) * 30 : (480 - NR) * 2
        sub(/"time_us":[0-9]*/, sprintf("\"time_us\":%.0f", (now - n) * 1e6))
        print
    }' "$root/tests/data/events-v1.jsonl"
}

original() { cp "$root/tests/data/events-v1.jsonl" "$home/events.jsonl"; }
packed() { zstd -q "$home/events.jsonl"; }
links() { tool bsky2s2 -q -i events.jsonl -b file:links.db; }
stored() { recent | tool bsky2s2 -q -i - --max-age 0; }
token() { (umask 077 && echo hush >"$home/.s2-token"); }
routes() {
    mkdir "$home/etc" && echo 'news/lwn lwn.net' >"$home/etc/links.routes"
}
live() {
    become_tool bsky2s2 -q &
    mine="$mine $!"
}
checkpoint() { tool bsky2s2 -q -c 5 && rows "$data" && before=$n; }
# Until some seconds of the server's events have gone by.
past() { tool bsky2s2 -q -n -c 40 >/dev/null; }

s2_port() { port=$(free_port); }
s2_server() {
    "$S2" lite --port "$port" >"$home/lite" 2>&1 &
    mine="$mine $!"
    endpoints="S2_ACCOUNT_ENDPOINT=http://localhost:$port
        S2_BASIN_ENDPOINT=http://localhost:$port"
    recent | tool bsky2s2 -q -i - --max-age 0 --retry-for 20s \
        -b s2://bluesky-links --create-basin 2>"$home/server"
}

# A peer in the background that says "port N"; N in $port.
start_peer() { # COMMAND...
    rm -f "$dir/port"
    mkfifo "$dir/port"
    "$@" >"$dir/port" &
    peers="$peers $!"
    read -r _ port <"$dir/port"
}

free_port() {
    start_peer "$BUILD/peer/fakes2"
    kill -KILL "$!"
    echo "$port"
}

# --- What is seen -----------------------------------------------------------

rows() { # FILE [STREAM]
    n=$(sqlite3 -readonly "$home/$1" "SELECT count(*) FROM records
        WHERE stream LIKE '${2:-%}' AND stream NOT LIKE '\\_%' ESCAPE '\\'" \
        2>/dev/null) && [ "${n:-0}" -gt 0 ]
}
# More than checkpoint has left.
more_rows() { rows "$1" && [ "$n" -gt "$before" ]; }
lines() { [ "$(wc -l <"$home.out")" -ge "$1" ]; } # N
told() { grep -q -- "$1" "$home.out"; }           # PATTERN
has() { grep -q -- "$2" "$home/$1" 2>/dev/null; } # FILE PATTERN
# No line twice.
once() { [ -z "$(sort "$home/$1" | uniq -d)" ]; } # FILE
in_s2() { # PREFIX
    endpoints="S2_ACCOUNT_ENDPOINT=http://localhost:$port
        S2_BASIN_ENDPOINT=http://localhost:$port"
    tool s2tail -q -b s2://bluesky-links --once --retry-for 1s "$1" \
        2>/dev/null | grep -q "$1"
}

# --- Running ----------------------------------------------------------------

# A tool that leaves its number behind before it becomes itself.
wrap() { # NAME PROGRAM
    printf '#!/bin/sh\necho $$ >>"%s"\nexec "%s" "$@"\n' \
        "$home.pids/$1" "$2" >"$home.bin/$1"
    chmod +x "$home.bin/$1"
}

# The text with this machine's places and ports instead of those printed.
here() { # TEXT
    printf '%s\n' "$1" | sed -e "s|$collector|$home/metrics|g" \
        -e "s|/etc/bsky2s2|$home/etc|g" -e "s|8080|${port:-8080}|g"
}

shell() { # PATH TEXT
    # shellcheck disable=SC2086 # settings, or nothing
    (cd "$home" && exec env -i HOME="$home" PATH="$home.bin:$1" LANG=C.UTF-8 \
        LOGNAME=nobody SHELL=/bin/sh BSKY2S2_URL="$url" $endpoints \
        sh -c "$2") >>"$home.out" 2>>"$home.err" </dev/null
}

await() { # COMMAND...: with the example alive, at most $limit s
    end=$(($(date +%s) + limit))
    until "$@"; do
        # What ends now may have done it.
        kill -0 "$running" 2>/dev/null || { "$@"; return; }
        [ "$(date +%s)" -lt "$end" ] || return 1
        sleep 0.1
    done
}

is_over() { ! kill -0 "$running" 2>/dev/null; }

# The tools of the example that still run, and are what they were.
alive() { # NAME...
    for name in "$@"; do
        # shellcheck disable=SC2013 # numbers
        for pid in $(cat "$home.pids/$name" 2>/dev/null); do
            [ "$(readlink "/proc/$pid/cwd")" = "$home" ] && echo "$pid"
        done
    done
}

# Tell those tools to end from which the others read.
stop() { # SIGNAL
    pids=$(alive bsky2s2)
    [ -n "$pids" ] || pids=$(alive s2tail)
    # shellcheck disable=SC2086 # numbers
    [ -z "$pids" ] || kill "-$1" $pids 2>/dev/null
}

end_all() {
    for pid in ${home:+$(alive bsky2s2 s2tail s2)} $mine $peers; do
        kill -KILL "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    mine='' peers=''
}

run_runs() { # TEXT
    shell /usr/bin:/bin "$1" &
    running=$!
    await eval "$seen" || { why="not seen: $seen"; stop KILL; }
    stop TERM
    await is_over || { why="does not end"; stop KILL; }
    wait "$running"
}

run_ends() { # TEXT
    shell /usr/bin:/bin "$1" &
    running=$!
    await is_over || { why="does not end"; stop KILL; }
    wait "$running"
}

# Each command as cron gives it to a shell; there is nothing to mail.
run_cron() { # TEXT
    path=/usr/bin:/bin
    while IFS= read -r line; do
        case $line in
        '' | '#'*) continue ;;
        PATH=*)
            path=${line#PATH=}
            continue
            ;;
        esac
        command=$(printf '%s\n' "$line" | sed 's/^\([^ ]* \)\{5\}//')
        if printf '%s\n' "$command" | grep -q '\(^\|[^\]\)%'; then
            why='an unescaped % ends a command in a crontab'
            return 1
        fi
        command=$(printf '%s\n' "$command" | sed 's/\\%/%/g')
        shell "$path" "$command" || return
        [ ! -s "$home.out" ] || { why='a mail'; return 1; }
        [ ! -s "$home.err" ] || { why='a mail'; return 1; }
    done <<TEXT
$1
TEXT
}

# What grep does not find the second time is no failure.
run_twice() { # TEXT
    run_cron "$1" || return
    run_cron "$1" || [ -z "$why" ]
}

# What a unit makes of a file of settings.
# shellcheck disable=SC2016 # $OPTIONS is the unit's
run_env() { # TEXT
    case $1 in
    *OPTIONS=*)
        name='$OPTIONS' unit=cmd/bsky2s2/bsky2s2@.service
        command='bsky2s2 --job links $OPTIONS --check-config' ;;
    *)
        name='$CHECK' unit=cmd/s2tail/s2tail-check.service
        command='s2tail --check $CHECK || [ $? -lt 3 ]' ;;
    esac
    if ! grep -q "^ExecStart=.*$name" "$root/$unit"; then
        why="$unit does not use $name"
        return 1
    fi
    set_them=$(printf '%s\n' "$1" |
        sed "s/^\([A-Z0-9_]*\)=\(.*\)/\1='\2'; export \1;/")
    shell /usr/bin:/bin "$set_them $command"
}

run_target() { # TEXT
    printf '%s\n' "$1" | sed 's/#.*//' | {
        read -r program target
        "$program" -C "$root" -n "$target" >>"$home.out" 2>>"$home.err"
    }
}

# --- One after the other ----------------------------------------------------

# The first program that it takes and that is not here.
missing() {
    case $setup in
    s2*) [ -n "$S2" ] || echo 'the S2 CLI (tests/s2.sh)' ;;
    esac
    for word in jq:jq sqlite3:sqlite3 rows:sqlite3 packed:zstd; do
        case $text$setup$seen in
        *"${word%:*}"*)
            command -v "${word#*:}" >/dev/null || echo "${word#*:}" ;;
        esac
    done
}

is_wanted() {
    case $what,$setup in
    s2,s2*) true ;;
    s2,* | local,s2*) false ;;
    esac
}

run_one() {
    home=$dir/home.$number endpoints='' port='' url=''
    mkdir "$home" "$home.bin" "$home.pids" "$home/metrics"
    : >"$home.out"
    : >"$home.err"
    for name in bsky2s2 s2tail; do wrap $name "$TOOLS/$name"; done
    [ -z "$S2" ] || wrap s2 "$S2"
    start_peer "$BUILD/peer/fakejet" --v1 "$root/tests/data/events-v1.jsonl" \
        --restamp --pace 25/s
    url=ws://127.0.0.1:$port/subscribe port=''
    for step in $setup; do
        "$step" || why="setup: $step"
    done
    "run_$kind" "$(here "$text")" || why=${why:-"status $?"}
    eval "$seen" || why=${why:-"not seen: $seen"}
    end_all
}

one() { # FILE
    text=$(cat "$1") why=''
    title="${1#"$dir"/example.}: $(head -1 "$1")"
    judge "$text" || why='nobody has said how to judge this example'
    is_wanted || return
    number=$((number + 1))
    if [ -z "$why" ] && [ -n "$(missing)" ]; then
        skipped=$((skipped + 1))
        echo "ok $number - $title # skip $(missing | head -1) is missing"
        return
    fi
    [ -n "$why" ] || run_one
    if [ -z "$why" ]; then
        passed=$((passed + 1))
        echo "ok $number - $title"
        return
    fi
    failed=$((failed + 1))
    echo "not ok $number - $title"
    echo "$why" | sed 's/^/# /'
    tail -n 20 "$dir/home.$number.out" "$dir/home.$number.err" 2>/dev/null |
        sed 's/^/# /'
}

manual man/bsky2s2.1
manual man/s2tail.1
readme README.md
echo "# $collector is another folder here, /etc/bsky2s2 too, 8080 a free port"
for file in "$dir"/example.*; do one "$file"; done
echo "1..$number"
echo "# $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$number" -gt 0 ]
