/*
 * A writer, the fake basin that it writes to, and what it told.
 */
#ifndef WRITERRUN_H
#define WRITERRUN_H

#include <stdlib.h>

#include "base/loop.h"
#include "basin/writer.h"
#include "check.h"
#include "writerfake.h"

struct run {
    struct fake fake;
    struct writer *writer;
    int acked[STREAMS];
    int notes[WRITER_CLOCK + 1];
    uint64_t order; /* of the item added last */
    int64_t now;
    struct err err;
};

static inline struct hash128 id_of(struct slice body)
{
    struct hash_key key = {1, 2};

    return hash_bytes(key, body);
}

static inline int identify(void *arg, struct slice body, struct hash128 *id)
{
    (void)arg;
    *id = id_of(body);
    return 0;
}

static inline void on_acked(void *arg, const char *stream,
                            const struct wire_record *record)
{
    struct run *run = arg;
    struct log *log = &run->fake.logs[stream_of(stream)];

    run->acked[stream_of(stream)]++;
    CHECK(record->seq_num < log->n);
    if (record->seq_num >= log->n)
        return;
    CHECK(strncmp(log->records[record->seq_num].body, record->body.p,
                  record->body.n) == 0);
}

static inline void on_note(void *arg, const struct writer_note *note)
{
    ((struct run *)arg)->notes[note->event]++;
}

static inline void add_stream(struct run *run, int stream)
{
    static const char *const names[] = {"s0", "s1", "s2"};

    CHECK_INT(writer_stream(run->writer, names[stream], NULL), stream);
}

/* With the first ${nstreams} streams. */
static inline void begin_with(struct run *run, uint64_t seed, bool create_basin,
                              int nstreams)
{
    struct writer_config config = {
        .linger_ms = 100,
        .create_basin = create_basin,
        .seed = seed,
        .hooks = {identify, on_acked, on_note, run},
    };

    memset(run, 0, sizeof(*run));
    run->fake.head.kind = &fake_kind;
    run->fake.rng.state = seed;
    config.basin = &run->fake.head;
    run->writer = NEEDED(writer_new(&config, NULL));
    for (int i = 0; i < nstreams; i++)
        add_stream(run, i);
}

static inline void begin(struct run *run, uint64_t seed, bool create_basin)
{
    begin_with(run, seed, create_basin, STREAMS);
}

static inline void end(struct run *run)
{
    writer_free(run->writer);
    while (run->fake.ops != NULL)
        fake_cancel(&run->fake.head, run->fake.ops);
    for (int i = 0; i < STREAMS; i++)
        free(run->fake.logs[i].records);
}

static inline int step(struct run *run)
{
    int64_t next;
    int rc = writer_run(run->writer, run->now, &next, &run->err);

    basin_run(&run->fake.head, run->now);
    run->now += 40;
    return rc;
}

/* Record p${number} of an event at ${time_us}, before which the source stood
 * at ${before_us}. */
static inline enum writer_added add_at(struct run *run, int stream, int number,
                                       int64_t time_us, int64_t before_us)
{
    struct writer_item item = {.time_us = time_us,
                               .before = {.order = ++run->order,
                                          .time_us = before_us,
                                          .seq = number,
                                          .epoch = 3}};
    char body[24];

    snprintf(body, sizeof(body), "p%d", number);
    item.body = slice_str(body);
    item.id = id_of(item.body);
    return writer_add(run->writer, stream, &item, run->now);
}

static inline enum writer_added add(struct run *run, int stream, int number)
{
    return add_at(run, stream, number, number * INT64_C(1000), -1);
}

static inline void drain(struct run *run)
{
    writer_flush(run->writer);
    for (int i = 0; i < 200000 && writer_records(run->writer) > 0; i++)
        CHECK(step(run) == 0);
    CHECK_INT(writer_records(run->writer), 0);
    CHECK_INT(writer_bytes(run->writer), 0);
}

/* Each stream holds p0, p1, ... once; in order, unless another writer put
 * some of them there. */
static inline void verify(const struct run *run, int stream, int count,
                          bool ordered)
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

#endif
