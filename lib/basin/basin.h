/*
 * A basin: any number of named streams of records, in S2 or in a file, with
 * the same semantics (S2's): records carry sequence numbers from 0 and
 * timestamps that never go back, a batch is appended whole or not at all,
 * and only if the stream's next number is the one named, if one is named.
 *
 * Operations are asynchronous: a call starts one, its callback comes later,
 * from basin_run or http_wait, exactly once (basin_follow: any number of
 * times) unless it is cancelled.  A
 * callback may start and cancel operations.
 */
#ifndef BASIN_BASIN_H
#define BASIN_BASIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/retry.h"
#include "s2/outcome.h"
#include "s2/wire.h"

/* How requests to a basin that fail back off: from 100 ms to 30 s. */
#define BASIN_RETRY RETRY_INIT(100, 30000)

struct basin;
struct basin_op;

/* All borrowed during the callback. */
struct basin_reply {
    enum outcome outcome;
    struct err err;            /* why, unless OK, MISMATCH or UNWRITTEN */
    int64_t retry_after_ms;    /* RETRY, UNKNOWN: not before; 0: any time */
    uint64_t start;            /* append: number of the first record */
    uint64_t end;              /* append: one behind the last */
    struct wire_position tail; /* seq_num: the next to be given; append,
                                  tail, MISMATCH, UNWRITTEN */
    bool tail_known;           /* follow: tail is set */
    bool over;                 /* follow: the last call, the handle is dead */
    bool again;                /* follow, over: the far side asks to come again,
                                  wherever it was */
    const struct wire_record *records; /* read */
    size_t nrecords;
    const char *const *names; /* list */
    const uint64_t *made;     /* list: which creation of each name it is, to be
                                 compared only; 0: unknown; NULL: all are */
    size_t nnames;
    bool more; /* list: the next page starts after the last name */
};

typedef void basin_done(void *arg, const struct basin_reply *reply);

/* What every kind of basin can do; basin.c only passes on. */
struct basin_kind {
    void (*free)(struct basin *basin);
    int64_t (*run)(struct basin *basin, int64_t now);
    struct basin_op *(*create_basin)(struct basin *basin, basin_done *done,
                                     void *arg, struct err *err);
    struct basin_op *(*create)(struct basin *basin, const char *stream,
                               basin_done *done, void *arg, struct err *err);
    struct basin_op *(*tail)(struct basin *basin, const char *stream,
                             basin_done *done, void *arg, struct err *err);
    struct basin_op *(*read)(struct basin *basin, const char *stream,
                             const struct wire_read *read, basin_done *done,
                             void *arg, struct err *err);
    struct basin_op *(*follow)(struct basin *basin, const char *stream,
                               const struct wire_read *read, basin_done *done,
                               void *arg, struct err *err);
    struct basin_op *(*append)(struct basin *basin, const char *stream,
                               const struct wire_append *append,
                               basin_done *done, void *arg, struct err *err);
    struct basin_op *(*list)(struct basin *basin, const char *prefix,
                             const char *start_after, basin_done *done,
                             void *arg, struct err *err);
    void (*cancel)(struct basin *basin, struct basin_op *op);
};

/* The head of every kind's own struct. */
struct basin {
    const struct basin_kind *kind;
};

/* basin_free(basin): cancels what runs; NULL is harmless. */
void basin_free(struct basin *basin);

/*
 * basin_run(basin, now): do what is due and call back what is done.  Returns
 * when it wants to be called again (ms, the clock of ${now}), LOOP_NEVER when
 * only new operations or http_wait can bring something to do.
 */
int64_t basin_run(struct basin *basin, int64_t now);

/*
 * Each of these starts an operation and returns a handle for basin_cancel, or
 * NULL with ${err} when it could not even be started: ERR_OS.  What S2 could
 * never take (a bad name, a batch above WIRE_BATCH_*) is NULL with ERR_CONFIG
 * or ERR_BUG, or OUTCOME_FAILED, as the kind can tell.  Names are copied.
 */

/* basin_create_basin: the basin itself, which may exist. */
struct basin_op *basin_create_basin(struct basin *basin, basin_done *done,
                                    void *arg, struct err *err);

/* basin_create: a stream, which may exist and is then left as it is. */
struct basin_op *basin_create(struct basin *basin, const char *stream,
                              basin_done *done, void *arg, struct err *err);

/* basin_tail: reply->tail is the next number and the last timestamp. */
struct basin_op *basin_tail(struct basin *basin, const char *stream,
                            basin_done *done, void *arg, struct err *err);

/* basin_read: one page; OUTCOME_OK with no records means that what was there
 * is trimmed, OUTCOME_UNWRITTEN that there is nothing yet. */
struct basin_op *basin_read(struct basin *basin, const char *stream,
                            const struct wire_read *read, basin_done *done,
                            void *arg, struct err *err);

/*
 * basin_follow: read on and on.  ${done} is called for every batch, with
 * OUTCOME_OK; a batch without records is a sign of life, of which follow.h
 * wants one in FOLLOW_STALE_MS.  The last call has over set: OUTCOME_OK when
 * read->limit records came, when nothing is left up to the tail (a read with a
 * limit), or when the far side asks to come again; any other outcome when the
 * session failed.  read->limit: any number of records; 0: no limit, wait at the
 * tail for more, for ever.  By time from behind the last record begins at the
 * tail.
 */
struct basin_op *basin_follow(struct basin *basin, const char *stream,
                              const struct wire_read *read, basin_done *done,
                              void *arg, struct err *err);

/* basin_append: durable when its callback says OUTCOME_OK.  ${append} and what
 * it points to are copied. */
struct basin_op *basin_append(struct basin *basin, const char *stream,
                              const struct wire_append *append,
                              basin_done *done, void *arg, struct err *err);

/* basin_list: names that begin with ${prefix}, after ${start_after} (""
 * for all), in byte order, at most 1000. */
struct basin_op *basin_list(struct basin *basin, const char *prefix,
                            const char *start_after, basin_done *done,
                            void *arg, struct err *err);

/* basin_cancel(basin, op): its callback is not called; an append may still
 * take effect.  NULL is harmless. */
void basin_cancel(struct basin *basin, struct basin_op *op);

#endif
