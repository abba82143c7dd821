#include "view/chart_text.h"

#include "check.h"

static void test_text(void)
{
    char t[CHART_TEXT_SIZE];

    chart_text_count(0, t);
    CHECK_STR(t, "0");
    chart_text_count(999, t);
    CHECK_STR(t, "999");
    chart_text_count(UINT64_MAX, t);
    CHECK_STR(t, "18,446,744,073,709,551,615");
    chart_text_rate(3, 10000, t);
    CHECK_STR(t, "0.3");
    chart_text_rate(1234567, 1000, t);
    CHECK_STR(t, "1,234,567.0");
    chart_text_rate(UINT64_MAX, 1, t);
    CHECK_STR(t, "100,000,000,000,000,000.0");
    chart_text_share(0, 0, t);
    CHECK_STR(t, "0%");
    chart_text_share(1, 1000, t);
    CHECK_STR(t, "<1%");
    chart_text_share(UINT64_MAX, UINT64_MAX, t);
    CHECK_STR(t, "100%");
    chart_text_speed(412, t);
    CHECK_STR(t, "0.4");
    chart_text_speed(9960, t);
    CHECK_STR(t, "10");
    chart_text_speed(0, t);
    CHECK_STR(t, "0");
    chart_text_speed(1234567, t);
    CHECK_STR(t, "1,235");
}

static void test_times(void)
{
    char t[CHART_TEXT_SIZE];

    chart_text_span(250, t);
    CHECK_STR(t, "250 ms");
    chart_text_span(90000, t);
    CHECK_STR(t, "90 s");
    chart_text_span(900000, t);
    CHECK_STR(t, "15 min");
    chart_text_span(7200000, t);
    CHECK_STR(t, "2 h");
    chart_text_span(0, t);
    CHECK_STR(t, "0 s");
    chart_text_lag(-5, false, t);
    CHECK_STR(t, "0.0 s");
    chart_text_lag(9999, true, t);
    CHECK_STR(t, "9.9s");
    chart_text_lag(119999, false, t);
    CHECK_STR(t, "119 s");
    chart_text_lag(720000, true, t);
    CHECK_STR(t, "12m");
    chart_text_lag(INT64_MAX, true, t);
    CHECK_STR(t, "106751991167d");
    chart_text_clock(-1, t);
    CHECK_STR(t, "23:59:59");
    chart_text_since(100, 86499, t);
    CHECK_STR(t, "00:01:40");
    chart_text_since(100, 86500, t);
    CHECK_STR(t, "1970-01-01 00:01:40");
    chart_text_since(INT64_MAX, 0, t);
    CHECK_STR(t, "15:30:07");
}

int main(void)
{
    RUN(test_text);
    RUN(test_times);
    return check_done();
}
