/* Checkpoints against a basin that loses requests, answers and records. */
#include "check.h"

#include <stdlib.h>

#include "basin/checkpoint_look.h"
#include "checkpointfake.h"
#include "checkpointrun.h"

static struct fake fake;
static struct instance in;

static void begin(void)
{
    fake_begin(&fake, 7);
    fake.exists = true;
}

static void end(void)
{
    instance_close(&in);
    fake_end(&fake);
}

static void start(const char *token)
{
    instance_run(&in, &fake.head, token);
}

static void check_ready(void)
{
    CHECK(!in.dead && checkpoint_ready(in.cp));
    CHECK_STR(in.err.text, "");
}

static void check_dead(enum err_code code, const char *text)
{
    CHECK(in.dead && !checkpoint_ready(in.cp));
    CHECK_INT(in.err.code, code);
    if (strstr(in.err.text, text) == NULL)
        CHECK_STR(in.err.text, text);
}

static void check_newest(const char *token, int64_t position)
{
    struct checkpoint_read *read = fake_newest(&fake);
    const struct checkpoint_text *text;

    CHECK(read != NULL);
    if (read == NULL)
        return;
    text = checkpoint_read_text(read);
    CHECK_STR(text->token, token);
    CHECK_INT(text->at.time_us, position);
    checkpoint_read_free(read);
}

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

static void test_retry_budget(void)
{
    begin();
    fake.percent = 200;
    instance_open(&in, &fake.head, "me", 1);
    in.config.retry_for = 60000;
    instance_start(&in);
    instance_go(&in);
    check_dead(ERR_UNAVAILABLE, "given up: no answer");
    CHECK(in.notes[CHECKPOINT_RETRY] > 0);
    end();
}

static void test_recovers(void)
{
    begin();
    fake.reads = REFUSED;
    start("me");
    check_ready();
    CHECK_INT(in.notes[CHECKPOINT_RETRY], 1);
    CHECK_INT(in.notes[CHECKPOINT_RECOVERED], 1);
    CHECK_INT(in.fails, 1);
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

static void test_thousand_fences(void)
{
    begin();
    fake_checkpoint(&fake, "old", "a", 30, true);
    for (int i = 0; i < 1000; i++)
        fake_store(&fake, "fence", SLICE("x"), 1);
    fake.page_max = 300;
    start("me");
    check_ready();
    CHECK(in.found);
    CHECK_INT(in.begin, 30);
    CHECK_INT(in.foreign, 0);
    end();
}

static void test_thousands_of_fences(void)
{
    begin();
    for (int i = 0; i < 2500; i++)
        fake_store(&fake, "fence", SLICE("x"), 1);
    start("me");
    check_ready();
    CHECK(!in.found && in.lost);
    end();
}

static void test_trimmed_to_the_tail(void)
{
    begin();
    for (int i = 0; i < 1500; i++)
        fake_checkpoint(&fake, "old", "a", 30, true);
    fake.first = fake.n;
    start("me");
    check_ready();
    CHECK(!in.found && in.lost);
    CHECK_INT(fake.n, 3002);
    CHECK_INT(fake.pages, 1);
    end();
}

/* Only what lies far back is trimmed; the rest is commands. */
static void test_trimmed_in_the_middle(void)
{
    begin();
    fake_checkpoint(&fake, "old", "a", 30, true);
    for (int i = 0; i < 500; i++)
        fake_store(&fake, "fence", SLICE("x"), 1);
    fake.first = 100;
    start("me");
    check_ready();
    CHECK(!in.found && in.lost);
    end();
}

/* A page begins later, but not all of its window is trimmed. */
static void test_trimmed_window_with_a_checkpoint(void)
{
    begin();
    for (int i = 0; i < 20; i++)
        fake_store(&fake, "fence", SLICE("x"), 1);
    fake_checkpoint(&fake, "old", "a", 30, true);
    fake.first = 20;
    start("me");
    check_ready();
    CHECK_INT(in.begin, 30);
    end();
}

static void test_garbage_at_start(void)
{
    static const char *const garbage[] = {"", "{}", "hello", "{\"v\":1}",
                                          "{\"v\":2,\"job\":\"j\"}"};

    begin();
    fake_checkpoint(&fake, "old", "a", 30, true);
    for (int i = 0; i < 40; i++)
        fake_store_text(&fake, garbage[i % 5]);
    start("me");
    check_ready();
    CHECK_INT(in.begin, 30);
    CHECK(in.notes[CHECKPOINT_FOREIGN] > 0);
    CHECK_INT(in.foreign, 40);
    end();
}

static void test_checkpoint_of_another_job(void)
{
    struct checkpoint_text text = {
        .at = at_of(99),
        .settings = {"0123456789abcdef0123456789abcdef", NULL, 0},
        .job = "k",
        .host = "h",
        .token = "t"};
    struct buf body = BUF_INIT(10000);

    begin();
    checkpoint_text_write(&text, &body);
    fake_store(&fake, "", buf_slice(&body), 1);
    buf_release(&body);
    start("me");
    check_ready();
    CHECK(!in.found && in.lost);
    CHECK_INT(in.foreign, 1);
    end();
}

/* Whatever happens to the fence or to a later write: it is there once. */
static void test_each_fault(void)
{
    static const enum fault faults[] = {REFUSED, LOST,    DROPPED,
                                        LATE,    GARBAGE, COMMAND};

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        int checkpoints = 0;

        begin();
        fake_checkpoint(&fake, "old", "a", 30, true);
        fake.script = faults[i];
        start("me");
        check_ready();
        CHECK_INT(in.begin, 30);
        check_newest("me", 30);
        fake.script = faults[i];
        instance_write(&in, 40);
        check_ready();
        check_newest("me", 40);
        for (int j = 0; j < 20; j++)
            basin_run(&fake.head, 0);
        instance_write(&in, 50);
        check_ready();
        check_newest("me", 50);
        for (uint64_t j = 0; j < fake.n; j++)
            checkpoints += strstr(fake.records[j].body, "\"me\"") != NULL;
        CHECK_INT(checkpoints, 3);
        CHECK_INT(in.notes[CHECKPOINT_WRITTEN], 3);
        CHECK_INT(fake.seen[faults[i]], 2);
        end();
    }
}

static void test_fence_ack_lost(void)
{
    begin();
    fake.script = DROPPED;
    start("me");
    check_ready();
    CHECK_INT(in.begins, 1);
    CHECK_INT(fake.n, 2);
    CHECK_INT(in.written, 1);
    CHECK_INT(in.notes[CHECKPOINT_WRITTEN], 1);
    end();
}

/* The first copy lands behind its retry, and changes nothing. */
static void test_first_copy_after_retry(void)
{
    begin();
    start("me");
    fake.script = LATE;
    instance_write(&in, 40);
    CHECK_INT(fake.n, 3);
    CHECK(fake.ops != NULL);
    for (int i = 0; i < 20; i++)
        basin_run(&fake.head, 0);
    CHECK(fake.ops == NULL);
    CHECK_INT(fake.n, 3);
    instance_write(&in, 41);
    check_ready();
    end();
}

/* A retry is the same bytes, the date included. */
static void test_retry_is_the_same(void)
{
    begin();
    start("me");
    instance_put(&in, 40);
    checkpoint_flush(in.cp);
    fake.script = REFUSED;
    instance_step(&in);
    instance_put(&in, 41);
    in.now += 100000;
    instance_go(&in);
    CHECK_INT(fake.n, 3);
    CHECK(strstr(fake.records[2].body, "\"time_us\":40,") != NULL);
    CHECK_INT(fake.records[2].date, WALL_MS);
    end();
}

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

static void test_trimmed_while_running(void)
{
    begin();
    start("me");
    instance_write(&in, 50);
    fake_trim(&fake, 3);
    fake.first = fake.n;
    instance_write(&in, 60);
    check_ready();
    CHECK_INT(in.notes[CHECKPOINT_LOST], 0);
    check_newest("me", 60);
    end();
}

static void test_deleted_while_running(void)
{
    begin();
    start("me");
    instance_write(&in, 50);
    fake_delete(&fake);
    instance_put(&in, 60);
    in.now += 5000;
    instance_step(&in);
    instance_go(&in);
    check_ready();
    CHECK_INT(in.notes[CHECKPOINT_LOST], 1);
    CHECK_INT(in.begins, 1);
    CHECK_INT(fake.n, 2);
    CHECK_STR(fake.fence, "me");
    check_newest("me", 60);
    end();
}

/* ... and recreated by another instance, or by hand. */
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

/* The store forgets the newest records: with our fence, without it, and all
 * but a few of whom we came after. */
static void test_lost_records(void)
{
    for (uint64_t keep = 0; keep < 9; keep++) {
        begin();
        for (int i = 0; i < 5; i++)
            fake_checkpoint(&fake, "old", "a", 30 + i, i == 0);
        start("me");
        instance_write(&in, 50);
        instance_write(&in, 60);
        CHECK_INT(fake.n, 10);
        fake_cut(&fake, keep);
        instance_write(&in, 70);
        check_ready();
        CHECK_INT(in.notes[CHECKPOINT_LOST], 1);
        CHECK_INT(in.notes[CHECKPOINT_WRITTEN], 4);
        CHECK_STR(fake.fence, "me");
        check_newest("me", 70);
        end();
    }
}

/* When the only request there is arrives, which nobody waits for. */
static void arrives_in(int runs)
{
    CHECK(fake.ops != NULL && fake.ops->next == NULL && fake.ops->late > 0);
    if (fake.ops != NULL)
        fake.ops->late = runs;
}

/* What was written before the stream was deleted lands in the new one, at the
 * very number that the next write names. */
static void test_straggler(void)
{
    begin();
    start("me");
    fake.script = LATE;
    instance_put(&in, 40);
    checkpoint_flush(in.cp);
    instance_step(&in);
    arrives_in(1000);
    fake_delete(&fake);
    instance_go(&in);
    check_ready();
    CHECK_INT(fake.n, 2);
    arrives_in(1);
    basin_run(&fake.head, 0);
    CHECK_INT(fake.n, 3);
    instance_write(&in, 50);
    check_ready();
    CHECK_INT(fake.n, 4);
    check_newest("me", 50);
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

/* What was flushed and stood is written again when it is lost. */
static void test_lost_flush(void)
{
    begin();
    start("me");
    instance_write(&in, 50);
    instance_write(&in, 60);
    fake_cut(&fake, 3);
    in.now += CHECKPOINT_STILL_MS + 5000;
    instance_step(&in);
    instance_go(&in);
    check_ready();
    CHECK(checkpoint_settled(in.cp));
    check_newest("me", 60);
    end();
}

/* Between the page that is asked for and its answer the stream shrinks. */
static void test_shrinks_while_read(void)
{
    int64_t next;

    begin();
    for (int i = 0; i < 30; i++)
        fake_store_text(&fake, "garbage");
    instance_open(&in, &fake.head, "me", 1);
    instance_start(&in);
    for (int i = 0; i < 2; i++)
        instance_step(&in);
    checkpoint_run(in.cp, in.now, WALL_MS, &next, NULL);
    CHECK(fake.ops != NULL && fake.ops->kind == READ);
    fake_cut(&fake, 3);
    instance_go(&in);
    check_ready();
    CHECK_INT(fake.n, 5);
    end();

    begin();
    start("me");
    for (int i = 0; i < 30; i++)
        fake_store_text(&fake, "garbage");
    instance_put(&in, 40);
    checkpoint_flush(in.cp);
    instance_step(&in);
    checkpoint_run(in.cp, in.now, WALL_MS, &next, NULL);
    CHECK(fake.ops != NULL && fake.ops->kind == READ);
    fake_cut(&fake, 1);
    instance_go(&in);
    check_ready();
    CHECK_INT(in.notes[CHECKPOINT_LOST], 1);
    check_newest("me", 40);
    end();
}

static void test_tail_without_records(void)
{
    begin();
    fake_store_text(&fake, "garbage");
    fake.blind = true;
    start("me");
    check_dead(ERR_PROTOCOL, "not where its tail says");
    CHECK_INT(fake.pages, 6);
    end();
}

/* A server whose numbers jump back, or to the end of all numbers. */
static void test_odd_numbers(void)
{
    static const uint64_t odd[] = {0, 14, UINT64_MAX};

    for (size_t i = 0; i < 3; i++) {
        struct wire_record record = {.seq_num = odd[i], .body = SLICE("x")};
        struct basin_reply reply = {.records = &record, .nrecords = 1};
        struct checkpoint_look look = {.job = NULL};
        int rc = 0;
        int n = 0;

        checkpoint_look_back(&look, JOB, 30);
        for (; rc == 0 && n < 1000; n++)
            rc = checkpoint_look_page(&look, &reply);
        CHECK_INT(rc, 1);
        CHECK(look.newest == NULL && n < 20);
        checkpoint_look_release(&look);
    }
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

/* Answers that no basin may give. */
static void test_nonsense(void)
{
    static const enum outcome outcomes[] = {OUTCOME_MISMATCH, OUTCOME_FENCED,
                                            OUTCOME_FAILED};

    for (size_t i = 0; i < 3; i++) {
        struct basin_reply reply = {.outcome = outcomes[i],
                                    .err = {ERR_PROTOCOL, "nonsense"}};
        int64_t next;

        begin();
        instance_open(&in, &fake.head, "me", 1);
        instance_start(&in);
        CHECK_INT(checkpoint_run(in.cp, 0, WALL_MS, &next, NULL), 0);
        CHECK(fake.ops != NULL);
        fake.ops->done(fake.ops->arg, &reply);
        fake_end(&fake);
        instance_step(&in);
        check_dead(ERR_PROTOCOL, "_bsky2s2/j: ");
        end();
    }
}

int main(void)
{
    RUN(test_new_stream);
    RUN(test_goes_on_from_the_newest);
    RUN(test_begin_refuses);
    RUN(test_missing_basin);
    RUN(test_retry_budget);
    RUN(test_recovers);
    RUN(test_rhythm);
    RUN(test_flush);
    RUN(test_flush_in_flight);
    RUN(test_put_of_a_long_url);
    RUN(test_trims);
    RUN(test_thousand_fences);
    RUN(test_thousands_of_fences);
    RUN(test_trimmed_to_the_tail);
    RUN(test_trimmed_in_the_middle);
    RUN(test_trimmed_window_with_a_checkpoint);
    RUN(test_garbage_at_start);
    RUN(test_checkpoint_of_another_job);
    RUN(test_each_fault);
    RUN(test_fence_ack_lost);
    RUN(test_first_copy_after_retry);
    RUN(test_retry_is_the_same);
    RUN(test_other_instance_takes_over);
    RUN(test_names_are_scrubbed);
    RUN(test_fenced_by_hand);
    RUN(test_foreign_checkpoint);
    RUN(test_garbage_while_running);
    RUN(test_trimmed_while_running);
    RUN(test_deleted_while_running);
    RUN(test_deleted_and_taken);
    RUN(test_lost_records);
    RUN(test_straggler);
    RUN(test_fenced_and_then_deleted);
    RUN(test_lost_flush);
    RUN(test_shrinks_while_read);
    RUN(test_tail_without_records);
    RUN(test_odd_numbers);
    RUN(test_always_late);
    RUN(test_late_four_times);
    RUN(test_always_garbage);
    RUN(test_two_at_once);
    RUN(test_freed_any_time);
    RUN(test_host_is_made_readable);
    RUN(test_nonsense);
    return check_done();
}
