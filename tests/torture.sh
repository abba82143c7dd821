#!/usr/bin/env bash
# Let every allocation fail in its turn, once and from there on for ever, and
# see what becomes of it: no crash, exit 71 and "out of memory" (or success,
# where it could be done without), and a normal run afterwards leaves what is
# right, nothing lost and nothing doubled.
#
#   tests/torture.sh [-s STRIDE] [-l MOST] [-m MODE]... [-n N] [CASE...]
#
# STRIDE: only every so many, from the first on.  MODE: own-once, own-ever (the
# program's own allocations), all-once, all-ever (its libraries', too; MOST=500
# of them); every mode by default.  With -n that one alone, and what it said is
# kept.  CASE: by default all.  Built with a sanitizer, leaks are judged, too.
# Ends with "N runs, N broken", and with 1 if any is.
#
# The unit tests are run so by torture_unit.sh.
set -u
ROOT=$(cd "$(dirname "$0")/.." && pwd)
BUILD=${BUILD:-$ROOT/build}
case $BUILD in /*) ;; *) BUILD=$ROOT/$BUILD ;; esac
stride=1 most=500 only='' modes=()
while getopts s:l:m:n: option; do
    case $option in
    s) stride=$OPTARG ;;
    l) most=$OPTARG ;;
    m) modes+=("$OPTARG") ;;
    n) only=$OPTARG ;;
    *) exit 64 ;;
    esac
done
shift $((OPTIND - 1))
[ ${#modes[@]} -gt 0 ] || modes=(own-once own-ever all-once all-ever)

# What the tests' helpers expect of bats, and share.
# shellcheck disable=SC1091,SC2034
{
    BATS_TEST_DIRNAME=$ROOT/tests/cli
    BATS_TEST_TMPDIR=$(mktemp -d)
    bats_require_minimum_version() { :; }
    . "$ROOT/tests/cli/common.bash"
    . "$ROOT/tests/cli/s2.bash"
    . "$ROOT/tests/cli/crash.bash"
    . "$ROOT/tests/cli/tail.bash"
}
kept=$BATS_TEST_TMPDIR
trap 's2_teardown; [ -n "$only" ] && echo "kept: $kept" || rm -rf "$kept"' EXIT
runs=0 broken=0
common_setup
export ASAN_OPTIONS=verify_asan_link_order=0:exitcode=99
STARVE=$BUILD/preload/starve.so

# The tool with the N-th allocation failing: $STATUS, ./out, ./err, and how
# many there were in $COUNTED, empty where it did not end by itself.
starved() { # COMMAND...
    STATUS=0
    rm -f counted refused
    # shellcheck disable=SC2086 # words
    timeout -k 1 30 env LD_PRELOAD="$STARVE" $STARVING STARVE_COUNT=counted \
        STARVE_SAY=refused "$@" >out 2>err </dev/null || STATUS=$?
    COUNTED=$(cat counted 2>/dev/null)
}

# --- the cases: CASE_scene once, CASE_run under starvation, CASE_judge after
# it, which says on stdout what is wrong.

dry_scene() {
    head -24 "$EVENTS" >input
    bsky2s2 -n -i input >want
}
dry_run() { starved bsky2s2 -n -i input; }
dry_judge() {
    [ "$STATUS" != 0 ] || cmp out want || return
    head -c "$(wc -c <out)" want | cmp - out
}

# Options of all kinds, and the files they name.
settings_scene() {
    printf 'social/x x.com t.co\nnews/y y.org\n' >routes
    echo token >token
    chmod 600 token
    mkdir -p "$HOME/.config/s2"
    printf 'access_token = "the-token"\n' >"$HOME/.config/s2/config.toml"
    SETTINGS=(--check-config -u wss://a.example -u wss://b.example/subscribe
        --did did:plc:a --did did:plc:b -l en -l de-AT -R routes
        -r 'a.example,b.example=social/x' --prefix p/ -b s2://some-basin)
    S2_ENCRYPTION_KEY=key bsky2s2 "${SETTINGS[@]}" >want
    grep -q encryption-key=yes want
}
settings_run() { S2_ENCRYPTION_KEY=key starved bsky2s2 "${SETTINGS[@]}"; }
settings_judge() { [ "$STATUS" != 0 ] || cmp out want; }

help_scene() { bsky2s2 --help >want; }
help_run() { starved bsky2s2 --help; }
help_judge() { [ "$STATUS" != 0 ] || cmp out want; }

completion_scene() { s2tail --completion zsh >want; }
completion_run() { starved s2tail --completion zsh; }
completion_judge() { [ "$STATUS" != 0 ] || cmp out want; }

# A file of events into an embedded basin; what was told is there.
file_scene() {
    head -24 "$EVENTS" >input
    bsky2s2 -n -i input >decided
    dump_lines decided >want
}
file_run() {
    rm -rf x.db* told
    starved bsky2s2 -i input -b file:x.db -o told --retry-for 300ms
}
file_judge() { # [OPTION...]
    held_is_prefix && told_is_held || return 1
    [ "$STATUS" != 0 ] || [ "$(dump x.db)" = "$(cat want)" ] || return 1
    bsky2s2 -i input -b file:x.db || return 1
    dump x.db | diff want - >differences || { head -5 differences; return 1; }
}
held_is_prefix() { # of each stream
    [ -s x.db ] || return 0
    dump x.db >held || return 1
    awk -F '\t' 'NR == FNR { want[$1, ++n[$1]] = $0; next }
        $0 != want[$1, ++m[$1]] { print "held: " $0; bad = 1 }
        END { exit bad }' want held
}
told_is_held() {
    [ -s told ] || return 0
    dump x.db | LC_ALL=C sort >held
    dump_lines told | LC_ALL=C sort | comm -23 - held >missing
    [ ! -s missing ] || { echo "told, and not there: $(head -1 missing)"; return 1; }
}

# All of it is there already: nothing is added.
again_scene() {
    file_scene
    bsky2s2 -i input -b file:whole.db
}
again_run() {
    rm -rf x.db* told
    cp whole.db x.db
    starved bsky2s2 -i input -b file:x.db -o told --retry-for 300ms
}
again_judge() {
    [ ! -s told ] || { echo "told again"; return 1; }
    dump x.db | cmp - want
}

# The same on S2, under a prefix of its own.
s2_scene() {
    head -24 "$EVENTS" >input
    bsky2s2 -n -i input >decided
    dump_lines decided >want
    s2
}
s2_run() {
    starved bsky2s2 -i input --prefix "$N/" --retry-for 300ms
}
s2_held() { # PREFIX
    local stream
    for stream in $(cut -f 1 want | uniq); do
        curl -fsS "$S2_BASIN_ENDPOINT/dump?stream=$1/$stream" |
            sed "s|^|$stream	|"
    done
}
s2_judge() {
    [ "$STATUS" != 0 ] || s2_held "$N" | cmp - want || return 1
    bsky2s2 -i input --prefix "$N/" && s2_held "$N" | cmp - want
}

# What is there already is not told, nor added, again.
s2again_scene() {
    s2_scene
    bsky2s2 -i input --prefix 0/
}
s2again_run() {
    starved bsky2s2 -i input --prefix 0/ --retry-for 300ms -o -
}
s2again_judge() {
    [ ! -s out ] && s2_held 0 | cmp - want
}

# From a websocket, plain and compressed, into either basin, to the end of a
# story; with a job of its own each.
jet_scene() { # BASIN WIRE
    crash_story 5 "$2" 60
    crash_jet "$2" 100000 'segment 20' 'connection *' 'after 5 fragments 300'
    crash_basin "$1" 0
}
jet_run() {
    CRASH_K=_bsky2s2/$N
    CRASH_PREFIX=$N/
    CRASH_OPTIONS=(--job "$N" --prefix "$CRASH_PREFIX")
    rm -f basin.db*
    starved bsky2s2 -u "$URL" --until "$UNTIL" -s earliest -q \
        --retry-for 300ms "${CRASH_OPTIONS[@]}"
}
jet_judge() {
    if [ "$STATUS" = 0 ]; then
        crash_compare || return
    fi
    # shellcheck disable=SC2119 # without options: one more life
    crash_last >/dev/null && crash_compare
}
jetfile_scene() { jet_scene file 1; }
jetfile_run() { jet_run; }
jetfile_judge() { jet_judge; }
jets2_scene() { jet_scene fakes2 2; }
jets2_run() { jet_run; }
jets2_judge() { jet_judge; }

# A second life, from a checkpoint.
life_scene() { # BASIN WIRE
    jet_scene "$@"
    CRASH_OPTIONS=(--job 0)
    CRASH_PREFIX=
    # shellcheck disable=SC2034 # crash.bash looks there
    CRASH_K=_bsky2s2/0
    bsky2s2 -q -u "$URL" -s earliest -c 12 --job 0
    [ "$1" != file ] || cp basin.db before.db
}
lifefile_scene() { life_scene file 2; }
lifefile_run() {
    rm -f basin.db*
    cp before.db basin.db
    starved bsky2s2 -u "$URL" --until "$UNTIL" -q --retry-for 300ms --job 0
}
lifefile_judge() { jet_judge; }

# s2tail: lines of all forms, by fields; a chart.
lines_scene() {
    head -80 "$EVENTS" | bsky2s2 -n -i - >lines
    LINES_OPTIONS=(-i lines -g 'offsite,stream' --where 'did=*' -T observed_at
        -w 1m -e 10s -k 3 -f json)
    s2tail "${LINES_OPTIONS[@]}" | timeless >want
    test -s want
}
timeless() { sed -E 's/"lag_ms":[0-9]+//'; }
lines_run() { starved s2tail "${LINES_OPTIONS[@]}"; }
lines_judge() {
    timeless <out >told
    [ "$STATUS" != 0 ] || cmp told want || return
    head -c "$(wc -c <told)" want | cmp - told
}
chart_scene() {
    head -80 "$EVENTS" | bsky2s2 -n -i - >lines
    LINES_OPTIONS=(-i lines -f chart --width 70 --height 30 --color always
        --panels 'recent,total,spark' -w 1m)
    s2tail "${LINES_OPTIONS[@]}" | sed 's/lag.*//' >want
    test -s want
}
chart_run() { starved s2tail "${LINES_OPTIONS[@]}"; }
chart_judge() { [ "$STATUS" != 0 ] || sed 's/lag.*//' out | cmp - want; }

# s2tail with a state: what several lives count together is what is there.
state_scene() {
    head -200 "$EVENTS" >input
    bsky2s2 -i input -b file:x.db
    s2tail -b file:x.db -1 -q -S half -g offsite
    bsky2s2 -i "$EVENTS" -b file:x.db
    s2tail -b file:x.db -1 -q -g offsite | totals >want
    test -s want
}
state_run() {
    cp half state
    starved s2tail -b file:x.db -1 -q -S state -g offsite --retry-for 300ms
}
state_judge() {
    [ "$STATUS" != 0 ] || totals out | cmp - want || return
    s2tail -b file:x.db -1 -q -S state -g offsite >out || return
    totals out | cmp - want
}

# Many streams of S2 are followed at once.
follow_scene() {
    s2 "seed social/a 300 -60000 10" "seed social/b 300 -60000 10" \
        "seed news/c 300 -60000 10"
    printf '%s\t300\n' news/c social/a social/b >want
}
follow_run() { starved s2tail -1 -q --retry-for 300ms; }
follow_judge() {
    [ "$STATUS" != 0 ] || totals out | cmp - want
}

# Whoever checks reads one line, and a status from 0 to 3.
check_scene() {
    follow_scene
    s2tail --check -w 1s --warn 'total>1' >want
}
check_run() { starved s2tail --check -w 1s --warn 'total>1'; }
check_judge() {
    [ "$(wc -l <out)" = 1 ] && grep -q "^S2TAIL " out || return
    [ "$STATUS" != 0 ] || [ "$(sed 's/lag.*//' out)" = "$(sed 's/lag.*//' want)" ]
}

# --- the engine

ALL=(help completion settings dry file again s2 s2again jetfile jets2 lifefile
    lines chart state follow check)

# What STATUS may be.
ends_well() { # CASE MODE
    case $STATUS in
    0) return 0 ;;
    71) [ "$1" != check ] && grep -qi 'out of memory$' err && return 0 ;;
    3) [ "$1" = check ] && grep -q 'UNKNOWN - .*out of memory' out && return 0 ;;
    esac
    echo "it ends with $STATUS: $(tail -1 err)"
    return 1
}

# Where the call was that was refused.
where() {
    local n file offset symbol
    # shellcheck disable=SC2034
    read -r n file offset symbol <refused 2>/dev/null || return 0
    case $file in
    bsky2s2 | s2tail)
        addr2line -e "$BUILD/$file" "$offset" | sed "s|^$ROOT/||"
        ;;
    *) echo "$(basename "$file") $offset $symbol" ;;
    esac
}

one() { # CASE MODE: with N, 0 for none
    runs=$((runs + 1))
    STARVING="STARVE_AT=$N"
    case $2 in *-ever) STARVING+=" STARVE_FOREVER=1" ;; esac
    case $2 in all-*) STARVING+=" STARVE_ALL=1" ;; esac
    "$1_run"
    # A judge may run the tool again.
    cp out out.first
    cp err err.first
    last=$COUNTED
    if ends_well "$1" "$2" >why && "$1_judge" >>why 2>&1; then
        return
    fi
    broken=$((broken + 1))
    echo "broken: $1 $2 $N ($(where)): $(head -3 why | tr '\n' ' ')"
}

# Until none has failed: there were fewer.  Where it is not told how many there
# were, and that for long, there is no end to wait for.  Of the libraries',
# which all end the same way, no more than MOST, evenly.
sweep() { # CASE MODE
    local from=$SECONDS before=$runs limit step=$stride
    N=0
    one "$1" "$2"
    limit=$((2 * ${last:-0} + 100))
    if [ "$STATUS" != 0 ] || [ "${last:-0}" -eq 0 ]; then
        broken=$((broken + 1))
    fi
    case $2 in
    all-*) [ $((last / step)) -le "$most" ] || step=$((last / most + 1)) ;;
    esac
    for ((N = ${only:-1}; N < limit; N += step)); do
        one "$1" "$2"
        if [ -n "$only" ] || [ "${last:-$N}" -lt "$N" ]; then break; fi
    done
    echo "$1 $2: $((runs - before)) runs to $N, one in $step," \
        "$((SECONDS - from)) s"
}

[ $# -gt 0 ] || set -- "${ALL[@]}"
for name; do
    mkdir "$kept/$name"
    cd "$kept/$name" || exit 71
    BATS_TEST_TMPDIR=$PWD
    # shellcheck disable=SC2030,SC2031
    export HOME=$PWD
    STARVING='' N=0
    "${name}_scene" >scene 2>&1 || { cat scene; exit 70; }
    for mode in "${modes[@]}"; do
        sweep "$name" "$mode"
    done
    s2_teardown
    # shellcheck disable=SC2034
    PIDS=()
done
echo "$runs runs, $broken broken"
[ "$broken" -eq 0 ] && [ "$runs" -gt 0 ]
