/*
 * A basin in memory whose requests are lost, applied without an answer,
 * applied late, or overtaken by another writer, by a seeded choice.
 */
#ifndef WRITERFAKE_H
#define WRITERFAKE_H

#include "check.h"

#include <stdlib.h>

#include "base/retry.h"
#include "basin/basin.h"

#define STREAMS 3
#define LOG_FIRST 1024 /* it doubles when it is full */

enum fault { NO_FAULT, REFUSED, LOST, DROPPED, LATE, FOREIGN, FAULTS };

struct stored {
    char body[24];
};

struct log {
    struct stored *records;
    uint64_t first; /* trimmed below */
    uint64_t n;
    uint64_t cap;
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
    int deletions;  /* delete a stream at some append, so many times */
    uint64_t clock; /* dates what is appended, ms; 0: the far future */
};

static int stream_of(const char *name)
{
    return name[1] - '0';
}

static struct basin_op *add_op(struct basin *basin, enum kind kind,
                               const char *stream, basin_done *done, void *arg,
                               struct err *err)
{
    struct fake *fake = (struct fake *)basin;
    struct basin_op **at = &fake->ops;
    struct basin_op *op = (calloc)(1, sizeof(*op));

    if (op == NULL) {
        err_memory(err);
        return NULL;
    }
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
    return add_op(b, CREATE_BASIN, NULL, done, arg, err);
}

static struct basin_op *fake_create(struct basin *b, const char *stream,
                                    basin_done *done, void *arg,
                                    struct err *err)
{
    return add_op(b, CREATE, stream, done, arg, err);
}

static struct basin_op *fake_tail(struct basin *b, const char *stream,
                                  basin_done *done, void *arg, struct err *err)
{
    return add_op(b, TAIL, stream, done, arg, err);
}

static struct basin_op *fake_read(struct basin *b, const char *stream,
                                  const struct wire_read *read,
                                  basin_done *done, void *arg, struct err *err)
{
    struct basin_op *op = add_op(b, READ, stream, done, arg, err);

    if (op != NULL)
        op->read = *read;
    return op;
}

static struct basin_op *fake_append(struct basin *b, const char *stream,
                                    const struct wire_append *append,
                                    basin_done *done, void *arg,
                                    struct err *err)
{
    struct basin_op *op = add_op(b, APPEND, stream, done, arg, err);

    if (op == NULL)
        return NULL;
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
    if (log->n == log->cap) {
        log->cap = log->cap == 0 ? LOG_FIRST : 2 * log->cap;
        log->records = realloc(log->records, log->cap * sizeof(struct stored));
    }
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
    reply->tail.timestamp = fake->clock > 0 ? fake->clock : UINT64_MAX / 2;
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

#endif
