/*
 * Numbers and times as the lines of a window spell them: in every locale the
 * same, with a point and without a clock.
 */
#ifndef VIEW_LINES_TEXT_H
#define VIEW_LINES_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Each appends to ${out}; 0, or -1 when it is full, or for a time whose year
 * does not fit an int. */

/* lines_text_uint(out, n): 15902.  lines_text_grouped(out, n): 15,902. */
int lines_text_uint(struct buf *out, uint64_t n);
int lines_text_grouped(struct buf *out, uint64_t n);

/* lines_text_milli(out, milli): thousandths as a decimal number without
 * trailing zeros: 1500 is 1.5, 2000 is 2. */
int lines_text_milli(struct buf *out, int64_t milli);

/* lines_text_rate(out, n, ms): ${n} in ${ms} milliseconds (at least 1) as a
 * number a second, rounded to thousandths. */
int lines_text_rate(struct buf *out, uint64_t n, int64_t ms);

/* lines_text_time(out, ms, millis): milliseconds since the epoch, before it
 * too, as RFC 3339 in UTC; the milliseconds are left out without ${millis}.
 * lines_text_clock: the time of day alone. */
int lines_text_time(struct buf *out, int64_t ms, bool millis);
int lines_text_clock(struct buf *out, int64_t ms, bool millis);

#endif
