#include "view/chart.h"

#include <stdio.h>
#include <string.h>

#include "view/chart_bar.h"
#include "view/chart_layout.h"
#include "view/chart_rows.h"
#include "view/chart_status.h"
#include "view/chart_text.h"

#define RECENT_LEAST 5 /* cells of the counts: "1,234" */
#define TOTAL_LEAST 6
#define SHRINK_AFTER 10 /* windows */
#define HEADING_FROM 4  /* rows, or there is no heading */

struct frame {
    const struct chart_model *model;
    const struct chart_options *options;
    const struct chart_scale *scale;
    struct grid *grid;
    struct chart_rows rows;
    struct chart_layout layout;
    bool heading;
};

/* The total grows only, but for a zeroing, which is to be seen at once. */
static void scale_update(struct chart_scale *scale,
                         const struct chart_rows *rows, int64_t window)
{
    uint64_t most = rows->recent_most;

    scale->total = rows->total_most;
    if (window != scale->window) {
        scale->peak = scale->below > 0 ? scale->peak : 0;
        scale->below++;
    }
    scale->window = window;
    if (most >= scale->recent / 2 + scale->recent % 2)
        scale->below = 0;
    if (scale->below > SHRINK_AFTER) {
        scale->recent = scale->peak;
        scale->below = 0;
    }
    if (most > scale->recent)
        scale->recent = most;
    if (most > scale->peak)
        scale->peak = most;
}

/* Kinds keep their colour whatever else is shown; rows without one share
 * theirs. */
static unsigned kind_style(const char *label)
{
    static const unsigned styles[] = {GRID_MAGENTA, GRID_BLUE, GRID_YELLOW,
                                      GRID_CYAN, GRID_GREEN};
    const char *end = strchr(label, '/');
    unsigned hash = 2166136261U;

    for (const char *p = label; end != NULL && p < end; p++)
        hash = (hash ^ (unsigned char)*p) * 16777619U;
    return styles[(hash >> 8) % (sizeof(styles) / sizeof(styles[0]))];
}

static struct slice label_of(const struct frame *frame, size_t i, bool brief)
{
    struct slice label = slice_str(frame->rows.rows[i]->label);

    if (brief && !chart_rows_is_other(&frame->rows, i)) {
        label.p += frame->rows.prefix.n;
        label.n -= frame->rows.prefix.n;
    }
    return label;
}

static void count_text(const struct frame *frame, bool total, uint64_t n,
                       char out[CHART_TEXT_SIZE])
{
    if (!total && frame->options->rate)
        chart_text_rate(n, frame->model->window_ms, out);
    else
        chart_text_count(n, out);
}

/* The most that was shown of late decides, lest columns move. */
static int count_width(const struct frame *frame, bool total, int least)
{
    char text[CHART_TEXT_SIZE];
    int width;

    count_text(frame, total, total ? frame->scale->total : frame->scale->recent,
               text);
    width = (int)strlen(text);
    return width > least ? width : least;
}

static int label_width(const struct frame *frame, bool brief)
{
    int most = 1;

    for (size_t i = 0; i < frame->rows.n; i++) {
        int width =
            grid_width(label_of(frame, i, brief), frame->options->ascii);

        most = width > most ? width : most;
    }
    return most;
}

static void make_layout(struct frame *frame, int height)
{
    struct chart_need need = {
        .width = frame->grid->width,
        .height = height,
        .nrows = frame->rows.n,
        .panels = frame->options->panels,
        .label = label_width(frame, false),
        .short_label = label_width(frame, true),
        .counts = {count_width(frame, false, RECENT_LEAST),
                   count_width(frame, true, TOTAL_LEAST)},
    };

    chart_layout_make(&need, &frame->layout);
}

static void put_text(const struct frame *frame, int row, int column,
                     const char *text, unsigned style)
{
    grid_put(frame->grid, row, column, frame->grid->width, slice_str(text),
             style, frame->options->ascii);
}

/* Puts ${text} so that it ends before column ${end}, in ${width} cells. */
static void put_right(const struct frame *frame, int row, int end, int width,
                      const char *text, unsigned style)
{
    int n = (int)strlen(text);

    if (n > width)
        n = width;
    grid_put(frame->grid, row, end - n, n, slice_str(text), style, true);
}

static void draw_label(const struct frame *frame, int row, size_t i)
{
    const struct chart_layout *layout = &frame->layout;
    const struct chart_row *of = frame->rows.rows[i];

    grid_put(frame->grid, row, layout->margin, layout->label,
             label_of(frame, i, layout->brief),
             of->stale || of->deleted ? GRID_DIM : GRID_PLAIN,
             frame->options->ascii);
    if (of->deleted)
        put_text(frame, row, layout->mark, "x", GRID_RED | GRID_BOLD);
    else if (of->stale)
        put_text(frame, row, layout->mark, "?", GRID_YELLOW | GRID_BOLD);
}

static void draw_spark(const struct frame *frame,
                       const struct chart_panel *panel, int row, size_t i,
                       unsigned style)
{
    struct chart_bar bar = {row, panel->column, panel->spark, style,
                            frame->options->ascii};
    size_t n = frame->rows.nhistory;
    const uint32_t *values;

    if (n > (size_t)panel->spark)
        n = (size_t)panel->spark;
    values = chart_rows_history(&frame->rows, frame->model, i, n);
    if (values != NULL)
        chart_bar_spark(&bar, values, n, frame->grid);
}

static void draw_row(const struct frame *frame, const struct chart_panel *panel,
                     int row, size_t i)
{
    const struct chart_row *of = frame->rows.rows[i];
    uint64_t n = panel->total ? of->total : of->recent;
    uint64_t all = panel->total ? frame->rows.total : frame->rows.recent;
    unsigned style = chart_rows_is_other(&frame->rows, i)
                         ? GRID_PLAIN
                         : kind_style(of->label);
    int column = panel->column + (panel->spark > 0 ? panel->spark + 1 : 0);
    struct chart_bar bar = {row, column, panel->bar, style,
                            frame->options->ascii};
    char text[CHART_TEXT_SIZE];

    if (panel->spark > 0)
        draw_spark(frame, panel, row, i, style);
    chart_bar_draw(&bar, n,
                   panel->total ? frame->scale->total : frame->scale->recent,
                   frame->grid);
    count_text(frame, panel->total, n, text);
    put_right(frame, row, panel->count_end, panel->count, text, GRID_PLAIN);
    chart_text_share(n, all, text);
    put_right(frame, row, panel->share_end, panel->share, text, GRID_DIM);
}

static void draw_heading(const struct frame *frame,
                         const struct chart_panel *panel, int row)
{
    const struct chart_model *model = frame->model;
    char when[CHART_TEXT_SIZE], text[2 * CHART_TEXT_SIZE];

    if (!panel->total) {
        chart_text_span(model->window_ms, when);
        snprintf(text, sizeof(text), "last %s%s", when,
                 frame->options->rate ? ", per second" : "");
    } else if (model->since_s != CHART_UNKNOWN) {
        chart_text_since(model->since_s, model->clock_s, when);
        snprintf(text, sizeof(text), "since %s", when);
    } else {
        snprintf(text, sizeof(text), "total");
    }
    put_text(frame, row, panel->heading, text, GRID_DIM);
}

/* Returns the row behind the panels. */
static int draw_panels(const struct frame *frame, int row)
{
    const struct chart_layout *layout = &frame->layout;
    int first = row, n = (int)frame->rows.n;

    for (size_t p = 0; p < layout->npanels; p++) {
        const struct chart_panel *panel = &layout->panels[p];

        row = layout->stacked && p > 0 ? row : first;
        if (frame->heading)
            draw_heading(frame, panel, row++);
        for (int i = 0; i < n; i++, row++) {
            draw_label(frame, row, (size_t)i);
            draw_row(frame, panel, row, (size_t)i);
        }
    }
    return row;
}

static int put_part(const struct frame *frame, int row, int column,
                    const char *text, int keep)
{
    return column + grid_put(frame->grid, row, column,
                             frame->grid->width - column - keep,
                             slice_str(text), GRID_PLAIN,
                             frame->options->ascii);
}

/* Instead of panels, as long as there is nothing to count. */
static int draw_waiting(const struct frame *frame, int row)
{
    const struct chart_model *model = frame->model;
    int column = chart_layout_margin(frame->grid->width);
    char text[64];

    if (model->from_input) {
        put_part(frame, row, column, "waiting for records", 0);
    } else if (!model->listed) {
        put_part(frame, row, column, "looking for streams", 0);
    } else if (model->nstreams > 0) {
        snprintf(text, sizeof(text), "waiting for records in %zu stream%s",
                 model->nstreams, model->nstreams == 1 ? "" : "s");
        put_part(frame, row, column, text, 0);
    } else if (model->title[0] == '\0') {
        put_part(frame, row, column, "no stream yet", 0);
    } else {
        column = put_part(frame, row, column, "no stream begins with ", 0);
        column = put_part(frame, row, column, model->title, 4);
        put_part(frame, row, column, " yet", 0);
    }
    return row + 1;
}

void chart_draw(const struct chart_model *model,
                const struct chart_options *options, struct chart_scale *scale,
                int64_t window, struct grid *grid)
{
    int margin = chart_layout_margin(grid->width);
    bool notice = model->notice != NULL && grid->height > 1;
    int room = grid->height - 1 - notice;
    struct frame frame = {.model = model,
                          .options = options,
                          .scale = scale,
                          .grid = grid,
                          .heading = room >= HEADING_FROM};
    int row = 1;

    grid_clear(grid);
    chart_status_draw(model, margin, options->ascii, grid);
    chart_rows_pick(model, options, (size_t)(room - frame.heading),
                    &frame.rows);
    if (frame.rows.n > 0) {
        scale_update(scale, &frame.rows, window);
        make_layout(&frame, room);
        row = draw_panels(&frame, row);
    } else if (room > 0) {
        row = draw_waiting(&frame, room > 2 ? 2 : 1);
    }
    if (options->keys && row < room) {
        put_text(&frame, row + 1, margin,
                 "q quit  space pause  s sort  r rate  z zero", GRID_DIM);
        row += 2;
    }
    if (notice)
        put_text(&frame, row + (row + 1 < grid->height), margin, model->notice,
                 GRID_YELLOW);
}
