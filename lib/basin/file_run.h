/*
 * Doing what was asked of an embedded basin: writes together, then reads,
 * then the sessions that wait, then retention.
 */
#ifndef BASIN_FILE_RUN_H
#define BASIN_FILE_RUN_H

#include <stdint.h>

#include "basin/file_db.h"
#include "basin/file_op.h"
#include "basin/file_page.h"
#include "basin/file_watch.h"

/* An operation moves from queue over active to writing (a write); a session
 * from active to waiting and back (at the tail), or to queue again (it reads
 * on). */
struct file_run {
    struct file_db db;
    struct file_page page; /* what the running callback sees */
    struct file_ops queue; /* asked for since the last run */
    struct file_ops active;
    struct file_ops writing; /* in one transaction */
    struct file_ops waiting;
    struct file_watch watch;
    int64_t poll_at;      /* when to look for what others have written */
    int64_t retention_ms; /* 0: for ever */
    int64_t prune_at;     /* LOOP_NEVER: never */
    int64_t (*wall)(void);
};

/*
 * file_run(run, now): do and call back what is in the queue, and what is due
 * at ${now}.  On one stream, operations are done in their order.  Returns
 * when to call it again; both as in basin_run.
 */
int64_t file_run(struct file_run *run, int64_t now);

#endif
