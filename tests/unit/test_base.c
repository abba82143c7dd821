/* Errors, buffers, numbers and times, text, hashing, back-off. */
#include "check.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/parse.h"
#include "base/retry.h"
#include "base/text.h"

static void test_err_first_wins(void)
{
    struct err err = ERR_INIT;

    CHECK_INT(err_set(&err, ERR_IO, "one %d", 1), -1);
    err_set(&err, ERR_BUG, "two");
    CHECK_INT(err.code, ERR_IO);
    CHECK_STR(err.text, "one 1");
    err_prefix(&err, "in %s", "context");
    CHECK_STR(err.text, "in context: one 1");
    err_clear(&err);
    err_prefix(&err, "nothing");
    CHECK_STR(err.text, "");
    err_os(&err, ERR_OS, ENOENT, "file");
    CHECK_STR(err.text, "file: No such file or directory");
    CHECK_INT(err_set(NULL, ERR_OS, "nobody listens"), -1);
}

static void test_err_what_can_be_created_another_time(void)
{
    static const struct {
        int errnum;
        enum err_code code;
        enum err_code want;
    } rows[] = {
        {EACCES, ERR_CANTCREATE, ERR_CANTCREATE},
        {ENOENT, ERR_CANTCREATE, ERR_CANTCREATE},
        {ENOSPC, ERR_CANTCREATE, ERR_IO},
        {EDQUOT, ERR_CANTCREATE, ERR_IO},
        {EMFILE, ERR_CANTCREATE, ERR_OS},
        {ENFILE, ERR_CANTCREATE, ERR_OS},
        {ENOSPC, ERR_CONFIG, ERR_CONFIG},
        {EMFILE, ERR_NOINPUT, ERR_NOINPUT},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct err err = ERR_INIT;

        err_os(&err, rows[i].code, rows[i].errnum, "x");
        CHECK_INT(err.code, rows[i].want);
    }
}

static void test_err_memory(void)
{
    struct err err = ERR_INIT;

    CHECK(!err_is_memory(&err));
    err_os(&err, ERR_IO, ENOMEM, "cannot write this and that");
    CHECK_INT(err.code, ERR_OS);
    CHECK_STR(err.text, "out of memory");
    err_prefix(&err, "routes");
    CHECK(err_is_memory(&err));
    err_clear(&err);
    err_os(&err, ERR_OS, EMFILE, "socket");
    CHECK(!err_is_memory(&err));
}

static void test_err_long_texts_are_cut(void)
{
    struct err err = ERR_INIT;
    char big[2000];

    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    err_set(&err, ERR_OS, "%s", big);
    err_prefix(&err, "%s", big);
    CHECK_INT(strlen(err.text), sizeof(err.text) - 1);
}

static void test_buf_is_bounded(void)
{
    struct buf b = BUF_INIT(100);
    char byte = 'a';

    for (int i = 0; i < 100; i++)
        CHECK(buf_add(&b, &byte, 1) == 0);
    CHECK(buf_add(&b, &byte, 1) == -1);
    CHECK(buf_addf(&b, "%d", 1) == -1);
    CHECK_INT(b.n, 100);
    CHECK_INT(strlen(NEEDED(buf_str(&b))), 100);
    buf_drop(&b, 99);
    CHECK_INT(b.n, 1);
    CHECK(buf_addf(&b, "-%s-", "bc") == 0);
    CHECK_STR(buf_str(&b), "a-bc-");
    buf_drop(&b, 1000);
    CHECK_INT(b.n, 0);
    CHECK(buf_reserve(&b, 101) == NULL);
    CHECK(buf_reserve(&b, 100) != NULL);
    buf_release(&b);
    CHECK_STR(buf_str(&b), "");
    buf_release(&b);
}

static void test_buf_full(void)
{
    struct buf buf = BUF_INIT(3);
    struct err err = ERR_INIT;

    CHECK_INT(buf_addstr(&buf, "four"), -1);
    CHECK_INT(buf_full(&buf, &err, ERR_DATA, "%s is too long", "it"), -1);
    CHECK_INT(err.code, ERR_DATA);
    CHECK_STR(err.text, "it is too long");
    err_clear(&err);
    buf.starved = true;
    CHECK_INT(buf_full(&buf, &err, ERR_DATA, "%s is too long", "it"), -1);
    CHECK(err_is_memory(&err));
    buf_release(&buf);
}

static void test_slices(void)
{
    CHECK(slice_eq(SLICE("abc"), slice_str("abc")));
    CHECK(!slice_eq(SLICE("abc"), SLICE("abd")));
    CHECK(!slice_eq(SLICE("abc"), SLICE("ab")));
    CHECK(slice_caseeq(SLICE("aBc-1"), SLICE("AbC-1")));
    CHECK(!slice_caseeq(SLICE("a@"), SLICE("a`")));
}

static void test_numbers(void)
{
    static const char *const bad[] = {
        "", "-1", "+1", " 1", "1 ", "1x", "0x1", "11", "18446744073709551616"};
    uint64_t v;

    CHECK(parse_uint("10", 1, 10, &v, NULL) == 0 && v == 10);
    CHECK(parse_uint("18446744073709551615", 0, UINT64_MAX, &v, NULL) == 0);
    CHECK(v == UINT64_MAX);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct err err = ERR_INIT;

        CHECK(parse_uint(bad[i], 1, 10, &v, &err) == -1);
        CHECK_INT(err.code, ERR_USAGE);
    }
}

static void test_durations(void)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"250ms", 250},
                {"10s", 10000},
                {"15m", 900000},
                {"2h", 7200000},
                {"7d", 604800000},
                {"0", 0},
                {"365000d", INT64_C(31536000000000)}};
    static const char *const bad[] = {
        "",   "5",    "s",    "5 s",     "-5s",
        "1w", "5sec", "1.5s", "365001d", "99999999999999999999s"};
    int64_t ms;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        CHECK(parse_duration(good[i].text, &ms, NULL) == 0);
        CHECK_INT(ms, good[i].ms);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK(parse_duration(bad[i], &ms, NULL) == -1);
}

static void test_times(void)
{
    static const struct {
        const char *text;
        int64_t us;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-22T18:39:00.425976Z", INT64_C(1795372740425976)},
        {"2026-11-22T18:39:00.4259769Z", INT64_C(1795372740425976)},
        {"2026-11-22T19:39:00.5+01:00", INT64_C(1795372740500000)},
        {"2024-02-29T12:00:00-05:30", INT64_C(1709227800000000)},
        {"9999-12-31T23:59:59.999999+00:00", PARSE_TIME_MAX},
    };
    static const char *const bad[] = {
        "",
        "2026-11-22",
        "2026-11-22 18:39:00Z",
        "2026-11-22t18:39:00Z",
        "2026-11-22T18:39:00z",
        "2026-11-22T18:39:00",
        "2026-11-22T18:39:00-00:00",
        "2026-11-22T18:39:00.Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "1969-12-31T23:59:59Z",
        "2026-11-22T18:39:00Zx",
        "2026-11-22T18:39:00+24:00",
    };
    int64_t us;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        CHECK(parse_time(slice_str(good[i].text), &us) == 0);
        CHECK_INT(us, good[i].us);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(parse_time(slice_str(bad[i]), &us) == -1);
        if (parse_time(slice_str(bad[i]), &us) == 0)
            printf("# taken: %s\n", bad[i]);
    }
}

static void test_times_both_ways(void)
{
    struct rng rng = {42};
    char text[PARSE_TIME_SIZE];
    int64_t back;

    parse_time_text(INT64_C(1795372740425976), text);
    CHECK_STR(text, "2026-11-22T18:39:00.425976+00:00");
    for (int i = 0; i < 100000; i++) {
        int64_t us = (int64_t)(rng_next(&rng) % ((uint64_t)PARSE_TIME_MAX + 1));

        parse_time_text(us, text);
        CHECK(parse_time(slice_str(text), &back) == 0);
        CHECK_INT(back, us);
    }
}

static void test_when(void)
{
    const int64_t now = INT64_C(1795372740000000);
    int64_t us;

    CHECK(parse_when("now", now, &us, NULL) == 0 && us == now);
    CHECK(parse_when("15m", now, &us, NULL) == 0);
    CHECK_INT(us, now - INT64_C(900000000));
    CHECK(parse_when("earliest", now, &us, NULL) == 0);
    CHECK_INT(us, PARSE_EARLIEST);
    CHECK(parse_when("2026-11-22T18:39:00Z", now, &us, NULL) == 0);
    CHECK_INT(us, now);
    CHECK(parse_when("yesterday", now, &us, NULL) == -1);
    CHECK(parse_when("100000d", now, &us, NULL) == 0 && us == 0);
}

static void test_scrub(void)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"plain \xc3\xa9 \xe6\x97\xa5", "plain \xc3\xa9 \xe6\x97\xa5"},
        {"a\033[31mb\r\n\tc\x7f", "a?[31mb???c?"},
        {"c1 \xc2\x9b!", "c1 ?!"},
        {"bidi \xe2\x80\xae \xe2\x81\xa6", "bidi ? ?"},
        {"zero \xe2\x80\x8b\xef\xbb\xbf", "zero ??"},
        {"bad \xff\xc0\x80 \xed\xa0\x80", "bad ??? ???"},
        {"cut \xe6\x97", "cut ??"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf out = BUF_INIT(100);
        char copy[64];

        CHECK(text_scrub(&out, slice_str(cases[i].in), 100) == 0);
        CHECK_STR(buf_str(&out), cases[i].out);
        snprintf(copy, sizeof(copy), "%s", cases[i].in);
        text_clean(copy);
        CHECK_STR(copy, cases[i].out);
        buf_release(&out);
    }
}

static void test_scrub_cuts_whole_characters(void)
{
    struct buf out = BUF_INIT(100);

    text_scrub(&out, slice_str("ab\xe6\x97\xa5"), 4);
    CHECK_STR(buf_str(&out), "ab");
    buf_release(&out);
}

static void test_json_strings(void)
{
    struct buf out = BUF_INIT(200);

    CHECK(text_json(&out,
                    SLICE("q\" b\\ \b\f\n\r\t \0 \x1f \x7f \xc3\xa9 /")) == 0);
    CHECK_STR(buf_str(&out),
              "\"q\\\" b\\\\ \\b\\f\\n\\r\\t \\u0000 \\u001f \x7f \xc3\xa9 "
              "/\"");
    out.max = 60;
    CHECK(text_json(&out, SLICE("too long for what is left")) == -1);
    buf_release(&out);
}

static void test_percent(void)
{
    struct buf out = BUF_INIT(64);

    CHECK_INT(text_percent(&out, SLICE("aZ09-._~ /:%\xC3\xA9\0")), 0);
    CHECK_STR(buf_str(&out), "aZ09-._~%20%2F%3A%25%C3%A9%00");
    out.max = out.n + 4;
    CHECK_INT(text_percent(&out, SLICE("ab ")), -1);
    CHECK_STR(buf_str(&out), "aZ09-._~%20%2F%3A%25%C3%A9%00");
    CHECK_INT(text_percent(&out, SLICE("a ")), 0);
    buf_release(&out);
}

/* The first two vectors of the reference implementation, and that any byte
 * and any length count. */
static void test_hash(void)
{
    struct hash_key key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    char bytes[64] = {0};
    struct hash128 h = hash_bytes(key, (struct slice){"", 0});
    struct hash128 last = h;

    CHECK(h.a == 0xe6a825ba047f81a3 && h.b == 0x930255c71472f66d);
    h = hash_bytes(key, (struct slice){"\0", 1});
    CHECK(h.a == 0x44af996bd8c187da && h.b == 0x45fc229b11597634);
    for (size_t n = 1; n < sizeof(bytes); n++) {
        h = hash_bytes(key, (struct slice){bytes, n});
        CHECK(h.a != last.a && h.b != last.b);
        last = h;
        bytes[n - 1] = 1;
        h = hash_bytes(key, (struct slice){bytes, n});
        CHECK(h.a != last.a && h.b != last.b);
        bytes[n - 1] = 0;
    }
}

static void test_retry(void)
{
    struct retry retry = RETRY_INIT(250, 30000);
    int64_t bound = 250;

    for (int i = 0; i < 20; i++) {
        int64_t delay = retry_fail(&retry, 1000 + i, UINT64_MAX / 3, 0);

        CHECK(delay >= 0 && delay <= bound);
        bound = bound * 2 > 30000 ? 30000 : bound * 2;
    }
    CHECK_INT(retry_fail(&retry, 2000, 0, 7), 7);
    CHECK_INT(retry.since_ms, 1000);
    CHECK(retry_spent(&retry, 6000, 5000));
    CHECK(!retry_spent(&retry, 5999, 5000));
    CHECK(!retry_spent(&retry, 1000000, 0));
    CHECK_INT(retry_within(retry.since_ms, 2000, 3000, 5000), 3000);
    CHECK_INT(retry_within(retry.since_ms, 2000, 9000, 5000), 4000);
    CHECK_INT(retry_within(retry.since_ms, 6001, 9000, 5000), 0);
    CHECK_INT(retry_within(retry.since_ms, 2000, 9000, 0), 9000);
    retry_ok(&retry);
    CHECK(!retry_spent(&retry, 1000000, 1));
    CHECK(retry_fail(&retry, 9000, 250, 0) == 250);
    CHECK_INT(retry.since_ms, 9000);
}

int main(void)
{
    RUN(test_err_first_wins);
    RUN(test_err_what_can_be_created_another_time);
    RUN(test_err_memory);
    RUN(test_err_long_texts_are_cut);
    RUN(test_buf_is_bounded);
    RUN(test_buf_full);
    RUN(test_slices);
    RUN(test_numbers);
    RUN(test_durations);
    RUN(test_times);
    RUN(test_times_both_ways);
    RUN(test_when);
    RUN(test_scrub);
    RUN(test_scrub_cuts_whole_characters);
    RUN(test_json_strings);
    RUN(test_percent);
    RUN(test_hash);
    RUN(test_retry);
    return check_done();
}
