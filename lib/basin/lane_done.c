#include "basin/lane.h"

#include <stdlib.h>

/* The basin's clock may be behind by so much before a restart could miss
 * records: the memory less the rewind. */
#define CLOCK_SLACK_MS (WRITER_MEMORY_MS - 60000)

static void note(struct lane *lane, enum writer_event event, uint64_t n)
{
    const struct writer_hooks *hooks = &lane->shared->config.hooks;
    struct writer_note what = {
        .event = event, .stream = lane->name, .n = n, .seq_num = lane->next};

    if (event == WRITER_GAP)
        lane->shared->stats.gaps++;
    hooks->note(hooks->arg, &what);
}

static void fail(struct lane *lane, enum err_code code, const char *why)
{
    attempt_fatal(&lane->attempt, code, lane->name, why);
}

/* Tell that a queued record is durable under a number, and free it. */
static void acked(struct lane *lane, struct queue_item *item, uint64_t seq_num)
{
    const struct writer_hooks *hooks = &lane->shared->config.hooks;
    struct wire_record record = {.seq_num = seq_num,
                                 .timestamp = (uint64_t)item->time_us / 1000,
                                 .body = item->body};

    lane->shared->stats.acked++;
    hooks->acked(hooks->arg, lane->name, &record);
    free(item);
}

/* A record of the stream: know its identity, and do not write it again.  If
 * it stands in a batch of unknown outcome, this is that batch's ack. */
static void learn(struct lane *lane, const struct wire_record *record)
{
    const struct writer_hooks *hooks = &lane->shared->config.hooks;
    struct queue_item *item;
    struct hash128 id;
    size_t index;

    if (wire_is_command(record) ||
        hooks->identify(hooks->arg, record->body, &id) != 0)
        return;
    if (!seen_has(lane->seen, id)) {
        if (seen_add(lane->seen, id, (int64_t)record->timestamp * 1000) != 0)
            fail(lane, ERR_OS, "out of memory");
        return;
    }
    item = queue_take(&lane->queue, id, &index);
    if (item == NULL)
        return;
    lane->found++;
    if (index >= lane->flight || !lane->uncertain) {
        lane->shared->stats.duplicates++;
        free(item);
    } else {
        acked(lane, item, record->seq_num);
    }
    if (index < lane->flight)
        lane->flight--;
}

static void on_created(struct lane *lane)
{
    lane->step = lane->known ? LANE_APPEND : LANE_TAIL;
}

/* Load from at most here: the newest records, whatever their times. */
static uint64_t newest(const struct lane *lane)
{
    return lane->next > SEEN_LEAST ? lane->next - SEEN_LEAST : 0;
}

static void on_tail(struct lane *lane, const struct basin_reply *reply)
{
    lane->next = reply->tail.seq_num;
    lane->known = true;
    lane->from = newest(lane);
    lane->until = lane->next;
    if (lane->next == 0)
        lane->step = LANE_APPEND;
    else
        lane->step = lane->shared->from_ms >= 0 ? LANE_FIND : LANE_LOAD;
}

static void on_found(struct lane *lane, const struct basin_reply *reply)
{
    if (reply->outcome == OUTCOME_OK && reply->nrecords > 0 &&
        reply->records[0].seq_num < lane->from)
        lane->from = reply->records[0].seq_num;
    lane->step = LANE_LOAD;
}

/* One page of [from, until).  What is missing of it is trimmed. */
static void on_page(struct lane *lane, const struct basin_reply *reply)
{
    bool empty = reply->outcome != OUTCOME_OK || reply->nrecords == 0;

    lane->hole |= empty || reply->records[0].seq_num > lane->from;
    for (size_t i = 0; i < reply->nrecords; i++) {
        if (reply->records[i].seq_num < lane->until)
            learn(lane, &reply->records[i]);
    }
    lane->from =
        empty ? lane->until : reply->records[reply->nrecords - 1].seq_num + 1;
    if (lane->from < lane->until)
        return;
    if (lane->step == LANE_READ_BACK) {
        lane->next = lane->until;
        lane->flight = 0;
        lane->uncertain = false;
        note(lane, lane->hole ? WRITER_GAP : WRITER_RESOLVED, lane->found);
    }
    lane->step = LANE_APPEND;
}

static void on_appended(struct lane *lane, const struct basin_reply *reply)
{
    uint64_t asked = 0; /* ms, of the last */

    if (reply->start != lane->next || reply->end != lane->next + lane->flight) {
        fail(lane, ERR_PROTOCOL,
             "the ack does not fit the batch that was sent");
        return;
    }
    lane->shared->stats.batches++;
    lane->uncertain = false;
    while (lane->flight > 0) {
        struct queue_item *item = queue_take_first(&lane->queue);

        lane->flight--;
        asked = (uint64_t)queue_dated_us(item) / 1000;
        acked(lane, item, lane->next++);
    }
    if (asked > reply->tail.timestamp + CLOCK_SLACK_MS &&
        !lane->shared->clock_noted) {
        lane->shared->clock_noted = true;
        note(lane, WRITER_CLOCK, asked - reply->tail.timestamp);
    }
}

/* The stream is shorter than it was: deleted, or its store has lost data.
 * What it holds now may be another writer's: learn it. */
static void on_shrunk(struct lane *lane, uint64_t next)
{
    note(lane, WRITER_GAP, lane->next - next);
    seen_clear(lane->seen);
    for (const struct queue_item *i = lane->queue.head; i != NULL;
         i = i->next) {
        if (seen_add(lane->seen, i->id, queue_kept_us(i)) != 0)
            fail(lane, ERR_OS, "out of memory");
    }
    lane->next = next;
    lane->flight = 0;
    lane->uncertain = false;
    lane->from = newest(lane);
    lane->until = next;
    lane->step = next > 0 ? LANE_LOAD : LANE_APPEND;
}

static void on_mismatch(struct lane *lane, uint64_t next)
{
    if (next < lane->next) {
        on_shrunk(lane, next);
    } else if (next > lane->next) {
        lane->from = lane->next;
        lane->until = next;
        lane->found = 0;
        lane->hole = false;
        lane->step = LANE_READ_BACK;
    } else {
        fail(lane, ERR_PROTOCOL,
             "an append was refused for the number that it named");
    }
}

/* The stream is not there (any more). */
static void on_no_stream(struct lane *lane)
{
    if (lane->step != LANE_APPEND && lane->step != LANE_READ_BACK)
        lane->known = false;
    lane->step = LANE_CREATE;
}

/* Whether such an answer can be to such a request. */
static bool fits(enum lane_step step, enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_MISMATCH:
        return step == LANE_APPEND;
    case OUTCOME_UNWRITTEN:
        return step == LANE_FIND || step == LANE_LOAD || step == LANE_READ_BACK;
    default:
        return true;
    }
}

static void proceed(struct lane *lane, const struct basin_reply *reply)
{
    switch (lane->step) {
    case LANE_IDLE:
        break;
    case LANE_CREATE_BASIN:
        if (!lane->shared->created_noted)
            note(lane, WRITER_CREATED, 0);
        lane->shared->created_noted = true;
        lane->step = LANE_CREATE;
        break;
    case LANE_CREATE:
        on_created(lane);
        break;
    case LANE_TAIL:
        on_tail(lane, reply);
        break;
    case LANE_FIND:
        on_found(lane, reply);
        break;
    case LANE_LOAD:
    case LANE_READ_BACK:
        on_page(lane, reply);
        break;
    case LANE_APPEND:
        if (reply->outcome == OUTCOME_MISMATCH)
            on_mismatch(lane, reply->tail.seq_num);
        else
            on_appended(lane, reply);
        break;
    }
}

static void on_answer(struct lane *lane, const struct basin_reply *reply)
{
    bool made = lane->step == LANE_CREATE_BASIN || lane->step == LANE_CREATE;
    unsigned fails = made ? 0 : attempt_ok(&lane->attempt);

    if (fails > 0) {
        note(lane, WRITER_RECOVERED, fails);
        lane->shared->recovered = true;
    }
    if (!fits(lane->step, reply->outcome)) {
        fail(lane, ERR_PROTOCOL, "the answer does not fit the request");
        return;
    }
    proceed(lane, reply);
    if (!lane->loaded && lane->step == LANE_APPEND) {
        lane->loaded = true;
        lane->shared->loading--;
    }
}

void lane_done(void *arg, const struct basin_reply *reply)
{
    struct lane *lane = arg;

    lane->op = NULL;
    lane->shared->answered = true;
    switch (attempt_judge(&lane->attempt, lane->name,
                          lane->shared->config.create_basin, reply)) {
    case ATTEMPT_AGAIN:
        if (lane->step == LANE_APPEND && reply->outcome == OUTCOME_UNKNOWN)
            lane->uncertain = true;
        return;
    case ATTEMPT_NO_STREAM:
        on_no_stream(lane);
        return;
    case ATTEMPT_NO_BASIN:
        lane->step = LANE_CREATE_BASIN;
        return;
    case ATTEMPT_FENCED: /* a lane names no token */
        fail(lane, reply->err.code, reply->err.text);
        return;
    case ATTEMPT_OVER:
        return;
    case ATTEMPT_ANSWERED:
        on_answer(lane, reply);
        return;
    }
}
