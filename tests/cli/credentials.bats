#!/usr/bin/env bats
# Where the token and the endpoints come from, and what is said about the
# files that they are in.

load common
load s2
load credentials

setup() {
    common_setup
    cli_home
    BASIN=s2://some-basin
}
teardown() { s2_teardown; }

# --check-config ends with 0 and prints NAME=WANT; without WANT, no such line.
setting() { # NAME WANT [OPTION...]
    tool bsky2s2 --check-config -b "$BASIN" "${@:3}"
    same "$status" 0
    same "$(sed -n "s/^$1=//p" <<<"$output")" "$2"
}

# Exit 78 with this line, nothing else.
refused() { # TEXT [OPTION...]
    tool bsky2s2 --check-config -b "$BASIN" "${@:2}"
    same "$status" 78
    same "$output" ""
    same "$stderr" "bsky2s2: $1"
}

@test "every source is sent, in the order: flag, environment, directory, S2 CLI, old name" {
    wired
    (umask 077 && echo t-flag >flag && echo t-named >named)
    cli_token id t-cli
    export CREDENTIALS_DIRECTORY=$PWD/credentials
    mkdir credentials
    echo t-directory >credentials/s2-access-token
    order() { # WANT NAME [OPTION...]
        tool bsky2s2 -i "$EVENTS" "${@:3}"
        same "$status" 0
        same "$(sent)" "$1"
        BASIN=test-basin setting token "$2" "${@:3}"
    }
    export S2_AUTH_TOKEN=t-old S2_ACCESS_TOKEN=t-plain
    export S2_ACCESS_TOKEN_FILE=named
    order t-flag file --token-file flag
    same "$stderr" ""
    order t-named file
    unset S2_ACCESS_TOKEN_FILE
    order t-plain S2_ACCESS_TOKEN
    unset S2_ACCESS_TOKEN
    order t-directory "credential directory"
    rm credentials/s2-access-token
    order t-cli "S2 CLI"
    same "$stderr" ""
    rm "$CLI/config.toml"
    order t-old S2_AUTH_TOKEN
    same "$stderr" \
        "bsky2s2: S2_AUTH_TOKEN is the old name of S2_ACCESS_TOKEN"
    unset S2_AUTH_TOKEN
    order "" none
    same "$stderr" ""
}

@test "s2tail: the same sources, the same warning, with --check too" {
    wired 'seed news/bbc 1 -1000 1'
    cli_token id t-cli
    tool s2tail -1
    same "$status" 0
    same "$stderr" ""
    same "$(sent)" t-cli
    rm "$CLI/config.toml"
    S2_AUTH_TOKEN=t-old tool s2tail -1
    same "$status" 0
    same "$stderr" "s2tail: S2_AUTH_TOKEN is the old name of S2_ACCESS_TOKEN"
    same "$(sent)" t-old
    echo 'auth_method = 1' | cli_config
    tool s2tail --check
    same "$status" 3
    [[ $output == "S2TAIL UNKNOWN - "*"/config.toml:1: auth_method is no string"* ]]
}

@test "the warning comes before what then fails, from both tools" {
    export S2_AUTH_TOKEN="no token" S2_BASIN=s2://some-basin
    warned_first() { # TOOL [OPTION...]
        tool "$@"
        same "$status" 78
        same "$(head -n 1 <<<"$stderr")" \
            "$1: S2_AUTH_TOKEN is the old name of S2_ACCESS_TOKEN"
    }
    warned_first bsky2s2 -i "$EVENTS"
    warned_first s2tail -1
}

@test "a token in config.toml itself, as of old; the token's file comes before it" {
    wired
    echo 'access_token = "t-legacy"' | cli_config
    tool bsky2s2 -i "$EVENTS"
    same "$status" 0
    same "$stderr" ""
    same "$(sent)" t-legacy
    cli_token id t-file
    sed -i '1i access_token = "t-legacy"' "$CLI/config.toml"
    bsky2s2 -i "$EVENTS"
    same "$(sent)" t-file
    echo 'access_token = ""' | cli_config
    setting token none
}

@test "the endpoints: each of config.toml that is not set otherwise, both or neither" {
    local at=account-endpoint
    printf '%s\n' 'account_endpoint = "http://127.0.0.1:8"' \
        'basin_endpoint = "http://127.0.0.1:9"' | cli_config
    setting $at http://127.0.0.1:8
    setting basin-endpoint http://127.0.0.1:9
    setting $at http://127.0.0.1:8 --basin-endpoint http://127.0.0.1:1
    S2_ACCOUNT_ENDPOINT=http://127.0.0.1:1 setting $at http://127.0.0.1:1
    S2_ACCOUNT_ENDPOINT=http://127.0.0.1:1 setting basin-endpoint \
        http://127.0.0.1:9
    for line in account basin; do
        echo "${line}_endpoint = 'http://127.0.0.1:8'" | cli_config
        refused "of the two endpoints only one is given"
        # Not its business then.
        setting $at x --account-endpoint x --basin-endpoint y
    done
    printf '%s\n' 'account_endpoint = ""' 'basin_endpoint = ""' | cli_config
    setting $at ""
}

@test "it really goes to the endpoints of config.toml, with its token" {
    wired
    cli_token id t-cli
    sed -i "1i account_endpoint = '$S2_ACCOUNT_ENDPOINT'\nbasin_endpoint = \"$S2_BASIN_ENDPOINT\" # here" \
        "$CLI/config.toml"
    unset S2_ACCOUNT_ENDPOINT S2_BASIN_ENDPOINT
    tool bsky2s2 -i "$EVENTS" -o records
    same "$status" 0
    same "$stderr" ""
    same "$(sent)" t-cli
    holds "$EVENTS"
    told records
}

@test "a token does not go to an endpoint of config.toml over plain http" {
    cli_token id t-cli
    sed -i "1i account_endpoint = 'http://10.1.2.3'\nbasin_endpoint = 'http://10.1.2.3'" \
        "$CLI/config.toml"
    tool bsky2s2 -i "$EVENTS" -b "$BASIN"
    same "$status" 78
    [[ $stderr == "bsky2s2: a token or key would go over plain http "* ]]
}

@test "ssl_no_verify = true is not followed, and that is said once" {
    wired
    printf '%s\n' 'ssl_no_verify = true' 'access_token = "t"' | cli_config
    tool bsky2s2 -i "$EVENTS"
    same "$status" 0
    same "$stderr" "bsky2s2: $CLI/config.toml: ssl_no_verify is not followed; --cacert FILE trusts a certificate"
    echo 'ssl_no_verify = false' | cli_config
    setting token none
    same "$stderr" ""
    # It goes nowhere but to the certificate that is vouched for.
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem \
        -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
        2>openssl.log
    peer fakes2 --tls cert.pem key.pem --log tls.log
    s2_at "https://localhost:$PORT"
    printf '%s\n' 'ssl_no_verify = true' 'access_token = "t"' | cli_config
    unset S2_ACCESS_TOKEN
    tool bsky2s2 -i "$EVENTS" --retry-for 300ms
    same "$status" 69
    same "$(count '^request' tls.log)" 0
}

@test "keyring and oauth are out of reach: 78, or S2_AUTH_TOKEN, or any other" {
    local keyring="the S2 CLI has its access token in the system's keyring, out of reach here: give it by S2_ACCESS_TOKEN or --token-file"
    local oauth="the S2 CLI is logged in through a browser, whose tokens are not for other programs: use an access token, give it by S2_ACCESS_TOKEN or --token-file"
    local either text
    for either in keyring oauth browser; do
        case $either in
        keyring)
            cli_token id unused
            sed -i 's/"file"/"keyring"/' "$CLI/config.toml"
            text=$keyring
            ;;
        oauth)
            cli_token id unused
            sed -i 's/"access_token"/"oauth"/' "$CLI/config.toml"
            text=$oauth
            ;;
        browser)
            printf '%s\n' '[oauth]' 'issuer = "https://x.example"' | cli_config
            text=$oauth
            ;;
        esac
        refused "$text"
        S2_ACCESS_TOKEN=x setting token S2_ACCESS_TOKEN
        same "$stderr" ""
        S2_AUTH_TOKEN=x setting token S2_AUTH_TOKEN
    done
    # A browser's login beside a token: the token, unless told otherwise.
    cli_token id t
    printf '%s\n' '[oauth]' 'issuer = "x"' >>"$CLI/config.toml"
    setting token "S2 CLI"
    sed -i /auth_method/d "$CLI/config.toml"
    setting token "S2 CLI"
    printf '%s\n' 'auth_method = "access_token"' 'oauth = {}' | cli_config
    setting token none
}

@test "the file is read only for a basin in S2, and for what is not set" {
    echo 'what?' | cli_config
    refused "$CLI/config.toml:1: a key without ="
    BASIN=file:x.db setting basin file:x.db
    tool bsky2s2 -n -i "$EVENTS"
    same "$status" 0
    tool bsky2s2 -i "$EVENTS" -b file:x.db
    same "$status" 0
    tool s2tail -1 -b file:x.db
    same "$status" 0
    bsky2s2 -n -i "$EVENTS" >lines
    tool s2tail -i lines
    same "$status" 0
    export S2_ACCESS_TOKEN=x
    refused "$CLI/config.toml:1: a key without ="
    setting token S2_ACCESS_TOKEN --account-endpoint x --basin-endpoint y
    same "$stderr" ""
    unset S2_ACCESS_TOKEN
    refused "$CLI/config.toml:1: a key without =" \
        --account-endpoint x --basin-endpoint y
}

@test "no HOME, no folder, nothing to get at: no such file, no error" {
    cli_token id t
    tool env -u HOME bsky2s2 --check-config -b "$BASIN"
    same "$status" 0
    same "$stderr" ""
    grep -qx token=none <<<"$output"
    for HOME in "" /nonexistent "$EVENTS" "$(printf %05000d 0)"; do
        setting token none
        same "$stderr" ""
    done
}

@test "what is not understood in config.toml: file, line and why, no content" {
    while IFS='|' read -r text line why; do
        printf '# hush\n%b\n' "$text" | cli_config
        refused "$CLI/config.toml:$line: $why"
    done <<'END'
access_token|2|a key without =
access_token = hush|2|no value where one is due
\naccess_token = "hush|3|a string without its end
access_token = """hush"""|2|a string over several lines is not read here
access_token = "hush\\q"|2|a backslash before what it does not escape
access_token = "hush" hush|2|more on the line than belongs there
access_token = 1|2|access_token is no string
access_token = "hush"\naccess_token = "hush"|3|access_token is set twice
[account_endpoint]|2|account_endpoint is no string
stored_access_token = { credential_id = true }|2|credential_id is no string
ssl_no_verify = "hush"|2|ssl_no_verify is no boolean
x = "\xff"|2|not UTF-8
x = 1\ry = 2|2|a control character
x = [[[[[[[[[1]]]]]]]]]|2|nested too deeply
END
    printf '%070000d' 0 | sed 's/^/# /' | cli_config
    refused "$CLI/config.toml is too large"
}

@test "whatever else may be in config.toml is passed over" {
    cli_token 'd\u00e9' t-cli
    sed -i '1i # the S2 CLI\nnew = [ 1, 2.5e3,\n  "]", 1979-05-27 07:32:00 ]\n"quoted key".a = { b = [] }\n' \
        "$CLI/config.toml"
    sed 's/$/\r/' "$CLI/config.toml" >dos
    printf '\n[[pending_access_token_cleanup]]\ncredential_id = "other"\ncredential_store = "keyring"\n' >>dos
    cli_config <dos
    cli_json dé '{"version":1,"kind":"s2_access_token","credential_id":"d\\u00e9","access_token":"t","new":[1]}'
    setting token "S2 CLI"
    same "$stderr" ""
    # Dotted keys and an inline table say the same as a table does.
    cli_json id '{"version":1,"kind":"s2_access_token","credential_id":"id","access_token":"t"}'
    printf '%s\n' 'stored_access_token.credential_id = "id"' \
        "stored_access_token . 'credential_store' = 'file'" | cli_config
    setting token "S2 CLI"
    echo 'stored_access_token = { credential_id = "id", credential_store = "file" }' |
        cli_config
    setting token "S2 CLI"
    # An id of a list is not the id.
    printf '%s\n' '[[stored_access_token]]' 'credential_id = "id"' | cli_config
    refused "$CLI/config.toml: stored_access_token has no credential_id or no credential_store that is known"
}

@test "settings that name no token that the S2 CLI could have" {
    local known="stored_access_token has no credential_id or no credential_store that is known"
    echo 'auth_method = "hush"' | cli_config
    refused "$CLI/config.toml: auth_method is neither access_token nor oauth"
    for text in '' 'credential_id = "id"' 'credential_store = "file"' \
        'credential_id = "id"\ncredential_store = "hush"'; do
        printf "[stored_access_token]\n$text\n" | cli_config
        refused "$CLI/config.toml: $known"
    done
    echo 'auth_method = "access_token"' | cli_config
    setting token none
}

@test "a credential that is not what config.toml names: 78, and no content" {
    cli_token id hush
    setting token "S2 CLI"
    local file text
    file=$(cli_file id)
    while IFS= read -r text; do
        cli_json id %s "$text"
        refused "$file is not what config.toml names"
    done <<'END'
{"version":2,"kind":"s2_access_token","credential_id":"id","access_token":"hush"}
{"version":"1","kind":"s2_access_token","credential_id":"id","access_token":"hush"}
{"kind":"s2_access_token","credential_id":"id","access_token":"hush"}
{"version":1,"kind":"oauth","credential_id":"id","access_token":"hush"}
{"version":1,"kind":"s2_access_token","credential_id":"di","access_token":"hush"}
{"version":1,"kind":"s2_access_token","credential_id":"id","access_token":""}
{"version":1,"kind":"s2_access_token","credential_id":"id","access_token":["hush"]}
{"version":1,"kind":"s2_access_token","credential_id":"id","access_token":"hush","access_token":"hush"}
{"version":1,"kind":"s2_access_token","credential_id":"id","access_token":"hush\u0000"}
{"version":1,"kind":"s2_access_token","credential_id":"id","access_token":"hush"
"hush"
[]

END
    printf '%070000d' 0 >"$file"
    refused "access token of the S2 CLI: $file is too large"
    rm "$file"
    refused "access token of the S2 CLI: $file: No such file or directory"
    # With another token none of it is looked at.
    S2_ACCESS_TOKEN=x setting token S2_ACCESS_TOKEN
}

@test "the S2 CLI's files are no links, pipes or folders" {
    cli_token id t
    local file
    for file in "$CLI/config.toml" "$(cli_file id)"; do
        mv "$file" "$file.real"
        ln -s "$file.real" "$file"
        tool bsky2s2 --check-config -b "$BASIN"
        [[ $stderr == *"$file is a symbolic link" ]]
        # The one without a secret may be one.
        same "$status" "$([ "$file" = "$CLI/config.toml" ] && echo 0 || echo 78)"
        rm "$file"
        mkfifo "$file"
        tool bsky2s2 --check-config -b "$BASIN"
        same "$status" 78
        [[ $stderr == *"$file is no regular file" ]]
        rm "$file"
        mkdir "$file"
        tool bsky2s2 --check-config -b "$BASIN"
        same "$status" 78
        [[ $stderr == *"$file is no regular file" ]]
        rmdir "$file"
        mv "$file.real" "$file"
        setting token "S2 CLI"
    done
}

@test "a file that others can read: a warning, and on it goes" {
    echo t >flag
    echo k >key
    chmod 600 flag key
    warned() { # LINE [OPTION...]
        setting token "$TOKEN" "${@:2}"
        same "$stderr" "${1:+bsky2s2: $1}"
    }
    TOKEN=file
    warned "" --token-file flag
    for mode in 640 604 644 666; do
        chmod $mode flag
        warned "access token: flag can be read by others; chmod 600 it" \
            --token-file flag
    done
    chmod 620 flag
    warned "" --token-file flag
    chmod 644 key
    warned "encryption key: key can be read by others; chmod 600 it" \
        --token-file flag --encryption-key-file key
    # A pipe is nobody else's.
    warned "" --token-file <(echo t)
    # In the credential directory an access list decides.
    mkdir credentials
    cp flag credentials/s2-access-token
    cp key credentials/key
    chmod 640 credentials/*
    export CREDENTIALS_DIRECTORY=$PWD/credentials
    TOKEN="credential directory"
    warned "" --encryption-key-file "$PWD/credentials/key"
    unset CREDENTIALS_DIRECTORY
    TOKEN="S2 CLI"
    cli_token id t
    warned ""
    chmod 640 "$(cli_file id)"
    warned "access token: $(cli_file id) can be read by others; chmod 600 it"
    # config.toml is a secret only as long as the token is in it.
    chmod 644 "$CLI/config.toml"
    chmod 600 "$(cli_file id)"
    warned ""
    echo 'access_token = "t"' >"$CLI/config.toml"
    warned "access token: $CLI/config.toml can be read by others; chmod 600 it"
    S2_ACCESS_TOKEN=x TOKEN=S2_ACCESS_TOKEN warned ""
}

@test "secrets are wiped from the environment by every kind of run" {
    bsky2s2 -n -i "$EVENTS" >lines
    mkfifo pipe
    export S2_ACCESS_TOKEN=hush-1 S2_AUTH_TOKEN=hush-2 S2_ENCRYPTION_KEY=hush-3
    export S2_ACCOUNT_ENDPOINT=http://127.0.0.1:1
    export S2_BASIN_ENDPOINT=http://127.0.0.1:1 MARK=here
    local command
    for command in "bsky2s2 -n -i pipe" "bsky2s2 -i pipe -b file:x.db" \
        "bsky2s2 -i pipe -b $BASIN" "s2tail -i pipe" "s2tail -b file:x.db" \
        "s2tail -b $BASIN"; do
        # Opened for both ends, the pipe holds the reader.
        exec {both}<>pipe
        $command >out 2>err 3>&- {both}>&- &
        PID=$!
        PIDS+=("$PID")
        wiped() {
            # With a secret, only root sees what is there.
            if [ "$(id -u)" != 0 ] && [[ $command == *"$BASIN" ]]; then
                [ "$(stat -c %u "/proc/$PID/environ")" = 0 ]
                return
            fi
            tr '\0' '\n' <"/proc/$PID/environ" >environ
            grep -qx MARK=here environ && grep -q ^S2_ACCESS_TOKEN= environ &&
                ! grep -q hush environ
        }
        await wiped
        kill -KILL "$PID"
        wait "$PID" 2>/dev/null || true
        exec {both}>&-
    done
}
