/* Following streams that are deleted, made anew, or whose store is older. */
#include "followscene.h"

static void test_restarted(void)
{
    struct stream *s;

    begin(1);
    s = add_records(0, 150);
    start_and_run(1000);
    s->inc = 2;
    s->n = 40;
    s->fails = 1;
    s->fail = OUTCOME_RETRY;
    run_for(&fake, 5000);
    /* The session sees that its stream is gone, then the list shows it. */
    CHECK_INT(s->got, 190);
    CHECK_INT(told(&fake, 0)->next_seq, 40);
    fake_release(&fake);
}

/* The store lost data, whether the tail or the session tells. */
static void test_lost_data(void)
{
    struct stream *s;
    struct basin_op *op;

    begin(1);
    s = add_records(0, 150);
    start_and_run(1000);
    for (int i = 0; i < 2; i++) {
        s->inc++;
        s->n = 40;
        s->first = 10;
        s->trims = true;
        for (op = fake.ops; op != NULL; op = op->next)
            op->inc = s->inc;
        s->fails = i;
        s->fail = OUTCOME_RETRY;
        run_for(&fake, 5000);
        CHECK_INT(fake.notes[FOLLOW_RESTARTED], i + 1);
        CHECK_INT(s->got, i == 0 ? 180 : 270);
        CHECK_INT(told(&fake, 0)->next_seq, 40);
        CHECK_INT(told(&fake, 0)->missing, 0);
        add_records(0, 60);
        run_for(&fake, 1000);
    }
    s->inc++;
    s->n = 0;
    s->first = 0;
    fake.ops->inc = s->inc;
    run_for(&fake, 5000);
    CHECK_INT(told(&fake, 0)->last_ms, 0);
    CHECK_INT(told(&fake, 0)->state, FOLLOW_LIVE);
    CHECK_INT(fake.notes[FOLLOW_GONE], 0);
    fake_release(&fake);
}

/* A caller who drops what he holds of it takes the next page at once. */
static void test_more_when_told(void)
{
    struct stream *s;

    begin(1);
    fake.more_percent = 0;
    fake.more_told = true;
    s = add_records(0, 250);
    start_and_run(100);
    CHECK_INT(s->pages, 1);
    s->owes = false;
    follow_more(fake.follow, 0);
    s->pages = 0;
    run_until_asked(&s->pages);
    s->inc++;
    s->n = 40;
    fake.ops->inc = s->inc;
    run_for(&fake, 500);
    CHECK_INT(fake.notes[FOLLOW_RESTARTED], 1);
    CHECK_INT(s->pages, 2);
    CHECK_INT(s->sessions, 1);
    CHECK_INT(s->got, 140);
    fake_release(&fake);
}

static void test_deleted(void)
{
    struct stream *s;

    begin(2);
    s = add_records(0, 150);
    start_and_run(1000);
    s->exists = false;
    run_for(&fake, 10000);
    CHECK_INT(fake.notes[FOLLOW_GONE], 1);
    CHECK_STR(fake.note_stream, "s/00000");
    CHECK_INT(told(&fake, 0)->state, FOLLOW_DELETED);
    CHECK_INT(told(&fake, 0)->next_seq, 150);
    follow_more(fake.follow, 0);
    run_for(&fake, 30000);
    CHECK(!told(&fake, 0)->stale);
    s->exists = true;
    s->inc = 2;
    s->n = 40;
    run_for(&fake, 3000);
    CHECK_INT(fake.notes[FOLLOW_FOUND], 3);
    CHECK_INT(told(&fake, 0)->state, FOLLOW_LIVE);
    CHECK_INT(told(&fake, 0)->next_seq, 40);
    CHECK_INT(told(&fake, 0)->index, 0);
    CHECK_INT(s->got, 190);
    fake_release(&fake);
}

/* A stream that a later list leaves out goes on. */
static void test_not_in_the_list(void)
{
    struct stream *s;

    begin(1);
    s = add_records(0, 5);
    start_and_run(500);
    s->exists = false;
    s->mute = true;
    run_for(&fake, 5000);
    CHECK_INT(fake.notes[FOLLOW_GONE], 0);
    s->exists = true;
    s->mute = false;
    add_records(0, 5);
    run_for(&fake, 1000);
    CHECK_INT(s->got, 10);
    CHECK_INT(s->sessions, 1);
    fake_release(&fake);
}

/* A list that began before a stream was seen to be gone says nothing. */
static void test_ghost(void)
{
    static const char *const prefixes[] = {"s/", "s", "s/0", ""};

    begin(1);
    config.prefixes = prefixes;
    config.nprefixes = 4;
    fake.streams[0].ghost = true;
    fake.streams[0].exists = false;
    start_and_run(10000);
    CHECK(fake.lists >= 8);
    CHECK_INT(fake.notes[FOLLOW_FOUND], fake.lists / 4);
    fake_release(&fake);
}

int main(void)
{
    RUN(test_restarted);
    RUN(test_lost_data);
    RUN(test_more_when_told);
    RUN(test_deleted);
    RUN(test_not_in_the_list);
    RUN(test_ghost);
    return check_done();
}
