#include "bsky/jetstream.h"

#include "jetworld.h"

static void script_retry_late(struct peer_conn *conn, void *arg)
{
    (void)arg;
    peer_refuse(conn, "503 Service Unavailable", "Retry-After: 60\r\n", "");
}

/* A host that fails goes on being tried until its time is up; then the next,
 * in their order, and round again. */
static void test_failover(void)
{
    struct peer peers[3];
    struct world w;
    char name[64];
    peer_script *const scripts[] = {script_503, script_stall, script_brief};

    world_init(&w);
    for (int i = 0; i < 3; i++) {
        CHECK(peer_start(&peers[i], NULL, scripts[i], NULL));
        add_url(&w, &peers[i], "127.0.0.1", 1);
    }
    w.config.timing.host = 300;
    w.config.timing.connect = 100;
    w.config.timing.retry_base = 5;
    world_open(&w);
    TURN_UNTIL(&w, peer_connections(&peers[1]) > 0);
    CHECK(peer_connections(&peers[0]) > 1);
    CHECK_INT(peer_connections(&peers[2]), 0);
    snprintf(name, sizeof(name), "127.0.0.1:%u", peers[0].port);
    TURN_UNTIL(&w, w.messages > 2);
    snprintf(name, sizeof(name), "127.0.0.1:%u", peers[2].port);
    CHECK_STR(w.cursor_host, name);
    peer_stop(&peers[2]);
    TURN_UNTIL(&w, strcmp(w.cursor_host, name) != 0);
    snprintf(name, sizeof(name), "127.0.0.1:%u", peers[0].port);
    CHECK_STR(w.cursor_host, name);
    world_close(&w);
    peer_stop(&peers[0]);
    peer_stop(&peers[1]);
}

/* A preferred host comes first, and those behind it in their order, the first
 * of the list after the last. */
static void test_failover_from_preferred(void)
{
    struct peer peers[3];
    struct world w;
    char name[64];

    world_init(&w);
    for (int i = 0; i < 3; i++) {
        CHECK(peer_start(&peers[i], NULL, i == 0 ? script_hello : script_503,
                         NULL));
        add_url(&w, &peers[i], "127.0.0.1", 1);
    }
    w.config.timing.host = 200;
    w.config.timing.retry_base = 5;
    world_open(&w);
    snprintf(name, sizeof(name), "127.0.0.1:%u", peers[1].port);
    CHECK_STR(jetstream_prefer(w.js, name), name);
    TURN_UNTIL(&w, peer_connections(&peers[2]) > 0);
    CHECK(peer_connections(&peers[1]) > 0);
    CHECK_INT(peer_connections(&peers[0]), 0);
    TURN_UNTIL(&w, w.messages == 1);
    CHECK_INT(peer_connections(&peers[0]), 1);
    world_close(&w);
    for (int i = 0; i < 3; i++)
        peer_stop(&peers[i]);
}

/* Retry-After binds us to a host no longer than the host's own time. */
static void test_failover_early(void)
{
    struct peer peers[2];
    struct world w;
    int64_t began = loop_now();

    world_init(&w);
    CHECK(peer_start(&peers[0], NULL, script_retry_late, NULL));
    CHECK(peer_start(&peers[1], NULL, script_hello, NULL));
    add_url(&w, &peers[0], "127.0.0.1", 1);
    add_url(&w, &peers[1], "127.0.0.1", 1);
    w.config.timing.host = 200;
    world_open(&w);
    TURN_UNTIL(&w, w.messages == 1);
    CHECK(loop_now() - began < 15000);
    CHECK_INT(peer_connections(&peers[1]), 1);
    world_close(&w);
    peer_stop(&peers[0]);
    peer_stop(&peers[1]);
}

/* Refuses once, and then delivers one message. */
static void script_second(struct peer_conn *conn, void *arg)
{
    if (conn->number == 0)
        script_503(conn, arg);
    else
        script_hello(conn, arg);
}

/* A pause for so long that the connection is closed meanwhile. */
static void long_pause(struct world *w, int64_t ms)
{
    jetstream_pause(w->js, loop_now());
    turn_for(w, ms);
    jetstream_resume(w->js, loop_now());
}

/* A host that failed once, and then was good for ${flow} ms, stays the one
 * that is tried after a pause of ${pause} ms. */
static void check_pause_keeps(bool progress, int64_t flow, int64_t pause)
{
    struct peer peers[2];
    struct world w;

    world_init(&w);
    CHECK(peer_start(&peers[0], NULL, script_second, NULL));
    CHECK(peer_start(&peers[1], NULL, script_hello, NULL));
    add_url(&w, &peers[0], "127.0.0.1", 1);
    add_url(&w, &peers[1], "127.0.0.1", 1);
    w.config.timing.host = 600;
    w.config.timing.pause = 50;
    w.config.timing.retry_base = 5;
    w.progress = progress;
    world_open(&w);
    TURN_UNTIL(&w, w.messages == 1);
    turn_for(&w, flow);
    long_pause(&w, pause);
    TURN_UNTIL(&w, w.messages == 2);
    CHECK_STR(w.log, "connecting down connecting up paused connecting up");
    CHECK_INT(peer_connections(&peers[1]), 0);
    world_close(&w);
    peer_stop(&peers[0]);
    peer_stop(&peers[1]);
}

/* A pause is not the host's time, and no failure of a host that made
 * progress before it. */
static void test_failover_pause(void)
{
    check_pause_keeps(false, 0, 700);
    check_pause_keeps(true, 700, 100);
}

/* The next address of a name is tried at the next attempt. */
static void test_next_address(void)
{
    struct world w;
    struct peer peer;

    CHECK(peer_start(&peer, NULL, script_hello, NULL));
    world_init(&w);
    add_url(&w, &peer, "two.test", 1);
    world_open(&w);
    TURN_UNTIL(&w, w.messages == 1);
    CHECK_STR(w.log, "connecting down connecting up");
    world_close(&w);
    peer_stop(&peer);
}

static void check_budget(peer_script *script, const char *why)
{
    struct world w;
    struct peer peer;
    int64_t began = loop_now();

    CHECK(peer_start(&peer, NULL, script, NULL));
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", 1);
    w.config.retry_for = 400;
    w.config.timing.connect = 100;
    world_open(&w);
    while (!w.failed && loop_now() - began < DEADLINE_MS)
        turn(&w, 1000);
    CHECK(loop_now() - began >= 390);
    CHECK_INT(w.err.code, ERR_UNAVAILABLE);
    CHECK(strstr(w.err.text, why) != NULL);
    CHECK(strstr(w.err.text, "127.0.0.1:") != NULL);
    CHECK(w.news[JETSTREAM_DOWN] > 1);
    world_close(&w);
    peer_stop(&peer);
}

static void test_budget(void)
{
    check_budget(script_503, "503");
    check_budget(script_stall, "not connected within 100 ms");
}

/* Nor does a pause use up the budget. */
static void test_budget_pause(void)
{
    struct world w;
    struct peer peer;

    CHECK(peer_start(&peer, NULL, script_503, NULL));
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", 1);
    w.config.retry_for = 400;
    world_open(&w);
    TURN_UNTIL(&w, w.news[JETSTREAM_DOWN] == 1);
    long_pause(&w, 500);
    TURN_UNTIL(&w, w.news[JETSTREAM_DOWN] == 2);
    world_close(&w);
    peer_stop(&peer);
}

/* Messages are progress: the budget starts anew. */
static void test_budget_flow(void)
{
    struct world w;
    struct peer peer;

    CHECK(peer_start(&peer, NULL, script_brief, NULL));
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", 1);
    w.config.retry_for = 300;
    w.config.timing.retry_base = 100;
    w.config.timing.retry_cap = 100;
    world_open(&w);
    turn_for(&w, 1200);
    CHECK(!w.failed);
    CHECK(w.messages > 3);
    world_close(&w);
    peer_stop(&peer);
}

/* The longest of the delays after twelve connections that end early. */
static int64_t longest_delay(bool progress)
{
    struct world w;
    struct peer peer;
    int64_t most = 0;

    CHECK(peer_start(&peer, NULL, script_brief, NULL));
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", 1);
    w.config.timing.retry_base = 4;
    w.config.timing.retry_cap = 300;
    w.progress = progress;
    world_open(&w);
    TURN_UNTIL(&w, w.news[JETSTREAM_DOWN] == 12);
    CHECK_INT(w.messages, 12);
    for (int i = 0; i < 12; i++)
        most = w.retries[i] > most ? w.retries[i] : most;
    world_close(&w);
    peer_stop(&peer);
    return most;
}

/* What brings nothing new is tried ever less often; what brings us on is not
 * a failure when it ends. */
static void test_backoff(void)
{
    int64_t most = longest_delay(false);

    CHECK(most > 16);
    CHECK(most <= 300);
    CHECK(longest_delay(true) <= 4);
}

/* Refuses six times, and then delivers and breaks. */
static void script_late(struct peer_conn *conn, void *arg)
{
    if (conn->number < 6)
        script_503(conn, arg);
    else
        script_brief(conn, arg);
}

/* Progress does not add to the failures before it. */
static void test_backoff_kept(void)
{
    struct world w;
    struct peer peer;

    CHECK(peer_start(&peer, NULL, script_late, NULL));
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", 1);
    w.config.timing.retry_base = 1;
    w.config.timing.retry_cap = 2000;
    w.progress = true;
    world_open(&w);
    TURN_UNTIL(&w, w.news[JETSTREAM_DOWN] == 12);
    CHECK_INT(w.messages, 6);
    for (int i = 6; i < 12; i++)
        CHECK(w.retries[i] <= 32);
    world_close(&w);
    peer_stop(&peer);
}

static void check_silence(struct jetstream_timing timing, bool greet,
                          const char *why)
{
    struct world w;
    struct peer peer;
    int64_t began = loop_now();

    CHECK(peer_start(&peer, NULL, greet ? script_hello : script_silent, NULL));
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", 1);
    w.config.timing = timing;
    world_open(&w);
    TURN_UNTIL(&w, w.news[JETSTREAM_UP] == 2);
    CHECK(loop_now() - began >= 280);
    CHECK(loop_now() - began < 8000);
    CHECK_STR(w.log, "connecting up down connecting up");
    CHECK(strstr(w.text[JETSTREAM_DOWN], why) != NULL);
    world_close(&w);
    peer_stop(&peer);
}

static void test_silence(void)
{
    struct jetstream_timing usual = {.connect = 3000,
                                     .frame = 10000,
                                     .first_event = 10000,
                                     .event = 10000,
                                     .pause = 5000,
                                     .host = 10000,
                                     .settle = 10000,
                                     .retry_base = 5,
                                     .retry_cap = 5};
    struct jetstream_timing t = usual;

    t.first_event = 300;
    check_silence(t, false, "no event for 3");
    t = usual;
    t.event = 300;
    check_silence(t, true, "no event for 3");
    t = usual;
    t.frame = 300;
    check_silence(t, true, "no sign of life for 3");
    t.event = 0;
    t.first_event = 1;
    check_silence(t, false, "no sign of life for 3");
}

/* With chosen accounts, the lack of events means nothing. */
static void test_silence_dids(void)
{
    static const char *const did = "did:plc:x";
    struct world w;
    struct peer peer;

    CHECK(peer_start(&peer, NULL, script_silent, NULL));
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", 1);
    w.config.timing.first_event = 50;
    w.config.timing.event = 50;
    w.config.dids = &did;
    w.config.ndids = 1;
    world_open(&w);
    TURN_UNTIL(&w, w.news[JETSTREAM_UP] == 1);
    turn_for(&w, 300);
    CHECK_STR(w.log, "connecting up");
    world_close(&w);
    peer_stop(&peer);
}

/* A resolver that never answers blocks nothing, and the attempt ends. */
static void test_hole(void)
{
    struct world w;
    int64_t began = loop_now();

    world_init(&w);
    w.urls[0] = "ws://hole.test:1/subscribe";
    w.config.nurls = 1;
    w.config.timing.connect = 200;
    world_open(&w);
    TURN_UNTIL(&w, w.news[JETSTREAM_DOWN] == 2);
    CHECK(loop_now() - began >= 390);
    CHECK(w.slowest < 1000);
    CHECK(strstr(w.text[JETSTREAM_DOWN], "does not resolve") != NULL);
    CHECK_INT(w.cursors, 0);
    TURN_UNTIL(&w, w.news[JETSTREAM_CONNECTING] == 3);
    world_close(&w);
    pthread_mutex_lock(&hole_lock);
    hole_open = true;
    pthread_cond_broadcast(&hole_changed);
    while (in_hole > 0)
        pthread_cond_wait(&hole_changed, &hole_lock);
    pthread_mutex_unlock(&hole_lock);
}

static void test_certificate(void)
{
    struct world w;
    struct peer peer;

    if (!have_certs)
        SKIP("no certificates");
    CHECK(peer_start(&peer, certs.foreign, script_hello, NULL));
    world_init(&w);
    add_url(&w, &peer, "localhost", 1);
    world_open(&w);
    TURN_UNTIL(&w, w.news[JETSTREAM_DOWN] == 1);
    CHECK(strstr(w.text[JETSTREAM_DOWN], "certificate") != NULL);
    CHECK_INT(w.news[JETSTREAM_UP], 0);
    world_close(&w);
    peer_stop(&peer);
}

int main(void)
{
    have_certs = peer_certs_make(&certs);
    RUN(test_failover);
    RUN(test_failover_from_preferred);
    RUN(test_failover_early);
    RUN(test_failover_pause);
    RUN(test_next_address);
    RUN(test_budget);
    RUN(test_budget_pause);
    RUN(test_budget_flow);
    RUN(test_backoff);
    RUN(test_backoff_kept);
    RUN(test_silence);
    RUN(test_silence_dids);
    RUN(test_hole);
    RUN(test_certificate);
    peer_certs_remove(&certs);
    return check_done();
}
