/* Following that is paused while the caller's output is stuck. */
#include "followscene.h"

static void pause_for(int64_t ms)
{
    int64_t next = 0;

    follow_pause(fake.follow, true);
    fake_run(&fake.head, fake.now);
    CHECK(fake.ops == NULL);
    CHECK_INT(fake.requests, 0);
    for (int i = 0; i < 10; i++) {
        fake.now += ms / 10;
        CHECK(!follow_answered(fake.follow));
        CHECK_INT(follow_run(fake.follow, fake.now, &next, NULL), 0);
        CHECK(next == LOOP_NEVER);
        CHECK(fake.ops == NULL);
    }
    follow_pause(fake.follow, false);
    CHECK(follow_answered(fake.follow));
}

static void test_live(void)
{
    struct stream *s;

    begin(2);
    s = add_records(0, 50);
    start_and_run(1000);
    add_records(0, 150);
    pause_for(100000);
    CHECK(!told(&fake, 0)->stale && !told(&fake, 1)->stale);
    CHECK_INT(told(&fake, 0)->next_seq, 50);
    run_for(&fake, 1000);
    CHECK_INT(s->got, 200);
    CHECK_INT(s->tails, 2);
    CHECK_INT(s->sessions, 2);
    CHECK_INT(told(&fake, 0)->missing, 0);
    CHECK(!told(&fake, 0)->stale && !told(&fake, 1)->stale);
    CHECK_INT(fake.notes[FOLLOW_RETRY], 0);
    CHECK_INT(fake.notes[FOLLOW_FOUND], 2);
    fake_release(&fake);
}

/* Neither failures nor their pauses age meanwhile. */
static void test_failing(void)
{
    struct stream *s;

    begin(1);
    config.retry_for = 60000;
    s = add_records(0, 50);
    s->fails = 1000000;
    s->fail = OUTCOME_RETRY;
    fake.list_fails = 1;
    fake.list_fail = OUTCOME_RETRY;
    start_and_run(30000);
    CHECK(told(&fake, 0)->stale);
    pause_for(1000000);
    CHECK(!told(&fake, 0)->stale);
    run_for(&fake, 15000);
    CHECK(!told(&fake, 0)->stale);
    run_for(&fake, 10000);
    CHECK(told(&fake, 0)->stale);
    s->fails = 0;
    run_for(&fake, 35000);
    CHECK_INT(s->got, 50);
    CHECK_INT(fake.notes[FOLLOW_RECOVERED], 2);
    fake_release(&fake);
}

/* The caller owes a word on a page, gives it while paused or after. */
static void test_credit(void)
{
    for (int i = 0; i < 2; i++) {
        struct stream *s;

        begin(1);
        fake.more_percent = 0;
        fake.whole_pages = true;
        s = add_records(0, 250);
        start_and_run(1000);
        CHECK_INT(s->got, 100);
        follow_pause(fake.follow, true);
        if (i == 0) {
            s->owes = false;
            follow_more(fake.follow, 0);
        }
        pause_for(1000);
        run_for(&fake, 1000);
        CHECK_INT(s->got, i == 0 ? 200 : 100);
        s->owes = false;
        follow_more(fake.follow, 0);
        run_for(&fake, 1000);
        CHECK_INT(s->got, i == 0 ? 250 : 200);
        fake_release(&fake);
    }
}

/* Twice the same, before the first list, and what is over stays so. */
static void test_odd_times(void)
{
    begin(2);
    add_records(0, 250);
    fake_start(&fake, &config);
    follow_pause(fake.follow, false);
    pause_for(1000);
    follow_pause(fake.follow, true);
    follow_pause(fake.follow, true);
    pause_for(1000);
    run_for(&fake, 1000);
    CHECK_INT(fake.streams[0].got, 250);
    fake.streams[1].exists = false;
    run_for(&fake, 1000);
    pause_for(1000);
    run_for(&fake, 1000);
    CHECK_INT(fake.notes[FOLLOW_GONE], 1);
    CHECK_INT(told(&fake, 1)->state, FOLLOW_DELETED);
    fake_release(&fake);
}

/* At any moment of anything: all comes, in order and once. */
static void run_seed(uint64_t seed)
{
    fake_init(&fake, seed, 25);
    config = fake_config(&fake);
    config.page = 1 + pick(&fake, 60);
    config.once = chance(&fake, 30);
    fake.fault_percent = pick(&fake, 10);
    fake.list_page = 1 + pick(&fake, 30);
    for (size_t i = 0; i < 25; i++)
        fake.streams[i].n = pick(&fake, 400);
    fake_start(&fake, &config);
    for (int i = 0; i < 400; i++) {
        CHECK_INT(turn(&fake, NULL), 0);
        fake.streams[pick(&fake, 25)].n += pick(&fake, 9);
        if (chance(&fake, 10))
            pause_for(1 + pick(&fake, 3000));
    }
    fake.fault_percent = 0;
    run_for(&fake, 100000);
    for (size_t i = 0; i < 25; i++) {
        const struct stream *s = &fake.streams[i];

        if (config.once)
            CHECK(follow_done(fake.follow) && s->want >= s->told);
        else
            CHECK_INT(s->want, s->n);
        CHECK_INT(told(&fake, i)->next_seq, s->want);
        CHECK_INT(told(&fake, i)->missing, 0);
        CHECK_INT(s->got, s->want);
    }
    fake_release(&fake);
}

static void test_any_time(void)
{
    for (uint64_t seed = 1; seed <= 40 && !check_bad; seed++) {
        run_seed(seed);
        if (check_bad)
            printf("# seed %d\n", (int)seed);
    }
}

int main(void)
{
    RUN(test_live);
    RUN(test_failing);
    RUN(test_credit);
    RUN(test_odd_times);
    RUN(test_any_time);
    return check_done();
}
