#include "bsky/match.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bsky/match_state.h"
#include "bsky/url.h"

struct match *match_new(const struct match_config *config, struct err *err)
{
    struct match *match = calloc(1, sizeof(*match));
    size_t slots = routes_streams(config->routes) + 1;

    if (match == NULL)
        goto fail;
    match->config = *config;
    match->unrouted = slots - 1;
    match->stamps = calloc(slots, sizeof(*match->stamps));
    match->hits = calloc(slots, sizeof(*match->hits));
    if (match->stamps == NULL || match->hits == NULL)
        goto fail;
    return match;

fail:
    match_free(match);
    err_memory(err);
    return NULL;
}

void match_free(struct match *match)
{
    if (match == NULL)
        return;
    free(match->stamps);
    free(match->hits);
    free(match);
}

/* The string that ${value} is; empty, and so no link and no language, when it
 * is none. */
static struct slice string_of(const json_t *value)
{
    struct slice s = {json_string_value(value), json_string_length(value)};

    return s;
}

/* Whether the configured tag ${want} takes the post's ${tag}. */
static bool takes_tag(struct slice want, struct slice tag)
{
    const char *dash = NULL;

    if (tag.n > 0 && memchr(want.p, '-', want.n) == NULL)
        dash = memchr(tag.p, '-', tag.n);
    if (dash != NULL)
        tag.n = (size_t)(dash - tag.p);
    return slice_caseeq(want, tag);
}

bool match_takes_tag(const struct match *match, struct slice tag)
{
    for (size_t i = 0; i < match->config.nlangs; i++) {
        if (takes_tag(slice_str(match->config.langs[i]), tag))
            return true;
    }
    return false;
}

static bool takes_lang(const struct match *match, const json_t *record)
{
    const json_t *langs = json_object_get(record, "langs");

    if (match->config.nlangs == 0)
        return true;
    for (size_t i = 0; i < json_array_size(langs); i++) {
        const json_t *tag = json_array_get(langs, i);

        if (json_is_string(tag) && match_takes_tag(match, string_of(tag)))
            return true;
    }
    return false;
}

/* Adds a hit for ${link}, which may be any JSON value or none, unless its
 * slot is used up. */
static void take_link(struct match *match, const json_t *link)
{
    struct match_hit hit = {NULL, {NULL, 0}, string_of(link)};
    size_t slot = match->unrouted;

    if (!url_host(hit.uri, &hit.offsite))
        return;
    hit.route = routes_find(match->config.routes, hit.offsite);
    if (hit.route != NULL) {
        slot = hit.route->stream_id;
        hit.offsite = slice_str(hit.route->domains[0]);
    } else if (!match->config.unrouted) {
        return;
    }
    if (match->stamps[slot] == match->post)
        return;
    match->stamps[slot] = match->post;
    match->hits[match->nhits++] = hit;
}

/* jansson answers every question about a value of the wrong type, or none at
 * all, with nothing: what has not the right shape has no links. */
static void take_facets(struct match *match, const json_t *record)
{
    const json_t *facets = json_object_get(record, "facets");

    for (size_t i = 0; i < json_array_size(facets); i++) {
        const json_t *features =
            json_object_get(json_array_get(facets, i), "features");

        for (size_t j = 0; j < json_array_size(features); j++)
            take_link(match,
                      json_object_get(json_array_get(features, j), "uri"));
    }
}

static void take_external(struct match *match, const json_t *embed)
{
    take_link(match,
              json_object_get(json_object_get(embed, "external"), "uri"));
}

int64_t match_max_age(enum event_wire wire)
{
    /* Two days; on v2 a resync looks like new posts. */
    static const int64_t minutes[] = {[EVENT_V1] = 2880, [EVENT_V2] = 30};

    _Static_assert(sizeof(minutes) / sizeof(minutes[0]) == EVENT_WIRES,
                   "a wire without an age");
    return minutes[wire] * 60000000;
}

static bool is_old(const struct match *match, const struct event *event)
{
    int64_t max_age = match->config.max_age_us[event->wire];
    int64_t us;

    return max_age > 0 && event_rkey_time(event->rkey, &us) == 0 &&
           us < event->time_us - max_age;
}

enum match_verdict match_post(struct match *match, const struct event *event,
                              const struct match_hit **hits, size_t *n)
{
    const json_t *embed = json_object_get(event->record, "embed");

    *hits = match->hits;
    *n = 0;
    match->nhits = 0;
    match->post++;
    if (!takes_lang(match, event->record))
        return MATCH_LANG;
    if (match->config.links != MATCH_EMBEDS)
        take_facets(match, event->record);
    if (match->config.links != MATCH_FACETS) {
        take_external(match, embed);
        take_external(match, json_object_get(embed, "media"));
    }
    if (match->nhits == 0)
        return MATCH_NOLINK;
    if (is_old(match, event))
        return MATCH_OLD;
    *n = match->nhits;
    return MATCH_HITS;
}
