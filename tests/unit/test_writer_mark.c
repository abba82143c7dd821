/* What a writer tells of where its source may go on, how long it remembers
 * identities, and what it says of the basin's clock. */
#include "check.h"

#include "basin/seen.h"
#include "writerrun.h"

#define T0 INT64_C(1795372740000000)
#define S(n) ((n)*INT64_C(1000000))
#define HOUR S(3600)
#define MEMORY (WRITER_MEMORY_MS * 1000)

static void test_oldest(void)
{
    struct writer_mark mark = {0};
    struct run run;

    begin(&run, 1, false);
    CHECK(!writer_oldest(run.writer, &mark));
    run.order = 10;
    add_at(&run, 2, 0, T0, T0 - 5);
    add_at(&run, 0, 1, T0 + 1, T0);
    add_at(&run, 2, 2, T0 + 2, T0 + 1);
    CHECK(writer_oldest(run.writer, &mark));
    CHECK_INT(mark.order, 11);
    CHECK_INT(mark.time_us, T0 - 5);
    CHECK_INT(mark.seq, 0);
    CHECK_INT(mark.epoch, 3);
    /* A duplicate is of no weight. */
    CHECK(add_at(&run, 1, 9, T0, -1) == WRITER_QUEUED);
    CHECK(add_at(&run, 2, 0, T0, -1) == WRITER_DUPLICATE);
    writer_start(run.writer, -1);
    drain(&run);
    CHECK(!writer_oldest(run.writer, &mark));
    end(&run);
}

/* A batch in flight, or of unknown outcome, is not durable. */
static void test_oldest_in_flight(void)
{
    struct writer_mark mark = {0};
    struct run run;

    begin(&run, 2, false);
    writer_start(run.writer, -1);
    for (int i = 0; i < 4; i++)
        step(&run);
    run.fake.fault_percent = 100;
    run.fake.only = DROPPED;
    add(&run, 0, 0);
    writer_flush(run.writer);
    for (int i = 0; i < 3; i++)
        step(&run);
    CHECK_INT(run.fake.logs[0].n, 1);
    add(&run, 1, 1);
    CHECK(writer_oldest(run.writer, &mark));
    CHECK_INT(mark.order, 1);
    run.fake.fault_percent = 0;
    drain(&run);
    CHECK(!writer_oldest(run.writer, &mark));
    CHECK_INT(run.notes[WRITER_RESOLVED], 1);
    end(&run);
}

#define TOTAL 300

/* Everything that came before the mark is in its stream.  Record i of stream
 * s is the item of order 1 + i * STREAMS + s. */
static void check_durable(struct run *run, uint64_t *last)
{
    struct writer_mark mark;
    bool there[TOTAL];

    if (!writer_oldest(run->writer, &mark)) {
        CHECK_INT(writer_records(run->writer), 0);
        return;
    }
    CHECK(mark.order >= *last);
    *last = mark.order;
    for (int s = 0; s < STREAMS; s++) {
        const struct log *log = &run->fake.logs[s];

        memset(there, 0, sizeof(there));
        for (uint64_t n = 0; n < log->n; n++) {
            if (log->records[n].body[0] == 'p')
                there[strtol(log->records[n].body + 1, NULL, 10)] = true;
        }
        for (int i = 0; 1 + (uint64_t)(i * STREAMS + s) < mark.order; i++)
            CHECK(there[i]);
    }
}

static void test_oldest_under_faults(void)
{
    for (uint64_t seed = 1; seed <= 200 && !check_bad; seed++) {
        struct run run;
        uint64_t last = 0;

        begin(&run, seed, false);
        run.fake.fault_percent = 30;
        writer_start(run.writer, 0);
        for (int i = 0; i < TOTAL; i++) {
            for (int s = 0; s < STREAMS; s++)
                CHECK(add(&run, s, i) == WRITER_QUEUED ||
                      run.fake.seen[FOREIGN] > 0);
            if (i % 3 == 0)
                CHECK(step(&run) == 0);
            if (i % 5 == 0)
                check_durable(&run, &last);
        }
        for (int i = 0; i < 20000 && writer_records(run.writer) > 0; i++) {
            CHECK(step(&run) == 0);
            if (i % 10 == 0)
                check_durable(&run, &last);
        }
        CHECK_INT(writer_records(run.writer), 0);
        if (check_bad)
            printf("# seed %d\n", (int)seed);
        end(&run);
    }
}

/* 6000 records after one of a wild time, the source advancing by a ms each;
 * then so much time passes that only the newest are remembered. */
static void add_many(struct run *run, int64_t wild)
{
    add_at(run, 0, 0, wild, T0);
    for (int i = 1; i <= 6000; i++)
        add_at(run, 0, i, T0 + i * 1000, T0 + i * 1000 - 1000);
}

static void test_wild_future_does_not_stop_ageing(void)
{
    struct run run;

    begin(&run, 4, false);
    add_many(&run, T0 + 1000 * HOUR);
    writer_age(run.writer, -1);
    CHECK(add(&run, 0, 1) == WRITER_DUPLICATE);
    writer_age(run.writer, T0 + HOUR + MEMORY);
    CHECK(add(&run, 0, 6000) == WRITER_DUPLICATE);
    CHECK(add(&run, 0, 1500) == WRITER_DUPLICATE);
    CHECK(add(&run, 0, 1) == WRITER_QUEUED);
    CHECK(add(&run, 0, 0) == WRITER_QUEUED);
    end(&run);
}

static void test_wild_past_is_not_forgotten_at_once(void)
{
    struct run run;

    begin(&run, 5, false);
    add_many(&run, 1000);
    writer_age(run.writer, T0 + MEMORY);
    CHECK(add(&run, 0, 0) == WRITER_DUPLICATE);
    /* Where nobody knows where the source stood, its own time counts. */
    add_at(&run, 1, 0, 1000, -1);
    for (int i = 1; i <= 6000; i++)
        add_at(&run, 1, i, T0 + i, -1);
    writer_age(run.writer, T0 + MEMORY);
    CHECK(add(&run, 1, 0) == WRITER_QUEUED);
    CHECK(add(&run, 1, 1) == WRITER_DUPLICATE);
    end(&run);
}

/* The same of what is learnt anew when a stream was deleted. */
static void test_wild_time_in_a_deleted_stream(void)
{
    struct run run;

    begin(&run, 6, false);
    run.fake.logs[0].exists = true;
    for (int i = 0; i < 60; i++)
        store(&run.fake.logs[0], "x");
    writer_start(run.writer, -1);
    add_many(&run, T0 + 1000 * HOUR);
    run.fake.deletions = 1;
    for (int i = 0; i < 2000 && run.notes[WRITER_GAP] == 0; i++)
        CHECK(step(&run) == 0);
    CHECK_INT(run.notes[WRITER_GAP], 1);
    CHECK_INT(writer_records(run.writer), 6001);
    CHECK(add(&run, 0, 1) == WRITER_DUPLICATE);
    writer_age(run.writer, T0 + HOUR + MEMORY);
    CHECK(add(&run, 0, 6000) == WRITER_DUPLICATE);
    CHECK(add(&run, 0, 1) == WRITER_QUEUED);
    end(&run);
}

/* How often the clock is said to be behind, when it dates so a record of an
 * event at ${time_us}, before which the source stood at ${before_us}. */
static int clock_notes(int64_t clock_us, int64_t time_us, int64_t before_us)
{
    struct run run;
    int notes;

    begin(&run, 7, false);
    run.fake.clock = (uint64_t)clock_us / 1000;
    writer_start(run.writer, -1);
    for (int i = 0; i < 2; i++) {
        add_at(&run, i, i, time_us, before_us);
        drain(&run);
    }
    notes = run.notes[WRITER_CLOCK];
    CHECK_INT(run.acked[0] + run.acked[1], 2);
    end(&run);
    return notes;
}

static void test_clock(void)
{
    const int64_t slack = S(1740);

    CHECK_INT(clock_notes(T0, T0 + slack, T0 + slack), 0);
    CHECK_INT(clock_notes(T0, T0 + slack + 1000, T0 + slack + 1000), 1);
    CHECK_INT(clock_notes(T0, T0 + HOUR, -1), 1);
    /* One wild time, of the event or of the position, proves nothing. */
    CHECK_INT(clock_notes(T0, T0 + 1000 * HOUR, T0 - S(1)), 0);
    CHECK_INT(clock_notes(T0, T0 - S(1), T0 + 1000 * HOUR), 0);
    CHECK_INT(clock_notes(T0, 1000, T0), 0);
}

static void test_forgotten(void)
{
    const int most = (int)SEEN_MOST;
    struct run run;

    begin(&run, 8, false);
    writer_start(run.writer, -1);
    for (int i = 0; i < most; i++) {
        add(&run, 0, i);
        if (i % 20000 == 19999)
            drain(&run);
    }
    drain(&run);
    CHECK_INT(run.acked[0], most);
    CHECK_INT(run.notes[WRITER_FORGOTTEN], 0);
    CHECK(add(&run, 0, 0) == WRITER_DUPLICATE);
    for (int i = 0; i < 10; i++) {
        add(&run, 0, most + i);
        drain(&run);
    }
    CHECK_INT(run.notes[WRITER_FORGOTTEN], 1);
    CHECK(add(&run, 0, 9) == WRITER_QUEUED);
    end(&run);
}

/* A stream that comes late is read before anything is put behind what it
 * holds. */
static void late_stream(uint64_t seed, unsigned fault_percent, int64_t from_ms)
{
    struct log *log;
    struct run run;
    char body[24];

    begin_with(&run, seed, false, 2);
    log = &run.fake.logs[2];
    log->exists = true;
    for (int i = 0; i < 300; i++) {
        snprintf(body, sizeof(body), "p%d", i);
        store(log, body);
    }
    writer_start(run.writer, from_ms);
    for (int i = 0; i < 50; i++) {
        add(&run, 0, i);
        CHECK(step(&run) == 0);
    }
    CHECK(writer_ready(run.writer));
    run.fake.fault_percent = fault_percent;
    add_stream(&run, 2);
    CHECK(!writer_ready(run.writer));
    writer_flush(run.writer);
    for (int i = 0; i < 310; i++) {
        CHECK(add(&run, 2, i) == WRITER_QUEUED || i > 0);
        if (i % 3 == 0)
            CHECK(step(&run) == 0);
    }
    drain(&run);
    CHECK(writer_ready(run.writer));
    verify(&run, 2, 310, run.fake.seen[FOREIGN] == 0);
    if (run.fake.seen[FOREIGN] == 0) {
        CHECK_INT(log->n, 310);
        CHECK_INT(run.acked[2], 10);
    }
    CHECK_INT(run.notes[WRITER_GAP], 0);
    end(&run);
}

static void test_late_stream(void)
{
    late_stream(1, 0, -1);
    late_stream(2, 0, 0);
    for (uint64_t seed = 3; seed < 40 && !check_bad; seed++) {
        late_stream(seed, 20, seed % 2 ? 0 : -1);
        if (check_bad)
            printf("# seed %d\n", (int)seed);
    }
}

/* Held, nothing new goes out, not even at the end. */
static void test_hold(void)
{
    struct run run;

    begin(&run, 5, false);
    writer_start(run.writer, -1);
    writer_hold(run.writer, true);
    add(&run, 0, 0);
    writer_flush(run.writer);
    for (int i = 0; i < 20; i++)
        step(&run);
    CHECK_INT(run.fake.logs[0].n, 0);
    writer_hold(run.writer, false);
    drain(&run);
    CHECK_INT(run.fake.logs[0].n, 1);
    end(&run);
}

int main(void)
{
    RUN(test_oldest);
    RUN(test_oldest_in_flight);
    RUN(test_oldest_under_faults);
    RUN(test_wild_future_does_not_stop_ageing);
    RUN(test_wild_past_is_not_forgotten_at_once);
    RUN(test_wild_time_in_a_deleted_stream);
    RUN(test_clock);
    RUN(test_forgotten);
    RUN(test_late_stream);
    RUN(test_hold);
    return check_done();
}
