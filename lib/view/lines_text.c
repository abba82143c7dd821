#include "view/lines_text.h"

#include <inttypes.h>
#include <time.h>

/* Room for the 20 digits of the largest number and 6 separators. */
#define DIGITS 26

int lines_text_uint(struct buf *out, uint64_t n)
{
    return buf_addf(out, "%" PRIu64, n);
}

int lines_text_grouped(struct buf *out, uint64_t n)
{
    char digits[DIGITS];
    size_t at = sizeof(digits);

    for (int i = 0; i == 0 || n > 0; i++) {
        if (i > 0 && i % 3 == 0)
            digits[--at] = ',';
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    }
    return buf_add(out, digits + at, sizeof(digits) - at);
}

static int add_milli(struct buf *out, uint64_t milli)
{
    unsigned rest = (unsigned)(milli % 1000);
    int places = 3;

    if (lines_text_uint(out, milli / 1000) != 0)
        return -1;
    if (rest == 0)
        return 0;
    for (; rest % 10 == 0; rest /= 10)
        places--;
    return buf_addf(out, ".%0*u", places, rest);
}

int lines_text_milli(struct buf *out, int64_t milli)
{
    if (milli >= 0)
        return add_milli(out, (uint64_t)milli);
    if (buf_add(out, "-", 1) != 0)
        return -1;
    return add_milli(out, 0 - (uint64_t)milli);
}

int lines_text_rate(struct buf *out, uint64_t n, int64_t ms)
{
    double milli = (double)n * 1e6 / (double)ms + 0.5;

    /* The largest double below the first that no longer fits. */
    if (milli > 18446744073709549568.0)
        milli = 18446744073709549568.0;
    return add_milli(out, (uint64_t)milli);
}

/* Split ${ms} into calendar fields and the milliseconds after them. */
static int split(int64_t ms, struct tm *tm, int *rest)
{
    int64_t s = ms / 1000;

    *rest = (int)(ms % 1000);
    if (*rest < 0) {
        *rest += 1000;
        s--;
    }
    return gmtime_r(&(time_t){s}, tm) != NULL ? 0 : -1;
}

int lines_text_clock(struct buf *out, int64_t ms, bool millis)
{
    struct tm tm;
    int rest;

    if (split(ms, &tm, &rest) != 0)
        return -1;
    if (millis)
        return buf_addf(out, "%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min,
                        tm.tm_sec, rest);
    return buf_addf(out, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
}

int lines_text_time(struct buf *out, int64_t ms, bool millis)
{
    struct tm tm;
    int rest;

    if (split(ms, &tm, &rest) != 0 ||
        buf_addf(out, "%04lld-%02d-%02dT", tm.tm_year + 1900LL, tm.tm_mon + 1,
                 tm.tm_mday) != 0 ||
        lines_text_clock(out, ms, millis) != 0)
        return -1;
    return buf_add(out, "Z", 1);
}
