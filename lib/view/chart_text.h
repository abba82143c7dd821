/*
 * The numbers and times of the chart, in words that fit.
 */
#ifndef VIEW_CHART_TEXT_H
#define VIEW_CHART_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#define CHART_TEXT_SIZE 48 /* bytes of every text, with its NUL */

/* chart_text_count(n, out): "15,902". */
void chart_text_count(uint64_t n, char out[CHART_TEXT_SIZE]);

/* chart_text_rate(n, window_ms, out): ${n} in a window, per second:
 * "1,234.5". */
void chart_text_rate(uint64_t n, int64_t window_ms, char out[CHART_TEXT_SIZE]);

/* chart_text_share(part, all, out): "14%", "<1%" for less than half of one;
 * "0%" for nothing. */
void chart_text_share(uint64_t part, uint64_t all, char out[CHART_TEXT_SIZE]);

/* chart_text_speed(milli, out): so many a thousand seconds as "41" or "4.1",
 * a second. */
void chart_text_speed(int64_t milli, char out[CHART_TEXT_SIZE]);

/* chart_text_span(ms, out): a duration, exactly: "10 s", "500 ms",
 * "15 min", "2 h". */
void chart_text_span(int64_t ms, char out[CHART_TEXT_SIZE]);

/* chart_text_lag(ms, brief, out): a duration, roughly: "0.4 s", "12 min";
 * ${brief}: "0.4s", "12m". */
void chart_text_lag(int64_t ms, bool brief, char out[CHART_TEXT_SIZE]);

/* chart_text_clock(s, out): the time of day, "18:52:41". */
void chart_text_clock(int64_t s, char out[CHART_TEXT_SIZE]);

/* chart_text_since(s, now, out): "18:40:02", with the date in front when it
 * is a day before ${now} or more. */
void chart_text_since(int64_t s, int64_t now, char out[CHART_TEXT_SIZE]);

#endif
