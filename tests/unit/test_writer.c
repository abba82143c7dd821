/* The writer against a basin that loses requests and answers. */
#include "check.h"

#include <stdlib.h>

#include "base/loop.h"
#include "basin/writer.h"
#include "fakebasin.h"

struct run {
    struct fake fake;
    struct writer *writer;
    int acked[STREAMS];
    int notes[WRITER_CLOCK + 1];
    int64_t now;
    struct err err;
};

static struct hash128 id_of(struct slice body)
{
    struct hash_key key = {1, 2};

    return hash_bytes(key, body);
}

static int identify(void *arg, struct slice body, struct hash128 *id)
{
    (void)arg;
    *id = id_of(body);
    return 0;
}

static void on_acked(void *arg, const char *stream,
                     const struct wire_record *record)
{
    struct run *run = arg;
    struct log *log = &run->fake.logs[stream_of(stream)];

    run->acked[stream_of(stream)]++;
    CHECK(record->seq_num < log->n);
    CHECK(strncmp(log->records[record->seq_num].body, record->body.p,
                  record->body.n) == 0);
}

static void on_note(void *arg, const struct writer_note *note)
{
    ((struct run *)arg)->notes[note->event]++;
}

static void begin(struct run *run, uint64_t seed, bool create_basin)
{
    struct writer_config config = {
        .linger_ms = 100,
        .create_basin = create_basin,
        .seed = seed,
        .hooks = {identify, on_acked, on_note, run},
    };
    static const char *const names[] = {"s0", "s1", "s2"};

    memset(run, 0, sizeof(*run));
    run->fake.head.kind = &fake_kind;
    run->fake.rng.state = seed;
    config.basin = &run->fake.head;
    run->writer = writer_new(&config, NULL);
    for (int i = 0; i < STREAMS; i++)
        CHECK_INT(writer_stream(run->writer, names[i], NULL), i);
}

static void end(struct run *run)
{
    writer_free(run->writer);
    while (run->fake.ops != NULL)
        fake_cancel(&run->fake.head, run->fake.ops);
    for (int i = 0; i < STREAMS; i++)
        free(run->fake.logs[i].records);
}

static int step(struct run *run)
{
    int64_t next;
    int rc = writer_run(run->writer, run->now, &next, &run->err);

    basin_run(&run->fake.head, run->now);
    run->now += 40;
    return rc;
}

static enum writer_added add(struct run *run, int stream, int number)
{
    struct writer_item item = {.time_us = number * INT64_C(1000)};
    char body[24];

    snprintf(body, sizeof(body), "p%d", number);
    item.body = slice_str(body);
    item.id = id_of(item.body);
    return writer_add(run->writer, stream, &item, run->now);
}

static void drain(struct run *run)
{
    writer_flush(run->writer);
    for (int i = 0; i < 200000 && writer_records(run->writer) > 0; i++)
        CHECK(step(run) == 0);
    CHECK_INT(writer_records(run->writer), 0);
    CHECK_INT(writer_bytes(run->writer), 0);
}

/* Each stream holds p0, p1, ... once; in order, unless another writer put
 * some of them there. */
static void verify(const struct run *run, int stream, int count, bool ordered)
{
    const struct log *log = &run->fake.logs[stream];
    char *times = calloc((size_t)count, 1);
    int last = -1;

    for (uint64_t i = 0; i < log->n; i++) {
        const char *body = log->records[i].body;
        int number = (int)strtol(body + 1, NULL, 10);

        if (body[0] != 'p')
            continue;
        times[number]++;
        if (ordered)
            CHECK_INT(number, last + 1);
        last = number;
    }
    for (int i = 0; i < count; i++)
        CHECK_INT(times[i], 1);
    free(times);
}

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
