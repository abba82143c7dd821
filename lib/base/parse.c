#include "base/parse.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DAY_S INT64_C(86400)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads digits from *p on; -1 when there is none or the value overflows. */
static int digits(const char **p, uint64_t *out)
{
    uint64_t v = 0;

    if (!is_digit(**p))
        return -1;
    for (; is_digit(**p); (*p)++) {
        uint64_t d = (uint64_t)(**p - '0');

        if (v > (UINT64_MAX - d) / 10)
            return -1;
        v = v * 10 + d;
    }
    *out = v;
    return 0;
}

int parse_uint(const char *text, uint64_t min, uint64_t max, uint64_t *out,
               struct err *err)
{
    const char *p = text;
    uint64_t v;

    if (digits(&p, &v) != 0 || *p != '\0')
        return err_set(err, ERR_USAGE, "'%.64s' is not a whole number", text);
    if (v < min || v > max)
        return err_set(err, ERR_USAGE,
                       "%.64s is not between %" PRIu64 " and %" PRIu64, text,
                       min, max);
    *out = v;
    return 0;
}

int parse_duration(const char *text, int64_t *ms, struct err *err)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"ms", 1},
                 {"s", 1000},
                 {"m", 60000},
                 {"h", 3600000},
                 {"d", DAY_S * 1000}};
    const int64_t max = DAY_S * 365 * 1000 * 1000;
    const char *p = text;
    uint64_t v;

    if (strcmp(text, "0") == 0) {
        *ms = 0;
        return 0;
    }
    if (digits(&p, &v) != 0)
        return err_set(err, ERR_USAGE,
                       "'%.64s' is not a duration such as 250ms, 10s, 15m, "
                       "2h or 7d",
                       text);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(p, units[i].name) != 0)
            continue;
        if (v > (uint64_t)(max / units[i].ms))
            return err_set(err, ERR_USAGE, "%.64s is too long", text);
        *ms = (int64_t)v * units[i].ms;
        return 0;
    }
    return err_set(err, ERR_USAGE,
                   "'%.64s' needs one of the units ms, s, m, h, d", text);
}

int parse_when(const char *text, int64_t now, int64_t *us, struct err *err)
{
    int64_t ms = 0;

    if (strcmp(text, "now") == 0) {
        *us = now;
        return 0;
    }
    if (strcmp(text, "earliest") == 0) {
        *us = PARSE_EARLIEST;
        return 0;
    }
    if (parse_time(slice_str(text), us) == 0)
        return 0;
    if (parse_duration(text, &ms, NULL) != 0)
        return err_set(err, ERR_USAGE,
                       "'%.64s' is not a time: now, earliest, 15m (ago) or "
                       "RFC 3339",
                       text);
    *us = ms > now / 1000 ? 0 : now - ms * 1000;
    return 0;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar, by counting the
 * leap days of years that begin in March. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t m = month <= 2 ? month + 9 : month - 3;

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 -
           719468;
}

static int days_in_month(int64_t year, int64_t month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/* A cursor over a slice that remembers whether anything did not fit. */
struct scan {
    const char *p;
    const char *end;
    bool bad;
};

static int64_t scan_number(struct scan *s, int width)
{
    int64_t v = 0;

    for (int i = 0; i < width; i++) {
        if (s->p == s->end || !is_digit(*s->p)) {
            s->bad = true;
            return 0;
        }
        v = v * 10 + (*s->p++ - '0');
    }
    return v;
}

static void scan_char(struct scan *s, char c)
{
    if (s->p == s->end || *s->p != c)
        s->bad = true;
    else
        s->p++;
}

/* ".123" as microseconds, or nothing at all. */
static int64_t scan_fraction(struct scan *s)
{
    int64_t us = 0;
    int64_t unit = 100000;

    if (s->p == s->end || *s->p != '.')
        return 0;
    s->p++;
    us = scan_number(s, 1) * unit;
    while (s->p < s->end && is_digit(*s->p)) {
        unit /= 10;
        us += (*s->p++ - '0') * unit;
    }
    return us;
}

/* The zone's offset from UTC in seconds. */
static int64_t scan_zone(struct scan *s)
{
    int64_t hours;
    int64_t minutes;
    char sign;

    if (s->p == s->end) {
        s->bad = true;
        return 0;
    }
    sign = *s->p++;
    if (sign == 'Z')
        return 0;
    hours = scan_number(s, 2);
    scan_char(s, ':');
    minutes = scan_number(s, 2);
    if ((sign != '+' && sign != '-') || hours > 23 || minutes > 59 ||
        (sign == '-' && hours == 0 && minutes == 0))
        s->bad = true;
    return (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

int parse_time(struct slice text, int64_t *us)
{
    struct scan s = {text.p, text.p, false};
    int64_t year, month, day, hour, minute, second, fraction, zone, t;

    if (text.n == 0)
        return -1;
    s.end += text.n;
    year = scan_number(&s, 4);
    scan_char(&s, '-');
    month = scan_number(&s, 2);
    scan_char(&s, '-');
    day = scan_number(&s, 2);
    scan_char(&s, 'T');
    hour = scan_number(&s, 2);
    scan_char(&s, ':');
    minute = scan_number(&s, 2);
    scan_char(&s, ':');
    second = scan_number(&s, 2);
    fraction = scan_fraction(&s);
    zone = scan_zone(&s);
    if (s.bad || s.p != s.end || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(year, month) || hour > 23 || minute > 59 ||
        second > 60)
        return -1;
    t = days_from_date(year, month, day) * DAY_S + hour * 3600 + minute * 60 +
        second - zone;
    t = t * 1000000 + fraction;
    if (t < 0 || t > PARSE_TIME_MAX)
        return -1;
    *us = t;
    return 0;
}

void parse_time_text(int64_t us, char out[PARSE_TIME_SIZE])
{
    int64_t seconds = us / 1000000;
    int64_t z = seconds / DAY_S + 719468;
    int64_t in_day = seconds % DAY_S;
    int64_t era = z / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int64_t month = mp < 10 ? mp + 3 : mp - 9;
    int64_t year = yoe + era * 400 + (month <= 2);

    snprintf(
        out, PARSE_TIME_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%06u+00:00",
        (unsigned)year % 10000U, (unsigned)month % 100U,
        (unsigned)(doy - (153 * mp + 2) / 5 + 1) % 100U,
        (unsigned)(in_day / 3600) % 100U, (unsigned)(in_day / 60 % 60) % 100U,
        (unsigned)(in_day % 60) % 100U, (unsigned)(us % 1000000) % 1000000U);
}
