#include "check.h"
#include "view/judge.h"

#define MOST 8

/* Expressions, warnings and criticals, each ended by NULL. */
struct asked {
    const char *warn[MOST];
    const char *crit[MOST];
};

static struct window_row rows[] = {{"social/reddit", 0, 7, NULL},
                                   {"social/x", 300, 900, NULL},
                                   {"other", 20, 20, NULL}};
static struct window_snapshot snapshot = {
    .start_ms = 0, .end_ms = 10000, .final = true, .rows = rows, .n = 3};
static struct lines_facts facts = {.lag_ms = 412, .streams = 3};

static struct judge_exprs exprs_of(const struct asked *asked)
{
    struct judge_exprs exprs = {asked->warn, 0, asked->crit, 0};

    while (asked->warn[exprs.nwarn] != NULL)
        exprs.nwarn++;
    while (asked->crit[exprs.ncrit] != NULL)
        exprs.ncrit++;
    return exprs;
}

static void check(struct asked asked, enum judge_state state, const char *line)
{
    struct judge_exprs exprs = exprs_of(&asked);
    struct buf out = BUF_INIT(8192);

    CHECK_INT(judge(&exprs, &snapshot, &facts, &out), state);
    CHECK_STR(buf_str(&out), line);
    buf_release(&out);
}

static void test_ok(void)
{
    check((struct asked){0}, JUDGE_OK,
          "S2TAIL OK - 320 records in 10 s, lag 0.4 s | "
          "total=320 lag=0.412s\n");
    check((struct asked){.crit = {"social/x<300", "total>320", "lag>412ms"}},
          JUDGE_OK,
          "S2TAIL OK - 320 records in 10 s, lag 0.4 s | "
          "'social/x'=300;;300: total=320;;320 lag=0.412s;;0.412\n");
}

static void test_critical(void)
{
    check((struct asked){.crit = {"social/reddit<1"}}, JUDGE_CRITICAL,
          "S2TAIL CRITICAL - social/reddit 0 < 1; 320 records in 10 s, "
          "lag 0.4 s | 'social/reddit'=0;;1: total=320 lag=0.412s\n");
    check((struct asked){.crit = {"social/x>299", "total<321", "lag>1ms"}},
          JUDGE_CRITICAL,
          "S2TAIL CRITICAL - social/x 300 > 299, total 320 < 321, "
          "lag 0.4 s > 1ms; 320 records in 10 s, lag 0.4 s | "
          "'social/x'=300;;299 total=320;;321: lag=0.412s;;0.001\n");
}

static void test_warning(void)
{
    check((struct asked){.warn = {"social/reddit<5"}, .crit = {"total<1"}},
          JUDGE_WARNING,
          "S2TAIL WARNING - social/reddit 0 < 5; 320 records in 10 s, "
          "lag 0.4 s | 'social/reddit'=0;5: total=320;;1: lag=0.412s\n");
}

/* The worst one is told. */
static void test_both(void)
{
    check((struct asked){.warn = {"social/reddit<5", "lag<1s"},
                         .crit = {"social/reddit<1"}},
          JUDGE_CRITICAL,
          "S2TAIL CRITICAL - social/reddit 0 < 1; 320 records in 10 s, "
          "lag 0.4 s | 'social/reddit'=0;5:;1: total=320 "
          "lag=0.412s;1.000:\n");
}

static void test_ranges(void)
{
    check((struct asked){.warn = {"a<0", "b>1", "a>9", "a>7", "a<0"},
                         .crit = {"total<2", "total>1000", "total<3"}},
          JUDGE_OK,
          "S2TAIL OK - 320 records in 10 s, lag 0.4 s | 'a'=0;0:7 'b'=0;1 "
          "total=320;;3:1000 lag=0.412s\n");
}

static void test_unknown_lag(void)
{
    facts.lag_ms = LINES_UNKNOWN;
    check((struct asked){.warn = {"lag<1000d"}, .crit = {"lag>365000d"}},
          JUDGE_CRITICAL,
          "S2TAIL CRITICAL - lag unknown > 365000d; 320 records in 10 s, "
          "lag unknown | total=320 "
          "lag=U;86400000.000:;31536000000.000\n");
    facts.lag_ms = -100;
    check((struct asked){.crit = {"lag>0"}}, JUDGE_OK,
          "S2TAIL OK - 320 records in 10 s, lag 0.0 s | total=320 "
          "lag=0.000s;;0.000\n");
    facts.lag_ms = 412;
}

static void test_window(void)
{
    struct window_snapshot saved = snapshot;

    snapshot.end_ms = 1500;
    snapshot.n = 0;
    check((struct asked){.crit = {"total<1"}}, JUDGE_CRITICAL,
          "S2TAIL CRITICAL - total 0 < 1; 0 records in 1500 ms, lag 0.4 s | "
          "total=0;;1: lag=0.412s\n");
    rows[0].recent = 1;
    snapshot.n = 1;
    check((struct asked){0}, JUDGE_OK,
          "S2TAIL OK - 1 record in 1500 ms, lag 0.4 s | "
          "total=1 lag=0.412s\n");
    rows[0].recent = 0;
    snapshot = saved;
}

/* Nothing in a name ends the text, the name or the line. */
static void test_hostile_names(void)
{
    rows[0].label = "a|b='c'\n\x1b[31m\xff\xe2\x80\xae";
    rows[0].recent = 4;
    check((struct asked){.crit = {"a|b='c'\n\x1b[31m\xff\xe2\x80\xae>3"}},
          JUDGE_CRITICAL,
          "S2TAIL CRITICAL - a?b='c'??[31m?? 4 > 3; 324 records in 10 s, "
          "lag 0.4 s | 'a?b??c???[31m?"
          "?'=4;;3 total=324 lag=0.412s\n");
    rows[0].label = "a<1>b";
    check((struct asked){.crit = {"a<1>b<5"}}, JUDGE_CRITICAL,
          "S2TAIL CRITICAL - a<1>b 4 < 5; 324 records in 10 s, "
          "lag 0.4 s | 'a<1>b'=4;;5: total=324 lag=0.412s\n");
    rows[0].label = "social/reddit";
    rows[0].recent = 0;
}

static void test_large_numbers(void)
{
    rows[0].recent = UINT64_MAX - 400;
    check((struct asked){.crit = {"social/reddit>18446744073709551614"}},
          JUDGE_OK,
          "S2TAIL OK - 18446744073709551535 records in 10 s, lag 0.4 s | "
          "'social/reddit'=18446744073709551215;;18446744073709551614 "
          "total=18446744073709551535 lag=0.412s\n");
    rows[0].recent = 0;
}

static void test_no_window(void)
{
    static const char *const crit[] = {"total<1"};
    struct judge_exprs exprs = {NULL, 0, crit, 1};
    struct buf out = BUF_INIT(8192);

    CHECK_INT(judge(&exprs, NULL, &facts, &out), JUDGE_UNKNOWN);
    CHECK_STR(buf_str(&out), "S2TAIL UNKNOWN - no window has closed\n");
    buf_release(&out);
}

static void test_unreadable(void)
{
    static const char *const crit[] = {"total<1", "x"};
    struct judge_exprs exprs = {NULL, 0, crit, 2};
    struct buf out = BUF_INIT(8192);

    CHECK_INT(judge(&exprs, &snapshot, &facts, &out), JUDGE_UNKNOWN);
    CHECK_STR(buf_str(&out), "S2TAIL UNKNOWN - a threshold cannot be read\n");
    buf_release(&out);
}

/* Either the whole line fits, or a shorter one says that it did not. */
static void test_full(void)
{
    static const char *const crit[] = {"social/reddit<1"};
    struct judge_exprs exprs = {NULL, 0, crit, 1};
    struct buf all = BUF_INIT(8192);

    CHECK_INT(judge(&exprs, &snapshot, &facts, &all), JUDGE_CRITICAL);
    for (size_t max = 0; max < all.n; max++) {
        struct buf out = BUF_INIT(max);

        CHECK_INT(judge(&exprs, &snapshot, &facts, &out), JUDGE_UNKNOWN);
        if (out.n > 0)
            CHECK_STR(buf_str(&out), "S2TAIL UNKNOWN - no room for the line\n");
        buf_release(&out);
    }
    buf_release(&all);
}

static void test_check(void)
{
    static const char *const good[] = {
        "a<1",     "a>0",    "a<b>2",     "total<18446744073709551615",
        "total>0", "lag>5s", "lag<250ms", "lag>0",
        " <1",     "\xff<1"};
    static const char *const bad[] = {"",
                                      "a",
                                      "<1",
                                      ">1",
                                      "a<",
                                      "a<x",
                                      "a<-1",
                                      "a< 1",
                                      "a<1 ",
                                      "a<1.5",
                                      "a<18446744073709551616",
                                      "lag>5",
                                      "lag>s",
                                      "lag>5x",
                                      "lag>-5s",
                                      "total<1s",
                                      "a=1",
                                      "a<>",
                                      "a<=1"};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CHECK_INT(judge_check(good[i], NULL), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct err err = ERR_INIT;

        CHECK_INT(judge_check(bad[i], &err), -1);
        CHECK_INT(err.code, ERR_USAGE);
        if (err.code != ERR_USAGE)
            printf("# %s\n", bad[i]);
    }
}

static void test_check_texts(void)
{
    struct err err = ERR_INIT;

    judge_check("a", &err);
    CHECK_STR(err.text, "'a' is not GROUP<N, GROUP>N, total<N, total>N, "
                        "lag>DUR or lag<DUR");
    err_clear(&err);
    judge_check("a<x", &err);
    CHECK_STR(err.text, "'a<x': 'x' is not a whole number");
    err_clear(&err);
    judge_check("lag>5", &err);
    CHECK_STR(err.text, "'lag>5': '5' needs one of the units ms, s, m, h, d");
}

int main(void)
{
    RUN(test_ok);
    RUN(test_critical);
    RUN(test_warning);
    RUN(test_both);
    RUN(test_ranges);
    RUN(test_unknown_lag);
    RUN(test_window);
    RUN(test_hostile_names);
    RUN(test_large_numbers);
    RUN(test_no_window);
    RUN(test_unreadable);
    RUN(test_full);
    RUN(test_check);
    RUN(test_check_texts);
    return check_done();
}
