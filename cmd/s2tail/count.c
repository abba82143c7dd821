#include "count_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "view/chart.h"

static void on_closed(void *arg, const struct window_snapshot *snapshot)
{
    struct count *count = arg;

    count->hooks.closed(count->hooks.arg, snapshot);
}

static bool on_full(void *arg)
{
    struct count *count = arg;

    return !count->forced && count->hooks.full(count->hooks.arg);
}

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
                                   .history = CHART_HISTORY,
                                   .closed = on_closed,
                                   .full = on_full,
                                   .arg = count};

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
    return field_by_stream(count->field);
}

int count_stream(struct count *count, size_t stream, const char *name,
                 struct err *err)
{
    size_t label = 0;

    if (stream >= count->cap) {
        size_t cap = count->cap == 0 ? 64 : 2 * count->cap;
        struct count_stream *grown =
            realloc(count->streams, cap * sizeof(*grown));

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
    return 0;
}

int count_evaluate(struct count *count, const struct field_record *record,
                   uint32_t *label, int64_t *time_ms, bool *untimed,
                   struct err *err)
{
    struct field_result out;
    size_t id;

    if (field_eval(count->field, record, &out, err) != 0)
        return -1;
    *label = COUNT_NO_LABEL;
    *time_ms = out.time_ms;
    *untimed = out.counted && out.untimed;
    if (!out.counted)
        return 0;
    if (window_label(count->window, out.label, &id, err) != 0)
        return -1;
    *label = (uint32_t)id;
    return 0;
}

int64_t count_time(const struct count *count, int64_t time_ms, int64_t now_ms)
{
    if (count->config->time == TIME_ARRIVAL || time_ms > now_ms)
        return now_ms;
    return time_ms;
}

int count_add(struct count *count, size_t stream,
              const struct count_record *record, int64_t now_ms,
              struct err *err)
{
    struct count_stream *s = &count->streams[stream];
    int64_t time_ms = record->field.time_ms;
    struct merge_item item = {.key_ms = count_time(count, time_ms, now_ms),
                              .time_ms = time_ms,
                              .next_seq = record->seq_num + 1,
                              .label = s->label,
                              .live = record->live};
    bool untimed = false;

    if (count->parses && count_evaluate(count, &record->field, &item.label,
                                        &item.time_ms, &untimed, err) != 0)
        return -1;
    count->untimed += untimed;
    item.time_ms = count_time(count, item.time_ms, now_ms);
    if (!s->position.known) {
        s->position.known = true;
        s->position.next_seq = record->seq_num;
    }
    return merge_push(count->merge, stream, &item, err);
}

size_t count_waiting(const struct count *count)
{
    return merge_size(count->merge) + count->holds;
}

int64_t count_clock(const struct count *count)
{
    return count->clock_ms;
}

int64_t count_shown(const struct count *count)
{
    int64_t until = count->config->until_ms;

    return count->clock_ms < until ? count->clock_ms : until - 1;
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
