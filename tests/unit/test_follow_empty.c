/* Pages that end in good order and have brought nothing: what is trimmed is
 * skipped, and only that. */
#include "followscene.h"

/* Behind by 200 records, of which 100 were read. */
static struct stream *be_behind(void)
{
    struct stream *s;

    begin(1);
    fake.more_percent = 0;
    fake.whole_pages = true;
    s = add_records(0, 300);
    start_and_run(1000);
    CHECK_INT(s->got, 100);
    return s;
}

static void go_on(struct stream *s, int64_t ms)
{
    fake.more_percent = 100;
    s->owes = false;
    follow_more(fake.follow, 0);
    run_for(&fake, ms);
}

/* However often a page is cut short by whatever is in between. */
static void test_cut_short(void)
{
    for (int ends = 1; ends < 9; ends++) {
        struct stream *s = be_behind();

        s->ends = ends;
        go_on(s, 5000);
        CHECK_INT(s->got, 300);
        CHECK_INT(told(&fake, 0)->missing, 0);
        CHECK_INT(fake.notes[FOLLOW_TRIMMED], 0);
        CHECK_INT(told(&fake, 0)->state, FOLLOW_LIVE);
        CHECK(s->reads > 0);
        fake_release(&fake);
    }
}

/* The same at the very first read, from the first record or by time. */
static void test_cut_short_at_first(void)
{
    for (int i = 0; i < 2; i++) {
        struct stream *s;

        begin(1);
        config.by_time = i == 1;
        config.since_ms = date_of(100);
        s = add_records(0, 300);
        s->trims = true;
        s->ends = 1000;
        start_and_run(5000);
        CHECK_INT(s->got, i == 0 ? 300 : 200);
        CHECK_INT(told(&fake, 0)->missing, 0);
        fake_release(&fake);
    }
}

/* The read as a whole fails: then that is a failure like others. */
static void test_no_answer(void)
{
    struct stream *s = be_behind();

    s->ends = 1;
    s->owes = false;
    follow_more(fake.follow, 0);
    while (s->reads == 0)
        NEED(turn(&fake, NULL) == 0);
    s->fails = 3;
    s->fail = OUTCOME_RETRY;
    s->fail_reads = true;
    go_on(s, 5000);
    CHECK_INT(fake.notes[FOLLOW_RETRY], 3);
    CHECK_INT(fake.notes[FOLLOW_RECOVERED], 1);
    CHECK_INT(s->got, 300);
    CHECK_INT(told(&fake, 0)->missing, 0);
    fake_release(&fake);
}

/* A server that asks to come again says nothing of its records. */
static void test_come_again(void)
{
    struct stream *s = be_behind();

    s->ends = 4;
    s->end_tells = true;
    s->end_again = true;
    go_on(s, 5000);
    CHECK_INT(fake.notes[FOLLOW_RETRY], 4);
    CHECK_STR(fake.note_text, "asked to come again, with nothing");
    CHECK_INT(s->got, 300);
    CHECK_INT(told(&fake, 0)->missing, 0);
    fake_release(&fake);
}

/* It gives nothing though it tells a tail that is not beyond. */
static void test_contradiction(void)
{
    struct stream *s = be_behind();

    s->ends = 1;
    s->end_tells = true;
    s->n = 100;
    s->owes = false;
    follow_more(fake.follow, 0);
    while (fake.notes[FOLLOW_RETRY] == 0 && fake.now < 10000)
        NEED(turn(&fake, NULL) == 0);
    CHECK_STR(fake.note_text, "gave nothing of what it has");
    s->n = 300;
    go_on(s, 5000);
    CHECK_INT(s->got, 300);
    CHECK_INT(told(&fake, 0)->missing, 0);
    fake_release(&fake);
}

/* All that was left is trimmed: the page tells, or a read as a whole. */
static void test_trimmed(void)
{
    for (int i = 0; i < 2; i++) {
        struct stream *s = be_behind();

        s->trims = true;
        s->first = 300;
        s->ends = 1;
        s->end_tells = i == 0;
        go_on(s, 2000);
        CHECK_INT(s->got, 100);
        CHECK_INT(s->reads, i);
        CHECK_INT(told(&fake, 0)->missing, 200);
        CHECK_INT(fake.notes[FOLLOW_TRIMMED], 1);
        CHECK_INT(fake.missing, 200);
        CHECK_INT(fake.notes[FOLLOW_RETRY], 0);
        CHECK_INT(told(&fake, 0)->state, FOLLOW_LIVE);
        add_records(0, 5);
        run_for(&fake, 200);
        CHECK_INT(s->got, 105);
        CHECK_INT(told(&fake, 0)->missing, 200);
        fake_release(&fake);
    }
}

/* What was trimmed before the first read is not missing. */
static void test_trimmed_at_first(void)
{
    for (int i = 0; i < 4; i++) {
        struct stream *s;

        begin(1);
        config.once = i / 2 == 1;
        s = add_records(0, 300);
        s->trims = true;
        s->first = 300;
        s->ends = 1;
        s->end_tells = i % 2 == 0;
        start_and_run(2000);
        CHECK_INT(told(&fake, 0)->missing, 0);
        CHECK_INT(told(&fake, 0)->next_seq, 300);
        CHECK_INT(fake.notes[FOLLOW_TRIMMED], 0);
        CHECK_INT(follow_done(fake.follow), i / 2);
        fake_release(&fake);
    }
}

int main(void)
{
    RUN(test_cut_short);
    RUN(test_cut_short_at_first);
    RUN(test_no_answer);
    RUN(test_come_again);
    RUN(test_contradiction);
    RUN(test_trimmed);
    RUN(test_trimmed_at_first);
    return check_done();
}
