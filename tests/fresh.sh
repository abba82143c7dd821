#!/bin/sh
# What the README promises, in a fresh Debian 12 root with git and make and
# nothing else: the demo, building, installing, the units, the manuals, the
# completions, the package, the metrics; and the services, really started.
# Prints a line for each step, then "N passed, N failed, N skipped".
#
# Needs root, debootstrap, and the packages of Debian 12 from where apt of this
# machine has them, or from DEBIAN_MIRROR.  The bare root is kept in a cache.
#
#   FRESH_CHECK=0     without make check, which takes the most of the time
#   FRESH_LIVE=1      the demo may look for public Jetstream servers
#   FRESH_WORKTREE=1  the files as they are, not a clone of the last commit
#   FRESH_KEEP=1      the root stays
set -u
cd "$(dirname "$0")/.." || exit 1
checkout=$PWD
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/bsky2s2
suite=bookworm
here=/root/bsky2s2
passed=0 failed=0 skipped=0

say() {
    echo "fresh: $*" >&2
}

# The end, however it comes.  All that runs inside ends with its namespace, and
# so do the mounts.
# shellcheck disable=SC2317 # called by the trap
cleanup() {
    [ -z "$inside" ] || kill -KILL "$inside" 2>/dev/null
    [ -z "$inside" ] || wait "$inside" 2>/dev/null
    rm -f "$cache"/*."${work##*/}"
    if [ -n "${FRESH_KEEP-}" ]; then
        say "the root is $work/root"
        return
    fi
    tries=50
    until rm -rf --one-file-system "$work" 2>/dev/null; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { say "could not remove $work"; return; }
        sleep 0.2
    done
}

outside() {
    [ "$(id -u)" -eq 0 ] || { say "needs root"; exit 1; }
    for tool in debootstrap unshare git apt-get; do
        command -v $tool >/dev/null || { say "needs $tool"; exit 1; }
    done
    inside=''
    work=$(mktemp -d "${TMPDIR:-/var/tmp}/bsky2s2-fresh.XXXXXX") || exit 1
    trap cleanup EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    unshare --mount --pid --fork --kill-child \
        sh "$checkout/tests/fresh.sh" --inside "$work" &
    inside=$!
    wait $inside
    status=$?
    inside=''
    exit $status
}

# What apt has of Debian 12: URI, suite and component, a line for each.
sources() {
    if [ -n "${DEBIAN_MIRROR-}" ]; then
        echo "$DEBIAN_MIRROR $suite main"
        return
    fi
    # shellcheck disable=SC2016 # for apt
    format='$(CREATED_BY) $(ORIGIN) $(CODENAME) $(REPO_URI) $(RELEASE)'
    apt-get indextargets --format "$format \$(COMPONENT)" |
        sed -n "s/^Packages Debian ${suite}[a-z-]* //p" | sort -u
}

# The bare root, made once and kept as an archive.
bare_root() {
    archive=$cache/debian-$suite-$(dpkg --print-architecture).tar
    mkdir -p "$root" "$cache"
    if [ -f "$archive" ]; then
        tar -C "$root" --numeric-owner -xpf "$archive"
        return
    fi
    mirror=$(sources | sed -n "s/ $suite main\$//p" | head -n 1)
    if [ -z "$mirror" ]; then
        echo "apt has no source of Debian 12 here; name one in DEBIAN_MIRROR"
        return 1
    fi
    keys=/usr/share/keyrings/debian-archive-keyring.gpg
    more=
    case $mirror in https:*) more=--include=ca-certificates ;; esac
    [ ! -f $keys ] || more="$more --keyring=$keys"
    # shellcheck disable=SC2086 # a list of options
    debootstrap --variant=minbase $more $suite "$root" "$mirror" || return
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
    tar -C "$root" --numeric-owner -cf "$archive.${work##*/}" . &&
        mv "$archive.${work##*/}" "$archive"
}

# What a machine has around its root: mounts, names, and this one's way to the
# packages.  Nothing that a package would start is started.
furnish() {
    mount --bind "$root" "$root" && mount -t proc proc "$root/proc" &&
        mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts" &&
        mount -t tmpfs tmpfs "$root/dev/shm" &&
        mount -t tmpfs tmpfs "$root/tmp" &&
        cp -L /etc/resolv.conf /etc/hosts "$root/etc/" || return
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    sources | sed 's/^/deb /' >"$root/etc/apt/sources.list"
    {
        apt-config dump | grep -E '^Acquire::(https?|Check-|Retries|Force)'
        echo 'Acquire::Languages "none";'
    } >"$root/etc/apt/apt.conf.d/90fresh"
    [ -n "${FRESH_LIVE-}" ] ||
        grep -rhoE 'jetstream[a-z0-9.-]+\.bsky\.network' cmd lib | sort -u |
        sed 's/^/127.0.0.1 /' >>"$root/etc/hosts"
}

# Run shell commands in the root, as its administrator would in a new login.
there() { # COMMANDS
    chroot "$root" env -i HOME=/root LANG=C.UTF-8 TERM=dumb \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        DEBIAN_FRONTEND=noninteractive DEMO_SECONDS=5 \
        ${http_proxy:+"http_proxy=$http_proxy"} \
        ${https_proxy:+"https_proxy=$https_proxy"} \
        ${no_proxy:+"no_proxy=$no_proxy"} sh -exc "cd; $1"
}

install() { # PACKAGE...
    there "apt-get install -y -qq --no-install-recommends $*"
}

# A step is silent unless it fails; one that leaves a reason in $cannot is
# skipped.
step() { # NAME COMMAND...
    name=$1 from=$(date +%s) cannot=
    shift
    "$@" >"$work/log" 2>&1 </dev/null
    status=$?
    if [ $status -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok - $name ($(($(date +%s) - from)) s)"
        return 0
    fi
    if [ -n "$cannot" ]; then
        skipped=$((skipped + 1))
        echo "skipped: $name: $cannot"
        return 0
    fi
    failed=$((failed + 1))
    {
        grep -A 20 '^not ok' "$work/log"
        tail -n 60 "$work/log"
    } | sed 's/^/# /'
    echo "not ok - $name"
    return 1
}

end() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}

# A commit is all that others get: what is not in it is missing here, too.
clone() {
    mkdir -p "$root$here"
    if [ -n "${FRESH_WORKTREE-}" ]; then
        tar -C "$checkout" --exclude=./.git --exclude=./build -cf - . |
            tar -C "$root$here" --no-same-owner -xf -
        return
    fi
    # The checkout may be another user's.
    echo '[safe] directory = *' >"$work/gitconfig"
    GIT_CONFIG_GLOBAL=$work/gitconfig git clone -q --no-hardlinks \
        "$checkout" "$root$here"
}

# All files where make install puts its own.
list() {
    (cd "$root/usr/local" && find . ! -type d | sort)
}

units='bsky2s2.service bsky2s2@.service s2tail-check.service s2tail-check.timer'

units_good() { # FOLDER
    there "cd $1
        export SYSTEMD_LOG_LEVEL=warning
        for unit in $units; do
            said=\$(systemd-analyze verify ./\$unit 2>&1)
            [ -z \"\$said\" ] || { echo \"\$said\"; exit 1; }
        done
        for unit in *bsky2s2*.service s2tail-check.service; do
            said=\$(systemd-analyze security --offline=true --no-pager \
                --threshold=19 ./\$unit) || { echo \"\$said\"; exit 1; }
        done"
}

suite() {
    if [ "${FRESH_CHECK-}" = 0 ]; then
        echo "FRESH_CHECK=0"
        return 77
    fi
    there "cd $here && make check"
}

# Each shell finds the file by itself and completes an option with it.  Fish
# looks below /usr/local only where a session says what is the default anyway.
# shellcheck disable=SC2016 # for the shells inside
completions_good() {
    there 'export XDG_DATA_DIRS=/usr/local/share:/usr/share
        cat >/tmp/complete.bash <<"END"
. /usr/share/bash-completion/bash_completion
for tool in bsky2s2 s2tail; do
    _completion_loader $tool
    [[ $(complete -p $tool) =~ -F\ ([^ ]+) ]] || exit 1
    COMP_WORDS=($tool --log-f) COMP_CWORD=1 COMP_TYPE=9 COMP_KEY=9
    COMP_LINE="$tool --log-f" COMP_POINT=${#COMP_LINE} COMPREPLY=()
    "${BASH_REMATCH[1]}" $tool --log-f $tool
    [[ " ${COMPREPLY[*]} " == *" --log-format"* ]] || exit 1
done
END
        bash /tmp/complete.bash
        for tool in bsky2s2 s2tail; do
            zsh -fc "autoload -U compinit && compinit -u -D &&
                [ \"\$_comps[$tool]\" = _$tool ] && autoload +X _$tool"
            fish -c "complete -C \"$tool --log-f\"" | grep -e --log-format
        done'
}

metrics_good() {
    there "cd /tmp
        bsky2s2 -q -i $here/tests/data/events-v1.jsonl -b file:p.db \
            --metrics-file bsky2s2.prom
        promtool check metrics <bsky2s2.prom
        s2tail -b file:p.db -1 -f prom >s2tail.prom
        promtool check metrics <s2tail.prom"
}

# shellcheck disable=SC2016 # for the shell inside
manuals_good() {
    there 'for tool in bsky2s2 s2tail; do
            mandoc -Tlint -W warning /usr/local/share/man/man1/$tool.1
            man $tool | cat | grep EXAMPLES
        done'
}

versions_good() { # BINDIR
    there "for tool in bsky2s2 s2tail; do
            [ \"\$(command -v \$tool)\" = $1/\$tool ]
            \$tool --version | grep -Ex \"\$tool [0-9.]+\"
        done"
}

uninstalled() {
    there "cd $here && make uninstall"
    list | diff "$work/before" -
}

# shellcheck disable=SC2016 # for the shell inside
# Installed by apt with what it depends on, used, and purged.
package_good() {
    there "apt-get install -y -qq --no-install-recommends \
        \$(find $here/build -name 'bsky2s2_*.deb')" || return
    versions_good /usr/bin && units_good /lib/systemd/system || return
    # Of all else here only the reader of manuals knows the name.
    there 'apt-get purge -y -qq bsky2s2
        if dpkg -s bsky2s2; then exit 1; fi
        rm -rf /var/cache/man
        left=$(find / -xdev -path /root -prune -o -name "*bsky2s2*" -print \
            -o -name "*s2tail*" -print)
        [ -z "$left" ] || { echo "$left"; exit 1; }'
}

# The root again, as a machine of its own that systemd boots.  What makes that
# impossible here is no fault of ours.
boot() {
    cat >"$root/etc/systemd/system/booted.service" <<END
[Unit]
After=multi-user.target
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'sh $here/tests/booted.sh >/booted 2>&1; echo \$\$? >/status'
[Install]
WantedBy=default.target
END
    rm -f "$root/booted" "$root/status"
    there "cd $here && make install" || return
    there 'systemctl enable booted.service
        systemctl mask prometheus.service
        mkdir -p /machine /old' || return
    if ! {
        mount --bind "$root" "$root/machine" &&
            mount -t sysfs -o ro sysfs "$root/sys" &&
            mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup" &&
            mount -t tmpfs tmpfs "$root/run"
    }; then
        cannot="not all mounts can be made here"
        return 1
    fi
    # A process in a chroot may not make user namespaces: change the root.
    # shellcheck disable=SC2016 # for the inner shell
    unshare --mount sh -c 'cd "$1" && pivot_root . old && cd / &&
        umount -l /old && SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 \
        timeout -k 10 300 systemd-nspawn --private-network --register=no \
        --keep-unit -q -b -D /machine' sh "$root" >"$work/boot" 2>&1
    if [ ! -f "$root/booted" ]; then
        cannot="systemd does not boot here: $(tail -n 1 "$work/boot")"
        return 1
    fi
    cat "$root/booted"
    status=$(cat "$root/status") || return # it hung
    [ "$status" -ne 77 ] || cannot=$(sed -n 's/^cannot: //p' "$root/booted")
    return "$status"
}

main() {
    work=$1 root=$1/root
    export TMPDIR="$work"
    [ -n "$(sources)" ] || apt-get update -qq
    step "a bare Debian 12" bare_root || end
    step "its surroundings" furnish || end
    step "git and make" there 'apt-get update -qq
        apt-get install -y -qq --no-install-recommends git make' || end
    step "clone" clone || end
    step "make demo" there "cd $here && make demo"
    step "make" there "cd $here && make"
    step "make check" suite
    list >"$work/before"
    step "make install" there "cd $here && make install"
    step "the tools are in PATH" versions_good /usr/local/bin
    step "what looks at it" install systemd systemd-container dbus man-db \
        bash-completion zsh fish prometheus
    step "units" units_good /usr/local/lib/systemd/system
    step "manuals" manuals_good
    step "completions" completions_good
    step "metrics" metrics_good
    step "examples" there "cd $here && TOOLS=/usr/local/bin sh tests/examples.sh"
    step "make uninstall" uninstalled
    step "make deb" there "cd $here && sh tests/deps.sh package && make deb" &&
        step "the package" package_good
    step "services" boot
    end
}

case ${1-} in
--inside) main "$2" ;;
'') outside ;;
*) say "it takes no arguments" && exit 64 ;;
esac
