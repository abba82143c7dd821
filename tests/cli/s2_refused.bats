#!/usr/bin/env bats
# An S2 basin that refuses us, or that is not there.

load common
load s2
setup() { common_setup; }
teardown() { s2_teardown; }

# It ended with STATUS, nothing was told, and no secret is anywhere.
ended() { # STATUS
    same "$status" "$1"
    same "$output" ""
    ! grep -rqs the-secret "$BATS_TEST_TMPDIR" || return 1
    [[ $stderr != *the-secret* ]]
}

# More than N lines of FILE match.
more_than() { # N PATTERN FILE
    [ "$(count "$2" "$3")" -gt "$1" ]
}

# A port of this machine at which nobody listens: a peer's that is gone.
dead() {
    peer fakes2
    kill "${PIDS[-1]}"
    wait "${PIDS[-1]}"
    s2_at "http://127.0.0.1:$PORT"
}

@test "a wrong token is exit 77, with the server's words" {
    s2_start --token another-token
    tool bsky2s2 -vvv -i "$EVENTS" -o -
    ended 77
    [[ ${stderr_lines[-1]} == *"HTTP 401 authn: authentication failed" ]]
    same "$(count 'HTTP 401')" 1
}

@test "the right token: from a file, from the environment, from a credential" {
    s2_start --token the-secret-token
    tool bsky2s2 -vvv -i "$EVENTS" -o records
    ended 0
    same "$(wc -l <records)" 141
    unset S2_ACCESS_TOKEN
    mkdir "$BATS_TEST_TMPDIR.keys"
    echo the-secret-token >"$BATS_TEST_TMPDIR.keys/s2-access-token"
    tool bsky2s2 -i "$EVENTS" \
        --token-file "$BATS_TEST_TMPDIR.keys/s2-access-token"
    ended 0
    export CREDENTIALS_DIRECTORY=$BATS_TEST_TMPDIR.keys
    tool bsky2s2 -i "$EVENTS"
    ended 0
    unset CREDENTIALS_DIRECTORY
    tool bsky2s2 -i "$EVENTS"
    ended 77
    export S2_AUTH_TOKEN=the-secret-token
    tool bsky2s2 -i "$EVENTS"
    ended 0
    same "$stderr" \
        "bsky2s2: S2_AUTH_TOKEN is the old name of S2_ACCESS_TOKEN"
}

# The arguments in /proc would be valgrind's.
# bats test_tags=unwatched
@test "the token shows neither in /proc nor in --check-config" {
    s2 'on append hold 60000'
    background -vvv -i "$EVENTS" --linger 0
    await grep -q '^fault .* hold' log
    tr '\0' '\n' <"/proc/$PID/cmdline" >cmdline
    tr '\0' '\n' <"/proc/$PID/environ" >environ
    grep -q bsky2s2 cmdline
    grep -q '^S2_BASIN=test-basin' environ
    same "$(cat cmdline environ err | grep -c the-secret)" 0
    tool bsky2s2 --check-config
    same "$status" 0
    [[ $output == *"token=S2_ACCESS_TOKEN"* ]]
    [[ $output$stderr != *the-secret* ]]
    kill -KILL "$PID"
}

@test "401, 403 in the middle are exit 77" {
    for error in '401 authn' '403 permission_denied' '403 quota_exhausted'; do
        s2 "on append 3-99 status $error"
        tool bsky2s2 -i "$EVENTS"
        ended 77
        injected "status $error"
        [[ ${stderr_lines[-1]} == "bsky2s2: "*/*": HTTP $error: as scripted" ]]
        s2_end
        rm log
    done
}

@test "400, 422, 501, and codes under the wrong status, are exit 76 at once" {
    for error in '400 bad_proto' '422 invalid' '501 not_implemented' \
        '409 resource_gone' '404 unavailable' '418 teapot'; do
        s2 "on append news/bbc status $error"
        tool bsky2s2 -i "$EVENTS"
        ended 76
        same "$(count '^fault' log)" 1
        [[ ${stderr_lines[-1]} == "bsky2s2: news/bbc: HTTP $error: "* ]]
        s2_end
        rm log
    done
}

@test "a redirect is exit 76, and nobody goes there" {
    peer fakes2 --log elsewhere
    local elsewhere=$PORT
    for op in create tail append; do
        s2 "on $op redirect http://127.0.0.1:$elsewhere/v1/streams"
        tool bsky2s2 -i "$EVENTS" --retry-for 1s
        ended 76
        injected "op=$op .* redirect .*"
        [[ $stderr == "bsky2s2: "*/*": HTTP 307"* ]]
        s2_end
        rm log
    done
    same "$(count . elsewhere)" 0
}

@test "a read that makes no sense is exit 76" {
    s2 'on append 1 drop' 'on read garbage'
    tool bsky2s2 -i "$EVENTS"
    ended 76
    injected garbage
    [[ ${stderr_lines[-1]} == "bsky2s2: "*/*": "* ]]
}

@test "a dead port, --retry-for: exit 69, and what was tried" {
    dead
    tool bsky2s2 -i "$EVENTS" --retry-for 1s
    ended 69
    [[ ${stderr_lines[-1]} == "bsky2s2: "*/*": given up: "*"127.0.0.1"* ]]
    [ "${#stderr_lines[@]}" -gt 9 ]
}

@test "always 503, --retry-for: exit 69" {
    s2 'on any status 503 unavailable'
    tool bsky2s2 -i "$EVENTS" --retry-for 1s
    ended 69
    injected 'status 503 unavailable'
    [[ ${stderr_lines[-1]} == "bsky2s2: "*/*": given up: HTTP 503 "* ]]
}

@test "--retry-for counts from the last success" {
    s2 'on append every 2 status 429 rate_limited Retry-After: 1'
    posts 4 1700000000 bbc.com >input
    lockstep input 1 --retry-for 2s
    same "$(count '^fault' log)" 3
    holds input
}

@test "without --retry-for it waits for a server that comes back" {
    dead
    background -i "$EVENTS" -o records
    await grep -q '; trying again in ' err
    echo uncapped >script
    peer fakes2 --port "$PORT" --dump dump --log log script
    S2=${PIDS[-1]}
    wait "$PID"
    holds "$EVENTS"
    told records
    grep -q ': going on after [0-9]* failures$' err
}

@test "TERM before a server that fails: a second one ends it at once, 75" {
    s2 'on append status 503 unavailable'
    background -v -i "$EVENTS" -o records
    await grep -q ' 503 ' err
    local before
    before=$(count ' 503 ' err)
    kill -TERM "$PID"
    # It goes on trying while it drains.
    await more_than $((before + 9)) ' 503 ' err
    kill -0 "$PID"
    kill -TERM "$PID"
    wait "$PID" && status=0 || status=$?
    same "$status" 75
    same "$(tail -2 err)" \
        "bsky2s2: stopped by SIGTERM: 0 records delivered, 141 unacked
bsky2s2: 141 records are unacked; run again"
    same "$(wc -l <records)" 0
}

@test "INT with records unacked: 10 s, then 75; the next run writes them" {
    s2 'on append social/youtube 1 status 503 unavailable Retry-After: 60'
    background -i "$EVENTS" -o records
    await grep -q '; trying again in 60.000 s$' err
    await more_than 98 . records
    local begin=$SECONDS
    kill -INT "$PID"
    wait "$PID" && status=0 || status=$?
    same "$status" 75
    [ $((SECONDS - begin)) -ge 9 ]
    [ $((SECONDS - begin)) -le 15 ]
    same "$(tail -2 err)" \
        "bsky2s2: stopped by SIGINT: 99 records delivered, 42 unacked
bsky2s2: 42 records are unacked; run again"
    bsky2s2 -i "$EVENTS" -o records
    holds "$EVENTS"
    told records
}

@test "TERM while acks are late: they are waited for, exit 0" {
    s2 'on append hold 700'
    mkfifo pipe
    background -i pipe -o records
    exec {pipe}>pipe
    cat "$EVENTS" >&"$pipe"
    await grep -q '^fault .* hold' log
    kill -TERM "$PID"
    wait "$PID"
    exec {pipe}>&-
    grep -q '^bsky2s2: stopped by SIGTERM: .*, 0 unacked$' err
    s2_end
    cp dump ours
    told records
    test -s records
}

certificates() {
    {
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
            -keyout ca.key -out ca.pem -days 2 -subj /CN=ca
        for name in good other; do
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
                -keyout $name.key -out $name.csr -subj /CN=$name
        done
        printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' >good.ext
        printf 'subjectAltName=DNS:other.example\n' >other.ext
        for name in good other; do
            openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key \
                -CAcreateserial -out $name.pem -days 2 -extfile $name.ext
        done
    } 2>openssl.log
}

@test "TLS: a certificate that nobody vouches for is tried again, then 69" {
    certificates
    s2_start --tls good.pem good.key
    s2_at "https://localhost:$PORT"
    tool bsky2s2 -i "$EVENTS" --retry-for 500ms
    ended 69
    [[ ${stderr_lines[-1]} == *"given up: "*certificate* ]]
    same "$(count '^request' log)" 0
}

@test "TLS: --cacert, SSL_CERT_FILE" {
    certificates
    echo uncapped >script
    s2_start --tls good.pem good.key script
    s2_at "https://localhost:$PORT"
    tool bsky2s2 -i "$EVENTS" --cacert ca.pem -o records
    ended 0
    same "$stderr" ""
    export SSL_CERT_FILE=ca.pem
    s2_at "https://127.0.0.1:$PORT"
    tool bsky2s2 -i "$EVENTS" -o records
    ended 0
    holds "$EVENTS"
    told records
}

@test "TLS: a certificate for another name is refused" {
    certificates
    s2_start --tls other.pem other.key
    s2_at "https://localhost:$PORT"
    tool bsky2s2 -i "$EVENTS" --cacert ca.pem --retry-for 500ms
    ended 69
    same "$(count '^request' log)" 0
}

@test "TLS: a --cacert that is none, or missing, is exit 78" {
    echo letter >letter.pem
    s2_at https://localhost:1
    for file in letter.pem nowhere.pem; do
        tool bsky2s2 -i "$EVENTS" --cacert $file
        ended 78
        [[ $stderr == *"$file"* ]]
    done
}

@test "TLS faults: acks that are lost" {
    certificates
    printf '%s\n' uncapped 'on append every 2 drop' >script
    s2_start --tls good.pem good.key script
    s2_at "https://localhost:$PORT"
    bsky2s2 -i "$EVENTS" --cacert ca.pem -o records
    injected drop
    holds "$EVENTS"
    told records
}
