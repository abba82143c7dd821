#include "s2/http.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include "got.h"

/* A request that timed out may have taken effect, and its connection is not
 * used again; one that an answer came on is. */
static void test_timeout(void)
{
    static const struct serve_step steps[] = {
        {200, NULL, "a", 0, NULL, SERVE_KEEP},
        {200, NULL, "b", 0, NULL, SERVE_HANG},
        {200, NULL, "c", 0, NULL, SERVE_KEEP},
        {200, NULL, "d", 0, NULL, SERVE_KEEP},
    };
    struct serve s;
    struct got got = {0};
    struct http *http = got_make(4);
    char url[64];

    serve_start(&s, steps, 4);
    got_url_of(url, sizeof(url), &s, "/");
    got_start(http, url, PATIENCE_MS, &got);
    got_run(http, &got, 1);
    got_start(http, url, 100, &got);
    got_run(http, &got, 2);
    CHECK_INT(got.failure, HTTP_MAYBE);
    CHECK(strstr(got.err.text, "timed out") != NULL);
    for (int i = 3; i <= 4; i++) {
        got_start(http, url, PATIENCE_MS, &got);
        got_run(http, &got, i);
        CHECK_STR(got.body, i == 3 ? "c" : "d");
    }
    http_free(http);
    serve_stop(&s);
    CHECK_INT(s.requests, 4);
    CHECK_INT(s.accepted, 2);
    serve_free(&s);
}

/* Nothing of a request is sent while the connection does not stand: a full
 * backlog answers no SYN. */
static void test_connect_timeout(void)
{
    struct http_config config = {"test/1", NULL, 4, 200};
    struct http *http = NEEDED(http_new(&config, NULL));
    struct got got = {0};
    int port, fd = serve_bind(&port), extra[4];
    struct sockaddr_in a = {.sin_family = AF_INET};
    char url[64];

    CHECK(listen(fd, 0) == 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = htons((uint16_t)port);
    for (int i = 0; i < 4; i++) {
        extra[i] = socket(AF_INET, SOCK_STREAM, 0);
        fcntl(extra[i], F_SETFL, O_NONBLOCK);
        (void)connect(extra[i], (struct sockaddr *)&a, sizeof(a));
    }
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
    got_start(http, url, PATIENCE_MS, &got);
    got_run(http, &got, 1);
    CHECK_INT(got.failure, HTTP_NO_EFFECT);
    CHECK_INT(got.err.code, ERR_UNAVAILABLE);
    for (int i = 0; i < 4; i++)
        close(extra[i]);
    close(fd);
    http_free(http);
}

static void test_keep_alive(void)
{
    static const struct serve_step step = {200, NULL, "ok", 0, NULL, 0};
    struct serve s;
    struct got got = {0};
    struct http *http = got_make(4);
    char url[64];

    serve_start(&s, &step, 1);
    got_url_of(url, sizeof(url), &s, "/");
    for (int i = 1; i <= 10; i++) {
        CHECK(got_post(http, url, &got) != NULL);
        got_run(http, &got, i);
    }
    http_free(http);
    serve_stop(&s);
    CHECK_INT(s.requests, 10);
    CHECK_INT(s.accepted, 1);
    serve_free(&s);
}

/* libcurl would send a request again, by itself, when a connection that it
 * kept dies under it; the body cannot be sent twice. */
static void test_nothing_is_sent_twice(void)
{
    static const struct serve_step steps[] = {
        {200, NULL, "a", 0, NULL, SERVE_KEEP},
        {.raw = "", .then = SERVE_CLOSE},
        {200, NULL, "c", 0, NULL, SERVE_KEEP},
    };
    struct serve s;
    struct got got = {0};
    struct http *http = got_make(4);
    char url[64];

    serve_start(&s, steps, 3);
    got_url_of(url, sizeof(url), &s, "/");
    got_post(http, url, &got);
    got_run(http, &got, 1);
    got_post(http, url, &got);
    got_run(http, &got, 2);
    CHECK_INT(got.failure, HTTP_MAYBE);
    http_free(http);
    serve_stop(&s);
    CHECK_INT(s.requests, 2);
    serve_free(&s);
}

/* Forty requests share sixteen connections, and none of them is late. */
static void test_connection_cap(void)
{
    static const struct serve_step step = {200, NULL, "ok",
                                           0,   NULL, SERVE_HOLD};
    struct serve s;
    struct got got = {0};
    struct http *http = got_make(16);
    int64_t end = loop_now() + PATIENCE_MS;
    char url[64];

    serve_start(&s, &step, 1);
    got_url_of(url, sizeof(url), &s, "/");
    for (int i = 0; i < 40; i++)
        got_post(http, url, &got);
    for (int done = 0; done < 40;) {
        int held = 40 - done < 16 ? 40 - done : 16;

        while (serve_held(&s) < held && loop_now() < end)
            CHECK(http_wait(http, NULL, 0, 10, NULL) == 0);
        CHECK(http_wait(http, NULL, 0, 50, NULL) == 0);
        CHECK_INT(serve_held(&s), held);
        serve_release(&s);
        done += held;
        got_run(http, &got, done);
        CHECK_INT(got.status, 200);
        if (check_bad)
            break;
    }
    http_free(http);
    serve_stop(&s);
    CHECK_INT(s.requests, 40);
    CHECK_INT(s.accepted, 16);
    serve_free(&s);
}

/* A waiting request is not late before its turn comes. */
static void test_waiting_is_not_lateness(void)
{
    static const struct serve_step step = {200, NULL, "ok",
                                           0,   NULL, SERVE_HOLD};
    struct serve s;
    struct got first = {0}, second = {0};
    struct http *http = got_make(1);
    int64_t end = loop_now() + 300;
    char url[64];

    serve_start(&s, &step, 1);
    got_url_of(url, sizeof(url), &s, "/");
    got_start(http, url, PATIENCE_MS, &first);
    got_start(http, url, 200, &second);
    while (loop_now() < end)
        CHECK(http_wait(http, NULL, 0, end - loop_now(), NULL) == 0);
    CHECK_INT(first.calls, 0);
    CHECK_INT(second.calls, 0);
    serve_release(&s);
    got_run(http, &first, 1);
    CHECK_INT(first.status, 200);
    got_run(http, &second, 1);
    CHECK_INT(second.failure, HTTP_MAYBE);
    http_free(http);
    serve_stop(&s);
    serve_free(&s);
}

/* Requests that one callback handles while others run. */
struct play {
    struct http *http;
    const char *url;
    struct http_request *victim;
    struct got *got; /* of the one that it starts */
    int calls;
};

static void on_play(void *arg, const struct http_reply *reply)
{
    struct play *play = arg;

    CHECK_INT(reply->failure, HTTP_NONE);
    play->calls++;
    http_cancel(play->victim);
    play->victim = NULL;
    got_start(play->http, play->url, PATIENCE_MS, play->got);
}

/* Two answers are in at once; the callback of the first cancels the other,
 * and one that waits, and starts a new one. */
static void test_callback_meddles(void)
{
    static const struct serve_step step = {200, NULL, "ok",
                                           0,   NULL, SERVE_HOLD};
    struct serve s;
    struct got got = {0};
    struct http *http = got_make(2);
    struct play a = {http, NULL, NULL, &got, 0}, b = a;
    struct http_spec spec = {"GET", NULL, NULL, 0, NULL, PATIENCE_MS, 99};
    struct http_request *ra, *rb;
    char url[64];

    serve_start(&s, &step, 1);
    got_url_of(url, sizeof(url), &s, "/");
    spec.url = a.url = b.url = url;
    ra = http_start(http, &spec, on_play, &a, NULL);
    rb = http_start(http, &spec, on_play, &b, NULL);
    a.victim = rb;
    b.victim = ra;
    while (serve_held(&s) < 2)
        CHECK(http_wait(http, NULL, 0, 10, NULL) == 0);
    serve_release(&s);
    while (serve_held(&s) > 0)
        poll(NULL, 0, 1);
    while (a.calls + b.calls == 0)
        CHECK(http_wait(http, NULL, 0, 1000, NULL) == 0);
    CHECK_INT(a.calls + b.calls, 1);
    while (serve_held(&s) < 1)
        CHECK(http_wait(http, NULL, 0, 10, NULL) == 0);
    serve_release(&s);
    got_run(http, &got, 1);
    CHECK_INT(a.calls + b.calls, 1);
    http_free(http);
    serve_stop(&s);
    serve_free(&s);
}

static void test_cancel(void)
{
    static const struct serve_step step = {200, NULL, "ok",
                                           0,   NULL, SERVE_HANG};
    struct serve s;
    struct got got = {0};
    struct http *http = got_make(1);
    struct http_request *running, *waiting;
    char url[64];

    serve_start(&s, &step, 1);
    got_url_of(url, sizeof(url), &s, "/");
    http_cancel(NULL);
    running = got_start(http, url, PATIENCE_MS, &got);
    waiting = got_start(http, url, PATIENCE_MS, &got);
    CHECK(http_wait(http, NULL, 0, 0, NULL) == 0);
    http_cancel(waiting);
    http_cancel(running);
    got_start(http, url, PATIENCE_MS, &got);
    got_start(http, url, PATIENCE_MS, &got);
    CHECK(http_wait(http, NULL, 0, 20, NULL) == 0);
    http_free(http);
    http_free(NULL);
    CHECK_INT(got.calls, 0);
    serve_stop(&s);
    serve_free(&s);
}

/* It sleeps without any transfer, wakes for a descriptor, and tells of it
 * what poll(2) does. */
static void test_wait_for_descriptors(void)
{
    struct http *http = got_make(1);
    struct pollfd fds[3] = {{-1, POLLIN, 0}, {-1, POLLIN, 0}, {-1, 0, 0}};
    int p[2];
    int64_t before = loop_now();

    CHECK(pipe(p) == 0);
    fds[1].fd = p[0];
    CHECK(http_wait(http, fds, 3, 100, NULL) == 0);
    CHECK(loop_now() - before >= 99);
    CHECK_INT(fds[1].revents, 0);
    before = loop_now();
    CHECK(http_wait(http, fds, 3, 0, NULL) == 0);
    CHECK(http_wait(http, NULL, 0, 0, NULL) == 0);
    CHECK(loop_now() - before < 90);
    CHECK(write(p[1], "x", 1) == 1);
    CHECK(http_wait(http, fds, 3, PATIENCE_MS, NULL) == 0);
    CHECK_INT(fds[1].revents, POLLIN);
    CHECK(loop_now() - before < PATIENCE_MS);
    CHECK_INT(fds[0].revents, 0);
    close(p[1]);
    fds[1].events = 0;
    CHECK(http_wait(http, fds, 3, PATIENCE_MS, NULL) == 0);
    CHECK((fds[1].revents & POLLHUP) != 0);
    close(p[0]);
    http_free(http);
}

static void test_too_many_descriptors(void)
{
    struct http *http = got_make(1);
    struct pollfd fds[HTTP_FDS_MAX + 1] = {{0}};
    struct err err = ERR_INIT;

    for (int i = 0; i <= HTTP_FDS_MAX; i++)
        fds[i].fd = -1;
    CHECK(http_wait(http, fds, HTTP_FDS_MAX, 0, &err) == 0);
    CHECK(http_wait(http, fds, HTTP_FDS_MAX + 1, 0, &err) == -1);
    CHECK_INT(err.code, ERR_BUG);
    http_free(http);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    RUN(test_timeout);
    RUN(test_connect_timeout);
    RUN(test_keep_alive);
    RUN(test_nothing_is_sent_twice);
    RUN(test_connection_cap);
    RUN(test_waiting_is_not_lateness);
    RUN(test_callback_meddles);
    RUN(test_cancel);
    RUN(test_wait_for_descriptors);
    RUN(test_too_many_descriptors);
    return check_done();
}
