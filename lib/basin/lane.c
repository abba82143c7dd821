#include "basin/lane.h"

#include <stdlib.h>
#include <string.h>

int lane_init(struct lane *lane, struct lane_shared *shared, const char *name,
              struct err *err)
{
    memset(lane, 0, sizeof(*lane));
    lane->shared = shared;
    attempt_init(&lane->attempt);
    queue_init(&lane->queue, &shared->queued);
    lane->name = strdup(name);
    lane->seen = seen_new();
    if (lane->name == NULL || lane->seen == NULL) {
        lane_release(lane);
        return err_memory(err);
    }
    shared->loading++;
    return 0;
}

void lane_release(struct lane *lane)
{
    basin_cancel(lane->shared->config.basin, lane->op);
    lane->op = NULL;
    queue_release(&lane->queue);
    seen_free(lane->seen);
    lane->seen = NULL;
    free(lane->name);
    lane->name = NULL;
}

/* How many of the queue's first records make the next batch: not more than
 * S2 takes at once, and at least one. */
static size_t cut(const struct lane *lane)
{
    const struct queue_item *item = lane->queue.head;
    size_t bytes = 0;
    size_t n = 0;

    while (item != NULL && n < WIRE_BATCH_RECORDS) {
        bytes += item->metered;
        if (n > 0 && bytes > WIRE_BATCH_BYTES)
            break;
        n++;
        item = item->next;
    }
    return n;
}

/* Whether a batch is to go out now; else when, as far as waiting decides. */
static bool is_ripe(const struct lane *lane, int64_t now, int64_t *next)
{
    int64_t ripe;

    if (lane->queue.has.n == 0)
        return false;
    if (lane->flight == 0 && lane->shared->hold)
        return false;
    if (lane->flight > 0 || lane->shared->flush ||
        lane->queue.has.n >= WIRE_BATCH_RECORDS ||
        lane->queue.has.metered >= WIRE_BATCH_BYTES)
        return true;
    ripe = lane->queue.head->added_ms + lane->shared->config.linger_ms;
    if (now >= ripe)
        return true;
    if (ripe < *next)
        *next = ripe;
    return false;
}

static void append(struct lane *lane, struct err *err)
{
    struct wire_append in = {.records = lane->shared->scratch,
                             .match = true,
                             .match_seq_num = lane->next};
    const struct queue_item *item = lane->queue.head;

    /* A batch of unknown outcome is sent again as it was. */
    if (lane->flight == 0)
        lane->flight = cut(lane);
    for (in.n = 0; in.n < lane->flight; in.n++) {
        struct wire_record *record = &lane->shared->scratch[in.n];

        memset(record, 0, sizeof(*record));
        record->timestamp = (uint64_t)(item->time_us / 1000);
        record->body = item->body;
        item = item->next;
    }
    lane->op = basin_append(lane->shared->config.basin, lane->name, &in,
                            lane_done, lane, err);
}

static void read_page(struct lane *lane, struct err *err)
{
    struct wire_read read = {.from = lane->from};
    int64_t since = lane->shared->from_ms - WRITER_MEMORY_MS;

    if (lane->step == LANE_FIND) {
        read.by_time = true;
        read.from = since < 0 ? 0 : (uint64_t)since;
        read.limit = 1;
    } else {
        uint64_t left = lane->until - lane->from;

        read.limit =
            left < WIRE_BATCH_RECORDS ? (size_t)left : WIRE_BATCH_RECORDS;
    }
    lane->op = basin_read(lane->shared->config.basin, lane->name, &read,
                          lane_done, lane, err);
}

static int start(struct lane *lane, int64_t now, int64_t *next, struct err *err)
{
    struct basin *basin = lane->shared->config.basin;

    switch (lane->step) {
    case LANE_IDLE:
        return 0;
    case LANE_CREATE_BASIN:
        lane->op = basin_create_basin(basin, lane_done, lane, err);
        break;
    case LANE_CREATE:
        lane->op = basin_create(basin, lane->name, lane_done, lane, err);
        break;
    case LANE_TAIL:
        lane->op = basin_tail(basin, lane->name, lane_done, lane, err);
        break;
    case LANE_FIND:
    case LANE_LOAD:
    case LANE_READ_BACK:
        read_page(lane, err);
        break;
    case LANE_APPEND:
        if (!is_ripe(lane, now, next))
            return 0;
        append(lane, err);
        break;
    }
    if (lane->op == NULL)
        return err_prefix(err, "%s", lane->name);
    return 0;
}

/* A request has failed: when is it tried again, if at all? */
static void back_off(struct lane *lane, int64_t now)
{
    struct lane_shared *shared = lane->shared;
    struct writer_note note = {.event = WRITER_RETRY, .stream = lane->name};

    if (attempt_back_off(&lane->attempt, lane->name, shared->config.retry_for,
                         &shared->rng, now, &note.delay_ms) != 0)
        return;
    note.err = &lane->attempt.reason;
    note.n = lane->attempt.retry.fails;
    shared->stats.retries++;
    shared->config.hooks.note(shared->config.hooks.arg, &note);
}

/* Once for each stream: the limit has made it forget what it may need. */
static void tell_forgotten(struct lane *lane)
{
    const struct writer_hooks *hooks = &lane->shared->config.hooks;
    struct writer_note note = {.event = WRITER_FORGOTTEN,
                               .stream = lane->name,
                               .n = seen_count(lane->seen),
                               .seq_num = lane->next};

    if (lane->forgot_noted || !seen_forgot(lane->seen))
        return;
    lane->forgot_noted = true;
    hooks->note(hooks->arg, &note);
}

int lane_run(struct lane *lane, int64_t now, int64_t *next, struct err *err)
{
    const struct err *fatal = &lane->attempt.fatal;

    tell_forgotten(lane);
    if (lane->attempt.failed)
        back_off(lane, now);
    if (fatal->code != ERR_NONE)
        return err_set(err, fatal->code, "%s", fatal->text);
    if (lane->op != NULL || attempt_rests(&lane->attempt, now, next))
        return 0;
    return start(lane, now, next, err);
}
