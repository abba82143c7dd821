#!/bin/sh
# clang-tidy over the tools and their peers, by the list in .clang-tidy.  A file
# that has passed is not asked about again as long as it, what it includes and
# the lists are the same.
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
: "${LISTS=$(clang-tidy --version && cat .clang-tidy tests/.clang-tidy)}"
export BUILD LISTS

one() { # FILE
    file=$1 passed=$BUILD/tidy/$1.passed
    set -- -std=c11 -Ilib -Icmd -isystem "$BUILD/gen" -D_XOPEN_SOURCE=700 \
        -DVERSION='""' -include lib/base/banned.h
    # With its comments: some of them are for clang-tidy.
    key=$({
        echo "$LISTS"
        ${CC:-cc} -E -C "$@" "$file"
    } | cksum)
    [ "$(cat "$passed" 2>/dev/null)" = "$key" ] && return 0
    if said=$(clang-tidy --quiet "$file" -- "$@" 2>&1); then
        mkdir -p "$(dirname "$passed")" && echo "$key" >"$passed"
    else
        echo "$said"
        return 1
    fi
}

if [ $# -gt 0 ]; then
    one "$1"
else
    find cmd lib tests/peer -name '*.c' -print0 |
        xargs -0 -n 1 -P "$(getconf _NPROCESSORS_ONLN)" sh "$0"
fi
