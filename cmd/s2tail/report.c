#include "report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "base/text.h"
#include "common/figures.h"
#include "emit.h"
#include "facts.h"
#include "screen.h"

void report_line(struct tail *tail, enum log_level level, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    text_clean(text);
    if (tail->screen != NULL && log_prints(level)) {
        screen_notice(tail->screen, text);
        if (screen_hold(tail->screen, (int)level, text))
            return;
    }
    log_line(level, "%s", text);
}

void report_note(struct tail *tail, const struct follow_note *note)
{
    const char *name =
        note->stream == NULL ? "the list of streams" : note->stream->name;

    switch (note->event) {
    case FOLLOW_FOUND:
        report_line(tail, LOG_LEVEL_INFO, "%s: found", name);
        break;
    case FOLLOW_GONE:
        report_line(tail, LOG_LEVEL_WARNING, "%s: deleted", name);
        break;
    case FOLLOW_RETRY:
        report_line(tail, note->n == 1 ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
                    "%s: %s; trying again in %" PRId64 ".%03" PRId64 " s", name,
                    note->err->text, note->delay_ms / 1000,
                    note->delay_ms % 1000);
        break;
    case FOLLOW_RECOVERED:
        report_line(tail, LOG_LEVEL_NOTICE,
                    "%s: going on after %" PRIu64 " failures", name, note->n);
        break;
    case FOLLOW_TRIMMED:
        report_line(tail, LOG_LEVEL_WARNING,
                    "%s: %" PRIu64 " records were trimmed before they could "
                    "be read",
                    name, note->n);
        break;
    case FOLLOW_RESTARTED:
        report_line(tail, LOG_LEVEL_WARNING,
                    "%s: begins anew below %" PRIu64
                    ": deleted and made again, or its store lost data",
                    name, note->n);
        break;
    }
}

void report_waiting(struct tail *tail, const char *why)
{
    report_line(tail, LOG_LEVEL_NOTICE, "%s; waiting for it", why);
}

void report_found(struct tail *tail, const char *name)
{
    report_line(tail, LOG_LEVEL_NOTICE, "%.300s is there now", name);
    if (tail->screen != NULL)
        screen_notice(tail->screen, "");
}

/* What report_stats tells. */
struct figures {
    uint64_t records;
    uint64_t streams;
    uint64_t stale;
    uint64_t waiting;
    uint64_t missing;
    uint64_t untimed;
    int64_t lag_ms;
};

#define AT(field) offsetof(struct figures, field)

static const struct figure table[] = {
    {"records", FIGURE_COUNT, AT(records), NULL, NULL, NULL},
    {"streams", FIGURE_LEVEL, AT(streams), NULL, NULL, NULL},
    {"stale", FIGURE_LEVEL, AT(stale), NULL, NULL, NULL},
    {"waiting", FIGURE_LEVEL, AT(waiting), NULL, NULL, NULL},
    {"missing", FIGURE_COUNT, AT(missing), NULL, NULL, NULL},
    {"untimed", FIGURE_COUNT, AT(untimed), NULL, NULL, NULL},
    {"lag", FIGURE_SECONDS, AT(lag_ms), NULL, NULL, NULL},
};

#define TABLE_N (sizeof(table) / sizeof(table[0]))

static struct figures take(struct tail *tail)
{
    struct lines_facts facts = facts_of(tail);

    return (struct figures){
        .records = window_records(count_window(tail->count)),
        .streams = facts.streams,
        .stale = facts.stale,
        .waiting = count_waiting(tail->count),
        .missing = facts.missing,
        .untimed = count_untimed(tail->count),
        .lag_ms =
            facts.lag_ms == LINES_UNKNOWN ? FIGURE_UNKNOWN_MS : facts.lag_ms};
}

void report_stats(struct tail *tail)
{
    struct figures figures = take(tail);
    struct buf text = BUF_INIT(1024);
    struct buf members = BUF_INIT(1024);

    if (figures_text(table, TABLE_N, &figures, &text) != 0 ||
        figures_json(table, TABLE_N, &figures, &members) != 0 ||
        buf_str(&text) == NULL || buf_str(&members) == NULL)
        log_line(LOG_LEVEL_ERROR, "out of memory");
    else if (tail->screen != NULL)
        report_line(tail, LOG_LEVEL_NOTICE, "%s", buf_str(&text));
    else
        log_figures(LOG_LEVEL_NOTICE, buf_str(&text), buf_str(&members));
    buf_release(&text);
    buf_release(&members);
}

void report_status(struct tail *tail, int64_t now, int64_t *next)
{
    struct report_status *last = &tail->status;
    struct figures figures;
    int64_t ms = now - last->ms;
    char lag[48] = "";
    char text[256];

    if (tail->notify.fd >= 0 && now >= last->due_ms) {
        figures = take(tail);
        if (figures.lag_ms != FIGURE_UNKNOWN_MS)
            snprintf(lag, sizeof(lag), ", lag %.1f s",
                     (double)figures.lag_ms / 1e3);
        snprintf(text, sizeof(text),
                 "%s%" PRIu64 " streams (%" PRIu64 " stale), %.1f records/s%s",
                 tail->streams.absent && tail->basin == NULL
                     ? "waiting for the basin, "
                     : "",
                 figures.streams, figures.stale,
                 ms > 0 ? (double)(figures.records - last->records) * 1e3 /
                              (double)ms
                        : 0.0,
                 lag);
        notify_status(&tail->notify, text);
        last->ms = now;
        last->due_ms = now + NOTIFY_STATUS_MS;
        last->records = figures.records;
    }
    if (tail->notify.fd >= 0 && last->due_ms < *next)
        *next = last->due_ms;
}
