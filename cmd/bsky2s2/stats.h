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
    int64_t event_us;     /* time of the newest event, -1: none */
    int64_t event_ms;     /* when it came, loop_now */
};

/* stats_init(stats): all zero. */
void stats_init(struct stats *stats);

/*
 * stats_line(stats, writer, now_us, now_ms, out): append one line of
 * key=value without a newline; ${writer}'s numbers, the unacked records
 * among them, when there is a writer (else NULL).  0 or -1.
 */
int stats_line(const struct stats *stats, const struct writer *writer,
               int64_t now_us, int64_t now_ms, struct buf *out);

/* stats_status(stats, writer, host, now_us, out): the same for a person, in
 * less than 80 columns. */
int stats_status(const struct stats *stats, const struct writer *writer,
                 const char *host, int64_t now_us, struct buf *out);

#endif
