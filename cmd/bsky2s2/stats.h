/*
 * What has happened so far, as numbers.
 */
#ifndef BSKY2S2_STATS_H
#define BSKY2S2_STATS_H

#include <stdint.h>

#include "base/buf.h"
#include "basin/writer.h"

struct stats {
    uint64_t events;    /* messages or lines */
    uint64_t posts;     /* created ones */
    uint64_t matches;   /* records queued or, dry, put out */
    uint64_t delivered; /* records acked or, dry, put out */
    uint64_t below;     /* below the floor: replayed before our position */
    uint64_t old;       /* older than --max-age */
    uint64_t malformed;
    uint64_t oversize;  /* messages or lines above the cap */
    uint64_t garbage;   /* frames that could not be decompressed */
    uint64_t too_large; /* records above S2's limit */
    uint64_t reconnects;
    uint64_t gaps;        /* in the source */
    uint64_t checkpoints; /* written */
    uint64_t connected;   /* 1: to a Jetstream server */
    int64_t event_us;     /* time of the newest event, -1: none */
    int64_t event_ms;     /* when a new one came, loop_now */

    /* by stats_take */
    uint64_t unacked;
    uint64_t batches;
    uint64_t retries;
    uint64_t duplicates;
    uint64_t stream_gaps;
    int64_t lag_ms;
    int64_t since_event_ms;
};

/* stats_init(stats): all zero, at ${now_ms}. */
void stats_init(struct stats *stats, int64_t now_ms);

/*
 * stats_take(stats, writer, now_us, now_ms): fill in what depends on the time
 * and on ${writer}, whose figures are unknown when it is NULL.  The age of the
 * last event counts from the start before the first one.
 */
void stats_take(struct stats *stats, const struct writer *writer,
                int64_t now_us, int64_t now_ms);

/* The figures as stats_take found them: a line of key=value, members of a JSON
 * object, Prometheus text with ${label} (figures.h).  0 or -1. */
int stats_text(const struct stats *stats, struct buf *out);
int stats_json(const struct stats *stats, struct buf *out);
int stats_prom(const struct stats *stats, const char *label, struct buf *out);

/* stats_status(stats, host, out): the same for a person, in few words. */
int stats_status(const struct stats *stats, const char *host, struct buf *out);

#endif
