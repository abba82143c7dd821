#include "report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
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
        note->stream == NULL ? "the list of streams" : note->stream;

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

void report_stats(struct tail *tail)
{
    struct lines_facts facts = facts_of(tail);
    char lag[32] = "-";

    if (facts.lag_ms != LINES_UNKNOWN)
        snprintf(lag, sizeof(lag), "%" PRId64, facts.lag_ms);
    report_line(tail, LOG_LEVEL_NOTICE,
                "records=%" PRIu64 " streams=%zu stale=%zu waiting=%zu "
                "missing=%" PRIu64 " untimed=%" PRIu64 " lag_ms=%s",
                window_records(count_window(tail->count)), facts.streams,
                facts.stale, count_waiting(tail->count), facts.missing,
                count_untimed(tail->count), lag);
}
