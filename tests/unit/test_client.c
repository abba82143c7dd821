#include "s2/client.h"

#include <signal.h>
#include <stdlib.h>

#include "got.h"

#define BASIN "some-basin"

static struct client_config config_of(struct http *http)
{
    struct client_config config = {.http = http, .basin = BASIN};

    return config;
}

/* The requests, as they arrive. */
struct setup {
    struct serve serve;
    struct http *http;
    struct client *client;
    struct got got;
    char endpoint[64];
};

static void setup_init(struct setup *s, bool secrets)
{
    static const struct serve_step step = {200, NULL, "ok", 0, NULL, 0};
    struct client_config config;

    memset(s, 0, sizeof(*s));
    serve_start(&s->serve, &step, 1);
    s->http = got_make(4);
    got_url_of(s->endpoint, sizeof(s->endpoint), &s->serve, "/");
    config = config_of(s->http);
    config.account_endpoint = config.basin_endpoint = s->endpoint;
    config.token = secrets ? "tok-en" : NULL;
    config.encryption_key = secrets ? "k3y=" : NULL;
    s->client = client_new(&config, NULL);
    CHECK(s->client != NULL);
}

/* Lets the request end; afterwards the server's log can be looked at. */
static void setup_run(struct setup *s, const struct http_request *request)
{
    CHECK(request != NULL);
    if (request != NULL)
        got_run(s->http, &s->got, 1);
    CHECK_INT(s->got.status, request != NULL ? 200 : 0);
    client_free(s->client);
    http_free(s->http);
    serve_stop(&s->serve);
}

static bool saw(const struct setup *s, const char *text)
{
    return strstr(s->serve.log, text) != NULL;
}

static void check_first_line(const struct setup *s, const char *want)
{
    char line[3000];

    snprintf(line, sizeof(line), "%.*s", (int)strcspn(s->serve.log, "\r"),
             s->serve.log);
    CHECK_STR(line, want);
}

static void test_create_basin(void)
{
    struct setup s;

    setup_init(&s, true);
    setup_run(&s, client_create_basin(s.client, got_done, &s.got, NULL));
    check_first_line(&s, "POST /v1/basins HTTP/1.1");
    CHECK(saw(&s, "\r\nAuthorization: Bearer tok-en\r\n"));
    CHECK(saw(&s, "\r\nContent-Type: application/json\r\n"));
    CHECK(saw(&s, "\r\n\r\n{\"basin\":\"some-basin\"}"));
    CHECK(!saw(&s, "s2-basin"));
    CHECK(!saw(&s, "s2-encryption-key"));
    serve_free(&s.serve);
}

static void test_create(void)
{
    struct setup s;

    setup_init(&s, false);
    setup_run(&s, client_create(s.client, "a/\"b\"", got_done, &s.got, NULL));
    check_first_line(&s, "POST /v1/streams HTTP/1.1");
    CHECK(saw(&s, "\r\ns2-basin: some-basin\r\n"));
    CHECK(saw(&s, "\r\n\r\n{\"stream\":\"a/\\\"b\\\"\"}"));
    CHECK(!saw(&s, "Authorization"));
    serve_free(&s.serve);
}

static void test_tail(void)
{
    struct setup s;

    setup_init(&s, true);
    setup_run(&s, client_tail(s.client, "social/you ..%\xc3\xa9?#~", got_done,
                              &s.got, NULL));
    check_first_line(&s, "GET /v1/streams/social%2Fyou%20..%25%C3%A9%3F%23~"
                         "/records/tail HTTP/1.1");
    CHECK(saw(&s, "\r\ns2-basin: some-basin\r\n"));
    CHECK(saw(&s, "\r\nAuthorization: Bearer tok-en\r\n"));
    serve_free(&s.serve);
}

static void test_append(void)
{
    struct wire_record record = {0, 300, NULL, 0, SLICE("hi")};
    struct wire_append append = {&record, 1, true, 5, NULL};
    struct setup s;

    setup_init(&s, true);
    setup_run(&s,
              client_append(s.client, "a/b", &append, got_done, &s.got, NULL));
    check_first_line(&s, "POST /v1/streams/a%2Fb/records HTTP/1.1");
    CHECK(saw(&s, "\r\nContent-Type: application/protobuf\r\n"));
    CHECK(saw(&s, "\r\nAccept: application/protobuf\r\n"));
    CHECK(saw(&s, "\r\ns2-basin: some-basin\r\n"));
    CHECK(saw(&s, "\r\ns2-encryption-key: k3y=\r\n"));
    CHECK(saw(&s, "\r\nAuthorization: Bearer tok-en\r\n"));
    CHECK(saw(&s, "\r\n\r\n\x0a\x07\x08\xac\x02\x1a\x02hi\x10\x05"));
    serve_free(&s.serve);
}

static void test_append_too_large(void)
{
    struct wire_append append = {NULL, 0, true, 5, NULL};
    struct http *http = got_make(1);
    struct client_config config = config_of(http);
    struct client *client = NEEDED(client_new(&config, NULL));
    struct err err = ERR_INIT;

    CHECK(client_append(client, "a", &append, got_done, NULL, &err) == NULL);
    CHECK_INT(err.code, ERR_BUG);
    client_free(client);
    http_free(http);
}

static void test_read(void)
{
    static const struct {
        struct wire_read read;
        const char *query;
    } rows[] = {
        {{false, 0, 1}, "seq_num=0&count=1"},
        {{false, UINT64_MAX, 1000}, "seq_num=18446744073709551615&count=1000"},
        {{true, 1700000000000, 10}, "timestamp=1700000000000&count=10"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct setup s;
        char want[200];

        setup_init(&s, true);
        setup_run(&s, client_read(s.client, "a", &rows[i].read, got_done,
                                  &s.got, NULL));
        snprintf(want, sizeof(want), "GET /v1/streams/a/records?%s HTTP/1.1",
                 rows[i].query);
        check_first_line(&s, want);
        CHECK(saw(&s, "\r\nAccept: application/protobuf\r\n"));
        CHECK(saw(&s, "\r\ns2-encryption-key: k3y=\r\n"));
        serve_free(&s.serve);
    }
}

static void ignore_bytes(void *arg, struct slice bytes)
{
    (void)arg;
    (void)bytes;
}

/* Over http nothing is compressed. */
static void test_follow(void)
{
    static const struct {
        struct wire_read read;
        const char *query;
    } rows[] = {
        {{false, 0, 0}, "seq_num=0"},
        {{false, UINT64_MAX, 0}, "seq_num=18446744073709551615"},
        {{false, 7, 100000}, "seq_num=7&count=100000"},
        {{true, 1700000000000, 0}, "clamp=true&timestamp=1700000000000"},
        {{true, 5, 1}, "clamp=true&timestamp=5&count=1"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct setup s;
        char want[200];

        setup_init(&s, true);
        setup_run(&s, client_follow(s.client, "a", &rows[i].read, ignore_bytes,
                                    got_done, &s.got, NULL));
        snprintf(want, sizeof(want), "GET /v1/streams/a/records?%s HTTP/1.1",
                 rows[i].query);
        check_first_line(&s, want);
        CHECK(saw(&s, "\r\nContent-Type: s2s/proto\r\n"));
        CHECK(saw(&s, "\r\ns2-basin: some-basin\r\n"));
        CHECK(saw(&s, "\r\ns2-encryption-key: k3y=\r\n"));
        CHECK(saw(&s, "\r\nAuthorization: Bearer tok-en\r\n"));
        CHECK(!saw(&s, "Accept-Encoding"));
        serve_free(&s.serve);
    }
}

static void test_list(void)
{
    struct setup s;

    setup_init(&s, false);
    setup_run(&s,
              client_list(s.client, "a&b=", "a&b=/c", got_done, &s.got, NULL));
    check_first_line(&s, "GET /v1/streams?prefix=a%26b%3D&start_after="
                         "a%26b%3D%2Fc&limit=1000 HTTP/1.1");
    CHECK(saw(&s, "\r\ns2-basin: some-basin\r\n"));
    serve_free(&s.serve);
}

static void test_stream_names(void)
{
    static char huge[514];
    const char *bad[] = {"", ".", "..", "\xff", huge};
    struct http *http = got_make(1);
    struct client_config config = config_of(http);
    struct client *client = NEEDED(client_new(&config, NULL));
    struct http_request *request;

    memset(huge, 'a', sizeof(huge) - 1);
    for (size_t i = 0; i < 5; i++) {
        struct err err = ERR_INIT;

        CHECK(client_create(client, bad[i], got_done, NULL, &err) == NULL);
        CHECK_INT(err.code, ERR_CONFIG);
        CHECK(client_tail(client, bad[i], got_done, NULL, NULL) == NULL);
    }
    huge[512] = '\0';
    memset(huge, '\xc3', 512);
    for (size_t i = 1; i < 512; i += 2)
        huge[i] = '\xa9';
    request = client_tail(client, huge, got_done, NULL, NULL);
    CHECK(request != NULL);
    http_cancel(request);
    client_free(client);
    client_free(NULL);
    http_free(http);
}

/* With a zone of basins the name is in the host, and nowhere else. */
static void test_zone(void)
{
    static const struct serve_step step = {200, NULL, "ok", 0, NULL, 0};
    struct serve serve;
    struct http *http = got_make(1);
    struct client_config config = config_of(http);
    struct client *client;
    struct got got = {0};
    struct err err = ERR_INIT;
    char zone[64];

    serve_start(&serve, &step, 1);
    snprintf(zone, sizeof(zone), "http://{basin}.localhost:%d", serve.port);
    config.account_endpoint = config.basin_endpoint = zone;
    config.account_endpoint = "http://localhost";
    client = client_new(&config, &err);
    CHECK_STR(err.text, "");
    if (client != NULL) {
        client_tail(client, "a", got_done, &got, NULL);
        got_run(http, &got, 1);
    }
    client_free(client);
    http_free(http);
    serve_stop(&serve);
    CHECK(strstr(serve.log, "\r\nHost: some-basin.localhost:") != NULL);
    CHECK(strstr(serve.log, "s2-basin") == NULL);
    serve_free(&serve);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    RUN(test_create_basin);
    RUN(test_create);
    RUN(test_tail);
    RUN(test_append);
    RUN(test_append_too_large);
    RUN(test_read);
    RUN(test_follow);
    RUN(test_list);
    RUN(test_stream_names);
    RUN(test_zone);
    return check_done();
}
