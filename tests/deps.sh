#!/bin/sh
# Install what building and testing need and this machine lacks, with its own
# package manager; announced, and nothing is done when nothing is missing.
# `deps.sh package`: what `make deb` needs, as well.
set -eu

missing=
need_lib() { # PKG-CONFIG-NAME
    pkg-config --exists "$1" 2>/dev/null || missing="$missing $1"
}
need_tool() { # PROGRAM
    command -v "$1" >/dev/null 2>&1 || missing="$missing $1"
}

for tool in cc make pkg-config protoc protoc-c bats sqlite3 openssl zstd \
    curl clang-format clang-tidy cppcheck shellcheck mandoc jq patch; do
    need_tool "$tool"
done
if command -v pkg-config >/dev/null 2>&1; then
    for lib in 'libwebsockets >= 4.1' 'libcurl >= 7.85' jansson libzstd \
        sqlite3 libprotobuf-c openssl; do
        need_lib "$lib"
    done
fi
package=
if [ "${1-}" = package ]; then
    package='dpkg-dev debhelper lintian fakeroot'
    for tool in dpkg-buildpackage dh lintian fakeroot; do
        need_tool "$tool"
    done
fi
[ -n "$missing" ] || exit 0

if [ -n "$package" ] && ! command -v apt-get >/dev/null 2>&1; then
    echo "deps: missing:$missing; and a Debian package needs apt-get" >&2
    exit 1
fi
if command -v apt-get >/dev/null 2>&1; then
    update='apt-get update -qq'
    install='env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq'
    packages='gcc make pkg-config libc6-dev libwebsockets-dev
        libcurl4-openssl-dev libjansson-dev libzstd-dev libsqlite3-dev
        libprotobuf-c-dev protobuf-c-compiler protobuf-compiler libssl-dev
        bats sqlite3 openssl zstd curl clang-format clang-tidy
        cppcheck shellcheck mandoc jq patch ca-certificates'
    packages="$packages $package"
elif command -v dnf >/dev/null 2>&1; then
    update=true
    install='dnf install -y -q'
    packages='gcc make pkgconf-pkg-config libwebsockets-devel libcurl-devel
        jansson-devel libzstd-devel sqlite-devel protobuf-c-devel
        protobuf-c-compiler protobuf-compiler openssl-devel bats
        sqlite openssl zstd curl clang-tools-extra cppcheck ShellCheck
        mandoc jq patch'
elif command -v pacman >/dev/null 2>&1; then
    update='pacman -Sy --noconfirm'
    install='pacman -S --needed --noconfirm'
    packages='base-devel libwebsockets curl jansson zstd sqlite protobuf-c
        protobuf openssl bats clang cppcheck shellcheck mandoc jq'
elif command -v brew >/dev/null 2>&1; then
    update=true
    install='brew install'
    packages='pkg-config libwebsockets curl jansson zstd sqlite protobuf-c
        protobuf openssl bats-core clang-format llvm cppcheck
        shellcheck mandoc jq'
else
    echo "deps: missing:$missing; and no package manager that is known here" >&2
    exit 1
fi

sudo=
if [ "$(id -u)" -ne 0 ] && ! command -v brew >/dev/null 2>&1; then
    sudo=sudo
fi
echo "deps: missing:$missing"
# shellcheck disable=SC2086 # lists of words
{
    echo "deps: running ${sudo:+$sudo }$install" $packages
    $sudo $update
    $sudo $install $packages
}
