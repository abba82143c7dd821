#include "draw.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/loop.h"
#include "facts.h"

/* Of a chart that is no terminal's. */
#define TEXT_WIDTH 80
#define TEXT_HEIGHT_MAX 1000

/* A deleted stream's row goes when its window is empty and it has been
 * deleted for so long. */
#define DELETED_MS 20000

#define TITLE_MAX 256

/* Seconds since the epoch as the local clock shows them, for the time of
 * day. */
static int64_t local_seconds(int64_t ms)
{
    time_t at = (time_t)(ms / 1000);
    struct tm utc;
    struct tm local;
    int64_t days;

    if (gmtime_r(&at, &utc) == NULL || localtime_r(&at, &local) == NULL)
        return at;
    days = local.tm_year != utc.tm_year ? local.tm_year - utc.tm_year
                                        : local.tm_yday - utc.tm_yday;
    return at + (days * 24 + local.tm_hour - utc.tm_hour) * 3600 +
           (local.tm_min - utc.tm_min) * INT64_C(60) + local.tm_sec -
           utc.tm_sec;
}

/* Marks the rows of streams that have gone astray. */
static void mark(const struct tail *tail, size_t nrows, struct chart_row *rows)
{
    const struct follow_stream *const *streams;
    size_t n;

    streams = follow_streams(tail->follow, &n);
    for (size_t i = 0; i < n && i < tail->streams.found; i++) {
        size_t row = count_label(tail->count, i);

        if (row >= nrows)
            continue;
        rows[row].stale = streams[i]->stale;
        rows[row].deleted = streams[i]->state == FOLLOW_DELETED;
    }
}

/* Rows of streams that are no more leave, once there is nothing to see. */
static void leave_out(const struct tail *tail, struct chart_model *model,
                      struct chart_row *rows)
{
    const struct follow_stream *const *streams;
    int64_t now = loop_now();
    size_t n, kept = 0;

    streams = follow_streams(tail->follow, &n);
    for (size_t i = 0; i < n && i < tail->streams.found; i++) {
        size_t row = count_label(tail->count, i);

        if (row < model->n && rows[row].deleted && rows[row].recent == 0 &&
            now - streams[i]->last_answer > DELETED_MS)
            rows[row].label = NULL;
    }
    for (size_t i = 0; i < model->n; i++) {
        if (rows[i].label != NULL)
            rows[kept++] = rows[i];
    }
    model->n = kept;
}

static void set_title(const struct tail *tail, char title[TITLE_MAX])
{
    const struct options *o = tail->config->options;
    struct buf text = BUF_INIT(TITLE_MAX - 1);

    for (size_t i = 0; i < o->nprefixes; i++) {
        if (buf_addf(&text, "%s%s", i > 0 ? " " : "", o->prefixes[i]) != 0)
            break;
    }
    if (text.n > 0)
        memcpy(title, text.p, text.n);
    title[text.n] = '\0';
    buf_release(&text);
}

static void set_model(const struct tail *tail,
                      const struct window_snapshot *snapshot,
                      const struct draw_frame *frame, struct chart_row *rows,
                      struct chart_model *model)
{
    struct lines_facts facts = facts_of(tail);
    int64_t wall_ms = loop_wall() / 1000;
    size_t all = 0; /* streams, deleted ones too */

    for (size_t i = 0; i < snapshot->n; i++) {
        rows[i].label = snapshot->rows[i].label;
        rows[i].recent = snapshot->rows[i].recent;
        rows[i].total = snapshot->rows[i].total;
        rows[i].history = snapshot->rows[i].history;
    }
    model->rows = rows;
    model->n = snapshot->n;
    model->nhistory = snapshot->nhistory;
    model->window_ms = tail->config->options->window;
    model->clock_s = local_seconds(wall_ms);
    model->since_s = tail->since_ms == LINES_UNKNOWN
                         ? CHART_UNKNOWN
                         : local_seconds(tail->since_ms);
    model->rate_milli = frame->rate_milli;
    model->lag_ms =
        facts.lag_ms == LINES_UNKNOWN ? CHART_UNKNOWN : facts.lag_ms;
    model->late = snapshot->late;
    model->late_graced = snapshot->late_graced;
    model->missing = facts.missing;
    model->nstreams = facts.streams;
    model->nstale = facts.stale;
    model->from_input = tail->feed != NULL;
    model->paused = frame->paused;
    model->notice = frame->notice;
    if (tail->follow == NULL)
        return;
    model->listed = follow_listed(tail->follow);
    follow_streams(tail->follow, &all);
    model->ndeleted = all - facts.streams;
    if (count_by_stream(tail->count)) {
        mark(tail, model->n, rows);
        leave_out(tail, model, rows);
    }
}

int draw_grid(const struct tail *tail, const struct window_snapshot *snapshot,
              const struct draw_frame *frame, struct chart_scale *scale,
              struct grid *grid)
{
    struct chart_row *rows = calloc(snapshot->n + 1, sizeof(*rows));
    struct chart_model model = {0};
    char title[TITLE_MAX];

    if (rows == NULL)
        return -1;
    set_title(tail, title);
    model.title = title;
    set_model(tail, snapshot, frame, rows, &model);
    chart_draw(&model, &frame->options, scale,
               snapshot->end_ms / tail->config->every_ms, grid);
    free(rows);
    return 0;
}

struct chart_options draw_options(const struct config *config)
{
    const struct options *o = config->options;
    struct chart_options options = {
        .ascii = config->ascii,
        .panels = config->panels,
        .rate = o->rate,
        .sort = o->sort == SORT_COUNT ? CHART_BY_COUNT : CHART_BY_NAME,
        .top = (size_t)o->top};

    return options;
}

/* As high as its rows need, stacked. */
static int text_height(const struct config *config, size_t rows)
{
    if (config->options->height > 0)
        return (int)config->options->height;
    return rows < TEXT_HEIGHT_MAX / 2 - 6 ? (int)rows * 2 + 6 : TEXT_HEIGHT_MAX;
}

int draw_text(const struct tail *tail, const struct window_snapshot *snapshot,
              struct buf *out)
{
    const struct config *config = tail->config;
    struct draw_frame frame = {.options = draw_options(config),
                               .rate_milli = CHART_UNKNOWN};
    struct chart_scale scale = {0};
    int width =
        config->options->width > 0 ? (int)config->options->width : TEXT_WIDTH;
    struct grid grid = {0};
    int rc;

    if (grid_init(&grid, width, text_height(config, snapshot->n), NULL) != 0)
        return -1;
    rc = draw_grid(tail, snapshot, &frame, &scale, &grid);
    if (rc == 0)
        rc = grid_text(&grid, config->color, out);
    grid_release(&grid);
    return rc;
}
