#include "basin/writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "basin/lane.h"

/* Lanes are allocated one by one: answers hold pointers to them. */
struct writer {
    struct lane_shared shared;
    struct lane **lanes;
    size_t n;
    bool started;
};

struct writer *writer_new(const struct writer_config *config, struct err *err)
{
    struct writer *writer = calloc(1, sizeof(*writer));
    struct lane_shared *shared;

    if (writer == NULL) {
        err_memory(err);
        return NULL;
    }
    shared = &writer->shared;
    shared->config = *config;
    shared->rng.state = config->seed;
    shared->from_ms = -1;
    shared->scratch = calloc(WIRE_BATCH_RECORDS, sizeof(*shared->scratch));
    if (shared->scratch == NULL) {
        free(writer);
        err_memory(err);
        return NULL;
    }
    return writer;
}

void writer_free(struct writer *writer)
{
    if (writer == NULL)
        return;
    for (size_t i = 0; i < writer->n; i++) {
        lane_release(writer->lanes[i]);
        free(writer->lanes[i]);
    }
    free(writer->lanes);
    free(writer->shared.scratch);
    free(writer);
}

/* The lane of stream ${name}; -1: none yet.  At the start there is none: ten
 * thousand routes need not be compared with each other. */
static int find_lane(const struct writer *writer, const char *name)
{
    for (size_t i = 0; writer->started && i < writer->n; i++) {
        if (strcmp(writer->lanes[i]->name, name) == 0)
            return (int)i;
    }
    return -1;
}

int writer_stream(struct writer *writer, const char *name, struct err *err)
{
    int known = find_lane(writer, name);
    struct lane **lanes;
    struct lane *lane;

    if (known >= 0)
        return known;
    lanes = realloc(writer->lanes, (writer->n + 1) * sizeof(struct lane *));
    if (lanes == NULL)
        return err_memory(err);
    writer->lanes = lanes;
    lane = malloc(sizeof(*lane));
    if (lane == NULL)
        return err_memory(err);
    if (lane_init(lane, &writer->shared, name, err) != 0) {
        free(lane);
        return -1;
    }
    if (writer->started)
        lane->step = LANE_CREATE;
    lanes[writer->n] = lane;
    return (int)writer->n++;
}

void writer_start(struct writer *writer, int64_t from_ms)
{
    writer->shared.from_ms = from_ms;
    writer->started = true;
    for (size_t i = 0; i < writer->n; i++)
        writer->lanes[i]->step = LANE_CREATE;
}

enum writer_added writer_add(struct writer *writer, int stream,
                             const struct writer_item *item, int64_t now)
{
    struct lane *lane = writer->lanes[stream];
    struct wire_record record = {.body = item->body};
    struct queue_item queued = {.time_us = item->time_us,
                                .before = item->before,
                                .added_ms = now,
                                .id = item->id,
                                .metered = wire_metered(&record),
                                .body = item->body};

    if (seen_has(lane->seen, item->id)) {
        writer->shared.stats.duplicates++;
        return WRITER_DUPLICATE;
    }
    if (queued.metered > WIRE_BATCH_BYTES)
        return WRITER_TOO_LARGE;
    if (seen_add(lane->seen, item->id, queue_kept_us(&queued)) != 0 ||
        queue_push(&lane->queue, &queued) != 0)
        return WRITER_NO_MEMORY;
    return WRITER_QUEUED;
}

bool writer_oldest(const struct writer *writer, struct writer_mark *mark)
{
    const struct queue_item *oldest = NULL;

    for (size_t i = 0; i < writer->n; i++) {
        const struct queue_item *head = writer->lanes[i]->queue.head;

        if (head != NULL &&
            (oldest == NULL || head->before.order < oldest->before.order))
            oldest = head;
    }
    if (oldest == NULL)
        return false;
    *mark = oldest->before;
    return true;
}

void writer_age(struct writer *writer, int64_t reading_us)
{
    if (reading_us < 0)
        return;
    writer->shared.from_ms = reading_us / 1000;
    for (size_t i = 0; i < writer->n; i++)
        seen_age(writer->lanes[i]->seen, reading_us - WRITER_MEMORY_MS * 1000);
}

size_t writer_bytes(const struct writer *writer)
{
    return writer->shared.queued.metered;
}

size_t writer_records(const struct writer *writer)
{
    return writer->shared.queued.n;
}

void writer_hold(struct writer *writer, bool hold)
{
    writer->shared.hold = hold;
}

void writer_flush(struct writer *writer)
{
    writer->shared.flush = true;
}

/* What answers one stream will answer the others: they need not wait out
 * their back-off, unless the server asked for it. */
static void wake(struct writer *writer)
{
    for (size_t i = 0; i < writer->n; i++)
        attempt_wake(&writer->lanes[i]->attempt);
}

int writer_run(struct writer *writer, int64_t now, int64_t *next,
               struct err *err)
{
    *next = LOOP_NEVER;
    writer->shared.answered = false;
    if (writer->shared.recovered)
        wake(writer);
    writer->shared.recovered = false;
    for (size_t i = 0; i < writer->n; i++) {
        if (lane_run(writer->lanes[i], now, next, err) != 0)
            return -1;
    }
    return 0;
}

const struct writer_stats *writer_stats(const struct writer *writer)
{
    return &writer->shared.stats;
}

bool writer_answered(const struct writer *writer)
{
    return writer->shared.answered;
}

bool writer_ready(const struct writer *writer)
{
    return !writer->started || writer->shared.loading == 0;
}
