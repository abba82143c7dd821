#!/usr/bin/env bats
# What is said of the tools in several places is the same in all of them: in
# their tables, --help, the manuals, the completions, the README, the sources.

load common
setup() {
    common_setup
    unset TERM NO_COLOR
}
teardown() { common_teardown; }

# Two lists of lines are the same as sets; else each difference is named.
agree() { # WHAT ONE OTHER: files
    sort -u "$2" >"$2.sorted"
    sort -u "$3" >"$3.sorted"
    [ -s "$2.sorted" ] || { echo "$1: $2 is empty"; return 1; }
    comm -23 "$2.sorted" "$3.sorted" | sed "s|^|$1: in $2, not in $3: |" >only
    comm -13 "$2.sorted" "$3.sorted" | sed "s|^|$1: in $3, not in $2: |" >>only
    [ ! -s only ] || { cat only; return 1; }
}

# The manual as it is read, without bold; by default a paragraph is a line.
page() { # TOOL [WIDTH]
    mandoc -Tascii -O "width=${2-900}" "$ROOT/man/$1.1" | sed $'s/.\b//g'
}

# A section of it, or with a second name that subsection.
section() { # TOOL NAME [SUBSECTION]
    page "$1" | awk -v name="$2" -v sub_="${3-}" '
        /^[A-Z]/ { on = $0 == name; in_ = sub_ == "" }
        sub_ != "" && /^   [A-Z]/ { in_ = $0 == "   " sub_ }
        on && in_' | grep . || { echo "$1: no section $2" >&2; return 1; }
}

# The tags of the lists in a section, one a line: single words with commas, at
# the list's indentation or, with "all", at any.
tags() { # [all]
    if [ "${1-}" = all ]; then cat; else grep '^     [^ ]'; fi |
        sed 's/^ *//; s/  .*//; s/, /,/g' | grep -v '[ "]' | tr ',' '\n'
}

# Options as lines "-x --name ARG"; without a letter "--name ARG".
spelt() { sed 's/^ *//; s/^\(-.\), /\1 /; s/ *$//'; }

help_options() { # TOOL [GROUP]
    "$1" --help | awk -v group="${2-}" '
        /^[^ ]/ { on = group == "" || $0 == group ":" }
        on && /^  (-., |    )--/' |
        grep -o '^ *\(-., \)\?--[a-z0-9-]*\( [^ ]\+\)\?\(  \|$\)' | spelt
}

# What stands between blanks in an argument's name does so for the eye.
page_options() { # TOOL [GROUP]
    section "$1" DESCRIPTION ${2+"$2"} | grep '^     -' | spelt |
        sed 's/  .*//' | awk '{
            n = $1 ~ /^--/ ? 1 : 2
            text = $1
            for (i = 2; i <= NF; i++)
                text = text (i <= n || i == n + 1 ? " " : "") $i
            print text
        }'
}

readme_options() { # TOOL
    awk -v head="$1 [OPTION]" '
        /^```/ { on = 0 }
        /^[a-z]/ { on = index($0, head) == 1; next }
        on { print substr($0, 14) }' "$ROOT/README.md" |
        sed 's/, /\n/g; s/,$//' | spelt
}

# Without the argument.
names() { sed 's/^\(\(-. \)\?--[a-z0-9-]*\).*/\1/'; }

# Another order of the same words.
ordered() {
    while read -r text; do
        case $text in
        *'|'*)
            echo "${text% *} $(tr '|' '\n' <<<"${text##* }" | sort |
                paste -sd '|')" ;;
        *) echo "$text" ;;
        esac
    done
}

# Not to be called where its failure is asked for: then the first command in
# it that fails would not end it.
both() { # FUNCTION
    "$1" bsky2s2
    "$1" s2tail
}

@test "options: --help and the manual name the same, and their arguments" {
    one() {
        help_options "$1" >"--help"
        page_options "$1" >manual
        agree "$1" ./--help manual
    }
    both one
}

@test "options: --help and the manual put them in the same groups" {
    one() {
        "$1" --help | sed -n 's/^\([A-Z][A-Za-z0-9]*\):$/\1/p' >groups
        [ -s groups ]
        while read -r group; do
            help_options "$1" "$group" >help
            page_options "$1" "$group" >manual
            agree "$1, $group" help manual
        done <groups
    }
    both one
}

@test "options: --help and the README's overview" {
    one() {
        help_options "$1" >help
        readme_options "$1" >README
        agree "$1" help README
    }
    both one
}

@test "options: --help and what bash completes" {
    one() {
        help_options "$1" | names | tr ' ' '\n' >help
        # Every name has a line of its own, with what it takes behind it.
        "$1" --completion bash | grep -o '^--\?[a-zA-Z0-9-]*=' |
            tr -d = >bash
        agree "$1" help bash
    }
    both one
}

@test "options: --help and what zsh completes" {
    one() {
        help_options "$1" | names | tr ' ' '\n' >help
        "$1" --completion zsh | zsh_names >zsh
        agree "$1" help zsh
    }
    both one
}

# The specs of _arguments, such as '(-t --duration)'{-t+,--duration=}'[..., as
# \*--did='[... and as --ascii'[...
zsh_names() {
    grep -o "^ *\('([^)]*)'\|\\\\\*\)\?[{-][^[]*'\[" |
        sed "s/^ *'([^)]*)'//" | tr '{,}' '\n' |
        grep -o -- '^[ \\*]*--\?[a-zA-Z0-9][a-z0-9-]*' | tr -d ' \\*'
}

@test "options: --help and what fish completes" {
    one() {
        help_options "$1" | names | tr ' ' '\n' >help
        "$1" --completion fish | sed -n "s/ -d '.*//; s/^complete -c $1//p" |
            awk '{
                for (i = 1; i < NF; i++)
                    if ($i == "-s")
                        print "-" $(i + 1)
                    else if ($i == "-l")
                        print "--" $(i + 1)
            }' >fish
        agree "$1" help fish
    }
    both one
}

@test "options: the words of choices are those that are completed" {
    one() {
        help_options "$1" | grep '|' | grep -v '[A-Z]' >choices
        while read -r text; do
            for word in $(tr '|' ' ' <<<"${text##* }"); do
                for shell in bash zsh fish; do
                    "$1" --completion $shell | grep -q -- \
                        "$(grep -o -- '--[a-z-]*' <<<"$text" |
                            sed 's/^--//').*$word" ||
                        { echo "$1: $text: $shell: $word"; return 1; }
                done
            done
        done <choices
        [ -s choices ]
    }
    both one
}

# What is given is shown, under its name or another, or is no setting.
@test "options: --help and --check-config" {
    : >file
    bsky2s2 --check-config -u ws://a.example --did did:plc:x --no-compress \
        --zstd-dictionary file -s 1h --until now -c 1 -t 1s --expect 1 \
        --idle 1s --on-gap fail -l any --links facets -R file -r x.example=x \
        --no-default-routes --unrouted y --max-age 1s --prefix p -b some-basin \
        --job j --create-basin --linger 1s --account-endpoint http://127.0.0.1:1 \
        --basin-endpoint http://127.0.0.1:1 --allow-http --cacert file -o file \
        --stats 1s --metrics-file file --retry-for 1s >all
    bsky2s2 --check-config -i file -b file:x.db --retention 1s >>all
    sed 's/=.*//; s/^max-age-v.$/max-age/; s/^compress$/no-&/' all |
        sed 's/^token$/&-file/; s/^encryption-key$/&-file/' >shown
    # Routes show where they come from, and with what in front of them; the
    # basin, that there is none.
    printf '%s\n' routes no-default-routes prefix dry-run >>shown
    grep -qx 'route=px x.example' all
    # These are about the run's words, or end it.
    printf '%s\n' log-format quiet verbose check-config help version \
        completion >>shown
    help_options bsky2s2 | names | sed 's/.*--//' >help
    agree bsky2s2 help shown
}

@test "--max-age: --help and the manual have the default of each wire" {
    bsky2s2 --check-config | sed -n 's/^max-age-//p' >defaults
    [ "$(wc -l <defaults)" -ge 2 ]
    words() { grep -o '[0-9]*[a-z] on \(wire \)\?v[0-9]*' | sed 's/on \(wire \)\?//'; }
    bsky2s2 --help | tr -s ' \n' ' ' | words >help
    section bsky2s2 DESCRIPTION | words >manual
    for text in help manual; do
        while read -r age wire; do
            bsky2s2 --check-config --max-age "$age" | sed -n "s/^max-age-$wire/$wire/p"
        done <$text >told
        diff defaults told
    done
}

# What decides which records there are is compared with the checkpoint's
# (settings.c); an option that is new belongs here or there.
@test "options: each is among the settings of a job, or is none" {
    grep -oE 'add(_all)?\(settings, "[a-z]+"' "$ROOT/cmd/bsky2s2/settings.c" |
        grep -o '"[a-z]*"' | tr -d '"' >known
    printf '%s\n' routes no-default-routes >>known # they are routes, too
    # Where from, until when and how.
    printf '%s\n' url input no-compress zstd-dictionary since until count \
        duration expect idle on-gap max-age basin job create-basin linger \
        retention token-file account-endpoint basin-endpoint \
        encryption-key-file allow-http dry-run output stats metrics-file \
        cacert retry-for log-format quiet verbose check-config help version \
        completion >>known
    help_options bsky2s2 | names | sed 's/.*--//' >help
    agree bsky2s2 help known
}

# The tables of cli.md: the first column, and what else it mentions.
cli_options() { # HEADING
    awk -v heading="## $1" '
        /^## / { on = index($0, heading) == 1 }
        on && /^\| `-/ {
            gsub(/\\\|/, "\001")
            split($0, cell, "|")
            gsub("\001", "|", cell[2])
            print cell[2]
        }' "$CLI_MD" | grep -o '`-[^`]*`' | tr -d '`' | spelt | sed 's/|-$//'
}

@test "options: --help and the contract" {
    CLI_MD=$ROOT/../shared/cli.md
    [ -r "$CLI_MD" ] || skip "cli.md is not here"
    one() {
        help_options "$1" | ordered >help
        { cli_options Shared; cli_options "\`$1"; } | ordered >cli.md
        agree "$1" cli.md help >differences ||
            # What has no row of its own is at least mentioned.
            sed -n 's/.*not in cli.md: .*\(--[a-z-]*\).*/\1/p' differences |
            while read -r name; do
                grep -q -- "\`$name" "$CLI_MD" || echo "$name"
            done >unknown
        [ ! -s unknown ] || { echo "$1: not in cli.md:"; cat unknown; return 1; }
        if grep 'not in help' differences; then return 1; fi
    }
    both one
}

# The sources of a tool: its own, and what both have.
sources() { # TOOL
    echo "$ROOT"/cmd/"$1"/*.c "$ROOT"/cmd/common/*.[ch]
}

@test "ENVIRONMENT: what the sources read, no more and no less" {
    one() {
        {
            cat $(sources "$1") | tr '\n' ' ' |
                grep -oE '(getenv|place_env|place_option|secret_env)\([^()"]*"[A-Z0-9_]+"' |
                grep -o '"[A-Z0-9_]*"' | tr -d '"'
            # What the C library reads for us.
            ! grep -q 'setlocale(' $(sources "$1") ||
                printf '%s\n' LC_ALL LC_CTYPE LANG
            ! grep -q 'localtime_r(' $(sources "$1") || echo TZ
        } >sources
        section "$1" ENVIRONMENT | tags >manual
        agree "$1" sources manual
    }
    both one
    # No library of ours reads any.
    if grep -n 'getenv' "$ROOT"/lib/*/*.c; then return 1; fi
}

@test "SIGNALS: what the sources catch, no more and no less" {
    one() {
        # A fault or a closed terminal restores the terminal: no interface.
        cat $(sources "$1") "$ROOT/lib/base/loop.c" |
            grep -o '\bSIG[A-Z0-9]*\b' | grep -v 'SIG_\|^SIG$' >sources
        section "$1" SIGNALS | tags >manual
        agree "$1" sources manual
    }
    both one
}

@test "EXIT STATUS: those of err.h, in the manuals and in --help" {
    sed -n 's/^ *ERR_[A-Z]* = \([1-9][0-9]*\),\?.*/\1/p' \
        "$ROOT/lib/base/err.h" >err.h
    { cat err.h; echo 0; echo 1; } >want.bsky2s2
    { cat err.h; echo 0; } >want.s2tail
    one() {
        section "$1" 'EXIT STATUS' | tags | grep '^[0-9]*$' >manual
        agree "$1" "want.$1" manual
        "$1" --help | tr '\n' ' ' | sed 's/.*Exit status: //; s/;.*//' |
            grep -o '\b[0-9]\+\b' >help
        agree "$1" manual help
    }
    both one
    # Those of --check.
    section s2tail 'EXIT STATUS' | grep -q '0, 1, 2 or 3: OK, warning'
    s2tail --help | tr '\n' ' ' |
        grep -q 'with --check 0 OK, 1 warning, 2 critical, 3 unknown'
}

@test "KEYS: those that --help names" {
    s2tail --help | tr '\n' ' ' | sed 's/.*Keys: //; s/\..*//; s/, /\n/g' |
        awk '{ print $1 == "^L" ? "Ctrl-L" : $1 }' >help
    section s2tail KEYS | tags | grep -vx Ctrl-Z >manual
    agree keys help manual
    # The terminal's own, that is a signal here.
    section s2tail KEYS | tags | grep -qx Ctrl-Z
}

@test "FIGURES: the keys of the line, of the object and of the metrics" {
    peer fakejet --v1 "$EVENTS" --restamp
    bsky2s2 -u "ws://127.0.0.1:$PORT/subscribe" -b file:x.db -c 50 --stats 1h \
        --metrics-file metrics 2>text
    grep -o '\b[a-z_]*=' text | tr -d = >line
    rm x.db*
    bsky2s2 -u "ws://127.0.0.1:$PORT/subscribe" -b file:x.db -c 50 --stats 1h \
        --log-format json 2>json
    jq -r 'select(.message == "stats") | keys[]' json |
        grep -vx 'time\|level\|prog\|message' >object
    jq -e 'select(.message == "stats") | del(.time, .level, .prog, .message) |
        all(type == "number")' json
    agree bsky2s2 line object
    section bsky2s2 FIGURES | tags | grep -v '^bsky2s2_' >manual
    agree bsky2s2 line manual
    sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' metrics >types
    sed 's/#.*//; s/[{ ].*//' metrics | grep . >metric
    agree bsky2s2 metric types
    section bsky2s2 FIGURES | tags | grep '^bsky2s2_' >manual
    agree bsky2s2 metric manual
    # What one metric holds is told apart by the keys.
    grep -o 'cause="[a-z_]*"' metrics | cut -d '"' -f 2 >cause
    section bsky2s2 FIGURES | tags | sed -n '/skipped_total/{x;p;x;:a;n;/^unacked/q;p;ba};h' >keys
    agree bsky2s2 cause keys
}

@test "FIGURES of s2tail" {
    bsky2s2 -q -i "$EVENTS" -b file:x.db
    for format in text json; do
        s2tail -b file:x.db -s earliest --log-format $format \
            >out.$format 2>$format 3>&- &
        PID=$!
        PIDS+=("$PID")
        await grep -q final out.$format
        kill -USR1 "$PID"
        await grep -q records $format
        kill "$PID"
        wait "$PID"
    done
    head -1 text | grep -o '\b[a-z_]*=' | tr -d = >line
    jq -r 'select(.message == "stats") | keys[]' json |
        grep -vx 'time\|level\|prog\|message' >object
    agree s2tail line object
    section s2tail FIGURES | tags >manual
    agree s2tail line manual
}

@test "FORMATS: the columns, members and metrics of a run" {
    # Late, and late in grace; what goes wrong with streams is not at hand.
    for ms in 0 9000 500 8900 20000; do
        printf '{"stream":"a","timestamp":%d,"record":{}}\n' $((1700000000000 + ms))
    done >in
    section s2tail FORMATS | tags all >manual
    s2tail -i in -w 1s -f prom | sed 's/#.*//; s/[{ ].*//' | grep . >run
    grep '^s2tail_' manual >metrics
    agree s2tail run metrics
    s2tail -i in -w 1s -f json | jq -r 'keys[], (.groups[] | keys[])' >run
    printf '%s\n' stale missing >>run
    sed -n '/^json$/,/^prom$/p' manual | grep -vx 'json\|prom' >members
    # What stands in the text of groups.
    section s2tail FORMATS | grep '^ *groups .*, n in .* and total ' >text
    printf '%s\n' n total >>members
    agree s2tail run members
    same "$(s2tail -i in -w 1s | awk -F '\t' '{ print NF }' | sort -u)" 5
    words=$(help_options s2tail | sed -n 's/.*--format //p')
    sed -n '/^tsv$/,/^json$/p' manual | grep -vxE "$words" >columns
    same "$(paste -sd ' ' columns)" "window_end group recent total state"
}

@test "messages as objects: the members that the manuals name" {
    one() {
        "$1" --log-format json -b file:no/such.db -i no-such 2>json || true
        "$1" --log-format json -i no-such 2>json || true
        jq -r 'keys_unsorted[]' json >run
        section "$1" MESSAGES | grep -o '"[a-z]*":' | tr -d '":' >manual
        agree "$1" run manual
        jq -r .level json | while read -r level; do
            section "$1" MESSAGES | grep -q "\b$level\b"
        done
    }
    both one
}

@test "the manuals are clean, and name no manual of ours that is not there" {
    mandoc -Tlint -W warning "$ROOT"/man/*.1
    for name in $(sed -n 's/^\.Xr \(bsky2s2\|s2tail\) .*/\1/p' "$ROOT"/man/*.1); do
        [ -r "$ROOT/man/$name.1" ]
    done
    # A line of an example fits a terminal, indented as it is.
    one() {
        page "$1" 80 | awk '/^EXAMPLES/ { on = 1 } on && length > 80' >wide
        [ ! -s wide ] || { cat wide; return 1; }
    }
    both one
}

@test "files that the manuals and the README name in the units are theirs" {
    cat "$ROOT"/cmd/*/*.service "$ROOT"/cmd/*/*.timer >units
    [ -s units ]
    for path in /etc/bsky2s2/bsky2s2.env /etc/bsky2s2/s2tail-check.env \
        s2-access-token; do
        grep -q "$path" units
        grep -q "${path##*/}" "$ROOT"/man/*.1
    done
    grep -q '/etc/bsky2s2/%i.env' units
    for name in "$ROOT"/cmd/*/*.service "$ROOT"/cmd/*/*.timer; do
        grep -q "Pa ${name##*/}" "$ROOT"/man/*.1 ||
            { echo "no manual tells of ${name##*/}"; return 1; }
    done
    # Status that no restart mends: in all units the same, and as told.
    sed -n 's/^RestartPreventExitStatus=//p' units | sort -u >statuses
    same "$(cat statuses)" "1 64 65 66 73 76 77 78 79"
    page bsky2s2 | grep -q 'statuses 1, 64 to 66, 73 and 76 to 79, is not'
    # Where the units write.
    for path in 'StateDirectory=bsky2s2 bsky2s2/%i' RuntimeDirectory=bsky2s2 \
        RuntimeDirectory=bsky2s2-%i XDG_DATA_HOME=%S \
        S2_BASIN=file:%S/bsky2s2/%i/basin.db; do
        grep -q "$path" units || { echo "no unit has $path"; return 1; }
    done
}

@test "the README: its targets, files and tools are there" {
    grep -o '`[^`]*`' "$ROOT/README.md" | tr -d '`' >code
    sed -n '/^```/,/^```/p' "$ROOT/README.md" >>code
    grep -oE '\bmake( [a-z-]+)+' code | sed 's/^make //' | tr ' ' '\n' |
        sort -u >targets
    [ -s targets ]
    while read -r target; do
        grep -q "^$target:" "$ROOT/Makefile" ||
            { echo "no target $target"; return 1; }
    done <targets
    grep -oE '(^|[^/.])\b(cmd|lib|man|tests)/[A-Za-z0-9_./-]*' code |
        sed 's/^[^a-z]//' | sort -u >files
    [ -s files ]
    while read -r file; do
        [ -e "$ROOT/$file" ] || { echo "no $file"; return 1; }
    done <files
    # Every folder of the sources is in the picture.
    for folder in "$ROOT"/cmd/*/ "$ROOT"/lib/*/; do
        case $folder in */cmd/debian/) continue ;; esac
        grep -q "^$(basename "$(dirname "$folder")")/$(basename "$folder")/" \
            "$ROOT/README.md" || { echo "not in the picture: $folder"; return 1; }
    done
    same "$(("$(wc -l <"$ROOT/README.md")" <= 260))" 1
}

@test "the examples of the manuals and of the README run as printed" {
    for program in jq zstd sqlite3; do
        command -v $program >/dev/null || skip "$program is missing"
    done
    tool sh "$ROOT/tests/examples.sh" local
    echo "$output"
    same "$status" 0
    if grep '# skip' <<<"$output"; then return 1; fi
}
