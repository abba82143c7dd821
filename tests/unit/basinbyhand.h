/*
 * A basin whose answers the test gives by hand: what was asked last waits in
 * it until then.
 */
#ifndef BASINBYHAND_H
#define BASINBYHAND_H

#include "check.h"

#include "basin/basin.h"

enum asked { NOTHING, CREATE_BASIN, CREATE, TAIL, READ, APPEND };

struct basin_op {
    enum asked asked;
    struct wire_read read;
    uint64_t match; /* of an append */
    size_t n;       /* its records */
    basin_done *done;
    void *arg;
};

struct basin_byhand {
    struct basin head;
    struct basin_op op;
    bool full; /* nothing can be asked: out of memory */
};

static inline struct basin_op *ask(struct basin *basin, enum asked asked,
                                   basin_done *done, void *arg, struct err *err)
{
    struct basin_byhand *by = (struct basin_byhand *)basin;

    if (by->full) {
        err_memory(err);
        return NULL;
    }
    CHECK_INT(by->op.asked, NOTHING);
    by->op = (struct basin_op){.asked = asked, .done = done, .arg = arg};
    return &by->op;
}

static inline struct basin_op *ask_basin(struct basin *basin, basin_done *done,
                                         void *arg, struct err *err)
{
    return ask(basin, CREATE_BASIN, done, arg, err);
}

static inline struct basin_op *ask_create(struct basin *basin,
                                          const char *stream, basin_done *done,
                                          void *arg, struct err *err)
{
    (void)stream;
    return ask(basin, CREATE, done, arg, err);
}

static inline struct basin_op *ask_tail(struct basin *basin, const char *stream,
                                        basin_done *done, void *arg,
                                        struct err *err)
{
    (void)stream;
    return ask(basin, TAIL, done, arg, err);
}

static inline struct basin_op *ask_read(struct basin *basin, const char *stream,
                                        const struct wire_read *read,
                                        basin_done *done, void *arg,
                                        struct err *err)
{
    struct basin_op *op = ask(basin, READ, done, arg, err);

    (void)stream;
    if (op != NULL)
        op->read = *read;
    return op;
}

static inline struct basin_op *ask_append(struct basin *basin,
                                          const char *stream,
                                          const struct wire_append *append,
                                          basin_done *done, void *arg,
                                          struct err *err)
{
    struct basin_op *op = ask(basin, APPEND, done, arg, err);

    (void)stream;
    if (op != NULL) {
        op->match = append->match_seq_num;
        op->n = append->n;
    }
    return op;
}

static inline void ask_cancel(struct basin *basin, struct basin_op *op)
{
    (void)basin;
    op->asked = NOTHING;
}

static const struct basin_kind basin_byhand_kind = {
    .create_basin = ask_basin,
    .create = ask_create,
    .tail = ask_tail,
    .read = ask_read,
    .append = ask_append,
    .cancel = ask_cancel,
};

static inline void basin_byhand_begin(struct basin_byhand *by)
{
    memset(by, 0, sizeof(*by));
    by->head.kind = &basin_byhand_kind;
}

/* What was asked must be ${asked}; it is answered so. */
static inline void answer(struct basin_byhand *by, enum asked asked,
                          const struct basin_reply *reply)
{
    struct basin_op op = by->op;

    CHECK_INT(op.asked, asked);
    by->op.asked = NOTHING;
    if (op.asked != NOTHING)
        op.done(op.arg, reply);
}

static inline void answer_outcome(struct basin_byhand *by, enum asked asked,
                                  enum outcome outcome)
{
    struct basin_reply reply = {.outcome = outcome};

    if (outcome != OUTCOME_OK && outcome != OUTCOME_UNWRITTEN)
        err_set(&reply.err, ERR_UNAVAILABLE, "not so");
    answer(by, asked, &reply);
}

/* The tail, or that an append's number is not the next. */
static inline void answer_tail(struct basin_byhand *by, enum asked asked,
                               uint64_t tail)
{
    struct basin_reply reply = {.outcome = asked == TAIL ? OUTCOME_OK
                                                         : OUTCOME_MISMATCH,
                                .tail = {.seq_num = tail}};

    answer(by, asked, &reply);
}

/* An ack for the numbers [start, end). */
static inline void answer_ack(struct basin_byhand *by, uint64_t start,
                              uint64_t end)
{
    struct basin_reply reply = {
        .outcome = OUTCOME_OK,
        .start = start,
        .end = end,
        .tail = {.seq_num = end, .timestamp = UINT64_MAX / 2}};

    answer(by, APPEND, &reply);
}

/* Records of the numbers [from, to), whose bodies are "N". */
static inline void answer_page(struct basin_byhand *by, uint64_t from,
                               uint64_t to)
{
    static struct wire_record page[WIRE_BATCH_RECORDS];
    static char bodies[WIRE_BATCH_RECORDS][24];
    struct basin_reply reply = {.outcome = OUTCOME_OK, .records = page};

    for (uint64_t i = from; i < to; i++) {
        struct wire_record *record = &page[reply.nrecords];

        snprintf(bodies[reply.nrecords], 24, "%ju", (uintmax_t)i);
        memset(record, 0, sizeof(*record));
        record->seq_num = i;
        record->body = slice_str(bodies[reply.nrecords]);
        reply.nrecords++;
    }
    answer(by, READ, &reply);
}

#endif
