#include "s2/http.h"

#include <signal.h>
#include <stdlib.h>

#include "base/retry.h"
#include "httpbyhand.h"

#define SEED UINT64_C(20240731)

/* One session whose request has arrived. */
struct setup {
    struct http *http;
    struct byhand byhand;
    struct heard heard;
    struct http_request *request;
    size_t peer;
};

static void setup_init(struct setup *s, int64_t silence_ms)
{
    memset(s, 0, sizeof(*s));
    s->http = got_make(1);
    byhand_start(&s->byhand, s->http);
    s->request = heard_start(&s->byhand, silence_ms, &s->heard);
    s->peer = byhand_accept(&s->byhand);
}

static void setup_release(struct setup *s)
{
    http_free(s->http);
    byhand_stop(&s->byhand);
}

/* Bytes are handed on while the answer goes on. */
static void test_bytes(void)
{
    struct setup s;

    setup_init(&s, PATIENCE_MS);
    byhand_raw(&s.byhand, s.peer, BYHAND_HEAD);
    byhand_chunk(&s.byhand, s.peer, SLICE("one"));
    heard_run(&s.byhand, &s.heard, 3);
    CHECK_INT(s.heard.got.calls, 0);
    byhand_chunk(&s.byhand, s.peer, SLICE("two"));
    heard_run(&s.byhand, &s.heard, 6);
    byhand_end(&s.byhand, s.peer);
    got_run(s.http, &s.heard.got, 1);
    CHECK(memcmp(s.heard.bytes, "onetwo", 6) == 0);
    CHECK_INT(s.heard.got.failure, HTTP_NONE);
    CHECK_INT(s.heard.got.status, 200);
    CHECK_INT(s.heard.got.body_n, 0);
    setup_release(&s);
}

/* However the bytes are cut, all come, in order; more than max_reply. */
static void test_any_split(void)
{
    struct rng rng = {SEED};
    struct setup s;
    char want[4096];
    size_t n = 0;

    printf("# seed %llu\n", (unsigned long long)SEED);
    for (size_t i = 0; i < sizeof(want); i++)
        want[i] = (char)rng_next(&rng);
    setup_init(&s, PATIENCE_MS);
    byhand_raw(&s.byhand, s.peer, BYHAND_HEAD);
    while (n < sizeof(want)) {
        struct slice part = {want + n, 1 + rng_next(&rng) % 500};

        if (part.n > sizeof(want) - n)
            part.n = sizeof(want) - n;
        byhand_chunk(&s.byhand, s.peer, part);
        n += part.n;
        if (rng_next(&rng) % 2 == 0)
            heard_run(&s.byhand, &s.heard, n);
    }
    heard_run(&s.byhand, &s.heard, n);
    CHECK(memcmp(s.heard.bytes, want, n) == 0);
    setup_release(&s);
}

static void test_refusal(void)
{
    struct setup s;

    setup_init(&s, PATIENCE_MS);
    byhand_raw(&s.byhand, s.peer,
               "HTTP/1.1 404 No\r\nRetry-After: 2\r\nContent-Length: 4\r\n\r\n"
               "none");
    got_run(s.http, &s.heard.got, 1);
    CHECK_INT(s.heard.calls, 0);
    CHECK_INT(s.heard.got.failure, HTTP_NONE);
    CHECK_INT(s.heard.got.status, 404);
    CHECK_INT(s.heard.got.retry_after_ms, 2000);
    CHECK_STR(s.heard.got.body, "none");
    setup_release(&s);
}

static void test_refusal_too_large(void)
{
    struct setup s;

    setup_init(&s, PATIENCE_MS);
    byhand_raw(&s.byhand, s.peer,
               "HTTP/1.1 404 No\r\nContent-Length: 101\r\n\r\n"
               "01234567890123456789012345678901234567890123456789"
               "01234567890123456789012345678901234567890123456789!");
    got_run(s.http, &s.heard.got, 1);
    CHECK_INT(s.heard.got.failure, HTTP_MAYBE);
    CHECK(strstr(s.heard.got.err.text, "too large") != NULL);
    setup_release(&s);
}

static void test_cut(void)
{
    struct setup s;

    setup_init(&s, PATIENCE_MS);
    byhand_raw(&s.byhand, s.peer, BYHAND_HEAD "9\r\nhal");
    heard_run(&s.byhand, &s.heard, 3);
    shutdown(s.byhand.peers[s.peer], SHUT_RDWR);
    got_run(s.http, &s.heard.got, 1);
    CHECK_INT(s.heard.got.failure, HTTP_MAYBE);
    CHECK_INT(s.heard.got.err.code, ERR_UNAVAILABLE);
    setup_release(&s);
}

static void check_silent(struct setup *s, const char *text)
{
    char byte;

    got_run(s->http, &s->heard.got, 1);
    CHECK_INT(s->heard.got.failure, HTTP_MAYBE);
    CHECK_INT(s->heard.got.status, 0);
    CHECK_INT(s->heard.got.err.code, ERR_UNAVAILABLE);
    CHECK(strncmp(s->heard.got.err.text, "http://127.0.0.1:", 17) == 0);
    CHECK(strstr(s->heard.got.err.text, text) != NULL);
    CHECK_INT(recv(s->byhand.peers[s->peer], &byte, 1, 0), 0);
    setup_release(s);
}

/* Neither before the headers, nor amid them, nor behind them. */
static void test_silence(void)
{
    const char *said[] = {"", "HTTP/1.1 200 OK\r\nA: b\r\n", BYHAND_HEAD,
                          BYHAND_HEAD "3\r\nabc\r\n",
                          "HTTP/1.1 404 No\r\nContent-Length: 9\r\n\r\nhalf"};

    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        struct setup s;

        setup_init(&s, 150);
        byhand_raw(&s.byhand, s.peer, said[i]);
        check_silent(&s, "no sign of life for 150 ms");
    }
}

static void test_silence_in_seconds(void)
{
    struct setup s;

    setup_init(&s, 1000);
    check_silent(&s, "no sign of life for 1 s");
}

/* A byte now and then is life, however long it lasts. */
static void test_no_silence(void)
{
    int64_t end = loop_now() + 900;
    struct setup s;

    setup_init(&s, 300);
    byhand_raw(&s.byhand, s.peer, BYHAND_HEAD);
    for (size_t n = 1; loop_now() < end; n++) {
        CHECK(http_wait(s.http, NULL, 0, 50, NULL) == 0);
        byhand_chunk(&s.byhand, s.peer, SLICE("x"));
        heard_run(&s.byhand, &s.heard, n);
    }
    CHECK_INT(s.heard.got.calls, 0);
    setup_release(&s);
}

/* The wait ends for a session's silence though nothing else happens. */
static void test_silence_ends_the_wait(void)
{
    struct heard late = {0};
    struct setup s;

    setup_init(&s, 100);
    heard_start(&s.byhand, PATIENCE_MS, &late);
    byhand_accept(&s.byhand);
    while (s.heard.got.calls == 0 && !check_bad) {
        int64_t before = loop_now();

        CHECK(http_wait(s.http, NULL, 0, 4 * PATIENCE_MS, NULL) == 0);
        CHECK(loop_now() - before < 4 * PATIENCE_MS);
    }
    CHECK_INT(late.got.calls, 0);
    setup_release(&s);
}

/* A session takes nobody's place, and waits for none. */
static void test_on_top(void)
{
    struct setup s;
    struct heard more[3] = {0};
    struct got got = {0};
    size_t peer;

    setup_init(&s, PATIENCE_MS);
    got_start(s.http, s.byhand.url, PATIENCE_MS, &got);
    got_start(s.http, s.byhand.url, PATIENCE_MS, &got);
    peer = byhand_accept(&s.byhand);
    for (size_t i = 0; i < 3; i++) {
        heard_start(&s.byhand, PATIENCE_MS, &more[i]);
        byhand_raw(&s.byhand, byhand_accept(&s.byhand),
                   BYHAND_HEAD "2\r\nhi\r\n");
        heard_run(&s.byhand, &more[i], 2);
    }
    CHECK_INT(got.calls, 0);
    byhand_raw(&s.byhand, peer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    got_run(s.http, &got, 1);
    byhand_request(&s.byhand, peer);
    byhand_raw(&s.byhand, peer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    got_run(s.http, &got, 2);
    CHECK_INT(s.byhand.npeers, 5);
    setup_release(&s);
}

/* What a callback does when bytes come. */
struct meddler {
    struct byhand *byhand;
    struct http_request *cancel[3];
    struct heard *start; /* NULL: nothing */
    int calls;
    int ends;
};

static void meddle(void *arg, struct slice bytes)
{
    struct meddler *m = arg;

    m->calls++;
    CHECK_INT(bytes.n, 2);
    for (size_t i = 0; i < 3; i++)
        http_cancel(m->cancel[i]);
    CHECK(memcmp(bytes.p, "hi", 2) == 0);
    if (m->start != NULL)
        heard_start(m->byhand, PATIENCE_MS, m->start);
}

static void meddle_done(void *arg, const struct http_reply *reply)
{
    (void)reply;
    ((struct meddler *)arg)->ends++;
}

/* Bytes of two sessions are there at once; the first callback cancels both,
 * and an ordinary request that waits, and starts another session. */
static void test_callback_meddles(void)
{
    struct http *http = got_make(1);
    struct heard heard = {0};
    struct got got = {0};
    struct byhand b;
    struct meddler m = {.byhand = &b, .start = &heard};
    struct http_spec spec = {
        .method = "GET", .url = b.url, .timeout_ms = PATIENCE_MS};

    byhand_start(&b, http);
    for (size_t i = 0; i < 2; i++) {
        m.cancel[i] = http_stream(http, &spec, meddle, meddle_done, &m, NULL);
        byhand_accept(&b);
    }
    got_start(http, b.url, PATIENCE_MS, &got);
    byhand_accept(&b);
    m.cancel[2] = got_start(http, b.url, PATIENCE_MS, &got);
    for (size_t i = 0; i < 2; i++)
        byhand_raw(&b, i, BYHAND_HEAD "2\r\nhi\r\n2\r\nho\r\n0\r\n\r\n");
    byhand_raw(&b, byhand_accept(&b), BYHAND_HEAD "2\r\nhi\r\n");
    heard_run(&b, &heard, 2);
    CHECK_INT(m.calls, 1);
    CHECK_INT(m.ends, 0);
    CHECK_INT(got.calls, 0);
    http_free(http);
    CHECK_INT(m.ends, 0);
    CHECK_INT(heard.got.calls, 0);
    byhand_stop(&b);
}

/* What fails at once is not waited for. */
static void test_fails_at_once(void)
{
    struct http *http = got_make(1);
    struct heard heard = {0};
    struct byhand b;

    byhand_start(&b, http);
    snprintf(b.url, sizeof(b.url), "http://127.0.0.1:99999/");
    heard_start(&b, PATIENCE_MS, &heard);
    CHECK(http_wait(http, NULL, 0, 2 * PATIENCE_MS, NULL) == 0);
    CHECK_INT(heard.got.calls, 1);
    CHECK_INT(heard.got.failure, HTTP_NO_EFFECT);
    CHECK_INT(heard.got.err.code, ERR_CONFIG);
    CHECK(strstr(heard.got.err.text, "no sign") == NULL);
    http_free(http);
    byhand_stop(&b);
}

static void test_cancel(void)
{
    struct setup s;
    struct heard heard = {0};
    char byte;

    setup_init(&s, PATIENCE_MS);
    http_cancel(heard_start(&s.byhand, PATIENCE_MS, &heard));
    http_cancel(s.request);
    CHECK_INT(recv(s.byhand.peers[s.peer], &byte, 1, 0), 0);
    CHECK(http_wait(s.http, NULL, 0, 0, NULL) == 0);
    CHECK_INT(s.heard.got.calls + heard.got.calls, 0);
    setup_release(&s);
}

#define CROWD 120

/* With many transfers they go on no more often than every 10 ms, which a
 * descriptor's news does not wait for. */
static void test_crowd(void)
{
    static struct heard heard[CROWD];
    struct http *http = got_make(1);
    int64_t before;
    struct byhand b;
    int p[2];
    struct pollfd fd = {-1, POLLIN, 0};

    CHECK(pipe(p) == 0);
    fd.fd = p[0];
    byhand_start(&b, http);
    for (size_t i = 0; i < CROWD; i++)
        heard_start(&b, PATIENCE_MS, &heard[i]);
    for (size_t i = 0; i < CROWD; i++)
        byhand_raw(&b, byhand_accept(&b), BYHAND_HEAD "2\r\nhi\r\n");
    for (size_t i = 0; i < CROWD; i++)
        heard_run(&b, &heard[i], 2);
    before = loop_now();
    for (size_t i = 1; i <= 20; i++) {
        byhand_chunk(&b, 0, SLICE("x"));
        heard_run(&b, &heard[0], 2 + i);
    }
    CHECK(loop_now() - before >= 150);
    CHECK(http_wait(http, &fd, 1, 0, NULL) == 0);
    CHECK_INT(fd.revents, 0);
    CHECK(write(p[1], "x", 1) == 1);
    for (int i = 1; i <= 20; i++) {
        byhand_chunk(&b, 0, SLICE("x"));
        CHECK(http_wait(http, &fd, 1, PATIENCE_MS, NULL) == 0);
        CHECK_INT(fd.revents, POLLIN);
    }
    http_free(http);
    byhand_stop(&b);
    close(p[0]);
    close(p[1]);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    RUN(test_bytes);
    RUN(test_any_split);
    RUN(test_refusal);
    RUN(test_refusal_too_large);
    RUN(test_cut);
    RUN(test_silence);
    RUN(test_silence_in_seconds);
    RUN(test_no_silence);
    RUN(test_silence_ends_the_wait);
    RUN(test_on_top);
    RUN(test_callback_meddles);
    RUN(test_fails_at_once);
    RUN(test_cancel);
    RUN(test_crowd);
    return check_done();
}
