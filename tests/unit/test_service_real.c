#include "basin/service.h"

#include "lite.h"
#include "replied.h"

#define BASIN "unit-test-basin"
#define STREAM "social/you tube?#%&+=\xc3\xa9"

/* One real server for all tests; they build on one another. */
static struct http *http;
static struct basin *basin;
static struct lite lite;

static struct replied wait_for(struct basin_op *op, struct replied *r)
{
    CHECK(op != NULL);
    if (op != NULL)
        replied_run(http, r, 1);
    return *r;
}

static struct replied create(const char *stream)
{
    struct replied r = {0};

    return wait_for(basin_create(basin, stream, replied_done, &r, NULL), &r);
}

static struct replied tail(const char *stream)
{
    struct replied r = {0};

    return wait_for(basin_tail(basin, stream, replied_done, &r, NULL), &r);
}

static struct replied append(const char *stream, uint64_t match,
                             const char *token, const char *body)
{
    struct replied r = {0};
    struct wire_record record = {0, (uint64_t)(loop_wall() / 1000), NULL, 0,
                                 slice_str(body)};
    struct wire_append in = {&record, 1, true, match, token};

    return wait_for(basin_append(basin, stream, &in, replied_done, &r, NULL),
                    &r);
}

static struct replied read_page(const char *stream, bool by_time, uint64_t from,
                                size_t limit)
{
    struct replied r = {0};
    struct wire_read in = {by_time, from, limit};

    return wait_for(basin_read(basin, stream, &in, replied_done, &r, NULL), &r);
}

static struct replied list(const char *prefix, const char *after)
{
    struct replied r = {0};

    return wait_for(basin_list(basin, prefix, after, replied_done, &r, NULL),
                    &r);
}

/* A request of no operation: the test breaks things by it. */
static int raw_status;

static void raw_done(void *arg, const struct http_reply *reply)
{
    ++*(int *)arg;
    raw_status = reply->status;
}

static void delete_stream(const char *escaped)
{
    const char *headers[] = {"s2-basin: " BASIN};
    char url[200];
    struct http_spec spec = {"DELETE", url, headers, 1, NULL, 10000, 65536};
    int calls = 0;

    snprintf(url, sizeof(url), "%s/v1/streams/%s", lite.endpoint, escaped);
    CHECK(http_start(http, &spec, raw_done, &calls, NULL) != NULL);
    while (calls == 0)
        CHECK(http_wait(http, NULL, 0, 1000, NULL) == 0);
    CHECK_INT(raw_status, 202);
}

static void test_create_basin(void)
{
    struct basin *other = lite_basin(&lite, http, "never-created");

    for (int i = 0; i < 2; i++) {
        struct replied r = {0};

        wait_for(basin_create_basin(basin, replied_done, &r, NULL), &r);
        CHECK_INT(r.reply.outcome, OUTCOME_OK);
    }
    for (int i = 0; i < 2; i++) {
        struct replied r = {0};

        wait_for(i == 0 ? basin_tail(other, "a", replied_done, &r, NULL)
                        : basin_list(other, "", "", replied_done, &r, NULL),
                 &r);
        CHECK_INT(r.reply.outcome, OUTCOME_NO_BASIN);
        CHECK_INT(r.reply.err.code, ERR_CONFIG);
    }
    basin_free(other);
}

static void test_missing_stream(void)
{
    CHECK_INT(tail("none").reply.outcome, OUTCOME_NO_STREAM);
    CHECK_INT(append("none", 0, NULL, "x").reply.outcome, OUTCOME_NO_STREAM);
    CHECK_INT(read_page("none", false, 0, 1).reply.outcome, OUTCOME_NO_STREAM);
}

static void test_create(void)
{
    struct replied r;

    CHECK_INT(create(STREAM).reply.outcome, OUTCOME_OK);
    CHECK_INT(create(STREAM).reply.outcome, OUTCOME_OK);
    r = tail(STREAM);
    CHECK_INT(r.reply.outcome, OUTCOME_OK);
    CHECK_INT(r.reply.tail.seq_num, 0);
    r = read_page(STREAM, false, 0, 10);
    CHECK_INT(r.reply.outcome, OUTCOME_UNWRITTEN);
    CHECK_INT(r.reply.tail.seq_num, 0);
}

static void test_append(void)
{
    struct replied r = append(STREAM, 0, NULL, "zero");

    CHECK_INT(r.reply.outcome, OUTCOME_OK);
    CHECK_STR(r.reply.err.text, "");
    CHECK_INT(r.reply.start, 0);
    CHECK_INT(r.reply.end, 1);
    CHECK_INT(r.reply.tail.seq_num, 1);
    r = append(STREAM, 0, NULL, "zero");
    CHECK_INT(r.reply.outcome, OUTCOME_MISMATCH);
    CHECK_INT(r.reply.tail.seq_num, 1);
    r = append(STREAM, 7, NULL, "seven");
    CHECK_INT(r.reply.outcome, OUTCOME_MISMATCH);
    CHECK_INT(r.reply.tail.seq_num, 1);
    CHECK_INT(tail(STREAM).reply.tail.seq_num, 1);
}

/* A fence and a record in one batch; then others are kept out, unless they
 * name no token. */
static void test_fence(void)
{
    struct wire_header fence = {SLICE(""), SLICE("fence")};
    uint64_t now = (uint64_t)(loop_wall() / 1000);
    struct wire_record records[] = {{0, now, &fence, 1, SLICE("tok")},
                                    {0, now, NULL, 0, SLICE("two")}};
    struct wire_append in = {records, 2, true, 1, NULL};
    struct replied r = {0};

    wait_for(basin_append(basin, STREAM, &in, replied_done, &r, NULL), &r);
    CHECK_INT(r.reply.outcome, OUTCOME_OK);
    CHECK_INT(r.reply.end, 3);
    r = append(STREAM, 3, "other", "x");
    CHECK_INT(r.reply.outcome, OUTCOME_FENCED);
    CHECK_STR(r.reply.err.text, "HTTP 412: the fencing token in force is "
                                "'tok'");
    CHECK_INT(append(STREAM, 3, "tok", "three").reply.outcome, OUTCOME_OK);
    CHECK_INT(append(STREAM, 4, NULL, "four").reply.outcome, OUTCOME_OK);
    CHECK_INT(append(STREAM, 4, "tok", "x").reply.outcome, OUTCOME_MISMATCH);
}

static void test_read(void)
{
    static const char *const bodies[] = {"zero", "tok", "two", "three", "four"};
    struct replied r = read_page(STREAM, false, 0, 1000);
    struct replied by_time;

    CHECK_INT(r.reply.outcome, OUTCOME_OK);
    CHECK_INT(r.reply.nrecords, 5);
    for (size_t i = 0; i < 5; i++) {
        CHECK_INT(r.seq_nums[i], i);
        CHECK_STR(r.bodies[i], bodies[i]);
        CHECK_INT(r.commands[i], i == 1);
    }
    by_time = read_page(STREAM, true, r.timestamps[3], 1000);
    CHECK_INT(by_time.reply.outcome, OUTCOME_OK);
    CHECK(by_time.reply.nrecords >= 2);
    CHECK(by_time.timestamps[0] >= r.timestamps[3]);
    r = read_page(STREAM, false, 2, 2);
    CHECK_INT(r.reply.nrecords, 2);
    CHECK_INT(r.seq_nums[0], 2);
}

static void test_read_unwritten(void)
{
    struct replied r = read_page(STREAM, false, 5, 10);

    CHECK_INT(r.reply.outcome, OUTCOME_UNWRITTEN);
    CHECK_INT(r.reply.tail.seq_num, 5);
    CHECK(r.reply.tail.timestamp > 0);
    r = read_page(STREAM, false, 99, 10);
    CHECK_INT(r.reply.outcome, OUTCOME_UNWRITTEN);
    CHECK_INT(r.reply.tail.seq_num, 5);
    r = read_page(STREAM, true, (uint64_t)(loop_wall() / 1000) + 3600000, 10);
    CHECK_INT(r.reply.outcome, OUTCOME_UNWRITTEN);
}

static void test_large_batch(void)
{
    static struct wire_record records[WIRE_BATCH_RECORDS];
    static char body[1000];
    struct wire_append in = {records, WIRE_BATCH_RECORDS, true, 0, NULL};
    struct replied r = {0};

    memset(body, 'x', sizeof(body));
    for (size_t i = 0; i < WIRE_BATCH_RECORDS; i++) {
        records[i].timestamp = (uint64_t)(loop_wall() / 1000);
        records[i].body = (struct slice){body, sizeof(body)};
    }
    CHECK_INT(create("large").reply.outcome, OUTCOME_OK);
    wait_for(basin_append(basin, "large", &in, replied_done, &r, NULL), &r);
    CHECK_INT(r.reply.outcome, OUTCOME_OK);
    CHECK_STR(r.reply.err.text, "");
    CHECK_INT(r.reply.end, WIRE_BATCH_RECORDS);
    r = read_page("large", false, 0, WIRE_BATCH_RECORDS);
    CHECK_INT(r.reply.outcome, OUTCOME_OK);
    CHECK_INT(r.reply.nrecords, WIRE_BATCH_RECORDS);
}

/* The list goes on where its page ended, in the order of bytes. */
static void test_list(void)
{
    static struct replied r;
    struct replied page;
    char name[32];

    memset(&r, 0, sizeof(r));
    for (int i = 0; i < 1005; i++) {
        snprintf(name, sizeof(name), "many/%04d", i);
        basin_create(basin, name, replied_done, &r, NULL);
    }
    replied_run(http, &r, 1005);
    page = list("many/", "");
    CHECK_INT(page.reply.nnames, 1000);
    CHECK_STR(page.names[0], "many/0000");
    CHECK_STR(page.last, "many/0999");
    CHECK(page.reply.more);
    page = list("many/", page.last);
    CHECK_INT(page.reply.nnames, 5);
    CHECK_STR(page.names[0], "many/1000");
    CHECK(!page.reply.more);
    page = list("social/", "");
    CHECK_INT(page.reply.nnames, 1);
    CHECK_STR(page.names[0], STREAM);
    page = list("no such prefix", "");
    CHECK_INT(page.reply.outcome, OUTCOME_OK);
    CHECK_INT(page.reply.nnames, 0);
}

static void on_made(void *arg, const struct basin_reply *reply)
{
    uint64_t *made = arg;

    CHECK_INT(reply->outcome, OUTCOME_OK);
    CHECK_INT(reply->nnames, 1);
    *made = reply->nnames == 1 && reply->made != NULL ? reply->made[0] : 1;
}

/* Which creation of ${stream} the list tells. */
static uint64_t made_of(const char *stream)
{
    int64_t end = loop_now() + REPLIED_PATIENCE_MS;
    uint64_t made = 0;

    basin_list(basin, stream, "", on_made, &made, NULL);
    while (made == 0 && loop_now() < end)
        CHECK(http_wait(http, NULL, 0, 1000, NULL) == 0);
    CHECK(made > 1);
    return made;
}

/* A deleted stream is gone, can be created again, and begins at 0. */
static void test_deleted(void)
{
    int64_t end = loop_now() + REPLIED_PATIENCE_MS;
    uint64_t made;
    struct replied r;

    CHECK_INT(create("doomed").reply.outcome, OUTCOME_OK);
    made = made_of("doomed");
    CHECK(made_of("doomed") == made);
    CHECK_INT(append("doomed", 0, NULL, "x").reply.outcome, OUTCOME_OK);
    delete_stream("doomed");
    r = append("doomed", 1, NULL, "y");
    CHECK(r.reply.outcome == OUTCOME_NO_STREAM ||
          r.reply.outcome == OUTCOME_RETRY);
    printf("# after the deletion: outcome %d, %s\n", r.reply.outcome,
           r.reply.err.text);
    CHECK_INT(list("doomed", "").reply.nnames, 0);
    do {
        r = create("doomed");
    } while (r.reply.outcome == OUTCOME_RETRY && loop_now() < end);
    CHECK_INT(r.reply.outcome, OUTCOME_OK);
    r = append("doomed", 1, NULL, "y");
    CHECK_INT(r.reply.outcome, OUTCOME_MISMATCH);
    CHECK_INT(r.reply.tail.seq_num, 0);
    CHECK(made_of("doomed") != made);
}

int main(void)
{
    struct http_config config = {"test/1", NULL, 16, 0};

    lite_need(&lite);
    lite_start(&lite, NULL);
    http = NEEDED(http_new(&config, NULL));
    basin = NEEDED(lite_basin(&lite, http, BASIN));
    RUN(test_create_basin);
    RUN(test_missing_stream);
    RUN(test_create);
    RUN(test_append);
    RUN(test_fence);
    RUN(test_read);
    RUN(test_read_unwritten);
    RUN(test_large_batch);
    RUN(test_list);
    RUN(test_deleted);
    basin_free(basin);
    http_free(http);
    lite_stop(&lite);
    return check_done();
}
