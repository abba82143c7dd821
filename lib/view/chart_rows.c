#include "view/chart_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t sum(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* Whether ${a} has a better right to a row than ${b}: it counts more, or as
 * much and its name is first. */
static bool is_larger(const struct chart_row *a, const struct chart_row *b,
                      bool by_total)
{
    int recent = compare(a->recent, b->recent);
    int total = compare(a->total, b->total);
    int order = by_total ? total : recent;

    if (order == 0)
        order = by_total ? recent : total;
    return order > 0 || (order == 0 && strcmp(a->label, b->label) < 0);
}

static int by_name(const void *a, const void *b)
{
    const struct chart_row *const *x = a, *const *y = b;

    return strcmp((*x)->label, (*y)->label);
}

/* By name, the rows that stay are those with the largest totals where these
 * are shown: what the last seconds brought would have rows come and go. */
static bool goes_by_total(const struct chart_options *options)
{
    if (options->sort == CHART_BY_NAME)
        return (options->panels & CHART_TOTAL) != 0;
    return (options->panels & (CHART_TOTAL | CHART_RECENT)) == CHART_TOTAL;
}

/* Adds a row's history to the other's, of which the newest window is last. */
static void add_history(const uint32_t *from, size_t n, uint32_t *to)
{
    for (size_t i = 1; i <= n && i <= CHART_HISTORY; i++) {
        uint32_t *sum_of = &to[CHART_HISTORY - i];

        *sum_of = from[n - i] > UINT32_MAX - *sum_of ? UINT32_MAX
                                                     : *sum_of + from[n - i];
    }
}

static void add_other(const struct chart_model *model,
                      const struct chart_row *row, struct chart_rows *rows)
{
    rows->other.recent = sum(rows->other.recent, row->recent);
    rows->other.total = sum(rows->other.total, row->total);
    if (row->history != NULL)
        add_history(row->history, model->nhistory, rows->other_history);
}

/* Keeps the ${keep} largest rows, the largest first; the rest is other. */
static void keep_largest(const struct chart_model *model, bool by_total,
                         size_t keep, struct chart_rows *rows)
{
    for (size_t i = 0; i < model->n; i++) {
        const struct chart_row *row = &model->rows[i];
        size_t at = rows->n;

        while (at > 0 && is_larger(row, rows->rows[at - 1], by_total))
            at--;
        if (rows->n == keep) {
            add_other(model, at == keep ? row : rows->rows[keep - 1], rows);
            if (at == keep)
                continue;
            rows->n--;
        }
        memmove(&rows->rows[at + 1], &rows->rows[at],
                (rows->n - at) * sizeof(rows->rows[0]));
        rows->rows[at] = row;
        rows->n++;
    }
}

/* How many rows keep their own: with other a row, but not the only one. */
static size_t how_many(const struct chart_model *model, size_t top, size_t room)
{
    if (room > CHART_ROWS_MAX)
        room = CHART_ROWS_MAX;
    if (top == 0)
        top = room;
    if (model->n <= room && model->n <= top)
        return model->n;
    if (room > 1 && top > room - 1)
        return room - 1;
    return top < room ? top : room;
}

/* Labels have this in common, whole parts with something behind them. */
static struct slice common_prefix(const struct chart_model *model)
{
    struct slice prefix = {"", 0};

    if (model->n < 2)
        return prefix;
    prefix = slice_str(model->rows[0].label);
    for (size_t i = 0; i < model->n; i++) {
        const char *label = model->rows[i].label;
        size_t n = 0;

        while (n < prefix.n && label[n] == prefix.p[n])
            n++;
        if (label[n] == '\0' && n > 0)
            n--;
        prefix.n = n;
    }
    while (prefix.n > 0 && prefix.p[prefix.n - 1] != '/')
        prefix.n--;
    return prefix;
}

static void add_up(const struct chart_model *model, struct chart_rows *rows)
{
    for (size_t i = 0; i < model->n; i++) {
        rows->recent = sum(rows->recent, model->rows[i].recent);
        rows->total = sum(rows->total, model->rows[i].total);
    }
    for (size_t i = 0; i < rows->n; i++) {
        const struct chart_row *row = rows->rows[i];

        if (row->recent > rows->recent_most)
            rows->recent_most = row->recent;
        if (row->total > rows->total_most)
            rows->total_most = row->total;
    }
}

void chart_rows_pick(const struct chart_model *model,
                     const struct chart_options *options, size_t room,
                     struct chart_rows *rows)
{
    size_t keep = how_many(model, options->top, room);

    memset(rows, 0, sizeof(*rows));
    rows->prefix = common_prefix(model);
    rows->nhistory =
        model->nhistory < CHART_HISTORY ? model->nhistory : CHART_HISTORY;
    if (keep > 0) {
        keep_largest(model, goes_by_total(options), keep, rows);
        if (options->sort == CHART_BY_NAME)
            qsort(rows->rows, rows->n, sizeof(rows->rows[0]), by_name);
    }
    if (keep > 0 && keep < model->n && keep < room) {
        snprintf(rows->other_label, sizeof(rows->other_label), "other (%zu)",
                 model->n - keep);
        rows->other.label = rows->other_label;
        rows->rows[rows->n++] = &rows->other;
    }
    add_up(model, rows);
}

bool chart_rows_is_other(const struct chart_rows *rows, size_t i)
{
    return rows->rows[i] == &rows->other;
}

const uint32_t *chart_rows_history(const struct chart_rows *rows,
                                   const struct chart_model *model, size_t i,
                                   size_t n)
{
    const struct chart_row *row = rows->rows[i];

    if (chart_rows_is_other(rows, i))
        return rows->other_history + CHART_HISTORY - n;
    return row->history != NULL ? row->history + model->nhistory - n : NULL;
}
