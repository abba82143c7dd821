/*
 * Numbers, durations and times out of text, whole: trailing junk, a missing
 * digit or a value out of range is an error.  Times are microseconds since
 * the Unix epoch, UTC; durations are milliseconds.
 */
#ifndef BASE_PARSE_H
#define BASE_PARSE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* The times that can be written with a four-digit year. */
#define PARSE_TIME_MAX INT64_C(253402300799999999)

/* What "earliest" means: long before Bluesky, yet a time to every server
 * (cursors below 1e15 are sequence numbers to Jetstream). */
#define PARSE_EARLIEST INT64_C(1000000000000000)

/* A RFC 3339 time in UTC with six fraction digits, and its NUL. */
#define PARSE_TIME_SIZE 33

/*
 * parse_uint(text, min, max, out, err): a decimal number of digits only,
 * ${min} <= it <= ${max}.  0, or -1 with ERR_USAGE.
 */
int parse_uint(const char *text, uint64_t min, uint64_t max, uint64_t *out,
               struct err *err);

/*
 * parse_duration(text, ms, err): a whole number and one of the units ms, s,
 * m, h, d, at most 1000 years; a bare 0 stands for no time at all, any other
 * bare number is refused.  0, or -1 with ERR_USAGE.
 */
int parse_duration(const char *text, int64_t *ms, struct err *err);

/*
 * parse_when(text, now, us, err): "now" (${now}, in us), "earliest", a
 * duration before ${now}, or RFC 3339.  0, or -1 with ERR_USAGE.
 */
int parse_when(const char *text, int64_t now, int64_t *us, struct err *err);

/*
 * parse_time(s, us): RFC 3339 section 5.6 with an uppercase T and an
 * uppercase Z or numeric zone (-00:00 is invalid); any number of fraction
 * digits, those past the sixth are cut off.  0 with 0 <= *us <=
 * PARSE_TIME_MAX, or -1.
 */
int parse_time(struct slice s, int64_t *us);

/*
 * parse_time_text(us, out): write ${us}, 0 to PARSE_TIME_MAX, as
 * YYYY-MM-DDTHH:MM:SS.ffffff+00:00 and a NUL.
 */
void parse_time_text(int64_t us, char out[PARSE_TIME_SIZE]);

#endif
