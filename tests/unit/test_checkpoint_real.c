/* Checkpoints in a real S2. */
#include "check.h"

#include "basin/service.h"
#include "checkpointrun.h"
#include "lite.h"
#include "replied.h"

#define BASIN "unit-test-basin"
#define STREAM "_bsky2s2/j"

/* One real server for all tests; they build on one another. */
static struct http *http;
static struct basin *basin;
static struct lite lite;

static uint64_t tail(void)
{
    struct replied r = {0};

    CHECK(basin_tail(basin, STREAM, replied_done, &r, NULL) != NULL);
    replied_run(http, &r, 1);
    CHECK_INT(r.reply.outcome, OUTCOME_OK);
    return r.reply.tail.seq_num;
}

/* Append ${n} times the same record, a command if ${what} is none of "". */
static void append(size_t n, const char *what, struct slice body)
{
    static struct wire_record records[WIRE_BATCH_RECORDS];
    struct wire_header header = {.value = slice_str(what)};
    struct wire_append in = {records, n, false, 0, NULL};
    struct replied r = {0};

    for (size_t i = 0; i < n; i++)
        records[i] =
            (struct wire_record){0, WALL_MS, &header, what[0] != '\0', body};
    CHECK(basin_append(basin, STREAM, &in, replied_done, &r, NULL) != NULL);
    replied_run(http, &r, 1);
    CHECK_INT(r.reply.outcome, OUTCOME_OK);
}

static int raw_status;

static void raw_done(void *arg, const struct http_reply *reply)
{
    ++*(int *)arg;
    raw_status = reply->status;
}

static void delete_stream(void)
{
    const char *headers[] = {"s2-basin: " BASIN};
    char url[200];
    struct http_spec spec = {"DELETE", url, headers, 1, NULL, 10000, 65536};
    int calls = 0;

    snprintf(url, sizeof(url), "%s/v1/streams/_bsky2s2%%2Fj", lite.endpoint);
    CHECK(http_start(http, &spec, raw_done, &calls, NULL) != NULL);
    while (calls == 0)
        CHECK(http_wait(http, NULL, 0, 1000, NULL) == 0);
    CHECK_INT(raw_status, 202);
}

static void start(struct instance *in, const char *token)
{
    instance_open(in, basin, token, 1);
    in->http = http;
    in->config.create_basin = true;
    instance_start(in);
    instance_go(in);
    CHECK(checkpoint_ready(in->cp));
    CHECK_STR(in->err.text, "");
}

static void write_one(struct instance *in, int64_t position)
{
    instance_write(in, position);
    CHECK(!in->dead && checkpoint_settled(in->cp));
    CHECK_STR(in->err.text, "");
}

static void test_three_runs(void)
{
    static const char *const tokens[] = {"run-0", "run-1", "run-2"};

    for (int i = 0; i < 3; i++) {
        struct instance in;

        start(&in, tokens[i]);
        CHECK_INT(in.found, i > 0);
        CHECK_INT(in.notes[CHECKPOINT_CREATED], i == 0);
        CHECK_INT(in.begin, i * 100);
        write_one(&in, i * 100 + 50);
        write_one(&in, i * 100 + 100);
        CHECK_INT(tail(), (i + 1) * 4);
        instance_close(&in);
    }
}

static void test_two_at_once(void)
{
    struct instance a, b;

    start(&a, "a");
    write_one(&a, 310);
    start(&b, "b");
    CHECK_INT(b.begin, 310);
    instance_write(&a, 320);
    CHECK(a.dead);
    CHECK_INT(a.err.code, ERR_TAKEN);
    CHECK(strstr(a.err.text, "_bsky2s2/j: another instance took over: host "
                             "here, pid 12, at 2026-") != NULL);
    write_one(&b, 330);
    instance_close(&a);
    instance_close(&b);
}

static void test_appended_to_from_outside(void)
{
    struct instance in;

    append(1000, "fence", SLICE("x"));
    append(3, "", SLICE("garbage"));
    start(&in, "c");
    CHECK_INT(in.begin, 330);
    CHECK(in.foreign == 3);
    append(5, "", SLICE("garbage"));
    write_one(&in, 340);
    CHECK(in.foreign == 8);
    append(1, "fence", SLICE("by hand"));
    instance_write(&in, 350);
    CHECK(in.dead);
    CHECK_INT(in.err.code, ERR_TAKEN);
    CHECK(strstr(in.err.text, "by hand") != NULL);
    instance_close(&in);
}

static void test_trimmed_to_the_tail(void)
{
    uint64_t to = tail() + 1;
    char number[8];
    struct instance in;

    for (size_t i = 0; i < 8; i++)
        number[i] = (char)(to >> (8 * (7 - i)));
    append(1, "trim", (struct slice){number, 8});
    start(&in, "d");
    write_one(&in, 400);
    instance_close(&in);
    start(&in, "e");
    CHECK_INT(in.begin, 400);
    instance_close(&in);
}

static void test_deleted_while_running(void)
{
    struct instance in;

    start(&in, "f");
    write_one(&in, 410);
    delete_stream();
    write_one(&in, 420);
    CHECK_INT(in.notes[CHECKPOINT_LOST], 1);
    CHECK_INT(tail(), 2);
    write_one(&in, 430);
    CHECK_INT(tail(), 3);
    instance_close(&in);
}

int main(void)
{
    struct http_config config = {"test/1", NULL, 16, 0};

    lite_need(&lite);
    lite_start(&lite, NULL);
    http = NEEDED(http_new(&config, NULL));
    basin = NEEDED(lite_basin(&lite, http, BASIN));
    RUN(test_three_runs);
    RUN(test_two_at_once);
    RUN(test_appended_to_from_outside);
    RUN(test_trimmed_to_the_tail);
    RUN(test_deleted_while_running);
    basin_free(basin);
    http_free(http);
    lite_stop(&lite);
    return check_done();
}
