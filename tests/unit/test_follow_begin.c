/* Where following begins and ends: by time, once, resumed. */
#include "followscene.h"

static void test_by_time(void)
{
    begin(4);
    config.by_time = true;
    config.since_ms = date_of(120);
    add_records(1, 100);
    add_records(2, 121);
    add_records(3, 400)->first = 130;
    for (size_t i = 0; i < 4; i++)
        fake.streams[i].trims = true;
    start_and_run(3000);
    CHECK_INT(fake.streams[1].got, 0);
    CHECK_INT(fake.streams[1].pages, 0);
    CHECK_INT(told(&fake, 1)->next_seq, 100);
    CHECK_INT(fake.streams[2].got, 1);
    CHECK_INT(fake.streams[3].got, 270);
    for (size_t i = 0; i < 4; i++) {
        add_records(i, 5);
        CHECK_INT(told(&fake, i)->state, FOLLOW_LIVE);
        CHECK_INT(told(&fake, i)->missing, 0);
    }
    run_for(&fake, 1000);
    CHECK_INT(fake.streams[0].got, 5);
    CHECK_INT(fake.streams[1].got, 5);
    CHECK_INT(fake.streams[3].got, 275);
    fake_release(&fake);
}

/* Between the tail and the page all of it goes, or the tail does. */
static void test_by_time_in_vain(void)
{
    for (int i = 0; i < 2; i++) {
        struct stream *s;

        begin(1);
        config.by_time = true;
        config.since_ms = date_of(100);
        s = add_records(0, 150);
        fake_start(&fake, &config);
        run_until_asked(&s->pages);
        s->trims = true;
        s->first = i == 0 ? 150 : 0;
        s->n = i == 0 ? 150 : 90;
        run_for(&fake, 3000);
        CHECK_INT(s->got, 0);
        CHECK_INT(told(&fake, 0)->state, FOLLOW_LIVE);
        CHECK_INT(told(&fake, 0)->next_seq, s->n);
        fake_release(&fake);
    }
}

static void test_once(void)
{
    begin(4);
    config.once = true;
    add_records(1, 1);
    add_records(2, 250);
    add_records(3, 300);
    fake_start(&fake, &config);
    for (int i = 0; i < 100 && !follow_done(fake.follow); i++) {
        CHECK_INT(turn(&fake, NULL), 0);
        for (size_t k = 0; k < 4 && follow_listed(fake.follow); k++)
            fake.streams[k].n += fake.streams[k].tail_told ? 3 : 0;
        if (fake.streams[3].got > 0)
            fake.streams[3].exists = false;
    }
    CHECK(follow_done(fake.follow));
    run_for(&fake, 5000);
    for (size_t k = 0; k < 3; k++) {
        CHECK_INT(fake.streams[k].got, fake.streams[k].told);
        CHECK_INT(told(&fake, k)->next_seq, fake.streams[k].told);
        CHECK_INT(told(&fake, k)->state, FOLLOW_DONE);
        CHECK_INT(fake.streams[k].sessions, 0);
    }
    CHECK_INT(told(&fake, 3)->state, FOLLOW_DELETED);
    CHECK_INT(fake.lists, 1);
    CHECK_INT(follow_bound(fake.follow, 123), 123);
    fake_release(&fake);
}

/* What was there at the start is trimmed, lost, or beyond the time asked. */
static void test_once_in_vain(void)
{
    for (int i = 0; i < 4; i++) {
        struct stream *s;

        begin(1);
        config.once = true;
        config.by_time = i == 3;
        config.since_ms = date_of(200);
        s = add_records(0, 150);
        s->trims = true;
        fake_start(&fake, &config);
        run_until_asked(i == 3 ? &s->tails : &s->pages);
        s->fails = i == 2;
        s->fail = OUTCOME_RETRY;
        s->first = i == 0 ? 160 : 0;
        s->n = i == 0 ? 200 : i == 3 ? 150 : 20;
        run_for(&fake, 10000);
        CHECK(follow_done(fake.follow));
        CHECK_INT(told(&fake, 0)->state, FOLLOW_DONE);
        CHECK_INT(s->got, i == 0 || i == 3 ? 0 : 20);
        fake_release(&fake);
    }
}

/* By time a page may reach beyond where it is to end. */
static void test_once_by_time(void)
{
    struct stream *s;

    begin(1);
    config.once = true;
    config.by_time = true;
    config.since_ms = date_of(20);
    s = add_records(0, 50);
    s->trims = true;
    fake_start(&fake, &config);
    run_until_asked(&s->pages);
    s->n = 200;
    run_for(&fake, 1000);
    CHECK(follow_done(fake.follow));
    CHECK_INT(s->got, 30);
    CHECK_INT(told(&fake, 0)->next_seq, 50);
    fake_release(&fake);
}

/* Done as soon as it could be asked: then the failures are over, too. */
static void test_once_recovers(void)
{
    begin(1);
    config.once = true;
    fake.streams[0].fails = 2;
    fake.streams[0].fail = OUTCOME_RETRY;
    start_and_run(5000);
    CHECK(follow_done(fake.follow));
    CHECK_INT(fake.notes[FOLLOW_RETRY], 2);
    CHECK_INT(fake.notes[FOLLOW_RECOVERED], 1);
    fake_release(&fake);
}

static void resume(size_t i, uint64_t at)
{
    struct stream *s = &fake.streams[i];

    struct follow_from from = {.next_seq = at, .last_ms = 99};

    CHECK_INT(follow_resume(fake.follow, s->name, &from, NULL), 0);
    s->got_inc = 1;
    s->want = at;
    s->begun = true;
}

static void test_resume(void)
{
    struct follow_from never = {.next_seq = 5, .last_ms = 5};

    begin(5);
    config.by_time = true;
    config.since_ms = date_of(100);
    for (size_t i = 0; i < 5; i++)
        add_records(i, 150);
    fake.streams[0].trims = true;
    fake.streams[2].first = 70;
    fake_start(&fake, &config);
    CHECK_INT(follow_resume(fake.follow, "never", &never, NULL), 0);
    resume(1, 30);
    resume(2, 50);
    resume(3, 150);
    resume(4, 170);
    fake.streams[4].inc = 2;
    run_for(&fake, 3000);
    CHECK_INT(fake.streams[0].got, 50);
    CHECK_INT(fake.streams[1].got, 120);
    CHECK_INT(told(&fake, 1)->missing, 0);
    CHECK_INT(fake.streams[2].got, 80);
    CHECK_INT(told(&fake, 2)->missing, 20);
    CHECK_INT(fake.streams[3].got, 0);
    CHECK_INT(told(&fake, 3)->last_ms, 99);
    CHECK_INT(fake.notes[FOLLOW_RESTARTED], 1);
    CHECK_INT(fake.notes[FOLLOW_FOUND], 5);
    fake_release(&fake);
}

int main(void)
{
    RUN(test_by_time);
    RUN(test_by_time_in_vain);
    RUN(test_once);
    RUN(test_once_in_vain);
    RUN(test_once_by_time);
    RUN(test_once_recovers);
    RUN(test_resume);
    return check_done();
}
