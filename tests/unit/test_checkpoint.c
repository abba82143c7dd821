/* The checkpoints of a job by itself: their beginning, rhythm and end. */
#include "check.h"

#include "checkpointscene.h"

static void test_new_stream(void)
{
    begin();
    fake.exists = false;
    start("me");
    check_ready();
    CHECK_INT(in.begins, 1);
    CHECK(!in.found && !in.lost);
    CHECK_INT(fake.n, 2);
    CHECK_STR(fake.fence, "me");
    CHECK_STR(fake.records[0].command, "fence");
    CHECK_STR(fake.records[0].body, "me");
    CHECK_INT(in.written, 1);
    CHECK_INT(fake.records[0].date, WALL_MS);
    CHECK_INT(fake.records[1].date, WALL_MS);
    check_newest("me", 0);
    end();
}

static void test_goes_on_from_the_newest(void)
{
    begin();
    fake_checkpoint(&fake, "old", "a", 10, true);
    fake_checkpoint(&fake, "old", "b", 20, false);
    start("me");
    check_ready();
    CHECK(in.found && !in.lost);
    CHECK_STR(in.found_host, "b");
    CHECK_INT(in.begin, 20);
    check_newest("me", 20);
    end();
}

static void test_begin_refuses(void)
{
    begin();
    instance_open(&in, &fake.head, "me", 1);
    in.refuse = true;
    instance_start(&in);
    instance_go(&in);
    check_dead(ERR_CONFIG, "other settings");
    CHECK_INT(fake.appends, 0);
    CHECK(checkpoint_settled(in.cp));
    end();
}

static void test_missing_basin(void)
{
    begin();
    fake.no_basin = true;
    start("me");
    check_dead(ERR_CONFIG, "--create-basin");
    end();

    begin();
    fake.no_basin = true;
    instance_open(&in, &fake.head, "me", 1);
    in.config.create_basin = true;
    instance_start(&in);
    instance_go(&in);
    check_ready();
    CHECK_INT(in.notes[CHECKPOINT_CREATED], 1);
    end();
}

/* One every five seconds when it moves, one an hour when it does not. */
static void test_rhythm(void)
{
    begin();
    start("me");
    in.now = 4999;
    instance_put(&in, 1);
    instance_step(&in);
    CHECK_INT(in.next, 5000);
    CHECK_INT(fake.n, 2);
    in.now = 5000;
    instance_step(&in);
    CHECK_INT(fake.n, 3);
    instance_step(&in);
    CHECK_INT(in.next, 5000 + CHECKPOINT_STILL_MS);
    instance_put(&in, 2);
    instance_step(&in);
    CHECK_INT(in.next, 10000);
    instance_put(&in, 3);
    in.now = 10001;
    instance_step(&in);
    CHECK_INT(fake.n, 4);
    check_newest("me", 3);
    in.now = 10001 + CHECKPOINT_STILL_MS;
    instance_step(&in);
    CHECK_INT(fake.n, 5);
    CHECK_INT(in.notes[CHECKPOINT_WRITTEN], 4);
    end();
}

static void test_flush(void)
{
    begin();
    start("me");
    checkpoint_flush(in.cp);
    CHECK(checkpoint_settled(in.cp));
    instance_put(&in, 5);
    checkpoint_flush(in.cp);
    CHECK(!checkpoint_settled(in.cp));
    instance_put(&in, 6);
    instance_go(&in);
    CHECK(checkpoint_settled(in.cp));
    CHECK_INT(fake.n, 3);
    check_newest("me", 5);
    checkpoint_flush(in.cp);
    checkpoint_flush(in.cp);
    instance_go(&in);
    check_newest("me", 6);
    CHECK_INT(fake.n, 4);
    checkpoint_flush(in.cp);
    CHECK(checkpoint_settled(in.cp));
    end();
}

/* What is flushed while another is in flight comes after it. */
static void test_flush_in_flight(void)
{
    int64_t next;

    begin();
    start("me");
    instance_put(&in, 5);
    in.now = 6000;
    CHECK_INT(checkpoint_run(in.cp, in.now, WALL_MS, &next, NULL), 0);
    instance_put(&in, 6);
    checkpoint_flush(in.cp);
    instance_put(&in, 7);
    instance_go(&in);
    CHECK_INT(fake.n, 4);
    CHECK(strstr(fake.records[2].body, "\"time_us\":5,") != NULL);
    check_newest("me", 6);
    end();
}

static void test_put_of_a_long_url(void)
{
    static char url[CHECKPOINT_URL_MAX + 2];
    struct checkpoint_at at = {9, 9, -1, -1, url};

    begin();
    start("me");
    memset(url, 'u', sizeof(url) - 1);
    checkpoint_put(in.cp, &at);
    checkpoint_flush(in.cp);
    CHECK(checkpoint_settled(in.cp));
    url[CHECKPOINT_URL_MAX] = '\0';
    checkpoint_put(in.cp, &at);
    checkpoint_flush(in.cp);
    instance_go(&in);
    check_newest("me", 9);
    end();
}

static void test_trims(void)
{
    uint64_t before = 0;
    int trims = 0;

    begin();
    start("me");
    for (int i = 1; i <= 6 * CHECKPOINT_KEEP; i++) {
        before = fake.n;
        instance_write(&in, i);
        check_ready();
        if (fake.n == before + 1)
            continue;
        trims++;
        CHECK_STR(fake.records[before + 1].command, "trim");
        CHECK_INT(fake.first, before - CHECKPOINT_KEEP);
        CHECK(trims > 1 || before == 2 * CHECKPOINT_KEEP);
    }
    CHECK_INT(trims, 5);
    check_newest("me", 6 * CHECKPOINT_KEEP);
    fake_delete(&fake);
    for (int i = 1; fake.n < 2 * CHECKPOINT_KEEP; i++)
        instance_write(&in, 6 * CHECKPOINT_KEEP + i);
    CHECK_INT(fake.first, 0);
    instance_write(&in, 9 * CHECKPOINT_KEEP);
    CHECK_INT(fake.first, CHECKPOINT_KEEP);
    instance_close(&in);
    start("you");
    check_ready();
    CHECK_INT(in.begin, 9 * CHECKPOINT_KEEP);
    end();
}

/* Freed at any moment, with or without something in flight. */
static void test_freed_any_time(void)
{
    for (int steps = 0; steps < 12; steps++) {
        int64_t next;

        begin();
        fake_checkpoint(&fake, "old", "a", 30, true);
        instance_open(&in, &fake.head, "me", 1);
        instance_start(&in);
        for (int i = 0; i < steps; i++) {
            if (checkpoint_ready(in.cp)) {
                instance_put(&in, 30 + i);
                checkpoint_flush(in.cp);
            }
            if (i % 2 == 0)
                checkpoint_run(in.cp, 0, WALL_MS, &next, NULL);
            else
                basin_run(&fake.head, 0);
        }
        end();
    }
    checkpoint_free(NULL);
}

static void test_host_is_made_readable(void)
{
    char host[300];

    begin();
    instance_open(&in, &fake.head, "me", 1);
    memset(host, 'h', sizeof(host));
    memcpy(host, "a\nb\xff", 4);
    host[sizeof(host) - 1] = '\0';
    in.config.host = host;
    instance_start(&in);
    instance_go(&in);
    check_newest("me", 0);
    instance_close(&in);
    start("you");
    CHECK(in.found);
    CHECK(strncmp(in.found_host, "a?b?hh", 6) == 0);
    end();
}

int main(void)
{
    RUN(test_new_stream);
    RUN(test_goes_on_from_the_newest);
    RUN(test_begin_refuses);
    RUN(test_missing_basin);
    RUN(test_rhythm);
    RUN(test_flush);
    RUN(test_flush_in_flight);
    RUN(test_put_of_a_long_url);
    RUN(test_trims);
    RUN(test_freed_any_time);
    RUN(test_host_is_made_readable);
    return check_done();
}
