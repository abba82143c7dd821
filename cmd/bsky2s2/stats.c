#include "stats.h"

#include <inttypes.h>
#include <string.h>

void stats_init(struct stats *stats)
{
    memset(stats, 0, sizeof(*stats));
    stats->event_us = -1;
}

static double lag(const struct stats *stats, int64_t now_us)
{
    return (double)(now_us - stats->event_us) / 1e6;
}

int stats_line(const struct stats *stats, const struct writer *writer,
               int64_t now_us, int64_t now_ms, struct buf *out)
{
    int rc = buf_addf(
        out,
        "events=%" PRIu64 " posts=%" PRIu64 " matches=%" PRIu64
        " delivered=%" PRIu64 " reconnects=%" PRIu64 " gaps=%" PRIu64
        " below_floor=%" PRIu64 " too_old=%" PRIu64 " malformed=%" PRIu64
        " oversize=%" PRIu64 " garbage=%" PRIu64 " too_large=%" PRIu64,
        stats->events, stats->posts, stats->matches, stats->delivered,
        stats->reconnects, stats->gaps, stats->below, stats->old,
        stats->malformed, stats->oversize, stats->garbage, stats->too_large);

    if (rc == 0 && writer != NULL) {
        const struct writer_stats *w = writer_stats(writer);

        rc = buf_addf(out,
                      " unacked=%zu batches=%" PRIu64 " retries=%" PRIu64
                      " duplicates=%" PRIu64 " stream_gaps=%" PRIu64
                      " checkpoints=%" PRIu64,
                      writer_records(writer), w->batches, w->retries,
                      w->duplicates, w->gaps, stats->checkpoints);
    }
    if (rc == 0 && stats->event_us >= 0)
        rc = buf_addf(out, " lag=%.3fs since_event=%.1fs", lag(stats, now_us),
                      now_ms > stats->event_ms
                          ? (double)(now_ms - stats->event_ms) / 1e3
                          : 0.0);
    return rc;
}

int stats_status(const struct stats *stats, const struct writer *writer,
                 const char *host, int64_t now_us, struct buf *out)
{
    int rc = buf_addf(out, "%.28s  %" PRIu64 " events  %" PRIu64 " records",
                      host, stats->events, stats->delivered);

    if (rc == 0 && writer != NULL)
        rc = buf_addf(out, "  %zu unacked", writer_records(writer));
    if (rc == 0 && stats->event_us >= 0)
        rc = buf_addf(out, "  lag %.1f s", lag(stats, now_us));
    return rc;
}
