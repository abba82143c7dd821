#!/bin/sh
# The mutation gate: each fault in tests/mutants, put into a copy of the
# sources, must make every test that it names fail.
#
#   tests/mutants.sh [NAME...]     all of them by default
#
# A fault is a unified diff behind a line "# what it breaks" and lines
# "tests: PATH [FILTER]": a program of tests/unit, or a file of tests/cli or
# tests/real with a filter as bats -f takes it.  First all named tests are run
# without a fault: they must pass.
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
limit=120 # s, for each test: one that hangs has failed
dir=$(mktemp -d)
group= # that of the test that runs
# End what is left of a test: its group, which timeout has made, and the
# mutated tools outside of it.
end_test() {
    [ -z "$group" ] || kill -KILL -- "-$group" 2>/dev/null
    group=
    find /proc/[0-9]*/exe -maxdepth 0 -lname "$dir/*" 2>/dev/null |
        cut -d / -f 3 | xargs -r kill -KILL 2>/dev/null
}
trap 'end_test; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

if [ $# -eq 0 ]; then
    for fault in tests/mutants/*.patch; do
        set -- "$@" "$(basename "$fault" .patch)"
    done
fi

named_tests() { # NAME...
    for one in "$@"; do
        sed -n 's/^tests: //p' "tests/mutants/$one.patch"
    done | sort -u
}

# The programs among the tests on stdin, as targets of make.
programs() {
    sed -n 's|^unit/\([a-z0-9_]*\)$|build/unit/\1|p'
}

# Build both tools and TARGET... in DIR; the peers stay what they were.
build() { # DIR TARGET...
    in=$1
    shift
    make -j2 --no-print-directory -C "$in" BUILD=build all "$@" \
        >"$dir/made" 2>&1
}

# Whether TEST passes in DIR, and not because it was left out.
passes() { # DIR TEST
    path=${2%% *}
    filter=${2#"$path"}
    case $path in
    unit/*) set -- "$1" "$1/build/$path" ;;
    *) set -- "$1" bats --tap ${filter:+-f "${filter# }"} "$1/tests/$path" ;;
    esac
    in=$1
    shift
    BUILD=$in/build TMPDIR=$dir/tmp timeout -k 5 $limit "$@" \
        >"$dir/told" 2>&1 </dev/null &
    group=$!
    wait "$group" 2>/dev/null
    status=$?
    end_test
    [ $status -eq 0 ] && grep '^ok ' "$dir/told" | grep -qiv '# skip'
}

# What is built, but for the tests, is copied with its dates; the lists of
# what an object depends on are to name it where it is now.
copy_all() { # DIR
    mkdir -p "$1/build" && cp -Rp Makefile cmd lib man tests "$1" || return 1
    for part in bsky2s2 s2tail lib.a gen cmd lib tests peer preload; do
        cp -Rp "$BUILD/$part" "$1/build" || return 1
    done
    for list in $(cd "$1/build" && find . -name '*.d'); do
        object=${list#./}
        sed "1s|^[^ ]*:|build/${object%.d}.o:|" "$1/build/$list" >"$dir/list" &&
            mv "$dir/list" "$1/build/$list" || return 1
    done
}

tell() { # FILE: the end of it, as comments
    tail -n 15 "$1" | sed 's/^/# /'
}

give_up() { # WHY FILE
    tell "$2"
    echo "Bail out! $1"
    exit 1
}

# Why the fault does not count as found; nothing when every test fails.
try() { # NAME
    fault=$1.patch
    sed -n 1p "tests/mutants/$fault" | grep -q '^# .' ||
        { echo "says not what it breaks"; return; }
    [ -n "$(named_tests "$1")" ] || { echo "names no test"; return; }
    rm -rf "$dir/work"
    cp -Rp "$dir/base" "$dir/work" || { echo "cannot be copied"; return; }
    patch -s -p1 -F0 -f -d "$dir/work" <"tests/mutants/$fault" >"$dir/made" \
        2>&1 || { echo "does not apply"; tell "$dir/made"; return; }
    # shellcheck disable=SC2046 # words
    build "$dir/work" $(named_tests "$1" | programs) ||
        { echo "does not compile"; tell "$dir/made"; return; }
    named_tests "$1" >"$dir/named"
    while read -r test <&3; do
        passes "$dir/work" "$test" && echo "survives $test"
    done 3<"$dir/named"
}

for name in "$@"; do
    [ -f "tests/mutants/$name.patch" ] ||
        give_up "no such fault: $name" /dev/null
done
mkdir "$dir/tmp"
copy_all "$dir/base" 2>"$dir/made" || give_up "cannot be copied" "$dir/made"
# shellcheck disable=SC2046 # words
build "$dir/base" $(named_tests "$@" | programs) ||
    give_up "the sources do not compile" "$dir/made"
named_tests "$@" >"$dir/named"
while read -r test <&3; do
    passes "$dir/base" "$test" ||
        give_up "fails without a fault: $test" "$dir/told"
done 3<"$dir/named"

echo "1..$#"
n=0
killed=0
for name in "$@"; do
    n=$((n + 1))
    what=$(sed -n '1s/^# //p' "tests/mutants/$name.patch")
    try "$name" >"$dir/why" # no subshell: what it starts must be known here
    if [ ! -s "$dir/why" ]; then
        killed=$((killed + 1))
        echo "ok $n - $name: $what"
    else
        echo "not ok $n - $name: $what"
        sed 's/^\([^#]\)/# \1/' "$dir/why"
    fi
done
echo "$killed killed, $(($# - killed)) survived"
[ "$killed" -eq $# ]
