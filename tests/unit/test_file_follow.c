/* The embedded basin: sessions that follow a stream, on a clock that the test
 * turns. */
#include "base/retry.h"
#include "filefollow.h"

#define SEED 20260203u

static void test_follows(void)
{
    struct heard heard;

    begin(2500);
    follow(&heard, false, 0, 0);
    CHECK_INT(basin_run(reader, clock_ms), clock_ms);
    CHECK_INT(heard.n, 1000);
    CHECK(heard.last.tail_known);
    CHECK_INT(heard.last.tail.seq_num, 2500);
    basin_run(reader, clock_ms);
    basin_run(reader, clock_ms);
    CHECK_INT(heard.n, 2500);
    run_for(1000);
    CHECK_INT(heard.calls, 3);
    append_to("s", 2500, 7);
    run_for(100);
    CHECK_INT(heard.n, 2507);
    CHECK_INT(heard.last.tail.seq_num, 2507);
    CHECK_INT(heard.last.tail.timestamp, 1000 + 25060);
    CHECK_INT(heard.overs, 0);
    end();
}

/* Once on reaching the tail, then every five seconds of silence. */
static void test_signs_of_life(void)
{
    struct heard heard;

    begin(3);
    follow(&heard, false, 3, 0);
    basin_run(reader, clock_ms);
    CHECK_INT(heard.signs, 1);
    CHECK(heard.last.tail_known);
    CHECK_INT(heard.last.tail.seq_num, 3);
    run_for(4900);
    CHECK_INT(heard.signs, 1);
    run_for(200);
    CHECK_INT(heard.signs, 2);
    append_to("s", 3, 1);
    run_for(4900);
    CHECK_INT(heard.signs, 2);
    CHECK_INT(heard.n, 1);
    run_for(60000);
    CHECK(heard.signs >= 13 && heard.signs <= 15);
    CHECK_INT(heard.overs, 0);
    end();
}

static void test_limit(void)
{
    static const struct {
        uint64_t from, limit, want;
        int calls;
        enum outcome outcome;
    } rows[] = {
        {0, 1, 1, 1, OUTCOME_OK},
        {0, 1000, 1000, 1, OUTCOME_OK},
        {0, 1500, 1500, 2, OUTCOME_OK},
        {0, 2500, 2500, 3, OUTCOME_OK},
        {0, 9999, 2500, 3, OUTCOME_OK},
        {2400, 100, 100, 1, OUTCOME_OK},
        {2499, 100, 1, 1, OUTCOME_OK},
        {2500, 100, 0, 1, OUTCOME_UNWRITTEN},
        {2501, 100, 0, 1, OUTCOME_UNWRITTEN},
        {2501, 0, 0, 1, OUTCOME_UNWRITTEN},
    };
    struct heard heard;

    begin(2500);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        follow(&heard, false, rows[i].from, rows[i].limit);
        run_for(20000);
        CHECK_INT(heard.n, rows[i].want);
        CHECK_INT(heard.calls, rows[i].calls);
        CHECK_INT(heard.overs, 1);
        CHECK(heard.last.over && heard.last.tail_known);
        CHECK_INT(heard.last.outcome, rows[i].outcome);
        CHECK_INT(heard.last.tail.seq_num, 2500);
    }
    end();
}

static void test_by_time(void)
{
    struct heard heard;

    begin(10);
    follow(&heard, true, 1045, 3);
    heard.next = 5;
    run_for(100);
    CHECK_INT(heard.n, 3);
    CHECK_INT(heard.overs, 1);
    /* From behind the last record: the tail of now, not of later. */
    follow(&heard, true, 1500, 0);
    heard.next = 10;
    run_for(100);
    CHECK_INT(heard.signs, 1);
    append_to("s", 10, 1);
    run_for(100);
    CHECK_INT(heard.n, 1);
    follow(&heard, true, 5000, 3);
    run_for(100);
    CHECK_INT(heard.last.outcome, OUTCOME_UNWRITTEN);
    CHECK_INT(heard.overs, 1);
    end();
}

/* The second page is found by number, whatever the first was found by. */
static void test_by_time_on_and_on(void)
{
    struct heard heard;

    begin(2500);
    follow(&heard, true, 1000 + 50, 0);
    heard.next = 5;
    run_for(1000);
    CHECK_INT(heard.next, 2500);
    end();
}

static void test_trimmed(void)
{
    struct heard heard;

    begin(30);
    ft_sql("DELETE FROM record WHERE seq_num < 20");
    follow(&heard, false, 5, 0);
    heard.next = 20;
    run_for(100);
    CHECK_INT(heard.n, 10);
    basin_cancel(reader, heard.op);
    ft_sql("DELETE FROM record");
    follow(&heard, false, 5, 10);
    run_for(100);
    CHECK_INT(heard.calls, 1);
    CHECK_INT(heard.last.outcome, OUTCOME_OK);
    CHECK(heard.last.over);
    follow(&heard, false, 5, 0);
    run_for(100);
    append_to("s", 30, 1);
    heard.next = 30;
    run_for(100);
    CHECK_INT(heard.n, 1);
    end();
}

static void test_no_stream(void)
{
    struct wire_read read = {false, 0, 0};
    struct heard heard = {0};

    begin(0);
    basin_follow(reader, "none", &read, hear, &heard, NULL);
    run_for(100);
    CHECK_INT(heard.last.outcome, OUTCOME_NO_STREAM);
    CHECK_INT(heard.overs, 1);
    memset(&heard, 0, sizeof(heard));
    basin_follow(reader, "..", &read, hear, &heard, NULL);
    run_for(100);
    CHECK_INT(heard.last.outcome, OUTCOME_FAILED);
    CHECK_INT(heard.overs, 1);
    end();
}

/* By hand: seen at the latest when a sign of life is due. */
static void test_deleted(void)
{
    struct heard heard, other;

    begin(30);
    follow(&heard, false, 0, 0);
    follow(&other, false, 0, 0);
    run_for(100);
    ft_sql("DELETE FROM stream");
    run_for(6000);
    CHECK_INT(heard.last.outcome, OUTCOME_NO_STREAM);
    CHECK_INT(heard.overs, 1);
    CHECK_INT(other.overs, 1);
    CHECK_INT(basin_run(reader, clock_ms), LOOP_NEVER);
    /* Made again, with more records than were read. */
    ft_sql("DELETE FROM record");
    ft_create(writer, "s");
    append_to("s", 0, 30);
    follow(&heard, false, 0, 0);
    run_for(100);
    CHECK_INT(heard.n, 30);
    ft_sql("DELETE FROM record; DELETE FROM stream");
    ft_create(writer, "s");
    append_to("s", 0, 50);
    run_for(6000);
    CHECK_INT(heard.n, 30);
    CHECK_INT(heard.last.outcome, OUTCOME_NO_STREAM);
    CHECK_INT(heard.overs, 1);
    end();
}

/* The numbers go back: the store is older than what was read of it. */
static void test_rewound(void)
{
    struct heard heard;

    begin(30);
    follow(&heard, false, 0, 0);
    run_for(100);
    ft_sql("DELETE FROM record WHERE seq_num >= 10;"
           "UPDATE stream SET next_seq = 10");
    run_for(6000);
    CHECK_INT(heard.last.outcome, OUTCOME_UNWRITTEN);
    CHECK_INT(heard.last.tail.seq_num, 10);
    CHECK_INT(heard.overs, 1);
    end();
}

/* From within any of its calls, and from outside, in any state. */
static void test_cancel(void)
{
    struct heard heard, others[2];

    begin(2500);
    for (int at = 1; at <= 4; at++) {
        follow(&others[0], false, 0, 0);
        follow(&heard, false, 0, 0);
        follow(&others[1], false, 0, 0);
        heard.cancel_at = at;
        run_for(6000);
        CHECK_INT(heard.calls, at);
        for (int i = 0; i < 2; i++) {
            CHECK_INT(others[i].n, 2500);
            CHECK_INT(others[i].overs, 0);
            basin_cancel(reader, others[i].op);
        }
        CHECK_INT(basin_run(reader, clock_ms), LOOP_NEVER);
    }
    basin_cancel(reader, follow(&heard, false, 0, 0));
    follow(&heard, false, 0, 0);
    basin_run(reader, clock_ms);
    basin_cancel(reader, heard.op);
    CHECK_INT(basin_run(reader, clock_ms), LOOP_NEVER);
    CHECK_INT(heard.calls, 1);
    follow(&heard, false, 0, 0);
    run_for(100);
    end();
}

/* Each run gives every session one page. */
static void test_fair(void)
{
    struct heard heard[20];

    begin(3000);
    for (int i = 0; i < 20; i++)
        follow(&heard[i], false, 0, 0);
    for (uint64_t n = 1000; n <= 3000; n += 1000) {
        basin_run(reader, clock_ms);
        for (int i = 0; i < 20; i++)
            CHECK_INT(heard[i].n, n);
    }
    end();
}

/* The writer follows what it writes itself, at once. */
static void test_own_appends(void)
{
    struct heard heard;
    struct basin *both;

    begin(0);
    both = reader;
    reader = writer;
    follow(&heard, false, 0, 0);
    basin_run(writer, clock_ms);
    for (uint64_t i = 0; i < 5; i++) {
        append_to("s", i, 1);
        CHECK_INT(heard.n, i + 1);
    }
    reader = both;
    end();
}

/* Many streams and sessions, begun, cancelled and written to at random. */
static void test_at_random(void)
{
    struct rng rng = {SEED};
    struct heard heard[8];
    uint64_t n = 0;

    begin(0);
    memset(heard, 0, sizeof(heard));
    printf("# seed %u\n", SEED);
    for (int i = 0; i < 1000; i++) {
        struct heard *h = &heard[rng_next(&rng) % 8];
        unsigned what = (unsigned)(rng_next(&rng) % 10);

        if (what == 0 && h->op != NULL && h->overs == 0) {
            basin_cancel(reader, h->op);
            h->op = NULL;
        } else if (what <= 2 && (h->op == NULL || h->overs > 0)) {
            follow(h, false, rng_next(&rng) % (n + 1),
                   (rng_next(&rng) & 1) * (rng_next(&rng) % 3000));
        } else if (what <= 4) {
            size_t more = (size_t)(rng_next(&rng) % 300) + 1;

            append_to("s", n, more);
            n += more;
        } else {
            run_for((int64_t)(rng_next(&rng) % 200));
        }
    }
    run_for(10000);
    for (int i = 0; i < 8; i++)
        CHECK(heard[i].op == NULL || heard[i].overs == 1 || heard[i].next == n);
    end();
}

int main(void)
{
    RUN(test_follows);
    RUN(test_signs_of_life);
    RUN(test_limit);
    RUN(test_by_time);
    RUN(test_by_time_on_and_on);
    RUN(test_trimmed);
    RUN(test_no_stream);
    RUN(test_deleted);
    RUN(test_rewound);
    RUN(test_cancel);
    RUN(test_fair);
    RUN(test_own_appends);
    RUN(test_at_random);
    return check_done();
}
