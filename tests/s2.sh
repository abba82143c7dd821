#!/bin/sh
# Print where the S2 CLI is (its "s2 lite" is the real server), after building
# it when it is missing: about 15 minutes on two cores, kept in a cache outside
# the checkout.  With --cached: print nothing when it is missing, build nothing.
set -eu
version=0.43.4
cache=${XDG_CACHE_HOME:-$HOME/.cache}/bsky2s2/s2-$version

if command -v s2 >/dev/null 2>&1 && s2 --version | grep -q "$version"; then
    command -v s2
    exit 0
fi
if [ "${1-}" = --cached ] && [ ! -x "$cache/bin/s2" ]; then
    exit 0
fi
if [ ! -x "$cache/bin/s2" ]; then
    echo "s2: building s2-cli $version into $cache" >&2
    command -v cargo >/dev/null 2>&1 ||
        { echo "s2: cargo is missing: install Rust" >&2; exit 1; }
    target=$(mktemp -d)
    trap 'rm -rf "$target"' EXIT
    CARGO_TARGET_DIR=$target CARGO_PROFILE_RELEASE_LTO=false \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        cargo install --locked s2-cli --version "$version" --root "$cache" >&2
fi
echo "$cache/bin/s2"
