/*
 * One stream that a writer writes to: its queue, the identities that it is
 * known to hold, and the one request that is in flight for it.
 */
#ifndef BASIN_LANE_H
#define BASIN_LANE_H

#include "base/retry.h"
#include "basin/attempt.h"
#include "basin/queue.h"
#include "basin/seen.h"
#include "basin/writer.h"

/* What all lanes of a writer share; the writer owns it. */
struct lane_shared {
    struct writer_config config;
    struct writer_stats stats;
    struct rng rng;
    bool flush;
    bool hold;               /* nothing new is appended */
    bool answered;           /* since the last writer_run */
    bool recovered;          /* likewise: a lane that had failed did not */
    struct queue_sum queued; /* in all lanes */
    size_t loading;          /* lanes whose first LOAD is not done */
    bool clock_noted;
    bool created_noted;
    int64_t from_ms;             /* where the source begins, -1: unknown */
    struct wire_record *scratch; /* WIRE_BATCH_RECORDS */
};

/* What the lane is to do next, or is doing while op is set. */
enum lane_step {
    LANE_IDLE,         /* not started */
    LANE_CREATE_BASIN, /* make the basin */
    LANE_CREATE,       /* make the stream */
    LANE_TAIL,         /* ask for its next number */
    LANE_FIND,         /* find the record at a time */
    LANE_LOAD,         /* learn identities, [from, until) */
    LANE_APPEND,       /* append what is queued */
    LANE_READ_BACK     /* learn what was written in between, likewise */
};

struct lane {
    struct lane_shared *shared; /* borrowed */
    char *name;                 /* owned */
    enum lane_step step;
    struct basin_op *op; /* the request in flight */

    uint64_t next;  /* the number that the next append names */
    bool known;     /* next has been asked for */
    bool loaded;    /* the first LOAD is done */
    uint64_t from;  /* LOAD, READ_BACK: the next to read */
    uint64_t until; /* and where to stop */
    uint64_t found; /* records read back that were queued */
    bool hole;      /* and some had been trimmed */

    struct queue queue;
    size_t flight;  /* how many of its first are in the batch sent last */
    bool uncertain; /* nobody knows whether that batch was taken */
    struct seen *seen;
    bool forgot_noted;

    struct attempt attempt; /* of the request in flight, or next */
};

/* lane_init(lane, shared, name, err): idle, and one of those that are loading;
 * ${name} is copied.  0 or -1 with ERR_OS. */
int lane_init(struct lane *lane, struct lane_shared *shared, const char *name,
              struct err *err);

/* lane_release(lane): cancel what is in flight and free what it holds. */
void lane_release(struct lane *lane);

/*
 * lane_run(lane, now, next, err): start what can be started at ${now} (ms),
 * and lower *${next} to when the lane wants to be called again.  0, or -1
 * when there is no way on.
 */
int lane_run(struct lane *lane, int64_t now, int64_t *next, struct err *err);

/* lane_done(lane, reply): the answer to the request in flight; lane.c makes
 * requests, lane_done.c takes the answers. */
void lane_done(void *lane, const struct basin_reply *reply);

#endif
