/* The embedded basin: headers, fences, trims. */
#include <sqlite3.h>

#include "filetest.h"

static struct got got;
static struct basin *b;

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
    ft_end();
}

/* Append one record with one header. */
static enum outcome with_header(struct slice name, struct slice value,
                                struct slice body, const char *token)
{
    struct wire_header header = {name, value};
    struct wire_record record = {0, 1, &header, 1, body};
    struct wire_append append = {&record, 1, false, 0, token};

    return ft_batch(b, "s", &append, &got);
}

static enum outcome fence(const char *token, const char *in_force)
{
    return with_header(SLICE(""), SLICE("fence"), slice_str(token), in_force);
}

static enum outcome trim(uint64_t to)
{
    char body[8];

    for (int i = 0; i < 8; i++)
        body[i] = (char)(to >> (56 - 8 * i));
    return with_header(SLICE(""), SLICE("trim"), (struct slice){body, 8}, NULL);
}

static enum outcome with_token(const char *token)
{
    struct wire_record record = {0, 1, NULL, 0, SLICE("x")};
    struct wire_append append = {&record, 1, false, 0, token};

    return ft_batch(b, "s", &append, &got);
}

struct header_check {
    size_t n;
    bool good;
};

static void see_headers(void *arg, const struct basin_reply *reply)
{
    struct header_check *see = arg;
    const struct wire_record *r = reply->records;

    see->n = reply->nrecords;
    see->good = see->n == 4 && r[0].nheaders == 0 && r[1].nheaders == 2 &&
                r[2].nheaders == 0 && r[3].nheaders == 200 &&
                slice_eq(r[1].headers[0].name, SLICE("k")) &&
                slice_eq(r[1].headers[0].value, SLICE("")) &&
                slice_eq(r[1].headers[1].name, (struct slice){"k\0\xff", 3}) &&
                slice_eq(r[1].headers[1].value, SLICE("w")) &&
                slice_eq(r[1].body, SLICE("body")) &&
                slice_eq(r[3].headers[199].value, SLICE("many"));
}

static void test_headers(void)
{
    struct wire_header two[2] = {{SLICE("k"), SLICE("")},
                                 {{"k\0\xff", 3}, SLICE("w")}};
    struct wire_header many[200];
    struct wire_record records[4] = {{0, 1, NULL, 0, SLICE("a")},
                                     {0, 1, two, 2, SLICE("body")},
                                     {0, 1, NULL, 0, SLICE("c")},
                                     {0, 1, many, 200, SLICE("d")}};
    struct wire_append append = {records, 4, false, 0, NULL};
    struct wire_read read = {false, 0, 1000};
    struct header_check see = {0, false};

    begin();
    for (int i = 0; i < 200; i++)
        many[i] = (struct wire_header){SLICE("name"), SLICE("many")};
    CHECK_INT(ft_batch(b, "s", &append, &got), OUTCOME_OK);
    basin_read(b, "s", &read, see_headers, &see, NULL);
    basin_run(b, 0);
    CHECK_INT(see.n, 4);
    CHECK(see.good);
    end();
}

/* Headers count towards the size of a page. */
static void test_headers_are_metered(void)
{
    static char bytes[500001];

    begin();
    memset(bytes, 'h', 500000);
    for (int i = 0; i < 3; i++)
        CHECK_INT(with_header(SLICE("k"), slice_str(bytes), SLICE(""), NULL),
                  OUTCOME_OK);
    CHECK_INT(ft_read(b, "s", 0, 1000, &got), OUTCOME_OK);
    CHECK_INT(got.n, 2);
    CHECK_INT(ft_read(b, "s", 2, 1000, &got), OUTCOME_OK);
    CHECK_INT(got.n, 1);
    end();
}

static void test_broken_commands(void)
{
    struct wire_header two[2] = {{SLICE(""), SLICE("fence")},
                                 {SLICE("k"), SLICE("")}};
    struct wire_record record = {0, 1, two, 2, SLICE("t")};
    struct wire_append append = {&record, 1, false, 0, NULL};

    begin();
    CHECK_INT(ft_batch(b, "s", &append, &got), OUTCOME_FAILED);
    CHECK_INT(got.err.code, ERR_PROTOCOL);
    CHECK_INT(with_header(SLICE(""), SLICE("fences"), SLICE("t"), NULL),
              OUTCOME_FAILED);
    CHECK_INT(with_header(SLICE(""), SLICE("trim"), SLICE("1234567"), NULL),
              OUTCOME_FAILED);
    CHECK_INT(fence("0123456789012345678901234567890123456", NULL),
              OUTCOME_FAILED);
    CHECK_INT(fence("\xff", NULL), OUTCOME_FAILED);
    CHECK_INT(with_token("0123456789012345678901234567890123456"),
              OUTCOME_FAILED);
    CHECK_INT(got.err.code, ERR_PROTOCOL);
    ft_tail(b, "s", &got);
    CHECK_INT(got.tail.seq_num, 0);
    end();
}

static void test_fencing(void)
{
    begin();
    CHECK_INT(with_token(""), OUTCOME_OK);
    CHECK_INT(with_token("mine"), OUTCOME_FENCED);
    CHECK_INT(fence("mine", NULL), OUTCOME_OK);
    CHECK_INT(got.start, 1);
    CHECK_INT(with_token("mine"), OUTCOME_OK);
    CHECK_INT(with_token(NULL), OUTCOME_OK);
    CHECK_INT(with_token(""), OUTCOME_FENCED);
    CHECK_INT(with_token("min"), OUTCOME_FENCED);
    CHECK_INT(got.err.code, ERR_TAKEN);
    CHECK(strstr(got.err.text, "'mine'") != NULL);
    CHECK_INT(fence("012345678901234567890123456789012345", "mine"),
              OUTCOME_OK);
    CHECK_INT(with_token("mine"), OUTCOME_FENCED);
    CHECK_INT(fence("", "012345678901234567890123456789012345"), OUTCOME_OK);
    CHECK_INT(with_token(""), OUTCOME_OK);
    end();
}

/* A fence is in force from the next batch on, and survives a restart; the
 * token is judged before the number. */
static void test_fence_in_a_batch(void)
{
    struct wire_header header = {SLICE(""), SLICE("fence")};
    struct wire_record records[2] = {{0, 1, &header, 1, SLICE("new")},
                                     {0, 1, NULL, 0, SLICE("x")}};
    struct wire_append append = {records, 2, true, 0, ""};

    begin();
    CHECK_INT(ft_batch(b, "s", &append, &got), OUTCOME_OK);
    CHECK_INT(got.end, 2);
    basin_free(b);
    b = ft_open(ft_path("b"), true);
    CHECK_INT(ft_batch(b, "s", &append, &got), OUTCOME_FENCED);
    append.fencing_token = "new";
    CHECK_INT(ft_batch(b, "s", &append, &got), OUTCOME_MISMATCH);
    end();
}

static int64_t rows(const char *table)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    char sql[64];
    int64_t n;

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
    sqlite3_open_v2(ft_path("b"), &db, SQLITE_OPEN_READONLY, NULL);
    sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    sqlite3_step(stmt);
    n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return n;
}

static void test_trim(void)
{
    begin();
    for (int i = 0; i < 10; i++)
        with_header(SLICE("k"), SLICE("v"), SLICE("x"), NULL);
    CHECK_INT(trim(4), OUTCOME_OK);
    CHECK_INT(got.start, 10);
    CHECK_INT(rows("record"), 7);
    CHECK_INT(rows("header"), 7);
    CHECK_INT(ft_read(b, "s", 0, 1000, &got), OUTCOME_OK);
    CHECK_INT(got.n, 7);
    CHECK_INT(got.seq[0], 4);
    CHECK_INT(ft_read_time(b, "s", 0, &got), OUTCOME_OK);
    CHECK_INT(got.seq[0], 4);
    CHECK_INT(trim(2), OUTCOME_OK);
    ft_read(b, "s", 0, 1000, &got);
    CHECK_INT(got.seq[0], 4);
    end();
}

static void test_trim_keeps_itself(void)
{
    begin();
    ft_append(b, "s", 1, "x", &got);
    CHECK_INT(trim(UINT64_MAX), OUTCOME_OK);
    CHECK_INT(ft_read(b, "s", 0, 1000, &got), OUTCOME_OK);
    CHECK_INT(got.n, 1);
    CHECK_INT(got.seq[0], 1);
    CHECK_INT(got.nheaders[0], 1);
    CHECK_INT(got.tail.seq_num, 2);
    end();
}

/* Other streams keep what they have. */
static void test_trim_is_of_one_stream(void)
{
    begin();
    ft_create(b, "t");
    ft_append(b, "t", 1, "x", &got);
    trim(UINT64_MAX);
    CHECK_INT(ft_read(b, "t", 0, 1000, &got), OUTCOME_OK);
    CHECK_INT(got.n, 1);
    end();
}

int main(void)
{
    RUN(test_headers);
    RUN(test_headers_are_metered);
    RUN(test_broken_commands);
    RUN(test_fencing);
    RUN(test_fence_in_a_batch);
    RUN(test_trim);
    RUN(test_trim_keeps_itself);
    RUN(test_trim_is_of_one_stream);
    return check_done();
}
