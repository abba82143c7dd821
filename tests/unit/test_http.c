#include "s2/http.h"

#include <signal.h>
#include <stdlib.h>

#include "got.h"

static void test_answer(void)
{
    struct serve_step step = {
        200, "Content-Type: Application/Protobuf; v=1\r\n", "body", 0, NULL, 0};
    struct got got = got_once(&step, PATIENCE_MS);

    CHECK_INT(got.failure, HTTP_NONE);
    CHECK_INT(got.status, 200);
    CHECK_STR(got.body, "body");
    CHECK(got.protobuf);
    CHECK_INT(got.retry_after_ms, 0);
    CHECK_STR(got.err.text, "");
}

static void test_no_content_type(void)
{
    struct serve_step step = {503, NULL, NULL, 0, NULL, SERVE_CLOSE};
    struct got got = got_once(&step, PATIENCE_MS);

    CHECK_INT(got.failure, HTTP_NONE);
    CHECK_INT(got.status, 503);
    CHECK_INT(got.body_n, 0);
    CHECK(!got.protobuf);
}

/* What goes out is what was asked for, and nothing that was not. */
static void test_request(void)
{
    static const struct serve_step step = {200, NULL, "ok", 0, NULL, 0};
    const char *headers[] = {"s2-basin: some-basin", "Accept: a/b"};
    struct buf body = BUF_INIT(100);
    struct http_spec spec = {"POST", NULL, headers, 2, &body, 1000, 100};
    struct serve s;
    struct got got = {0};
    struct http *http = got_make(4);
    char url[64];

    serve_start(&s, &step, 1);
    got_url_of(url, sizeof(url), &s, "/a/../b%2Fc/./d");
    spec.url = url;
    CHECK_INT(buf_addstr(&body, "hello"), 0);
    CHECK(http_start(http, &spec, got_done, &got, NULL) != NULL);
    CHECK_INT(body.n, 0);
    got_run(http, &got, 1);
    http_free(http);
    serve_stop(&s);
    CHECK(strncmp(s.log, "POST /a/../b%2Fc/./d HTTP/1.1\r\n", 31) == 0);
    CHECK(strstr(s.log, "\r\ns2-basin: some-basin\r\n") != NULL);
    CHECK(strstr(s.log, "\r\nAccept: a/b\r\n") != NULL);
    CHECK(strstr(s.log, "\r\nUser-Agent: test/1\r\n") != NULL);
    CHECK(strstr(s.log, "\r\nContent-Length: 5\r\n") != NULL);
    CHECK(strstr(s.log, "\r\n\r\nhello") != NULL);
    CHECK(strstr(s.log, "Expect:") == NULL);
    CHECK(strstr(s.log, "Accept-Encoding:") == NULL);
    CHECK(strstr(s.log, "Upgrade:") == NULL);
    serve_free(&s);
}

static void test_injected_header(void)
{
    const char *bad[] = {"A: b\r\nC: d", "A: b\nC: d", "A: b\r"};
    struct http *http = got_make(4);

    for (size_t i = 0; i < 3; i++) {
        struct http_spec spec = {
            "GET", "http://127.0.0.1:1/", &bad[i], 1, NULL, 1000, 100};
        struct err err = ERR_INIT;

        CHECK(http_start(http, &spec, got_done, NULL, &err) == NULL);
        CHECK_INT(err.code, ERR_CONFIG);
        CHECK(strchr(err.text, '\n') == NULL);
    }
    http_free(http);
}

static void test_redirects(void)
{
    const int status[] = {301, 302, 303, 307, 308};

    for (size_t i = 0; i < 5; i++) {
        struct serve_step step = {
            status[i], "Location: http://169.254.1.1/\r\n", "", 0, NULL, 0};
        struct got got = got_once(&step, PATIENCE_MS);

        CHECK_INT(got.failure, HTTP_NONE);
        CHECK_INT(got.status, status[i]);
    }
}

static void test_retry_after(void)
{
    static const struct {
        const char *headers;
        int64_t ms;
    } rows[] = {
        {"Retry-After: 3\r\n", 3000},
        {"retry-after:   7  \r\n", 7000},
        {"Retry-After: 0\r\n", 0},
        {"Retry-After: 3600\r\n", 3600000},
        {"Retry-After: 3601\r\n", 3600000},
        {"Retry-After: 99999999999999999999999999\r\n", 3600000},
        {"Retry-After: -5\r\n", 0},
        {"Retry-After: soon\r\n", 0},
        {"Retry-After: 1.5\r\n", 0},
        {"Retry-After:\r\n", 0},
        {"Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 0},
        {"Retry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\n", 3600000},
        {"retry-after-ms: 250\r\n", 250},
        {"Retry-After: 1\r\nRetry-After-Ms: 250\r\n", 250},
        {"retry-after-ms: 250\r\nRetry-After: 1\r\n", 250},
        {"retry-after-ms: x\r\nRetry-After: 1\r\n", 1000},
        {"retry-after-ms: 99999999\r\n", 3600000},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct serve_step step = {503, rows[i].headers, "", 0, NULL, 0};
        struct got got = got_once(&step, PATIENCE_MS);

        CHECK_INT(got.retry_after_ms, rows[i].ms);
    }
}

/* Of an interim answer nothing stays. */
static void test_interim(void)
{
    struct serve_step step = {
        .raw = "HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\n"
               "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"};
    struct got got = got_once(&step, PATIENCE_MS);

    CHECK_INT(got.status, 200);
    CHECK_INT(got.retry_after_ms, 0);
    CHECK_STR(got.body, "ok");
}

static void test_broken_answers(void)
{
    static const struct serve_step steps[] = {
        {.then = SERVE_RESET},
        {.raw = "", .then = SERVE_CLOSE},
        {.raw = "HTTP/1.1 200 OK\r\nContent-Le", .then = SERVE_CLOSE},
        {.raw = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
         .then = SERVE_CLOSE},
        {.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nha",
         .then = SERVE_CLOSE},
        {.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
         .then = SERVE_CLOSE},
        {.raw = "hello, this is no HTTP at all\r\n\r\n", .then = SERVE_CLOSE},
        {.raw = "HTTP/9.9 huh\r\n\r\n", .then = SERVE_CLOSE},
    };

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct got got = got_once(&steps[i], PATIENCE_MS);

        CHECK_INT(got.failure, HTTP_MAYBE);
        CHECK_INT(got.status, 0);
        CHECK_INT(got.err.code, ERR_UNAVAILABLE);
        CHECK(strncmp(got.err.text, "http://127.0.0.1:", 17) == 0);
    }
}

static void test_too_large(void)
{
    static char body[4097];
    struct serve_step step = {200, NULL, body, 4096, NULL, 0};
    struct got got;

    memset(body, 'x', sizeof(body));
    got = got_once(&step, PATIENCE_MS);
    CHECK_INT(got.failure, HTTP_NONE);
    CHECK_INT(got.body_n, 4096);
    step.n = 4097;
    got = got_once(&step, PATIENCE_MS);
    CHECK_INT(got.failure, HTTP_MAYBE);
    CHECK(strstr(got.err.text, "too large") != NULL);
}

static void test_header_bomb(void)
{
    size_t n = 80000, at;
    char *raw = malloc(n + 1);
    struct serve_step step = {.raw = raw, .then = SERVE_CLOSE};
    struct got got;

    at = (size_t)snprintf(raw, n, "HTTP/1.1 200 OK\r\n");
    while (at + 10 < n) {
        memcpy(raw + at, "A: bcde\r\n", 9);
        at += 9;
    }
    raw[at] = '\0';
    got = got_once(&step, PATIENCE_MS);
    CHECK_INT(got.failure, HTTP_MAYBE);
    CHECK(strstr(got.err.text, "too large") != NULL);
    free(raw);
}

static void test_refused(void)
{
    struct got got = {0};
    struct http *http = got_make(4);
    int port, fd = serve_bind(&port);
    char url[64];

    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
    got_start(http, url, PATIENCE_MS, &got);
    got_run(http, &got, 1);
    CHECK_INT(got.failure, HTTP_NO_EFFECT);
    CHECK_INT(got.err.code, ERR_UNAVAILABLE);
    close(fd);
    http_free(http);
}

static void test_no_such_host(void)
{
    struct got got = {0};
    struct http *http = got_make(4);

    got_start(http, "http://no-such-host.invalid/", PATIENCE_MS, &got);
    got_run(http, &got, 1);
    CHECK_INT(got.failure, HTTP_NO_EFFECT);
    CHECK_INT(got.err.code, ERR_UNAVAILABLE);
    http_free(http);
}

static void test_bad_urls(void)
{
    const char *urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/",
                          "http://127.0.0.1:99999/", "http://"};

    for (size_t i = 0; i < 4; i++) {
        struct got got = {0};
        struct http *http = got_make(4);

        got_start(http, urls[i], PATIENCE_MS, &got);
        got_run(http, &got, 1);
        CHECK_INT(got.failure, HTTP_NO_EFFECT);
        CHECK_INT(got.err.code, ERR_CONFIG);
        http_free(http);
    }
}

/* The environment sends nobody to a proxy. */
static void test_no_proxy(void)
{
    struct serve_step step = {200, NULL, "ok", 0, NULL, 0};

    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1/", 1);
    CHECK_INT(got_once(&step, PATIENCE_MS).status, 200);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    RUN(test_answer);
    RUN(test_no_content_type);
    RUN(test_request);
    RUN(test_injected_header);
    RUN(test_redirects);
    RUN(test_retry_after);
    RUN(test_interim);
    RUN(test_broken_answers);
    RUN(test_too_large);
    RUN(test_header_bomb);
    RUN(test_refused);
    RUN(test_no_such_host);
    RUN(test_bad_urls);
    RUN(test_no_proxy);
    return check_done();
}
