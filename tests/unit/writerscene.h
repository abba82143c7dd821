/*
 * One scene for tests of a writer: a basin whose answers the test gives, and
 * what the writer told.
 */
#ifndef WRITERSCENE_H
#define WRITERSCENE_H

#include <stdlib.h>

#include "basin/writer.h"
#include "basinbyhand.h"
#include "check.h"

struct scene {
    struct basin_byhand basin;
    struct writer *writer;
    int64_t now;
    int notes[WRITER_CLOCK + 1];
    uint64_t n; /* in the last note */
    int acked;
    struct err err;
};

static inline int identify(void *arg, struct slice body, struct hash128 *id)
{
    struct hash_key key = {1, 2};

    (void)arg;
    *id = hash_bytes(key, body);
    return 0;
}

static inline void on_acked(void *arg, const char *stream,
                            const struct wire_record *record)
{
    (void)record;
    CHECK_STR(stream, "s");
    ((struct scene *)arg)->acked++;
}

static inline void on_note(void *arg, const struct writer_note *note)
{
    struct scene *s = arg;

    CHECK_STR(note->stream, "s");
    s->notes[note->event]++;
    s->n = note->n;
}

/* Run after so long that what waits is due. */
static inline int run(struct scene *s)
{
    int64_t next;

    s->now += 100000;
    return writer_run(s->writer, s->now, &next, &s->err);
}

/* A writer that is about to create its stream. */
static inline void start(struct scene *s, bool create_basin, int64_t from_ms)
{
    struct writer_config config = {
        .basin = &s->basin.head,
        .create_basin = create_basin,
        .linger_ms = 1000000,
        .retry_for = 1000,
        .hooks = {identify, on_acked, on_note, s},
    };

    memset(s, 0, sizeof(*s));
    basin_byhand_begin(&s->basin);
    s->writer = NEEDED(writer_new(&config, NULL));
    CHECK_INT(writer_stream(s->writer, "s", NULL), 0);
    CHECK(writer_ready(s->writer));
    writer_start(s->writer, from_ms);
    CHECK(!writer_ready(s->writer));
}

/* One that has created it, and asks for its tail. */
static inline void open_scene(struct scene *s, int64_t from_ms)
{
    start(s, false, from_ms);
    CHECK_INT(run(s), 0);
    answer_outcome(&s->basin, CREATE, OUTCOME_OK);
    CHECK_INT(run(s), 0);
}

/* One that has found its stream empty. */
static inline void begin(struct scene *s)
{
    open_scene(s, -1);
    answer_tail(&s->basin, TAIL, 0);
    CHECK_INT(run(s), 0);
    CHECK(writer_ready(s->writer));
}

static inline void end(struct scene *s)
{
    writer_free(s->writer);
    CHECK_INT(s->basin.op.asked, NOTHING);
}

/* A record of ${n} bytes that begins with ${text}. */
static inline void add_long(struct scene *s, const char *text, size_t n)
{
    char *body = calloc(1, n + 1);
    struct writer_item item = {.time_us = 1000, .before = {.time_us = -1}};

    memset(body, ' ', n);
    memcpy(body, text, strlen(text));
    item.body = (struct slice){body, n};
    identify(NULL, item.body, &item.id);
    CHECK_INT(writer_add(s->writer, 0, &item, s->now), WRITER_QUEUED);
    free(body);
}

static inline void add(struct scene *s, const char *body)
{
    add_long(s, body, strlen(body));
}

/* Append what is queued, once: it must be ${n} records from ${match} on. */
static inline void append(struct scene *s, uint64_t match, size_t n)
{
    writer_flush(s->writer);
    CHECK_INT(run(s), 0);
    CHECK_INT(s->basin.op.asked, APPEND);
    CHECK_INT(s->basin.op.match, match);
    CHECK_INT(s->basin.op.n, n);
}

static inline void check_dead(struct scene *s, enum err_code code,
                              const char *text)
{
    CHECK_INT(run(s), -1);
    CHECK_INT(s->err.code, code);
    CHECK_STR(s->err.text, text);
    CHECK_INT(s->acked, 0);
    CHECK_INT(s->basin.op.asked, NOTHING);
    end(s);
}

#endif
