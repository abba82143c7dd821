#!/bin/sh
# Which room may know which: base nobody; bsky, s2 and view base; basin s2 and
# base; cmd all of lib, and no tool the other.  And each foreign library has one
# door.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0

forbid() { # WHY PATTERN FILE...
    why=$1 pattern=$2
    shift 2
    if grep -nE "^#include [<\"]$pattern" "$@" /dev/null; then
        echo "layers: $why" >&2
        bad=1
    fi
}

except() { # FILE...: every C file of the project but these
    find lib cmd -name '*.[ch]' | while read -r f; do
        case " $* " in *" $f "*) ;; *) echo "$f" ;; esac
    done
}

cmd='common|bsky2s2|s2tail'
forbid "base knows nobody" "(bsky|s2|basin|view|$cmd)/" lib/base/*.[ch]
forbid "bsky knows base only" "(s2|basin|view|$cmd)/" lib/bsky/*.[ch]
forbid "s2 knows base only" "(bsky|basin|view|$cmd)/" lib/s2/*.[ch]
forbid "view knows base only" "(bsky|s2|basin|$cmd)/" lib/view/*.[ch]
forbid "basin knows s2 and base only" "(bsky|view|$cmd)/" lib/basin/*.[ch]
forbid "s2tail does without bsky" 'bsky/' cmd/s2tail/*.[ch] cmd/common/*.[ch]
forbid "no tool knows another" '(bsky2s2|s2tail)/' cmd/*/*.[ch]
# shellcheck disable=SC2046 # file names without spaces
{
    # Their allocators are set in one place more.
    m=cmd/common/memory.c
    forbid "libwebsockets has one door" 'libwebsockets' \
        $(except $m lib/bsky/ws.c)
    forbid "libcurl has one door" 'curl/' \
        $(except $m lib/s2/http.c lib/s2/http_easy.c lib/s2/http_easy.h \
            lib/s2/http_roots.c)
    forbid "SQLite has one door" 'sqlite3' \
        $(find lib cmd -name '*.[ch]' | grep -vE "^lib/basin/file|$m")
    forbid "protobuf-c has one door" '(protobuf-c|s2.pb-c)' \
        $(except lib/s2/wire.c)
    forbid "libzstd has one door" 'zstd' $(except lib/base/zst.c)
    forbid "libcrypto has one door" 'openssl/' $(except $m cmd/common/s2cli.c)
}
exit $bad
