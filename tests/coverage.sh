#!/bin/sh
# What of lib/ the tests run: lines and branches, per file and in all.
#
#   tests/coverage.sh [GROUP...]   groups of tests/run.sh, by default unit cli
#   tests/coverage.sh -n           nothing is run: what was counted last
#
# 0 when all tests pass, at least 90% of the lines have run, at least 80% of
# the branches were taken, and tests/COVERAGE.md explains the rest, else 1.
#
# The rest is made of places: a line with a branch that was never taken, with
# the lines right behind it that never ran; or such lines alone, to the end of
# their function.  COVERAGE.md explains a place when it has one line of it, as
# it stands in the file, below the name of the file; or a pattern (as grep -E
# takes it) for such a line below "Everywhere".  It is out of date where it has
# a line that its file does not have, or a pattern that explains no place; what
# it explains and was reached this time is told, and no fault: some depends on
# what comes first.
#
# A process that is killed leaves no counts, the fake peers are built without.
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
LINES_LEAST=90 BRANCHES_LEAST=80
into=$BUILD/coverage
counts=$into/counts

build() {
    make --no-print-directory BUILD="$BUILD" peers benches &&
        make --no-print-directory BUILD="$into" \
            SANFLAGS='--coverage -fprofile-update=atomic' \
            CFLAGS='-O0 -g -U_FORTIFY_SOURCE' all units &&
        rm -rf "$into/peer" "$into/preload" "$into/bench" &&
        cp -Rp "$BUILD/peer" "$BUILD/preload" "$BUILD/bench" "$into"
}

# FILE LINE COUNT BRANCHES NEVER-TAKEN, for each line of lib/ that has code; a
# header has the sum of all that include it.  What an older build has left of a
# file that is gone is passed over.
gather() {
    find "$into/lib" -name '*.gcno' -exec "${GCOV:-gcov}" --json-format \
        --stdout --branch-probabilities {} + |
        jq -r '.files[] | select(.file | startswith("lib/")) | .file as $f |
            .lines[] | [$f, .line_number, .count] +
            [.branches[].count] | @tsv' |
        awk -F '\t' -v OFS='\t' '
            !($1 in there) {
                there[$1] = (getline first <$1) > 0
                close($1)
            }
            there[$1] {
                key = $1 OFS $2
                lines[key] = 1
                count[key] += $3 > 0
                if (NF - 3 > n[key])
                    n[key] = NF - 3
                for (i = 4; i <= NF; i++)
                    taken[key, i - 3] += $i > 0
            }
            END {
                for (key in lines) {
                    never = 0
                    for (i = 1; i <= n[key]; i++)
                        never += !taken[key, i]
                    print key, count[key], n[key] + 0, never
                }
            }' | LC_ALL=C sort -t "$(printf '\t')" -k 1,1 -k 2,2n
}

# What COVERAGE.md explains, and what it does not; then the sums.
judge() {
    awk -F '\t' -v lines_least=$LINES_LEAST -v branches_least=$BRANCHES_LEAST '
        function trim(s) {
            gsub(/^[ \t]+|[ \t]+$/, "", s)
            return s
        }
        # The lines of a file: as they are, and as a set without blanks.
        function slurp(name,    i) {
            for (i = 1; (getline text[name, i] < name) > 0; i++)
                has[name, trim(text[name, i])] = 1
            close(name)
            slurped[name] = 1
        }
        function fault(what) {
            print "not explained: " what
            faults++
        }
        # An item: texts in backquotes with commas between, a colon, why.
        function item(s,    end) {
            while (s ~ /^`/) {
                end = index(substr(s, 2), "`")
                take(substr(s, 2, end - 1))
                s = substr(s, end + 2)
                if (sub(/^, */, "", s) == 0)
                    break
            }
            if (s !~ /^: *[^ ]/)
                fault("tests/COVERAGE.md has no reason: " s)
        }
        function take(t) {
            if (section == "Everywhere") {
                patterns[++npatterns] = t
                return
            }
            if (!(section in slurped))
                slurp(section)
            if (!((section, t) in has))
                fault(section " has no line (any more): " t)
            rows[section, t] = 1
        }
        function item_over() {
            if (held != "")
                item(held)
            held = ""
        }
        function place_over(    i, k, explained) {
            for (i = 1; i <= nplace; i++) {
                if ((file, place[i]) in rows) {
                    used[file, place[i]] = 1
                    explained = 1
                }
                for (k = 1; k <= npatterns && !explained; k++) {
                    if (place[i] ~ patterns[k]) {
                        matched[k] = 1
                        explained = 1
                    }
                }
            }
            if (nplace > 0) {
                places++
                if (!explained)
                    fault(file ":" first ": " place[1])
            }
            nplace = 0
        }
        function percent(n, of) {
            return of == 0 ? 100 : int(1000 * n / of) / 10
        }
        function file_over() {
            place_over()
            if (file == "")
                return
            printf "%-34s %5.1f%% of %4d lines %5.1f%% of %4d branches\n", file,
                percent(ran, nlines), nlines, percent(took, nbranches),
                nbranches
            all_ran += ran; all_lines += nlines
            all_took += took; all_branches += nbranches
            ran = nlines = took = nbranches = 0
        }
        FILENAME == ARGV[1] && /^## / {
            item_over()
            section = substr($0, 4)
            next
        }
        FILENAME == ARGV[1] && /^- / { item_over(); held = substr($0, 3); next }
        FILENAME == ARGV[1] && /^  [^ ]/ && held != "" {
            held = held " " trim($0)
            next
        }
        FILENAME == ARGV[1] { item_over(); next }
        $1 != file {
            item_over()
            file_over()
            file = $1
            if (!(file in slurped))
                slurp(file)
        }
        {
            source = text[file, $2]
            nlines++; ran += $3 > 0
            nbranches += $4; took += $4 - $5
            if ($3 > 0 || source ~ /^[^ \t].*[^:]$/)
                place_over()
            if ($3 == 0 || $5 > 0) {
                if (nplace == 0)
                    first = $2
                place[++nplace] = trim(source)
            }
        }
        END {
            file_over()
            for (k = 1; k <= npatterns; k++)
                if (!(k in matched))
                    fault("no place (any more) has: " patterns[k])
            for (key in rows)
                if (!(key in used)) {
                    split(key, parts, SUBSEP)
                    print "reached now: " parts[1] ": " parts[2]
                }
            lines = percent(all_ran, all_lines)
            branches = percent(all_took, all_branches)
            printf "lines %.1f%% of %d (at least %d%%), " \
                "branches %.1f%% of %d (at least %d%%), " \
                "%d places not reached, %d faults of tests/COVERAGE.md\n",
                lines, all_lines, lines_least, branches, all_branches,
                branches_least, places, faults
            exit all_lines == 0 || faults > 0 || lines < lines_least ||
                branches < branches_least
        }' tests/COVERAGE.md "$counts"
}

if [ "${1-}" != -n ]; then
    [ $# -gt 0 ] || set -- unit cli
    mkdir -p "$into"
    build >"$into/made" 2>&1 || {
        cat "$into/made" >&2
        exit 1
    }
    find "$into" -name '*.gcda' -exec rm -f {} +
    BUILD=$into sh tests/run.sh "$@"
    status=$?
fi
gather >"$counts" && judge && [ "${status:-0}" -eq 0 ]
