#include "view/window.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "view/window_state.h"

/* 35,000 years: with the times it can be added to, it fits. */
#define DURATION_MAX (INT64_C(1) << 50)

static int check(const struct window_config *config, struct err *err)
{
    int64_t window = config->window_ms;
    int64_t every = config->every_ms;

    if (window < 1 || every < 1 || window > DURATION_MAX)
        return err_set(err, ERR_USAGE,
                       "a window and its step last from 1 ms to 35,000 years");
    if (window % every != 0 || window / every > WINDOW_RATIO_MAX)
        return err_set(err, ERR_USAGE,
                       "a window of %" PRId64 " ms cannot move by %" PRId64
                       " ms: the step must divide it, at most %d times",
                       window, every, WINDOW_RATIO_MAX);
    if (config->grace_ms < 0 || config->grace_ms / every > WINDOW_RATIO_MAX ||
        config->grace_ms > WINDOW_RATIO_MAX * every)
        return err_set(err, ERR_USAGE,
                       "a grace of %" PRId64 " ms is longer than %d steps of "
                       "%" PRId64 " ms",
                       config->grace_ms, WINDOW_RATIO_MAX, every);
    if (config->labels < 1 || config->labels > WINDOW_LABELS_MAX ||
        config->history > WINDOW_STATE_HISTORY_MAX)
        return err_set(err, ERR_USAGE, "labels or history out of range");
    return 0;
}

struct window *window_new(const struct window_config *config, struct err *err)
{
    struct window *window;
    int64_t grace;

    if (check(config, err) != 0)
        return NULL;
    window = calloc(1, sizeof(*window));
    if (window == NULL)
        goto no_memory;
    window->config = *config;
    window->ratio = config->window_ms / config->every_ms;
    grace = (config->grace_ms + config->every_ms - 1) / config->every_ms;
    window->nring = (size_t)(2 * window->ratio + grace);
    window->advanced = window->passed = WINDOW_STATE_NEVER;
    window->newest = WINDOW_STATE_NEVER;
    for (window->nindex = 16; window->nindex < 2 * (config->labels + 1);)
        window->nindex *= 2;
    window->index = calloc(window->nindex, sizeof(*window->index));
    if (window->index == NULL)
        goto free_window;
    return window;

free_window:
    free(window);
no_memory:
    err_memory(err);
    return NULL;
}

void window_free(struct window *window)
{
    if (window == NULL)
        return;
    for (size_t i = 0; i < window->n; i++) {
        free(window->series[i].name);
        free(window->series[i].ring);
        free(window->series[i].history);
    }
    free(window->series);
    free(window->rows);
    free(window->index);
    free(window);
}

static int64_t bucket_at(const struct window *window, int64_t time_ms)
{
    const int64_t max = WINDOW_STATE_TIME_MAX;
    int64_t every = window->config.every_ms;
    int64_t t = time_ms > max ? max : time_ms < -max ? -max : time_ms;
    int64_t bucket = t / every;

    return bucket * every > t ? bucket - 1 : bucket;
}

static int64_t last_bucket(const struct window *window)
{
    return window->next - window->ratio + (int64_t)window->nring - 1;
}

/* Until a window is told, or a record has missed one, an earlier record may
 * make windows begin earlier: the order of records within the grace must not
 * matter.  All records are behind the new beginning then, so that no sum
 * changes. */
static void begin_at(struct window *window, int64_t bucket)
{
    int64_t next = bucket + 1;
    int64_t back = window->next - next;

    if (!window->begun) {
        window->begun = true;
        window->next = next;
        return;
    }
    if (window->fixed || back <= 0 || bucket < window->advanced ||
        window->newest > last_bucket(window) - back)
        return;
    window->next = next;
    window->head += window->nring - (size_t)back % window->nring;
    window->head %= window->nring;
}

void window_add(struct window *window, size_t id, int64_t time_ms)
{
    struct window_series *series = &window->series[id];
    int64_t bucket = bucket_at(window, time_ms);

    window->records++;
    series->total++;
    if (!window->fixed)
        begin_at(window, bucket);
    if (bucket > last_bucket(window))
        bucket = last_bucket(window);
    if (bucket < window->next - 1) {
        window->fixed = true;
        window->late++;
        series->before++;
        if (bucket < window->next - window->ratio)
            return;
        series->sum++;
    } else if (bucket < window->passed) {
        window->late_graced++;
    }
    series->ring[window_state_slot(window, bucket)]++;
    window->ringed++;
    if (bucket > window->newest)
        window->newest = bucket;
}

/* Records that came before window_zero are not in the total; the first ones
 * to get there are taken for them. */
static void settle(struct window_series *series, uint64_t fresh)
{
    uint64_t old = fresh < series->zeroed ? fresh : series->zeroed;

    series->zeroed -= old;
    series->before += fresh - old;
}

/* Make the row of the next window, and forget its oldest bucket. */
static void close_row(struct window *window, size_t i)
{
    struct window_series *series = &window->series[i];
    uint64_t fresh = series->ring[window_state_slot(window, window->next - 1)];
    uint64_t *oldest = &series->ring[window->head];
    struct window_row *row = &window->rows[i];

    settle(series, fresh);
    row->label = series->name;
    row->recent = series->sum + fresh;
    row->total = series->before;
    series->sum = row->recent - *oldest;
    window->ringed -= *oldest;
    *oldest = 0;
}

static void remember(struct window *window)
{
    size_t h = window->config.history;

    if (h == 0)
        return;
    if (window->nhistory < h)
        window->nhistory++;
    for (size_t i = 0; i < window->n; i++) {
        uint64_t recent = window->rows[i].recent;
        uint32_t *history = window->series[i].history;

        memmove(history, history + 1, (h - 1) * sizeof(*history));
        history[h - 1] = recent < UINT32_MAX ? (uint32_t)recent : UINT32_MAX;
    }
}

/* Call ${told} with the rows, for the window that ends with bucket ${end}. */
static void tell(const struct window *window, int64_t end, bool final,
                 window_told *told, void *arg)
{
    int64_t every = window->config.every_ms;
    const struct window_snapshot snapshot = {
        .start_ms = (end - window->ratio) * every,
        .end_ms = end * every,
        .final = final,
        .rows = window->rows,
        .n = window->n,
        .nhistory = window->nhistory,
        .late = window->late,
        .late_graced = window->late_graced,
        .skipped = window->skipped,
    };

    for (size_t i = 0; i < window->n; i++)
        window->rows[i].history = window->series[i].history +
                                  window->config.history - window->nhistory;
    if (told != NULL)
        told(arg, &snapshot);
}

/* ${last}: for now; that one is told even if it is empty as many before it. */
static void close_next(struct window *window, bool last)
{
    bool empty = true;
    int64_t end = window->next;

    for (size_t i = 0; i < window->n; i++) {
        close_row(window, i);
        empty = empty && window->rows[i].recent == 0;
    }
    window->next++;
    window->head = (window->head + 1) % window->nring;
    window->fixed = true;
    if (empty && window->empties == WINDOW_EMPTY_MAX && !last) {
        window->skipped++;
        return;
    }
    if (!empty)
        window->empties = 0;
    else if (window->empties < WINDOW_EMPTY_MAX)
        window->empties++;
    remember(window);
    tell(window, end, true, window->config.closed, window->config.arg);
    window->skipped = 0;
}

static bool is_full(struct window *window)
{
    window->full =
        window->config.full != NULL && window->config.full(window->config.arg);
    return window->full;
}

bool window_advance(struct window *window, int64_t time_ms)
{
    int64_t to = bucket_at(window, time_ms);

    window_passed(window, time_ms);
    if (!window->begun) {
        begin_at(window, to);
        window->fixed = true;
    }
    if (to > window->advanced)
        window->advanced = to;
    if (to - window->next < WINDOW_EMPTY_MAX && !window->full)
        window->empties = 0;
    while (window->next < to &&
           (window->ringed > 0 || window->empties < WINDOW_EMPTY_MAX)) {
        close_next(window, false);
        if (is_full(window))
            return false;
    }
    if (window->next < to) {
        window->skipped += (uint64_t)(to - window->next);
        window->next = to;
    }
    if (window->next == to)
        close_next(window, true);
    window->full = false;
    return true;
}

void window_passed(struct window *window, int64_t time_ms)
{
    int64_t to = bucket_at(window, time_ms);

    if (to > window->passed)
        window->passed = to;
}

/* What the buckets of the window that ends with ${end} hold so far. */
static uint64_t open_sum(const struct window *window,
                         const struct window_series *series, int64_t end)
{
    int64_t last = last_bucket(window);
    uint64_t sum = series->sum;

    for (int64_t b = window->next - 1; b < end; b++) {
        if (b <= last)
            sum += series->ring[window_state_slot(window, b)];
        if (b >= window->next)
            sum -= series->ring[window_state_slot(window, b - window->ratio)];
    }
    return sum;
}

void window_open(const struct window *window, int64_t time_ms,
                 window_told *told, void *arg)
{
    int64_t end = bucket_at(window, time_ms) + 1;
    bool empty = !window->begun;

    if (window->begun && end < window->next)
        end = window->next;
    if (window->begun && end - window->next >= (int64_t)window->nring)
        empty = true;
    for (size_t i = 0; i < window->n; i++) {
        const struct window_series *series = &window->series[i];
        struct window_row *row = &window->rows[i];

        row->label = series->name;
        row->recent = empty ? 0 : open_sum(window, series, end);
        row->total = series->total;
    }
    tell(window, end, false, told, arg);
}

uint64_t window_records(const struct window *window)
{
    return window->records;
}

void window_zero(struct window *window)
{
    window->late = 0;
    window->late_graced = 0;
    for (size_t i = 0; i < window->n; i++) {
        struct window_series *series = &window->series[i];

        series->zeroed = 0;
        for (size_t b = 0; b < window->nring; b++)
            series->zeroed += series->ring[b];
        series->zeroed -= series->sum;
        series->total = 0;
        series->before = 0;
    }
}
