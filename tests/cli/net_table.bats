#!/usr/bin/env bats
# tests/FAULTS.md names tests that are there, and each of its rows names some.

load common
setup() { common_setup; }

# What is wrong with a table of faults, a line each.
wrong() { # FILE
    awk -v root="$ROOT/tests" -v q='`' '
    function tests_of(file,   line, name, path) {
        path = root "/" file
        known[file] = 1
        while ((getline line <path) > 0) {
            there[file] = 1
            if (line ~ /^@test "/) {
                name = line
                sub(/^@test "/, "", name)
                sub(/" \{.*/, "", name)
            } else if (line ~ /^static void test_[a-z0-9_]*\(void\)/) {
                name = line
                sub(/^static void /, "", name)
                sub(/\(.*/, "", name)
            } else if (line ~ /^ *RUN\(test_/) {
                name = line
                gsub(/^ *RUN\(|\);.*/, "", name)
                runs[file, name] = 1
                continue
            } else {
                continue
            }
            has[file, name] = 1
        }
        close(path)
    }
    /^## / { section = $0 }
    !/^\|/ || /^\|---/ || /^\| fault / { next }
    {
        rows++
        n = split($0, part, q)
        named = /the same|the six/
        for (i = 2; i <= n; i += 2) {
            if (part[i] !~ /^(cli|unit|real)\//)
                continue
            named = 1
            file = part[i]
            sub(/:.*/, "", file)
            name = substr(part[i], length(file) + 3)
            if (!(file in known))
                tests_of(file)
            if (!there[file])
                print FNR ": no such file: " file
            else if (name != "all" && !has[file, name])
                print FNR ": no such test: " part[i]
            else if (name != "all" && file ~ /^unit/ && !runs[file, name])
                print FNR ": a test that does not run: " part[i]
        }
        if (!named)
            print FNR ": no test: " $0
    }
    END { if (rows < 100) print "only " rows + 0 " rows" }' "$1"
}

@test "tests/FAULTS.md: each row names tests, and these are there" {
    same "$(wrong "$ROOT/tests/FAULTS.md")" ""
}

@test "the check finds what is not there" {
    local table=$ROOT/tests/FAULTS.md
    for edit in 's/test_bombs`/test_bomb`/' 's/cli\/jetstream.bats: redirects/cli\/jetstream.bats: redirect/' \
        's/unit\/test_zst.c/unit\/test_zs.c/' \
        's/| nobody listens |.*/| nobody listens | waits | none |/'; do
        sed "$edit" "$table" >table
        if cmp -s table "$table"; then return 1; fi
        [ -n "$(wrong table)" ]
    done
    head -50 "$table" >table
    [[ $(wrong table) == "only "* ]]
}
