/*
 * One append to the stream of checkpoints: a checkpoint, and the command that
 * goes with it.  It is kept until its outcome is known, so that it can be sent
 * again as it was.
 */
#ifndef BASIN_CHECKPOINT_BATCH_H
#define BASIN_CHECKPOINT_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "basin/basin.h"
#include "basin/checkpoint_text.h"

struct checkpoint_batch {
    bool pending;      /* there is one, and its outcome is not known */
    struct buf body;   /* the checkpoint */
    uint64_t date_ms;  /* of all its records: some basins require one */
    const char *token; /* borrowed */
    bool fence;        /* a fence of that token comes first; else the token
                          must be in force */
    bool trim;         /* the stream is trimmed ... */
    uint64_t trim_to;  /* ... up to that number */
};

/* checkpoint_batch_init(batch), checkpoint_batch_release(batch). */
void checkpoint_batch_init(struct checkpoint_batch *batch);
void checkpoint_batch_release(struct checkpoint_batch *batch);

/* checkpoint_batch_make(batch, text, fence): make one of ${text}, dated as it
 * says, which trims nothing.  Its token must live as long as the batch.  0, or
 * -1 without memory. */
int checkpoint_batch_make(struct checkpoint_batch *batch,
                          const struct checkpoint_text *text, bool fence);

/* checkpoint_batch_send(batch, basin, stream, next, done, arg, err): append it
 * to ${stream} if the next number is ${next}.  As basin_append. */
struct basin_op *checkpoint_batch_send(const struct checkpoint_batch *batch,
                                       struct basin *basin, const char *stream,
                                       uint64_t next, basin_done *done,
                                       void *arg, struct err *err);

/* checkpoint_batch_count(batch): how many records it has.  The checkpoint is
 * the last with a fence, else the first. */
size_t checkpoint_batch_count(const struct checkpoint_batch *batch);

#endif
