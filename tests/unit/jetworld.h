/*
 * A Jetstream source for tests: names that resolve as they should, a world of
 * hooks around the source, and what servers do.
 */
#ifndef JETWORLD_H
#define JETWORLD_H

#include <dlfcn.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>

#include "base/loop.h"
#include "bsky/jetstream.h"
#include "check.h"
#include "peercerts.h"
#include "wspeer.h"

#define DEADLINE_MS check_patience(20000)

static struct peer_certs certs;
static bool have_certs;

typedef int look_up(const char *, const char *, const struct addrinfo *,
                    struct addrinfo **);

/* The next definition behind this program's: RTLD_NEXT, which POSIX lacks. */
static inline look_up *real_getaddrinfo(void)
{
    void *p = dlsym((void *)-1L, "getaddrinfo");
    look_up *f;

    memcpy(&f, &p, sizeof(f));
    return f;
}

static pthread_mutex_t hole_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t hole_changed = PTHREAD_COND_INITIALIZER;
static bool hole_open;
static int in_hole;

static inline void fall_into_hole(void)
{
    pthread_mutex_lock(&hole_lock);
    in_hole++;
    while (!hole_open)
        pthread_cond_wait(&hole_changed, &hole_lock);
    in_hole--;
    pthread_cond_broadcast(&hole_changed);
    pthread_mutex_unlock(&hole_lock);
}

/* hole.test has no answer; two.test has two, of which nobody listens on the
 * first; localhost is 127.0.0.1 alone, where the peer is. */
int getaddrinfo(const char *restrict node, const char *restrict service,
                const struct addrinfo *restrict hints,
                struct addrinfo **restrict res)
{
    look_up *real = real_getaddrinfo();
    int rc;

    if (strcmp(node, "hole.test") == 0 && !(hints->ai_flags & AI_NUMERICHOST)) {
        fall_into_hole();
        return EAI_AGAIN;
    }
    if (strcmp(node, "localhost") == 0)
        return real("127.0.0.1", service, hints, res);
    if (strcmp(node, "two.test") != 0 || hints->ai_flags & AI_NUMERICHOST)
        return real(node, service, hints, res);
    rc = real("127.0.0.9", service, hints, res);
    return rc != 0 ? rc : real("127.0.0.1", service, hints, &(*res)->ai_next);
}

struct answer {
    int status;
    const char *body;
    size_t n; /* 0: a string's */
};

struct world {
    struct jetstream *js;
    struct jetstream_config config;
    const char *urls[3];
    char url_text[3][128];
    char log[4096]; /* the news, a word each */
    int news[JETSTREAM_TOO_OLD + 1];
    char text[JETSTREAM_TOO_OLD + 1][300]; /* of the latest */
    int64_t retry_ms;
    int64_t retries[64]; /* of each DOWN */
    int messages;
    struct buf last;
    bool paused;
    int while_paused;
    bool progress; /* every message is new */
    int pause_at;  /* pause with this message; 0: never */
    struct position_cursor cursor;
    int cursors, by_times;
    char cursor_host[300];
    const struct answer *answers; /* to fetches; the last repeats */
    size_t nanswers;
    bool hold; /* let fetches wait */
    int fetches, unfetches;
    char fetched[1024];
    jetstream_fetched *done;
    void *done_arg;
    struct err err;
    bool failed;
    int64_t slowest; /* turn, without the sleep */
};

static inline void on_message(void *arg, struct slice json)
{
    struct world *w = arg;

    w->messages++;
    w->while_paused += w->paused;
    buf_reset(&w->last);
    CHECK_INT(buf_addslice(&w->last, json), 0);
    if (w->progress)
        jetstream_progress(w->js);
    if (w->messages == w->pause_at) {
        w->paused = true;
        jetstream_pause(w->js, loop_now());
    }
}

static inline struct position_cursor on_cursor(void *arg, const char *host,
                                               bool by_time)
{
    struct world *w = arg;

    w->cursors++;
    w->by_times += by_time;
    snprintf(w->cursor_host, sizeof(w->cursor_host), "%s", host);
    return w->cursor;
}

static inline void on_news(void *arg, const struct jetstream_news *news)
{
    static const char *const words[] = {"connecting", "up",       "down",
                                        "paused",     "oversize", "garbage",
                                        "plain",      "old"};
    struct world *w = arg;
    size_t n = strlen(w->log);

    if (n + 20 < sizeof(w->log))
        snprintf(w->log + n, sizeof(w->log) - n, "%s%s", n > 0 ? " " : "",
                 words[news->change]);
    snprintf(w->text[news->change], sizeof(w->text[0]), "%s", news->text);
    if (news->change == JETSTREAM_DOWN) {
        w->retry_ms = news->retry_ms;
        w->retries[w->news[JETSTREAM_DOWN] % 64] = news->retry_ms;
    }
    w->news[news->change]++;
}

static inline void *on_fetch(void *arg, const char *url,
                             jetstream_fetched *done, void *done_arg)
{
    struct world *w = arg;

    CHECK(w->done == NULL);
    w->fetches++;
    snprintf(w->fetched, sizeof(w->fetched), "%s", url);
    if (w->nanswers == 0)
        return NULL;
    w->done = done;
    w->done_arg = done_arg;
    return w;
}

static inline void on_unfetch(void *arg, void *handle)
{
    struct world *w = arg;

    CHECK(handle == w);
    CHECK(w->done != NULL);
    w->unfetches++;
    w->done = NULL;
}

static inline void answer(struct world *w)
{
    size_t i = (size_t)w->fetches - 1;
    const struct answer *a = &w->answers[i < w->nanswers ? i : w->nanswers - 1];
    struct slice body = {a->body, a->n};
    jetstream_fetched *done = w->done;

    w->done = NULL;
    if (a->n == 0)
        body = slice_str(a->body);
    done(w->done_arg, a->status, body);
}

static inline void world_init(struct world *w)
{
    memset(w, 0, sizeof(*w));
    buf_init(&w->last, JETSTREAM_MESSAGE_MAX);
    w->config = (struct jetstream_config){
        .urls = w->urls,
        .cacert = have_certs ? certs.ca : NULL,
        .user_agent = "test_jetstream/1",
        .timing = {.connect = 3000,
                   .frame = 10000,
                   .first_event = 10000,
                   .event = 10000,
                   .pause = 5000,
                   .host = 10000,
                   .settle = 10000,
                   .retry_base = 20,
                   .retry_cap = 200},
        .seed = 7,
        .hooks = {on_message, on_cursor, on_news, on_fetch, on_unfetch, w},
    };
}

static inline void add_url(struct world *w, const struct peer *peer,
                           const char *host, int wire)
{
    size_t i = w->config.nurls++;

    snprintf(w->url_text[i], sizeof(w->url_text[i]), "%s://%s:%u%s",
             peer->tls != NULL ? "wss" : "ws", host, peer->port,
             wire == 1 ? "/subscribe"
                       : "/xrpc/network.bsky.jetstream.subscribeEvents");
    w->urls[i] = w->url_text[i];
}

static inline void world_open(struct world *w)
{
    struct err err = ERR_INIT;

    w->js = jetstream_new(&w->config, &err);
    CHECK(w->js != NULL);
    CHECK_STR(err.text, "");
}

static inline void world_close(struct world *w)
{
    int told = w->messages + (int)strlen(w->log);

    jetstream_free(w->js);
    CHECK(w->done == NULL);
    CHECK_INT(w->messages + (int)strlen(w->log), told);
    buf_release(&w->last);
}

static inline void turn(struct world *w, int64_t cap)
{
    struct pollfd fd;
    size_t used;
    int64_t nap, began;

    if (w->done != NULL && !w->hold)
        answer(w);
    nap = jetstream_poll(w->js, loop_now(), &fd, &used, cap);
    CHECK(nap >= 0 && nap <= cap && used <= 1);
    poll(&fd, used, (int)nap);
    began = loop_now();
    if (jetstream_run(w->js, loop_now(), &w->err) != 0)
        w->failed = true;
    if (loop_now() - began > w->slowest)
        w->slowest = loop_now() - began;
}

#define TURN_UNTIL(w, cond)                                                    \
    do {                                                                       \
        int64_t deadline_ = loop_now() + DEADLINE_MS;                          \
        while (!(cond) && !(w)->failed && loop_now() < deadline_)              \
            turn((w), 1000);                                                   \
        CHECK(cond);                                                           \
    } while (0)

static inline void turn_for(struct world *w, int64_t ms)
{
    int64_t end = loop_now() + ms;

    while (loop_now() < end)
        turn(w, end - loop_now());
}

/* One message, and then silence. */
static inline void script_hello(struct peer_conn *conn, void *arg)
{
    (void)arg;
    if (peer_upgrade(conn) && peer_text(conn, "{\"hello\":1}"))
        peer_linger(conn);
}

static inline void script_silent(struct peer_conn *conn, void *arg)
{
    (void)arg;
    if (peer_upgrade(conn))
        peer_linger(conn);
}

/* One message, and then the end. */
static inline void script_brief(struct peer_conn *conn, void *arg)
{
    (void)arg;
    if (peer_upgrade(conn))
        peer_text(conn, "{\"hello\":1}");
}

static inline void script_503(struct peer_conn *conn, void *arg)
{
    (void)arg;
    peer_refuse(conn, "503 Service Unavailable", "", "");
}

static inline void script_stall(struct peer_conn *conn, void *arg)
{
    (void)arg;
    if (peer_request(conn))
        peer_linger(conn);
}

/* Refuses ${arg} times with a 400, and then is friendly. */
static inline void script_400(struct peer_conn *conn, void *arg)
{
    const int *times = arg;

    if ((int)conn->number < *times)
        peer_refuse(conn, "400 Bad Request", "", "hidden");
    else
        script_hello(conn, NULL);
}

#endif
