/* Following many streams through failures, one at a time. */
#include "followscene.h"

static void test_retry(void)
{
    struct stream *s;

    begin(1);
    s = add_records(0, 50);
    s->fails = 5;
    s->fail = OUTCOME_UNKNOWN;
    start_and_run(60000);
    CHECK_INT(fake.notes[FOLLOW_RETRY], 5);
    CHECK_INT(fake.notes[FOLLOW_RECOVERED], 1);
    CHECK_INT(fake.note.n, 5);
    CHECK_INT(s->got, 50);
    s->fails = 1;
    s->retry_after_ms = 45000;
    run_for(&fake, 10000);
    CHECK_INT(fake.note.event, FOLLOW_RETRY);
    CHECK_INT(fake.note.n, 1);
    CHECK_INT(fake.note.delay_ms, 45000);
    CHECK_STR(fake.note_stream, "s/00000");
    CHECK_STR(fake.note_text, "outcome 7");
    CHECK_INT(told(&fake, 0)->state, FOLLOW_LIVE);
    run_for(&fake, 34000);
    CHECK(told(&fake, 0)->stale);
    CHECK_INT(s->sessions, 1);
    run_for(&fake, 3000);
    CHECK(!told(&fake, 0)->stale);
    CHECK_INT(s->sessions, 2);
    /* A session that brings nothing must live longer than the last pause. */
    run_for(&fake, 40000);
    CHECK_INT(fake.notes[FOLLOW_RECOVERED], 1);
    run_for(&fake, 10000);
    CHECK_INT(fake.notes[FOLLOW_RECOVERED], 2);
    CHECK_INT(fake.note.n, 1);
    fake_release(&fake);
}

static enum err_code run_to_the_end(char *text, size_t size)
{
    struct err err = ERR_INIT;
    int64_t end = fake.now + 1000000;

    while (fake.now < end && turn(&fake, &err) == 0)
        continue;
    snprintf(text, size, "%.127s", err.text);
    err_clear(&err);
    CHECK_INT(turn(&fake, &err), -1);
    CHECK_STR(err.text, text);
    return err.code;
}

/* Its tail answers, its records do not: the pauses grow all the same. */
static void test_reads_fail(void)
{
    struct stream *s;

    begin(1);
    s = add_records(0, 50);
    s->fails = 6;
    s->fail = OUTCOME_RETRY;
    s->fail_reads = true;
    start_and_run(100000);
    CHECK_INT(fake.notes[FOLLOW_RETRY], 6);
    CHECK_INT(fake.notes[FOLLOW_RECOVERED], 1);
    CHECK_INT(fake.note.n, 6);
    CHECK_INT(s->got, 50);
    fake_release(&fake);
}

/* Old records come again. */
static void test_overlap(void)
{
    struct stream *s;

    begin(1);
    fake.overlap = 5;
    s = add_records(0, 250);
    start_and_run(2000);
    s->fails = 1;
    s->fail = OUTCOME_RETRY;
    add_records(0, 250);
    run_for(&fake, 5000);
    CHECK_INT(s->got, 500);
    CHECK_INT(told(&fake, 0)->next_seq, 500);
    CHECK_INT(told(&fake, 0)->missing, 0);
    fake_release(&fake);
}

static void test_retry_for(void)
{
    char text[128];

    begin(2);
    fake.streams[1].fails = 1000000;
    fake.streams[1].fail = OUTCOME_RETRY;
    config.retry_for = 100000;
    fake_start(&fake, &config);
    CHECK_INT(run_to_the_end(text, sizeof(text)), ERR_UNAVAILABLE);
    CHECK_STR(text, "s/00001: given up: outcome 6");
    CHECK(fake.now >= 100000 && fake.now < 101000);
    fake_release(&fake);
}

static void test_list_fails(void)
{
    char text[128];

    begin(1);
    fake.list_fails = 3;
    fake.list_fail = OUTCOME_RETRY;
    config.by_time = true;
    config.since_ms = date_of(10);
    fake.streams[0].trims = true;
    add_records(0, 20);
    config.retry_for = 100000;
    start_and_run(10000);
    CHECK_INT(fake.notes[FOLLOW_RETRY], 3);
    CHECK_INT(fake.notes[FOLLOW_RECOVERED], 1);
    CHECK_STR(fake.note_stream, "(list)");
    CHECK_INT(fake.streams[0].got, 10);
    fake.list_fails = 1000000;
    add_records(0, 20);
    run_for(&fake, 10000);
    CHECK_INT(fake.streams[0].got, 30);
    CHECK_INT(run_to_the_end(text, sizeof(text)), ERR_UNAVAILABLE);
    CHECK_STR(text, "the list of streams: given up: outcome 6");
    fake_release(&fake);
}

static void test_fatal(void)
{
    static const enum outcome outcomes[] = {OUTCOME_FAILED, OUTCOME_FAILED,
                                            OUTCOME_NO_BASIN};
    char text[128], want[128];

    for (int i = 0; i < 3; i++) {
        begin(1);
        fake.list_fails = i > 0;
        fake.list_fail = outcomes[i];
        fake.streams[0].fails = 1;
        fake.streams[0].fail = outcomes[i];
        fake_start(&fake, &config);
        CHECK_INT(run_to_the_end(text, sizeof(text)), ERR_UNAVAILABLE);
        snprintf(want, sizeof(want), "%s: outcome %d",
                 i == 0 ? "s/00000" : "the list of streams", (int)outcomes[i]);
        CHECK_STR(text, want);
        fake_release(&fake);
    }
}

/* A basin that was there once may come again: retry_for ends the wait. */
static void test_basin_gone(void)
{
    char text[128];
    struct stream *s;

    begin(1);
    s = add_records(0, 10);
    config.retry_for = 50000;
    start_and_run(500);
    s->fails = 3;
    s->fail = OUTCOME_NO_BASIN;
    fake.list_fails = 3;
    fake.list_fail = OUTCOME_NO_BASIN;
    run_for(&fake, 10000);
    CHECK_INT(fake.notes[FOLLOW_RETRY], 6);
    add_records(0, 10);
    run_for(&fake, 10000);
    CHECK_INT(s->got, 20);
    CHECK_INT(fake.notes[FOLLOW_RECOVERED], 2);
    s->fails = 1000000;
    CHECK_INT(run_to_the_end(text, sizeof(text)), ERR_UNAVAILABLE);
    CHECK_STR(text, "s/00000: given up: outcome 5");
    fake_release(&fake);
}

/* Sessions that give a sign of life and fail: the pauses grow, and it is told
 * to be over only when it is. */
static void test_sessions_fail_late(void)
{
    char text[128];
    struct stream *s;

    begin(1);
    s = &fake.streams[0];
    config.retry_for = 200000;
    s->fails = 1000000;
    s->fail = OUTCOME_RETRY;
    s->fail_reads = true;
    s->fail_late = true;
    start_and_run(100000);
    CHECK(s->sessions > 5 && s->sessions < 40);
    CHECK_INT(fake.notes[FOLLOW_RETRY], s->sessions);
    CHECK_INT(fake.note.n, s->sessions);
    CHECK_INT(fake.notes[FOLLOW_RECOVERED], 0);
    s->fails = 0;
    run_for(&fake, 40000);
    CHECK_INT(fake.notes[FOLLOW_RECOVERED], 1);
    CHECK_INT(fake.notes[FOLLOW_RETRY], fake.note.n);
    s->fails = 1000000;
    CHECK_INT(run_to_the_end(text, sizeof(text)), ERR_UNAVAILABLE);
    CHECK_STR(text, "s/00000: given up: outcome 6");
    fake_release(&fake);
}

/* Records end a row of failures at once. */
static void test_records_recover(void)
{
    struct stream *s;

    begin(1);
    s = &fake.streams[0];
    s->fails = 4;
    s->fail = OUTCOME_RETRY;
    s->fail_reads = true;
    s->fail_late = true;
    start_and_run(2000);
    CHECK_INT(fake.notes[FOLLOW_RETRY], 4);
    CHECK_INT(fake.notes[FOLLOW_RECOVERED], 0);
    add_records(0, 1);
    run_for(&fake, 100);
    CHECK_INT(s->got, 1);
    CHECK_INT(fake.notes[FOLLOW_RECOVERED], 1);
    fake_release(&fake);
}

/* Ended in good order: again at once after a second, else by back-off. */
static void test_session_ends(void)
{
    struct stream *s;

    begin(1);
    s = add_records(0, 50);
    start_and_run(3000);
    s->ends = 1;
    run_for(&fake, 51);
    CHECK_INT(s->sessions, 2);
    CHECK_INT(s->tails, 1);
    CHECK_INT(fake.notes[FOLLOW_RETRY], 0);
    /* At once, too, if it has brought something. */
    add_records(0, 1);
    run_for(&fake, 51);
    s->ends = 1;
    run_for(&fake, 51);
    CHECK_INT(s->sessions, 3);
    CHECK_INT(fake.notes[FOLLOW_RETRY], 0);
    s->ends = 1;
    run_for(&fake, 5000);
    CHECK_INT(fake.notes[FOLLOW_RETRY], 1);
    CHECK_INT(s->tails, 2);
    CHECK_INT(s->sessions, 4);
    add_records(0, 1);
    run_for(&fake, 5000);
    CHECK_INT(s->got, 52);
    fake_release(&fake);
}

static void test_without_a_note_hook(void)
{
    begin(1);
    config.hooks.note = NULL;
    fake.streams[0].fails = 2;
    fake.streams[0].fail = OUTCOME_RETRY;
    start_and_run(5000);
    CHECK_INT(told(&fake, 0)->state, FOLLOW_LIVE);
    fake_release(&fake);
    follow_free(NULL);
}

/* Answers that make no sense are failures, and tried again. */
static void test_nonsense(void)
{
    struct stream *s;

    for (int i = 0; i < 3; i++) {
        begin(1);
        s = add_records(0, 20);
        s->fail = OUTCOME_UNWRITTEN;
        fake_start(&fake, &config);
        run_until_asked(i == 0 ? &s->tails : i == 1 ? &s->pages : &s->sessions);
        s->fails = 1;
        run_for(&fake, 1000);
        CHECK_INT(fake.notes[FOLLOW_RETRY], 1);
        CHECK_STR(fake.note_text, "refused to read what it has");
        CHECK_INT(fake.notes[FOLLOW_RESTARTED], 0);
        CHECK_INT(s->got, 20);
        fake_release(&fake);
    }
}

static void test_list_stuck(void)
{
    begin(3);
    fake.list_stuck = true;
    start_and_run(1000);
    CHECK(fake.notes[FOLLOW_RETRY] > 0);
    CHECK_STR(fake.note_text, "a page that does not get on");
    CHECK(fake.lists < 50);
    CHECK(!follow_listed(fake.follow));
    fake.list_stuck = false;
    run_for(&fake, 60000);
    CHECK(follow_listed(fake.follow));
    fake_release(&fake);
}

/* What cannot even be started ends it: the list, a tail, a page, a session. */
static void test_no_memory(void)
{
    for (int i = 0; i < 4; i++) {
        char text[128];
        struct stream *s;

        begin(1);
        s = add_records(0, 20);
        fake_start(&fake, &config);
        if (i > 0)
            run_until_asked(i == 1   ? &fake.lists
                            : i == 2 ? &s->tails
                                     : &s->pages);
        fake.no_memory = true;
        CHECK_INT(run_to_the_end(text, sizeof(text)), ERR_OS);
        CHECK_STR(text, i == 0 ? "the list of streams: out of memory"
                               : "s/00000: out of memory");
        fake_release(&fake);
    }
}

int main(void)
{
    RUN(test_retry);
    RUN(test_reads_fail);
    RUN(test_overlap);
    RUN(test_retry_for);
    RUN(test_list_fails);
    RUN(test_fatal);
    RUN(test_basin_gone);
    RUN(test_sessions_fail_late);
    RUN(test_records_recover);
    RUN(test_session_ends);
    RUN(test_without_a_note_hook);
    RUN(test_nonsense);
    RUN(test_list_stuck);
    RUN(test_no_memory);
    return check_done();
}
