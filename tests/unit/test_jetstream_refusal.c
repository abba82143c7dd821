#include "bsky/jetstream.h"

#include "jetworld.h"

#define UNKNOWN "{\"error\":\"UnknownZstdDictionary\",\"message\":\"it is 8\"}"

static void test_too_old(void)
{
    struct answer old = {
        400, "{\"error\":\"CursorTooOld\",\"message\":\"floor is 9\"}", 0};
    struct world w;
    struct peer peer;
    int times = 1;
    char url[200];

    CHECK(peer_start(&peer, NULL, script_400, &times));
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", 2);
    w.cursor = (struct position_cursor){true, true, 5};
    w.answers = &old;
    w.nanswers = 1;
    world_open(&w);
    TURN_UNTIL(&w, w.messages == 1);
    CHECK_STR(w.log, "connecting old connecting up");
    CHECK_STR(w.text[JETSTREAM_TOO_OLD], "floor is 9");
    CHECK_INT(w.cursors, 2);
    CHECK_INT(w.by_times, 1);
    snprintf(url, sizeof(url),
             "http://127.0.0.1:%u/xrpc/network.bsky.jetstream.subscribeEvents"
             "?kinds=commit&collections=app.bsky.feed.post&cursor=5",
             peer.port);
    CHECK_STR(w.fetched, url);
    world_close(&w);
    peer_stop(&peer);
}

/* By time as well: no hot loop, but an ordinary failure. */
static void test_always_too_old(void)
{
    struct answer old = {400, "{\"error\":\"CursorTooOld\"}", 0};
    struct world w;
    struct peer peer;
    int times = 100;

    CHECK(peer_start(&peer, NULL, script_400, &times));
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", 2);
    w.answers = &old;
    w.nanswers = 1;
    world_open(&w);
    TURN_UNTIL(&w, w.news[JETSTREAM_DOWN] == 2);
    CHECK_STR(w.log, "connecting old connecting down connecting down");
    CHECK_STR(w.text[JETSTREAM_DOWN], "CursorTooOld");
    CHECK_INT(w.by_times, 2);
    world_close(&w);
    peer_stop(&peer);
}

static void check_invalid(int wire, const char *body, const char *words)
{
    struct answer no = {400, body, 0};
    struct world w;
    struct peer peer;
    int times = 100;

    CHECK(peer_start(&peer, NULL, script_400, &times));
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", wire);
    w.answers = &no;
    w.nanswers = 1;
    world_open(&w);
    while (!w.failed && w.news[JETSTREAM_CONNECTING] < 5)
        turn(&w, 1000);
    CHECK(w.failed);
    CHECK_INT(w.err.code, ERR_PROTOCOL);
    CHECK(strstr(w.err.text, words) != NULL);
    CHECK(strstr(w.err.text, "127.0.0.1:") != NULL);
    CHECK_INT(jetstream_run(w.js, loop_now(), NULL), -1);
    world_close(&w);
    peer_stop(&peer);
}

static void test_invalid(void)
{
    check_invalid(1, "subscribe: invalid cursor: \"\033[31mabc\"\n",
                  ": subscribe: invalid cursor: \"?[31mabc\"");
    check_invalid(2, "{\"error\":\"InvalidRequest\",\"message\":\"so\\u0007\"}",
                  ": so?");
    check_invalid(2, UNKNOWN, ": it is 8");
    check_invalid(2, "{\"error\":", ": {\"error\":");
    check_invalid(2, "[1]", ": [1]");
}

/* The plain request says something else, or nothing: an ordinary failure. */
static void check_other_body(struct answer a, bool hold)
{
    struct world w;
    struct peer peer;
    int times = 1;

    CHECK(peer_start(&peer, NULL, script_400, &times));
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", 1);
    w.config.timing.connect = 300;
    w.answers = &a;
    w.nanswers = a.body != NULL;
    w.hold = hold;
    world_open(&w);
    TURN_UNTIL(&w, w.messages == 1);
    CHECK_STR(w.log, "connecting down connecting up");
    CHECK(strstr(w.text[JETSTREAM_DOWN], "status 400") != NULL);
    world_close(&w);
    peer_stop(&peer);
}

static void test_other_body(void)
{
    check_other_body((struct answer){426, "upgrade", 0}, false);
    check_other_body((struct answer){0, "", 0}, false);
    check_other_body((struct answer){400, "x", 0}, true);
    check_other_body((struct answer){0, NULL, 0}, false);
}

static void script_retry_after(struct peer_conn *conn, void *arg)
{
    (void)arg;
    if (conn->number == 0)
        peer_refuse(conn, "503 Service Unavailable", "Retry-After: 1\r\n", "");
    else
        script_hello(conn, NULL);
}

static void test_retry_after(void)
{
    struct world w;
    struct peer peer;
    int64_t began;

    CHECK(peer_start(&peer, NULL, script_retry_after, NULL));
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", 1);
    world_open(&w);
    TURN_UNTIL(&w, w.news[JETSTREAM_DOWN] == 1);
    began = loop_now();
    CHECK_INT(w.retry_ms, 1000);
    CHECK(strstr(w.text[JETSTREAM_DOWN], "503") != NULL);
    TURN_UNTIL(&w, w.messages == 1);
    CHECK(loop_now() - began >= 990);
    world_close(&w);
    peer_stop(&peer);
}

int main(void)
{
    have_certs = peer_certs_make(&certs);
    RUN(test_too_old);
    RUN(test_always_too_old);
    RUN(test_invalid);
    RUN(test_other_body);
    RUN(test_retry_after);
    peer_certs_remove(&certs);
    return check_done();
}
