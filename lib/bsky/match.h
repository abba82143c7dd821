/*
 * The decision: is this post ours, and for which streams?
 */
#ifndef BSKY_MATCH_H
#define BSKY_MATCH_H

#include "bsky/event.h"
#include "bsky/route.h"

enum match_links { MATCH_ALL, MATCH_FACETS, MATCH_EMBEDS };

/* All borrowed until match_free. */
struct match_config {
    const struct routes *routes;
    const char *const *langs; /* BCP 47 tags; one without '-' takes every
                                 tag with that primary subtag */
    size_t nlangs;            /* 0: any post, without langs too */
    enum match_links links;
    bool unrouted;                   /* report links that no route takes */
    int64_t max_age_us[EVENT_WIRES]; /* 0: any age */
};

/* match_max_age(wire): in us, beyond which a wire's posts may be no new ones;
 * for max_age_us. */
int64_t match_max_age(enum event_wire wire);

struct match;

enum match_verdict {
    MATCH_HITS,   /* at least one link is taken */
    MATCH_LANG,   /* not in one of the languages */
    MATCH_NOLINK, /* no link that a route takes */
    MATCH_OLD     /* would be taken, but its rkey dates it before max age */
};

struct match_hit {
    const struct route *route; /* NULL: no route takes the link */
    struct slice offsite;      /* the route's own domain; the link's host,
                                  in its own case, when route is NULL */
    struct slice uri;          /* the link */
};

/* match_new(config, err), match_free(match): copies ${config} but not what
 * it points to; no route may be added before match_free.  NULL is harmless to
 * match_free. */
struct match *match_new(const struct match_config *config, struct err *err);
void match_free(struct match *match);

/*
 * match_possible(match, json): whether match_post could report hits for the
 * post that is in ${json}, a whole message, or MATCH_OLD; true when in doubt.
 * False is certain for any text that event_parse does not find malformed,
 * however it is spelled: nothing that is called uri is a link that is wanted,
 * or nothing called langs has a language that is.
 */
bool match_possible(const struct match *match, struct slice json);

/*
 * match_post(match, event, hits, n): decide a post (event->kind EVENT_POST).
 * With MATCH_HITS, *${hits} are *${n} hits in the order of their links, at
 * most one for each stream and one for unrouted links: the first link of
 * each.  They live until the next call or event_release.
 */
enum match_verdict match_post(struct match *match, const struct event *event,
                              const struct match_hit **hits, size_t *n);

#endif
