#include "ingest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/parse.h"
#include "bsky/event.h"
#include "bsky/match.h"
#include "bsky/record.h"
#include "line.h"

/* A record is far smaller: its parts are bounded, and so is the largest
 * message it can come from. */
#define RECORD_MAX ((size_t)8 << 20)

/* How often old identities are forgotten, in events. */
#define AGE_EVERY 4096

/* After a message of so many bytes memory is given back. */
#define HUGE_MESSAGE ((size_t)256 << 10)

struct ingest {
    struct ingest_config c;
    struct match *match;
    char **names;  /* streams by stream_id, with the prefix; last: unrouted */
    int *streams;  /* their indexes in the writer */
    size_t nnames; /* routed streams + 1 */
    struct buf record;
    bool started; /* the writer knows where the source begins */
};

static int add_name(struct ingest *ingest, size_t at, const char *stream,
                    struct err *err)
{
    const char *prefix = ingest->c.config->options->prefix;
    char name[2 * ROUTE_STREAM_MAX + 2];

    if (ingest->names[at] != NULL)
        return 0;
    snprintf(name, sizeof(name), "%s%s", prefix == NULL ? "" : prefix, stream);
    ingest->names[at] = strdup(name);
    if (ingest->names[at] == NULL)
        return err_memory(err);
    if (ingest->c.writer == NULL)
        return 0;
    ingest->streams[at] = writer_stream(ingest->c.writer, name, err);
    return ingest->streams[at] < 0 ? -1 : 0;
}

static int make_names(struct ingest *ingest, struct err *err)
{
    const struct config *config = ingest->c.config;

    ingest->nnames = routes_streams(config->routes) + 1;
    ingest->names = calloc(ingest->nnames, sizeof(*ingest->names));
    ingest->streams = calloc(ingest->nnames, sizeof(*ingest->streams));
    if (ingest->names == NULL || ingest->streams == NULL)
        return err_memory(err);
    for (size_t i = 0; i < routes_count(config->routes); i++) {
        const struct route *route = routes_get(config->routes, i);

        if (add_name(ingest, route->stream_id, route->stream, err) != 0)
            return -1;
    }
    if (config->options->unrouted == NULL)
        return 0;
    return add_name(ingest, ingest->nnames - 1, config->options->unrouted, err);
}

static int make_match(struct ingest *ingest, struct err *err)
{
    static const enum match_links links[] = {
        [OPTIONS_ALL] = MATCH_ALL,
        [OPTIONS_FACETS] = MATCH_FACETS,
        [OPTIONS_EMBEDS] = MATCH_EMBEDS,
    };
    const struct config *config = ingest->c.config;
    struct match_config match = {
        .routes = config->routes,
        .langs = config->langs,
        .nlangs = config->nlangs,
        .links = links[config->options->links],
        .unrouted = config->options->unrouted != NULL,
    };

    memcpy(match.max_age_us, config->max_age_us, sizeof(match.max_age_us));
    ingest->match = match_new(&match, err);
    return ingest->match == NULL ? -1 : 0;
}

struct ingest *ingest_new(const struct ingest_config *config, struct err *err)
{
    struct ingest *ingest = calloc(1, sizeof(*ingest));

    if (ingest == NULL) {
        err_memory(err);
        return NULL;
    }
    ingest->c = *config;
    buf_init(&ingest->record, RECORD_MAX);
    if (make_names(ingest, err) != 0 || make_match(ingest, err) != 0) {
        ingest_free(ingest);
        return NULL;
    }
    return ingest;
}

void ingest_free(struct ingest *ingest)
{
    if (ingest == NULL)
        return;
    for (size_t i = 0; ingest->names != NULL && i < ingest->nnames; i++)
        free(ingest->names[i]);
    free(ingest->names);
    free(ingest->streams);
    match_free(ingest->match);
    buf_release(&ingest->record);
    free(ingest);
}

int ingest_identify(void *key, struct slice body, struct hash128 *id)
{
    const struct hash_key *k = key;

    return record_body_id(*k, body, id);
}

static enum ingest_result queue(struct ingest *ingest, size_t at,
                                const struct event *event, int64_t now,
                                struct err *why)
{
    struct writer_item item = {.time_us = event->time_us,
                               .id = record_event_id(ingest->c.key, event),
                               .body = buf_slice(&ingest->record)};

    switch (writer_add(ingest->c.writer, ingest->streams[at], &item, now)) {
    case WRITER_QUEUED:
        ingest->c.stats->matches++;
        break;
    case WRITER_DUPLICATE:
        break;
    case WRITER_TOO_LARGE:
        ingest->c.stats->too_large++;
        break;
    case WRITER_NO_MEMORY:
        err_memory(why);
        return INGEST_FATAL;
    }
    return INGEST_DONE;
}

static enum ingest_result put_out(struct ingest *ingest, size_t at,
                                  const struct event *event, struct err *why)
{
    struct wire_record record = {.timestamp = (uint64_t)event->time_us / 1000,
                                 .body = buf_slice(&ingest->record)};

    if (wire_metered(&record) > WIRE_BATCH_BYTES) {
        ingest->c.stats->too_large++;
        return INGEST_DONE;
    }
    if (line_record(ingest->c.output, ingest->names[at], &record, false, why) !=
        0)
        return INGEST_FATAL;
    ingest->c.stats->matches++;
    ingest->c.stats->delivered++;
    return INGEST_DONE;
}

/* As many records as wanted are delivered or on their way. */
static bool count_reached(const struct ingest *ingest)
{
    uint64_t count = ingest->c.config->options->count;
    uint64_t n = ingest->c.stats->delivered;

    if (ingest->c.writer != NULL)
        n += writer_records(ingest->c.writer);
    return count > 0 && n >= count;
}

static enum ingest_result take_hit(struct ingest *ingest,
                                   const struct event *event,
                                   const struct match_hit *hit, int64_t now,
                                   struct err *why)
{
    size_t at = hit->route != NULL ? hit->route->stream_id : ingest->nnames - 1;

    buf_reset(&ingest->record);
    if (record_encode(&ingest->record, event, hit->offsite, hit->uri) != 0) {
        err_memory(why);
        return INGEST_FATAL;
    }
    return ingest->c.writer != NULL ? queue(ingest, at, event, now, why)
                                    : put_out(ingest, at, event, why);
}

static enum ingest_result take_post(struct ingest *ingest,
                                    const struct event *event, int64_t now,
                                    struct err *why)
{
    const struct match_hit *hits;
    size_t n;

    ingest->c.stats->posts++;
    switch (match_post(ingest->match, event, &hits, &n)) {
    case MATCH_LANG:
    case MATCH_NOLINK:
        return INGEST_DONE;
    case MATCH_OLD:
        ingest->c.stats->old++;
        return INGEST_DONE;
    case MATCH_HITS:
        break;
    }
    for (size_t i = 0; i < n; i++) {
        if (take_hit(ingest, event, &hits[i], now, why) == INGEST_FATAL)
            return INGEST_FATAL;
        if (count_reached(ingest))
            return INGEST_BOUND;
    }
    return INGEST_DONE;
}

/* Whether the event comes before what is wanted. */
static bool is_below(struct ingest *ingest, const struct event *event,
                     bool *gap)
{
    const struct options *o = ingest->c.config->options;
    enum position_verdict verdict =
        position_event(ingest->c.position, event->time_us, event->seq);

    *gap = verdict == POSITION_GAP;
    if (o->input != NULL && o->since != OPTIONS_UNSET &&
        event->time_us < o->since)
        return true;
    return verdict == POSITION_BELOW;
}

static void keep_time(struct ingest *ingest, const struct event *event,
                      int64_t now)
{
    struct stats *stats = ingest->c.stats;

    stats->event_ms = now;
    if (event->time_us > stats->event_us)
        stats->event_us = event->time_us;
    if (ingest->c.writer == NULL)
        return;
    if (stats->events % AGE_EVERY == 0)
        writer_age(ingest->c.writer,
                   position_reading(ingest->c.position) - POSITION_MEMORY_US);
}

static enum ingest_result judge(struct ingest *ingest,
                                const struct event *event, int64_t now,
                                struct err *why)
{
    const struct options *o = ingest->c.config->options;
    enum ingest_result result;
    bool gap;

    if (event->kind == EVENT_ERROR || event->kind == EVENT_INFO) {
        err_set(why, ERR_PROTOCOL, "%.*s: %.*s",
                (int)(event->name.n < 100 ? event->name.n : 100),
                event->name.n > 0 ? event->name.p : "",
                (int)(event->message.n < 300 ? event->message.n : 300),
                event->message.n > 0 ? event->message.p : "");
        return INGEST_NOTICE;
    }
    if (event->time_us < 0)
        return INGEST_DONE;
    keep_time(ingest, event, now);
    if (is_below(ingest, event, &gap)) {
        ingest->c.stats->below++;
        return INGEST_DONE;
    }
    ingest->c.stats->gaps += gap;
    /* One wild time is not the end. */
    if (o->until != OPTIONS_UNSET && event->time_us >= o->until)
        return ingest->c.position->time_us >= o->until ? INGEST_BOUND
                                                       : INGEST_DONE;
    if (event->kind != EVENT_POST)
        return gap ? INGEST_GAP : INGEST_DONE;
    result = take_post(ingest, event, now, why);
    return result == INGEST_DONE && gap ? INGEST_GAP : result;
}

/* A huge message takes many times its size as a tree, and the C library would
 * keep that memory for ever. */
static void give_back(size_t size)
{
#ifdef __GLIBC__
    if (size > HUGE_MESSAGE)
        malloc_trim(0);
#else
    (void)size;
#endif
}

/* An input begins at the time of its first event: when that is known, what
 * the streams hold from there on can be learnt. */
static bool start(struct ingest *ingest, const struct event *event)
{
    if (ingest->started || ingest->c.writer == NULL ||
        ingest->c.config->options->input == NULL || event->time_us < 0)
        return false;
    ingest->started = true;
    writer_start(ingest->c.writer, event->time_us / 1000);
    return true;
}

enum ingest_result ingest_event(struct ingest *ingest, struct slice json,
                                int64_t now, struct err *why)
{
    enum ingest_result result;
    struct event event;

    ingest->c.stats->events++;
    if (event_parse(json, &event, why) < 0) {
        if (why->code == ERR_OS)
            return INGEST_FATAL;
        ingest->c.stats->malformed++;
        return INGEST_MALFORMED;
    }
    result = INGEST_HOLD;
    if (start(ingest, &event))
        ingest->c.stats->events--;
    else
        result = judge(ingest, &event, now, why);
    event_release(&event);
    give_back(json.n);
    return result;
}
