#include "bsky/ws.h"

#include "wsclient.h"

static void script_json(struct peer_conn *conn, void *arg)
{
    (void)arg;
    peer_upgrade_with(conn, "Sec-WebSocket-Protocol: xrpc.v1.json\r\n");
    peer_linger(conn);
}

/* The server may pick the subprotocol that was offered, or say nothing. */
static void subprotocol(SSL_CTX *tls)
{
    peer_script *const scripts[] = {script_json, script_hello};

    for (int i = 0; i < 2; i++) {
        struct ws_target target = {tls != NULL, "127.0.0.1", "localhost",
                                   0,           "/xrpc",     "xrpc.v1.json"};
        struct client c;
        struct peer peer;

        CHECK(peer_start(&peer, tls, scripts[i], NULL));
        target.port = peer.port;
        client_start(&c, 5000);
        CHECK_INT(ws_open(c.ws, &target, NULL), 0);
        TURN_UNTIL(&c, c.ups == 1);
        CHECK(peer_saw(&peer, "\r\nSec-WebSocket-Protocol: xrpc.v1.json\r\n"));
        client_stop(&c);
        peer_stop(&peer);
    }
}

static void test_subprotocol(void)
{
    both(subprotocol);
}

/* The longest path arrives whole; a longer one is refused. */
static void long_path(SSL_CTX *tls)
{
    char path[WS_PATH_MAX + 2];
    struct client c;
    struct peer peer;

    memset(path, 'p', sizeof(path));
    path[0] = '/';
    path[WS_PATH_MAX + 1] = '\0';
    CHECK(peer_start(&peer, tls, script_hello, NULL));
    client_start(&c, 5000);
    CHECK_INT(client_open(&c, &peer, "localhost", path), -1);
    path[WS_PATH_MAX] = '\0';
    CHECK_INT(client_open(&c, &peer, "localhost", path), 0);
    TURN_UNTIL(&c, c.messages == 1);
    CHECK(peer_saw(&peer, path));
    client_stop(&c);
    peer_stop(&peer);
}

static void test_long_path(void)
{
    both(long_path);
}

/* A proxy in the environment is not asked. */
static void test_no_proxy(void)
{
    struct client c;
    struct peer peer;

    setenv("http_proxy", "127.0.0.1:1", 1);
    CHECK(peer_start(&peer, NULL, script_hello, NULL));
    client_start(&c, 5000);
    unsetenv("http_proxy");
    CHECK_INT(client_open(&c, &peer, "localhost", "/"), 0);
    TURN_UNTIL(&c, c.messages == 1);
    client_stop(&c);
    peer_stop(&peer);
}

static void check_untrusted(SSL_CTX *tls, const char *host)
{
    struct client c;
    struct peer peer;

    CHECK(peer_start(&peer, tls, script_hello, NULL));
    client_start(&c, 5000);
    CHECK_INT(client_open(&c, &peer, host, "/"), 0);
    TURN_UNTIL(&c, c.downs == 1);
    printf("# %s: %s\n", host, c.end.text);
    CHECK_INT(c.ups, 0);
    CHECK(c.end.text[0] != '\0');
    CHECK(!peer_saw(&peer, "GET"));
    client_stop(&c);
    peer_stop(&peer);
}

static void test_certificates(void)
{
    if (!have_certs)
        SKIP("no certificates");
    check_untrusted(certs.good, "elsewhere.example");
    check_untrusted(certs.foreign, "localhost");
}

static void test_no_cacert(void)
{
    struct ws_config config = {.cacert = "/nonexistent/ca.pem",
                               .user_agent = "test_ws/1",
                               .message_max = 100,
                               .connect_ms = 1000,
                               .ping_ms = 1000};
    struct err err = ERR_INIT;

    CHECK(ws_new(&config, &err) == NULL);
    CHECK_INT(err.code, ERR_CONFIG);
    CHECK(strstr(err.text, config.cacert) != NULL);
    ws_free(NULL);
}

int main(void)
{
    have_certs = peer_certs_make(&certs);
    RUN(test_subprotocol);
    RUN(test_long_path);
    RUN(test_no_proxy);
    RUN(test_certificates);
    RUN(test_no_cacert);
    peer_certs_remove(&certs);
    return check_done();
}
