/* The embedded basin: waiting at the tail, cancelling, retention; all of it
 * on a clock that the test turns. */
#include "filetest.h"

static struct got got;
static struct basin *b;
static int64_t wall_us;

static int64_t test_wall(void)
{
    return wall_us;
}

static struct basin *open_with(int64_t retention_ms)
{
    struct file_config config = {ft_path("b"), true, retention_ms, test_wall};
    struct err err = ERR_INIT;
    struct basin *basin = file_open(&config, &err);

    CHECK_STR(err.text, "");
    return basin;
}

static void begin(void)
{
    ft_begin();
    b = open_with(0);
    ft_create(b, "s");
    ft_append(b, "s", 5, "zero", &got);
    got_clear(&got);
}

static void end(void)
{
    got_clear(&got);
    basin_free(b);
    ft_end();
}

/* A session at the tail, which has said once that it is alive. */
static struct basin_op *wait_at_tail(struct basin *basin, int64_t *next)
{
    struct wire_read read = {false, 1, 0};
    struct basin_op *op;

    got_clear(&got);
    op = basin_follow(basin, "s", &read, got_it, &got, NULL);
    *next = basin_run(basin, 0);
    CHECK_INT(got.calls, 1);
    CHECK_INT(got.n, 0);
    CHECK(*next > 0 && *next <= 100);
    got_clear(&got);
    return op;
}

static void test_idle(void)
{
    begin();
    CHECK_INT(basin_run(b, 7), LOOP_NEVER);
    end();
}

/* Another connection's append is seen at the next poll. */
static void test_append_of_another_wakes(void)
{
    struct basin *reader;
    struct got other = {0};
    int64_t at;

    begin();
    reader = ft_open(ft_path("b"), false);
    wait_at_tail(reader, &at);
    ft_append(b, "s", 9, "one", &other);
    basin_run(reader, at - 1);
    CHECK_INT(got.calls, 0);
    CHECK_INT(basin_run(reader, at), at);
    CHECK_INT(got.calls, 1);
    CHECK_STR(got.text[0], "one");
    basin_free(reader);
    end();
}

/* So far behind that nobody scans what is new: all look for themselves. */
static void test_a_flood_wakes(void)
{
    static struct wire_record records[1000];
    struct wire_append append = {records, 1000, false, 0, NULL};
    struct basin *reader;
    struct got other = {0};
    int64_t at;

    begin();
    reader = ft_open(ft_path("b"), false);
    wait_at_tail(reader, &at);
    for (int i = 0; i < 25; i++)
        CHECK_INT(ft_batch(b, "s", &append, &other), OUTCOME_OK);
    basin_run(reader, at);
    CHECK_INT(got.n, 1000);
    CHECK_INT(got.tail.seq_num, 25001);
    basin_free(reader);
    end();
}

static void test_cancel(void)
{
    struct wire_record record = {0, 1, NULL, 0, SLICE("x")};
    struct wire_append append = {&record, 1, false, 0, NULL};
    struct got queued = {0};
    struct basin_op *op;
    int64_t at;

    begin();
    op = wait_at_tail(b, &at);
    basin_cancel(b, op);
    basin_cancel(b, NULL);
    CHECK_INT(basin_run(b, 1000), LOOP_NEVER);
    CHECK_INT(got.calls, 0);
    op = basin_append(b, "s", &append, got_it, &queued, NULL);
    CHECK_INT(basin_run(b, 1000), LOOP_NEVER);
    CHECK_INT(queued.calls, 1);
    op = basin_append(b, "s", &append, got_it, &queued, NULL);
    basin_cancel(b, op);
    basin_run(b, 1000);
    CHECK_INT(queued.calls, 1);
    end();
}

/* A callback that cancels what it is told of and starts one thing. */
struct plan {
    int calls;
    struct basin_op *victim[2];
};

static void cancel_others(void *arg, const struct basin_reply *reply)
{
    struct plan *plan = arg;

    plan->calls += reply->outcome == OUTCOME_OK;
    for (int i = 0; i < 2; i++) {
        basin_cancel(b, plan->victim[i]);
        plan->victim[i] = NULL;
    }
    basin_tail(b, "s", got_it, &got, NULL);
}

static void test_callbacks_start_and_cancel(void)
{
    struct wire_record record = {0, 1, NULL, 0, SLICE("x")};
    struct wire_append append = {&record, 1, false, 0, NULL};
    struct wire_read read = {false, 0, 10};
    struct plan plan = {0, {NULL, NULL}};

    begin();
    basin_append(b, "s", &append, cancel_others, &plan, NULL);
    plan.victim[0] = basin_append(b, "s", &append, got_it, &got, NULL);
    plan.victim[1] = basin_read(b, "s", &read, got_it, &got, NULL);
    CHECK_INT(basin_run(b, 77), 77);
    CHECK_INT(plan.calls, 1);
    CHECK_INT(got.calls, 0);
    CHECK_INT(basin_run(b, 78), LOOP_NEVER);
    CHECK_INT(got.calls, 1);
    CHECK_INT(got.tail.seq_num, 3);
    end();
}

static void test_free_cancels(void)
{
    int64_t at;

    begin();
    wait_at_tail(b, &at);
    basin_tail(b, "s", got_it, &got, NULL);
    basin_free(b);
    CHECK_INT(got.calls, 0);
    b = open_with(0);
    end();
}

static void test_retention(void)
{
    struct got other = {0};

    ft_begin();
    wall_us = INT64_C(1000000) * 1000;
    b = open_with(60000);
    ft_create(b, "s");
    ft_append(b, "s", UINT64_C(1) << 50, "old", &other);
    wall_us += INT64_C(30000) * 1000;
    ft_append(b, "s", 0, "young", &other);
    wall_us += INT64_C(30000) * 1000;
    basin_run(b, 1000000);
    ft_read(b, "s", 0, 1000, &got);
    CHECK_INT(got.n, 2);
    wall_us += 1000;
    basin_run(b, 2000000);
    CHECK_INT(ft_read(b, "s", 0, 1000, &got), OUTCOME_OK);
    CHECK_INT(got.n, 1);
    CHECK_INT(got.seq[0], 1);
    CHECK_STR(got.text[0], "young");
    end();
}

/* All gone: numbers go on, reads below the tail find nothing. */
static void test_wholly_trimmed(void)
{
    struct got other = {0};

    ft_begin();
    wall_us = INT64_C(1000000) * 1000;
    b = open_with(60000);
    ft_create(b, "s");
    ft_append(b, "s", 8, "a", &other);
    ft_append(b, "s", 9, "b", &other);
    wall_us += INT64_C(61000) * 1000;
    basin_run(b, 1000000);
    CHECK_INT(ft_read(b, "s", 0, 1000, &got), OUTCOME_OK);
    CHECK_INT(got.n, 0);
    CHECK_INT(got.tail.seq_num, 2);
    CHECK_INT(ft_read(b, "s", 2, 1000, &got), OUTCOME_UNWRITTEN);
    CHECK_INT(ft_read_time(b, "s", 9, &got), OUTCOME_OK);
    CHECK_INT(got.n, 0);
    CHECK_INT(ft_append(b, "s", 1, "c", &got), OUTCOME_OK);
    CHECK_INT(got.start, 2);
    CHECK_INT(got.tail.timestamp, 9);
    CHECK_INT(ft_read(b, "s", 0, 1000, &got), OUTCOME_OK);
    CHECK_INT(got.seq[0], 2);
    end();
}

/* Many old records go in steps, and basin_run says when. */
static void test_retention_in_steps(void)
{
    static struct wire_record records[1000];
    struct wire_append append = {records, 1000, false, 0, NULL};
    int64_t at = 0, last = 0;
    int steps = 0;

    ft_begin();
    wall_us = INT64_C(1000000) * 1000;
    b = open_with(1000);
    ft_create(b, "s");
    for (int i = 0; i < 5; i++)
        ft_batch(b, "s", &append, &got);
    wall_us += INT64_C(5000) * 1000;
    ft_append(b, "s", 1, "stays", &got);
    for (at = 100000; at - last < 5000 || steps == 0; steps++) {
        last = at;
        at = basin_run(b, at);
        CHECK(at > last && at < last + 70000);
    }
    CHECK(steps >= 5 && steps <= 7);
    CHECK_INT(ft_read(b, "s", 0, 1000, &got), OUTCOME_OK);
    CHECK_INT(got.n, 1);
    CHECK_STR(got.text[0], "stays");
    end();
}

int main(void)
{
    RUN(test_idle);
    RUN(test_append_of_another_wakes);
    RUN(test_a_flood_wakes);
    RUN(test_cancel);
    RUN(test_callbacks_start_and_cancel);
    RUN(test_free_cancels);
    RUN(test_retention);
    RUN(test_wholly_trimmed);
    RUN(test_retention_in_steps);
    return check_done();
}
