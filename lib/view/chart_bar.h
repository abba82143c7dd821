/*
 * Bars that lie, in eighths of a cell, and small ones that stand.
 */
#ifndef VIEW_CHART_BAR_H
#define VIEW_CHART_BAR_H

#include <stdint.h>

#include "view/grid.h"

struct chart_bar {
    int row, column;
    int width; /* cells */
    unsigned style;
    bool ascii; /* # and - */
};

/* chart_bar_draw(bar, value, most, grid): ${value} of ${most}, which is all
 * of the width; what is above zero shows. */
void chart_bar_draw(const struct chart_bar *bar, uint64_t value, uint64_t most,
                    struct grid *grid);

/* chart_bar_spark(bar, values, n, grid): the last ${n} windows, at the right
 * end of the width, the largest of them a full cell high. */
void chart_bar_spark(const struct chart_bar *bar, const uint32_t *values,
                     size_t n, struct grid *grid);

#endif
