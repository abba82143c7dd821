#include "bsky/ws.h"

#include <stdatomic.h>

#include "base/retry.h"
#include "wsclient.h"

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

/* A hundred messages in one write. */
static void script_bunch(struct peer_conn *conn, void *arg)
{
    char bunch[300];

    (void)arg;
    for (size_t i = 0; i < sizeof(bunch); i += 3)
        memcpy(bunch + i, "\x81\x01x", 3);
    if (peer_upgrade(conn) && peer_write(conn, bunch, sizeof(bunch)))
        peer_linger(conn);
}

/* What lws holds back in a pause comes at once when it ends, though nothing
 * more arrives. */
static void held_back(SSL_CTX *tls)
{
    struct client c;
    struct peer peer;

    CHECK(peer_start(&peer, tls, script_bunch, NULL));
    client_start(&c, 5000);
    CHECK_INT(client_open(&c, &peer, "localhost", "/"), 0);
    c.pause_every = 10;
    TURN_UNTIL(&c, c.paused);
    turn_for(&c, 300);
    CHECK_INT(c.messages, 10);
    c.paused = false;
    c.pause_every = 0;
    ws_pause(c.ws, false);
    CHECK_INT(ws_poll(c.ws, &(struct pollfd){0}, &(size_t){0}), 0);
    TURN_UNTIL(&c, c.messages == 100);
    client_stop(&c);
    peer_stop(&peer);
}

static void test_held_back(void)
{
    both(held_back);
}

/* A message now and then, but never a pong. */
static void script_no_pong(struct peer_conn *conn, void *arg)
{
    (void)arg;
    if (!peer_upgrade(conn))
        return;
    while (peer_text(conn, "x"))
        poll(NULL, 0, 200);
}

/* Messages show life as well as pongs do: lws's own limit of three pings does
 * not end the connection. */
static void test_no_pong(void)
{
    struct client c;
    struct peer peer;

    CHECK(peer_start(&peer, NULL, script_no_pong, NULL));
    client_start(&c, 5000);
    CHECK_INT(client_open(&c, &peer, "localhost", "/"), 0);
    TURN_UNTIL(&c, c.messages == 20 || c.downs > 0);
    CHECK_INT(c.downs, 0);
    client_stop(&c);
    peer_stop(&peer);
}

int main(void)
{
    have_certs = peer_certs_make(&certs);
    RUN(test_no_sleep);
    RUN(test_load);
    RUN(test_quiet_pause);
    RUN(test_pause_first);
    RUN(test_ping);
    RUN(test_held_back);
    RUN(test_no_pong);
    peer_certs_remove(&certs);
    return check_done();
}
