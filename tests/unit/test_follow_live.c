/* What is said of streams: live, behind, stale, and up to when. */
#include "followscene.h"

/* Held back by what is behind, not by what is live, stale or deleted. */
static void test_bound(void)
{
    struct follow *f;

    begin(3);
    fake.more_percent = 0;
    fake.whole_pages = true;
    add_records(0, 150);
    add_records(1, 250);
    start_and_run(100);
    f = fake.follow;
    run_for(&fake, 1000);
    CHECK_INT(follow_bound(f, INT64_C(1) << 50), date_of(99));
    CHECK_INT(follow_bound(f, 50), 50);
    fake.streams[0].owes = false;
    follow_more(f, 0);
    run_for(&fake, 1000);
    CHECK_INT(told(&fake, 0)->state, FOLLOW_LIVE);
    CHECK_INT(follow_bound(f, INT64_C(1) << 50), date_of(99));
    /* Its next page never comes. */
    fake.streams[1].mute = true;
    fake.streams[1].owes = false;
    follow_more(f, 1);
    run_for(&fake, 19000);
    CHECK_INT(follow_bound(f, INT64_C(1) << 50), date_of(99));
    run_for(&fake, 2000);
    CHECK(told(&fake, 1)->stale);
    CHECK_INT(follow_bound(f, 1000000), 1000000);
    fake.streams[1].mute = false;
    fake_release(&fake);
}

/* A live stream that fails stays live until it is seen to be behind. */
static void test_live_through_failure(void)
{
    struct stream *s;

    begin(1);
    s = add_records(0, 10);
    start_and_run(1000);
    s->fails = 3;
    s->fail = OUTCOME_RETRY;
    s->mute = false;
    while (fake.notes[FOLLOW_RETRY] < 3) {
        CHECK_INT(told(&fake, 0)->state, FOLLOW_LIVE);
        run_for(&fake, 1);
    }
    fake.more_percent = 0;
    add_records(0, 150);
    run_for(&fake, 5000);
    CHECK_INT(told(&fake, 0)->state, FOLLOW_BEHIND);
    CHECK_INT(s->got, 110);
    CHECK_INT(told(&fake, 0)->tail_seq, 160);
    s->owes = false;
    follow_more(fake.follow, 0);
    run_for(&fake, 1000);
    CHECK_INT(told(&fake, 0)->state, FOLLOW_LIVE);
    fake_release(&fake);
}

/* A quiet live stream gives signs of life. */
static void test_quiet(void)
{
    begin(1);
    start_and_run(100000);
    CHECK(!told(&fake, 0)->stale);
    CHECK(told(&fake, 0)->last_answer + 6000 > fake.now);
    fake.streams[0].mute = true;
    run_for(&fake, 26000);
    CHECK(told(&fake, 0)->stale);
    fake.streams[0].mute = false;
    run_for(&fake, 100);
    CHECK(!told(&fake, 0)->stale);
    CHECK_INT(fake.streams[0].sessions, 1);
    fake.streams[0].mute = true;
    run_for(&fake, 26000);
    CHECK(told(&fake, 0)->stale);
    fake_release(&fake);
}

/* It is asked again and again, and stale all the while. */
static void test_fails_for_long(void)
{
    struct stream *s;

    begin(1);
    s = add_records(0, 50);
    start_and_run(1000);
    s->fails = 1000;
    s->fail = OUTCOME_RETRY;
    run_for(&fake, 25000);
    for (int i = 0; i < 100; i++) {
        CHECK(told(&fake, 0)->stale);
        CHECK_INT(told(&fake, 0)->state, FOLLOW_LIVE);
        run_for(&fake, 1000);
    }
    fake_release(&fake);
}

/* Its tail answers, its records never come: it must not hold back others. */
static void test_only_tails_answer(void)
{
    struct stream *s;

    begin(2);
    s = add_records(0, 50);
    add_records(1, 50);
    s->fails = 1000000;
    s->fail = OUTCOME_RETRY;
    s->fail_reads = true;
    start_and_run(15000);
    CHECK(!told(&fake, 0)->stale);
    CHECK_INT(follow_bound(fake.follow, 1000000), 0);
    run_for(&fake, 10000);
    for (int i = 0; i < 100; i++) {
        CHECK(told(&fake, 0)->stale);
        CHECK_INT(told(&fake, 0)->state, FOLLOW_BEHIND);
        CHECK_INT(follow_bound(fake.follow, 1000000), 1000000);
        run_for(&fake, 1000);
    }
    CHECK(s->tails > 10);
    s->fails = 0;
    run_for(&fake, 40000);
    CHECK(!told(&fake, 0)->stale);
    CHECK_INT(s->got, 50);
    fake_release(&fake);
}

/* It has failed, and then waits for the caller: that is not its fault. */
static void test_waits_for_the_caller(void)
{
    struct stream *s;

    begin(1);
    fake.more_percent = 0;
    fake.whole_pages = true;
    s = add_records(0, 250);
    fake_start(&fake, &config);
    while (s->got == 0)
        CHECK_INT(turn(&fake, NULL), 0);
    CHECK_INT(s->got, 40);
    s->fails = 2;
    s->fail = OUTCOME_RETRY;
    run_for(&fake, 60000);
    CHECK_INT(s->fails, 0);
    CHECK_INT(s->got, 40);
    CHECK(!told(&fake, 0)->stale);
    s->mute = true;
    s->owes = false;
    follow_more(fake.follow, 0);
    run_for(&fake, 19000);
    CHECK(!told(&fake, 0)->stale);
    run_for(&fake, 2000);
    CHECK(told(&fake, 0)->stale);
    fake_release(&fake);
}

int main(void)
{
    RUN(test_bound);
    RUN(test_live_through_failure);
    RUN(test_quiet);
    RUN(test_fails_for_long);
    RUN(test_only_tails_answer);
    RUN(test_waits_for_the_caller);
    return check_done();
}
