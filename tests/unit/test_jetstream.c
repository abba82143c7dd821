#include "bsky/jetstream.h"

#include "jetworld.h"

static void test_name(void)
{
    static const struct {
        const char *url;
        const char *name;
    } rows[] = {
        {"wss://A.Example/subscribe", "a.example:443"},
        {"wss://a.example/xrpc/network.bsky.jetstream.subscribeEvents",
         "a.example:443"},
        {"a.example", "a.example:443"},
        {"ws://a.example", "a.example:80"},
        {"ws://127.0.0.1:8080/", "127.0.0.1:8080"},
        {"wss://[::1]:99/", "[::1]:99"},
        {"wss://a.example", "a.example:443"},
        {"wss://a.example/other", NULL},
        {"wss://a.example/subscribe/", NULL},
        {"wss://a.example/subscribe?cursor=1", NULL},
        {"ftp://a.example/subscribe", NULL},
        {"", NULL},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct err err = ERR_INIT;
        char name[POSITION_HOST_SIZE] = "";
        bool bad = rows[i].name == NULL;

        CHECK_INT(jetstream_name(rows[i].url, name, &err), bad ? -1 : 0);
        CHECK_STR(name, bad ? "" : rows[i].name);
        CHECK_INT(err.code, bad ? ERR_USAGE : ERR_NONE);
    }
    CHECK(strlen(jetstream_library()) > 0);
}

static void test_prefer(void)
{
    struct world w;

    world_init(&w);
    w.urls[0] = "wss://a.example/";
    w.urls[1] = "ws://b.example:81";
    w.urls[2] = "wss://c.example/";
    w.config.nurls = 3;
    world_open(&w);
    CHECK_STR(jetstream_prefer(w.js, ""), "a.example:443");
    CHECK_STR(jetstream_prefer(w.js, "b.example:81"), "b.example:81");
    CHECK_STR(jetstream_prefer(w.js, "b.example"), "b.example:81");
    CHECK_STR(jetstream_prefer(w.js, "d.example:443"), "b.example:81");
    CHECK_STR(jetstream_prefer(w.js, "c.example:443"), "c.example:443");
    world_close(&w);
}

static void test_new(void)
{
    struct world w;
    char did[100][64];
    const char *dids[400];
    struct err err = ERR_INIT;

    world_init(&w);
    CHECK(jetstream_new(&w.config, &err) == NULL);
    CHECK_INT(err.code, ERR_USAGE);
    err_clear(&err);
    w.urls[0] = "wss://a.example/";
    w.config.nurls = 1;
    w.config.dictionary = SLICE("not one");
    CHECK(jetstream_new(&w.config, &err) == NULL);
    CHECK_INT(err.code, ERR_DATA);
    err_clear(&err);
    w.config.dictionary.n = 0;
    w.config.dids = dids;
    for (int i = 0; i < 100; i++)
        snprintf(did[i], sizeof(did[i]), "did:plc:%024d", i);
    for (int i = 0; i < 400; i++)
        dids[i] = did[i % 100];
    w.config.ndids = 400;
    CHECK(jetstream_new(&w.config, &err) == NULL);
    CHECK_INT(err.code, ERR_USAGE);
    CHECK(strstr(err.text, "400 accounts") != NULL);
    w.config.ndids = 300;
    w.js = jetstream_new(&w.config, NULL);
    CHECK(w.js != NULL);
    jetstream_free(w.js);
    jetstream_free(NULL);
    buf_release(&w.last);
}

static void check_request(SSL_CTX *tls, int wire, const char *path)
{
    static const char *const dids[] = {"did:plc:abc", "did:web:b.example"};
    struct world w;
    struct peer peer;
    char name[64];

    CHECK(peer_start(&peer, tls, script_hello, NULL));
    world_init(&w);
    add_url(&w, &peer, "LOCALHOST", wire);
    w.config.dids = dids;
    w.config.ndids = 2;
    w.cursor = (struct position_cursor){true, true, 4711};
    world_open(&w);
    TURN_UNTIL(&w, w.messages == 1);
    CHECK(slice_eq(buf_slice(&w.last), SLICE("{\"hello\":1}")));
    CHECK_STR(w.log, "connecting up");
    snprintf(name, sizeof(name), "localhost:%u", peer.port);
    CHECK_STR(w.cursor_host, name);
    CHECK_STR(w.text[JETSTREAM_UP], name);
    CHECK_INT(w.cursors, 1);
    CHECK_INT(w.fetches, 0);
    CHECK(peer_saw(&peer, path));
    CHECK(peer_saw(&peer, "test_jetstream/1\r\n"));
    CHECK_INT(peer_saw(&peer, "Sec-WebSocket-Protocol: xrpc.v1.json\r\n"),
              wire == 2);
    world_close(&w);
    peer_stop(&peer);
}

static void test_request(void)
{
    for (int tls = 0; tls < 2; tls++) {
        if (tls && !have_certs)
            SKIP("TLS: no certificates");
        check_request(tls ? certs.good : NULL, 1,
                      "GET /subscribe?wantedCollections=app.bsky.feed.post"
                      "&wantedDids=did%3Aplc%3Aabc"
                      "&wantedDids=did%3Aweb%3Ab.example&cursor=4711 HTTP");
        check_request(tls ? certs.good : NULL, 2,
                      "GET /xrpc/network.bsky.jetstream.subscribeEvents"
                      "?kinds=commit&collections=app.bsky.feed.post"
                      "&dids=did%3Aplc%3Aabc&dids=did%3Aweb%3Ab.example"
                      "&cursor=4711 HTTP");
    }
}

static void script_many(struct peer_conn *conn, void *arg)
{
    (void)arg;
    if (!peer_upgrade(conn))
        return;
    for (int i = 0; i < 100; i++) {
        if (!peer_text(conn, "{}"))
            return;
    }
    peer_linger(conn);
}

/* A short pause keeps the connection; no clock of silence runs in it. */
static void test_pause(void)
{
    struct world w;
    struct peer peer;

    CHECK(peer_start(&peer, NULL, script_many, NULL));
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", 1);
    w.config.timing.event = 200;
    w.config.timing.first_event = 200;
    w.config.timing.frame = 200;
    w.pause_at = 10;
    world_open(&w);
    TURN_UNTIL(&w, w.paused);
    turn_for(&w, 500);
    CHECK_INT(w.messages, 10);
    CHECK_STR(w.log, "connecting up");
    w.paused = false;
    jetstream_resume(w.js, loop_now());
    w.pause_at = 100;
    TURN_UNTIL(&w, w.messages == 100);
    turn_for(&w, 500);
    w.paused = false;
    jetstream_resume(w.js, loop_now());
    turn(&w, 0);
    CHECK_STR(w.log, "connecting up");
    CHECK_INT(w.while_paused, 0);
    TURN_UNTIL(&w, w.news[JETSTREAM_DOWN] == 1);
    world_close(&w);
    peer_stop(&peer);
}

/* A long one closes it; it is made anew when there is room, from where the
 * position is by then. */
static void test_long_pause(void)
{
    struct world w;
    struct peer peer;

    CHECK(peer_start(&peer, NULL, script_many, NULL));
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", 1);
    w.config.timing.pause = 200;
    w.pause_at = 10;
    world_open(&w);
    TURN_UNTIL(&w, w.news[JETSTREAM_PAUSED] == 1);
    turn_for(&w, 300);
    CHECK_STR(w.log, "connecting up paused");
    CHECK_INT(w.messages, 10);
    CHECK_INT(w.cursors, 1);
    w.cursor = (struct position_cursor){true, true, 10};
    w.paused = false;
    jetstream_resume(w.js, loop_now());
    TURN_UNTIL(&w, w.messages == 110);
    CHECK_STR(w.log, "connecting up paused connecting up");
    CHECK_INT(w.cursors, 2);
    CHECK(peer_saw(&peer, "&cursor=10 HTTP"));
    CHECK_INT(w.while_paused, 0);
    world_close(&w);
    peer_stop(&peer);
}

/* Paused before anything began, nothing begins. */
static void test_pause_first(void)
{
    struct world w;
    struct peer peer;

    CHECK(peer_start(&peer, NULL, script_hello, NULL));
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", 1);
    world_open(&w);
    jetstream_pause(w.js, loop_now());
    jetstream_pause(w.js, loop_now());
    turn_for(&w, 100);
    CHECK_STR(w.log, "");
    jetstream_resume(w.js, loop_now());
    jetstream_resume(w.js, loop_now());
    TURN_UNTIL(&w, w.messages == 1);
    world_close(&w);
    peer_stop(&peer);
}

int main(void)
{
    have_certs = peer_certs_make(&certs);
    RUN(test_name);
    RUN(test_prefer);
    RUN(test_new);
    RUN(test_request);
    RUN(test_pause);
    RUN(test_long_pause);
    RUN(test_pause_first);
    peer_certs_remove(&certs);
    return check_done();
}
