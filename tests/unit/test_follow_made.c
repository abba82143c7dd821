/* Which creation of a stream it is that a name stands for. */
#include "followscene.h"

static struct stream *follow_one(uint64_t made, uint64_t n)
{
    struct stream *s;

    begin(1);
    s = add_records(0, n);
    s->made = made;
    start_and_run(500);
    CHECK_INT(s->got, n);
    CHECK(told(&fake, 0)->made == made);
    return s;
}

static void make_anew(struct stream *s, uint64_t n)
{
    s->inc++;
    s->made += s->made > 0 ? 1000 : 0;
    s->n = n;
    s->first = 0;
}

static void vanish(struct stream *s)
{
    s->exists = false;
    run_for(&fake, 100);
    CHECK_INT(told(&fake, 0)->state, FOLLOW_DELETED);
    s->exists = true;
}

/* Said to be gone, and there again: it goes on where it was. */
static void test_gone_for_a_moment(void)
{
    struct stream *s = follow_one(77, 150);

    vanish(s);
    add_records(0, 50);
    run_for(&fake, 3000);
    CHECK_INT(fake.notes[FOLLOW_GONE], 1);
    CHECK_INT(fake.notes[FOLLOW_RESTARTED], 0);
    CHECK_INT(s->got, 200);
    CHECK_INT(told(&fake, 0)->missing, 0);
    CHECK_INT(told(&fake, 0)->state, FOLLOW_LIVE);
    CHECK(told(&fake, 0)->made == 77);
    fake_release(&fake);
}

/* The same while it is still to begin by time. */
static void test_gone_before_it_began(void)
{
    struct stream *s;

    begin(1);
    config.by_time = true;
    config.since_ms = date_of(100);
    s = add_records(0, 150);
    s->made = 77;
    s->trims = true;
    s->exists = false;
    s->ghost = true;
    start_and_run(100);
    CHECK_INT(fake.notes[FOLLOW_GONE], 1);
    s->exists = true;
    run_for(&fake, 3000);
    CHECK_INT(s->got, 50);
    CHECK_INT(fake.notes[FOLLOW_RESTARTED], 0);
    fake_release(&fake);
}

/* Gone, and another one there, longer than what was read; or it is unknown
 * which one it is. */
static void test_another_one(void)
{
    for (int i = 0; i < 3; i++) {
        struct stream *s = follow_one(i == 1 ? 0 : 77, 150);

        vanish(s);
        make_anew(s, 200);
        s->made = i == 2 ? 0 : s->made;
        run_for(&fake, 3000);
        CHECK_INT(fake.notes[FOLLOW_RESTARTED], 1);
        CHECK_INT(fake.note.n, 150);
        CHECK(fake.note.stream == told(&fake, 0));
        CHECK_INT(s->got, 350);
        CHECK_INT(told(&fake, 0)->missing, 0);
        CHECK(told(&fake, 0)->made == s->made);
        fake_release(&fake);
    }
}

/* Nobody saw it go: the next list shows that another one is there.  Until
 * then it takes part of that for what comes next. */
static void test_seen_by_the_list(void)
{
    struct stream *s = follow_one(77, 150);

    make_anew(s, 0);
    for (struct basin_op *op = fake.ops; op != NULL; op = op->next)
        op->inc = s->inc;
    fake.ops->read.from = 0;
    run_for(&fake, 200);
    CHECK_INT(fake.notes[FOLLOW_RESTARTED], 0);
    run_for(&fake, 1000);
    CHECK_INT(fake.notes[FOLLOW_RESTARTED], 1);
    CHECK_INT(fake.note.n, 150);
    CHECK(told(&fake, 0)->made == s->made);
    CHECK_INT(told(&fake, 0)->next_seq, 0);
    CHECK_INT(told(&fake, 0)->last_ms, 0);
    add_records(0, 200);
    run_for(&fake, 1000);
    CHECK_INT(s->got, 350);
    CHECK_INT(told(&fake, 0)->missing, 0);
    fake_release(&fake);
}

static void begin_scene(unsigned more_percent)
{
    begin(20);
    config.discover_ms = 70;
    fake.more_percent = more_percent;
    for (size_t k = 0; k < 20; k++) {
        add_records(k, 300)->made = 5;
        fake.streams[k].fails = k % 3 == 0 ? 4 : 0;
        fake.streams[k].fail = OUTCOME_RETRY;
    }
}

/* What is read after it was noticed is the other one's. */
static void run_scene(struct stream *s)
{
    unsigned seen = 0;

    for (int64_t end = fake.now + 20000; fake.now < end;) {
        CHECK_INT(turn(&fake, NULL), 0);
        if (seen != fake.notes[FOLLOW_RESTARTED])
            s->inc++;
        seen = fake.notes[FOLLOW_RESTARTED];
        for (struct basin_op *op = fake.ops; op != NULL; op = op->next)
            op->inc = op->stream == s ? s->inc : op->inc;
        for (size_t k = 0; k < 20 && follow_listed(fake.follow); k++) {
            if (chance(&fake, 10)) {
                fake.streams[k].owes = false;
                follow_more(fake.follow, k);
            }
        }
    }
}

/* Whatever it is waiting for when the list shows it: its tail, a page, the
 * caller, the end of a pause.  No slot is lost. */
static void test_seen_at_any_time(void)
{
    for (int i = 0; i < 60; i++) {
        struct stream *s;
        bool read;

        begin_scene((unsigned)(i % 3) * 50);
        start_and_run(i * 10);
        s = &fake.streams[i % 20];
        s->made = 6;
        read = s->got > 0;
        run_scene(s);
        CHECK(fake.notes[FOLLOW_RESTARTED] == 1 || !read);
        for (size_t k = 0; k < 20; k++) {
            CHECK_INT(told(&fake, k)->state, FOLLOW_LIVE);
            CHECK_INT(fake.streams[k].want, 300);
        }
        CHECK_INT(fake.requests, 0);
        fake_release(&fake);
    }
}

/* Its tail showed it first: the list then says nothing new, not even one
 * that was asked for before. */
static void test_seen_by_its_tail(void)
{
    for (int i = 0; i < 2; i++) {
        struct stream *s = follow_one(77, 150);

        if (i == 1) {
            s->made = 77;
            fake.lists = 0;
            run_until_asked(&fake.lists);
        }
        make_anew(s, 40);
        s->made = i == 1 ? 77 : s->made;
        for (struct basin_op *op = fake.ops; op != NULL; op = op->next)
            op->inc = s->inc;
        while (fake.notes[FOLLOW_RESTARTED] == 0)
            CHECK_INT(turn(&fake, NULL), 0);
        s->made = 1077;
        run_for(&fake, 5000);
        CHECK_INT(fake.notes[FOLLOW_RESTARTED], 1);
        CHECK_INT(s->got, 190);
        CHECK(told(&fake, 0)->made == 1077);
        fake_release(&fake);
    }
}

/* Where nothing tells the creations apart, nothing begins anew. */
static void test_unknown(void)
{
    struct stream *s = follow_one(0, 150);

    run_for(&fake, 3000);
    s->made = 77;
    run_for(&fake, 3000);
    CHECK(told(&fake, 0)->made == 77);
    s->made = 0;
    run_for(&fake, 3000);
    CHECK(told(&fake, 0)->made == 77);
    CHECK_INT(fake.notes[FOLLOW_RESTARTED], 0);
    CHECK_INT(s->got, 150);
    fake_release(&fake);
}

/* Once failures are over, the list is due at once; but not without end. */
static void test_listed_after_failures(void)
{
    struct stream *s;
    int64_t start;
    unsigned most;

    begin(1);
    config.discover_ms = 1000000;
    s = add_records(0, 10);
    start_and_run(5000);
    CHECK_INT(fake.lists, 1);
    s->fails = 2;
    s->fail = OUTCOME_RETRY;
    run_for(&fake, 1500);
    CHECK_INT(fake.notes[FOLLOW_RETRY], 2);
    add_records(0, 1);
    run_for(&fake, 200);
    CHECK_INT(fake.notes[FOLLOW_RECOVERED], 1);
    CHECK_INT(fake.lists, 2);
    start = fake.now;
    for (int i = 0; i < 40; i++) {
        s->fails = 1;
        run_for(&fake, 200);
        add_records(0, 1);
        run_for(&fake, 50);
    }
    CHECK(fake.notes[FOLLOW_RECOVERED] > 15);
    most = 3 + (unsigned)((fake.now - start) / 1000);
    CHECK(fake.lists > most / 2);
    run_for(&fake, 100000);
    CHECK(fake.lists <= most);
    fake_release(&fake);
}

/* Nor does the list wait for the end of its own pause, but for what the
 * server demands. */
static void test_listed_as_streams_answer(void)
{
    for (int i = 0; i < 2; i++) {
        struct stream *s;
        unsigned seen;

        begin(1);
        s = add_records(0, 10);
        s->fail = OUTCOME_RETRY;
        start_and_run(500);
        fake.list_fails = 1000;
        fake.list_fail = OUTCOME_RETRY;
        fake.list_after_ms = i == 0 ? 0 : 20000;
        run_for(&fake, 100000);
        seen = fake.notes[FOLLOW_RETRY];
        while (fake.notes[FOLLOW_RETRY] == seen || fake.note.delay_ms < 15000)
            CHECK_INT(turn(&fake, NULL), 0);
        fake.lists = 0;
        fake.list_fails = 0;
        s->fails = 1;
        run_for(&fake, 2000);
        CHECK_INT(fake.lists > 0, i == 0);
        run_for(&fake, 40000);
        CHECK(fake.lists > 0);
        fake_release(&fake);
    }
}

/* Only where lists are wanted. */
static void test_not_listed_after_failures(void)
{
    begin(1);
    config.discover_ms = 0;
    add_records(0, 10)->fails = 2;
    fake.streams[0].fail = OUTCOME_RETRY;
    start_and_run(20000);
    CHECK_INT(fake.notes[FOLLOW_RECOVERED], 1);
    CHECK_INT(fake.lists, 1);
    fake_release(&fake);
}

static void resume(uint64_t made)
{
    struct follow_from from = {.next_seq = 100, .last_ms = 9, .made = made};
    struct stream *s = &fake.streams[0];

    CHECK_INT(follow_resume(fake.follow, s->name, &from, NULL), 0);
    s->got_inc = 1;
    s->want = 100;
    s->begun = true;
}

static void test_resume(void)
{
    static const uint64_t saved[] = {77, 0, 77, 76};
    static const uint64_t listed[] = {77, 77, 0, 77};

    for (int i = 0; i < 4; i++) {
        struct stream *s;

        begin(1);
        s = add_records(0, 150);
        s->made = listed[i];
        s->inc += i == 3;
        fake_start(&fake, &config);
        resume(saved[i]);
        run_for(&fake, 2000);
        CHECK_INT(fake.notes[FOLLOW_RESTARTED], i == 3);
        CHECK_INT(s->got, i == 3 ? 150 : 50);
        CHECK_INT(told(&fake, 0)->missing, 0);
        CHECK(told(&fake, 0)->made == listed[i]);
        fake_release(&fake);
    }
}

/* A stream with a beginning in time of its own, whenever it is found. */
static void test_resume_by_time(void)
{
    for (int i = 0; i < 2; i++) {
        struct follow_from from = {.by_time = true, .since_ms = date_of(120)};
        struct stream *s;

        begin(1);
        s = add_records(0, 150);
        s->trims = true;
        s->made = 77;
        s->exists = i == 0;
        fake_start(&fake, &config);
        CHECK_INT(follow_resume(fake.follow, s->name, &from, NULL), 0);
        run_for(&fake, 3000);
        s->exists = true;
        run_for(&fake, 3000);
        CHECK_INT(s->got, 30);
        CHECK_INT(fake.notes[FOLLOW_RESTARTED], 0);
        CHECK_INT(told(&fake, 0)->missing, 0);
        fake_release(&fake);
    }
}

int main(void)
{
    RUN(test_gone_for_a_moment);
    RUN(test_gone_before_it_began);
    RUN(test_another_one);
    RUN(test_seen_by_the_list);
    RUN(test_seen_at_any_time);
    RUN(test_seen_by_its_tail);
    RUN(test_unknown);
    RUN(test_listed_after_failures);
    RUN(test_listed_as_streams_answer);
    RUN(test_not_listed_after_failures);
    RUN(test_resume);
    RUN(test_resume_by_time);
    return check_done();
}
