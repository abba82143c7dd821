#include "s2/client.h"

#include "check.h"
#include "s2/endpoint.h"

#define BASIN "some-basin"

static struct client_config config_of(struct http *http)
{
    struct client_config config = {.http = http, .basin = BASIN};

    return config;
}

/* Whether such a client can be made; the text of the refusal. */
static bool makes(const struct client_config *config, struct err *err)
{
    struct client *client;

    err_clear(err);
    client = client_new(config, err);
    CHECK_INT(err->code, client != NULL ? ERR_NONE : ERR_CONFIG);
    client_free(client);
    return client != NULL;
}

static void test_basin_names(void)
{
    static const struct {
        const char *name;
        bool ok;
    } rows[] = {
        {"abcdefgh", true},
        {"abcdefg", false},
        {"12345678", true},
        {"a-------z", true},
        {"-bcdefghi", false},
        {"abcdefgh-", false},
        {"Abcdefgh", false},
        {"abcd.efgh", false},
        {"abcd_efgh", false},
        {"", false},
        {"abcdefgh\n", false},
        {"a23456789012345678901234567890123456789012345678", true},
        {"a234567890123456789012345678901234567890123456789", false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct client_config config = config_of(NULL);
        struct err err = ERR_INIT;

        config.basin = rows[i].name;
        CHECK_INT(makes(&config, &err), rows[i].ok);
    }
}

static void test_endpoints(void)
{
    static const struct {
        const char *text, *url;
        bool tls, loopback, named;
    } rows[] = {
        {"a.s2.dev", "https://a.s2.dev", true, false, false},
        {"a.s2.dev/", "https://a.s2.dev", true, false, false},
        {"HTTP://a:80", "http://a:80", false, false, false},
        {"https://{basin}.b.s2.dev:65535", "https://bb.b.s2.dev:65535", true,
         false, true},
        {"http://localhost:1", "http://localhost:1", false, true, false},
        {"http://LocalHost", "http://LocalHost", false, true, false},
        {"http://127.9.8.7", "http://127.9.8.7", false, true, false},
        {"http://[::1]:80/", "http://[::1]:80", false, true, false},
        {"http://[::2]", "http://[::2]", false, false, false},
        {"http://127.0.0.1.evil.com", "http://127.0.0.1.evil.com", false, false,
         false},
        {"http://localhost.evil.com", "http://localhost.evil.com", false, false,
         false},
        {"http://127.1", "http://127.1", false, false, false},
        {"http://0.0.0.0", "http://0.0.0.0", false, false, false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct endpoint e;
        struct err err = ERR_INIT;

        CHECK(endpoint_parse(rows[i].text, "bb", &e, &err) == 0);
        CHECK_STR(err.text, "");
        CHECK_STR(e.url, rows[i].url);
        CHECK_INT(e.tls, rows[i].tls);
        CHECK_INT(e.loopback, rows[i].loopback);
        CHECK_INT(e.named, rows[i].named);
    }
}

static void test_bad_endpoints(void)
{
    static char huge[2000];
    static const char *const bad[] = {
        "",      "/",     "https://", "http:///", "ftp://a", "a/b",
        "a//",   "a b",   "a:",       "a:0",      "a:65536", "a:x",
        "a:1:2", "u@a",   "u:p@a",    "a?b",      "a#b",     "[::1",
        "[]",    "[a]",   "[::1]x",   "::1",      ":80",     "a\r\nb",
        "a\tb",  "a\x80", "{basin}",  "a.{basi}", "a\\b",    huge};

    memset(huge, 'a', sizeof(huge) - 1);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct endpoint e;
        struct err err = ERR_INIT;

        CHECK(endpoint_parse(bad[i], NULL, &e, &err) == -1);
        CHECK_INT(err.code, ERR_CONFIG);
        if (check_bad)
            printf("# by '%.40s'\n", bad[i]);
    }
}

static void test_pairs_of_endpoints(void)
{
    struct client_config config = config_of(NULL);
    struct err err = ERR_INIT;

    CHECK(makes(&config, &err));
    config.account_endpoint = "a.example";
    CHECK(!makes(&config, &err));
    config.basin_endpoint = "{basin}.b.example";
    CHECK(makes(&config, &err));
    config.basin_endpoint = "http://{basin}.b.example";
    CHECK(!makes(&config, &err));
    config.account_endpoint = NULL;
    CHECK(!makes(&config, &err));
}

/* No refused secret is in the refusal. */
static void test_secrets(void)
{
    static char huge[70000];
    const char *bad[] = {
        "",           "sec ret", "secret\n", "secret\r\nA: b", "secr\xc3\xa9t",
        "secret\x7f", huge};

    memset(huge, 's', sizeof(huge) - 1);
    for (size_t i = 0; i < 7; i++) {
        struct client_config config = config_of(NULL);
        struct err err = ERR_INIT;

        config.token = bad[i];
        CHECK(!makes(&config, &err));
        CHECK(strstr(err.text, "sec") == NULL);
        config.token = NULL;
        config.encryption_key = bad[i];
        CHECK(!makes(&config, &err));
        CHECK(strstr(err.text, "sec") == NULL);
    }
}

static void test_plain_http(void)
{
    struct client_config config = config_of(NULL);
    struct err err = ERR_INIT;

    config.account_endpoint = "http://localhost:1";
    config.basin_endpoint = "http://127.0.0.1:1";
    config.token = "tok";
    config.encryption_key = "key";
    CHECK(makes(&config, &err));
    config.basin_endpoint = "http://example.com";
    CHECK(!makes(&config, &err));
    CHECK(strstr(err.text, "--allow-http") != NULL);
    config.token = NULL;
    CHECK(!makes(&config, &err));
    config.encryption_key = NULL;
    CHECK(makes(&config, &err));
    config.token = "tok";
    config.allow_http = true;
    CHECK(makes(&config, &err));
    config.allow_http = false;
    config.account_endpoint = "https://a.example";
    config.basin_endpoint = "https://b.example";
    CHECK(makes(&config, &err));
}

int main(void)
{
    RUN(test_basin_names);
    RUN(test_endpoints);
    RUN(test_bad_endpoints);
    RUN(test_pairs_of_endpoints);
    RUN(test_secrets);
    RUN(test_plain_http);
    return check_done();
}
