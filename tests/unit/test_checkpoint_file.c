/* Checkpoints in an embedded basin. */
#include "check.h"

#include "checkpointrun.h"
#include "filetest.h"

#define STREAM "_bsky2s2/j"

static struct got got;

static void close_all(struct basin *basin)
{
    basin_free(basin);
    got_clear(&got);
    ft_end();
}

static struct basin *begin(void)
{
    ft_begin();
    return ft_open(ft_path("b"), true);
}

/* The body of the newest record must say this. */
static void check_newest(struct basin *basin, const char *token,
                         int64_t position)
{
    char text[64];

    CHECK_INT(ft_tail(basin, STREAM, &got), OUTCOME_OK);
    CHECK_INT(ft_read(basin, STREAM, got.tail.seq_num - 1, 1, &got),
              OUTCOME_OK);
    CHECK_INT(got.n, 1);
    if (got.n != 1)
        return;
    snprintf(text, sizeof(text), "\"token\":\"%s\"", token);
    CHECK(strstr(got.text[0], text) != NULL);
    snprintf(text, sizeof(text), "\"time_us\":%lld,", (long long)position);
    CHECK(strstr(got.text[0], text) != NULL);
}

static uint64_t tail(struct basin *basin)
{
    CHECK_INT(ft_tail(basin, STREAM, &got), OUTCOME_OK);
    return got.tail.seq_num;
}

/* Append one command. */
static void command(struct basin *basin, const char *what, struct slice body)
{
    struct wire_header header = {.value = slice_str(what)};
    struct wire_record record = {0, 1, &header, 1, body};
    struct wire_append append = {&record, 1, false, 0, NULL};

    CHECK_INT(ft_batch(basin, STREAM, &append, &got), OUTCOME_OK);
}

static void trim(struct basin *basin, uint64_t to)
{
    char number[8];

    for (size_t i = 0; i < 8; i++)
        number[i] = (char)(to >> (8 * (7 - i)));
    command(basin, "trim", (struct slice){number, 8});
}

static void test_three_runs(void)
{
    static const char *const tokens[] = {"run-0", "run-1", "run-2"};
    struct basin *basin;

    ft_begin();
    for (int i = 0; i < 3; i++) {
        struct instance in;

        basin = ft_open(ft_path("b"), true);
        instance_run(&in, basin, tokens[i]);
        CHECK(checkpoint_ready(in.cp));
        CHECK_INT(in.found, i > 0);
        CHECK(!in.lost);
        CHECK_INT(in.begin, i * 100);
        instance_write(&in, i * 100 + 50);
        instance_write(&in, i * 100 + 100);
        CHECK(checkpoint_settled(in.cp) && !in.dead);
        check_newest(basin, tokens[i], i * 100 + 100);
        CHECK_INT(tail(basin), (i + 1) * 4);
        instance_close(&in);
        basin_free(basin);
    }
    close_all(NULL);
}

static void test_two_at_once(void)
{
    struct basin *basin = begin();
    struct instance a, b;

    instance_run(&a, basin, "a");
    instance_write(&a, 10);
    instance_run(&b, basin, "b");
    CHECK_INT(b.begin, 10);
    instance_write(&a, 20);
    CHECK(a.dead);
    CHECK_INT(a.err.code, ERR_TAKEN);
    CHECK(strstr(a.err.text, "another instance took over: host here, pid 12, "
                             "at 2026-07-20T") != NULL);
    instance_write(&b, 30);
    CHECK(!b.dead && checkpoint_settled(b.cp));
    check_newest(basin, "b", 30);
    instance_close(&a);
    instance_close(&b);
    close_all(basin);
}

static void test_thousand_fences(void)
{
    struct basin *basin = begin();
    struct instance in;

    instance_run(&in, basin, "a");
    instance_write(&in, 10);
    instance_close(&in);
    for (int i = 0; i < 1000; i++)
        command(basin, "fence", SLICE("x"));
    instance_run(&in, basin, "b");
    CHECK(checkpoint_ready(in.cp));
    CHECK_INT(in.begin, 10);
    check_newest(basin, "b", 10);
    instance_close(&in);
    close_all(basin);
}

static void test_trimmed_to_the_tail(void)
{
    struct basin *basin = begin();
    struct instance in;

    instance_run(&in, basin, "a");
    instance_write(&in, 10);
    trim(basin, 4);
    instance_write(&in, 20);
    CHECK(!in.dead && checkpoint_settled(in.cp));
    check_newest(basin, "a", 20);
    trim(basin, tail(basin));
    instance_close(&in);
    instance_run(&in, basin, "b");
    CHECK(checkpoint_ready(in.cp) && in.lost && !in.found);
    check_newest(basin, "b", 0);
    instance_close(&in);
    close_all(basin);
}

static void test_appended_to_from_outside(void)
{
    struct basin *basin = begin();
    struct instance in;

    ft_create(basin, STREAM);
    for (int i = 0; i < 20; i++)
        ft_append(basin, STREAM, 1, "garbage", &got);
    instance_run(&in, basin, "a");
    CHECK(checkpoint_ready(in.cp) && in.lost);
    CHECK_INT(in.foreign, 20);
    ft_append(basin, STREAM, 1, "{\"v\":1}", &got);
    trim(basin, 0);
    ft_append(basin, STREAM, 1, "more", &got);
    instance_write(&in, 10);
    CHECK(!in.dead && checkpoint_settled(in.cp));
    CHECK_INT(in.foreign, 22);
    check_newest(basin, "a", 10);
    command(basin, "fence", SLICE(""));
    instance_write(&in, 20);
    CHECK(in.dead);
    CHECK_INT(in.err.code, ERR_TAKEN);
    CHECK(strstr(in.err.text, "the fencing token of") != NULL);
    instance_close(&in);
    close_all(basin);
}

/* By another program, which is the only way to delete one. */
static void test_deleted_while_running(void)
{
    struct basin *basin = begin();
    struct instance in;

    instance_run(&in, basin, "a");
    instance_write(&in, 10);
    ft_sql("DELETE FROM record; DELETE FROM stream");
    instance_write(&in, 20);
    CHECK(!in.dead && checkpoint_settled(in.cp));
    CHECK_INT(in.notes[CHECKPOINT_LOST], 1);
    CHECK_INT(tail(basin), 2);
    check_newest(basin, "a", 20);
    instance_close(&in);
    close_all(basin);
}

static void test_trims(void)
{
    struct basin *basin = begin();
    struct instance in;
    const uint64_t n = 3 * CHECKPOINT_KEEP;

    instance_run(&in, basin, "a");
    for (uint64_t i = 1; i <= n; i++)
        instance_write(&in, (int64_t)i);
    CHECK(!in.dead && checkpoint_settled(in.cp));
    CHECK_INT(ft_read(basin, STREAM, 0, 1, &got), OUTCOME_OK);
    CHECK(got.n == 1 && got.seq[0] > n - 2 * CHECKPOINT_KEEP);
    CHECK(got.n == 1 && got.seq[0] <= n - CHECKPOINT_KEEP + 10);
    check_newest(basin, "a", (int64_t)n);
    instance_close(&in);
    close_all(basin);
}

int main(void)
{
    RUN(test_three_runs);
    RUN(test_two_at_once);
    RUN(test_thousand_fences);
    RUN(test_trimmed_to_the_tail);
    RUN(test_appended_to_from_outside);
    RUN(test_deleted_while_running);
    RUN(test_trims);
    return check_done();
}
