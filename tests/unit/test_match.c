#include "bsky/match.h"
#include "posts.h"

#define DAY_US INT64_C(86400000000)

static const char map_text[] = "s/a a.example a2.example\n"
                               "s/b b.example\n"
                               "s/c c.example\n"
                               "s/a more.example\n";

static const char *const english[] = {"en"};

/* One map for every test. */
static struct routes *map;

static struct match_config config_all(void)
{
    struct match_config config = {.routes = map};

    return config;
}

static void describe(struct buf *out, enum match_verdict verdict,
                     const struct match_hit *hits, size_t n)
{
    static const char *const names[] = {"hits", "lang", "nolink", "old"};

    buf_addstr(out, names[verdict]);
    for (size_t i = 0; i < n; i++) {
        buf_addf(out, " %s ", hits[i].route ? hits[i].route->stream : "-");
        buf_addslice(out, hits[i].offsite);
        buf_addstr(out, " ");
        buf_addslice(out, hits[i].uri);
    }
}

/* Decides a post on wire v2 whose record is {${members}}, and compares the
 * decision, written out, with ${want}. */
static void check_match(const struct match_config *config, const char *members,
                        const char *want)
{
    struct buf record = BUF_INIT(8192);
    struct buf got = BUF_INIT(8192);
    struct match *match = NEEDED(match_new(config, NULL));
    const struct match_hit *hits;
    enum match_verdict verdict;
    struct event event;
    size_t n;

    buf_addf(&record, "\"record\":{%s}", members);
    CHECK_INT(posts_edited(V2_POST, "\"record\":{}", buf_str(&record), &event),
              1);
    for (int again = 0; again < 2 && event.kind == EVENT_POST; again++) {
        verdict = match_post(match, &event, &hits, &n);
        CHECK_INT(n > 0, verdict == MATCH_HITS);
        buf_reset(&got);
        describe(&got, verdict, hits, n);
        CHECK_STR(buf_str(&got), want);
    }
    event_release(&event);
    match_free(match);
    buf_release(&record);
    buf_release(&got);
}

#define FACET(uri) "{\"features\":[{\"uri\":\"" uri "\"}]}"
#define FACETS(list) "\"facets\":[" list "]"
#define EXTERNAL(uri) "\"external\":{\"uri\":\"" uri "\"}"

static void test_order(void)
{
    struct match_config config = config_all();

    check_match(
        &config,
        "\"embed\":{" EXTERNAL("http://b.example/3") ",\"media\":{" EXTERNAL(
            "http://c.example/4") "}}," FACETS("{\"features\":[{\"uri\":"
                                               "\"https://c.example/1\"},"
                                               "{\"uri\":\"https://x.A.Example/"
                                               "2\"}]}"),
        "hits s/c c.example https://c.example/1 "
        "s/a a.example https://x.A.Example/2 "
        "s/b b.example http://b.example/3");
    check_match(
        &config,
        "\"embed\":{\"media\":{" EXTERNAL("http://c.example/2") "}," EXTERNAL(
            "http://c.example/1") "}",
        "hits s/c c.example http://c.example/1");
    check_match(
        &config,
        FACETS(FACET("http://a2.example/") "," FACET("http://b.example/")),
        "hits s/a a.example http://a2.example/ "
        "s/b b.example http://b.example/");
}

/* One hit per stream, also when its routes are two. */
static void test_once(void)
{
    struct match_config config = config_all();

    check_match(&config,
                FACETS(FACET("http://more.example/1") "," FACET(
                    "http://a.example/2") "," FACET("http://more.example/3")),
                "hits s/a more.example http://more.example/1");
    check_match(
        &config,
        FACETS(FACET("http://a2.example/1") "," FACET("http://more.example/2")),
        "hits s/a a.example http://a2.example/1");
}

static void test_kinds_of_links(void)
{
    static const char both[] = FACETS(FACET(
        "http://a.example/")) ",\"embed\":{" EXTERNAL("http://b.example/") "}";
    struct match_config config = config_all();

    check_match(&config, both,
                "hits s/a a.example http://a.example/ "
                "s/b b.example http://b.example/");
    config.links = MATCH_FACETS;
    check_match(&config, both, "hits s/a a.example http://a.example/");
    config.links = MATCH_EMBEDS;
    check_match(&config, both, "hits s/b b.example http://b.example/");
}

/* Links stand elsewhere, too; those are none of ours. */
static void test_other_places(void)
{
    static const char *const records[] = {
        "\"text\":\"http://a.example/\"",
        "\"uri\":\"http://a.example/\"",
        "\"external\":{\"uri\":\"http://a.example/\"}",
        "\"embed\":{\"uri\":\"http://a.example/\"}",
        "\"embed\":{\"record\":{\"uri\":\"http://a.example/\"}}",
        "\"embed\":{\"media\":{\"media\":{" EXTERNAL("http://a.example/") "}}}",
        "\"embed\":{\"external\":{\"title\":\"http://a.example/\"}}",
        "\"reply\":{\"root\":{\"uri\":\"http://a.example/\"}}",
        "\"facets\":[{\"uri\":\"http://a.example/\"}]",
        "\"facets\":{\"features\":[{\"uri\":\"http://a.example/\"}]}",
        "\"facets\":[{\"features\":{\"uri\":\"http://a.example/\"}}]",
        "\"facets\":[[{\"uri\":\"http://a.example/\"}]]",
        "\"facets\":[{\"features\":[\"http://a.example/\"]}]",
        "\"facets\":[{\"features\":[{\"uri\":[\"http://a.example/\"]}]}]",
        "\"embed\":[{" EXTERNAL("http://a.example/") "}]",
        "\"embed\":{\"external\":\"http://a.example/\"}",
        "\"embed\":null,\"facets\":7",
        FACETS(FACET("ftp://a.example/") "," FACET("")),
        FACETS(FACET("http://xa.example/") "," FACET("http://example/")),
        FACETS(FACET("http://a.example\\u0000/")),
        FACETS(FACET("http://x.example/?u=http://a.example/")),
    };
    struct match_config config = config_all();

    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
        check_match(&config, records[i], "nolink");
}

/* What has the wrong shape does not hide what comes after it. */
static void test_wrong_shapes(void)
{
    struct match_config config = config_all();

    check_match(&config,
                "\"embed\":{\"external\":7,\"media\":{" EXTERNAL(
                    "http://b.example/") "}}," FACETS("null,7,\"x\",[],{},{"
                                                      "\"features\":null},{"
                                                      "\"features\":"
                                                      "[null,7,{\"uri\":7},{},{"
                                                      "\"$type\":\"odd\","
                                                      "\"uri\":\"http://"
                                                      "a.example/\"}]}"),
                "hits s/a a.example http://a.example/ "
                "s/b b.example http://b.example/");
}

static void test_unrouted(void)
{
    struct match_config config = config_all();

    config.unrouted = true;
    check_match(
        &config,
        FACETS(FACET("http://[::1]/") "," FACET("http://X.Y./1") "," FACET(
            "http://b.example/2") "," FACET("http://z.example/3")),
        "hits - X.Y http://X.Y./1 s/b b.example http://b.example/2");
    check_match(&config, FACETS(FACET("http://b.example/")),
                "hits s/b b.example http://b.example/");
    check_match(&config, FACETS(FACET("mailto:x@y.z")), "nolink");
}

#define LINKED "," FACETS(FACET("http://a.example/"))
#define TAKEN "hits s/a a.example http://a.example/"

static void check_langs(const char *const *langs, size_t n, const char *value,
                        bool want)
{
    struct match_config config = config_all();
    char members[256];

    config.langs = langs;
    config.nlangs = n;
    snprintf(members, sizeof(members), "\"langs\":%s" LINKED, value);
    check_match(&config, members, want ? TAKEN : "lang");
}

static void test_english(void)
{
    static const char *const taken[] = {
        "[\"en\"]",     "[\"EN\"]",        "[\"en-GB\"]", "[\"eN-x-y\"]",
        "[\"en-\"]",    "[\"de\",\"en\"]", "[7,\"en\"]",  "[null,[],\"en-US\"]",
        "[\"\",\"en\"]"};
    static const char *const refused[] = {
        "[]",          "[\"enm\"]",       "[\"e\"]",
        "[\"\"]",      "[\"-en\"]",       "[\"de\"]",
        "[\"en_US\"]", "[\" en\"]",       "[[\"en\"]]",
        "null",        "\"en\"",          "{\"en\":1}",
        "[\"de-en\"]", "[\"en\\u0000\"]", "[7]"};

    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        check_langs(english, 1, taken[i], true);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        check_langs(english, 1, refused[i], false);
}

static void test_langs(void)
{
    static const char *const british[] = {"en-GB"};
    static const char *const two[] = {"DE", "fr-CA"};
    struct match_config config = config_all();

    check_langs(british, 1, "[\"EN-gb\"]", true);
    check_langs(british, 1, "[\"en\"]", false);
    check_langs(british, 1, "[\"en-US\"]", false);
    check_langs(british, 1, "[\"en-GB-x\"]", false);
    check_langs(two, 2, "[\"de-AT\"]", true);
    check_langs(two, 2, "[\"x\",\"fr-ca\"]", true);
    check_langs(two, 2, "[\"fr\"]", false);
    check_langs(NULL, 0, "7", true);
    check_match(&config, "\"x\":1" LINKED, TAKEN);
    config.langs = english;
    config.nlangs = 1;
    check_match(&config, "\"x\":1" LINKED, "lang");
    check_match(&config, "\"langs\":[\"de\"]", "lang");
    check_match(&config, "\"langs\":[\"en\"]", "nolink");
}

/* Decides V1_POST or V2_POST with a link and the rkey ${rkey}. */
static enum match_verdict decide_age(const struct match_config *config,
                                     const char *post, const char *rkey,
                                     const char *record)
{
    struct match *match = NEEDED(match_new(config, NULL));
    const struct match_hit *hits;
    enum match_verdict verdict = MATCH_LANG;
    struct buf text = BUF_INIT(4096);
    const char *at = strstr(post, "\"record\":{");
    struct event event;
    size_t n;

    buf_add(&text, post, (size_t)(at - post));
    buf_addf(&text, "\"record\":{%s}}}", record);
    CHECK_INT(posts_edited(buf_str(&text), "3n2wb7esvxsb2", rkey, &event), 1);
    if (event.kind == EVENT_POST)
        verdict = match_post(match, &event, &hits, &n);
    event_release(&event);
    match_free(match);
    buf_release(&text);
    return verdict;
}

/* The rkey of a post made at ${us}. */
static const char *tid(int64_t us, char out[14])
{
    static const char digits[] = "234567abcdefghijklmnopqrstuvwxyz";
    uint64_t value = (uint64_t)us << 10 | 77;

    for (int i = 12; i >= 0; i--, value >>= 5)
        out[i] = digits[value & 31];
    out[13] = '\0';
    return out;
}

static void test_age(void)
{
    static const char *const posts[] = {V1_POST, V2_POST};
    static const char link[] = "\"x\":1" LINKED;
    const int64_t now = INT64_C(1795372744737147);
    struct match_config config = config_all();
    char rkey[14];

    CHECK_INT(match_max_age(EVENT_V1), 2 * DAY_US);
    CHECK_INT(match_max_age(EVENT_V2), DAY_US / 48);
    _Static_assert(sizeof(posts) / sizeof(posts[0]) == EVENT_WIRES - EVENT_V1,
                   "a wire without a post");
    for (int wire = EVENT_V1; wire < EVENT_WIRES; wire++)
        config.max_age_us[wire] = match_max_age((enum event_wire)wire);
    for (int wire = EVENT_V1; wire < EVENT_WIRES; wire++) {
        const char *post = posts[wire - EVENT_V1];
        int64_t edge = now - config.max_age_us[wire];

        CHECK_INT(decide_age(&config, post, tid(edge, rkey), link), MATCH_HITS);
        CHECK_INT(decide_age(&config, post, tid(edge - 1, rkey), link),
                  MATCH_OLD);
        CHECK_INT(decide_age(&config, post, tid(0, rkey), link), MATCH_OLD);
        CHECK_INT(decide_age(&config, post, tid(now * 2, rkey), link),
                  MATCH_HITS);
        CHECK_INT(decide_age(&config, post, "self", link), MATCH_HITS);
        CHECK_INT(decide_age(&config, post, tid(0, rkey), "\"x\":1"),
                  MATCH_NOLINK);
    }
    config.max_age_us[EVENT_V1] = 0;
    CHECK_INT(decide_age(&config, V1_POST, tid(0, rkey), link), MATCH_HITS);
    CHECK_INT(decide_age(&config, V2_POST, tid(0, rkey), link), MATCH_OLD);
    config.langs = english;
    config.nlangs = 1;
    CHECK_INT(decide_age(&config, V2_POST, tid(0, rkey), link), MATCH_LANG);
}

int main(void)
{
    map = NEEDED(routes_new());
    routes_add_text(map, slice_str(map_text), "map", NULL);
    RUN(test_order);
    RUN(test_once);
    RUN(test_kinds_of_links);
    RUN(test_other_places);
    RUN(test_wrong_shapes);
    RUN(test_unrouted);
    RUN(test_english);
    RUN(test_langs);
    RUN(test_age);
    match_free(NULL);
    routes_free(map);
    return check_done();
}
