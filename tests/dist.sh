#!/bin/sh
# The source archive BUILD/bsky2s2-VERSION.tar.gz: in a checkout what git knows
# of, elsewhere all that is there but the build folder.  The same files give
# the same bytes: sorted, of nobody, and of one time, which is that of
# SOURCE_DATE_EPOCH, or of the last commit, or of the newest file.
set -eu
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
name=bsky2s2-$VERSION

fail() {
    echo "dist: $*" >&2
    exit 1
}

tar --version 2>/dev/null | grep -q 'GNU tar' || fail "needs GNU tar"
mkdir -p "$BUILD"
list=$BUILD/dist.list
archive=$BUILD/$name.tar
trap 'rm -f "$list" "$archive" "$archive.gz.new"' EXIT

epoch=${SOURCE_DATE_EPOCH-}
if [ -e .git ]; then
    git ls-files -z >"$list" || fail "this is a checkout, but git fails"
    git ls-files --others --exclude-standard | sed 's/^/dist: not in git: /' >&2
    [ -n "$epoch" ] || epoch=$(git log -1 --format=%ct 2>/dev/null) || true
else
    inside=$(cd "$BUILD" && pwd)
    inside=${inside#"$PWD"/}
    find . \( -path ./build -o -path ./debian -o -path "./$inside" \) -prune \
        -o \( -type f -o -type l \) -printf '%P\0' >"$list"
fi
[ -s "$list" ] || fail "no files"
[ -n "$epoch" ] ||
    epoch=$(xargs -0 stat -c %Y -- <"$list" | sort -n | tail -n 1)

LC_ALL=C sort -z -o "$list" "$list"
tar --create --file "$archive" --format=ustar --null --no-recursion \
    --owner=0 --group=0 --numeric-owner --mtime="@$epoch" \
    --mode='u=rwX,go=rX' --transform "flags=rS;s,^,$name/," \
    --files-from "$list"
gzip -9 -n <"$archive" >"$archive.gz.new"
mv "$archive.gz.new" "$archive.gz"
echo "$archive.gz"
