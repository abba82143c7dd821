# What the tests of broken networks share: a proxy that handles bytes, and the
# table of what it does to them.

load common
load s2

# Put a proxy that follows LINE... before PORT, which becomes its own.
through() { # LINE...
    printf '%s\n' "$@" >proxy.script
    rm -f proxy.log
    peer fakeproxy --to "127.0.0.1:$PORT" --log proxy.log proxy.script
}

# The proxy has really done so at least once.
happened() { # FAULT
    await grep -q "^fault conn=[0-9]* $1\$" proxy.log
}

# COMMAND... never has more than so many MiB.  What a sanitizer takes is not
# ours.
within() { # MIB COMMAND...
    local mib=$1 wall cpu peak
    shift
    rm -f measured
    tool "$BUILD/bench/measure" measured "$@"
    read -r wall cpu peak status <measured
    [ -n "$cpu" ]
    echo "$peak KiB"
    grep -q __asan_init "$BUILD/bsky2s2" || [ "$peak" -lt $((mib * 1024)) ]
}
