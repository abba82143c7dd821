#!/bin/sh
# The Debian package BUILD/bsky2s2_VERSION-1_ARCH.deb, from the source archive
# and the templates in cmd/debian, built in BUILD/deb.
set -eu
umask 022
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
package=bsky2s2_$VERSION-1

for tool in dpkg-buildpackage dh; do
    command -v $tool >/dev/null 2>&1 || {
        echo "deb: needs $tool; sh tests/deps.sh package" >&2
        exit 1
    }
done
sh tests/dist.sh
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac

rm -rf "$BUILD/deb"
mkdir -p "$BUILD/deb"
gzip -dc "$BUILD/bsky2s2-$VERSION.tar.gz" | tar -x -C "$BUILD/deb" -f -
cd "$BUILD/deb/bsky2s2-$VERSION"
cp -R cmd/debian debian
# The archive's files are all of one time.
SOURCE_DATE_EPOCH=$(stat -c %Y Makefile)
export SOURCE_DATE_EPOCH
sed -e "s/@VERSION@/$VERSION-1/" \
    -e "s/@DATE@/$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")/" \
    debian/changelog.in >debian/changelog
rm debian/changelog.in

# What was said to the make around this is not meant for the one inside.
unset CFLAGS CPPFLAGS LDFLAGS LDLIBS DEV SANITIZE DESTDIR PREFIX BINDIR \
    MANDIR UNITDIR BASHCOMPDIR ZSHCOMPDIR FISHCOMPDIR MAKEFLAGS MFLAGS \
    MAKELEVEL MAKEOVERRIDES
into=$BUILD
unset BUILD
dpkg-buildpackage -us -uc -b
mv ../*.deb ../*.buildinfo ../*.changes "$into/"
echo "$into/$package"_*.deb
