#!/bin/sh
# Compare the tools with their peers, on this machine and now: one table on
# stdout, progress on stderr.  Ends with 1 when a target is missed.
#
#   ROWS="1 6"          only these rows of the table (README.md names them)
#   BENCH_RUNS=5        runs of each program; the table has their medians
#   BENCH_SCALE=1       divides all sizes, for a look at the machinery
# shellcheck disable=SC2034 # the files that it reads in use what it sets
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
here=$PWD/tests/bench
runs=${BENCH_RUNS:-5}
scale=${BENCH_SCALE:-1}
rows=${ROWS:-1 2 3 4 5 6 7 8 9}
limit=900 # seconds that one run may take
cache=${XDG_CACHE_HOME:-$HOME/.cache}/bsky2s2
S2=${S2:-$(sh tests/s2.sh --cached)}
# The program itself, and no launcher that takes its own time.
python3=$(python3 -c 'import sys; print(sys.executable)' 2>/dev/null)

# Nobody's settings change what is measured, nor does a token get about.
unset S2_BASIN S2_ACCESS_TOKEN_FILE S2_AUTH_TOKEN S2_ENCRYPTION_KEY \
    S2_COMPRESSION S2_SSL_NO_VERIFY BSKY2S2_URL SSL_CERT_FILE \
    CREDENTIALS_DIRECTORY XDG_DATA_HOME XDG_CONFIG_HOME JOURNAL_STREAM \
    PYTHONPATH http_proxy https_proxy all_proxy no_proxy HTTP_PROXY \
    HTTPS_PROXY ALL_PROXY NO_PROXY
dir=$(mktemp -d) || exit 71
export HOME="$dir" S2_ACCESS_TOKEN=none LC_ALL=C PYTHONPYCACHEPREFIX="$dir/py"
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

# shellcheck disable=SC1091
{
    . "$here/run.sh"
    . "$here/servers.sh"
    . "$here/rows_source.sh"
    . "$here/rows_basin.sh"
    . "$here/rows_limits.sh"
}
mkdir "$dir/runs" || exit 71
: >"$dir/table"
find_peers

for row in $rows; do
    case $row in
    [1-9]) ;;
    *)
        echo "bench: no such row: $row" >&2
        exit 64
        ;;
    esac
done

# A row that cannot be run takes no other with it, and its servers end.
one_row() {
    (
        servers=''
        trap servers_end EXIT
        trap 'exit 130' INT TERM
        "row_$row"
        exit 0
    )
    case $? in
    0) ;;
    130) exit 130 ;;
    *) no_line "row $row" missed "could not be run" ;;
    esac
}

# Row 7 judges what the others have used, so it comes last.
for row in $rows; do
    [ "$row" = 7 ] || one_row
done
case " $rows " in *' 7 '*)
    row=7
    one_row
    ;;
esac

about
sort -s -n -k 1,1 "$dir/table" | awk -f "$here/table.awk"
