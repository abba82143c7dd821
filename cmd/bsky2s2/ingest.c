#include "ingest.h"

#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/parse.h"
#include "bsky/event.h"
#include "bsky/match.h"
#include "bsky/record.h"
#include "line.h"
#include "target.h"

/* No record is larger: six bytes for each of 3 * EVENT_ID_MAX +
 * EVENT_CREATED_MAX + URL_LINK_MAX, spelled in JSON, a host out of such a
 * link, a time and the keys are less than 70 KiB. */
#define RECORD_MAX ((size_t)128 << 10)

/* How often old identities are forgotten, in events. */
#define AGE_EVERY 4096

/* After a message of so many bytes memory is given back. */
#define HUGE_MESSAGE ((size_t)256 << 10)

struct ingest {
    struct ingest_config c;
    struct target target;
    struct buf record;
    bool started;              /* the writer knows where the source begins */
    struct writer_mark before; /* where the source stood before this event */
    struct position unmoved;   /* as it was then, where a gap is the end */
    bool gap;                  /* before this event */
    int64_t gap_from_us;
    int64_t gap_to_us;
};

struct ingest *ingest_new(const struct ingest_config *config, struct err *err)
{
    struct ingest *ingest = calloc(1, sizeof(*ingest));

    if (ingest == NULL) {
        err_memory(err);
        return NULL;
    }
    ingest->c = *config;
    buf_init(&ingest->record, RECORD_MAX);
    if (target_make(&ingest->target, config->config, config->config->routes,
                    config->writer, err) != 0) {
        ingest_free(ingest);
        return NULL;
    }
    return ingest;
}

void ingest_free(struct ingest *ingest)
{
    if (ingest == NULL)
        return;
    target_release(&ingest->target);
    buf_release(&ingest->record);
    free(ingest);
}

int ingest_routes(struct ingest *ingest, const struct routes *routes,
                  struct err *err)
{
    struct target target;

    if (target_make(&target, ingest->c.config, routes, ingest->c.writer, err) !=
        0) {
        target_release(&target);
        return -1;
    }
    target_release(&ingest->target);
    ingest->target = target;
    return 0;
}

static enum ingest_result queue(struct ingest *ingest, size_t at,
                                const struct event *event, int64_t now,
                                struct err *why)
{
    struct writer_item item = {.time_us = event->time_us,
                               .before = ingest->before,
                               .id = record_event_id(ingest->c.key, event),
                               .body = buf_slice(&ingest->record)};

    switch (
        writer_add(ingest->c.writer, ingest->target.streams[at], &item, now)) {
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

    if (line_record(ingest->c.output, ingest->target.names[at], &record, false,
                    why) != 0)
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
    size_t at =
        hit->route != NULL ? hit->route->stream_id : ingest->target.n - 1;

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

    switch (match_post(ingest->target.match, event, &hits, &n)) {
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

/* Whether the event comes before what is wanted, or behind a gap. */
static enum position_verdict place(struct ingest *ingest,
                                   const struct event *event, int64_t now)
{
    const struct config *config = ingest->c.config;
    struct position *pos = ingest->c.position;
    bool may_stop = config->options->on_gap == OPTIONS_FAIL &&
                    (pos->first || pos->unproven);
    enum position_verdict verdict;

    ingest->before.order++;
    ingest->before.time_us = pos->time_us;
    ingest->before.seq = pos->seq;
    ingest->before.epoch = pos->epoch;
    if (may_stop)
        ingest->unmoved = *pos;
    verdict = position_event(pos, event->time_us, event->seq);
    /* What comes again is no sign of life. */
    if (pos->time_us != ingest->before.time_us ||
        pos->seq != ingest->before.seq)
        ingest->c.stats->event_ms = now;
    if (config->options->input != NULL && config->since != OPTIONS_UNSET &&
        event->time_us < config->since)
        return POSITION_BELOW;
    if (verdict != POSITION_GAP)
        return verdict;
    ingest->gap = true;
    ingest->gap_from_us = pos->target_us;
    ingest->gap_to_us = event->time_us;
    /* Who does not want to go on finds the gap again after a restart. */
    if (may_stop)
        *pos = ingest->unmoved;
    return verdict;
}

bool ingest_gap(const struct ingest *ingest, int64_t *from_us, int64_t *to_us)
{
    *from_us = ingest->gap_from_us;
    *to_us = ingest->gap_to_us;
    return ingest->gap;
}

static void keep_time(struct ingest *ingest, const struct event *event)
{
    struct stats *stats = ingest->c.stats;

    if (event->time_us > stats->event_us)
        stats->event_us = event->time_us;
    if (ingest->c.writer == NULL)
        return;
    if (stats->events % AGE_EVERY == 0)
        writer_age(ingest->c.writer, position_reading(ingest->c.position));
}

static enum ingest_result judge(struct ingest *ingest,
                                const struct event *event, int64_t now,
                                struct err *why)
{
    const struct options *o = ingest->c.config->options;
    enum position_verdict verdict;

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
    keep_time(ingest, event);
    verdict = place(ingest, event, now);
    if (verdict == POSITION_BELOW) {
        ingest->c.stats->below++;
        return INGEST_DONE;
    }
    if (verdict == POSITION_GAP && o->on_gap == OPTIONS_FAIL)
        return INGEST_DONE;
    /* One wild time is not the end. */
    if (o->until != OPTIONS_UNSET && event->time_us >= o->until)
        return ingest->c.position->time_us >= o->until ? INGEST_BOUND
                                                       : INGEST_DONE;
    if (event->kind == EVENT_POST || event->kind == EVENT_UNREAD)
        ingest->c.stats->posts++;
    return event->kind == EVENT_POST ? take_post(ingest, event, now, why)
                                     : INGEST_DONE;
}

/* Frees what was parsed, if it was.  A huge message takes many times its size
 * as a tree, and the C library would keep that memory for ever. */
static void release(struct event *event, size_t size)
{
    if (event->root == NULL)
        return;
    event_release(event);
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

/* Whether the time of ${event} decides more than its own fate: whether the
 * source begins where it was asked to, or has come to its end.  A damaged
 * message shall not do that. */
static bool is_decisive(const struct ingest *ingest, const struct event *event)
{
    int64_t until = ingest->c.config->options->until;

    return ingest->c.position->first ||
           (until != OPTIONS_UNSET && event->time_us >= until);
}

/* Reads no more of a message than it takes: most are settled by their
 * envelope, or by a look for links and languages, and the parser, a hundred
 * times slower, sees what may be wanted. */
static int look(struct ingest *ingest, struct slice json, bool cut,
                struct event *event, struct err *why)
{
    enum event_peek seen = event_peek(json, event);

    if (cut || seen == EVENT_PEEK_UNKNOWN || is_decisive(ingest, event) ||
        (seen == EVENT_PEEK_POST && match_possible(ingest->target.match, json)))
        return event_parse(json, event, why) < 0 ? -1 : 0;
    /* Its text was seen to hold no link, or no language, that is wanted. */
    if (seen == EVENT_PEEK_POST)
        event->kind = EVENT_UNREAD;
    return 0;
}

enum ingest_result ingest_event(struct ingest *ingest, struct slice json,
                                bool cut, int64_t now, struct err *why)
{
    enum ingest_result result;
    struct event event;

    ingest->gap = false;
    ingest->c.stats->events++;
    if (look(ingest, json, cut, &event, why) != 0) {
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
    release(&event, json.n);
    return result;
}
