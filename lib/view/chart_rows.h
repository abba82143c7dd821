/*
 * Which rows of a model are shown, in which order.
 */
#ifndef VIEW_CHART_ROWS_H
#define VIEW_CHART_ROWS_H

#include "view/chart.h"

/* Rows that are shown at most. */
#define CHART_ROWS_MAX 1000

struct chart_rows {
    const struct chart_row *rows[CHART_ROWS_MAX + 1];
    size_t n;
    size_t nhistory;        /* windows of history that can be shown */
    struct slice prefix;    /* what all labels of the model begin with, up to
                               a '/'; may be empty */
    struct chart_row other; /* the sum of those that are not shown */
    char other_label[40];
    uint32_t other_history[CHART_HISTORY];
    uint64_t recent, total;           /* sums of all rows */
    uint64_t recent_most, total_most; /* of the rows shown */
};

/*
 * chart_rows_pick(model, options, room, rows): the rows for a chart with
 * ${room} of them, 0 to show none; borrows from ${model}, and points into
 * itself: not to be copied.
 */
void chart_rows_pick(const struct chart_model *model,
                     const struct chart_options *options, size_t room,
                     struct chart_rows *rows);

/* chart_rows_is_other(rows, i): whether row ${i} is the sum. */
bool chart_rows_is_other(const struct chart_rows *rows, size_t i);

/* chart_rows_history(rows, model, i, n): the last ${n} windows of row ${i},
 * oldest first, ${n} at most nhistory; NULL when it has none. */
const uint32_t *chart_rows_history(const struct chart_rows *rows,
                                   const struct chart_model *model, size_t i,
                                   size_t n);

#endif
