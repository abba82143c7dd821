/* Following many streams, one behaviour at a time, on a scripted basin. */
#include "followscene.h"

static void test_nothing_to_follow(void)
{
    size_t n = 9;

    begin(0);
    config.once = true;
    fake_start(&fake, &config);
    CHECK(!follow_listed(fake.follow) && !follow_done(fake.follow));
    CHECK_INT(follow_bound(fake.follow, 77), 0);
    run_for(&fake, 100);
    CHECK(follow_listed(fake.follow) && follow_done(fake.follow));
    CHECK_INT(follow_bound(fake.follow, 77), 77);
    follow_streams(fake.follow, &n);
    CHECK_INT(n, 0);
    follow_more(fake.follow, 0);
    fake_release(&fake);
}

static void test_catches_up_and_follows(void)
{
    static const uint64_t lengths[] = {0, 1, 100, 250};

    begin(4);
    for (size_t i = 0; i < 4; i++)
        add_records(i, lengths[i]);
    start_and_run(2000);
    for (size_t i = 0; i < 4; i++) {
        CHECK_INT(told(&fake, i)->state, FOLLOW_LIVE);
        CHECK_INT(told(&fake, i)->index, i);
        CHECK_STR(told(&fake, i)->name, fake.streams[i].name);
        CHECK_INT(told(&fake, i)->next_seq, lengths[i]);
        CHECK_INT(told(&fake, i)->tail_seq, lengths[i]);
        CHECK_INT(fake.streams[i].got, lengths[i]);
        CHECK_INT(fake.streams[i].sessions, 1);
    }
    CHECK_INT(fake.notes[FOLLOW_FOUND], 4);
    CHECK(!follow_done(fake.follow));
    add_records(0, 30);
    add_records(3, 1);
    run_for(&fake, 100);
    CHECK_INT(fake.streams[0].got, 30);
    CHECK_INT(fake.streams[3].got, 251);
    CHECK_INT(fake.streams[0].tails + fake.streams[3].tails, 2);
    fake_release(&fake);
}

/* A name under two prefixes counts once; order is that of the lists. */
static void test_prefixes_and_excludes(void)
{
    static const char *const names[] = {"_b/x", "a/1", "a/12", "b/1", "c/1"};
    static const char *const prefixes[] = {"c/", "a/", "a/1", "_b"};
    static const char *const excludes[] = {"_b/*", "*2"};

    begin(5);
    for (size_t i = 0; i < 5; i++)
        snprintf(fake.streams[i].name, 24, "%s", names[i]);
    config.prefixes = prefixes;
    config.nprefixes = 4;
    config.excludes = excludes;
    config.nexcludes = 2;
    start_and_run(5000);
    CHECK_INT(fake.notes[FOLLOW_FOUND], 2);
    CHECK_STR(told(&fake, 0)->name, "c/1");
    CHECK_STR(told(&fake, 1)->name, "a/1");
    fake_release(&fake);
}

static void test_many_pages_of_names(void)
{
    begin(25);
    fake.list_page = 3;
    start_and_run(1000);
    CHECK_INT(fake.notes[FOLLOW_FOUND], 25);
    CHECK_INT(fake.lists, 9);
    CHECK_STR(told(&fake, 24)->name, "s/00024");
    fake_release(&fake);
}

static void test_later_streams(void)
{
    begin(3);
    fake.streams[1].exists = false;
    config.by_time = true;
    config.since_ms = date_of(10);
    fake.streams[0].trims = true;
    add_records(0, 20);
    add_records(1, 20);
    start_and_run(500);
    CHECK_INT(fake.notes[FOLLOW_FOUND], 2);
    fake.streams[1].exists = true;
    run_for(&fake, 1500);
    CHECK_INT(fake.notes[FOLLOW_FOUND], 3);
    CHECK_STR(told(&fake, 2)->name, "s/00001");
    CHECK_INT(fake.streams[1].got, 20);
    CHECK_INT(fake.streams[0].got, 10);
    fake_release(&fake);
}

static void test_no_discovery(void)
{
    begin(1);
    fake.streams[0].exists = false;
    config.discover_ms = 0;
    start_and_run(100);
    fake.streams[0].exists = true;
    run_for(&fake, 100000);
    CHECK_INT(fake.lists, 1);
    CHECK_INT(fake.notes[FOLLOW_FOUND], 0);
    fake_release(&fake);
}

/* Behind, the caller gets what it asks for and no more, and a stream that
 * waits for the caller is not stale. */
static void test_credit(void)
{
    struct stream *s;

    begin(1);
    fake.more_percent = 0;
    fake.whole_pages = true;
    s = add_records(0, 250);
    start_and_run(60000);
    CHECK_INT(s->got, 100);
    CHECK_INT(told(&fake, 0)->state, FOLLOW_BEHIND);
    CHECK(!told(&fake, 0)->stale);
    for (int i = 0; i < 2; i++) {
        s->owes = false;
        follow_more(fake.follow, 0);
        follow_more(fake.follow, 0);
        CHECK(follow_answered(fake.follow));
        run_for(&fake, 3000);
        CHECK_INT(s->got, i == 0 ? 200 : 250);
    }
    CHECK_INT(told(&fake, 0)->state, FOLLOW_LIVE);
    add_records(0, 500);
    run_for(&fake, 3000);
    CHECK_INT(s->got, 750);
    fake_release(&fake);
}

/* A page that failed before it brought anything is asked for again. */
static void test_credit_is_not_lost(void)
{
    struct stream *s;

    begin(1);
    fake.more_percent = 0;
    fake.whole_pages = true;
    s = add_records(0, 130);
    fake_start(&fake, &config);
    run_until_asked(&s->pages);
    s->fails = 3;
    s->fail = OUTCOME_UNKNOWN;
    run_for(&fake, 10000);
    CHECK_INT(s->got, 100);
    /* It was live when it broke: the caller has nothing of it. */
    s->owes = false;
    follow_more(fake.follow, 0);
    run_for(&fake, 1000);
    CHECK_INT(told(&fake, 0)->state, FOLLOW_LIVE);
    s->n += 120;
    s->fails = 1;
    run_for(&fake, 5000);
    CHECK_INT(s->got, 230);
    CHECK_INT(told(&fake, 0)->state, FOLLOW_BEHIND);
    fake_release(&fake);
}

/* One word for each page is enough, however many pieces it comes in. */
static void test_credit_for_pieces(void)
{
    begin(1);
    fake.more_early = true;
    add_records(0, 1000);
    start_and_run(5000);
    CHECK_INT(fake.streams[0].got, 1000);
    fake_release(&fake);
}

/* A page that is not full has reached the tail, though nobody says so. */
static void test_tail_never_told(void)
{
    begin(1);
    fake.never_tells = true;
    add_records(0, 250);
    start_and_run(5000);
    CHECK_INT(fake.streams[0].pages, 3);
    CHECK_INT(fake.streams[0].sessions, 1);
    fake_release(&fake);
}

static void test_slots(void)
{
    begin(100);
    for (size_t i = 0; i < 100; i++) {
        add_records(i, 150);
        fake.streams[i].mute = i < 16;
    }
    start_and_run(60000);
    CHECK_INT(fake.most_requests, 16);
    for (size_t i = 0; i < 100; i++) {
        CHECK(told(&fake, i)->stale == (i < 16));
        CHECK_INT(fake.streams[i].got, 0);
        fake.streams[i].mute = false;
    }
    run_for(&fake, 10000);
    for (size_t i = 0; i < 100; i++) {
        CHECK_INT(fake.streams[i].got, 150);
        CHECK_INT(fake.streams[i].sessions, 1);
        CHECK(!told(&fake, i)->stale);
    }
    fake_release(&fake);
}

/* Among many streams pages are smaller. */
static void test_page_size(void)
{
    begin(60);
    config.page = 1000;
    fake.whole_pages = true;
    add_records(0, 1000);
    start_and_run(5000);
    CHECK_INT(fake.streams[0].got, 1000);
    CHECK(fake.streams[0].pages >= 10);
    fake_release(&fake);
    begin(1);
    config.page = 7;
    add_records(0, 70);
    start_and_run(5000);
    CHECK(fake.streams[0].pages >= 10);
    fake_release(&fake);
}

static void test_commands(void)
{
    struct stream *s;

    begin(1);
    fake.command_every = 5;
    fake.wild_commands = true;
    s = add_records(0, 250);
    start_and_run(2000);
    CHECK_INT(s->got, 200);
    CHECK_INT(told(&fake, 0)->next_seq, 250);
    CHECK_INT(told(&fake, 0)->last_ms, date_of(248));
    CHECK_INT(told(&fake, 0)->missing, 0);
    fake_release(&fake);
}

/* A page of nothing but commands costs the caller nothing. */
static void test_only_commands(void)
{
    begin(1);
    fake.command_every = 1;
    fake.more_percent = 0;
    add_records(0, 250);
    start_and_run(2000);
    CHECK_INT(told(&fake, 0)->state, FOLLOW_LIVE);
    CHECK_INT(told(&fake, 0)->next_seq, 250);
    CHECK_INT(told(&fake, 0)->last_ms, 0);
    fake_release(&fake);
}

/* What was trimmed before we came is not missing; what goes while we are
 * away is. */
static void test_trimmed(void)
{
    struct stream *s;

    begin(1);
    s = add_records(0, 50);
    s->first = 20;
    s->trims = true;
    start_and_run(1000);
    CHECK_INT(s->got, 30);
    CHECK_INT(told(&fake, 0)->missing, 0);
    s->n = 90;
    s->first = 60;
    run_for(&fake, 1000);
    CHECK_INT(s->got, 60);
    CHECK_INT(told(&fake, 0)->missing, 10);
    CHECK_INT(fake.notes[FOLLOW_TRIMMED], 1);
    CHECK_INT(fake.missing, 10);
    fake_release(&fake);
}

/* A stream that was empty is live: what it loses then is missing. */
static void test_trimmed_while_live(void)
{
    begin(1);
    start_and_run(1000);
    fake.streams[0].n = 50;
    fake.streams[0].first = 20;
    run_for(&fake, 1000);
    CHECK_INT(fake.streams[0].got, 30);
    CHECK_INT(told(&fake, 0)->missing, 20);
    fake_release(&fake);
}

static void test_wholly_trimmed(void)
{
    struct stream *s;

    begin(1);
    s = add_records(0, 50);
    s->first = 50;
    s->trims = true;
    start_and_run(1000);
    CHECK_INT(told(&fake, 0)->state, FOLLOW_LIVE);
    CHECK_INT(told(&fake, 0)->next_seq, 50);
    CHECK_INT(told(&fake, 0)->missing, 0);
    s->fails = 1;
    s->fail = OUTCOME_RETRY;
    s->n = 80;
    s->first = 80;
    run_for(&fake, 5000);
    CHECK_INT(told(&fake, 0)->next_seq, 80);
    CHECK_INT(told(&fake, 0)->missing, 30);
    fake_release(&fake);
}

/* A page that a server ended with a "come again" is no trimmed stream. */
static void test_empty_page(void)
{
    struct stream *s;

    begin(1);
    s = add_records(0, 50);
    fake_start(&fake, &config);
    s->ends = 1;
    run_for(&fake, 1000);
    CHECK_INT(s->ends, 0);
    CHECK_INT(s->got, 50);
    fake_release(&fake);
}

int main(void)
{
    RUN(test_nothing_to_follow);
    RUN(test_catches_up_and_follows);
    RUN(test_prefixes_and_excludes);
    RUN(test_many_pages_of_names);
    RUN(test_later_streams);
    RUN(test_no_discovery);
    RUN(test_credit);
    RUN(test_credit_is_not_lost);
    RUN(test_credit_for_pieces);
    RUN(test_tail_never_told);
    RUN(test_slots);
    RUN(test_page_size);
    RUN(test_commands);
    RUN(test_only_commands);
    RUN(test_trimmed);
    RUN(test_trimmed_while_live);
    RUN(test_wholly_trimmed);
    RUN(test_empty_page);
    return check_done();
}
