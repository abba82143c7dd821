/*
 * A websocket client for tests, and what its hooks have seen.
 */
#ifndef WSCLIENT_H
#define WSCLIENT_H

#include <poll.h>
#include <stdlib.h>

#include "base/loop.h"
#include "base/retry.h"
#include "bsky/ws.h"
#include "check.h"
#include "peercerts.h"
#include "wspeer.h"

#define SEED UINT64_C(424242)
#define DEADLINE_MS check_patience(20000)
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

static inline void on_up(void *arg)
{
    ((struct client *)arg)->ups++;
}

static inline void on_message(void *arg, struct slice data, bool binary)
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

static inline void on_oversize(void *arg)
{
    ((struct client *)arg)->oversizes++;
}

static inline void on_alive(void *arg)
{
    ((struct client *)arg)->alives++;
}

static inline void on_down(void *arg, const struct ws_end *end)
{
    struct client *c = arg;

    c->downs++;
    c->end = *end;
}

static inline void client_start(struct client *c, int64_t connect_ms)
{
    struct ws_hooks hooks = {on_up,    on_message, on_oversize,
                             on_alive, on_down,    NULL};
    struct ws_config config = {
        .cacert = have_certs ? certs.ca : NULL,
        .user_agent = "test_ws/1",
        .message_max = MESSAGE_MAX,
        .connect_ms = connect_ms,
        .ping_ms = 1000,
        .hooks = hooks,
    };
    struct err err = ERR_INIT;

    memset(c, 0, sizeof(*c));
    config.hooks.arg = c;
    buf_init(&c->last, MESSAGE_MAX);
    c->ws = ws_new(&config, &err);
    CHECK(c->ws != NULL);
    CHECK_STR(err.text, "");
}

static inline void client_stop(struct client *c)
{
    ws_free(c->ws);
    buf_release(&c->last);
}

static inline int client_open(struct client *c, const struct peer *peer,
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
static inline void turn(struct client *c, int64_t cap)
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
static inline void turn_for(struct client *c, int64_t ms)
{
    int64_t end = loop_now() + ms;

    while (loop_now() < end)
        turn(c, end - loop_now());
}

/* Runs ${test} over plain TCP and, where openssl(1) works, over TLS. */
static inline void both(void (*test)(SSL_CTX *tls))
{
    test(NULL);
    if (have_certs)
        test(certs.good);
    else
        SKIP("TLS: no certificates");
}

static inline void script_hello(struct peer_conn *conn, void *arg)
{
    (void)arg;
    if (peer_upgrade(conn) && peer_text(conn, "0"))
        peer_linger(conn);
}

/* Numbered messages of many sizes, in writes (and TLS records) of many more. */
static inline void script_load(struct peer_conn *conn, void *arg)
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

static inline void script_silent(struct peer_conn *conn, void *arg)
{
    (void)arg;
    if (peer_request(conn))
        peer_linger(conn);
}

#endif
