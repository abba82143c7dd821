/* The embedded basin's semantics, which are S2's, in one process. */
#include <sqlite3.h>

#include "filetest.h"

static struct got got;
static struct basin *b;

/* Each test has a new basin with an empty stream "s". */
static void begin(void)
{
    ft_begin();
    b = ft_open(ft_path("b"), true);
    CHECK_INT(ft_create(b, "s"), OUTCOME_OK);
}

static void end(void)
{
    got_clear(&got);
    basin_free(b);
    b = NULL;
    ft_end();
}

static void test_append_and_read(void)
{
    begin();
    CHECK_INT(ft_append(b, "s", 100, "zero", &got), OUTCOME_OK);
    CHECK_INT(got.start, 0);
    CHECK_INT(got.end, 1);
    CHECK_INT(got.tail.seq_num, 1);
    CHECK_INT(got.tail.timestamp, 100);
    CHECK_INT(ft_append(b, "s", 100, "", &got), OUTCOME_OK);
    CHECK_INT(ft_append(b, "s", 300, "two", &got), OUTCOME_OK);
    CHECK_INT(ft_read(b, "s", 0, 1000, &got), OUTCOME_OK);
    CHECK_INT(got.n, 3);
    CHECK_STR(got.text[0], "zero");
    CHECK_STR(got.text[1], "");
    CHECK_STR(got.text[2], "two");
    CHECK_INT(got.seq[2], 2);
    CHECK_INT(got.timestamp[2], 300);
    CHECK_INT(got.nheaders[2], 0);
    CHECK_INT(ft_read(b, "s", 1, 1, &got), OUTCOME_OK);
    CHECK_INT(got.n, 1);
    CHECK_INT(got.seq[0], 1);
    end();
}

static void test_empty_stream(void)
{
    begin();
    CHECK_INT(ft_tail(b, "s", &got), OUTCOME_OK);
    CHECK_INT(got.tail.seq_num, 0);
    CHECK_INT(got.tail.timestamp, 0);
    CHECK_INT(ft_read(b, "s", 0, 10, &got), OUTCOME_UNWRITTEN);
    CHECK_INT(ft_read_time(b, "s", 0, &got), OUTCOME_UNWRITTEN);
    end();
}

static void test_tail_is_unwritten(void)
{
    begin();
    ft_append(b, "s", 5, "x", &got);
    CHECK_INT(ft_read(b, "s", 1, 10, &got), OUTCOME_UNWRITTEN);
    CHECK_INT(got.tail.seq_num, 1);
    CHECK_INT(got.tail.timestamp, 5);
    CHECK_INT(ft_read(b, "s", 2, 10, &got), OUTCOME_UNWRITTEN);
    CHECK_INT(ft_read(b, "s", UINT64_MAX, 10, &got), OUTCOME_UNWRITTEN);
    CHECK_INT(ft_read_time(b, "s", UINT64_MAX, &got), OUTCOME_UNWRITTEN);
    CHECK_INT(got.tail.seq_num, 1);
    end();
}

static void test_missing_stream(void)
{
    begin();
    CHECK_INT(ft_append(b, "t", 5, "x", &got), OUTCOME_NO_STREAM);
    CHECK_INT(got.err.code, ERR_CONFIG);
    CHECK_INT(ft_read(b, "t", 0, 10, &got), OUTCOME_NO_STREAM);
    CHECK_INT(got.err.code, ERR_CONFIG);
    CHECK_INT(ft_tail(b, "t", &got), OUTCOME_NO_STREAM);
    CHECK_INT(ft_create(b, "t"), OUTCOME_OK);
    CHECK_INT(ft_tail(b, "t", &got), OUTCOME_OK);
    end();
}

static void test_create_leaves_what_is_there(void)
{
    begin();
    ft_append(b, "s", 5, "x", &got);
    CHECK_INT(ft_create(b, "s"), OUTCOME_OK);
    CHECK_INT(ft_tail(b, "s", &got), OUTCOME_OK);
    CHECK_INT(got.tail.seq_num, 1);
    got_clear(&got);
    basin_create_basin(b, got_it, &got, NULL);
    CHECK_INT(ft_run(b, &got), OUTCOME_OK);
    end();
}

static void test_names(void)
{
    static const char *const bad[] = {"", ".", "..", "a\xff", "\xc0\xaf"};
    char longest[514];

    begin();
    memset(longest, 'n', sizeof(longest));
    longest[513] = '\0';
    CHECK_INT(ft_create(b, longest), OUTCOME_FAILED);
    longest[512] = '\0';
    CHECK_INT(ft_create(b, longest), OUTCOME_OK);
    CHECK_INT(ft_create(b, "..."), OUTCOME_OK);
    CHECK_INT(ft_create(b, "a b/\xc3\xbc'\"%"), OUTCOME_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_INT(ft_create(b, bad[i]), OUTCOME_FAILED);
        CHECK_INT(ft_append(b, bad[i], 0, "x", &got), OUTCOME_FAILED);
        CHECK_INT(got.err.code, ERR_PROTOCOL);
        CHECK_INT(ft_read(b, bad[i], 0, 1, &got), OUTCOME_FAILED);
        CHECK_INT(ft_tail(b, bad[i], &got), OUTCOME_FAILED);
    }
    end();
}

static void test_timestamps_never_go_down(void)
{
    static const uint64_t given[] = {500, 400, 0, 600, INT64_MAX, 1};
    static const uint64_t kept[] = {500, 500, 500, 600, INT64_MAX, INT64_MAX};

    begin();
    for (size_t i = 0; i < 6; i++)
        CHECK_INT(ft_append(b, "s", given[i], "x", &got), OUTCOME_OK);
    CHECK_INT(ft_read(b, "s", 0, 1000, &got), OUTCOME_OK);
    for (size_t i = 0; i < 6; i++)
        CHECK_INT(got.timestamp[i], kept[i]);
    CHECK_INT(ft_append(b, "s", (uint64_t)INT64_MAX + 1, "x", &got),
              OUTCOME_FAILED);
    CHECK_INT(got.err.code, ERR_PROTOCOL);
    end();
}

static void test_match_seq_num(void)
{
    struct wire_record record = {0, 1, NULL, 0, SLICE("x")};
    struct wire_append append = {&record, 1, true, 0, NULL};

    begin();
    CHECK_INT(ft_batch(b, "s", &append, &got), OUTCOME_OK);
    CHECK_INT(ft_batch(b, "s", &append, &got), OUTCOME_MISMATCH);
    CHECK_INT(got.tail.seq_num, 1);
    CHECK_INT(got.tail.timestamp, 1);
    append.match_seq_num = UINT64_MAX;
    CHECK_INT(ft_batch(b, "s", &append, &got), OUTCOME_MISMATCH);
    append.match_seq_num = 1;
    CHECK_INT(ft_batch(b, "s", &append, &got), OUTCOME_OK);
    CHECK_INT(got.start, 1);
    CHECK_INT(got.end, 2);
    end();
}

/* Several batches of one run: one that fails leaves the others. */
static void test_each_batch_is_judged_alone(void)
{
    struct wire_record record = {0, 1, NULL, 0, SLICE("x")};
    struct wire_append append = {&record, 1, true, 0, NULL};
    struct got three[3] = {0};

    begin();
    basin_append(b, "s", &append, got_it, &three[0], NULL);
    basin_append(b, "s", &append, got_it, &three[1], NULL);
    append.match_seq_num = 1;
    basin_append(b, "s", &append, got_it, &three[2], NULL);
    CHECK_INT(three[0].calls, 0);
    basin_run(b, 0);
    CHECK_INT(three[0].outcome, OUTCOME_OK);
    CHECK_INT(three[1].outcome, OUTCOME_MISMATCH);
    CHECK_INT(three[1].tail.seq_num, 1);
    CHECK_INT(three[2].outcome, OUTCOME_OK);
    CHECK_INT(three[2].calls, 1);
    ft_tail(b, "s", &got);
    CHECK_INT(got.tail.seq_num, 2);
    end();
}

/* On one stream, what reads between two writes sees only the first. */
static void test_order_on_a_stream(void)
{
    struct wire_record record = {0, 1, NULL, 0, SLICE("x")};
    struct wire_append append = {&record, 1, false, 0, NULL};
    struct wire_read read = {false, 0, 1000};
    struct got t[5] = {0};

    begin();
    basin_append(b, "new", &append, got_it, &t[0], NULL);
    basin_create(b, "new", got_it, &t[1], NULL);
    basin_append(b, "new", &append, got_it, &t[2], NULL);
    basin_read(b, "new", &read, got_it, &t[3], NULL);
    basin_append(b, "new", &append, got_it, &t[4], NULL);
    basin_run(b, 0);
    CHECK_INT(t[0].outcome, OUTCOME_NO_STREAM);
    CHECK_INT(t[1].outcome, OUTCOME_OK);
    CHECK_INT(t[2].end, 1);
    CHECK_INT(t[3].n, 1);
    CHECK_INT(t[4].end, 2);
    got_clear(&t[3]);
    end();
}

static void test_batch_limits(void)
{
    static struct wire_record records[1001];
    static char bytes[WIRE_BATCH_BYTES];
    struct wire_append append = {records, 0, false, 0, NULL};

    begin();
    CHECK_INT(ft_batch(b, "s", &append, &got), OUTCOME_FAILED);
    CHECK_INT(got.err.code, ERR_PROTOCOL);
    append.n = 1001;
    CHECK_INT(ft_batch(b, "s", &append, &got), OUTCOME_FAILED);
    append.n = 1000;
    CHECK_INT(ft_batch(b, "s", &append, &got), OUTCOME_OK);
    CHECK_INT(got.end, 1000);
    append.n = 1;
    memset(bytes, 'x', sizeof(bytes));
    records[0].body.p = bytes;
    records[0].body.n = WIRE_BATCH_BYTES - 7;
    CHECK_INT(ft_batch(b, "s", &append, &got), OUTCOME_FAILED);
    CHECK_INT(got.err.code, ERR_PROTOCOL);
    records[0].body.n = WIRE_BATCH_BYTES - 8;
    CHECK_INT(ft_batch(b, "s", &append, &got), OUTCOME_OK);
    CHECK_INT(ft_read(b, "s", 1000, 1000, &got), OUTCOME_OK);
    CHECK_INT(strlen(got.text[0]), WIRE_BATCH_BYTES - 8);
    end();
}

/* A page ends before it would pass 1 MiB metered. */
static void test_page_limits(void)
{
    static char bytes[600001];

    begin();
    memset(bytes, 'x', 600000);
    ft_append(b, "s", 1, bytes, &got);
    bytes[448548] = '\0'; /* 600000 + 448548 + 2 * 8 is 1 MiB and 12 less */
    ft_append(b, "s", 1, bytes, &got);
    ft_append(b, "s", 1, "four", &got);
    ft_append(b, "s", 1, "more", &got);
    CHECK_INT(ft_read(b, "s", 0, 1000, &got), OUTCOME_OK);
    CHECK_INT(got.n, 3);
    CHECK_INT(ft_read(b, "s", 0, 2, &got), OUTCOME_OK);
    CHECK_INT(got.n, 2);
    CHECK_INT(ft_read(b, "s", 1, 0, &got), OUTCOME_OK);
    CHECK_INT(got.n, 3);
    CHECK_STR(got.text[2], "more");
    end();
}

static void test_read_by_time(void)
{
    static const uint64_t at[] = {10, 20, 20, 20, 30};

    begin();
    for (size_t i = 0; i < 5; i++)
        ft_append(b, "s", at[i], "x", &got);
    for (uint64_t t = 0; t <= 30; t++) {
        CHECK_INT(ft_read_time(b, "s", t, &got), OUTCOME_OK);
        CHECK_INT(got.seq[0], t <= 10 ? 0 : t <= 20 ? 1 : 4);
    }
    CHECK_INT(ft_read_time(b, "s", 31, &got), OUTCOME_UNWRITTEN);
    CHECK_INT(got.tail.seq_num, 5);
    end();
}

static enum outcome list(const char *prefix, const char *after)
{
    got_clear(&got);
    basin_list(b, prefix, after, got_it, &got, NULL);
    return ft_run(b, &got);
}

struct made {
    bool done;
    size_t n;
    uint64_t made[2];
};

static void on_made(void *arg, const struct basin_reply *reply)
{
    struct made *made = arg;

    made->done = true;
    made->n = reply->nnames;
    for (size_t i = 0; i < reply->nnames && i < 2; i++)
        made->made[i] = reply->made[i];
}

static struct made list_made(void)
{
    struct made made = {0};

    basin_list(b, "m", "", on_made, &made, NULL);
    for (int i = 0; i < 100 && !made.done; i++)
        basin_run(b, loop_now());
    CHECK(made.done);
    return made;
}

/* What was made anew under an old name can be told from the old one. */
static void test_made(void)
{
    struct made first, second;

    begin();
    ft_create(b, "m1");
    ft_create(b, "m2");
    first = list_made();
    CHECK_INT(first.n, 2);
    CHECK(first.made[0] != 0 && first.made[1] != 0);
    CHECK(first.made[0] != first.made[1]);
    ft_create(b, "m1");
    ft_append(b, "m1", 0, "x", &got);
    ft_sql("DELETE FROM stream WHERE name = 'm2'");
    ft_create(b, "m2");
    second = list_made();
    CHECK_INT(second.n, 2);
    CHECK(second.made[0] == first.made[0]);
    CHECK(second.made[1] != first.made[1] && second.made[1] != first.made[0]);
    CHECK(second.made[1] <= INT64_MAX);
    end();
}

static void test_list(void)
{
    begin();
    ft_create(b, "news/cnn");
    ft_create(b, "news/bbc");
    ft_create(b, "news");
    ft_create(b, "\xc3\xbc");
    ft_create(b, "newt");
    CHECK_INT(list("", ""), OUTCOME_OK);
    CHECK_INT(got.n, 6);
    CHECK_STR(got.text[0], "news");
    CHECK_STR(got.text[5], "\xc3\xbc");
    CHECK(!got.more);
    CHECK_INT(list("news/", ""), OUTCOME_OK);
    CHECK_INT(got.n, 2);
    CHECK_STR(got.text[0], "news/bbc");
    CHECK_STR(got.text[1], "news/cnn");
    list("news/", "news/bbc");
    CHECK_INT(got.n, 1);
    list("news/", "news/cnn");
    CHECK_INT(got.n, 0);
    list("news/", "a");
    CHECK_INT(got.n, 2);
    list("x", "");
    CHECK_INT(got.n, 0);
    end();
}

static void test_list_pages(void)
{
    struct got *many = calloc(1005, sizeof(*many));
    char name[32];

    begin();
    for (int i = 0; i < 1005; i++) {
        snprintf(name, sizeof(name), "p/%04d", i);
        basin_create(b, name, got_it, &many[i], NULL);
    }
    basin_run(b, 0);
    CHECK_INT(many[1004].outcome, OUTCOME_OK);
    list("p/", "");
    CHECK_INT(got.n, 1000);
    CHECK(got.more);
    CHECK_STR(got.text[999], "p/0999");
    list("p/", "p/0004");
    CHECK_INT(got.n, 1000);
    CHECK(!got.more);
    list("p/", "p/0999");
    CHECK_INT(got.n, 5);
    CHECK(!got.more);
    free(many);
    end();
}

/* What a person with a shell sees. */
static void test_view(void)
{
    struct wire_header fence = {SLICE(""), SLICE("fence")};
    struct wire_header plain = {SLICE("h"), SLICE("v")};
    struct wire_record records[] = {{0, 7, &fence, 1, SLICE("token")},
                                    {0, 8, &plain, 1, SLICE("{\"a\":1}")}};
    struct wire_append append = {records, 2, false, 0, NULL};
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;

    begin();
    ft_batch(b, "s", &append, &got);
    sqlite3_open_v2(ft_path("b"), &db, SQLITE_OPEN_READONLY, NULL);
    sqlite3_prepare_v2(db,
                       "SELECT seq_num, timestamp, body FROM records"
                       " WHERE stream = 's' ORDER BY seq_num",
                       -1, &stmt, NULL);
    CHECK_INT(sqlite3_step(stmt), SQLITE_ROW);
    CHECK_INT(sqlite3_column_int(stmt, 0), 1);
    CHECK_INT(sqlite3_column_int(stmt, 1), 8);
    CHECK_INT(sqlite3_column_type(stmt, 2), SQLITE_TEXT);
    CHECK_STR((const char *)sqlite3_column_text(stmt, 2), "{\"a\":1}");
    CHECK_INT(sqlite3_step(stmt), SQLITE_DONE);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    end();
}

int main(void)
{
    RUN(test_append_and_read);
    RUN(test_empty_stream);
    RUN(test_tail_is_unwritten);
    RUN(test_missing_stream);
    RUN(test_create_leaves_what_is_there);
    RUN(test_names);
    RUN(test_timestamps_never_go_down);
    RUN(test_match_seq_num);
    RUN(test_each_batch_is_judged_alone);
    RUN(test_order_on_a_stream);
    RUN(test_batch_limits);
    RUN(test_page_limits);
    RUN(test_read_by_time);
    RUN(test_made);
    RUN(test_list);
    RUN(test_list_pages);
    RUN(test_view);
    return check_done();
}
