#include <string.h>

#include "base/parse.h"
#include "bsky/event.h"
#include "bsky/scan.h"

/* So many digits fit an int64_t, whatever they are. */
#define DIGITS_MAX 18

/* Above it event_parse is not sure of a number when another one in the
 * message is too large for an integer. */
#define NUMBER_MAX INT64_C(9007199254740992)

/* The rest of a message that is being walked. */
struct walk {
    const char *p;
    const char *end;
};

/* Steps over ${text}, if it comes next. */
static inline bool step(struct walk *walk, struct slice text)
{
    if ((size_t)(walk->end - walk->p) < text.n ||
        memcmp(walk->p, text.p, text.n) != 0)
        return false;
    walk->p += text.n;
    return true;
}

/* Steps over a string that has no escape. */
static inline bool step_string(struct walk *walk, struct slice *s)
{
    const char *quote;

    if (walk->p == walk->end || *walk->p != '"')
        return false;
    s->p = walk->p + 1;
    quote = memchr(s->p, '"', (size_t)(walk->end - s->p));
    if (quote == NULL)
        return false;
    s->n = (size_t)(quote - s->p);
    walk->p = quote + 1;
    return memchr(s->p, '\\', s->n) == NULL;
}

static inline bool step_number(struct walk *walk, int64_t *value)
{
    const char *from = walk->p;

    *value = 0;
    while (walk->p < walk->end && *walk->p >= '0' && *walk->p <= '9' &&
           walk->p - from < DIGITS_MAX)
        *value = *value * 10 + (*walk->p++ - '0');
    if (walk->p == from || (*from == '0' && walk->p - from > 1))
        return false;
    /* What goes on is no integer, or one that is too large. */
    return walk->p < walk->end && *walk->p == ',' && *value <= NUMBER_MAX;
}

/* The quote that ends the string whose content begins at ${p}, or NULL. */
static const char *string_end(const char *p, const char *end)
{
    for (;;) {
        const char *quote = memchr(p, '"', (size_t)(end - p));
        const char *back = quote;

        if (quote == NULL)
            return NULL;
        while (back > p && back[-1] == '\\')
            back--;
        /* An escaped backslash does not escape the quote behind it. */
        if ((quote - back) % 2 == 0)
            return quote;
        p = quote + 1;
    }
}

/* Steps over an object, whatever is in it. */
static bool step_object(struct walk *walk)
{
    size_t depth = 0;

    for (const char *p = walk->p; p < walk->end; p++) {
        if (*p == '"') {
            p = string_end(p + 1, walk->end);
            if (p == NULL)
                return false;
        } else if (*p == '{') {
            depth++;
        } else if (*p == '}') {
            if (--depth == 0) {
                walk->p = p + 1;
                return true;
            }
        } else if (depth == 0) {
            return false;
        }
    }
    return false;
}

static enum event_peek decide(struct slice operation, struct slice collection)
{
    return slice_eq(collection, SLICE("app.bsky.feed.post")) &&
                   slice_eq(operation, SLICE("create"))
               ? EVENT_PEEK_POST
               : EVENT_PEEK_OTHER;
}

/* Whether nothing that comes can be called cursor. */
static bool has_no_cursor(struct walk walk)
{
    const struct slice rest = {walk.p, (size_t)(walk.end - walk.p)};

    for (;;) {
        walk.p = scan_key(walk.p, walk.end, 'c', 'c');
        if (walk.p == NULL)
            return !scan_spelled(rest);
        if (step(&walk, SLICE("\"cursor\"")))
            return false;
        walk.p++;
    }
}

/* Servers that give a number give it in front; where it is not there, it may
 * still be behind. */
static enum event_peek peek_v1(struct walk walk, struct event *event)
{
    struct slice did, kind, rev, operation, collection;

    if (!step_string(&walk, &did) || !step(&walk, SLICE(",\"time_us\":")) ||
        !step_number(&walk, &event->time_us))
        return EVENT_PEEK_UNKNOWN;
    if (step(&walk, SLICE(",\"cursor\":")) && !step_number(&walk, &event->seq))
        return EVENT_PEEK_UNKNOWN;
    if (!step(&walk, SLICE(",\"kind\":")) || !step_string(&walk, &kind))
        return EVENT_PEEK_UNKNOWN;
    if (event->seq < 0 && !has_no_cursor(walk))
        return EVENT_PEEK_UNKNOWN;
    if (!slice_eq(kind, SLICE("commit")))
        return EVENT_PEEK_OTHER;
    if (!step(&walk, SLICE(",\"commit\":{\"rev\":")) ||
        !step_string(&walk, &rev) || !step(&walk, SLICE(",\"operation\":")) ||
        !step_string(&walk, &operation) ||
        !step(&walk, SLICE(",\"collection\":")) ||
        !step_string(&walk, &collection))
        return EVENT_PEEK_UNKNOWN;
    return decide(operation, collection);
}

/* Time and number come last: all of it has to be walked. */
static enum event_peek peek_v2(struct walk walk, struct event *event)
{
    struct slice cid, collection, did, operation, rev, rkey, time;

    if (step(&walk, SLICE("\"cid\":")) &&
        (!step_string(&walk, &cid) || !step(&walk, SLICE(","))))
        return EVENT_PEEK_UNKNOWN;
    if (!step(&walk, SLICE("\"collection\":")) ||
        !step_string(&walk, &collection) || !step(&walk, SLICE(",\"did\":")) ||
        !step_string(&walk, &did) || !step(&walk, SLICE(",\"operation\":")) ||
        !step_string(&walk, &operation))
        return EVENT_PEEK_UNKNOWN;
    if (step(&walk, SLICE(",\"record\":")) && !step_object(&walk))
        return EVENT_PEEK_UNKNOWN;
    if (!step(&walk, SLICE(",\"rev\":")) || !step_string(&walk, &rev) ||
        !step(&walk, SLICE(",\"rkey\":")) || !step_string(&walk, &rkey) ||
        !step(&walk, SLICE(",\"seq\":")) || !step_number(&walk, &event->seq) ||
        !step(&walk, SLICE(",\"time\":")) || !step_string(&walk, &time) ||
        !step(&walk, SLICE("}}")) || walk.p != walk.end ||
        parse_time(time, &event->time_us) != 0)
        return EVENT_PEEK_UNKNOWN;
    return decide(operation, collection);
}

enum event_peek event_peek(struct slice json, struct event *event)
{
    const struct slice v1 = SLICE("{\"did\":");
    const struct slice v2 =
        SLICE("{\"$type\":\"message\",\"payload\":{\"$type\":"
              "\"network.bsky.jetstream.subscribeEvents#commit\",");
    struct walk walk = {json.p, json.p + json.n};

    event->wire = EVENT_V1;
    event->kind = EVENT_OTHER;
    event->time_us = -1;
    event->seq = -1;
    event->root = NULL;
    if (step(&walk, v1))
        return peek_v1(walk, event);
    event->wire = EVENT_V2;
    return step(&walk, v2) ? peek_v2(walk, event) : EVENT_PEEK_UNKNOWN;
}
