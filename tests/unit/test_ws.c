#include "bsky/ws.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/loop.h"
#include "base/retry.h"
#include "check.h"
#include "wspeer.h"

#define SEED UINT64_C(424242)
#define DEADLINE_MS 20000
#define MESSAGE_MAX ((size_t)200000)
#define LOAD 20000

static struct peer_certs certs;
static bool have_certs;

/* A client and all that its hooks have seen. */
struct client {
    struct ws *ws;
    int ups, messages, binaries, oversizes, alives, downs;
    bool paused;       /* no message may come */
    int while_paused;  /* that came all the same */
    int disorder;      /* messages of peer_load out of their order */
    int pause_every;   /* pause inside the hook; 0: never */
    unsigned turns;    /* of the loop */
    struct buf last;   /* the last message */
    struct ws_end end; /* of the last connection that ended */
};

static void on_up(void *arg)
{
    ((struct client *)arg)->ups++;
}

static void on_message(void *arg, struct slice data, bool binary)
{
    struct client *c = arg;
    char number[16] = "";

    c->while_paused += c->paused;
    buf_reset(&c->last);
    CHECK_INT(buf_addslice(&c->last, data), 0);
    memcpy(number, data.p, data.n < 15 ? data.n : 15);
    c->disorder += strtol(number, NULL, 10) != c->messages;
    c->messages++;
    c->binaries += binary;
    if (c->pause_every > 0 && c->messages % c->pause_every == 0) {
        c->paused = true;
        ws_pause(c->ws, true);
    }
}

static void on_oversize(void *arg)
{
    ((struct client *)arg)->oversizes++;
}

static void on_alive(void *arg)
{
    ((struct client *)arg)->alives++;
}

static void on_down(void *arg, const struct ws_end *end)
{
    struct client *c = arg;

    c->downs++;
    c->end = *end;
}

static void client_start(struct client *c, int64_t connect_ms)
{
    struct ws_config config = {
        .cacert = have_certs ? certs.ca : NULL,
        .user_agent = "test_ws/1",
        .message_max = MESSAGE_MAX,
        .connect_ms = connect_ms,
        .ping_ms = 1000,
        .hooks = {on_up, on_message, on_oversize, on_alive, on_down, c},
    };
    struct err err = ERR_INIT;

    memset(c, 0, sizeof(*c));
    buf_init(&c->last, MESSAGE_MAX);
    c->ws = ws_new(&config, &err);
    CHECK(c->ws != NULL);
    CHECK_STR(err.text, "");
}

static void client_stop(struct client *c)
{
    ws_free(c->ws);
    buf_release(&c->last);
}

static int client_open(struct client *c, const struct peer *peer,
                       const char *host, const char *path)
{
    struct ws_target target = {
        .tls = peer->tls != NULL,
        .address = "127.0.0.1",
        .host = host,
        .port = peer->port,
        .path = path,
    };

    return ws_open(c->ws, &target, NULL);
}

/* One turn of the loop; what it sleeps is cut at ${cap} ms. */
static void turn(struct client *c, int64_t cap)
{
    struct pollfd fd = {-1, 0, 0};
    size_t used;
    int64_t nap = ws_poll(c->ws, &fd, &used);

    CHECK(nap >= -1 && nap <= 250);
    c->turns++;
    poll(&fd, used, (int)(nap < 0 || nap > cap ? cap : nap));
    ws_service(c->ws, loop_now());
}

/* Turns the loop until ${cond}; fails when that takes too long. */
#define TURN_UNTIL(c, cond)                                                    \
    do {                                                                       \
        int64_t deadline_ = loop_now() + DEADLINE_MS;                          \
        while (!(cond) && loop_now() < deadline_)                              \
            turn((c), 250);                                                    \
        CHECK(cond);                                                           \
    } while (0)

/* Turns the loop for a time in which nothing should happen. */
static void turn_for(struct client *c, int64_t ms)
{
    int64_t end = loop_now() + ms;

    while (loop_now() < end)
        turn(c, end - loop_now());
}

/* Runs ${test} over plain TCP and, where openssl(1) works, over TLS. */
static void both(void (*test)(SSL_CTX *tls))
{
    test(NULL);
    if (have_certs)
        test(certs.good);
    else
        SKIP("TLS: no certificates");
}

/* ---- messages ---- */

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

/* ---- the loop ---- */

static void script_hello(struct peer_conn *conn, void *arg)
{
    (void)arg;
    if (peer_upgrade(conn) && peer_text(conn, "0"))
        peer_linger(conn);
}

/* lws_service(context, -1) does not sleep, though nothing happens. */
static void no_sleep(SSL_CTX *tls)
{
    struct client c;
    struct peer peer;
    int64_t began;

    CHECK(peer_start(&peer, tls, script_hello, NULL));
    client_start(&c, 5000);
    ws_service(c.ws, loop_now());
    CHECK_INT(client_open(&c, &peer, "localhost", "/"), 0);
    TURN_UNTIL(&c, c.messages == 1);
    began = loop_now();
    for (int i = 0; i < 200; i++)
        ws_service(c.ws, loop_now());
    CHECK(loop_now() - began < 2000);
    client_stop(&c);
    peer_stop(&peer);
}

static void test_no_sleep(void)
{
    both(no_sleep);
}

/* Numbered messages of many sizes, in writes (and TLS records) of many more. */
static void script_load(struct peer_conn *conn, void *arg)
{
    struct rng rng = {SEED};
    struct buf out = BUF_INIT(65536);
    bool ok = peer_upgrade(conn);
    char text[600];

    (void)arg;
    memset(text, '.', sizeof(text));
    for (int i = 0; i < LOAD && ok; i++) {
        size_t n = (size_t)snprintf(text, sizeof(text), "%d ", i);
        size_t pad = (size_t)(i * 7 % 500);
        unsigned char head[10];

        text[n] = '.';
        buf_add(&out, head,
                peer_frame_head(head, PEER_FIN | PEER_TEXT, n + pad));
        buf_add(&out, text, n + pad);
        if (i == LOAD - 1 || out.n > rng_next(&rng) % 40000) {
            ok = peer_write(conn, out.p, out.n);
            buf_reset(&out);
        }
    }
    buf_release(&out);
    if (ok)
        peer_linger(conn);
}

/* Random pauses, begun in the hook and outside it, lose nothing, keep the
 * order, and always come back; nothing spins while it lasts. */
static void load(SSL_CTX *tls)
{
    struct rng rng = {SEED};
    struct client c;
    struct peer peer;
    int pauses = 0;

    CHECK(peer_start(&peer, tls, script_load, NULL));
    client_start(&c, 5000);
    CHECK_INT(client_open(&c, &peer, "localhost", "/"), 0);
    TURN_UNTIL(&c, c.ups == 1);
    for (int64_t end = loop_now() + DEADLINE_MS;
         c.messages < LOAD && c.downs == 0 && loop_now() < end;) {
        c.pause_every = 1 + (int)(rng_next(&rng) % 400);
        for (uint64_t n = rng_next(&rng) % 4; n > 0; n--)
            turn(&c, 1);
        c.paused = true;
        ws_pause(c.ws, true);
        for (uint64_t n = rng_next(&rng) % 4; n > 0; n--)
            turn(&c, 1);
        pauses++;
        c.paused = false;
        ws_pause(c.ws, false);
    }
    CHECK_INT(c.messages, LOAD);
    CHECK_INT(c.disorder, 0);
    CHECK_INT(c.while_paused, 0);
    CHECK_INT(c.downs, 0);
    CHECK(pauses > 10);
    client_stop(&c);
    peer_stop(&peer);
}

static void test_load(void)
{
    printf("# seed %llu\n", (unsigned long long)SEED);
    both(load);
}

/* With a full receive buffer, a pause costs a few turns a second; resuming
 * with buffered messages does not wait. */
static void quiet_pause(SSL_CTX *tls)
{
    struct client c;
    struct peer peer;
    int seen;

    CHECK(peer_start(&peer, tls, script_load, NULL));
    client_start(&c, 5000);
    CHECK_INT(client_open(&c, &peer, "localhost", "/"), 0);
    c.pause_every = 100;
    TURN_UNTIL(&c, c.paused);
    seen = c.messages;
    c.turns = 0;
    turn_for(&c, 1000);
    CHECK_INT(c.messages, seen);
    CHECK(c.turns < 20);
    c.paused = false;
    c.turns = 0;
    ws_pause(c.ws, false);
    c.pause_every = 0;
    TURN_UNTIL(&c, c.messages == LOAD);
    CHECK_INT(c.disorder, 0);
    CHECK_INT(c.while_paused, 0);
    client_stop(&c);
    peer_stop(&peer);
}

static void test_quiet_pause(void)
{
    both(quiet_pause);
}

/* Paused before it is up, a connection hands out nothing. */
static void pause_first(SSL_CTX *tls)
{
    struct client c;
    struct peer peer;

    CHECK(peer_start(&peer, tls, script_hello, NULL));
    client_start(&c, 5000);
    c.paused = true;
    ws_pause(c.ws, true);
    CHECK_INT(client_open(&c, &peer, "localhost", "/"), 0);
    TURN_UNTIL(&c, c.ups == 1);
    turn_for(&c, 300);
    CHECK_INT(c.messages, 0);
    c.paused = false;
    ws_pause(c.ws, false);
    TURN_UNTIL(&c, c.messages == 1);
    client_stop(&c);
    peer_stop(&peer);
}

static void test_pause_first(void)
{
    both(pause_first);
}

static void script_ping(struct peer_conn *conn, void *arg)
{
    atomic_int *pings = arg;
    char text[128];
    size_t n;

    if (!peer_upgrade(conn))
        return;
    for (;;) {
        int opcode = peer_next(conn, text, &n);

        if (opcode < 0)
            return;
        if (opcode == PEER_PING) {
            atomic_fetch_add(pings, 1);
            peer_frame(conn, PEER_FIN | PEER_PONG, text, n);
        }
    }
}

/* Silence makes lws ping; each pong shows life. */
static void ping(SSL_CTX *tls)
{
    atomic_int pings = 0;
    struct client c;
    struct peer peer;

    CHECK(peer_start(&peer, tls, script_ping, &pings));
    client_start(&c, 5000);
    CHECK_INT(client_open(&c, &peer, "localhost", "/"), 0);
    TURN_UNTIL(&c, c.alives == 2);
    CHECK(atomic_load(&pings) >= 2);
    CHECK_INT(c.messages, 0);
    client_stop(&c);
    peer_stop(&peer);
}

static void test_ping(void)
{
    both(ping);
}

/* ---- ends ---- */

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

static void script_silent(struct peer_conn *conn, void *arg)
{
    (void)arg;
    if (peer_request(conn))
        peer_linger(conn);
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

/* ---- requests ---- */

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

/* ---- certificates ---- */

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
    RUN(test_shapes);
    RUN(test_bytes);
    RUN(test_oversize);
    RUN(test_no_sleep);
    RUN(test_load);
    RUN(test_quiet_pause);
    RUN(test_pause_first);
    RUN(test_ping);
    RUN(test_ends);
    RUN(test_stall);
    RUN(test_refused);
    RUN(test_give_up);
    RUN(test_subprotocol);
    RUN(test_long_path);
    RUN(test_no_proxy);
    RUN(test_certificates);
    RUN(test_no_cacert);
    peer_certs_remove(&certs);
    return check_done();
}
