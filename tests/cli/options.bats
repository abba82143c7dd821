#!/usr/bin/env bats
# The command line itself.

load common
setup() { common_setup; }
teardown() { common_teardown; }

@test "--help goes to stdout and fits 80 columns" {
    tool bsky2s2 --help
    same "$status" 0
    same "$stderr" ""
    [[ $output == "Usage: bsky2s2 [OPTION]..."* ]]
    if grep -q '.\{81\}' <<<"$output"; then return 1; fi
}

@test "--version names the linked libraries" {
    tool bsky2s2 --version
    same "$status" 0
    same "$stderr" ""
    [[ ${lines[0]} =~ ^bsky2s2\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
    for library in libwebsockets libcurl jansson protobuf-c zstd SQLite; do
        grep -q "^$library [0-9]" <<<"$output" || { echo "$library"; return 1; }
    done
}

@test "usage errors: one line and a hint, exit 64" {
    usage_error "unknown option '--nope'" --nope
    usage_error "unknown option '--check'" --check
    usage_error "unknown option '-x'" -x
    usage_error "option '--url' needs an argument" --url
    usage_error "option '-c' needs an argument" -n -c
    usage_error "unexpected argument 'file.jsonl'" file.jsonl
    usage_error "--count: 'ten' is not a whole number" -c ten
    usage_error "--count: 0 is not between 1 and 9223372036854775807" -c 0
    usage_error "--duration: '10' needs one of the units ms, s, m, h, d" -t 10
    usage_error "--linger: '5x' needs one of the units ms, s, m, h, d" \
        --linger 5x
    usage_error "--since: 'soon' is not a time: now, earliest, 15m (ago) or RFC 3339" \
        -s soon
    usage_error "--links: 'cards' is not one of all|facets|embeds" --links cards
    usage_error "--did: 'alice' is no DID" --did alice
    usage_error "--basin: 'file:' is no basin: s2://NAME, NAME or file:PATH" \
        -b file: -i -
    usage_error "--input goes with neither --url nor --did" -i - -u ws://h/
    usage_error "--unrouted: 'news/bbc' is a route's stream" \
        --unrouted news/bbc
    usage_error "--unrouted: '..' cannot be a stream's name" --unrouted ..
}

@test "bad routes on the command line" {
    tool bsky2s2 -n -i "$EVENTS" -r nonsense
    same "$status" 64
    [[ $stderr == "bsky2s2: --route: "* ]]
    tool bsky2s2 -n -i "$EVENTS" -r 'bad_domain..com=x'
    same "$status" 64
    tool bsky2s2 -n -i "$EVENTS" -r 'example.org=_bsky2s2/x'
    same "$status" 64
}

@test "bad URLs" {
    for url in ftp://host/ ws://host/elsewhere ws://user@host/ wss:// \
        'ws://host/subscribe?cursor=1' ws://host:99999/; do
        tool bsky2s2 -n -u "$url" -t 1s
        same "$status" 64
        same "$output" ""
    done
}

@test "--check-config prints the settings and no secret" {
    S2_ACCESS_TOKEN=hush S2_ENCRYPTION_KEY=hush2 tool bsky2s2 --check-config \
        -b s2://my-basin -u wss://one.example/subscribe --did did:plc:x \
        --prefix p/ -l en-GB -l pt --no-default-routes \
        -r example.org,e.org=x/y --unrouted z
    same "$status" 0
    same "$stderr" ""
    same "$output" "url=wss://one.example/subscribe
did=did:plc:x
compress=yes
idle=0ms
lang=en-GB
lang=pt
links=all
max-age-v1=172800000ms
max-age-v2=1800000ms
basin=s2://my-basin
token=S2_ACCESS_TOKEN
encryption-key=yes
create-basin=no
job=default
on-gap=warn
linger=100ms
retry-for=0ms
route=p/x/y example.org e.org
unrouted=p/z"
}

@test "defaults: the public hosts, the default map, a file below HOME" {
    tool bsky2s2 --check-config
    same "$status" 0
    same "$(grep -c '^url=wss://jetstream[12].us-\(west\|east\).bsky.network/subscribe$' <<<"$output")" 4
    grep -q '^route=news/bbc bbc.com bbc.co.uk' <<<"$output"
    same "$(grep '^basin=' <<<"$output")" \
        "basin=file:$HOME/.local/share/bsky2s2/basin.db"
    XDG_DATA_HOME=$PWD/data tool bsky2s2 --check-config
    same "$(grep '^basin=' <<<"$output")" "basin=file:$PWD/data/bsky2s2/basin.db"
}

@test "the default basin without HOME and XDG_DATA_HOME is exit 78" {
    tool env -u HOME bsky2s2 -i "$EVENTS"
    same "$status" 78
    same "$stderr" "bsky2s2: the default basin needs HOME or XDG_DATA_HOME; or name one with --basin"
}

@test "options come before the environment" {
    export S2_BASIN=s2://from-env BSKY2S2_URL=ws://env.example/subscribe
    tool bsky2s2 --check-config
    grep -q '^basin=s2://from-env$' <<<"$output"
    grep -q '^url=ws://env.example/subscribe$' <<<"$output"
    tool bsky2s2 --check-config -b file:x.db -u ws://opt.example/subscribe
    grep -q '^basin=file:x.db$' <<<"$output"
    same "$(grep '^url=' <<<"$output")" "url=ws://opt.example/subscribe"
}

@test "tokens: flag, environment, credential directory, in that order" {
    mkdir credentials
    echo from-directory >credentials/s2-access-token
    echo from-file >file
    export CREDENTIALS_DIRECTORY=$PWD/credentials
    check() { # WANT
        tool bsky2s2 --check-config -b s2://some-basin "${@:2}"
        same "$(grep '^token=' <<<"$output")" "token=$1"
    }
    check "credential directory"
    S2_ACCESS_TOKEN=x check S2_ACCESS_TOKEN
    S2_ACCESS_TOKEN=x S2_ACCESS_TOKEN_FILE=file check file
    S2_ACCESS_TOKEN=x check file --token-file file
    unset CREDENTIALS_DIRECTORY
    S2_AUTH_TOKEN=x check S2_AUTH_TOKEN
    check none
    tool bsky2s2 --check-config -b s2://some-basin --token-file missing
    same "$status" 78
    : >empty && chmod 600 empty
    tool bsky2s2 --check-config -b s2://some-basin --token-file empty
    same "$status" 78
    same "$stderr" "bsky2s2: access token: empty is empty"
}

@test "--check-config refuses what a run would refuse, and quotes no password" {
    for o in "--account-endpoint http://127.0.0.1:1" \
        "--account-endpoint nonsense/x --basin-endpoint y" \
        "--account-endpoint http://a.example --basin-endpoint https://b.example" \
        "--account-endpoint https://u:hunter2@a.example --basin-endpoint https://b.example"; do
        # shellcheck disable=SC2086 # words
        tool bsky2s2 --check-config -b s2://some-basin $o
        same "$status" 78
        same "$output" ""
        [[ $stderr != *hunter2* ]]
    done
    S2_ACCESS_TOKEN="a b" tool bsky2s2 --check-config -b s2://some-basin
    same "$status" 78
}

@test "a token does not go over plain http to another host" {
    export S2_ACCESS_TOKEN=hush S2_ACCOUNT_ENDPOINT=http://10.1.2.3:9
    export S2_BASIN_ENDPOINT=http://10.1.2.3:9
    tool bsky2s2 -i "$EVENTS" -b s2://some-basin
    same "$status" 78
    [[ $stderr == *--allow-http* ]]
    [[ $stderr != *hush* ]]
}

@test "a URL that is none: blamed on who gave it" {
    tool bsky2s2 --check-config -u ftp://a.example
    same "$status" 64
    [[ $stderr == "bsky2s2: --url: 'ftp://a.example'"* ]]
    BSKY2S2_URL=ftp://a.example tool bsky2s2 --check-config
    same "$status" 78
    [[ $stderr == "bsky2s2: BSKY2S2_URL: 'ftp://a.example'"* ]]
    BSKY2S2_URL=ws://a.example/x tool bsky2s2 --check-config
    same "$status" 78
    same "$stderr" "bsky2s2: BSKY2S2_URL: 'ws://a.example/x': the path is neither /subscribe nor /xrpc/network.bsky.jetstream.subscribeEvents"
}

@test "one endpoint without the other is exit 78" {
    S2_ACCOUNT_ENDPOINT=http://localhost:9 tool bsky2s2 -i "$EVENTS" \
        -b s2://some-basin
    same "$status" 78
}
