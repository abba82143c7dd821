/*
 * What tests of HTTP requests share: a callback that keeps what it got, and
 * a loop with an end.
 */
#ifndef HTTP_GOT_H
#define HTTP_GOT_H

#include "base/loop.h"
#include "check.h"
#include "s2/http.h"
#include "serve.h"

#define PATIENCE_MS check_patience(20000)

/* What a callback got. */
struct got {
    int calls;
    enum http_failure failure;
    int status;
    bool protobuf;
    int64_t retry_after_ms;
    struct err err;
    char body[256];
    size_t body_n;
};

static inline void got_done(void *arg, const struct http_reply *reply)
{
    struct got *got = arg;
    size_t n = reply->body.n < sizeof(got->body) - 1 ? reply->body.n
                                                     : sizeof(got->body) - 1;

    got->calls++;
    got->failure = reply->failure;
    got->status = reply->status;
    got->protobuf = reply->protobuf;
    got->retry_after_ms = reply->retry_after_ms;
    got->err = reply->err;
    got->body_n = reply->body.n;
    if (n > 0)
        memcpy(got->body, reply->body.p, n);
    got->body[n] = '\0';
}

static inline struct http *got_make(int max_connections)
{
    struct http_config config = {"test/1", NULL, max_connections, 0};
    struct err err = ERR_INIT;
    struct http *http = http_new(&config, &err);

    CHECK_STR(err.text, "");
    CHECK(http != NULL);
    return http;
}

static inline void got_url_of(char *url, size_t size, const struct serve *s,
                              const char *path)
{
    snprintf(url, size, "http://127.0.0.1:%d%s", s->port, path);
}

static inline struct http_request *got_start(struct http *http, const char *url,
                                             int64_t timeout_ms,
                                             struct got *got)
{
    struct http_spec spec = {"GET", url, NULL, 0, NULL, timeout_ms, 4096};
    struct err err = ERR_INIT;
    struct http_request *r = http_start(http, &spec, got_done, got, &err);

    CHECK(r != NULL);
    return r;
}

static inline struct http_request *got_post(struct http *http, const char *url,
                                            struct got *got)
{
    struct buf body = BUF_INIT(16);
    struct http_spec spec = {"POST", url, NULL, 0, &body, PATIENCE_MS, 4096};

    CHECK_INT(buf_addstr(&body, "hello"), 0);
    return http_start(http, &spec, got_done, got, NULL);
}

/* Runs until ${calls} callbacks were counted in ${got}. */
static inline void got_run(struct http *http, const struct got *got, int calls)
{
    int64_t end = loop_now() + PATIENCE_MS;
    struct err err = ERR_INIT;

    while (got->calls < calls && loop_now() < end) {
        if (http_wait(http, NULL, 0, 1000, &err) != 0)
            break;
    }
    CHECK_INT(got->calls, calls);
    CHECK_STR(err.text, "");
}

/* One GET against a script of one step. */
static inline struct got got_once(const struct serve_step *step,
                                  int64_t timeout_ms)
{
    struct serve s;
    struct got got = {0};
    struct http *http = got_make(4);
    char url[64];

    serve_start(&s, step, 1);
    got_url_of(url, sizeof(url), &s, "/x");
    got_start(http, url, timeout_ms, &got);
    got_run(http, &got, 1);
    http_free(http);
    serve_stop(&s);
    CHECK_INT(s.requests, 1);
    serve_free(&s);
    return got;
}

#endif
