/* What a beginning finds where the checkpoints are: fences, what was trimmed,
 * garbage, and numbers that are odd. */
#include "check.h"

#include "basin/checkpoint_look.h"
#include "checkpointscene.h"

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

int main(void)
{
    RUN(test_thousand_fences);
    RUN(test_thousands_of_fences);
    RUN(test_trimmed_to_the_tail);
    RUN(test_trimmed_in_the_middle);
    RUN(test_trimmed_window_with_a_checkpoint);
    RUN(test_garbage_at_start);
    RUN(test_checkpoint_of_another_job);
    RUN(test_tail_without_records);
    RUN(test_odd_numbers);
    return check_done();
}
