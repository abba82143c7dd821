#include "s2/http.h"

#include <signal.h>
#include <sys/resource.h>

#include "httpbyhand.h"

/* Lets ${b} go on for a while in which nobody shall connect. */
static void check_nobody(struct byhand *b)
{
    for (int i = 0; i < 20; i++)
        CHECK(http_wait(b->http, NULL, 0, 1, NULL) == 0);
    CHECK(!byhand_readable(b->fd));
}

/* Waits for a connection; its client wants TLS and gets no answer. */
static size_t await_client(struct byhand *b)
{
    int64_t end = loop_now() + PATIENCE_MS;

    while (!byhand_readable(b->fd) && loop_now() < end)
        CHECK(http_wait(b->http, NULL, 0, 5, NULL) == 0);
    CHECK(byhand_readable(b->fd));
    b->peers[b->npeers] =
        byhand_readable(b->fd) ? accept(b->fd, NULL, NULL) : -1;
    return b->npeers++;
}

static void start_sharing(struct byhand *b, int64_t connect_ms)
{
    struct http_config config = {"test/1", NULL, 1, connect_ms};

    byhand_start(b, http_new(&config, NULL));
    snprintf(b->url, sizeof(b->url), "https://127.0.0.1:%d/", b->port);
}

/* Those behind the session that opens a connection wait no longer than it
 * lives, however it ends. */
static void test_opener_cancelled(void)
{
    struct heard heard[2] = {0};
    struct http_request *opener;
    struct byhand b;

    start_sharing(&b, PATIENCE_MS);
    opener = heard_start(&b, PATIENCE_MS, &heard[0]);
    heard_start(&b, PATIENCE_MS, &heard[1]);
    await_client(&b);
    check_nobody(&b);
    http_cancel(opener);
    await_client(&b);
    CHECK_INT(heard[0].got.calls + heard[1].got.calls, 0);
    http_free(b.http);
    byhand_stop(&b);
}

static void test_opener_cut_off(void)
{
    struct heard heard[2] = {0};
    struct byhand b;

    start_sharing(&b, PATIENCE_MS);
    heard_start(&b, PATIENCE_MS, &heard[0]);
    heard_start(&b, PATIENCE_MS, &heard[1]);
    shutdown(b.peers[await_client(&b)], SHUT_RDWR);
    await_client(&b);
    CHECK_INT(heard[0].got.calls, 1);
    CHECK_INT(heard[0].got.failure, HTTP_NO_EFFECT);
    CHECK_INT(heard[1].got.calls, 0);
    http_free(b.http);
    byhand_stop(&b);
}

static void test_opener_never_connects(void)
{
    struct heard heard[2] = {0};
    struct byhand b;

    start_sharing(&b, 100);
    heard_start(&b, PATIENCE_MS, &heard[0]);
    heard_start(&b, PATIENCE_MS, &heard[1]);
    await_client(&b);
    await_client(&b);
    CHECK_INT(heard[0].got.calls, 1);
    CHECK_INT(heard[0].got.failure, HTTP_NO_EFFECT);
    http_free(b.http);
    byhand_stop(&b);
}

static void test_opener_silent(void)
{
    struct heard heard[2] = {0};
    struct byhand b;

    start_sharing(&b, PATIENCE_MS);
    heard_start(&b, 100, &heard[0]);
    heard_start(&b, PATIENCE_MS, &heard[1]);
    await_client(&b);
    await_client(&b);
    CHECK_INT(heard[0].got.calls, 1);
    CHECK(strstr(heard[0].got.err.text, "no sign of life") != NULL);
    http_free(b.http);
    byhand_stop(&b);
}

static void opener_done(void *arg, const struct http_reply *reply)
{
    struct http_request **next = arg;

    CHECK_INT(reply->failure, HTTP_NO_EFFECT);
    http_cancel(*next);
    *next = NULL;
}

/* The end of the opener cancels the next in turn, the one behind it opens. */
static void test_opener_cancels_the_next(void)
{
    struct heard heard[2] = {0};
    struct http_request *next;
    struct byhand b;
    struct http_spec spec = {
        .method = "GET", .url = b.url, .timeout_ms = PATIENCE_MS};

    start_sharing(&b, PATIENCE_MS);
    CHECK(http_stream(b.http, &spec, heard_bytes, opener_done, &next, NULL) !=
          NULL);
    next = heard_start(&b, PATIENCE_MS, &heard[0]);
    heard_start(&b, PATIENCE_MS, &heard[1]);
    shutdown(b.peers[await_client(&b)], SHUT_RDWR);
    await_client(&b);
    CHECK(next == NULL);
    check_nobody(&b);
    CHECK_INT(heard[0].got.calls + heard[1].got.calls, 0);
    http_free(b.http);
    byhand_stop(&b);
}

/* A http that was made under a limit of ${n} descriptors. */
static struct http *make_limited(rlim_t n)
{
    struct rlimit old, limit;
    struct http *http;

    CHECK(getrlimit(RLIMIT_NOFILE, &old) == 0);
    limit = old;
    limit.rlim_cur = n;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    http = got_make(1);
    CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0);
    return http;
}

static void check_full(struct byhand *b, const char *text)
{
    struct http_spec spec = {
        .method = "GET", .url = b->url, .timeout_ms = PATIENCE_MS};
    struct err err = ERR_INIT;
    struct heard heard = {0};

    CHECK(http_stream(b->http, &spec, heard_bytes, heard_done, &heard, &err) ==
          NULL);
    CHECK_INT(err.code, ERR_OS);
    CHECK_STR(err.text, text);
}

/* Whether begun or not, each counts, until it is over. */
static void test_too_few_descriptors(void)
{
    static const char text[] =
        "1 session more than the 3 that the limit of 67 descriptors leaves "
        "room for; see ulimit -n";
    struct heard heard[5] = {0};
    struct http_request *r[3];
    struct got got = {0};
    struct byhand b;

    byhand_start(&b, make_limited(67));
    for (size_t i = 0; i < 3; i++)
        r[i] = heard_start(&b, PATIENCE_MS, &heard[i]);
    check_full(&b, text);
    for (size_t i = 0; i < 3; i++)
        byhand_accept(&b);
    check_full(&b, text);
    http_cancel(r[1]);
    http_cancel(heard_start(&b, PATIENCE_MS, &heard[3]));
    heard_start(&b, PATIENCE_MS, &heard[3]);
    check_full(&b, text);
    shutdown(b.peers[0], SHUT_RDWR);
    got_run(b.http, &heard[0].got, 1);
    heard_start(&b, PATIENCE_MS, &heard[4]);
    check_full(&b, text);
    got_start(b.http, b.url, PATIENCE_MS, &got);
    for (size_t i = 0; i < 3; i++)
        byhand_accept(&b);
    http_free(b.http);
    byhand_stop(&b);
}

static void test_hardly_any_descriptors(void)
{
    struct byhand b;

    byhand_start(&b, make_limited(20));
    check_full(&b, "1 session more than the 0 that the limit of 20 descriptors "
                   "leaves room for; see ulimit -n");
    http_free(b.http);
    byhand_stop(&b);
}

/* Those that may share a connection cost none until it is known. */
static void test_sharing_needs_no_descriptors(void)
{
    struct heard heard[3] = {0};
    struct byhand b;

    byhand_start(&b, make_limited(65));
    snprintf(b.url, sizeof(b.url), "https://127.0.0.1:%d/", b.port);
    for (size_t i = 0; i < 3; i++)
        heard_start(&b, PATIENCE_MS, &heard[i]);
    await_client(&b);
    check_full(&b, "1 session more than the 1 that the limit of 65 descriptors "
                   "leaves room for; see ulimit -n");
    http_free(b.http);
    byhand_stop(&b);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    RUN(test_opener_cancelled);
    RUN(test_opener_cut_off);
    RUN(test_opener_never_connects);
    RUN(test_opener_silent);
    RUN(test_opener_cancels_the_next);
    RUN(test_too_few_descriptors);
    RUN(test_hardly_any_descriptors);
    RUN(test_sharing_needs_no_descriptors);
    return check_done();
}
