#include "view/chart_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_S INT64_C(86400)

void chart_text_count(uint64_t n, char out[CHART_TEXT_SIZE])
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);
    char *to = out;

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
}

void chart_text_rate(uint64_t n, int64_t window_ms, char out[CHART_TEXT_SIZE])
{
    double tenths =
        (double)n * 10000.0 / (double)(window_ms > 0 ? window_ms : 1);
    uint64_t all = tenths < 1e18 ? (uint64_t)(tenths + 0.5)
                                 : UINT64_C(1000000000000000000);
    size_t len;

    chart_text_count(all / 10, out);
    len = strlen(out);
    snprintf(out + len, CHART_TEXT_SIZE - len, ".%u", (unsigned)(all % 10));
}

void chart_text_share(uint64_t part, uint64_t all, char out[CHART_TEXT_SIZE])
{
    double share = all > 0 ? 100.0 * (double)part / (double)all : 0;

    if (part > 0 && share < 0.5)
        snprintf(out, CHART_TEXT_SIZE, "<1%%");
    else
        snprintf(out, CHART_TEXT_SIZE, "%d%%", (int)(share + 0.5));
}

void chart_text_speed(int64_t milli, char out[CHART_TEXT_SIZE])
{
    uint64_t n = milli > 0 ? (uint64_t)milli : 0;

    if (n > 0 && n < 9950)
        chart_text_rate(n, 1000000, out);
    else
        chart_text_count(n / 1000 + (n % 1000 >= 500), out);
}

void chart_text_span(int64_t ms, char out[CHART_TEXT_SIZE])
{
    static const struct {
        int64_t ms;
        const char *name;
    } units[] = {{3600000, "h"}, {60000, "min"}, {1000, "s"}, {1, "ms"}};
    size_t i = 0;

    while (ms % units[i].ms != 0)
        i++;
    if (ms == 0)
        i = 2;
    snprintf(out, CHART_TEXT_SIZE, "%" PRId64 " %s", ms / units[i].ms,
             units[i].name);
}

void chart_text_lag(int64_t ms, bool brief, char out[CHART_TEXT_SIZE])
{
    static const struct {
        int64_t below; /* in seconds */
        int64_t s;
        const char *name;
        const char *brief;
    } units[] = {{120, 1, " s", "s"},
                 {120 * INT64_C(60), 60, " min", "m"},
                 {48 * INT64_C(3600), 3600, " h", "h"},
                 {INT64_MAX, DAY_S, " d", "d"}};
    int64_t s = ms > 0 ? ms / 1000 : 0;
    size_t i = 0;

    if (s < 10) {
        int tenths = ms > 0 ? (int)(ms / 100) : 0;

        snprintf(out, CHART_TEXT_SIZE, "%d.%d%s", tenths / 10, tenths % 10,
                 brief ? units[0].brief : units[0].name);
        return;
    }
    while (s >= units[i].below)
        i++;
    snprintf(out, CHART_TEXT_SIZE, "%" PRId64 "%s", s / units[i].s,
             brief ? units[i].brief : units[i].name);
}

void chart_text_clock(int64_t s, char out[CHART_TEXT_SIZE])
{
    int64_t day = s % DAY_S;
    int at = (int)(day < 0 ? day + DAY_S : day);

    snprintf(out, CHART_TEXT_SIZE, "%02d:%02d:%02d", at / 3600, at / 60 % 60,
             at % 60);
}

void chart_text_since(int64_t s, int64_t now, char out[CHART_TEXT_SIZE])
{
    time_t when = (time_t)s;
    size_t n = 0;
    struct tm tm;

    if ((now < s || now / 2 - s / 2 >= DAY_S / 2) &&
        gmtime_r(&when, &tm) != NULL)
        n = strftime(out, CHART_TEXT_SIZE, "%Y-%m-%d ", &tm);
    chart_text_clock(s, out + n);
}
