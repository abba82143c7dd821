/* The writer against a basin in memory whose requests are lost, applied
 * without an answer, applied late, or overtaken by another writer. */
#include "check.h"

#include <stdlib.h>

#include "base/loop.h"
#include "base/retry.h"
#include "basin/writer.h"

#define STREAMS 3
#define LOG_MAX 20000

enum fault { NO_FAULT, REFUSED, LOST, DROPPED, LATE, FOREIGN, FAULTS };

struct stored {
    char body[24];
};

struct log {
    struct stored *records;
    uint64_t first; /* trimmed below */
    uint64_t n;
    bool exists;
};

enum kind { CREATE_BASIN, CREATE, TAIL, READ, APPEND };

struct basin_op {
    struct basin_op *next;
    enum kind kind;
    int stream;
    struct wire_read read;
    uint64_t match;
    size_t n;
    char bodies[WIRE_BATCH_RECORDS][24];
    int late; /* runs until a late request arrives; nobody waits for it */
    basin_done *done;
    void *arg;
};

struct fake {
    struct basin head;
    struct log logs[STREAMS];
    struct basin_op *ops;
    struct rng rng;
    unsigned fault_percent;
    enum fault only; /* NO_FAULT: any */
    int seen[FAULTS];
    bool no_basin;
    int foreign;
    int deletions; /* delete a stream at some append, so many times */
};

static int stream_of(const char *name)
{
    return name[1] - '0';
}

static struct basin_op *add_op(struct basin *basin, enum kind kind,
                               const char *stream, basin_done *done, void *arg)
{
    struct fake *fake = (struct fake *)basin;
    struct basin_op **at = &fake->ops;
    struct basin_op *op = calloc(1, sizeof(*op));

    op->kind = kind;
    op->stream = stream == NULL ? 0 : stream_of(stream);
    op->done = done;
    op->arg = arg;
    while (*at != NULL)
        at = &(*at)->next;
    *at = op;
    return op;
}

static struct basin_op *fake_create_basin(struct basin *b, basin_done *done,
                                          void *arg, struct err *err)
{
    (void)err;
    return add_op(b, CREATE_BASIN, NULL, done, arg);
}

static struct basin_op *fake_create(struct basin *b, const char *stream,
                                    basin_done *done, void *arg,
                                    struct err *err)
{
    (void)err;
    return add_op(b, CREATE, stream, done, arg);
}

static struct basin_op *fake_tail(struct basin *b, const char *stream,
                                  basin_done *done, void *arg, struct err *err)
{
    (void)err;
    return add_op(b, TAIL, stream, done, arg);
}

static struct basin_op *fake_read(struct basin *b, const char *stream,
                                  const struct wire_read *read,
                                  basin_done *done, void *arg, struct err *err)
{
    struct basin_op *op = add_op(b, READ, stream, done, arg);

    (void)err;
    op->read = *read;
    return op;
}

static struct basin_op *fake_append(struct basin *b, const char *stream,
                                    const struct wire_append *append,
                                    basin_done *done, void *arg,
                                    struct err *err)
{
    struct basin_op *op = add_op(b, APPEND, stream, done, arg);

    (void)err;
    CHECK(append->match && append->n >= 1);
    op->match = append->match_seq_num;
    op->n = append->n;
    for (size_t i = 0; i < op->n; i++)
        memcpy(op->bodies[i], append->records[i].body.p,
               append->records[i].body.n);
    return op;
}

static void fake_cancel(struct basin *b, struct basin_op *op)
{
    struct basin_op **at = &((struct fake *)b)->ops;

    while (*at != op)
        at = &(*at)->next;
    *at = op->next;
    free(op);
}

static void store(struct log *log, const char *body)
{
    if (log->records == NULL)
        log->records = calloc(LOG_MAX, sizeof(*log->records));
    snprintf(log->records[log->n].body, 24, "%s", body);
    log->n++;
}

static bool apply(struct fake *fake, const struct basin_op *op)
{
    struct log *log = &fake->logs[op->stream];

    if (!log->exists || log->n != op->match)
        return false;
    for (size_t i = 0; i < op->n; i++)
        store(log, op->bodies[i]);
    return true;
}

static bool holds(const struct log *log, const char *body)
{
    for (uint64_t i = 0; i < log->n; i++) {
        if (strcmp(log->records[i].body, body) == 0)
            return true;
    }
    return false;
}

static enum fault pick(struct fake *fake)
{
    if (rng_next(&fake->rng) % 100 >= fake->fault_percent)
        return NO_FAULT;
    if (fake->only != NO_FAULT)
        return fake->only;
    return (enum fault)(1 + rng_next(&fake->rng) % (FAULTS - 1));
}

static void answer_append(struct fake *fake, struct basin_op *op,
                          struct basin_reply *reply)
{
    struct log *log = &fake->logs[op->stream];
    enum fault fault = pick(fake);
    char foreign[24];

    if (fake->deletions > 0 && log->n > 50) {
        fake->deletions--;
        log->n = 0;
        log->exists = false;
    }
    fake->seen[fault]++;
    if (fault == FOREIGN && log->exists) {
        snprintf(foreign, sizeof(foreign), "f%d", fake->foreign++);
        store(log, foreign);
        if (!holds(log, op->bodies[0])) /* another instance of ours */
            store(log, op->bodies[0]);
    }
    reply->outcome = fault == REFUSED ? OUTCOME_RETRY : OUTCOME_UNKNOWN;
    if (fault == DROPPED)
        apply(fake, op);
    if (fault == LATE)
        op->late = 1 + (int)(rng_next(&fake->rng) % 9);
    if (fault != NO_FAULT && fault != FOREIGN)
        return;
    reply->tail.seq_num = log->n;
    reply->tail.timestamp = UINT64_MAX / 2;
    if (!log->exists) {
        reply->outcome = OUTCOME_NO_STREAM;
    } else if (apply(fake, op)) {
        reply->outcome = OUTCOME_OK;
        reply->start = op->match;
        reply->end = log->n;
    } else {
        reply->outcome = OUTCOME_MISMATCH;
    }
}

static void answer_read(struct fake *fake, const struct basin_op *op,
                        struct basin_reply *reply, struct wire_record *page)
{
    const struct log *log = &fake->logs[op->stream];
    uint64_t from = op->read.by_time ? 0 : op->read.from;
    uint64_t n = 0;

    if (from < log->first)
        from = log->first;
    reply->outcome = log->exists ? OUTCOME_OK : OUTCOME_NO_STREAM;
    if (log->exists && op->read.from >= log->n && !op->read.by_time)
        reply->outcome = OUTCOME_UNWRITTEN;
    for (; from + n < log->n && n < op->read.limit && n < 7; n++) {
        memset(&page[n], 0, sizeof(page[n]));
        page[n].seq_num = from + n;
        page[n].body = slice_str(log->records[from + n].body);
    }
    reply->records = page;
    reply->nrecords = n;
}

static void answer(struct fake *fake, struct basin_op *op)
{
    struct log *log = &fake->logs[op->stream];
    struct basin_reply reply = {.outcome = OUTCOME_OK};
    struct wire_record page[8];

    if (op->kind == APPEND) {
        answer_append(fake, op, &reply);
    } else if (rng_next(&fake->rng) % 100 < fake->fault_percent) {
        reply.outcome = OUTCOME_UNKNOWN;
    } else if (op->kind == CREATE_BASIN) {
        fake->no_basin = false;
    } else if (op->kind == CREATE) {
        if (fake->no_basin) {
            reply.outcome = OUTCOME_NO_BASIN;
            err_set(&reply.err, ERR_CONFIG, "no such basin");
        } else if (!log->exists) {
            log->exists = true;
            log->n = 0;
        }
    } else if (op->kind == TAIL) {
        reply.tail.seq_num = log->n;
    } else {
        answer_read(fake, op, &reply, page);
    }
    op->done(op->arg, &reply);
}

static int64_t fake_run(struct basin *b, int64_t now)
{
    struct fake *fake = (struct fake *)b;
    struct basin_op *op = fake->ops;
    struct basin_op *kept = NULL;

    (void)now;
    fake->ops = NULL;
    while (op != NULL) {
        struct basin_op *next = op->next;

        if (op->late > 0) {
            op->late--;
            if (op->late == 0)
                apply(fake, op);
        } else {
            answer(fake, op);
        }
        if (op->late > 0) {
            op->next = kept;
            kept = op;
        } else {
            free(op);
        }
        op = next;
    }
    while (kept != NULL) {
        struct basin_op *next = kept->next;

        kept->next = fake->ops;
        fake->ops = kept;
        kept = next;
    }
    return 0;
}

static const struct basin_kind fake_kind = {
    .run = fake_run,
    .create_basin = fake_create_basin,
    .create = fake_create,
    .tail = fake_tail,
    .read = fake_read,
    .append = fake_append,
    .cancel = fake_cancel,
};

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
    RUN(test_linger);
    RUN(test_too_large);
    return check_done();
}
