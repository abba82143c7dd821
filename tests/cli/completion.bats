#!/usr/bin/env bats
# The completion scripts of both tools, in the shells themselves.

load common
setup() {
    common_setup
    export LC_ALL=C
    for shell in bash zsh fish; do
        bsky2s2 --completion $shell >bsky2s2.$shell
        s2tail --completion $shell >s2tail.$shell
    done
}
teardown() { common_teardown; }

# What bash offers for the last of WORDS; the first is the tool.
offers() { # TOOL WORD...
    bash -uc 'source "$1.bash"
        shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
        "_$1"
        [ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}"' - \
        "$1" "$@"
}

needs() { # SHELL
    command -v "$1" >/dev/null || skip "$1 is not installed"
}

@test "the scripts name each option of --help, and nothing else" {
    for tool in bsky2s2 s2tail; do
        "$tool" --help | sed -n 's/^ .\{5\}--\([a-z0-9-]*\).*/\1/p' |
            sort >options
        [ "$(wc -l <options)" -gt 30 ]
        sed -n 's/^--\([a-z0-9-]*\)=.*/\1/p' $tool.bash | sort >bash
        sed -n 's/.*--\([a-z0-9-]*\)=\{0,1\}}\{0,1\}.\[.*/\1/p' $tool.zsh |
            sort >zsh
        sed -n 's/.* -l \([a-z0-9-]*\) .*/\1/p' $tool.fish | sort >fish
        for shell in bash zsh fish; do
            diff options $shell
        done
    done
}

@test "--completion takes the three shells and nothing else" {
    tool s2tail --completion tcsh
    same "$status" 64
    same "$output" ""
    same "${stderr_lines[0]}" \
        "s2tail: --completion: 'tcsh' is not one of bash|zsh|fish"
    tool bsky2s2 --completion bash
    same "$status" 0
    same "$stderr" ""
}

@test "bash: long options, also behind others" {
    both=$(printf -- '--linger\n--links')
    same "$(offers bsky2s2 --lin | sort)" "$both"
    same "$(offers bsky2s2 -nq --lin | sort)" "$both"
    same "$(offers bsky2s2 --count 3 --lin | sort)" "$both"
    same "$(offers bsky2s2 --links=all --lin | sort)" "$both"
    same "$(offers bsky2s2 --links = all --lin | sort)" "$both"
    same "$(offers bsky2s2 --unknown --lin | sort)" "$both"
    same "$(offers s2tail social/ --wi | sort)" "$(
        printf -- '--width\n--window')"
    same "$(offers bsky2s2 - | wc -l)" "$(grep -c ^-- bsky2s2.bash)"
}

@test "bash: the words of a choice" {
    words=$(printf 'all\nfacets\nembeds')
    same "$(offers bsky2s2 --links '')" "$words"
    same "$(offers bsky2s2 --links fa)" facets
    same "$(offers bsky2s2 --links = fa)" facets
    same "$(offers bsky2s2 --links =)" "$words"
    same "$(offers bsky2s2 --links=fa)" --links=facets
    same "$(offers bsky2s2 --completion z)" zsh
    same "$(offers s2tail -f t)" "$(printf 'table\ntsv')"
    same "$(offers s2tail -1f t)" "$(printf 'table\ntsv')"
}

@test "bash: files where the argument is one" {
    touch FILE1 'FILE 2' a:b other
    files=$(printf 'FILE 2\nFILE1')
    same "$(offers bsky2s2 --routes FI | sort)" "$files"
    same "$(offers bsky2s2 -R FI | sort)" "$files"
    same "$(offers bsky2s2 -nR FI | sort)" "$files"
    same "$(offers bsky2s2 --routes = FI | sort)" "$files"
    same "$(offers bsky2s2 --routes=oth)" --routes=other
    same "$(offers bsky2s2 --routes 'FILE\ ')" 'FILE 2'
    same "$(offers bsky2s2 --routes '"FILE ')" 'FILE 2'
    same "$(offers bsky2s2 --routes a : '')" b
    same "$(offers bsky2s2 -n '>' oth)" other
    same "$(offers s2tail --state oth)" other
}

@test "bash: nothing for other arguments, positions, and behind --" {
    touch FILE1
    for words in '--url FI' '-u FI' '--url = FI' '--url=FI' '--job --lin' \
        '-RFILE1 FI' '--dry-run=FI' '-- --lin' '-- FI' 'FI' '--nope=FI'; do
        # shellcheck disable=SC2086 # words
        same "$(offers bsky2s2 $words)" ""
    done
    same "$(offers bsky2s2 '')" ""
    same "$(offers s2tail FI)" ""
    same "$(offers bsky2s2 --job -- --lin | wc -l)" 2
}

# What an interactive bash makes of keys: LINE is run, with the words of a
# function instead of the tool's.
typed() { # LINE
    printf '%b\n' "$1" >&9
    await grep -q '^<.*>' typescript
    sed -n 's/\r$//; s/^\(<.*>\)$/\1/p' typescript
}

interactive() { # COMMAND...: a bash on a terminal that has run them
    printf '%s\n' "$@" 'bsky2s2() { printf "<%s>" "$@"; echo; exit; }' \
        "bind 'set enable-bracketed-paste off'" "PS1='REA''DY'" >commands
    mkfifo keys
    : >typescript
    TERM=dumb script -qefc 'bash --noprofile --norc -i' typescript \
        <keys >/dev/null 2>&1 3>&- &
    PIDS+=($!)
    exec 9>keys
    cat commands >&9
    await grep -q 'READY' typescript
}

@test "bash on a terminal completes words and files, and quotes them" {
    needs script
    touch 'my file'
    mkdir folder
    for keys in '--links fa\t' '--links=fa\t' '--routes my\t' \
        '--routes "my f\t' '--routes=fol\tx' '--routes\tmy\t'; do
        rm -f keys typescript
        interactive 'source ./bsky2s2.bash'
        typed "bsky2s2 $keys"
        exec 9>&-
    done >got
    same "$(cat got)" "<--links><facets>
<--links=facets>
<--routes><my file>
<--routes><my file>
<--routes=folder/x>
<--routes><my file>"
}

@test "bash-completion finds the script by itself" {
    package=/usr/share/bash-completion/bash_completion
    [ -e $package ] || skip "bash-completion is not installed"
    needs script
    mkdir -p data/bash-completion/completions
    cp bsky2s2.bash data/bash-completion/completions/bsky2s2
    interactive "source $package" "XDG_DATA_DIRS=$PWD/data"
    same "$(typed 'bsky2s2 --links=fa\t')" "<--links=facets>"
    exec 9>&-
}

@test "zsh: well-formed" {
    needs zsh
    for tool in bsky2s2 s2tail; do
        zsh -n $tool.zsh
    done
}

# What a zsh on a terminal shows for each LINE and two tabs, and then <LINE>
# as it has become.
zsh_typed() { # LINE...
    mkdir -p functions
    cp bsky2s2.zsh functions/_bsky2s2
    cp s2tail.zsh functions/_s2tail
    cat >drive.zsh <<'END'
zmodload zsh/zpty
zpty -b shell zsh -f -i
expect() { zpty -r shell shown "*$1*" || exit 1 }
for line in \
    'PS1="> " TERM=dumb COLUMNS=200 LISTMAX=0; stty -echo' \
    'unsetopt prompt_sp beep; unset zle_bracketed_paste' \
    "fpath=($PWD/functions \$fpath)" 'autoload -Uz compinit; compinit -D' \
    'finish() { zle -I; print -r -- "<$BUFFER""|>"; BUFFER= }' \
    'zle -N finish; bindkey "^Xx" finish; print REA""DY'; do
    zpty -w shell $line
done
expect READY
for line; do
    zpty -n -w shell "$line"$'\t\t\C-xx'
    expect '\|>'
    print -r -- $shown
done
zpty -d shell
END
    timeout 60 zsh -f drive.zsh "$@" | tr -d '\r' | sed 's/ *$//' >shown
    cat shown
}

@test "zsh: options with what they are for, words, files" {
    needs zsh
    touch FILE1
    zsh_typed 'bsky2s2 --lin' 'bsky2s2 --links e' 'bsky2s2 --links=f' \
        'bsky2s2 -n -R FI' 'bsky2s2 -R x --rout' 's2tail social/ --disc' \
        's2tail -- --disc' 's2tail --basin FI' 's2tail --basin'
    grep -q '^--linger *-- a batch waits so long for more records$' shown
    grep -q '^--links *-- where links count$' shown
    grep -q '^--basin *-- s2://NAME, NAME or file:PATH$' shown
    grep -q "^--basin-endpoint *-- S2's basin endpoint, {basin} is" shown
    for line in 'bsky2s2 --links embeds' 'bsky2s2 --links=facets' \
        'bsky2s2 -n -R FILE1' 'bsky2s2 -R x --route=' \
        's2tail social/ --discover=' 's2tail -- --disc' 's2tail --basin FI'
    do
        grep -q "^<$line[ -]*|>$" shown || { echo "$line"; return 1; }
    done
}

@test "fish: options with what they are for, words, files" {
    needs fish
    touch FILE1
    for tool in bsky2s2 s2tail; do
        fish -n $tool.fish
    done
    complete() { # LINE
        fish -N -c 'source bsky2s2.fish; source s2tail.fish
            complete -C $argv[1]' "$1"
    }
    same "$(complete 'bsky2s2 --lin' | sort)" \
"--linger	a batch waits so long for more records
--links	where links count"
    same "$(complete 's2tail --acc')" "--account-endpoint	S2's account endpoint"
    same "$(complete 'bsky2s2 --links ' | cut -f 1 | sort)" "$(
        printf 'all\nembeds\nfacets')"
    same "$(complete 'bsky2s2 --links=f' | cut -f 1)" --links=facets
    same "$(complete 's2tail -f ts' | cut -f 1)" tsv
    same "$(complete 'bsky2s2 --routes FI' | cut -f 1)" FILE1
    same "$(complete 'bsky2s2 --url FI')" ""
    same "$(complete 'bsky2s2 FI')" ""
    same "$(complete 'bsky2s2 -- --lin')" ""
}
