#!/usr/bin/env bats
# Into a system and out of it again: make install and uninstall, the source
# archive, the Debian package.

load common

# What a build is, copied: nothing here changes the build folder of others.
setup_file() {
    local from=${BUILD:-$BATS_TEST_DIRNAME/../../build}
    mkdir "$BATS_FILE_TMPDIR/build"
    cp -a "$from/cmd" "$from/lib" "$from/gen" "$from/lib.a" "$from/bindir" \
        "$from/version" \
        "$from/bsky2s2" "$from/s2tail" "$from/completions" "$from/units" \
        "$BATS_FILE_TMPDIR/build/"
}

setup() {
    common_setup
    COPY=$BATS_FILE_TMPDIR/build
    SCRATCH=$BATS_FILE_TMPDIR/scratch # of the archive and the package
    VERSION=$(sed -n 's/^VERSION = //p' "$ROOT/Makefile")
    ARCHIVE=$SCRATCH/bsky2s2-$VERSION.tar.gz
    unset DESTDIR PREFIX BINDIR MANDIR UNITDIR BASHCOMPDIR ZSHCOMPDIR \
        FISHCOMPDIR MAKEFLAGS MAKELEVEL SOURCE_DATE_EPOCH DEB_BUILD_OPTIONS
}

teardown() { common_teardown; }

from_copy() { # TARGET VARIABLE=VALUE...
    make --no-print-directory -C "$ROOT" BUILD="$COPY" "$@"
}

# Every file below FOLDER, with its mode.
files() { # FOLDER
    (cd "$1" && find . ! -type d -printf '%m %P\n' | LC_ALL=C sort -k 2)
}

expected_files() { # PREFIX UNITDIR ZSHCOMPDIR
    LC_ALL=C sort -k 2 <<END
755 $1/bin/bsky2s2
755 $1/bin/s2tail
644 $2/bsky2s2.service
644 $2/bsky2s2@.service
644 $2/s2tail-check.service
644 $2/s2tail-check.timer
644 $1/share/bash-completion/completions/bsky2s2
644 $1/share/bash-completion/completions/s2tail
644 $1/share/fish/vendor_completions.d/bsky2s2.fish
644 $1/share/fish/vendor_completions.d/s2tail.fish
644 $1/share/man/man1/bsky2s2.1
644 $1/share/man/man1/s2tail.1
644 $3/_bsky2s2
644 $3/_s2tail
END
}

usual_files() {
    expected_files usr/local usr/local/lib/systemd/system \
        usr/local/share/zsh/site-functions
}

@test "make install puts every file in place, and nothing else" {
    umask 077
    from_copy install DESTDIR="$PWD/a root"
    same "$(files 'a root')" "$(usual_files)"
    same "$(find 'a root/usr' -type d ! -perm 755)" ""
    for tool in bsky2s2 s2tail; do
        cmp "$COPY/$tool" "a root/usr/local/bin/$tool"
        cmp "$ROOT/man/$tool.1" "a root/usr/local/share/man/man1/$tool.1"
        [[ $("a root/usr/local/bin/$tool" --version) == "$tool $VERSION"* ]]
    done
    head -n 1 "a root/usr/local/share/zsh/site-functions/_s2tail" |
        grep -qx '#compdef s2tail'
}

@test "the units name the tools where they are, below another PREFIX too" {
    from_copy install DESTDIR="$PWD/one"
    from_copy install DESTDIR="$PWD/two" PREFIX=/opt/links
    from_copy install DESTDIR="$PWD/three" BINDIR=/sbin
    for it in one:/usr/local:/usr/local/bin two:/opt/links:/opt/links/bin \
        three:/usr/local:/sbin; do
        IFS=: read -r root prefix bin <<<"$it"
        units=$root$prefix/lib/systemd/system
        grep -h '^ExecStart=' "$units"/* | sed 's/ .*//' | sort -u >starts
        same "$(cat starts)" "ExecStart=$bin/bsky2s2
ExecStart=$bin/s2tail"
        [ -x "$root$bin/bsky2s2" ]
        same "$(grep -l '@[A-Z]*@' "$units"/*)" ""
    done
    # And back, for what is built is not made again when nothing is new.
    from_copy install DESTDIR="$PWD/four"
    diff -r one four
}

@test "every folder can be named" {
    from_copy install DESTDIR="$PWD/root" BINDIR=/b MANDIR=/m UNITDIR=/u \
        BASHCOMPDIR=/cb ZSHCOMPDIR=/cz FISHCOMPDIR=/cf
    same "$(files root | cut -d ' ' -f 2 | sed 's,/.*,,' | uniq -c |
        tr -s ' ')" " 2 b
 2 cb
 2 cf
 2 cz
 2 m
 4 u"
    from_copy uninstall DESTDIR="$PWD/root" BINDIR=/b MANDIR=/m UNITDIR=/u \
        BASHCOMPDIR=/cb ZSHCOMPDIR=/cz FISHCOMPDIR=/cf
    same "$(files root)" ""
}

@test "make uninstall removes what install put there, and nothing else" {
    from_copy install DESTDIR="$PWD/root"
    foreign=root/usr/local/share/man/man1/other.1
    echo mine >$foreign
    from_copy install DESTDIR="$PWD/root"
    same "$(files root | wc -l)" "$(($(usual_files | wc -l) + 1))"
    from_copy uninstall DESTDIR="$PWD/root"
    same "$(files root)" "644 usr/local/share/man/man1/other.1"
    from_copy uninstall DESTDIR="$PWD/root"
}

@test "make install builds nothing anew, and writes nothing into build" {
    from_copy all
    chmod -R a-w "$COPY"
    touch now
    from_copy install DESTDIR="$PWD/root" >out 2>err || status=$?
    chmod -R u+w "$COPY"
    same "${status-0}" 0
    same "$(cat err)" ""
    same "$(sed "s,^$PWD/root/,," out | LC_ALL=C sort)" \
        "$(usual_files | cut -d ' ' -f 2)"
    same "$(find "$COPY" ! -type d -newer now)" ""
}

@test "make install says where it cannot" {
    mkdir -p root/usr
    echo file >root/usr/local
    run from_copy install DESTDIR="$PWD/root"
    [ "$status" -ne 0 ]
    [[ $output == *"root/usr/local"* ]]
}

@test "make install takes no folder that a unit could not name" {
    for prefix in '/opt/my tools' inst '~/x' '/a&b' '/a|b' ''; do
        run from_copy install DESTDIR="$PWD/root" PREFIX="$prefix/p" \
            BINDIR="$prefix"
        [ "$status" -ne 0 ]
        [[ $output == *"'$prefix': a folder for make install begins with /"* ]]
        [ ! -e root ]
    done
}

# The archive, made once.
archive() {
    [ -e "$ARCHIVE" ] || make -C "$ROOT" BUILD="$SCRATCH" dist
}

# The package, built once.
package() {
    local deb=$SCRATCH/bsky2s2_$VERSION-1_$(dpkg --print-architecture).deb
    [ -e "$deb" ] || make -C "$ROOT" BUILD="$SCRATCH" deb
    DEB=$deb
}

# Why there can be no package.
unpackaged() {
    local program
    for program in dpkg-buildpackage dh lintian; do
        command -v $program >/dev/null || {
            echo "$program is not installed"
            return 0
        }
    done
    ! dpkg-checkbuilddeps "$ROOT/cmd/debian/control" 2>&1
}

needs_packaging() {
    local why
    why=$(unpackaged) && skip "$why"
    package
}

@test "make dist gives the same bytes twice, of nobody" {
    archive
    make -C "$ROOT" BUILD="$PWD/again" dist
    cmp "$ARCHIVE" "again/bsky2s2-$VERSION.tar.gz"
    tar -tvzf "$ARCHIVE" >list
    same "$(awk '{ print $2 }' list | sort -u)" 0/0
    same "$(awk '{ print $4, $5 }' list | sort -u | wc -l)" 1
    same "$(cut -c 1-10 list | LC_ALL=C sort -u)" "-rw-r--r--
-rwxr-xr-x"
    SOURCE_DATE_EPOCH=1700000000 make -C "$ROOT" BUILD="$PWD/dated" dist
    TZ=UTC tar -tvzf dated/*.tar.gz >list
    same "$(awk '{ print $4, $5 }' list | sort -u)" "2023-11-14 22:13"
}

@test "an archive makes the same archive, without git" {
    archive
    tar -xzf "$ARCHIVE"
    [ ! -e "bsky2s2-$VERSION/build" ]
    [ ! -e "bsky2s2-$VERSION/debian" ]
    mkdir -p "bsky2s2-$VERSION/build" "bsky2s2-$VERSION/other"
    touch "bsky2s2-$VERSION/build/x" "bsky2s2-$VERSION/other/y"
    make -C "bsky2s2-$VERSION" BUILD=other dist
    same "$(tar -tzf "bsky2s2-$VERSION/other/bsky2s2-$VERSION.tar.gz")" \
        "$(tar -tzf "$ARCHIVE")"
    cmp "bsky2s2-$VERSION/other/bsky2s2-$VERSION.tar.gz" "$ARCHIVE"
}

@test "in a checkout, the archive has what git knows of, dated by its commit" {
    command -v git >/dev/null || skip "git is not installed"
    unset "${!GIT_@}"
    export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
    mkdir -p checkout/tests
    cp "$ROOT/tests/dist.sh" checkout/tests/
    cd checkout
    echo /build/ >.gitignore
    echo text >'a file'
    git init -q .
    git add .
    GIT_COMMITTER_DATE='1700000000 +0000' git -c user.name=n -c user.email=e \
        commit -q -m first
    echo secret >stray
    tool env -u BUILD VERSION=7 sh tests/dist.sh
    same "$status" 0
    same "$output" build/bsky2s2-7.tar.gz
    same "$stderr" "dist: not in git: stray"
    same "$(tar -tzf build/bsky2s2-7.tar.gz)" "bsky2s2-7/.gitignore
bsky2s2-7/a file
bsky2s2-7/tests/dist.sh"
    same "$(TZ=UTC tar -tvzf build/bsky2s2-7.tar.gz | awk '{ print $4, $5 }' |
        sort -u)" "2023-11-14 22:13"
    rm -r .git/objects
    tool env -u BUILD VERSION=7 sh tests/dist.sh
    [ "$status" -ne 0 ]
    [[ $stderr == *"dist: this is a checkout, but git fails" ]]
}

@test "the archive builds by itself" {
    archive
    if ! unpackaged >/dev/null; then
        package # is built from it
        built=$SCRATCH/deb/bsky2s2-$VERSION/build
    else
        tar -xzf "$ARCHIVE"
        # Is it whole?  How well it runs is asked elsewhere.
        env -u BUILD make -C "bsky2s2-$VERSION" -j2 CFLAGS=-O1
        built=bsky2s2-$VERSION/build
    fi
    for tool in bsky2s2 s2tail; do
        [[ $("$built/$tool" --version) == "$tool $VERSION"* ]]
    done
}

@test "the Debian package has every file where Debian wants it" {
    needs_packaging
    dpkg -x "$DEB" root
    rm root/usr/share/lintian/overrides/bsky2s2
    same "$(files root | grep -v ' usr/share/doc/')" "$(
        expected_files usr lib/systemd/system usr/share/zsh/vendor-completions |
            sed '/\/man1\//s/$/.gz/')"
    same "$(files root | sed -n 's,.* usr/share/doc/bsky2s2/,,p')" \
        "README.md.gz
changelog.Debian.gz
changelog.gz
copyright"
    grep -h '^ExecStart=' root/lib/systemd/system/* | sed 's/ .*//' |
        sort -u >starts
    same "$(cat starts)" "ExecStart=/usr/bin/bsky2s2
ExecStart=/usr/bin/s2tail"
    [[ $(gzip -dc root/usr/share/doc/bsky2s2/changelog.Debian.gz) == \
        "bsky2s2 ($VERSION-1) "* ]]
    same "$(readelf -SW root/usr/bin/* | grep -c '\.interp')" 2
    same "$(readelf -SW root/usr/bin/* | grep -c -e '\.symtab' -e '\.debug')" 0
    PATH=$PWD/root/usr/bin:$PATH
    [[ $(s2tail --version) == "s2tail $VERSION"* ]]
    tool bsky2s2 -n -i "$EVENTS" -q
    same "$status" 0
    [ "${#lines[@]}" -gt 0 ]
    # What the package was made of does not disturb the next make.
    make -C "$ROOT" BUILD="$SCRATCH" dist
}

@test "the Debian package starts and enables nothing" {
    needs_packaging
    dpkg -e "$DEB" scripts
    for unit in bsky2s2.service s2tail-check.timer; do
        grep -q "deb-systemd-invoke try-restart.*'$unit'" scripts/postinst
        grep -q "deb-systemd-invoke stop.*$unit" scripts/prerm
    done
    if grep -E 'invoke (re)?start' scripts/*; then return 1; fi
    # What a first installation asks of systemd: nothing but to take notes.
    mkdir bin
    for program in deb-systemd-helper deb-systemd-invoke systemctl; do
        printf '%s\n' '#!/bin/sh' 'echo "${0##*/} $1" >>asked' \
            '[ "$1" != debian-installed ]' >bin/$program
    done
    chmod +x bin/*
    PATH=$PWD/bin:$PATH sh -e scripts/postinst configure ''
    same "$(grep -v '^systemctl daemon-reload$' asked | sort -u)" \
        "deb-systemd-helper debian-installed
deb-systemd-helper update-state"
}

@test "lintian finds no error in the Debian package" {
    needs_packaging
    run lintian --fail-on error,warning "$SCRATCH"/*.changes
    echo "$output"
    same "$status" 0
}
