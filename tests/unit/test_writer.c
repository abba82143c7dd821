/* The writer against a basin that loses requests and answers. */
#include "check.h"

#include "writerrun.h"

static void exercise(uint64_t seed, enum fault only)
{
    struct run run;
    int total = 400;

    begin(&run, seed, true);
    run.fake.fault_percent = 30;
    run.fake.only = only;
    run.fake.no_basin = true;
    writer_start(run.writer, 0);
    for (int i = 0; i < total; i++) {
        for (int s = 0; s < STREAMS; s++) {
            CHECK(add(&run, s, i) != WRITER_TOO_LARGE);
            if (i % 7 == 0)
                CHECK(add(&run, s, i / 2) == WRITER_DUPLICATE);
        }
        if (i % 3 == 0)
            CHECK(step(&run) == 0);
    }
    drain(&run);
    for (int s = 0; s < STREAMS; s++)
        verify(&run, s, total, only != FOREIGN && run.fake.seen[FOREIGN] == 0);
    if (only != NO_FAULT)
        CHECK(run.fake.seen[only] > 0);
    CHECK(run.notes[WRITER_CREATED] > 0);
    CHECK_INT(run.notes[WRITER_GAP], 0);
    end(&run);
}

static void test_each_fault(void)
{
    for (int fault = 1; fault < FAULTS; fault++) {
        for (uint64_t seed = 0; seed < 40; seed++)
            exercise(seed * 977 + 5, (enum fault)fault);
    }
}

static void test_all_faults(void)
{
    for (uint64_t seed = 0; seed < 300; seed++)
        exercise(seed, NO_FAULT);
}

static void test_lost_acks_are_reported(void)
{
    struct run run;

    begin(&run, 3, false);
    writer_start(run.writer, -1);
    run.fake.fault_percent = 50;
    run.fake.only = DROPPED;
    for (int i = 0; i < 200; i++) {
        add(&run, 0, i);
        CHECK(step(&run) == 0);
    }
    drain(&run);
    CHECK(run.fake.seen[DROPPED] > 0);
    CHECK(run.notes[WRITER_RESOLVED] > 0);
    CHECK_INT(run.acked[0], 200);
    CHECK_INT(writer_stats(run.writer)->acked, 200);
    CHECK_INT(writer_stats(run.writer)->duplicates, 0);
    end(&run);
}

static void test_second_run_adds_nothing(void)
{
    struct run run;
    struct log log;

    begin(&run, 9, false);
    writer_start(run.writer, -1);
    for (int i = 0; i < 300; i++)
        add(&run, 0, i);
    drain(&run);
    log = run.fake.logs[0];
    run.fake.logs[0].records = NULL;
    end(&run);

    begin(&run, 10, false);
    run.fake.logs[0] = log;
    writer_start(run.writer, 0);
    for (int i = 0; i < 310; i++)
        add(&run, 0, i);
    drain(&run);
    verify(&run, 0, 310, true);
    CHECK_INT(writer_stats(run.writer)->acked, 10);
    CHECK_INT(writer_stats(run.writer)->duplicates, 300);
    end(&run);
}

static void test_deleted_stream(void)
{
    struct run run;

    begin(&run, 4, false);
    writer_start(run.writer, -1);
    run.fake.deletions = 1;
    for (int i = 0; i < 200; i++) {
        add(&run, 0, i);
        CHECK(step(&run) == 0);
    }
    drain(&run);
    CHECK_INT(run.notes[WRITER_GAP], 1);
    CHECK_STR(run.fake.logs[0].records[run.fake.logs[0].n - 1].body, "p199");
    end(&run);
}

static void test_trimmed_stream(void)
{
    struct run run;

    begin(&run, 5, false);
    run.fake.logs[0].exists = true;
    for (int i = 0; i < 100; i++)
        store(&run.fake.logs[0], "x");
    run.fake.logs[0].first = 100;
    writer_start(run.writer, 0);
    for (int i = 0; i < 5; i++)
        add(&run, 0, i);
    drain(&run);
    CHECK_INT(run.fake.logs[0].n, 105);
    CHECK_INT(run.acked[0], 5);
    end(&run);
}

static void test_missing_basin(void)
{
    struct run run;
    int rc = 0;

    begin(&run, 6, false);
    run.fake.no_basin = true;
    writer_start(run.writer, -1);
    for (int i = 0; i < 5 && rc == 0; i++)
        rc = step(&run);
    CHECK_INT(rc, -1);
    CHECK_INT(run.err.code, ERR_CONFIG);
    CHECK(strstr(run.err.text, "--create-basin") != NULL);
    end(&run);
}

/* When one stream gets through after an outage, the others do not wait out
 * their back-off. */
static void test_recovery_wakes_all(void)
{
    struct run run;

    begin(&run, 12, false);
    writer_start(run.writer, -1);
    for (int i = 0; i < 4; i++)
        step(&run);
    run.fake.fault_percent = 100;
    run.fake.only = REFUSED;
    for (int s = 0; s < STREAMS; s++)
        add(&run, s, 0);
    for (int i = 0; i < 2000; i++)
        CHECK(step(&run) == 0);
    CHECK(writer_stats(run.writer)->retries >= 10);
    run.fake.fault_percent = 0;
    for (int i = 0; i < 2000 && run.notes[WRITER_RECOVERED] == 0; i++)
        step(&run);
    for (int i = 0; i < 3; i++)
        step(&run);
    CHECK_INT(writer_records(run.writer), 0);
    end(&run);
}

static void test_linger(void)
{
    struct run run;
    int64_t next;

    begin(&run, 7, false);
    writer_start(run.writer, -1);
    for (int i = 0; i < 4; i++)
        step(&run);
    add(&run, 0, 0);
    CHECK(writer_run(run.writer, run.now, &next, NULL) == 0);
    CHECK_INT(next, run.now + 100);
    CHECK(run.fake.ops == NULL);
    for (int i = 1; i < WIRE_BATCH_RECORDS; i++)
        add(&run, 0, i);
    CHECK(writer_run(run.writer, run.now, &next, NULL) == 0);
    CHECK(run.fake.ops != NULL && run.fake.ops->n == WIRE_BATCH_RECORDS);
    end(&run);
}

static void test_too_large(void)
{
    struct writer_item item = {.time_us = 1};
    static char big[WIRE_BATCH_BYTES];
    struct run run;

    begin(&run, 8, false);
    item.body.p = big;
    item.body.n = sizeof(big) - 7;
    CHECK(writer_add(run.writer, 0, &item, 0) == WRITER_TOO_LARGE);
    item.body.n = sizeof(big) - 8;
    CHECK(writer_add(run.writer, 0, &item, 0) == WRITER_QUEUED);
    end(&run);
}

int main(void)
{
    RUN(test_each_fault);
    RUN(test_all_faults);
    RUN(test_lost_acks_are_reported);
    RUN(test_second_run_adds_nothing);
    RUN(test_deleted_stream);
    RUN(test_trimmed_stream);
    RUN(test_missing_basin);
    RUN(test_recovery_wakes_all);
    RUN(test_linger);
    RUN(test_too_large);
    return check_done();
}
