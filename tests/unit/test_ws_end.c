#include "bsky/ws.h"

#include "wsclient.h"

static void script_503(struct peer_conn *conn, void *arg)
{
    (void)arg;
    peer_refuse(conn, "503 Service Unavailable", "Retry-After: 7\r\n", "warm");
}

static void script_400(struct peer_conn *conn, void *arg)
{
    (void)arg;
    peer_refuse(conn, "400 Bad Request", "Retry-After: Fri, 1 Jan 2027\r\n",
                "{}");
}

static void script_429(struct peer_conn *conn, void *arg)
{
    (void)arg;
    peer_refuse(conn, "429 Too Many Requests", "retry-after: 9999999\r\n", "");
}

static void script_200(struct peer_conn *conn, void *arg)
{
    (void)arg;
    peer_refuse(conn, "200 OK", "", "hello");
}

static void script_redirect(struct peer_conn *conn, void *arg)
{
    char where[100];

    (void)arg;
    snprintf(where, sizeof(where), "Location: %s://localhost:%u/elsewhere\r\n",
             conn->ssl != NULL ? "https" : "http", conn->peer->port);
    peer_refuse(conn, "301 Moved Permanently", where, "");
}

static void script_wrong_accept(struct peer_conn *conn, void *arg)
{
    (void)arg;
    if (peer_request(conn))
        peer_print(conn, "HTTP/1.1 101 Switching Protocols\r\n"
                         "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA="
                         "\r\n\r\n");
    peer_linger(conn);
}

static void script_deflate(struct peer_conn *conn, void *arg)
{
    (void)arg;
    peer_upgrade_with(conn, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    peer_linger(conn);
}

static void script_not_http(struct peer_conn *conn, void *arg)
{
    (void)arg;
    if (peer_request(conn))
        peer_print(conn, "SSH-2.0-OpenSSH_9.2\r\n\r\n");
}

static void script_header_bomb(struct peer_conn *conn, void *arg)
{
    char line[1024];

    (void)arg;
    memset(line, 'x', sizeof(line));
    if (!peer_request(conn) || !peer_print(conn, "HTTP/1.1 101 ok\r\nX: "))
        return;
    for (int i = 0; i < 4096 && peer_write(conn, line, sizeof(line)); i++)
        continue;
    peer_linger(conn);
}

static void script_gone(struct peer_conn *conn, void *arg)
{
    (void)arg;
    peer_request(conn);
}

static void script_reset(struct peer_conn *conn, void *arg)
{
    (void)arg;
    peer_request(conn);
    peer_will_reset(conn);
}

static void script_up_gone(struct peer_conn *conn, void *arg)
{
    (void)arg;
    peer_upgrade(conn);
}

static void script_up_reset(struct peer_conn *conn, void *arg)
{
    (void)arg;
    peer_upgrade(conn);
    peer_will_reset(conn);
}

static void script_up_close(struct peer_conn *conn, void *arg)
{
    (void)arg;
    if (peer_upgrade(conn))
        peer_frame(conn, PEER_FIN | PEER_CLOSE, "\x03\xf0too slow", 10);
    peer_linger(conn);
}

static void script_up_rsv(struct peer_conn *conn, void *arg)
{
    (void)arg;
    if (peer_upgrade(conn))
        peer_frame(conn, PEER_FIN | 0x40 | PEER_TEXT, "x", 1);
    peer_linger(conn);
}

/* Runs into an end, and checks that it is told once, and what. */
static void check_end(SSL_CTX *tls, peer_script *script, bool up, int status,
                      int64_t retry_after_ms, const char *text)
{
    struct client c;
    struct peer peer;

    CHECK(peer_start(&peer, tls, script, NULL));
    client_start(&c, 5000);
    CHECK_INT(client_open(&c, &peer, "localhost", "/"), 0);
    TURN_UNTIL(&c, c.downs > 0);
    turn_for(&c, 20);
    CHECK_INT(c.downs, 1);
    CHECK_INT(c.ups, up);
    CHECK_INT(c.end.up, up);
    CHECK_INT(c.end.status, status);
    CHECK_INT(c.end.retry_after_ms, retry_after_ms);
    CHECK(c.end.text[0] != '\0');
    if (strstr(c.end.text, text) == NULL)
        CHECK_STR(c.end.text, text);
    CHECK_INT(peer_connections(&peer), 1);
    CHECK_INT(ws_poll(c.ws, &(struct pollfd){0}, &(size_t){0}), -1);
    client_stop(&c);
    peer_stop(&peer);
}

static void ends(SSL_CTX *tls)
{
    check_end(tls, script_503, false, 503, 7000, "status 503");
    check_end(tls, script_400, false, 400, 0, "status 400");
    check_end(tls, script_429, false, 429, 3600000, "status 429");
    check_end(tls, script_200, false, 0, 0, "");
    check_end(tls, script_redirect, false, 301, 0, "status 301");
    check_end(tls, script_wrong_accept, false, 0, 0, "");
    check_end(tls, script_deflate, false, 0, 0, "");
    check_end(tls, script_not_http, false, 0, 0, "");
    check_end(tls, script_header_bomb, false, 0, 0, "");
    check_end(tls, script_gone, false, 0, 0, "");
    check_end(tls, script_reset, false, 0, 0, "");
    check_end(tls, script_up_gone, true, 0, 0, "connection lost");
    check_end(tls, script_up_reset, true, 0, 0, "connection lost");
    check_end(tls, script_up_close, true, 0, 0, "1008 too slow");
    check_end(tls, script_up_rsv, true, 0, 0, "");
}

static void test_ends(void)
{
    both(ends);
}

/* A stalled upgrade ends at lws's own limit, though no error comes. */
static void stall(SSL_CTX *tls)
{
    struct client c;
    struct peer peer;
    int64_t began = loop_now();

    CHECK(peer_start(&peer, tls, script_silent, NULL));
    client_start(&c, 1000);
    CHECK_INT(client_open(&c, &peer, "localhost", "/"), 0);
    TURN_UNTIL(&c, c.downs > 0);
    CHECK(loop_now() - began >= 500);
    CHECK(loop_now() - began < 5000);
    CHECK(!c.end.up);
    CHECK(c.turns < 200);
    client_stop(&c);
    peer_stop(&peer);
}

static void test_stall(void)
{
    both(stall);
}

/* Nobody listens there. */
static void test_refused(void)
{
    struct client c;
    struct peer peer = {.port = 1};

    client_start(&c, 2000);
    if (client_open(&c, &peer, "localhost", "/") == 0) {
        TURN_UNTIL(&c, c.downs == 1);
        CHECK(c.end.text[0] != '\0');
        CHECK(!c.end.up);
    }
    client_stop(&c);
}

/* Given up while it connects and while it is up, a connection says no more,
 * and the next one can be opened at once. */
static void give_up(SSL_CTX *tls)
{
    struct client c;
    struct peer silent, lively;

    CHECK(peer_start(&silent, tls, script_silent, NULL));
    CHECK(peer_start(&lively, tls, script_hello, NULL));
    client_start(&c, 5000);
    ws_close(c.ws);
    CHECK_INT(client_open(&c, &silent, "localhost", "/"), 0);
    ws_close(c.ws);
    CHECK_INT(client_open(&c, &silent, "localhost", "/"), 0);
    TURN_UNTIL(&c, peer_saw(&silent, "GET / "));
    ws_close(c.ws);
    for (int i = 1; i <= 40; i++) {
        c.messages = 0;
        CHECK_INT(client_open(&c, &lively, "localhost", "/"), 0);
        TURN_UNTIL(&c, c.messages == 1);
        CHECK_INT(c.ups, i);
        ws_close(c.ws);
    }
    TURN_UNTIL(&c, ws_poll(c.ws, &(struct pollfd){0}, &(size_t){0}) == -1);
    CHECK_INT(c.downs, 0);
    CHECK_INT(client_open(&c, &lively, "localhost", "/"), 0);
    client_stop(&c);
    peer_stop(&silent);
    peer_stop(&lively);
}

static void test_give_up(void)
{
    both(give_up);
}

/* Given up in full flow: what lws still holds is not handed out. */
static void give_up_flow(SSL_CTX *tls)
{
    struct client c;
    struct peer peer;
    int seen;

    CHECK(peer_start(&peer, tls, script_load, NULL));
    client_start(&c, 5000);
    c.pause_every = 500;
    CHECK_INT(client_open(&c, &peer, "localhost", "/"), 0);
    TURN_UNTIL(&c, c.paused);
    seen = c.messages;
    c.pause_every = 0;
    c.paused = false;
    ws_close(c.ws);
    ws_pause(c.ws, false);
    TURN_UNTIL(&c, ws_poll(c.ws, &(struct pollfd){0}, &(size_t){0}) == -1);
    CHECK_INT(c.messages, seen);
    CHECK_INT(c.downs, 0);
    client_stop(&c);
    peer_stop(&peer);
}

static void test_give_up_flow(void)
{
    both(give_up_flow);
}

int main(void)
{
    have_certs = peer_certs_make(&certs);
    RUN(test_ends);
    RUN(test_stall);
    RUN(test_refused);
    RUN(test_give_up);
    RUN(test_give_up_flow);
    peer_certs_remove(&certs);
    return check_done();
}
