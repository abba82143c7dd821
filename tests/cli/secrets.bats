#!/usr/bin/env bats
# A token is nowhere but in the Authorization header of requests to S2: not in
# procfs, on stdout or stderr, in a file, a core, another header, or in what
# other hosts are sent.  Each search is shown to find it where it is.

load common
load s2
load credentials

TOKEN=hush.4c5f9e71

setup() {
    common_setup
    cli_home
    KEYS=$BATS_TEST_TMPDIR.keys
    mkdir -m 700 "$KEYS"
}

# As s2_teardown; and what other users had to get at.
teardown() {
    s2_teardown
    [ -z "${OPEN-}" ] || rm -rf "$OPEN"
}

# The token is in FILE...; the same search is used for where it must not be.
has_token() { # FILE...
    grep -aqF -e "$TOKEN" -- "$@"
}

# Nor is it anywhere below the folder of the test, but in what the wire to S2
# has kept.
kept_quiet() {
    grep -raqF -e "$TOKEN" . || return 1 # it is in ./bytes
    same "$(grep -ralF -e "$TOKEN" .)" ./bytes
}

# In ./bytes, which may be growing still, it is in the headers that it belongs
# in, and these have nothing else.
only_in_headers() { # [TIMES]
    local lines
    lines=$(grep -aF -e "$TOKEN" -e Authorization: bytes)
    [ "$(wc -l <<<"$lines")" -ge "${1:-1}" ]
    same "$(sort -u <<<"$lines")" "Authorization: Bearer $TOKEN"$'\r'
}

# Files of procfs that show the token of a process: its arguments, its
# environment, and whatever else can be searched.
in_procfs() { # PID
    grep -ralF --exclude=mem --exclude=pagemap --exclude=clear_refs \
        -e "$TOKEN" "/proc/$1" 2>/dev/null || true
}

# Set the one source of the token; the others are unset.
source_is() { # SOURCE
    unset S2_ACCESS_TOKEN S2_ACCESS_TOKEN_FILE S2_AUTH_TOKEN \
        CREDENTIALS_DIRECTORY
    rm -rf "$HOME"
    case $1 in
    flag | variable)
        (umask 077 && echo "$TOKEN" >"$KEYS/file")
        ;;
    directory)
        (umask 077 && echo "$TOKEN" >"$KEYS/s2-access-token")
        export CREDENTIALS_DIRECTORY=$KEYS
        ;;
    environment) export S2_ACCESS_TOKEN=$TOKEN ;;
    cli)
        cli_home
        cli_token id "$TOKEN"
        ;;
    legacy)
        cli_home
        echo "access_token = '$TOKEN'" | cli_config
        ;;
    old) export S2_AUTH_TOKEN=$TOKEN ;;
    esac
    [ "$1" != variable ] || export S2_ACCESS_TOKEN_FILE=$KEYS/file
}

# A fake Jetstream behind a wire that keeps in ./asked all that it is sent.
jet() {
    peer fakejet --v1 "$EVENTS" --log jet.log
    peer fakewire --keep asked --to "$PORT"
    URL=ws://127.0.0.1:$PORT/subscribe
}

# From the socket into S2 with all there is to say, and every place searched.
quiet_run() { # PREFIX [OPTION...]
    local prefix=$1 format
    shift
    for format in text json; do
        rm -f records
        background -vv -u "$URL" -s earliest -o records --job $format \
            --prefix "$prefix/$format/" --metrics-file metrics.$format \
            --stats 100ms --log-format $format "$@"
        await has_lines 141 records
        kill -USR1 "$PID"
        await grep -q 'matches"*[=:]141' err
        await grep -q '^bsky2s2_matches_total.* 141$' metrics.$format
        grep -qa bsky2s2 "/proc/$PID/cmdline"
        same "$(in_procfs "$PID")" ""
        kill -TERM "$PID"
        wait "$PID"
        mv err err.$format
        mv records records.$format
    done
    bsky2s2 --check-config "$@" >checked 2>checked.err
    grep -q '^token=' checked
    ! grep -q '^token=none' checked || return 1
}

@test "the searches find a token that shows: in procfs, in a file" {
    S2_ACCESS_TOKEN=$TOKEN sleep 60 3>&- &
    PIDS+=($!)
    shown() {
        in_procfs "${PIDS[-1]}" | grep -qx "/proc/${PIDS[-1]}/environ"
    }
    await shown
    sh -c 'read -r line' "$TOKEN" < <(sleep 60) 3>&- &
    PIDS+=($!)
    argued() {
        in_procfs "${PIDS[-1]}" | grep -qx "/proc/${PIDS[-1]}/cmdline"
    }
    await argued
    printf 'a\0%sb' "$TOKEN" >file
    has_token file
}

@test "bsky2s2: a token of each source is in the header, and nowhere else" {
    wired
    jet
    for source in flag variable environment directory cli legacy old; do
        source_is $source
        : >bytes
        [ $source = flag ] && set -- --token-file "$KEYS/file" || set --
        quiet_run $source "$@"
        only_in_headers 20
        kept_quiet
        # What the basin holds.
        curl -fsS "http://127.0.0.1:$WIRED_TO/dump?stream=$source/text/news/bbc" \
            -o held.$source
        test -s held.$source
    done
    s2_end
    test -s dump
    test -s asked
    grep -aq '^GET /subscribe' asked
    kept_quiet
}

@test "s2tail: a token of each source is in the header, and nowhere else" {
    wired uncapped
    S2_ACCESS_TOKEN=$TOKEN bsky2s2 -i "$EVENTS"
    for source in environment variable directory cli legacy old; do
        source_is $source
        : >bytes
        s2tail -vv -s earliest -S state -w 1h -f json --log-format json \
            >out 2>err 3>&- &
        PID=$!
        PIDS+=("$PID")
        await grep -q ': found"' err
        grep -qa s2tail "/proc/$PID/cmdline"
        same "$(in_procfs "$PID")" ""
        await has_token bytes
        kill -TERM "$PID"
        wait "$PID"
        rm -f state state.lock
        tool s2tail --check
        printf '%s\n' "$output" "$stderr" >checked
        only_in_headers 9
        kept_quiet
    done
}

@test "errors do not show it: 401, 403, nonsense, lost, nobody there" {
    source_is environment
    for fault in '401 authn' '403 permission_denied' '400 bad_header'; do
        for op in create tail append; do
            wired "on $op status $fault"
            S2_ACCESS_TOKEN=$TOKEN tool bsky2s2 -vv -i "$EVENTS" -o records
            [ "$status" -eq 77 ] || [ "$status" -eq 76 ]
            [[ $stderr == *"HTTP $fault"* ]]
            printf '%s\n' "$output" "$stderr" >said
            only_in_headers
            kept_quiet
            s2_end
            rm -f bytes log
        done
    done
    for fault in garbage wrongtype lost midbody; do
        wired "on append $fault"
        S2_ACCESS_TOKEN=$TOKEN tool bsky2s2 -vv -i "$EVENTS" --retry-for 300ms
        injected $fault
        printf '%s\n' "$output" "$stderr" >said
        only_in_headers
        kept_quiet
        s2_end
        rm -f bytes log
    done
    s2_at http://127.0.0.1:1
    S2_ACCESS_TOKEN=$TOKEN tool bsky2s2 -vv -i "$EVENTS" --retry-for 300ms
    same "$status" 69
    [[ $output$stderr != *"$TOKEN"* ]]
}

@test "a token that cannot be one is not shown either" {
    s2_at http://127.0.0.1:1
    unset S2_ACCESS_TOKEN
    for bad in "$TOKEN with blanks" "$TOKEN"$'\t' "$TOKEN"$'\xc3\xa9' \
        "$TOKEN$(printf %070000d 0)"; do
        printf '%s\n' "$bad" >"$KEYS/bad"
        chmod 600 "$KEYS/bad"
        tool bsky2s2 -vv -i "$EVENTS" --token-file "$KEYS/bad"
        same "$status" 78
        [[ $stderr == "bsky2s2: the token "* ]]
        [[ $output$stderr != *"$TOKEN"* ]]
    done
}

# Nothing came to the wire that keeps in FILE, and it was there to be found.
unvisited() { # FILE PORT
    same "$(cat "$1" "$1.log")" ""
    curl -s -m 0.2 "http://127.0.0.1:$2/" || true
    await grep -q '^connect' "$1.log"
    test -s "$1"
}

# A host on this machine that nobody has a reason to visit; its port is $PORT.
wrong_host() { # FILE
    peer fakewire --keep "$1" --log "$1.log"
}

@test "posts full of URLs: nobody is visited" {
    wrong_host linked
    local linked=$PORT
    posts 900 1700000000 "127.0.0.1:$linked youtube.com localhost:$linked" \
        >full
    local facet="\"facets\":[{\"features\":[{\"\$type\":\"app.bsky.richtext.facet#link\",\"uri\":\"http://127.0.0.1:$linked/f\"}]}],"
    sed -i "s|\"embed\"|$facet&|; s|\"uri\":\"https|\"thumb\":\"http://127.0.0.1:$linked/t\",&|" full
    grep -q "127.0.0.1:$linked/t" full
    wired
    S2_ACCESS_TOKEN=$TOKEN tool bsky2s2 -i full --unrouted others -o records
    same "$status" 0
    grep -q "\"others\".*127.0.0.1:$linked/" records
    S2_ACCESS_TOKEN=$TOKEN tool s2tail -1 -g offsite_uri
    same "$status" 0
    grep -q "127.0.0.1:$linked/" <<<"$output"
    only_in_headers
    unvisited linked "$linked"
}

@test "a redirect does not carry the token away" {
    wrong_host elsewhere
    local elsewhere=$PORT op
    for op in create tail append; do
        wired "on $op redirect http://127.0.0.1:$elsewhere/v1/streams"
        S2_ACCESS_TOKEN=$TOKEN tool bsky2s2 -vv -i "$EVENTS" --retry-for 1s
        same "$status" 76
        injected 'redirect .*'
        only_in_headers
        s2_end
        rm -f log bytes
    done
    for op in list follow; do
        wired 'seed news/bbc 5 -1000 1' \
            "on $op redirect http://127.0.0.1:$elsewhere/v1/streams"
        S2_ACCESS_TOKEN=$TOKEN tool s2tail -1 --retry-for 1s
        same "$status" 76
        injected 'redirect .*'
        only_in_headers
        s2_end
        rm -f log bytes
    done
    # Nor does the source's.
    s2
    echo "redirect http://127.0.0.1:$elsewhere/subscribe" >jet.script
    peer fakejet --v1 "$EVENTS" --log jet.log jet.script
    S2_ACCESS_TOKEN=$TOKEN tool bsky2s2 -u "ws://127.0.0.1:$PORT/subscribe" \
        --retry-for 1s
    same "$status" 69
    grep -q ^request jet.log
    unvisited elsewhere "$elsewhere"
}

@test "proxies of the environment, and .netrc, are not asked" {
    wrong_host proxy
    local proxy=$PORT name
    wired
    jet
    for name in http_proxy https_proxy all_proxy ws_proxy wss_proxy \
        HTTP_PROXY HTTPS_PROXY ALL_PROXY; do
        export "$name=http://127.0.0.1:$proxy"
    done
    export no_proxy='' NO_PROXY=''
    (umask 077 && echo "machine 127.0.0.1 login a password netrc-word" \
        >"$HOME/.netrc")
    export S2_ACCESS_TOKEN=$TOKEN
    background -vv -u "$URL" -s earliest -c 10 -o records
    wait "$PID"
    same "$(wc -l <records)" 10
    only_in_headers
    s2tail -1 >counts
    ! grep -aq netrc-word bytes asked || return 1
    unset "${!http@}" "${!https@}" "${!all@}" "${!HTTP@}" "${!ALL@}"
    NO_PROXY='*' unvisited proxy "$proxy"
}

@test "plain http to another machine is refused, wherever the token is from" {
    for source in variable environment directory cli legacy old; do
        source_is $source
        for tool in "bsky2s2 -i $EVENTS" "s2tail -1"; do
            # shellcheck disable=SC2086 # words
            tool $tool -b s2://some-basin --account-endpoint http://10.1.2.3:9 \
                --basin-endpoint http://10.1.2.3:9
            same "$status" 78
            [[ ${stderr_lines[-1]} == *--allow-http* ]]
            [[ $output$stderr != *"$TOKEN"* ]]
        done
    done
}

@test "neither tool can start a child" {
    command -v nm >nm.path || skip "nm is missing"
    local calls=' (fork|vfork|clone3?|exec[lv][pe]*|execveat|fexecve|posix_spawnp?|system|popen)(@.*)?$'
    # The search finds them in a program that starts others.
    nm -Du "$(command -v bash)" | grep -Eq "$calls"
    for tool in bsky2s2 s2tail; do
        nm -Du "$(command -v $tool)" >symbols
        grep -Eq ' write(@.*)?$' symbols
        ! grep -E "$calls" symbols || return 1
    done
}

# As a user who is not root: COMMAND... in a folder of its own, ./bin and all.
# Skips where nobody can become one.
as_user() {
    [ "$(id -u)" = 0 ] || { exec "$@"; }
    exec setpriv --reuid 12345 --regid 12345 --clear-groups "$@"
}

# The folder $OPEN is that user's, with the tools and the token's file.
open_folder() {
    [ "$(id -u)" != 0 ] || command -v setpriv >setpriv.path ||
        skip "setpriv is missing: nobody can become another user"
    OPEN=$(mktemp -d /tmp/secrets.XXXXXX)
    cp "$BUILD/bsky2s2" "$EVENTS" "$OPEN"
    EVENTS=$OPEN/${EVENTS##*/}
    (umask 077 && echo "$TOKEN" >"$OPEN/token")
    [ "$(id -u)" != 0 ] || chown -R 12345:12345 "$OPEN"
    cd "$OPEN" || return 1
    export HOME=$OPEN
}

# Start ./bsky2s2 as that user, into the fake S2.
user_run() { # OPTION...
    # shellcheck disable=SC2094 # it is the shell that writes
    (ulimit -c unlimited 2>/dev/null || true
        as_user ./bsky2s2 -i events --linger 0 "$@") >out 2>err 3>&- &
    PID=$!
    PIDS+=("$PID")
}

# Once the tool itself runs, as that user, procfs has it for one of UID.
owner_is() { # UID PID
    grep -qa '^\./bsky2s2' "/proc/$2/cmdline" &&
        [ "$(awk '/^Uid:/ { print $2 }' "/proc/$2/status")" = "$USER_ID" ] &&
        [ "$(stat -c %u "/proc/$2/environ")" = "$1" ]
}

readable() { # PID: to its own user
    (as_user cat "/proc/$1/environ") >environ 2>environ.err
}

@test "with a secret nobody but root looks into the process; without, its user may" {
    s2
    unset S2_ACCESS_TOKEN
    open_folder
    USER_ID=$(stat -c %u .)
    mkfifo events
    exec {both}<>events
    [ "$(id -u)" != 0 ] || chown 12345 events
    user_run
    await owner_is "$USER_ID" "$PID"
    await readable "$PID"
    grep -aq S2_BASIN=test-basin environ
    user_run --token-file token
    await owner_is 0 "$PID"
    ! readable "$PID" || return 1
    S2_ACCESS_TOKEN=$TOKEN user_run
    await owner_is 0 "$PID"
    ! readable "$PID" || return 1
    S2_ENCRYPTION_KEY=$TOKEN user_run
    await owner_is 0 "$PID"
    # A basin in a file needs no secret, and takes none.
    S2_ACCESS_TOKEN=$TOKEN user_run -b file:x.db
    await test -e x.db.lock
    owner_is "$USER_ID" "$PID"
    readable "$PID"
    ! has_token environ || return 1
    exec {both}>&-
}

# ./bsky2s2 OPTION... aborts in a folder of its own; its core is ./core.*.
abort() { # OPTION...
    rm -f core*
    user_run --prefix "$RANDOM/" "$@"
    await grep -q '^fault .* hold' "$LOG"
    kill -ABRT "$PID"
    status=0
    wait "$PID" || status=$?
    same "$status" $((128 + 6))
    : >"$LOG"
}

@test "no core file with a token; without one there would be" {
    s2 'on append hold 60000'
    unset S2_ACCESS_TOKEN
    LOG=$PWD/log
    open_folder
    mv "$EVENTS" events
    abort --token-file token
    same "$(ls | grep ^core || true)" ""
    S2_ACCESS_TOKEN=$TOKEN abort
    same "$(ls | grep ^core || true)" ""
    abort
    ls | grep -q ^core ||
        skip "this system leaves no core file in the folder ($(cat /proc/sys/kernel/core_pattern)): nothing to compare with"
    grep -aq S2_BASIN=test-basin core*
}

@test "what needs /proc/self still works with a secret, for others than root" {
    ! grep -q __gcov_exit "$BUILD/bsky2s2" || skip "another user cannot write what counts coverage"
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem \
        -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
        2>openssl.log
    echo uncapped >script
    s2_start --token "$TOKEN" --tls cert.pem key.pem script
    s2_at "https://localhost:$PORT"
    unset S2_ACCESS_TOKEN
    cp cert.pem "$BATS_TEST_TMPDIR.cert"
    open_folder
    cp "$BATS_TEST_TMPDIR.cert" cert.pem
    chmod 644 cert.pem
    # --cacert is read again by its name there; so are these two.
    run --separate-stderr bash -c "$(declare -f as_user)
        as_user sh -c 'cat $EVENTS | ./bsky2s2 -i /dev/stdin --cacert cert.pem \
            --token-file token -o /dev/stdout | cat'"
    same "$stderr" ""
    same "$status" 0
    same "${#lines[@]}" 141
}
