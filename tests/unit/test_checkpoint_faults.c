/* Checkpoints in a basin that loses requests, answers and records. */
#include "check.h"

#include "checkpointscene.h"

static void test_retry_budget(void)
{
    begin();
    fake.percent = 200;
    instance_open(&in, &fake.head, "me", 1);
    in.config.retry_for = 60000;
    instance_start(&in);
    instance_go(&in);
    check_dead(ERR_UNAVAILABLE, "given up: no answer");
    CHECK(in.notes[CHECKPOINT_RETRY] > 0);
    end();
}

static void test_recovers(void)
{
    begin();
    fake.reads = REFUSED;
    start("me");
    check_ready();
    CHECK_INT(in.notes[CHECKPOINT_RETRY], 1);
    CHECK_INT(in.notes[CHECKPOINT_RECOVERED], 1);
    CHECK_INT(in.fails, 1);
    end();
}

/* Whatever happens to the fence or to a later write: it is there once. */
static void test_each_fault(void)
{
    static const enum fault faults[] = {REFUSED, LOST,    DROPPED,
                                        LATE,    GARBAGE, COMMAND};

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        int checkpoints = 0;

        begin();
        fake_checkpoint(&fake, "old", "a", 30, true);
        fake.script = faults[i];
        start("me");
        check_ready();
        CHECK_INT(in.begin, 30);
        check_newest("me", 30);
        fake.script = faults[i];
        instance_write(&in, 40);
        check_ready();
        check_newest("me", 40);
        for (int j = 0; j < 20; j++)
            basin_run(&fake.head, 0);
        instance_write(&in, 50);
        check_ready();
        check_newest("me", 50);
        for (uint64_t j = 0; j < fake.n; j++)
            checkpoints += strstr(fake.records[j].body, "\"me\"") != NULL;
        CHECK_INT(checkpoints, 3);
        CHECK_INT(in.notes[CHECKPOINT_WRITTEN], 3);
        CHECK_INT(fake.seen[faults[i]], 2);
        end();
    }
}

static void test_fence_ack_lost(void)
{
    begin();
    fake.script = DROPPED;
    start("me");
    check_ready();
    CHECK_INT(in.begins, 1);
    CHECK_INT(fake.n, 2);
    CHECK_INT(in.written, 1);
    CHECK_INT(in.notes[CHECKPOINT_WRITTEN], 1);
    end();
}

/* The first copy lands behind its retry, and changes nothing. */
static void test_first_copy_after_retry(void)
{
    begin();
    start("me");
    fake.script = LATE;
    instance_write(&in, 40);
    CHECK_INT(fake.n, 3);
    CHECK(fake.ops != NULL);
    for (int i = 0; i < 20; i++)
        basin_run(&fake.head, 0);
    CHECK(fake.ops == NULL);
    CHECK_INT(fake.n, 3);
    instance_write(&in, 41);
    check_ready();
    end();
}

/* A retry is the same bytes, the date included. */
static void test_retry_is_the_same(void)
{
    begin();
    start("me");
    instance_put(&in, 40);
    checkpoint_flush(in.cp);
    fake.script = REFUSED;
    instance_step(&in);
    instance_put(&in, 41);
    in.now += 100000;
    instance_go(&in);
    CHECK_INT(fake.n, 3);
    CHECK(strstr(fake.records[2].body, "\"time_us\":40,") != NULL);
    CHECK_INT(fake.records[2].date, WALL_MS);
    end();
}

static void test_trimmed_while_running(void)
{
    begin();
    start("me");
    instance_write(&in, 50);
    fake_trim(&fake, 3);
    fake.first = fake.n;
    instance_write(&in, 60);
    check_ready();
    CHECK_INT(in.notes[CHECKPOINT_LOST], 0);
    check_newest("me", 60);
    end();
}

static void test_deleted_while_running(void)
{
    begin();
    start("me");
    instance_write(&in, 50);
    fake_delete(&fake);
    instance_put(&in, 60);
    in.now += 5000;
    instance_step(&in);
    instance_go(&in);
    check_ready();
    CHECK_INT(in.notes[CHECKPOINT_LOST], 1);
    CHECK_INT(in.begins, 1);
    CHECK_INT(fake.n, 2);
    CHECK_STR(fake.fence, "me");
    check_newest("me", 60);
    end();
}

/* The store forgets the newest records: with our fence, without it, and all
 * but a few of whom we came after. */
static void test_lost_records(void)
{
    for (uint64_t keep = 0; keep < 9; keep++) {
        begin();
        for (int i = 0; i < 5; i++)
            fake_checkpoint(&fake, "old", "a", 30 + i, i == 0);
        start("me");
        instance_write(&in, 50);
        instance_write(&in, 60);
        CHECK_INT(fake.n, 10);
        fake_cut(&fake, keep);
        instance_write(&in, 70);
        check_ready();
        CHECK_INT(in.notes[CHECKPOINT_LOST], 1);
        CHECK_INT(in.notes[CHECKPOINT_WRITTEN], 4);
        CHECK_STR(fake.fence, "me");
        check_newest("me", 70);
        end();
    }
}

/* When the only request there is arrives, which nobody waits for. */
static void arrives_in(int runs)
{
    CHECK(fake.ops != NULL && fake.ops->next == NULL && fake.ops->late > 0);
    if (fake.ops != NULL)
        fake.ops->late = runs;
}

/* What was written before the stream was deleted lands in the new one, at the
 * very number that the next write names. */
static void test_straggler(void)
{
    begin();
    start("me");
    fake.script = LATE;
    instance_put(&in, 40);
    checkpoint_flush(in.cp);
    instance_step(&in);
    arrives_in(1000);
    fake_delete(&fake);
    instance_go(&in);
    check_ready();
    CHECK_INT(fake.n, 2);
    arrives_in(1);
    basin_run(&fake.head, 0);
    CHECK_INT(fake.n, 3);
    instance_write(&in, 50);
    check_ready();
    CHECK_INT(fake.n, 4);
    check_newest("me", 50);
    end();
}

/* What was flushed and stood is written again when it is lost. */
static void test_lost_flush(void)
{
    begin();
    start("me");
    instance_write(&in, 50);
    instance_write(&in, 60);
    fake_cut(&fake, 3);
    in.now += CHECKPOINT_STILL_MS + 5000;
    instance_step(&in);
    instance_go(&in);
    check_ready();
    CHECK(checkpoint_settled(in.cp));
    check_newest("me", 60);
    end();
}

/* Between the page that is asked for and its answer the stream shrinks. */
static void test_shrinks_while_read(void)
{
    int64_t next;

    begin();
    for (int i = 0; i < 30; i++)
        fake_store_text(&fake, "garbage");
    instance_open(&in, &fake.head, "me", 1);
    instance_start(&in);
    for (int i = 0; i < 2; i++)
        instance_step(&in);
    checkpoint_run(in.cp, in.now, WALL_MS, &next, NULL);
    CHECK(fake.ops != NULL && fake.ops->kind == READ);
    fake_cut(&fake, 3);
    instance_go(&in);
    check_ready();
    CHECK_INT(fake.n, 5);
    end();

    begin();
    start("me");
    for (int i = 0; i < 30; i++)
        fake_store_text(&fake, "garbage");
    instance_put(&in, 40);
    checkpoint_flush(in.cp);
    instance_step(&in);
    checkpoint_run(in.cp, in.now, WALL_MS, &next, NULL);
    CHECK(fake.ops != NULL && fake.ops->kind == READ);
    fake_cut(&fake, 1);
    instance_go(&in);
    check_ready();
    CHECK_INT(in.notes[CHECKPOINT_LOST], 1);
    check_newest("me", 40);
    end();
}

/* Answers that no basin may give. */
static void test_nonsense(void)
{
    static const enum outcome outcomes[] = {OUTCOME_MISMATCH, OUTCOME_FENCED,
                                            OUTCOME_FAILED};

    for (size_t i = 0; i < 3; i++) {
        struct basin_reply reply = {.outcome = outcomes[i],
                                    .err = {ERR_PROTOCOL, "nonsense"}};
        int64_t next;

        begin();
        instance_open(&in, &fake.head, "me", 1);
        instance_start(&in);
        CHECK_INT(checkpoint_run(in.cp, 0, WALL_MS, &next, NULL), 0);
        CHECK(fake.ops != NULL);
        fake.ops->done(fake.ops->arg, &reply);
        fake_end(&fake);
        instance_step(&in);
        check_dead(ERR_PROTOCOL, "_bsky2s2/j: ");
        end();
    }
}

int main(void)
{
    RUN(test_retry_budget);
    RUN(test_recovers);
    RUN(test_each_fault);
    RUN(test_fence_ack_lost);
    RUN(test_first_copy_after_retry);
    RUN(test_retry_is_the_same);
    RUN(test_trimmed_while_running);
    RUN(test_deleted_while_running);
    RUN(test_lost_records);
    RUN(test_straggler);
    RUN(test_lost_flush);
    RUN(test_shrinks_while_read);
    RUN(test_nonsense);
    return check_done();
}
