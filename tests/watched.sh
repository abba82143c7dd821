#!/bin/sh
# The tests under something that watches memory or threads.  What it reports
# counts wherever it comes from, also from a process whose end no test looks at.
#
#   BUILD=FOLDER tests/watched.sh asan|tsan|valgrind
#
# FOLDER is built for that: with SANITIZE=..., or without for valgrind.
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
reports=$BUILD/reports
rm -rf "$reports" && mkdir -p "$reports" || exit 1
failed=0

# Every program of a build, run by valgrind, in a folder that looks like one.
wrap() { # FOLDER
    rm -rf "$1" && mkdir -p "$1/unit" "$1/feed" || exit 1
    cat >"$1/watch" <<END
#!/bin/sh
exec valgrind --quiet --error-exitcode=99 --leak-check=full \\
    --errors-for-leak-kinds=definite,indirect \\
    --show-leak-kinds=definite,indirect --num-callers=20 \\
    --log-file="$reports/valgrind.%p" "$BUILD/\${0#"$1/"}" "\$@"
END
    chmod +x "$1/watch"
    for program in "$BUILD"/unit/* "$BUILD"/feed/* "$BUILD/bsky2s2" \
        "$BUILD/s2tail"; do
        ln -s "$1/watch" "$1/${program#"$BUILD/"}"
    done
    ln -s "$BUILD/peer" "$BUILD/preload" "$BUILD/bench" "$1/"
}

# The files of tests/cli that are named; but not a test that has the tag.
scenes() { # NAME...
    list=
    for name; do
        list="$list tests/cli/$name.bats"
    done
    # shellcheck disable=SC2086 # file names without spaces
    bats --tap --filter-tags '!unwatched' $list || failed=1
}

case ${1-} in
asan)
    export ASAN_OPTIONS="log_path=$reports/asan"
    export UBSAN_OPTIONS="log_path=$reports/ubsan:print_stacktrace=1"
    PEEK_CASES=100000 sh tests/run.sh unit cli || failed=1
    ;;
tsan)
    # The tools have one thread besides the first, the peers one for each
    # connection.
    export TSAN_OPTIONS="log_path=$reports/tsan:suppressions=$PWD/tests/tsan.supp"
    PEEK_CASES=20000 sh tests/run.sh unit || failed=1
    scenes fakejet jetstream s2 proxy net_proxy
    ;;
valgrind)
    command -v valgrind >/dev/null || {
        echo "watched: needs valgrind (Debian: valgrind)" >&2
        exit 1
    }
    wrap "$BUILD/valgrind"
    export BUILD="$BUILD/valgrind" PATIENCE=200
    # One at a time: some tests have a deadline for their own server.
    JOBS=1 PEEK_CASES=300 sh tests/run.sh unit || failed=1
    scenes file input jetstream s2 s2_refused tail tail_s2 tail_state
    ;;
*)
    echo "usage: tests/watched.sh asan|tsan|valgrind" >&2
    exit 64
    ;;
esac

# The search for leaks also says so of a thread that ended amid it.
find "$reports" -type f \
    -exec sed -i '/Unable to get registers from thread/d' {} +
find "$reports" -type f -size 0 -delete
for report in "$reports"/*; do
    [ -e "$report" ] || continue
    cat "$report"
    failed=1
done
[ "$failed" -eq 0 ]
