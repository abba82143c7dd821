#!/usr/bin/env bats
# Where servers differ from desks: cron's environment, no terminal, no home,
# a root that cannot be written, a disk that is full.

load common

setup() {
    common_setup
    bsky2s2 -q -i "$EVENTS" -b file:whole.db
    dump whole.db >whole
    [ "$(wc -l <whole)" -gt 100 ]
}

teardown() { common_teardown; }

# What cron gives: HOME, a short PATH, no TERM, no locale, a closed input.
cron() { # COMMAND...
    tool env -i HOME="$HOME" LOGNAME=x SHELL=/bin/sh PATH="$BUILD:/usr/bin:/bin" \
        "$@" </dev/null
}

# Run in mounts of our own: ./disk is a file system of SIZE.
with_disk() { # SIZE COMMAND...
    local size=$1
    shift
    mkdir -p disk
    for own in "unshare -m" "unshare -rm"; do
        $own true 2>/dev/null || continue
        tool $own sh -c 'mount -t tmpfs -o "size=$1" none disk && shift &&
            PATH=$1:$PATH && shift && eval "$1"' sh "$size" "$BUILD" "$*"
        return
    done
    skip "no mount namespace here"
}

# The same, but / is read-only and ./disk is not.
with_ro_root() { # COMMAND...
    mkdir -p root disk
    for own in "unshare -m" "unshare -rm"; do
        $own true 2>/dev/null || continue
        tool $own sh -c 'mount --rbind / root &&
            mount -o remount,ro,bind root && mount -t tmpfs none root/tmp &&
            mkdir -p root/tmp/disk && cp whole.db "$2" "$1"/bsky2s2 \
                "$1"/s2tail root/tmp/disk &&
            exec env -i PATH=/tmp/disk:/usr/sbin:/usr/bin:/bin HOME=/home/nobody \
                chroot root sh -c "cd /tmp/disk && $3"' sh "$BUILD" "$EVENTS" \
            "$*"
        [[ $stderr != *mount:* ]] || skip "no read-only mount here: $stderr"
        return
    done
    skip "no mount namespace here"
}

@test "from cron: silent when all is well, one line of a check, an exit status" {
    cron bsky2s2 -q -i "$EVENTS" --expect 100
    same "$status,$output,$stderr" "0,,"
    same "$(dump .local/share/bsky2s2/basin.db)" "$(cat whole)"
    cron bsky2s2 -q -i "$EVENTS" --expect 100
    same "$status,$output,$stderr" "1,,"
    cron s2tail --check --crit 'total<1'
    same "$status" 2
    [[ $output == "S2TAIL CRITICAL - "* ]]
    same "${#lines[@]},$stderr" "1,"
    cron s2tail --once
    same "$status,$stderr" "0,"
    same "$(awk '{ n += $3 } END { print n }' <<<"$output")" \
        "$(wc -l <whole)"
    cron s2tail --once -f table
    same "$status" 0
    if grep -q '[^ -~]' <<<"$output"; then return 1; fi
}

@test "no HOME and no XDG_DATA_HOME: 78 says what to do, a named basin works" {
    for prog in bsky2s2 s2tail; do
        tool env -i PATH="$PATH" $prog </dev/null
        same "$status" 78
        same "$output" ""
        same "$stderr" "$prog: the default basin needs HOME or XDG_DATA_HOME; or name one with --basin"
    done
    tool env -i PATH="$PATH" bsky2s2 -q -i "$EVENTS" -b file:b.db
    same "$status,$output,$stderr" "0,,"
    same "$(dump b.db)" "$(cat whole)"
    tool env -i PATH="$PATH" s2tail --once -b file:b.db
    same "$status,$stderr" "0,"
}

@test "a home that does not exist and cannot be made: 73 and why" {
    : >file
    tool env -i PATH="$PATH" HOME="$PWD/file" bsky2s2 -i "$EVENTS"
    same "$status" 73
    same "$stderr" "bsky2s2: $PWD/file/.local: Not a directory"
}

@test "a read-only root: 73 for what is to be written there, the rest works" {
    with_ro_root 'bsky2s2 -i events-v1.jsonl'
    same "$status" 73
    same "$stderr" "bsky2s2: /home/nobody: Read-only file system"
    with_ro_root 'bsky2s2 -i events-v1.jsonl -b file:/etc/b.db'
    same "$status" 73
    same "$stderr" "bsky2s2: cannot open /etc/b.db.lock: Read-only file system"
    with_ro_root 'bsky2s2 -n -i events-v1.jsonl -o /etc/out'
    same "$status" 73
    same "$stderr" "bsky2s2: /etc/out: Read-only file system"
    with_ro_root 'bsky2s2 -n -i events-v1.jsonl --metrics-file /etc/m'
    same "$status" 73
    [[ $stderr == "bsky2s2: --metrics-file: /etc/m"*": Read-only file system" ]]
    with_ro_root 's2tail --once -b file:whole.db --state /etc/s'
    same "$status" 73
    same "$stderr" "s2tail: cannot open /etc/s.lock: Read-only file system"
    with_ro_root 's2tail --once -b file:whole.db -f prom -o /etc/m'
    same "$status" 73
    with_ro_root 'bsky2s2 -q -i events-v1.jsonl -b file:b.db && s2tail --once \
        -b file:b.db'
    same "$status,$stderr" "0,"
    same "$(awk '{ n += $3 } END { print n }' <<<"$output")" "$(wc -l <whole)"
}

@test "a full disk under -o: 74, and the streams hold everything" {
    with_disk 4k "bsky2s2 -i '$EVENTS' -b file:b.db -o disk/out"
    same "$status" 74
    same "$stderr" "bsky2s2: output: No space left on device"
    bsky2s2 -q -i "$EVENTS" -b file:b.db
    same "$(dump b.db)" "$(cat whole)"
}

@test "a full disk under --metrics-file: one warning, and nothing else" {
    with_disk 4k "head -c 4096 /dev/zero >disk/fill; bsky2s2 -i '$EVENTS' \
        -b file:b.db --metrics-file disk/m.prom; s=\$?; ls disk; exit \$s"
    same "$status" 0
    same "$output" fill
    same "${#stderr_lines[@]}" 1
    [[ $stderr == "bsky2s2: --metrics-file: disk/m.prom"*": No space left on device" ]]
    same "$(dump b.db)" "$(cat whole)"
}

@test "a full disk under the basin: waits, gives up at last, loses nothing" {
    with_disk 100k "bsky2s2 -i '$EVENTS' -b file:disk/b.db --retry-for 500ms
        s=\$?; mount -o remount,size=1m disk
        bsky2s2 -q -i '$EVENTS' -b file:disk/b.db; cp disk/* .; exit \$s"
    same "$status" 69
    [[ $stderr == *"database or disk is full"* ]]
    same "$(dump b.db)" "$(cat whole)"
}

@test "a disk that holds no more files: a failed write, which may be tried again" {
    with_disk 1m,nr_inodes=1 "bsky2s2 -i '$EVENTS' -b file:disk/b.db"
    same "$status" 74
    with_disk 1m,nr_inodes=1 "bsky2s2 -n -i '$EVENTS' -o disk/out"
    same "$status" 74
    with_disk 1m,nr_inodes=1 "bsky2s2 -n -i '$EVENTS' -o /dev/null \
        --metrics-file disk/m"
    same "$status" 0
    same "${#stderr_lines[@]}" 1
    [[ $stderr == *"No space left on device" ]]
}

@test "a full disk under --state and -f prom -o: 74" {
    with_disk 4k "head -c 4096 /dev/zero >disk/fill
        s2tail -b file:whole.db --once --state disk/s"
    same "$status" 74
    [[ $stderr == *"disk/s"*": No space left on device" ]]
    with_disk 4k "head -c 4096 /dev/zero >disk/fill
        s2tail -b file:whole.db --once -f prom -o disk/m"
    same "$status" 74
    [[ $stderr == "s2tail: disk/m"*": No space left on device" ]]
}
