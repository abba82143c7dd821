/*
 * A window, and where the run stands, as a frame of the chart.
 */
#ifndef S2TAIL_DRAW_H
#define S2TAIL_DRAW_H

#include "tail.h"
#include "view/chart.h"

/* What a frame shows besides the window. */
struct draw_frame {
    struct chart_options options;
    int64_t rate_milli; /* CHART_UNKNOWN */
    bool paused;
    const char *notice; /* NULL: none */
};

/*
 * draw_grid(tail, snapshot, frame, scale, grid): draw the frame; ${scale} is
 * the caller's, zeroed before the first frame and kept from frame to frame.
 * 0, or -1 without memory.
 */
int draw_grid(const struct tail *tail, const struct window_snapshot *snapshot,
              const struct draw_frame *frame, struct chart_scale *scale,
              struct grid *grid);

/* draw_options(config): what the options say about the chart. */
struct chart_options draw_options(const struct config *config);

/* draw_text(tail, snapshot, out): append a frame of its own as text, for
 * what is no terminal.  0 or -1. */
int draw_text(const struct tail *tail, const struct window_snapshot *snapshot,
              struct buf *out);

#endif
