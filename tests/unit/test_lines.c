/* A window's counts as TSV, JSON, a table and Prometheus text. */
#include <locale.h>

#include "check.h"
#include "view/lines.h"

#define OUT_MAX (1 << 20)

static const struct lines_facts plain_facts = {.lag_ms = 412, .streams = 3};
static const struct lines_options plain;

/* 2026-11-22T18:52:30Z and ten seconds later, as in the example. */
#define START INT64_C(1795373550000)
#define END INT64_C(1795373560000)

static const struct window_row social[] = {
    {"social/youtube", 185, 15902, NULL},
    {"social/facebook", 45, 4091, NULL},
    {"social/reddit", 90, 6987, NULL},
};

static struct window_snapshot snapshot_of(const struct window_row *rows,
                                          size_t n)
{
    struct window_snapshot snapshot = {
        .start_ms = START,
        .end_ms = END,
        .final = true,
        .rows = rows,
        .n = n,
    };

    return snapshot;
}

#define FUNCTION(name, ...) lines_##name,
static lines_formatter *const all[] = {LINES_FORMATS(FUNCTION)};

/* Compare the whole text with ${want}. */
static void check_text(lines_formatter *format,
                       const struct window_snapshot *snapshot,
                       const struct lines_facts *facts,
                       const struct lines_options *options, const char *want)
{
    struct buf out = BUF_INIT(OUT_MAX);

    CHECK_INT(format(snapshot, facts, options, &out), 0);
    CHECK_STR(buf_str(&out), want);
    buf_release(&out);
}

static void test_tsv(void)
{
    struct window_snapshot snapshot = snapshot_of(social, 3);

    check_text(lines_tsv, &snapshot, &plain_facts, &plain,
               "2026-11-22T18:52:40Z\tsocial/facebook\t45\t4091\tfinal\n"
               "2026-11-22T18:52:40Z\tsocial/reddit\t90\t6987\tfinal\n"
               "2026-11-22T18:52:40Z\tsocial/youtube\t185\t15902\tfinal\n");
    snapshot.final = false;
    snapshot.n = 1;
    check_text(lines_tsv, &snapshot, &plain_facts, &plain,
               "2026-11-22T18:52:40Z\tsocial/youtube\t185\t15902\topen\n");
    snapshot.n = 0;
    check_text(lines_tsv, &snapshot, &plain_facts, &plain, "");
}

static void test_json(void)
{
    struct lines_facts facts = plain_facts;
    struct window_snapshot snapshot = snapshot_of(social, 1);

    check_text(lines_json, &snapshot, &facts, &plain,
               "{\"v\":1,\"start\":\"2026-11-22T18:52:30Z\",\"end\":"
               "\"2026-11-22T18:52:40Z\",\"final\":true,\"groups\":{"
               "\"social/youtube\":{\"n\":185,\"total\":15902}},\"late\":0,"
               "\"lag_ms\":412,\"streams\":3}\n");
    snapshot = snapshot_of(social + 1, 2);
    snapshot.final = false;
    snapshot.late = 7;
    snapshot.late_graced = 8;
    facts = (struct lines_facts){LINES_UNKNOWN, 2, 1, 9};
    check_text(lines_json, &snapshot, &facts,
               &(struct lines_options){.rate = true, .millis = true},
               "{\"v\":1,\"start\":\"2026-11-22T18:52:30.000Z\",\"end\":"
               "\"2026-11-22T18:52:40.000Z\",\"final\":false,\"groups\":{"
               "\"social/facebook\":{\"n\":4.5,\"total\":4091},"
               "\"social/reddit\":{\"n\":9,\"total\":6987}},\"late\":7,"
               "\"lag_ms\":null,\"streams\":2,\"late_graced\":8,\"stale\":1,"
               "\"missing\":9}\n");
    snapshot = snapshot_of(NULL, 0);
    facts.lag_ms = -5;
    facts.stale = facts.missing = 0;
    check_text(lines_json, &snapshot, &facts, &plain,
               "{\"v\":1,\"start\":\"2026-11-22T18:52:30Z\",\"end\":"
               "\"2026-11-22T18:52:40Z\",\"final\":true,\"groups\":{},"
               "\"late\":0,\"lag_ms\":-5,\"streams\":2}\n");
}

static void test_table(void)
{
    struct window_snapshot snapshot = snapshot_of(social, 3);

    check_text(lines_table, &snapshot, &plain_facts, &plain,
               "window 18:52:30-18:52:40\n"
               "stream            recent   share    total\n"
               "social/facebook       45   14.1%    4,091\n"
               "social/reddit         90   28.1%    6,987\n"
               "social/youtube       185   57.8%   15,902\n"
               "total                320           26,980\n");
}

static void test_table_odd(void)
{
    static const struct window_row wide[] = {
        {"\xe6\x97\xa5\xe6\x9c\xac", 0, 1234567, NULL},
        {"e\xcc\x81t\xc3\xa9\x1b", 0, 999, NULL},
    };
    struct window_snapshot snapshot = snapshot_of(wide, 2);
    struct lines_facts facts = {.stale = 2, .missing = 12};
    struct buf out = BUF_INIT(OUT_MAX);

    snapshot.final = false;
    snapshot.late = 5;
    snapshot.late_graced = 6;
    check_text(lines_table, &snapshot, &facts,
               &(struct lines_options){.millis = true, .heading = "offsite"},
               "window 18:52:30.000-18:52:40.000 (open)\n"
               "offsite   recent   share       total\n"
               "e\xcc\x81t\xc3\xa9?           0       -         999\n"
               "\xe6\x97\xa5\xe6\x9c\xac           0       -   1,234,567\n"
               "total          0           1,235,566\n"
               "late 5, late in grace 6, stale streams 2, trimmed 12\n");
    CHECK_INT(lines_table(&snapshot, &facts,
                          &(struct lines_options){.ascii = true}, &out),
              0);
    CHECK_STR(buf_str(&out), "window 18:52:30-18:52:40 (open)\n"
                             "stream   recent   share       total\n"
                             "e?t??         0       -         999\n"
                             "??            0       -   1,234,567\n"
                             "total         0           1,235,566\n"
                             "late 5, late in grace 6, stale streams 2, "
                             "trimmed 12\n");
    buf_release(&out);
    snapshot = snapshot_of(NULL, 0);
    check_text(lines_table, &snapshot, &plain_facts, &plain,
               "window 18:52:30-18:52:40\n"
               "stream   recent   share   total\n"
               "total         0               0\n");
}

static void test_prom(void)
{
    static const struct window_row rows[] = {{"a\"b\\c", 45, 4091, NULL},
                                             {"x\ny", 1, 2, NULL}};
    struct window_snapshot snapshot = snapshot_of(rows, 2);
    struct lines_facts facts = {412, 3, 1, 9};

    snapshot.end_ms += 250;
    snapshot.late = 7;
    snapshot.late_graced = 8;
    check_text(
        lines_prom, &snapshot, &facts, &(struct lines_options){.rate = true},
        "# HELP s2tail_window_records Records in the window.\n"
        "# TYPE s2tail_window_records gauge\n"
        "s2tail_window_records{group=\"a\\\"b\\\\c\"} 45\n"
        "s2tail_window_records{group=\"x?y\"} 1\n"
        "# HELP s2tail_records_total Records before the window's end.\n"
        "# TYPE s2tail_records_total counter\n"
        "s2tail_records_total{group=\"a\\\"b\\\\c\"} 4091\n"
        "s2tail_records_total{group=\"x?y\"} 2\n"
        "# HELP s2tail_late_records_total Records that came after a window "
        "they belong to had closed.\n"
        "# TYPE s2tail_late_records_total counter\n"
        "s2tail_late_records_total 7\n"
        "# HELP s2tail_late_in_grace_records_total Records that came behind "
        "time, but missed no window.\n"
        "# TYPE s2tail_late_in_grace_records_total counter\n"
        "s2tail_late_in_grace_records_total 8\n"
        "# HELP s2tail_missing_records_total Records that were trimmed "
        "before they could be read.\n"
        "# TYPE s2tail_missing_records_total counter\n"
        "s2tail_missing_records_total 9\n"
        "# HELP s2tail_streams Streams followed.\n"
        "# TYPE s2tail_streams gauge\n"
        "s2tail_streams 3\n"
        "# HELP s2tail_stale_streams Streams that do not answer.\n"
        "# TYPE s2tail_stale_streams gauge\n"
        "s2tail_stale_streams 1\n"
        "# HELP s2tail_lag_seconds How far behind the clock it is.\n"
        "# TYPE s2tail_lag_seconds gauge\n"
        "s2tail_lag_seconds 0.412\n"
        "# HELP s2tail_window_end_timestamp_seconds When the window ended.\n"
        "# TYPE s2tail_window_end_timestamp_seconds gauge\n"
        "s2tail_window_end_timestamp_seconds 1795373560.25\n");
}

static void test_prom_lag(void)
{
    struct window_snapshot snapshot = snapshot_of(NULL, 0);
    struct lines_facts facts = {.lag_ms = LINES_UNKNOWN};
    struct buf out = BUF_INIT(OUT_MAX);

    CHECK_INT(lines_prom(&snapshot, &facts, &plain, &out), 0);
    CHECK(strstr(NEEDED(buf_str(&out)), "lag") == NULL);
    buf_reset(&out);
    facts.lag_ms = -1050;
    CHECK_INT(lines_prom(&snapshot, &facts, &plain, &out), 0);
    CHECK(strstr(NEEDED(buf_str(&out)), "\ns2tail_lag_seconds -1.05\n") !=
          NULL);
    buf_release(&out);
}

static void test_labels(void)
{
    static const struct window_row rows[] = {
        {"t\ta\nb\\c\r", 1, 1, NULL},
        {"\x1b[31m\xc2\x9b\xe2\x80\xae", 2, 2, NULL},
        {"\xff\t\xe6\x97", 3, 3, NULL},
        {"", 4, 4, NULL},
        {"quote\"", 5, 5, NULL},
    };
    struct window_snapshot snapshot = snapshot_of(rows, 5);

    check_text(lines_tsv, &snapshot, &plain_facts, &plain,
               "2026-11-22T18:52:40Z\t\t4\t4\tfinal\n"
               "2026-11-22T18:52:40Z\t?[31m??\t2\t2\tfinal\n"
               "2026-11-22T18:52:40Z\t?\\t??\t3\t3\tfinal\n"
               "2026-11-22T18:52:40Z\tquote\"\t5\t5\tfinal\n"
               "2026-11-22T18:52:40Z\tt\\ta\\nb\\\\c?\t1\t1\tfinal\n");
    check_text(lines_json, &snapshot, &plain_facts, &plain,
               "{\"v\":1,\"start\":\"2026-11-22T18:52:30Z\",\"end\":"
               "\"2026-11-22T18:52:40Z\",\"final\":true,\"groups\":{"
               "\"\":{\"n\":4,\"total\":4},"
               "\"????\":{\"n\":3,\"total\":3},"
               "\"?[31m??\":{\"n\":2,\"total\":2},"
               "\"quote\\\"\":{\"n\":5,\"total\":5},"
               "\"t?a?b\\\\c?\":{\"n\":1,\"total\":1}},\"late\":0,"
               "\"lag_ms\":412,\"streams\":3}\n");
}

/* What is told under one name is one group. */
static void test_labels_that_become_equal(void)
{
    static const struct window_row rows[] = {
        {"a\xff", 1, 10, NULL}, {"b", 2, 20, NULL},     {"a?", 4, 40, NULL},
        {"a\x01", 8, 80, NULL}, {"a\t", 16, 160, NULL}, {"a\\t", 32, 320, NULL},
    };
    struct window_snapshot snapshot = snapshot_of(rows, 6);

    check_text(lines_tsv, &snapshot, &plain_facts, &plain,
               "2026-11-22T18:52:40Z\ta?\t13\t130\tfinal\n"
               "2026-11-22T18:52:40Z\ta\\\\t\t32\t320\tfinal\n"
               "2026-11-22T18:52:40Z\ta\\t\t16\t160\tfinal\n"
               "2026-11-22T18:52:40Z\tb\t2\t20\tfinal\n");
    snapshot.n = 5;
    check_text(lines_table, &snapshot, &plain_facts, &plain,
               "window 18:52:30-18:52:40\n"
               "stream   recent   share   total\n"
               "a?           29   93.5%     290\n"
               "b             2    6.5%      20\n"
               "total        31             310\n");
}

static void check_rate(uint64_t recent, int64_t window_ms, const char *want)
{
    struct window_row row = {"g", recent, 1, NULL};
    struct window_snapshot snapshot = snapshot_of(&row, 1);
    struct buf out = BUF_INIT(OUT_MAX);
    char wanted[128];

    snapshot.start_ms = snapshot.end_ms - window_ms;
    snprintf(wanted, sizeof(wanted), "2026-11-22T18:52:40Z\tg\t%s\t1\tfinal\n",
             want);
    CHECK_INT(lines_tsv(&snapshot, &plain_facts,
                        &(struct lines_options){.rate = true}, &out),
              0);
    CHECK_STR(buf_str(&out), wanted);
    buf_release(&out);
}

static void test_rate(void)
{
    check_rate(0, 10000, "0");
    check_rate(185, 10000, "18.5");
    check_rate(1, 3000, "0.333");
    check_rate(2, 3000, "0.667");
    check_rate(1, 20000, "0.05");
    check_rate(1, 100, "10");
    check_rate(3, 7, "428.571");
    check_rate(59999, 60000000, "1");
    check_rate(1, 31536000000000, "0");
    check_rate(UINT64_MAX, 1, "18446744073709549.568");
}

static void check_end(int64_t end_ms, bool millis, const char *want)
{
    struct window_snapshot snapshot = snapshot_of(social, 1);
    struct lines_options options = {.millis = millis};
    struct buf out = BUF_INIT(OUT_MAX);

    snapshot.end_ms = end_ms;
    CHECK_INT(lines_tsv(&snapshot, &plain_facts, &options, &out), 0);
    buf_str(&out);
    CHECK(out.n > strlen(want) && memcmp(out.p, want, strlen(want)) == 0);
    CHECK(out.p[strlen(want)] == '\t');
    buf_release(&out);
}

static void test_time(void)
{
    check_end(0, false, "1970-01-01T00:00:00Z");
    check_end(-1, true, "1969-12-31T23:59:59.999Z");
    check_end(-1, false, "1969-12-31T23:59:59Z");
    check_end(-1000, true, "1969-12-31T23:59:59.000Z");
    check_end(1709210096007, true, "2024-02-29T12:34:56.007Z");
    check_end(INT64_C(253402300799999), true, "9999-12-31T23:59:59.999Z");
    check_end(INT64_MAX, false, "292278994-08-17T07:12:55Z");
    check_end(INT64_MIN, true, "-292275055-05-16T16:47:04.192Z");
}

/* Into a buffer of every size that is too small: -1, and nothing changes. */
static void test_full(void)
{
    static const struct window_row rows[] = {
        {"a\tb\"\\\xff", 1, 1, NULL}, {"c", 2, 2, NULL}, {"d", 3, 3, NULL}};
    struct window_snapshot snapshot = snapshot_of(rows, 3);
    struct lines_options options = {.top = 2, .rate = true, .millis = true};
    struct lines_facts facts = {-1, 2, 3, 4};

    snapshot.late = snapshot.late_graced = 1;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct buf whole = BUF_INIT(OUT_MAX);

        CHECK_INT(all[i](&snapshot, &facts, &options, &whole), 0);
        for (size_t max = 0; max < whole.n; max++) {
            struct buf out = BUF_INIT(max + 2);

            buf_addstr(&out, "ab");
            CHECK_INT(all[i](&snapshot, &facts, &options, &out), -1);
            CHECK_STR(buf_str(&out), "ab");
            buf_release(&out);
        }
        buf_release(&whole);
    }
}

int main(void)
{
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        printf("# no C.UTF-8 here\n");
    RUN(test_tsv);
    RUN(test_json);
    RUN(test_table);
    RUN(test_table_odd);
    RUN(test_prom);
    RUN(test_prom_lag);
    RUN(test_labels);
    RUN(test_labels_that_become_equal);
    RUN(test_rate);
    RUN(test_time);
    RUN(test_full);
    return check_done();
}
