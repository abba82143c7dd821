#include <regex.h>
#include <stdlib.h>

#include "base/retry.h"
#include "bsky/url.h"
#include "check.h"

#define SEED 20260704U

/* Compares the host of ${link} with ${want}; NULL: none. */
static void check_host(struct slice link, const char *want)
{
    struct slice host = {NULL, 0};
    char *copy = malloc(link.n > 0 ? link.n : 1);
    int r;

    /* In a block of its own length, so that reading on is noticed. */
    memcpy(copy, link.p, link.n);
    link.p = copy;
    r = url_host(link, &host);
    CHECK_INT(r, want != NULL);
    if (r == 1 && want != NULL)
        CHECK(slice_eq(host, slice_str(want)));
    if (r != (want != NULL))
        printf("# link: '%.*s'\n", (int)link.n, link.p);
    free(copy);
}

struct host_case {
    const char *link;
    const char *host;
};

static void check_hosts(const struct host_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check_host(slice_str(cases[i].link), cases[i].host);
}

#define CHECK_HOSTS(cases) check_hosts(cases, sizeof(cases) / sizeof(cases[0]))

static void test_host_taken(void)
{
    static const struct host_case cases[] = {
        {"https://youtube.com", "youtube.com"},
        {"http://youtube.com/", "youtube.com"},
        {"HtTpS://YouTube.COM/x", "YouTube.COM"},
        {"https://a.b?x", "a.b"},
        {"https://a.b#x", "a.b"},
        {"https://a.b?x@c.d/", "a.b"},
        {"https://a.b#@c.d", "a.b"},
        {"https://a.b/@c.d", "a.b"},
        {"https://u@a.b", "a.b"},
        {"https://u:p@a.b:80/", "a.b"},
        {"https://u@v@a.b", "a.b"},
        {"https://youtube.com@evil.example", "evil.example"},
        {"https://@a.b", "a.b"},
        {"https://\xC3\xA9@a.b", "a.b"},
        {"https://a.b:", "a.b"},
        {"https://a.b:/", "a.b"},
        {"https://a.b:443?x", "a.b"},
        {"https://a.b:99999999999", "a.b"},
        {"https://a.b.", "a.b"},
        {"https://a.b.:8080/", "a.b"},
        {"https://localhost", "localhost"},
        {"https://127.0.0.1:80", "127.0.0.1"},
        {"https://x_y.-a-.1", "x_y.-a-.1"},
        {"https://xn--ebay.at", "xn--ebay.at"},
        {"https://a.b/\\ \t", "a.b"},
        {"https://a.b? \x7F", "a.b"},
    };

    CHECK_HOSTS(cases);
}

static void test_host_refused(void)
{
    static const struct host_case cases[] = {
        {"", NULL},
        {"http", NULL},
        {"https:", NULL},
        {"https:/", NULL},
        {"https://", NULL},
        {"https:///a.b", NULL},
        {"https:a.b", NULL},
        {"https:/a.b", NULL},
        {"https:\\\\a.b", NULL},
        {" https://a.b", NULL},
        {"httpss://a.b", NULL},
        {"ftp://a.b", NULL},
        {"//a.b", NULL},
        {"a.b", NULL},
        {"mailto:a@b.c", NULL},
        {"https://.", NULL},
        {"https://.a.b", NULL},
        {"https://a..b", NULL},
        {"https://a.b..", NULL},
        {"https://:80", NULL},
        {"https://.:80", NULL},
        {"https://u@", NULL},
        {"https://u@:80/", NULL},
        {"https://a.b@/", NULL},
        {"https://a.b:80:90", NULL},
        {"https://a.b:8x", NULL},
        {"https://a.b:80.", NULL},
        {"https://a.b:-1", NULL},
        {"https://[::1]:80/", NULL},
        {"https://a%2eb", NULL},
        {"https://b\xC3\xBC.de", NULL},
        {"https://a.b\\@c.d", NULL},
        {"https://u\\v@a.b", NULL},
        {"https://u v@a.b", NULL},
        {"https://a.b /", NULL},
        {"https://a.b\n", NULL},
        {"https://a\tb.c", NULL},
        {"https://u\x7F@a.b", NULL},
        {"https://a,b", NULL},
        {"https://*.a.b", NULL},
    };

    CHECK_HOSTS(cases);
}

static void test_host_nul(void)
{
    check_host(SLICE("https://a.b\0/"), NULL);
    check_host(SLICE("https://u\0@a.b/"), NULL);
    check_host(SLICE("https://a.b/\0x"), "a.b");
    check_host(SLICE("https\0://a.b/"), NULL);
}

static void test_host_longest(void)
{
    static const char prefix[] = "https://a.b/";
    static char link[URL_LINK_MAX + 1];

    memset(link, 'x', sizeof(link));
    memcpy(link, prefix, sizeof(prefix) - 1);
    check_host((struct slice){link, URL_LINK_MAX}, "a.b");
    check_host((struct slice){link, URL_LINK_MAX + 1}, NULL);
}

/* The same rules as one regular expression. */
static const char model[] =
    "^[Hh][Tt][Tt][Pp][Ss]?://([^/?#\\[:cntrl:] ]*@)?"
    "([A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*)\\.?(:[0-9]*)?([/?#].*)?$";

static void random_link(struct rng *rng, char *out, size_t cap)
{
    static const char *const parts[] = {
        "http",  "https", "HTTPS", "://", "://", ":",  "/",    "?",
        "#",     "@",     "a",     "b-c", "_",   ".",  ".",    "com",
        ":80",   ":",     "\\",    " ",   "\t",  "\n", "\x7F", "\xC3\xA9",
        "A.Bcd", "%41",   "9",     "[",   "]",   "..", "u:p@", "\x01"};
    size_t want = rng_next(rng) % 12;
    size_t n = 0;

    out[0] = '\0';
    if (rng_next(rng) % 8 != 0)
        n = (size_t)snprintf(out, cap, "%s",
                             rng_next(rng) % 2 ? "http://" : "hTTps://");
    for (size_t i = 0; i < want; i++)
        n += (size_t)snprintf(
            out + n, cap - n, "%s",
            parts[rng_next(rng) % (sizeof(parts) / sizeof(parts[0]))]);
}

static void test_host_property(void)
{
    struct rng rng = {SEED};
    regex_t regex;
    int taken = 0;

    printf("# seed %u\n", SEED);
    CHECK_INT(regcomp(&regex, model, REG_EXTENDED), 0);
    for (int i = 0; i < 100000; i++) {
        char link[256];
        regmatch_t m[3];

        random_link(&rng, link, sizeof(link));
        if (regexec(&regex, link, 3, m, 0) != 0) {
            check_host(slice_str(link), NULL);
        } else {
            struct slice want = {link + m[2].rm_so,
                                 (size_t)(m[2].rm_eo - m[2].rm_so)};
            char host[256];

            snprintf(host, sizeof(host), "%.*s", (int)want.n, want.p);
            check_host(slice_str(link), host);
            taken++;
        }
    }
    regfree(&regex);
    CHECK(taken > 5000 && taken < 95000);
}

static void check_server(const char *text, bool tls, const char *host, int port,
                         const char *path)
{
    struct url_server server;
    struct err err = ERR_INIT;

    CHECK_INT(url_server(text, &server, &err), 0);
    CHECK_STR(err.text, "");
    if (err.code != ERR_NONE)
        return;
    CHECK_INT(server.tls, tls);
    CHECK(slice_eq(server.host, slice_str(host)));
    CHECK_INT(server.port, port);
    CHECK(slice_eq(server.path, slice_str(path)));
}

static void test_server_taken(void)
{
    check_server("wss://a.b/subscribe", true, "a.b", 443, "/subscribe");
    check_server("ws://a.b/subscribe", false, "a.b", 80, "/subscribe");
    check_server("https://a.b", true, "a.b", 443, "/");
    check_server("HTTP://a.b:1", false, "a.b", 1, "/");
    check_server("a.b", true, "a.b", 443, "/");
    check_server("a.b:65535/x/y", true, "a.b", 65535, "/x/y");
    check_server("localhost:6008", true, "localhost", 6008, "/");
    check_server("ws://127.0.0.1:6008/", false, "127.0.0.1", 6008, "/");
    check_server("ws://[::1]:6008/s", false, "::1", 6008, "/s");
    check_server("[2001:db8::7]", true, "2001:db8::7", 443, "/");
    check_server("ws://a.b/x@y:z://", false, "a.b", 80, "/x@y:z://");
    check_server("a.b./x", true, "a.b.", 443, "/x");
}

static void test_server_refused(void)
{
    static const char *const bad[] = {"",
                                      "ws://",
                                      "ftp://a.b",
                                      "://a.b",
                                      "wss:///x",
                                      "ws://u@a.b",
                                      "ws://u:p@a",
                                      "ws://a.b?x",
                                      "ws://a.b/?",
                                      "ws://a.b#x",
                                      "ws://a.b:0",
                                      "ws://a.b:65536",
                                      "ws://a.b:",
                                      "a.b:80x/",
                                      "ws://a.b:-1",
                                      "ws://a.b:000080",
                                      "ws://a b/",
                                      "ws://a\nb/",
                                      "ws://a.b/ x",
                                      "ws://a.b/\xC3\xA9",
                                      "ws://a..b/",
                                      "ws://.a/",
                                      "ws://[::1",
                                      "ws://[]/",
                                      "ws://[::g]",
                                      "[::1]x",
                                      "ws://::1/",
                                      "ws://a.b\\c",
                                      "ws://a.b/\r\nHost:"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct url_server server;
        struct err err = ERR_INIT;

        CHECK_INT(url_server(bad[i], &server, &err), -1);
        CHECK_INT(err.code, ERR_USAGE);
        if (err.code != ERR_USAGE)
            printf("# server: '%s'\n", bad[i]);
    }
}

static void test_server_says_why(void)
{
    struct url_server server;
    struct err err = ERR_INIT;

    url_server("ftp://a.b", &server, &err);
    CHECK_STR(err.text, "'ftp://a.b' is not a server: its scheme is not ws, "
                        "wss, http or https");
    CHECK_INT(url_server("ws://a.b:x", &server, NULL), -1);
}

int main(void)
{
    RUN(test_host_taken);
    RUN(test_host_refused);
    RUN(test_host_nul);
    RUN(test_host_longest);
    RUN(test_host_property);
    RUN(test_server_taken);
    RUN(test_server_refused);
    RUN(test_server_says_why);
    return check_done();
}
