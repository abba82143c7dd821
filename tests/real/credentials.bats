#!/usr/bin/env bats
# What the S2 CLI itself writes into its folder, read by our tools.

load ../cli/common
load ../cli/s2
load ../cli/credentials
load lite

TOKEN=hush.4c5f9e71

setup() {
    common_setup
    lite_setup
    REAL=$S2
    cli_home
    BASIN=s2://test-basin
}
teardown() { s2_teardown; }

# The S2 CLI, without settings of the environment, and asking nobody.
cli() {
    env -u S2_ACCOUNT_ENDPOINT -u S2_BASIN_ENDPOINT -u S2_ACCESS_TOKEN \
        S2_NO_UPDATE_CHECK=1 "$REAL" "$@" 2>cli.log || { cat cli.log; return 1; }
}
store() { # TOKEN
    echo "$1" | cli auth access-token set --stdin --insecure-storage
}

token_is() { # WANT
    tool bsky2s2 --check-config -b "$BASIN"
    same "$status" 0
    same "$(sed -n 's/^token=//p' <<<"$output")" "$1"
}

@test "the token and the endpoints that the S2 CLI has stored" {
    wired
    store "$TOKEN"
    cli config set account_endpoint "$S2_ACCOUNT_ENDPOINT"
    cli config set basin_endpoint "$S2_BASIN_ENDPOINT"
    cli config set compression zstd
    unset S2_ACCOUNT_ENDPOINT S2_BASIN_ENDPOINT
    tool bsky2s2 -i "$EVENTS" -o records
    same "$status" 0
    same "$stderr" ""
    same "$(sent)" "$TOKEN"
    tool s2tail -1
    same "$status" 0
    same "$stderr" ""
    same "$(sent)" "$TOKEN"
    holds "$EVENTS"
}

@test "a token that replaces another, is removed, or was migrated" {
    store old-token
    token_is "S2 CLI"
    store "$TOKEN"
    wired
    bsky2s2 -i "$EVENTS"
    same "$(sent)" "$TOKEN"
    cli auth use access-token
    token_is "S2 CLI"
    # Where there is no keyring, the attempt leaves more in config.toml.
    if ! echo x | cli auth access-token set --stdin >set.log; then
        grep -q '^\[\[pending_access_token_cleanup\]\]' "$CLI/config.toml"
        token_is "S2 CLI"
    else
        run bsky2s2 --check-config -b "$BASIN"
        same "$status" 78
    fi
    store "$TOKEN"
    cli auth access-token remove
    token_is none
    echo "access_token = \"$TOKEN\"" | cli_config
    token_is "S2 CLI"
    cli auth access-token migrate --insecure-storage
    ! grep -q "$TOKEN" "$CLI/config.toml" || return 1
    : >bytes
    bsky2s2 -i "$EVENTS"
    same "$(sent)" "$TOKEN"
}

@test "ssl_no_verify, and values that need escapes" {
    cli config set ssl_no_verify true
    local no="is no endpoint: [http://|https://]HOST[:PORT]"
    cli config set account_endpoint http://127.0.0.1:9
    cli config set basin_endpoint "http://it's"
    tool bsky2s2 --check-config -b "$BASIN"
    same "$status" 78
    same "$stderr" "bsky2s2: $CLI/config.toml: ssl_no_verify is not followed; --cacert FILE trusts a certificate
bsky2s2: 'http://it's' $no"
    # As it prints what may be no text.
    cli config set account_endpoint $'http://"\\\t\x7fé'
    tool bsky2s2 --check-config -b "$BASIN"
    same "$status" 78
    same "${stderr_lines[1]}" "bsky2s2: 'http://\"\\??é' $no"
    # Over several lines it is refused, not misread.
    cli config set basin_endpoint $'a\nb'
    tool bsky2s2 --check-config -b "$BASIN"
    same "$status" 78
    [[ $stderr == "bsky2s2: $CLI/config.toml:"*": a string over several lines is not read here" ]]
}

@test "s2 lite with the endpoints of the S2 CLI" {
    S2=$REAL lite
    cli config set account_endpoint "$S2_ACCOUNT_ENDPOINT"
    cli config set basin_endpoint "$S2_BASIN_ENDPOINT"
    store "$TOKEN"
    unset S2_ACCOUNT_ENDPOINT S2_BASIN_ENDPOINT S2_ACCESS_TOKEN
    tool bsky2s2 -i "$EVENTS" --create-basin -o records
    same "$status" 0
    # What is in each other's way there is tried again, and told.
    grep -qx 'bsky2s2: created the basin' <<<"$stderr"
    same "$(wc -l <records)" 141
    tool s2tail -1
    same "$status" 0
    same "$(awk '{ n += $3 } END { print n }' <<<"$output")" 141
}
