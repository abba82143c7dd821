#!/usr/bin/env bats
# TLS on both links: who cannot prove who he is gets no request, let alone a
# token.

load net

setup() {
    common_setup
    certificates
    TOKEN=hush.7b1d
}
teardown() { s2_teardown; }

# An authority in ./ca.pem, and ./NAME.pem with its ./NAME.key for each way to
# be wrong.
certificates() {
    local name days
    {
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
            -keyout ca.key -out ca.pem -days 2 -subj /CN=ca
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
            -keyout self.key -out self.pem -days 2 -subj /CN=localhost \
            -addext subjectAltName=DNS:localhost
        printf 'subjectAltName=DNS:localhost\n' >good.ext
        cp good.ext expired.ext
        printf 'subjectAltName=DNS:other.test,DNS:localhost.other.test\n' \
            >other.ext
        printf 'subjectAltName=DNS:localhost\nextendedKeyUsage=clientAuth\n' \
            >client.ext
        for name in good expired other client; do
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
                -keyout $name.key -out $name.csr -subj /CN=localhost
            days=2
            [ $name != expired ] || days=-1
            openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key \
                -CAcreateserial -out $name.pem -days $days -extfile $name.ext
        done
    } 2>openssl.log
    # It has to be that, and nothing else, for which it is refused.
    openssl verify -CAfile ca.pem good.pem other.pem client.pem >verified
    ! openssl verify -CAfile ca.pem expired.pem >refused 2>&1 || return 1
    grep -q expired refused
}

# Each tool and link against the server at PORT, with ca.pem.
each_link() { # CHECK
    local url=localhost:$PORT
    export S2_ACCESS_TOKEN=$TOKEN
    tool timeout 30 bsky2s2 -n -u "wss://$url/subscribe" -s earliest -c 1 \
        --cacert ca.pem --retry-for 1ms
    $1 websocket
    tool timeout 30 bsky2s2 -i "$EVENTS" -b s2://test-basin --cacert ca.pem \
        --account-endpoint "https://$url" --basin-endpoint "https://$url" \
        --retry-for 1ms
    $1 appends
    tool timeout 30 s2tail -1 -b s2://test-basin --cacert ca.pem \
        --account-endpoint "https://$url" --basin-endpoint "https://$url" \
        --retry-for 1ms
    $1 sessions
}

refused() { # LINK
    same "$1 $status" "$1 69"
    same "$output" ""
    [[ $stderr == *"localhost:$PORT"* ]]
    [[ $stderr != *"$TOKEN"* ]]
}
# For the certificate, and that is said.
distrusted() { # LINK
    refused "$1"
    [[ $stderr == *certificate* ]] || {
        echo "$1: $stderr"
        return 1
    }
}

@test "expired, self-signed, of another host, not a server's: refused, no request" {
    for name in expired self other client; do
        echo "# $name"
        peer fakes2 --tls $name.pem $name.key --log log --token "$TOKEN"
        each_link distrusted
        test ! -s log
        kill "${PIDS[-1]}"
    done
    # A right one is all that was missing.
    peer fakes2 --tls good.pem good.key --log log --token "$TOKEN"
    s2_at "https://localhost:$PORT"
    S2_ACCESS_TOKEN=$TOKEN tool bsky2s2 -i "$EVENTS" --cacert ca.pem
    same "$status" 0
    grep -q 'Authorization: present' log
    # But for an address, which it does not name.
    : >log
    S2_ACCESS_TOKEN=$TOKEN s2_at "https://127.0.0.1:$PORT"
    S2_ACCESS_TOKEN=$TOKEN tool bsky2s2 -i "$EVENTS" --cacert ca.pem \
        --retry-for 1ms
    same "$status" 69
    test ! -s log
}

# A server that speaks these versions alone, whatever the system thinks of
# them; ./heard is what it was told.
speaking() { # OPTION...
    local fd
    rm -f heard
    [ -e stdin ] || mkfifo stdin
    openssl s_server "$@" -accept 127.0.0.1:0 -cert good.pem -key good.key \
        -cipher ALL:@SECLEVEL=0 <>stdin >heard 2>&1 3>&- &
    PIDS+=($!)
    await grep -q '^ACCEPT' heard
    PORT=$(sed -n 's/^ACCEPT 127.0.0.1://p' heard)
}

old() { # LINK
    refused "$1"
    ! grep -q -e GET -e POST -e "$TOKEN" heard || {
        echo "$1 was spoken to"
        return 1
    }
}

@test "TLS 1.0 and 1.1: refused, even where OpenSSL is told to allow them" {
    cat >legacy.cnf <<'END'
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = any
[any]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
END
    export OPENSSL_CONF=$PWD/legacy.cnf
    for version in tls1 tls1_1; do
        speaking -$version
        # Others would speak it.
        run curl -sS -m 0.3 --tlsv1.0 --cacert ca.pem "https://localhost:$PORT/"
        grep -q ^GET heard
        : >heard
        each_link old
        kill "${PIDS[-1]}"
    done
}

@test "what is no TLS: refused, no request" {
    peer fakes2 --tls good.pem good.key --log log --token "$TOKEN"
    local server=$PORT words
    for words in 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' \
        '\026\003\001\377\377' '\025\003\003\000\002\002\050'; do
        PORT=$server
        # shellcheck disable=SC2059 # it is the format
        through "downstream speak $(printf "$words" | od -An -v -tx1 |
            tr -d ' \n')"
        each_link refused
        happened 'downstream speak'
    done
    test ! -s log
}
