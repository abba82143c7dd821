#include <stdlib.h>

#include "base/retry.h"
#include "bsky/route.h"
#include "check.h"

#define SEED 4711U

/* The stream of ${host} in ${routes}, "" when no route takes it. */
static const char *stream_of(const struct routes *routes, const char *host)
{
    const struct route *route = routes_find(routes, slice_str(host));

    return route != NULL ? route->stream : "";
}

static struct routes *map(const char *text)
{
    struct routes *routes = NEEDED(routes_new());
    struct err err = ERR_INIT;

    routes_add_text(routes, slice_str(text), "map", &err);
    CHECK_STR(err.text, "");
    return routes;
}

static void test_empty(void)
{
    struct routes *routes = NEEDED(routes_new());

    CHECK_INT(routes_count(routes), 0);
    CHECK_INT(routes_streams(routes), 0);
    CHECK(routes_find(routes, SLICE("a.b")) == NULL);
    CHECK(routes_find(routes, (struct slice){NULL, 0}) == NULL);
    routes_free(routes);
    routes_free(NULL);
}

static void test_defaults(void)
{
    struct routes *routes = NEEDED(routes_new());

    CHECK_INT(routes_add_defaults(routes, NULL), 0);
    CHECK(routes_count(routes) > 0 &&
          routes_count(routes) == routes_streams(routes));
    CHECK_STR(stream_of(routes, "www.YouTube.com"), "social/youtube");
    CHECK_STR(stream_of(routes, "youtu.be"), "social/youtube");
    CHECK_STR(stream_of(routes, "a.co"), "ecommerce/amazon");
    CHECK_STR(stream_of(routes, "thebay.com"), "");
    CHECK_STR(stream_of(routes, "betsy.com"), "");
    CHECK_STR(stream_of(routes, "youtube.com.evil.example"), "");
    CHECK_STR(stream_of(routes, "com"), "");
    CHECK_STR(routes_find(routes, SLICE("youtu.be"))->domains[0],
              "youtube.com");
    routes_free(routes);
}

/* The default map must be the one that is published. */
static void test_defaults_published(void)
{
    FILE *file = fopen("../shared/routes.txt", "r");
    struct routes *ours = NEEDED(routes_new());
    struct routes *theirs = NEEDED(routes_new());
    char text[8192];
    size_t n = file != NULL ? fread(text, 1, sizeof(text), file) : 0;

    if (file != NULL) {
        fclose(file);
        routes_add_defaults(ours, NULL);
        CHECK_INT(routes_add_text(theirs, (struct slice){text, n}, "r", NULL),
                  0);
        CHECK_INT(routes_count(ours), routes_count(theirs));
        for (size_t i = 0; i < routes_count(ours); i++) {
            const struct route *a = routes_get(ours, i);
            const struct route *b = routes_get(theirs, i);

            CHECK_STR(a->stream, b->stream);
            CHECK_INT(a->ndomains, b->ndomains);
            for (size_t j = 0; j < a->ndomains && j < b->ndomains; j++)
                CHECK_STR(a->domains[j], b->domains[j]);
        }
    }
    routes_free(ours);
    routes_free(theirs);
    if (file == NULL)
        SKIP("no ../shared/routes.txt");
}

static void test_text(void)
{
    struct routes *routes = map("# c\n\n  \t\r\n"
                                "s/a\tA.example  b_1.example\r\n"
                                "  s/b c-d.example # x.example\n"
                                "s#c e.example #f.example\n"
                                "s/a last.example");

    CHECK_INT(routes_count(routes), 4);
    CHECK_INT(routes_streams(routes), 3);
    CHECK_STR(stream_of(routes, "a.example"), "s/a");
    CHECK_STR(stream_of(routes, "x.b_1.example"), "s/a");
    CHECK_STR(stream_of(routes, "c-d.example"), "s/b");
    CHECK_STR(stream_of(routes, "x.example"), "");
    CHECK_STR(stream_of(routes, "e.example"), "s#c");
    CHECK_STR(stream_of(routes, "f.example"), "");
    CHECK_STR(stream_of(routes, "last.example"), "s/a");
    CHECK_INT(routes_get(routes, 3)->stream_id, 0);
    CHECK_INT(routes_get(routes, 2)->stream_id, 2);
    CHECK_STR(routes_get(routes, 3)->domains[0], "last.example");
    CHECK_STR(routes_get(routes, 0)->domains[0], "a.example");
    routes_free(routes);
}

static void check_bad_text(const char *text, const char *want)
{
    struct routes *routes = NEEDED(routes_new());
    struct err err = ERR_INIT;

    CHECK_INT(routes_add_text(routes, slice_str(text), "f", &err), -1);
    CHECK_INT(err.code, ERR_CONFIG);
    CHECK_STR(err.text, want);
    routes_free(routes);
}

static void test_text_refused(void)
{
    check_bad_text("s/a", "f:1: a stream without a domain");
    check_bad_text("a b.c\n\ns/a # x\n", "f:3: a stream without a domain");
    check_bad_text("s a..b", "f:1: 'a..b' is not a domain");
    check_bad_text("s .a", "f:1: '.a' is not a domain");
    check_bad_text("s a.", "f:1: 'a.' is not a domain");
    check_bad_text("s a,b", "f:1: 'a,b' is not a domain");
    check_bad_text("s a.b/c", "f:1: 'a.b/c' is not a domain");
    check_bad_text("s \xC3\xA9.fr", "f:1: '\xC3\xA9.fr' is not a domain");
    check_bad_text("s a.b c:80", "f:1: 'c:80' is not a domain");
    check_bad_text(".. a.b", "f:1: '..' cannot be a stream's name");
    check_bad_text("_bsky2s2/x a.b",
                   "f:1: '_bsky2s2/x' cannot be a stream's name");
}

static void test_domain_length(void)
{
    char text[2 + 254 + 1] = "s ";
    struct routes *routes = NEEDED(routes_new());
    struct err err = ERR_INIT;

    memset(text + 2, 'a', 254);
    CHECK_INT(routes_add_text(routes, (struct slice){text, 2 + 253}, "f", &err),
              0);
    CHECK_INT(routes_add_text(routes, (struct slice){text, 2 + 254}, "f", &err),
              -1);
    CHECK_INT(err.code, ERR_CONFIG);
    routes_free(routes);
}

/* A suffix of 253 bytes is found behind a longer host, and nothing reads
 * past either end. */
static void test_long_hosts(void)
{
    char text[300] = "s ";
    char host[2000];
    struct routes *routes;

    memset(text + 2, 'a', 253);
    text[100] = '.';
    routes = map(text);
    memset(host, 'x', sizeof(host));
    memcpy(host + sizeof(host) - 253, text + 2, 253);
    CHECK(routes_find(routes, (struct slice){host, sizeof(host)}) == NULL);
    host[sizeof(host) - 254] = '.';
    CHECK(routes_find(routes, (struct slice){host, sizeof(host)}) != NULL);
    CHECK(routes_find(routes, (struct slice){host + sizeof(host) - 253, 253}) !=
          NULL);
    routes_free(routes);
}

static void check_spec(const char *spec, const char *want)
{
    struct routes *routes = NEEDED(routes_new());
    struct err err = ERR_INIT;

    CHECK_INT(routes_add_spec(routes, spec, &err), -1);
    CHECK_INT(err.code, ERR_USAGE);
    CHECK_STR(err.text, want);
    CHECK_INT(routes_count(routes), 0);
    routes_free(routes);
}

static void test_spec(void)
{
    struct routes *routes = NEEDED(routes_new());

    CHECK_INT(routes_add_spec(routes, "A.example,b.example=s/x", NULL), 0);
    CHECK_INT(routes_add_spec(routes, "c.example=s=y z", NULL), 0);
    CHECK_STR(stream_of(routes, "b.example"), "s/x");
    CHECK_STR(stream_of(routes, "c.example"), "s=y z");
    CHECK_STR(routes_find(routes, SLICE("b.example"))->domains[0], "a.example");
    routes_free(routes);
    check_spec("a.b", "'a.b' is not DOMAIN[,DOMAIN...]=STREAM");
    check_spec("=s", "route '=s': a domain is missing");
    check_spec("a.b,=s", "route 'a.b,=s': a domain is missing");
    check_spec(",a.b=s", "route ',a.b=s': '' is not a domain");
    check_spec("a.b=", "route 'a.b=': '' cannot be a stream's name");
    check_spec("a b=s", "route 'a b=s': 'a b' is not a domain");
}

static void test_longest_wins(void)
{
    struct routes *routes = map("all example\nnarrow news.example\n"
                                "deep a.news.example\n");

    CHECK_STR(stream_of(routes, "x.example"), "all");
    CHECK_STR(stream_of(routes, "example"), "all");
    CHECK_STR(stream_of(routes, "news.example"), "narrow");
    CHECK_STR(stream_of(routes, "b.news.example"), "narrow");
    CHECK_STR(stream_of(routes, "x.A.NEWS.Example"), "deep");
    CHECK_STR(stream_of(routes, "oldnews.example"), "all");
    CHECK_STR(stream_of(routes, "xample"), "");
    routes_free(routes);
}

static void test_user_wins(void)
{
    struct routes *before = map("mine bbc.com\n");
    struct routes *after = NEEDED(routes_new());

    CHECK_INT(routes_add_defaults(before, NULL), 0);
    CHECK_STR(stream_of(before, "www.bbc.com"), "mine");
    CHECK_STR(stream_of(before, "bbc.co.uk"), "news/bbc");
    CHECK_INT(routes_add_defaults(after, NULL), 0);
    CHECK_INT(routes_add_spec(after, "bbc.com=mine", NULL), 0);
    CHECK_STR(stream_of(after, "www.bbc.com"), "mine");
    CHECK_INT(routes_add_spec(after, "bbc.com=later", NULL), 0);
    CHECK_STR(stream_of(after, "www.bbc.com"), "later");
    CHECK_INT(routes_count(after), 11);
    CHECK_INT(routes_streams(after), 11);
    routes_free(before);
    routes_free(after);
}

/* A full map: one route more is refused, and the first is still where it was
 * when the map was small. */
static void test_full(void)
{
    struct routes *routes = NEEDED(routes_new());
    const struct route *first = NULL;
    struct err err = ERR_INIT;

    for (int i = 0; i < ROUTE_MAX; i++) {
        char spec[64];

        snprintf(spec, sizeof(spec), "d%d.example=s/%d", i, i / 2);
        if (routes_add_spec(routes, spec, &err) != 0)
            break;
        if (i == 0)
            first = routes_get(routes, 0);
    }
    CHECK_STR(err.text, "");
    CHECK(first == routes_get(routes, 0));
    CHECK(first == routes_find(routes, SLICE("d0.example")));
    CHECK_STR(stream_of(routes, "d9999.example"), "s/4999");
    CHECK_INT(routes_streams(routes), ROUTE_MAX / 2);
    CHECK_INT(routes_add_spec(routes, "x.example=s", &err), -1);
    CHECK_INT(err.code, ERR_USAGE);
    CHECK_INT(routes_count(routes), ROUTE_MAX);
    routes_free(routes);
}

static void test_stream_names(void)
{
    char name[ROUTE_STREAM_MAX + 1];

    memset(name, 'n', sizeof(name));
    CHECK(routes_stream_ok((struct slice){name, ROUTE_STREAM_MAX}));
    CHECK(!routes_stream_ok((struct slice){name, ROUTE_STREAM_MAX + 1}));
    CHECK(!routes_stream_ok(SLICE("")));
    CHECK(!routes_stream_ok(SLICE(".")));
    CHECK(!routes_stream_ok(SLICE("..")));
    CHECK(routes_stream_ok(SLICE("...")));
    CHECK(routes_stream_ok(SLICE("a b/\xC3\xA9")));
    CHECK(!routes_stream_ok(SLICE("a\nb")));
    CHECK(!routes_stream_ok(SLICE("a\0b")));
    CHECK(!routes_stream_ok(SLICE("a\x7F")));
    CHECK(!routes_stream_ok(SLICE("a\xC2\x85")));
    CHECK(!routes_stream_ok(SLICE("a\xC3")));
    CHECK(!routes_stream_ok(SLICE("_bsky2s2/default")));
    CHECK(routes_stream_ok(SLICE("_bsky2s2")));
    CHECK(routes_stream_ok(SLICE("x/_bsky2s2/y")));
}

/* A random name of one to four labels out of few letters. */
static void random_name(struct rng *rng, char *out)
{
    static const char letters[] = "aAb-";
    size_t labels = 1 + rng_next(rng) % 4;

    for (size_t i = 0; i < labels; i++) {
        for (size_t n = 1 + rng_next(rng) % 2; n > 0; n--)
            *out++ = letters[rng_next(rng) % 4];
        *out++ = '.';
    }
    out[-1] = '\0';
}

struct model {
    char domain[32];
    int stream;
};

/* What the rules say, by trying every domain. */
static int model_find(const struct model *models, int n, const char *host)
{
    size_t best = 0;
    int stream = -1;

    for (int i = 0; i < n; i++) {
        struct slice d = slice_str(models[i].domain);
        struct slice h = slice_str(host);

        if (h.n < d.n || (h.n > d.n && host[h.n - d.n - 1] != '.'))
            continue;
        h.p += h.n - d.n;
        h.n = d.n;
        if (slice_caseeq(h, d) && d.n >= best) {
            best = d.n;
            stream = models[i].stream;
        }
    }
    return stream;
}

static void random_map(struct rng *rng)
{
    struct routes *routes = NEEDED(routes_new());
    struct model models[40];
    int n = (int)(rng_next(rng) % 40) + 1;

    for (int i = 0; i < n; i++) {
        char spec[64];

        random_name(rng, models[i].domain);
        models[i].stream = (int)(rng_next(rng) % 5);
        snprintf(spec, sizeof(spec), "%.31s=%d", models[i].domain,
                 models[i].stream);
        CHECK_INT(routes_add_spec(routes, spec, NULL), 0);
    }
    for (int i = 0; i < 200; i++) {
        char host[32];
        char want[16] = "";
        int stream;

        random_name(rng, host);
        stream = model_find(models, n, host);
        if (stream >= 0)
            snprintf(want, sizeof(want), "%d", stream);
        CHECK_STR(stream_of(routes, host), want);
    }
    routes_free(routes);
}

static void test_find_property(void)
{
    struct rng rng = {SEED};

    printf("# seed %u\n", SEED);
    for (int i = 0; i < 300; i++)
        random_map(&rng);
}

int main(void)
{
    RUN(test_empty);
    RUN(test_defaults);
    RUN(test_defaults_published);
    RUN(test_text);
    RUN(test_text_refused);
    RUN(test_domain_length);
    RUN(test_long_hosts);
    RUN(test_spec);
    RUN(test_longest_wins);
    RUN(test_user_wins);
    RUN(test_full);
    RUN(test_stream_names);
    RUN(test_find_property);
    return check_done();
}
