#include "count_state.h"

#include "base/loop.h"

/* More records than these do not wait for a stream that holds them up. */
#define WAITING_MOST 1000000

static void count_one(struct count *count, uint32_t label, int64_t time_ms)
{
    if (label == COUNT_NO_LABEL || time_ms >= count->config->until_ms)
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

/* Close what ends up to there, but nothing past --until: it would be told
 * without what was not counted. */
static bool close_to(struct count *count, int64_t mark_ms)
{
    int64_t until = count->config->until_ms;

    if (!count->forced && count->hooks.full(count->hooks.arg))
        return false;
    count->begun = true;
    return window_advance(count->window, mark_ms < until ? mark_ms : until);
}

/* Time has reached ${clock_ms}: what ends before it, less the grace where
 * records can still come from before it, is closed.  False: stopped. */
static bool advance(struct count *count, int64_t clock_ms, int64_t now_ms)
{
    int64_t latest = now_ms - count->config->options->grace;
    int64_t mark = clock_ms - field_grace(count);

    return close_to(count, mark < latest ? mark : latest);
}

/* The position does not go past a record that --until left out. */
static void move_on(struct count *count, const struct merge_item *item,
                    struct count_stream *s)
{
    s->beyond = s->beyond || item->time_ms >= count->config->until_ms;
    if (s->beyond)
        return;
    s->position.next_seq = item->next_seq;
    s->position.last_ms = item->key_ms;
}

/* Count the one that is held.  False: stopped before that. */
static bool count_held(struct count *count, int64_t now_ms)
{
    const struct merge_item *item = &count->held;

    if (count->begun && !advance(count, item->key_ms, now_ms))
        return false;
    window_passed(count->window, item->live ? now_ms : item->key_ms);
    count_one(count, item->label, item->time_ms);
    move_on(count, item, &count->streams[count->held_stream]);
    count->holds = false;
    if (merge_waiting(count->merge, count->held_stream) == 0)
        count->hooks.emptied(count->hooks.arg, count->held_stream);
    return true;
}

/* Count what waits up to ${bound_ms}.  False: stopped. */
static bool count_waiting_to(struct count *count, int64_t bound_ms,
                             int64_t now_ms)
{
    for (;;) {
        if (!count->holds)
            count->holds = merge_pop(count->merge, bound_ms, &count->held,
                                     &count->held_stream);
        if (!count->holds)
            return true;
        if (!count_held(count, now_ms))
            return false;
    }
}

int64_t count_now(struct count *count)
{
    int64_t wall_ms = loop_wall() / 1000;
    int64_t now = loop_now();
    int64_t least = count->wall_ms + (now - count->wall_at_ms) / 2;

    if (wall_ms < least)
        return least;
    count->wall_ms = wall_ms;
    count->wall_at_ms = now;
    return wall_ms;
}

void count_run(struct count *count, int64_t bound_ms, int64_t now_ms)
{
    bool stopped = count->stopped;

    if (merge_size(count->merge) > WAITING_MOST)
        bound_ms = now_ms;
    count->stopped = !count_waiting_to(count, bound_ms, now_ms);
    if (count->stopped || (bound_ms <= count->clock_ms && !stopped))
        return;
    if (bound_ms > count->clock_ms)
        count->clock_ms = bound_ms;
    count->stopped = !advance(count, count->clock_ms, now_ms);
    window_passed(count->window, count->clock_ms);
}

void count_restart(struct count *count, size_t stream)
{
    struct count_stream *s = &count->streams[stream];
    int64_t now_ms = count_now(count);

    count->forced = true;
    while (merge_waiting(count->merge, stream) > 0 ||
           (count->holds && count->held_stream == stream)) {
        if (!count->holds)
            count->holds = merge_pop(count->merge, INT64_MAX, &count->held,
                                     &count->held_stream);
        if (!count_held(count, now_ms))
            break;
    }
    count->forced = false;
    merge_drop(count->merge, stream);
    s->position.known = true;
    s->position.next_seq = 0;
    s->position.last_ms = 0;
}

int count_line(struct count *count, const struct count_record *record,
               int64_t now_ms, struct err *err)
{
    int64_t grace = count->config->options->grace;
    int64_t time_ms = record->field.time_ms;
    bool untimed = false;
    uint32_t label;

    if (count->config->by_time && time_ms < count->config->since_ms)
        return 0;
    if (count_evaluate(count, &record->field, &label, &time_ms, &untimed,
                       err) != 0)
        return -1;
    time_ms = count_time(count, time_ms, now_ms);
    if (time_ms > count->clock_ms && label != COUNT_NO_LABEL)
        count->clock_ms = time_ms;
    window_passed(count->window, count->clock_ms);
    count->stopped = count->begun && !close_to(count, count->clock_ms - grace);
    if (count->stopped)
        return 1;
    count->untimed += untimed;
    count_one(count, label, time_ms);
    return 0;
}

void count_begin(struct count *count, int64_t time_ms)
{
    window_advance(count->window, time_ms);
    count->begun = true;
}

bool count_end(struct count *count)
{
    count->stopped = !close_to(count, count->clock_ms);
    return !count->stopped;
}

bool count_stopped(const struct count *count)
{
    return count->stopped;
}
