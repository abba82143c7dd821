#include "basin/file_run.h"

#include <string.h>

#include "base/loop.h"
#include "basin/file_append.h"
#include "basin/file_follow.h"
#include "basin/file_prune.h"
#include "basin/file_read.h"
#include "basin/file_stream.h"

/* How often sessions that wait look for what other processes have written. */
#define POLL_MS 50

static int64_t wall_ms(const struct file_run *run)
{
    return run->wall() / 1000;
}

/* The operation is over: its handle is dead before the callback runs. */
static void finish(struct basin_op *op)
{
    file_op_move(op, NULL);
    op->reply.over = op->kind == FILE_OP_FOLLOW;
    op->done(op->arg, &op->reply);
    file_op_free(op);
}

/* A session goes on: behind the tail with its next page in the next run, so
 * that all have their turn.  The callback may cancel it. */
static void go_on(struct file_run *run, struct basin_op *op)
{
    struct basin_reply reply = op->reply;

    if (!op->waits)
        file_op_move(op, &run->queue);
    if (!op->quiet)
        op->done(op->arg, &reply);
}

static void fail(struct file_run *run, struct basin_op *op, int rc,
                 bool committing)
{
    memset(&op->reply, 0, sizeof(op->reply));
    op->reply.outcome =
        file_db_failure(&run->db, rc, committing, &op->reply.err);
}

/* Whether ${op} must wait for an earlier operation on its stream. */
static bool is_behind(const struct basin_op *op)
{
    for (const struct basin_op *o = op->prev; o != NULL; o = o->prev) {
        if (strcmp(o->name, op->name) == 0)
            return true;
    }
    return false;
}

static void take_writes(struct file_run *run)
{
    struct basin_op *next;

    for (struct basin_op *op = run->active.first; op != NULL; op = next) {
        next = op->next;
        if (file_op_writes(op) && !is_behind(op))
            file_op_move(op, &run->writing);
    }
}

static int write_all(struct file_run *run)
{
    int64_t now = wall_ms(run);
    int rc = SQLITE_OK;

    for (struct basin_op *op = run->writing.first;
         op != NULL && rc == SQLITE_OK; op = op->next) {
        if (op->kind == FILE_OP_CREATE)
            rc = file_stream_add(&run->db, op->name, now);
        else
            rc = file_append_run(&run->db, op->name, &op->append, now,
                                 &op->reply);
    }
    return rc;
}

/*
 * One transaction for all writes that are ready.  When it fails, no verdict
 * stands, since each was reached on top of those before it.
 */
static void commit_writes(struct file_run *run)
{
    bool committing = false;
    int rc = file_db_exec(&run->db, FILE_DB_BEGIN_WRITE);

    if (rc == SQLITE_OK)
        rc = write_all(run);
    if (rc == SQLITE_OK) {
        committing = true;
        rc = file_db_exec(&run->db, FILE_DB_COMMIT);
    }
    if (rc != SQLITE_OK) {
        for (struct basin_op *op = run->writing.first; op != NULL;
             op = op->next)
            fail(run, op, rc, committing);
    } else {
        run->watch.written = true;
    }
    file_db_rollback(&run->db);
}

static void run_writes(struct file_run *run)
{
    take_writes(run);
    if (run->writing.first == NULL)
        return;
    commit_writes(run);
    while (run->writing.first != NULL)
        finish(run->writing.first);
}

static void wait_at_tail(struct file_run *run, struct basin_op *op, int64_t now)
{
    if (run->waiting.first == NULL)
        run->poll_at = now + POLL_MS;
    op->due = false;
    file_op_move(op, &run->waiting);
}

static int query(struct file_run *run, struct basin_op *op, int64_t now)
{
    switch (op->kind) {
    case FILE_OP_TAIL:
        return file_read_tail(&run->db, op->name, &op->reply);
    case FILE_OP_READ:
        return file_read_page(&run->db, op->name, &op->read, &run->page,
                              &op->stream, &op->reply);
    case FILE_OP_FOLLOW:
        return file_follow_look(&run->db, &run->page, op, now);
    case FILE_OP_LIST:
        return file_read_list(&run->db, op->name, op->after, &run->page,
                              &op->reply);
    default:
        return SQLITE_OK;
    }
}

static void run_read(struct file_run *run, struct basin_op *op, int64_t now)
{
    int rc = file_db_exec(&run->db, FILE_DB_BEGIN_READ);

    memset(&op->reply, 0, sizeof(op->reply));
    if (rc == SQLITE_OK)
        rc = query(run, op, now);
    if (rc == SQLITE_OK && op->waits && run->waiting.first == NULL)
        rc = file_watch_begin(&run->db, &run->watch);
    if (rc != SQLITE_OK)
        fail(run, op, rc, false);
    file_db_rollback(&run->db);
    if (rc == SQLITE_OK && op->waits)
        wait_at_tail(run, op, now);
    if (rc == SQLITE_OK && op->kind == FILE_OP_FOLLOW && !op->reply.over)
        go_on(run, op);
    else
        finish(op);
}

/* Run what reads, up to the next write. */
static void run_reads(struct file_run *run, int64_t now)
{
    struct basin_op *op = run->active.first;

    while (op != NULL && !file_op_writes(op)) {
        if (op->refused || op->kind == FILE_OP_CREATE_BASIN)
            finish(op);
        else
            run_read(run, op, now);
        op = run->active.first;
    }
}

static void run_active(struct file_run *run, int64_t now)
{
    while (run->active.first != NULL) {
        run_writes(run);
        run_reads(run, now);
    }
}

/* Sessions that wait: make active what has something to read, or owes a sign
 * of life. */
static void poll_waiting(struct file_run *run, int64_t now)
{
    struct basin_op *next;

    if (run->waiting.first == NULL)
        return;
    if (now >= run->poll_at || run->watch.written) {
        /* A failure shows when the sign is due. */
        file_watch_look(&run->db, &run->watch, &run->waiting);
        run->poll_at = now + POLL_MS;
    }
    for (struct basin_op *op = run->waiting.first; op != NULL; op = next) {
        next = op->next;
        if (op->due || now >= op->deadline)
            file_op_move(op, &run->active);
    }
}

static void prune(struct file_run *run, int64_t now)
{
    if (now < run->prune_at)
        return;
    run->prune_at =
        now + file_prune_step(&run->db, run->retention_ms, wall_ms(run));
}

static int64_t next_run(const struct file_run *run, int64_t now)
{
    int64_t at = run->prune_at;

    if (run->queue.first != NULL)
        return now;
    if (run->waiting.first != NULL && run->poll_at < at)
        at = run->poll_at;
    for (const struct basin_op *op = run->waiting.first; op != NULL;
         op = op->next) {
        if (op->deadline < at)
            at = op->deadline;
    }
    return at;
}

int64_t file_run(struct file_run *run, int64_t now)
{
    file_op_move_all(&run->queue, &run->active);
    run_active(run, now);
    poll_waiting(run, now);
    run_active(run, now);
    prune(run, now);
    return next_run(run, now);
}
