#!/usr/bin/env bats
# The examples of the manuals and of the README that need an S2 server.

load ../cli/common
load ../cli/s2
load lite
setup() {
    common_setup
    lite_setup
}
teardown() { common_teardown; }

@test "the examples with s2 run as printed" {
    tool env S2="$S2" sh "$ROOT/tests/examples.sh" s2
    echo "$output"
    same "$status" 0
    if grep '# skip' <<<"$output"; then return 1; fi
}
