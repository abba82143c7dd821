/* Others who take a job over, or append where its checkpoints are. */
#include "check.h"

#include "checkpointscene.h"

static void test_other_instance_takes_over(void)
{
    begin();
    start("me");
    fake_checkpoint(&fake, "you", "there\x1b[2J\xe2\x80\xae", 0, true);
    instance_write(&in, 50);
    check_dead(ERR_TAKEN, "the fence is 'you'");
    CHECK_INT(in.foreign, 1); /* with such a host it is no checkpoint */
    end();

    begin();
    start("me");
    fake_other(&fake);
    fake_other(&fake);
    instance_write(&in, 50);
    check_dead(ERR_TAKEN,
               "_bsky2s2/j: another instance took over: host elsewhere, pid "
               "4711, at 2026-07-14T03:33:20.000000+00:00");
    check_newest("other-1", 0);
    end();
}

static void test_names_are_scrubbed(void)
{
    begin();
    start("me");
    fake_checkpoint(&fake, "you", "evil\xe2\x80\xaehost", 0, true);
    instance_write(&in, 50);
    check_dead(ERR_TAKEN, "host evil?host, pid 4711");
    end();
}

static void test_fenced_by_hand(void)
{
    begin();
    start("me");
    fake_store(&fake, "fence", SLICE("by hand"), 1);
    instance_write(&in, 50);
    check_dead(ERR_TAKEN, "the fence is 'by hand'");
    CHECK(!checkpoint_settled(in.cp));
    end();
}

/* A checkpoint of another instance, put there without its fence. */
static void test_foreign_checkpoint(void)
{
    begin();
    start("me");
    fake_checkpoint(&fake, "you", "elsewhere", 0, false);
    instance_write(&in, 50);
    check_dead(ERR_TAKEN, "another instance took over: host elsewhere");
    end();
}

static void test_garbage_while_running(void)
{
    begin();
    start("me");
    for (int i = 0; i < 2500; i++)
        fake_store_text(&fake, "garbage");
    fake_trim(&fake, 0);
    fake.page_max = 700;
    instance_write(&in, 50);
    check_ready();
    CHECK_INT(in.foreign, 2500);
    check_newest("me", 50);
    end();
}

/* Deleted while running, and recreated by another instance, or by hand. */
static void test_deleted_and_taken(void)
{
    for (int i = 0; i < 3; i++) {
        begin();
        start("me");
        fake_delete(&fake);
        fake.exists = true;
        if (i > 0)
            fake_other(&fake);
        for (int j = 0; i > 1 && j < 10; j++)
            fake_store_text(&fake, "garbage");
        instance_write(&in, 50);
        if (i == 0)
            check_ready();
        else
            check_dead(ERR_TAKEN, "the fence is 'other-0'");
        end();
    }
    begin();
    start("me");
    instance_write(&in, 40);
    fake_delete(&fake);
    fake.exists = true;
    fake_other(&fake);
    instance_write(&in, 50);
    check_dead(ERR_TAKEN, "another instance took over: host elsewhere");
    CHECK_INT(in.notes[CHECKPOINT_LOST], 1);
    end();
}

static void test_fenced_and_then_deleted(void)
{
    begin();
    start("me");
    fake_store(&fake, "fence", SLICE("x"), 1);
    instance_put(&in, 40);
    checkpoint_flush(in.cp);
    instance_step(&in);
    CHECK(!checkpoint_ready(in.cp) && !checkpoint_settled(in.cp));
    fake_delete(&fake);
    for (int i = 0; i < 50 && !fake.exists; i++) {
        instance_step(&in);
        in.now += 100;
    }
    fake_store(&fake, "fence", SLICE("y"), 1);
    fake_store_text(&fake, "garbage");
    instance_go(&in);
    check_dead(ERR_TAKEN, "the fence is 'y'");
    end();
}

/* Others are quicker with their fence: five times is too much. */
static void test_always_late(void)
{
    begin();
    instance_open(&in, &fake.head, "me", 1);
    instance_start(&in);
    fake.percent = 100;
    fake.faults = 1U << OTHER;
    for (int i = 0; i < 500 && !in.dead; i++) {
        fake.percent = in.now == 0 && i < 2 ? 0 : 100;
        instance_step(&in);
        in.now += 50;
    }
    check_dead(ERR_TAKEN, "again and again: host elsewhere, pid 4711, at 2026");
    CHECK_INT(fake.others, 5);
    CHECK_INT(in.begins, 5);
    end();
}

static void test_late_four_times(void)
{
    begin();
    instance_open(&in, &fake.head, "me", 1);
    instance_start(&in);
    for (int i = 0; i < 500 && !checkpoint_ready(in.cp); i++) {
        fake.script = fake.others < 4 ? OTHER : NO_FAULT;
        instance_step(&in);
        in.now += 50;
    }
    check_ready();
    CHECK_INT(in.begins, 5);
    end();
}

static void test_always_garbage(void)
{
    begin();
    instance_open(&in, &fake.head, "me", 1);
    instance_start(&in);
    for (int i = 0; i < 500 && !in.dead; i++) {
        fake.script = GARBAGE;
        instance_step(&in);
        in.now += 50;
    }
    check_dead(ERR_TAKEN, "somebody else appends to it again and again");
    end();
}

static void test_two_at_once(void)
{
    static struct instance two;
    int ready;

    begin();
    instance_open(&in, &fake.head, "me", 1);
    instance_open(&two, &fake.head, "you", 2);
    instance_start(&in);
    instance_start(&two);
    for (int i = 0; i < 200; i++) {
        int64_t next;

        checkpoint_run(in.cp, i * 20, WALL_MS, &next, NULL);
        checkpoint_run(two.cp, i * 20, WALL_MS, &next, NULL);
        basin_run(&fake.head, i * 20);
    }
    CHECK(checkpoint_ready(in.cp) && checkpoint_ready(two.cp));
    CHECK_INT(in.begins + two.begins, 3);
    in.now = 5000;
    two.now = 5000;
    instance_write(&in, 50);
    instance_write(&two, 50);
    ready = checkpoint_ready(in.cp) + checkpoint_ready(two.cp);
    CHECK_INT(ready, 1);
    CHECK(in.dead != two.dead);
    CHECK_INT((in.dead ? &in : &two)->err.code, ERR_TAKEN);
    instance_close(&two);
    end();
}

int main(void)
{
    RUN(test_other_instance_takes_over);
    RUN(test_names_are_scrubbed);
    RUN(test_fenced_by_hand);
    RUN(test_foreign_checkpoint);
    RUN(test_garbage_while_running);
    RUN(test_deleted_and_taken);
    RUN(test_fenced_and_then_deleted);
    RUN(test_always_late);
    RUN(test_late_four_times);
    RUN(test_always_garbage);
    RUN(test_two_at_once);
    return check_done();
}
