# What the S2 CLI would have written into its folder below ./home, and which
# token is really sent.  Needs common and s2.

# Whatever is there: an empty folder of the S2 CLI, and HOME points to it.
cli_home() {
    export HOME=$BATS_TEST_TMPDIR.home
    CLI=$HOME/.config/s2
    rm -rf "$HOME"
    (umask 077 && mkdir -p "$CLI")
}

# config.toml out of stdin.
cli_config() {
    (umask 077 && cat >"$CLI/config.toml")
}

# Where the token of credential ID is.
cli_file() { # ID
    local digest
    digest=$(printf %s "$1" | openssl dgst -sha256 -binary | base64 |
        tr '+/' '-_' | tr -d '=')
    echo "$CLI/access-token-$digest.json"
}

# A credential with TOKEN, and the settings that name it.
cli_token() { # ID TOKEN
    cli_config <<END
auth_method = "access_token"

[stored_access_token]
credential_id = "$1"
credential_store = "file"
END
    cli_json "$1" '{"version":1,"kind":"s2_access_token","credential_id":"%s","access_token":"%s"}' "$1" "$2"
}

# The same with any content: FORMAT [ARGUMENT...] as of printf.
cli_json() { # ID FORMAT [ARGUMENT...]
    (
        umask 077
        # shellcheck disable=SC2059 # the format is what varies
        printf "$2" "${@:3}" >"$(cli_file "$1")"
    )
}

# Start a fake S2 as s2 does, behind a wire that keeps in ./bytes all that it
# is sent; the tools are pointed to the wire.
wired() { # LINE...
    s2 "$@"
    WIRED_TO=$PORT
    peer fakewire --keep bytes --to "$PORT"
    s2_at "http://127.0.0.1:$PORT"
    unset S2_ACCESS_TOKEN
}

# The tokens that went through since the last time.
sent() {
    sed -n 's/^Authorization: Bearer \(.*\)\r$/\1/p' bytes | sort -u
    : >bytes
}
