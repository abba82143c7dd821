#!/bin/sh
# Formatting, sizes, static analysis, shell scripts, man pages.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
BUILD=${BUILD:-build}
sources=$(find cmd lib tests -name '*.[ch]')

# ctuuninitvar takes the address of a struct that is about to be filled for a
# use of it.
# shellcheck disable=SC2086 # file names without spaces
{
    clang-format --dry-run -Werror $sources || bad=1
    mkdir -p "$BUILD/cppcheck"
    cppcheck --quiet --std=c11 --inline-suppr --error-exitcode=1 \
        --enable=warning,performance,portability \
        --suppress=missingIncludeSystem --suppress=ctuuninitvar \
        -j "$(getconf _NPROCESSORS_ONLN)" \
        --cppcheck-build-dir="$BUILD/cppcheck" \
        -Ilib $sources || bad=1
    sh tests/tidy.sh || bad=1
    shellcheck -x tests/*.sh tests/*.bash tests/bench/*.sh tests/fuzz/*.sh \
        .ci/run || bad=1
    mandoc -Tlint -W warning man/*.1 || bad=1
}

# No function of the tools is longer than 60 lines, no file than 400, and of
# option tables no line than 80 columns.
# shellcheck disable=SC2046
awk '
    FNR == 1 { start = 0 }
    /^\{/ { start = FNR }
    /^\}/ {
        if (start && FNR - start > 60) {
            printf "%s:%d: a function of %d lines\n", FILENAME, start,
                FNR - start
            bad = 1
        }
        start = 0
    }
    length($0) > 80 { printf "%s:%d: too wide\n", FILENAME, FNR; bad = 1 }
    FNR == 401 { printf "%s: more than 400 lines\n", FILENAME; bad = 1 }
    END { exit bad }' $(find cmd lib -name '*.[ch]' -o -name '*.def') || bad=1
exit $bad
