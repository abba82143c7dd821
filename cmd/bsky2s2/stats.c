#include "stats.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "common/figures.h"

#define AT(field) offsetof(struct stats, field)

#define SKIPPED "skipped"
#define SKIPPED_HELP "Messages, lines and records that were passed over."

static const struct figure table[] = {
    {"events", FIGURE_COUNT, AT(events), "events", NULL,
     "Messages or lines that came."},
    {"posts", FIGURE_COUNT, AT(posts), "posts", NULL,
     "New posts among them that were looked at."},
    {"matches", FIGURE_COUNT, AT(matches), "matches", NULL,
     "Records made of them."},
    {"delivered", FIGURE_COUNT, AT(delivered), "delivered", NULL,
     "Records that the basin has acknowledged."},
    {"reconnects", FIGURE_COUNT, AT(reconnects), "reconnects", NULL,
     "Connections to a Jetstream server that failed or ended."},
    {"gaps", FIGURE_COUNT, AT(gaps), "gaps", NULL,
     "Places where events are missing."},
    {"below_floor", FIGURE_COUNT, AT(below), SKIPPED, "cause=\"below_floor\"",
     SKIPPED_HELP},
    {"too_old", FIGURE_COUNT, AT(old), SKIPPED, "cause=\"too_old\"",
     SKIPPED_HELP},
    {"malformed", FIGURE_COUNT, AT(malformed), SKIPPED, "cause=\"malformed\"",
     SKIPPED_HELP},
    {"oversize", FIGURE_COUNT, AT(oversize), SKIPPED, "cause=\"oversize\"",
     SKIPPED_HELP},
    {"garbage", FIGURE_COUNT, AT(garbage), SKIPPED, "cause=\"garbage\"",
     SKIPPED_HELP},
    {"too_large", FIGURE_COUNT, AT(too_large), SKIPPED, "cause=\"too_large\"",
     SKIPPED_HELP},
    {"unacked", FIGURE_LEVEL, AT(unacked), "unacked", NULL,
     "Records that wait for the basin's acknowledgement."},
    {"batches", FIGURE_COUNT, AT(batches), "batches", NULL,
     "Batches that the basin has acknowledged."},
    {"retries", FIGURE_COUNT, AT(retries), "retries", NULL,
     "Appends that were tried again."},
    {"duplicates", FIGURE_COUNT, AT(duplicates), "duplicates", NULL,
     "Records that were there already and were not appended again."},
    {"stream_gaps", FIGURE_COUNT, AT(stream_gaps), "stream_gaps", NULL,
     "Streams found deleted, or without records that they had."},
    {"checkpoints", FIGURE_COUNT, AT(checkpoints), "checkpoints", NULL,
     "Checkpoints written."},
    {"connected", FIGURE_LEVEL, AT(connected), "connected", NULL,
     "Whether there is a connection to a Jetstream server."},
    {"lag", FIGURE_SECONDS, AT(lag_ms), "lag", NULL,
     "Age of the newest event by its own time."},
    {"since_event", FIGURE_SECONDS, AT(since_event_ms), "since_event", NULL,
     "Time since a new event came."},
};

#define TABLE_N (sizeof(table) / sizeof(table[0]))

void stats_init(struct stats *stats, int64_t now_ms)
{
    memset(stats, 0, sizeof(*stats));
    stats->event_us = -1;
    stats->event_ms = now_ms;
}

static void take_writer(struct stats *stats, const struct writer *writer)
{
    const struct writer_stats *w = writer_stats(writer);

    stats->unacked = writer_records(writer);
    stats->batches = w->batches;
    stats->retries = w->retries;
    stats->duplicates = w->duplicates;
    stats->stream_gaps = w->gaps;
}

void stats_take(struct stats *stats, const struct writer *writer,
                int64_t now_us, int64_t now_ms)
{
    int64_t lag_us = now_us - stats->event_us;

    /* An event is not of the future: one of the two clocks is wrong. */
    stats->lag_ms = stats->event_us < 0 ? FIGURE_UNKNOWN_MS
                    : lag_us > 0        ? lag_us / 1000
                                        : 0;
    stats->since_event_ms =
        now_ms > stats->event_ms ? now_ms - stats->event_ms : 0;
    stats->unacked = FIGURE_UNKNOWN;
    stats->batches = FIGURE_UNKNOWN;
    stats->retries = FIGURE_UNKNOWN;
    stats->duplicates = FIGURE_UNKNOWN;
    stats->stream_gaps = FIGURE_UNKNOWN;
    if (writer != NULL)
        take_writer(stats, writer);
}

int stats_text(const struct stats *stats, struct buf *out)
{
    return figures_text(table, TABLE_N, stats, out);
}

int stats_json(const struct stats *stats, struct buf *out)
{
    return figures_json(table, TABLE_N, stats, out);
}

int stats_prom(const struct stats *stats, const char *label, struct buf *out)
{
    return figures_prom(table, TABLE_N, stats, label, out);
}

int stats_status(const struct stats *stats, const char *host, struct buf *out)
{
    int rc = buf_addf(out, "%.28s  %" PRIu64 " events  %" PRIu64 " records",
                      host, stats->events, stats->delivered);

    if (rc == 0 && stats->unacked != FIGURE_UNKNOWN)
        rc = buf_addf(out, "  %" PRIu64 " unacked", stats->unacked);
    if (rc == 0 && stats->lag_ms != FIGURE_UNKNOWN_MS)
        rc = buf_addf(out, "  lag %.1f s", (double)stats->lag_ms / 1e3);
    return rc;
}
