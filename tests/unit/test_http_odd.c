/* Requests and answers of HTTP that are hardly ever so, and endpoints that
 * are none. */
#include "got.h"
#include "s2/client.h"
#include "s2/endpoint.h"

static struct got answered(const char *headers)
{
    struct serve_step step = {503, headers, "body", 0, NULL, SERVE_CLOSE};

    return got_once(&step, PATIENCE_MS);
}

/* What cannot be a date is none; lines without a colon are passed over. */
static void test_odd_headers(void)
{
    struct got got = answered("Retry-After: Fri, 01 Jan 2100 00:00:00 GMT and "
                              "so on, for longer than any date is\r\n");

    CHECK_INT(got.status, 503);
    CHECK_INT(got.retry_after_ms, 0);
    got = answered("Retry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n");
    CHECK_INT(got.retry_after_ms, 3600000);
    got = answered("Retry-After: 7\r\n Nonsense\r\n");
    CHECK_INT(got.status, 503);
    CHECK_STR(got.body, "body");
}

static void not_asked(const char *url)
{
    struct http *http = got_make(1);
    struct got got = {0};

    got_start(http, url, PATIENCE_MS, &got);
    got_run(http, &got, 1);
    CHECK_INT(got.failure, HTTP_NO_EFFECT);
    CHECK_INT(got.err.code, ERR_CONFIG);
    http_free(http);
}

/* No later try can mend these. */
static void test_no_url(void)
{
    not_asked("http://[/");
    not_asked("file:///etc/hostname");
    not_asked("http://127.0.0.1:99999/");
    not_asked("");
}

static void refused(const char *name, const char *account, const char *basin)
{
    struct client_config config = {
        .basin = name, .account_endpoint = account, .basin_endpoint = basin};
    struct err err = ERR_INIT;

    config.http = got_make(1);
    CHECK(client_new(&config, &err) == NULL);
    CHECK_INT(err.code, ERR_CONFIG);
    http_free(config.http);
}

static void test_endpoints(void)
{
    struct endpoint endpoint;
    char text[4 * ENDPOINT_MAX];

    refused("some-basin", "http://localhost:1", "http://local host");
    refused("some-basin", "http://local host", "http://localhost:1");
    refused("{ome-basin", "http://localhost:1", "http://localhost:1");
    refused("some-basi{", "http://localhost:1", "http://localhost:1");
    snprintf(text, sizeof(text), "http://%0*d", 3 * ENDPOINT_MAX, 1);
    CHECK_INT(endpoint_parse(text, NULL, &endpoint, NULL), -1);
    snprintf(text, sizeof(text), "http://%0*d", 200, 1);
    CHECK_INT(endpoint_parse(text, NULL, &endpoint, NULL), 0);
    CHECK_STR(endpoint.url, text);
}

int main(void)
{
    RUN(test_odd_headers);
    RUN(test_no_url);
    RUN(test_endpoints);
    return check_done();
}
