#include "bsky/ws.h"

#include "base/retry.h"
#include "bsky/ws_conn.h"
#include "bsky/ws_text.h"
#include "wsclient.h"

static void script_shapes(struct peer_conn *conn, void *arg)
{
    char big[100000];

    (void)arg;
    memset(big, '1', sizeof(big));
    big[1] = '\n';
    if (!peer_upgrade(conn))
        return;
    peer_text(conn, "0");
    peer_frame(conn, PEER_FIN | PEER_BINARY, big, sizeof(big));
    peer_frame(conn, PEER_TEXT, "2 f", 3);
    peer_frame(conn, PEER_FIN | PEER_PING, "ping", 4);
    peer_frame(conn, 0, "ragm", 4);
    peer_frame(conn, PEER_FIN, "ents", 4);
    peer_frame(conn, PEER_FIN | PEER_TEXT, "3 \xff\xfe\xc0", 5);
    peer_frame(conn, PEER_FIN | PEER_TEXT, "4\0x", 3);
    peer_linger(conn);
}

static void shapes(SSL_CTX *tls)
{
    struct client c;
    struct peer peer;
    char line[64];

    CHECK(peer_start(&peer, tls, script_shapes, NULL));
    client_start(&c, 5000);
    CHECK_INT(client_open(&c, &peer, "localhost", "/subscribe?a=1"), 0);
    TURN_UNTIL(&c, c.messages == 5);
    CHECK(slice_eq(buf_slice(&c.last), SLICE("4\0x")));
    CHECK_INT(c.binaries, 1);
    CHECK_INT(c.disorder, 0);
    CHECK_INT(c.ups, 1);
    CHECK(c.alives >= 5);
    CHECK(peer_saw(&peer, "GET /subscribe?a=1 HTTP/1.1\r\n"));
    CHECK(peer_saw(&peer, "\r\nUser-Agent: test_ws/1\r\n") ||
          peer_saw(&peer, "\r\nuser-agent: test_ws/1\r\n"));
    snprintf(line, sizeof(line), "\r\nHost: localhost:%u\r\n", peer.port);
    CHECK(peer_saw(&peer, line));
    CHECK(!peer_saw(&peer, "Sec-WebSocket-Protocol"));
    CHECK(!peer_saw(&peer, "Sec-WebSocket-Extensions"));
    CHECK(!peer_saw(&peer, "Origin"));
    client_stop(&c);
    peer_stop(&peer);
    CHECK_INT(c.downs, 0);
}

static void test_shapes(void)
{
    both(shapes);
}

/* Each byte in a frame of its own, each in a write of its own. */
static void script_bytes(struct peer_conn *conn, void *arg)
{
    static const char text[] = "0 one byte at a time";

    (void)arg;
    if (!peer_upgrade(conn))
        return;
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        unsigned char head[2] = {i == 0 ? PEER_TEXT : 0, 1};

        if (i == sizeof(text) - 2)
            head[0] |= PEER_FIN;
        peer_write(conn, head, 1);
        peer_write(conn, head + 1, 1);
        peer_write(conn, text + i, 1);
        if (i == 5)
            peer_frame(conn, PEER_FIN | PEER_PING, "", 0);
        if (i == 7)
            peer_frame(conn, 0, "", 0);
    }
    peer_frame(conn, PEER_FIN | PEER_TEXT, "", 0);
    peer_text(conn, "2");
    peer_linger(conn);
}

static void bytes(SSL_CTX *tls)
{
    struct client c;
    struct peer peer;

    CHECK(peer_start(&peer, tls, script_bytes, NULL));
    client_start(&c, 5000);
    CHECK_INT(client_open(&c, &peer, "localhost", "/"), 0);
    TURN_UNTIL(&c, c.messages >= 1);
    CHECK(slice_eq(buf_slice(&c.last), SLICE("0 one byte at a time")) ||
          c.messages > 1);
    TURN_UNTIL(&c, slice_eq(buf_slice(&c.last), SLICE("2")));
    client_stop(&c);
    peer_stop(&peer);
}

static void test_bytes(void)
{
    both(bytes);
}

/* Above the cap: in one frame, in many, and a message at the cap. */
static void script_oversize(struct peer_conn *conn, void *arg)
{
    char *big = calloc(1, MESSAGE_MAX + 1);
    bool ok = big != NULL && peer_upgrade(conn);

    (void)arg;
    if (ok) {
        memset(big, '0', MESSAGE_MAX + 1);
        peer_frame(conn, PEER_FIN | PEER_TEXT, big, MESSAGE_MAX + 1);
        peer_text(conn, "0");
        peer_frame(conn, PEER_TEXT, big, MESSAGE_MAX);
        peer_frame(conn, 0, big, MESSAGE_MAX);
        peer_frame(conn, PEER_FIN, big, 1);
        peer_text(conn, "1");
        big[0] = '2';
        big[1] = ' ';
        peer_frame(conn, PEER_TEXT, big, MESSAGE_MAX - 1);
        peer_frame(conn, PEER_FIN, big, 1);
        peer_linger(conn);
    }
    free(big);
}

static void oversize(SSL_CTX *tls)
{
    struct client c;
    struct peer peer;

    CHECK(peer_start(&peer, tls, script_oversize, NULL));
    client_start(&c, 5000);
    CHECK_INT(client_open(&c, &peer, "localhost", "/"), 0);
    TURN_UNTIL(&c, c.messages == 3);
    CHECK_INT(c.oversizes, 2);
    CHECK_INT(c.disorder, 0);
    CHECK_INT(c.last.n, MESSAGE_MAX);
    CHECK_INT(c.downs, 0);
    client_stop(&c);
    peer_stop(&peer);
}

static void test_oversize(void)
{
    both(oversize);
}

static void test_host_header(void)
{
    static const struct {
        struct ws_target target;
        const char *text;
    } rows[] = {
        {{.tls = true, .host = "a.example", .port = 443}, "a.example"},
        {{.tls = false, .host = "a.example", .port = 80}, "a.example"},
        {{.tls = false, .host = "a.example", .port = 443}, "a.example:443"},
        {{.tls = true, .host = "::1", .port = 8443}, "[::1]:8443"},
    };
    char out[WS_TEXT_HOST_SIZE];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ws_text_host(&rows[i].target, out);
        CHECK_STR(out, rows[i].text);
    }
}

static void test_put_path(void)
{
    char text[200] = "GET " WS_TEXT_STANDIN " HTTP/1.1\r\nHost: x\r\n";
    size_t n = strlen(text);
    char *end = text + n;

    CHECK_INT(ws_text_put_path(&end, n, 5, "/a-path-that-is-longer-by-some-10"),
              -1);
    CHECK_INT(
        ws_text_put_path(&end, n, 100, "/longer-than-the-stand-in-itself"), 0);
    *end = '\0';
    CHECK_STR(text, "GET /longer-than-the-stand-in-itself HTTP/1.1\r\n"
                    "Host: x\r\n");
    CHECK_INT(ws_text_put_path(&end, (size_t)(end - text), 100, "/"), -1);
}

/* Random messages in random pieces come out whole, or are told as above the
 * cap; what follows is not harmed. */
static void test_join(void)
{
    struct ws_conn *list = NULL;
    struct ws_conn *conn = ws_conn_add(&list, "/", 50);
    struct rng rng = {SEED};
    char text[80];

    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)('a' + i % 26);
    for (int i = 0; i < 2000; i++) {
        size_t n = rng_next(&rng) % sizeof(text), at = 0;
        struct slice message = {NULL, 0};
        enum ws_joined joined = WS_JOINED_PART;
        bool first = true;

        while (joined == WS_JOINED_PART) {
            size_t part = rng_next(&rng) % (n - at + 1);

            joined = ws_conn_join(conn, (struct slice){text + at, part}, first,
                                  at + part == n, &message);
            at += part;
            first = false;
            CHECK((joined == WS_JOINED_PART) == (at < n));
        }
        CHECK_INT(joined, n > 50 ? WS_JOINED_OVERSIZE : WS_JOINED_MESSAGE);
        if (joined == WS_JOINED_MESSAGE)
            CHECK(slice_eq(message, (struct slice){text, n}));
    }
    ws_conn_remove(&list, conn);
    CHECK(list == NULL);
}

int main(void)
{
    have_certs = peer_certs_make(&certs);
    RUN(test_shapes);
    RUN(test_bytes);
    RUN(test_oversize);
    RUN(test_host_header);
    RUN(test_put_path);
    RUN(test_join);
    peer_certs_remove(&certs);
    return check_done();
}
