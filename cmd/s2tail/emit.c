#include "emit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "common/replace.h"
#include "common/shell.h"
#include "draw.h"
#include "facts.h"
#include "format.h"
#include "report.h"

#define LAST_MOST ((size_t)64 << 20)

struct emit {
    struct tail *tail;
    const struct lines_format *format;
    struct output *output; /* NULL: none, or a file that is replaced */
    const char *replaced;  /* that file */
    struct lines_options lines;
    struct buf last;  /* what only the last window counts for */
    bool last_is_new; /* it was not written yet */
    enum judge_state verdict;
};

/* Whether only the last window is of interest: to a person, or to who reads a
 * file that is replaced. */
static bool only_last(const struct emit *emit)
{
    return emit->replaced != NULL ||
           (emit->format->last && emit->tail->config->once);
}

static int open_output(struct emit *emit, struct err *err)
{
    const struct config *config = emit->tail->config;

    if (config->output == NULL)
        return 0;
    if (emit->format->replaced != NULL && strcmp(config->output, "-") != 0) {
        emit->replaced = config->output;
        return replace_check(config->output, emit->format->replaced, err);
    }
    emit->output = output_open(config->output, err);
    return emit->output == NULL ? -1 : 0;
}

struct emit *emit_open(struct tail *tail, struct err *err)
{
    struct emit *emit = calloc(1, sizeof(*emit));
    const struct config *config = tail->config;
    const struct options *o = config->options;

    if (emit == NULL) {
        err_memory(err);
        return NULL;
    }
    emit->tail = tail;
    emit->format = config->format;
    emit->verdict = JUDGE_UNKNOWN;
    buf_init(&emit->last, LAST_MOST);
    emit->lines.top = (size_t)o->top;
    emit->lines.by_count = o->sort == SORT_COUNT;
    emit->lines.rate = o->rate;
    emit->lines.heading = o->group;
    emit->lines.ascii = config->ascii;
    emit->lines.millis = o->window % 1000 != 0 || config->every_ms % 1000 != 0;
    if (open_output(emit, err) != 0) {
        emit_close(emit, NULL);
        return NULL;
    }
    return emit;
}

void emit_close(struct emit *emit, struct err *err)
{
    if (emit == NULL)
        return;
    output_close(emit->output, err);
    buf_release(&emit->last);
    free(emit);
}

struct output *emit_output(struct emit *emit)
{
    return emit->output;
}

bool emit_is_full(const struct emit *emit)
{
    return emit->output != NULL && output_waiting(emit->output) > OUTPUT_HIGH;
}

bool emit_is_idle(const struct emit *emit)
{
    return emit->output == NULL ||
           (output_waiting(emit->output) == 0 && !output_gone(emit->output));
}

static int put(struct emit *emit, const struct window_snapshot *snapshot,
               struct buf *out)
{
    const struct lines_format *format = emit->format;
    struct lines_facts facts = {.lag_ms = LINES_UNKNOWN};

    if (format == &format_chart)
        return draw_text(emit->tail, snapshot, out);
    if (!format->bare)
        facts = facts_of(emit->tail);
    if (format->lines != NULL)
        return format->lines(snapshot, &facts, &emit->lines, out);
    /* format_check */
    emit->verdict = judge(&emit->tail->config->exprs, snapshot, &facts, out);
    return 0;
}

/* No window takes half of the room: with that much left, it was memory. */
static int no_room(const struct buf *out, struct err *err)
{
    if (out->n < out->max / 2)
        return err_memory(err);
    return buf_full(out, err, ERR_IO, "too much output is waiting");
}

static void tell(struct emit *emit, const struct window_snapshot *snapshot)
{
    struct buf *out = emit->output == NULL ? NULL : output_buf(emit->output);

    /* The screen draws for itself. */
    if (emit->tail->config->screen)
        return;
    if (only_last(emit)) {
        out = &emit->last;
        buf_reset(out);
        emit->last_is_new = true;
    }
    if (out != NULL && put(emit, snapshot, out) != 0)
        no_room(out, &emit->tail->err);
}

/* Before the first record of all, windows are of interest only to who said
 * when to begin. */
static bool is_too_early(const struct tail *tail,
                         const struct window_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->n; i++) {
        if (snapshot->rows[i].total > 0)
            return false;
    }
    return !tail->config->by_time;
}

void emit_closed(void *arg, const struct window_snapshot *snapshot)
{
    struct tail *tail = arg;

    if (is_too_early(tail, snapshot))
        return;
    if (snapshot->skipped > 0)
        report_line(tail, LOG_LEVEL_INFO, "skipped %" PRIu64 " empty windows",
                    snapshot->skipped);
    tell(tail->emit, snapshot);
}

static void on_open(void *arg, const struct window_snapshot *snapshot)
{
    tell(arg, snapshot);
}

void emit_end(struct emit *emit)
{
    struct tail *tail = emit->tail;
    struct buf *out = emit->output == NULL ? NULL : output_buf(emit->output);

    if (tail->config->options->check)
        return;
    /* Lines end with the open window; a table or frame shows it only when
     * there is no other. */
    if (!only_last(emit) || emit->last.n == 0)
        window_open(count_window(tail->count), count_shown(tail->count),
                    on_open, emit);
    if (out != NULL && only_last(emit) &&
        buf_addslice(out, buf_slice(&emit->last)) != 0)
        no_room(out, &tail->err);
}

int emit_flush(struct emit *emit, struct err *err)
{
    if (emit->replaced != NULL && emit->last_is_new) {
        emit->last_is_new = false;
        if (replace_file(emit->replaced, buf_slice(&emit->last), err) != 0)
            return -1;
    }
    return emit->output == NULL ? 0 : output_flush(emit->output, err);
}

static int print(const struct buf *line, enum judge_state verdict)
{
    if (fwrite(line->p, 1, line->n, stdout) != line->n || fflush(stdout) != 0)
        return JUDGE_UNKNOWN;
    return (int)verdict;
}

int emit_status(struct emit *emit)
{
    if (emit->last.n == 0)
        emit->verdict =
            judge(&emit->tail->config->exprs, NULL, NULL, &emit->last);
    if (emit->last.n == 0)
        return emit_unknown("out of memory");
    return print(&emit->last, emit->verdict);
}

int emit_unknown(const char *why)
{
    char line[1024];

    /* No buffer: the lack of memory may be why. */
    snprintf(line, sizeof(line), "S2TAIL UNKNOWN - %.900s", why);
    text_clean(line);
    fprintf(stdout, "%s\n", line);
    fflush(stdout);
    return JUDGE_UNKNOWN;
}

int emit_fail(const struct options *options, const struct err *err)
{
    int status = shell_fail(options_tool.name, err);

    return options->check ? emit_unknown(err->text) : status;
}
