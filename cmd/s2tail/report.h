/*
 * What a run says on stderr.  While a chart is on the terminal that stderr
 * goes to, lines are held until it has gone; the chart shows the last one.
 */
#ifndef S2TAIL_REPORT_H
#define S2TAIL_REPORT_H

#include "base/log.h"
#include "tail.h"

/* report_line(tail, level, fmt, ...): a line, now or later. */
void report_line(struct tail *tail, enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* report_note(tail, note): what became of a stream. */
void report_note(struct tail *tail, const struct follow_note *note);

/* report_waiting(tail, why): there is no basin yet; report_found(tail, name):
 * now there is. */
void report_waiting(struct tail *tail, const char *why);
void report_found(struct tail *tail, const char *name);

/* report_stats(tail): one line of figures. */
void report_stats(struct tail *tail);

/* report_status(tail, now, next): tell the service manager how things are, if
 * that is due; lowers *${next} to when it is.  Both are ms of the clock of
 * loop_now. */
void report_status(struct tail *tail, int64_t now, int64_t *next);

#endif
