#include "count.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "view/field.h"
#include "view/merge.h"

/* Sparklines show so many windows. */
#define HISTORY 20

/* A record that no --where takes passes through like others, for the sake of
 * the position behind it. */
#define NO_LABEL UINT32_MAX

/* More records than these do not wait for a stream that holds them up. */
#define WAITING_MOST 1000000

struct stream {
    uint32_t label; /* when counted by streams */
    struct count_position position;
};

struct count {
    const struct config *config;
    struct count_hooks hooks;
    struct field *field;
    bool parses;
    struct window *window;
    struct merge *merge;
    struct stream *streams;
    size_t nstreams, cap;
    bool begun; /* it is settled where windows begin: the first record does,
                   if nothing else has */
    int64_t clock_ms;
    int64_t newest_ms;
    int64_t oldest_ms;
    uint64_t untimed;
};

static int make_parts(struct count *count, struct err *err)
{
    const struct config *config = count->config;
    const struct options *o = config->options;
    struct field_config field = {.group = o->group,
                                 .where = o->where.v,
                                 .nwhere = o->where.n,
                                 .time = config->time == TIME_FIELD ? o->time
                                                                    : NULL};
    struct window_config window = {.window_ms = o->window,
                                   .every_ms = config->every_ms,
                                   .grace_ms = o->grace,
                                   .labels = WINDOW_LABELS_MAX,
                                   .history = HISTORY,
                                   .closed = count->hooks.closed,
                                   .arg = count->hooks.arg};

    /* Strangers choose labels. */
    if (getrandom(&window.key, sizeof(window.key), 0) != sizeof(window.key))
        return err_os(err, ERR_OS, errno, "getrandom");

    count->field = field_new(&field, err);
    if (count->field == NULL)
        return -1;
    count->parses = field_parses(count->field);
    count->window = window_new(&window, err);
    if (count->window == NULL)
        return -1;
    count->merge = merge_new(err);
    return count->merge == NULL ? -1 : 0;
}

struct count *count_new(const struct config *config,
                        const struct count_hooks *hooks, struct err *err)
{
    struct count *count = calloc(1, sizeof(*count));

    if (count == NULL) {
        err_memory(err);
        return NULL;
    }
    count->config = config;
    count->hooks = *hooks;
    count->newest_ms = INT64_MIN;
    count->oldest_ms = INT64_MIN;
    if (make_parts(count, err) != 0) {
        count_free(count);
        return NULL;
    }
    return count;
}

void count_free(struct count *count)
{
    if (count == NULL)
        return;
    field_free(count->field);
    window_free(count->window);
    merge_free(count->merge);
    free(count->streams);
    free(count);
}

bool count_by_stream(const struct count *count)
{
    return strcmp(count->config->options->group, "stream") == 0;
}

int count_stream(struct count *count, size_t stream, const char *name,
                 struct err *err)
{
    size_t label = 0;

    if (stream >= count->cap) {
        size_t cap = count->cap == 0 ? 64 : 2 * count->cap;
        struct stream *grown = realloc(count->streams, cap * sizeof(*grown));

        if (grown == NULL)
            return err_memory(err);
        count->streams = grown;
        count->cap = cap;
    }
    if (count_by_stream(count) &&
        window_label(count->window, slice_str(name), &label, err) != 0)
        return -1;
    memset(&count->streams[stream], 0, sizeof(*count->streams));
    count->streams[stream].label = (uint32_t)label;
    count->nstreams = stream + 1;
    return 0;
}

/* What a record is counted under, and when; NO_LABEL: not at all. */
static int evaluate(struct count *count, const struct count_record *record,
                    uint32_t *label, int64_t *time_ms, struct err *err)
{
    struct field_record in = {record->stream, record->body, record->time_ms};
    struct field_result out;
    size_t id;

    if (field_eval(count->field, &in, &out, err) != 0)
        return -1;
    *label = NO_LABEL;
    *time_ms = out.time_ms;
    if (!out.counted)
        return 0;
    count->untimed += out.untimed;
    if (window_label(count->window, out.label, &id, err) != 0)
        return -1;
    *label = (uint32_t)id;
    return 0;
}

/* Its time: the record's, what it says in a field, or now; never later than
 * now. */
static int64_t time_of(const struct count *count, int64_t time_ms,
                       int64_t now_ms)
{
    if (count->config->time == TIME_ARRIVAL || time_ms > now_ms)
        return now_ms;
    return time_ms;
}

int count_add(struct count *count, size_t stream,
              const struct count_record *record, int64_t now_ms,
              struct err *err)
{
    struct stream *s = &count->streams[stream];
    struct merge_item item = {.key_ms = time_of(count, record->time_ms, now_ms),
                              .time_ms = record->time_ms,
                              .next_seq = record->seq_num + 1,
                              .label = s->label,
                              .live = record->live};

    if (count->parses &&
        evaluate(count, record, &item.label, &item.time_ms, err) != 0)
        return -1;
    item.time_ms = time_of(count, item.time_ms, now_ms);
    if (!s->position.known) {
        s->position.known = true;
        s->position.next_seq = record->seq_num;
    }
    return merge_push(count->merge, stream, &item, err);
}

static void count_one(struct count *count, uint32_t label, int64_t time_ms)
{
    if (label == NO_LABEL || time_ms >= count->config->until_ms)
        return;
    window_add(count->window, label, time_ms);
    count->begun = true;
    if (time_ms > count->newest_ms)
        count->newest_ms = time_ms;
    if (time_ms < count->oldest_ms || count->oldest_ms == INT64_MIN)
        count->oldest_ms = time_ms;
}

/* Times in a field do not go up with the records: they always get the grace
 * that late records get. */
static int64_t field_grace(const struct count *count)
{
    return count->config->time == TIME_FIELD ? count->config->options->grace
                                             : 0;
}

/* Time has reached ${clock_ms}: what ends before it, less the grace where
 * records can still come from before it, is closed. */
static void advance(struct count *count, int64_t clock_ms, int64_t now_ms)
{
    int64_t latest = now_ms - count->config->options->grace;
    int64_t mark = clock_ms - field_grace(count);

    window_advance(count->window, mark < latest ? mark : latest);
    count->begun = true;
}

static void count_item(struct count *count, size_t stream,
                       const struct merge_item *item, int64_t now_ms)
{
    struct stream *s = &count->streams[stream];

    if (count->begun)
        advance(count, item->key_ms, now_ms);
    window_passed(count->window, item->live ? now_ms : item->key_ms);
    count_one(count, item->label, item->time_ms);
    s->position.next_seq = item->next_seq;
    s->position.last_ms = item->key_ms;
    if (merge_waiting(count->merge, stream) == 0)
        count->hooks.emptied(count->hooks.arg, stream);
}

void count_run(struct count *count, int64_t bound_ms, int64_t now_ms)
{
    struct merge_item item;
    size_t stream;

    if (merge_size(count->merge) > WAITING_MOST)
        bound_ms = now_ms;
    while (merge_pop(count->merge, bound_ms, &item, &stream))
        count_item(count, stream, &item, now_ms);
    if (bound_ms <= count->clock_ms)
        return;
    count->clock_ms = bound_ms;
    advance(count, bound_ms, now_ms);
    window_passed(count->window, bound_ms);
}

int count_line(struct count *count, const struct count_record *record,
               int64_t now_ms, struct err *err)
{
    int64_t grace = count->config->options->grace;
    int64_t time_ms = record->time_ms;
    uint32_t label;

    if (count->config->by_time && time_ms < count->config->since_ms)
        return 0;
    if (evaluate(count, record, &label, &time_ms, err) != 0)
        return -1;
    time_ms = time_of(count, time_ms, now_ms);
    if (time_ms > count->clock_ms && label != NO_LABEL)
        count->clock_ms = time_ms;
    window_passed(count->window, count->clock_ms);
    if (count->begun)
        window_advance(count->window, count->clock_ms - grace);
    count_one(count, label, time_ms);
    return 0;
}

void count_begin(struct count *count, int64_t time_ms)
{
    window_advance(count->window, time_ms);
    count->begun = true;
}

void count_end(struct count *count)
{
    window_advance(count->window, count->clock_ms);
}

size_t count_waiting(const struct count *count)
{
    return merge_size(count->merge);
}

int64_t count_clock(const struct count *count)
{
    return count->clock_ms;
}

int64_t count_newest(const struct count *count)
{
    return count->newest_ms;
}

int64_t count_oldest(const struct count *count)
{
    return count->oldest_ms;
}

uint64_t count_untimed(const struct count *count)
{
    return count->untimed;
}

struct window *count_window(struct count *count)
{
    return count->window;
}

bool count_parses(const struct count *count)
{
    return count->parses;
}

size_t count_label(const struct count *count, size_t stream)
{
    return count->streams[stream].label;
}

struct count_position count_position(const struct count *count, size_t stream)
{
    return count->streams[stream].position;
}

void count_resume(struct count *count, size_t stream,
                  const struct count_position *position)
{
    count->streams[stream].position = *position;
    count->begun = true;
}
