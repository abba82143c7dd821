/*
 * Any message: the decision about a post is what a plain reading of the
 * rules comes to.
 */
#include "fuzz.h"

#include <jansson.h>
#include <strings.h>

#include "bsky/match.h"
#include "bsky/url.h"

#define HITS_MAX 4096

/* What is expected. */
struct plan {
    const struct match_config *config;
    const struct event *event;
    struct match_hit hits[HITS_MAX];
    size_t n;
};

enum { MATCHES = 3 };

static const char *const langs[] = {"en", "pt-BR"};
static struct match_config configs[MATCHES];
static struct match *matches[MATCHES];

static void init(void)
{
    struct routes *routes = routes_new(), *odd = routes_new();

    if (routes == NULL || odd == NULL ||
        routes_add_defaults(routes, NULL) != 0 ||
        routes_add_spec(odd, "odd.example=odd/one", NULL) != 0 ||
        routes_add_spec(odd, "a.odd.example,youtu.be=odd/two", NULL) != 0 ||
        routes_add_spec(odd, "b.odd.example=odd/one", NULL) != 0)
        abort();
    configs[0] = (struct match_config){.routes = routes,
                                       .langs = langs,
                                       .nlangs = 2,
                                       .max_age_us = {0, 1000000, 1000}};
    configs[1] = (struct match_config){.routes = odd, .links = MATCH_FACETS};
    configs[2] = (struct match_config){
        .routes = odd, .links = MATCH_EMBEDS, .unrouted = true};
    for (int i = 0; i < MATCHES; i++)
        matches[i] = match_new(&configs[i], NULL);
}

static bool wants_tag(const struct match_config *config, const char *tag,
                      size_t n)
{
    for (size_t i = 0; i < config->nlangs; i++) {
        const char *want = config->langs[i];
        size_t part = strchr(want, '-') != NULL ? n : strcspn(tag, "-");

        part = part < n ? part : n;
        if (part == strlen(want) && strncasecmp(tag, want, part) == 0)
            return true;
    }
    return config->nlangs == 0;
}

static bool wants_lang(const struct plan *plan)
{
    const json_t *list = json_object_get(plan->event->record, "langs");

    if (plan->config->nlangs == 0)
        return true;
    if (!json_is_array(list))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *tag = json_array_get(list, i);

        if (json_is_string(tag) &&
            wants_tag(plan->config, json_string_value(tag),
                      json_string_length(tag)))
            return true;
    }
    return false;
}

static void expect_link(struct plan *plan, const json_t *link)
{
    struct match_hit hit = {NULL, {NULL, 0}, {NULL, 0}};

    if (!json_is_string(link))
        return;
    hit.uri = (struct slice){json_string_value(link), json_string_length(link)};
    if (!url_host(hit.uri, &hit.offsite))
        return;
    hit.route = routes_find(plan->config->routes, hit.offsite);
    if (hit.route == NULL && !plan->config->unrouted)
        return;
    if (hit.route != NULL)
        hit.offsite = slice_str(hit.route->domains[0]);
    for (size_t i = 0; i < plan->n; i++) {
        const struct route *had = plan->hits[i].route;

        if (hit.route == NULL
                ? had == NULL
                : had != NULL && strcmp(had->stream, hit.route->stream) == 0)
            return;
    }
    PROMISE(plan->n < HITS_MAX);
    plan->hits[plan->n++] = hit;
}

static void expect_facets(struct plan *plan)
{
    const json_t *facets = json_object_get(plan->event->record, "facets");

    if (!json_is_array(facets))
        return;
    for (size_t i = 0; i < json_array_size(facets); i++) {
        const json_t *features =
            json_object_get(json_array_get(facets, i), "features");

        if (!json_is_array(features))
            continue;
        for (size_t k = 0; k < json_array_size(features); k++)
            expect_link(plan,
                        json_object_get(json_array_get(features, k), "uri"));
    }
}

static enum match_verdict expect(struct plan *plan)
{
    const struct event *event = plan->event;
    const json_t *embed = json_object_get(event->record, "embed");
    const json_t *external = json_object_get(embed, "external");
    int64_t age = plan->config->max_age_us[event->wire], made = 0;

    if (!wants_lang(plan))
        return MATCH_LANG;
    if (plan->config->links != MATCH_EMBEDS)
        expect_facets(plan);
    if (plan->config->links != MATCH_FACETS) {
        expect_link(plan, json_object_get(external, "uri"));
        embed = json_object_get(embed, "media");
        external = json_object_get(embed, "external");
        expect_link(plan, json_object_get(external, "uri"));
    }
    if (plan->n == 0)
        return MATCH_NOLINK;
    if (age > 0 && event_rkey_time(event->rkey, &made) == 0 &&
        event->time_us - made > age)
        return MATCH_OLD;
    return MATCH_HITS;
}

static void check(int i, const struct event *event)
{
    static struct plan plan;
    enum match_verdict verdict;
    const struct match_hit *hits;
    size_t n;

    plan.config = &configs[i];
    plan.event = event;
    plan.n = 0;
    verdict = expect(&plan);
    PROMISE(match_post(matches[i], event, &hits, &n) == verdict);
    PROMISE(n == (verdict == MATCH_HITS ? plan.n : 0));
    for (size_t h = 0; h < n; h++) {
        PROMISE(hits[h].route == plan.hits[h].route);
        PROMISE(slice_eq(hits[h].offsite, plan.hits[h].offsite));
        PROMISE(hits[h].uri.p == plan.hits[h].uri.p);
        PROMISE(slice_eq(hits[h].uri, plan.hits[h].uri));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct event event;

    if (matches[0] == NULL)
        init();
    if (event_parse(fuzz_input(data, n), &event, NULL) < 0)
        return 0;
    for (int i = 0; i < MATCHES && event.kind == EVENT_POST; i++)
        check(i, &event);
    event_release(&event);
    return 0;
}
