/*
 * What tests of the chart draw, and how.
 */
#ifndef CHARTSCENE_H
#define CHARTSCENE_H

#include "view/chart.h"

#include "check.h"

#define TEXT_MAX ((size_t)1 << 20)

static inline struct chart_model model_of(const struct chart_row *rows,
                                          size_t n)
{
    struct chart_model model = {.title = "social/",
                                .rows = rows,
                                .n = n,
                                .window_ms = 10000,
                                .clock_s = 0,
                                .since_s = 0,
                                .rate_milli = 41000,
                                .lag_ms = 412,
                                .nstreams = n,
                                .listed = true};

    return model;
}

static const struct chart_options usual = {.panels = CHART_RECENT | CHART_TOTAL,
                                           .keys = true};

/* A frame as text; the caller frees it. */
static inline char *draw(const struct chart_model *model,
                         const struct chart_options *options, int width,
                         int height, bool color)
{
    struct chart_scale scale = {0};
    struct grid grid;
    struct buf out = BUF_INIT(TEXT_MAX);

    if (grid_init(&grid, width, height, NULL) != 0)
        return NULL;
    chart_draw(model, options, &scale, 1, &grid);
    CHECK(grid_text(&grid, color, &out) == 0);
    grid_release(&grid);
    CHECK(buf_str(&out) != NULL);
    return out.p;
}

#endif
