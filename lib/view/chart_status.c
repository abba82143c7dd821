#include "view/chart_status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "view/chart_text.h"

/* In the order in which they stand. */
enum item { PAUSED, STREAMS, RATE, LAG, LATE, TRIMMED, STALE, DELETED, CLOCK };

#define NITEMS (CLOCK + 1)

/* What is given up first stands first. */
static const enum item dispensable[NITEMS] = {
    STREAMS, CLOCK, TRIMMED, LATE, LAG, RATE, DELETED, STALE, PAUSED};

/* How much is said: everything; not what could be asked of the manual; not
 * that nothing is wrong; and all that in the fewest letters. */
enum verbosity { FULL, SHORTER, TERSE, BRIEF };

#define TEXT_MAX 128

struct status {
    const struct chart_model *model;
    enum verbosity verbosity;
    int title; /* cells */
    bool shown[NITEMS];
    char text[NITEMS][TEXT_MAX]; /* "": nothing to say */
};

static void say_streams(const struct chart_model *m, char *out)
{
    if (!m->from_input && m->listed)
        snprintf(out, TEXT_MAX, "%zu stream%s", m->nstreams,
                 m->nstreams == 1 ? "" : "s");
}

static void say_rate(const struct chart_model *m, bool brief, char *out)
{
    char n[CHART_TEXT_SIZE];

    if (m->rate_milli == CHART_UNKNOWN)
        return;
    chart_text_speed(m->rate_milli, n);
    snprintf(out, TEXT_MAX, brief ? "%s/s" : "%s rec/s", n);
}

static void say_lag(const struct chart_model *m, bool brief, char *out)
{
    char lag[CHART_TEXT_SIZE];

    if (m->lag_ms == CHART_UNKNOWN)
        return;
    chart_text_lag(m->lag_ms, brief, lag);
    snprintf(out, TEXT_MAX, "lag %s", lag);
}

static void say_late(const struct chart_model *m, enum verbosity verbosity,
                     char *out)
{
    char late[CHART_TEXT_SIZE], graced[CHART_TEXT_SIZE];

    chart_text_count(m->late, late);
    chart_text_count(m->late_graced, graced);
    if (verbosity == FULL && m->late_graced > 0)
        snprintf(out, TEXT_MAX, "late %s (+%s in grace)", late, graced);
    else if (verbosity < TERSE || m->late > 0)
        snprintf(out, TEXT_MAX, "late %s", late);
}

/* "N what", unless it is none. */
static void say_count(uint64_t n, const char *before, const char *after,
                      char *out)
{
    char count[CHART_TEXT_SIZE];

    if (n == 0)
        return;
    chart_text_count(n, count);
    snprintf(out, TEXT_MAX, "%s%s%s", before, count, after);
}

static void say_all(struct status *status, enum verbosity verbosity)
{
    const struct chart_model *m = status->model;
    bool brief = verbosity == BRIEF;

    status->verbosity = verbosity;
    memset(status->text, 0, sizeof(status->text));
    if (m->paused)
        snprintf(status->text[PAUSED], TEXT_MAX, "paused");
    say_streams(m, status->text[STREAMS]);
    say_rate(m, brief, status->text[RATE]);
    say_lag(m, brief, status->text[LAG]);
    say_late(m, verbosity, status->text[LATE]);
    say_count(m->missing, "trimmed ", "", status->text[TRIMMED]);
    say_count(m->nstale, "", " stale", status->text[STALE]);
    say_count(m->ndeleted, "", " deleted", status->text[DELETED]);
    chart_text_clock(m->clock_s, status->text[CLOCK]);
    for (int i = 0; i < NITEMS; i++)
        status->shown[i] = status->text[i][0] != '\0';
}

static int gap(const struct status *status)
{
    return status->verbosity == BRIEF ? 2 : 3;
}

/* The cells of the items from ${from} on, with the gaps between them. */
static int items_width(const struct status *status, int from)
{
    int width = 0;

    for (int i = from; i < NITEMS; i++) {
        if (status->shown[i])
            width +=
                (width > 0 ? gap(status) : 0) + (int)strlen(status->text[i]);
    }
    return width;
}

static bool fits(const struct status *status, int room)
{
    int items = items_width(status, 0);
    int between = status->title > 0 && items > 0 ? gap(status) : 0;

    return status->title + between + items <= room;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Says as much as fits into ${room} cells. */
static void choose(struct status *status, int room, int title)
{
    status->title = least(title, room / 2);
    for (int v = FULL; v <= BRIEF; v++) {
        say_all(status, (enum verbosity)v);
        if (fits(status, room))
            return;
    }
    status->title = least(title, room / 3 > 8 ? room / 3 : 8);
    for (int i = 0; i < NITEMS && !fits(status, room); i++)
        status->shown[dispensable[i]] = false;
}

static unsigned style_of(const struct status *status, int item)
{
    switch (item) {
    case PAUSED:
        return GRID_YELLOW | GRID_BOLD;
    case DELETED:
        return GRID_RED;
    case STALE:
    case TRIMMED:
        return GRID_YELLOW;
    case LATE:
        return status->model->late > 0 ? GRID_YELLOW : GRID_PLAIN;
    default:
        return GRID_PLAIN;
    }
}

static void put_items(const struct status *status, int from, int to, int column,
                      struct grid *grid)
{
    for (int i = from; i < to; i++) {
        if (!status->shown[i])
            continue;
        grid_put(grid, 0, column, TEXT_MAX, slice_str(status->text[i]),
                 style_of(status, i), true);
        column += (int)strlen(status->text[i]) + gap(status);
    }
}

void chart_status_draw(const struct chart_model *model, int margin, bool ascii,
                       struct grid *grid)
{
    struct status status = {.model = model};
    struct slice title = slice_str(model->title);
    int end = grid->width - margin;
    int column;

    choose(&status, end - margin, grid_width(title, ascii));
    grid_put(grid, 0, margin, status.title, title, GRID_BOLD, ascii);
    column = status.verbosity == BRIEF
                 ? margin + status.title + (status.title > 0 ? gap(&status) : 0)
                 : end - items_width(&status, 0);
    put_items(&status, 0, CLOCK, column, grid);
    put_items(&status, CLOCK, NITEMS, end - items_width(&status, CLOCK), grid);
}
