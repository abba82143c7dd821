#!/bin/sh
# Install the peers of make bench that this machine lacks: programs with its own
# package manager, Python packages into an environment of their own, the S2 CLI
# by building it.  Announced; nothing is done when nothing is missing; a peer
# that cannot be had is named, and the bench does without it.
set -u
here=$(cd "$(dirname "$0")" && pwd)
venv=${XDG_CACHE_HOME:-$HOME/.cache}/bsky2s2/bench-venv
pins="websockets==17.4 bytewax==0.21.1 bytewax-s2==0.1.2 urllib3==2.8.0 \
requests==2.34.2 sseclient-py==1.9.0"

say() {
    echo "bench-deps: $*"
}

if command -v apt-get >/dev/null 2>&1; then
    update='apt-get update -qq'
    install='env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq'
    python='python3 python3-venv'
elif command -v dnf >/dev/null 2>&1; then
    update=true
    install='dnf install -y -q'
    python='python3.12'
elif command -v pacman >/dev/null 2>&1; then
    update='pacman -Sy --noconfirm'
    install='pacman -S --needed --noconfirm'
    python='python'
elif command -v brew >/dev/null 2>&1; then
    update=true
    install='brew install'
    python='python@3.12'
else
    update=false install=false python=python3
fi

sudo=
if [ "$(id -u)" -ne 0 ] && ! command -v brew >/dev/null 2>&1; then
    sudo=sudo
fi

updated=
get() { # WHAT PACKAGE...
    what=$1
    shift
    if [ "$install" = false ]; then
        say "no $what, and no package manager that is known here"
        return 1
    fi
    say "missing: $what; running ${sudo:+$sudo }$install $*"
    # shellcheck disable=SC2086 # lists of words
    if [ -z "$updated" ]; then
        updated=yes
        $sudo $update || say "'$update' failed"
    fi
    # shellcheck disable=SC2086
    $sudo $install "$@" || {
        say "$what could not be installed: the bench does without it"
        return 1
    }
}

# A Python that the pinned packages have wheels for.  The distribution's own
# comes first: it is built with all optimizations, which others often are not.
find_python() {
    for candidate in /usr/bin/python3 python3 python3.12 python3.11; do
        if "$candidate" -c 'import ensurepip, sys, venv
sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

have_venv() {
    # shellcheck disable=SC2086 # a list of words
    "$venv/bin/python" -c 'import sys
from importlib.metadata import version
for pin in sys.argv[1:]:
    name, wanted = pin.split("==")
    if version(name) != wanted:
        sys.exit(1)
import bytewax.run, requests, sseclient, urllib3, websockets' $pins 2>/dev/null
}

make_venv() {
    # shellcheck disable=SC2086 # lists of words
    find_python >/dev/null || get "Python 3.11 or 3.12 with venv" $python
    found=$(find_python) || {
        say "no Python 3.11 or 3.12 with venv: no Bytewax pipelines"
        return
    }
    say "making $venv of $found with $pins"
    # shellcheck disable=SC2086
    if ! "$found" -m venv --clear "$venv" ||
        ! "$venv/bin/python" -m pip install -q --disable-pip-version-check \
            --only-binary bytewax $pins || ! have_venv; then
        say "the packages could not be installed: no Bytewax pipelines"
    fi
}

for tool in jq hyperfine zstd; do
    command -v "$tool" >/dev/null 2>&1 || get "$tool" "$tool"
done
have_venv || make_venv
if [ -z "$(sh "$here/../s2.sh" --cached)" ]; then
    say "missing: the S2 CLI; building it takes about 15 minutes"
    sh "$here/../s2.sh" >/dev/null ||
        say "the S2 CLI could not be built: the bench does without S2"
fi
exit 0
