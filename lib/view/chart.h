/*
 * A frame of the bar chart, drawn on a grid: pure but for the scale that the
 * caller keeps from frame to frame.
 */
#ifndef VIEW_CHART_H
#define VIEW_CHART_H

#include <stdbool.h>
#include <stdint.h>

#include "view/grid.h"

enum chart_sort { CHART_BY_NAME, CHART_BY_COUNT };

/* Panels, as bits. */
#define CHART_RECENT 1
#define CHART_TOTAL 2
#define CHART_SPARK 4 /* beside another one */

/* Windows that a sparkline shows at most. */
#define CHART_HISTORY 16

/* An unknown number. */
#define CHART_UNKNOWN INT64_MIN

struct chart_row {
    const char *label;
    uint64_t recent; /* records in the window */
    uint64_t total;
    const uint32_t *history; /* of the last windows, oldest first */
    bool stale;
    bool deleted;
};

/* What there is to show; all borrowed. */
struct chart_model {
    const char *title; /* the prefixes; "" for all */
    const struct chart_row *rows;
    size_t n;
    size_t nhistory;
    int64_t window_ms;  /* its length */
    int64_t clock_s;    /* to show as the time of day, seconds since the epoch
                           plus the zone's offset */
    int64_t since_s;    /* when the total began, likewise; CHART_UNKNOWN */
    int64_t rate_milli; /* records a thousand seconds; CHART_UNKNOWN */
    int64_t lag_ms;     /* CHART_UNKNOWN */
    uint64_t late;
    uint64_t late_graced;
    uint64_t missing; /* records trimmed before they could be read */
    size_t nstreams;
    size_t nstale;
    size_t ndeleted;
    bool from_input; /* -i: no word of streams */
    bool paused;
    bool listed;        /* the streams are known, if only that there are none */
    const char *notice; /* a last line that explains, or NULL: "S2: ..." */
};

struct chart_options {
    bool ascii;
    unsigned panels; /* CHART_RECENT ... */
    bool rate;       /* recent per second instead of counts */
    enum chart_sort sort;
    size_t top; /* rows before the rest becomes other; 0: all that fit */
    bool keys;  /* show the line of keys, where there is room */
};

/* What must not jump from frame to frame; zeroed before the first. */
struct chart_scale {
    uint64_t recent; /* what the longest bar stands for */
    uint64_t total;
    int64_t window; /* number of the window that last looked */
    unsigned below; /* windows in a row that would do with half */
    uint64_t peak;  /* the most in those */
};

/*
 * chart_draw(model, options, scale, window, grid): clear ${grid} and draw.
 * ${window} numbers the windows (end / every), for the scale.  Every size of
 * grid is good, from 1x1 on.
 */
void chart_draw(const struct chart_model *model,
                const struct chart_options *options, struct chart_scale *scale,
                int64_t window, struct grid *grid);

#endif
