#include "basin/file.h"

#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "basin/file_append.h"
#include "basin/file_run.h"
#include "basin/file_stream.h"

struct file {
    struct basin basin;
    struct file_run run;
};

static struct file_run *run_of(struct basin *basin)
{
    return &((struct file *)basin)->run;
}

static void refuse(struct basin_op *op, const struct err *why)
{
    op->refused = true;
    op->reply.outcome = OUTCOME_FAILED;
    op->reply.err = *why;
}

static struct basin_op *start(struct file_run *run, enum file_op_kind kind,
                              const char *name, basin_done *done, void *arg,
                              struct err *err)
{
    struct basin_op *op = file_op_new(kind, name, done, arg, err);

    if (op != NULL)
        file_op_move(op, &run->queue);
    return op;
}

/* start() for what names a stream; a name that S2 would refuse is refused. */
static struct basin_op *start_on(struct file_run *run, enum file_op_kind kind,
                                 const char *stream, basin_done *done,
                                 void *arg, struct err *err)
{
    struct basin_op *op = start(run, kind, stream, done, arg, err);
    struct err why = ERR_INIT;

    if (op == NULL)
        return NULL;
    if (file_stream_check(stream, &why) == 0 && file_op_writes(op) &&
        run->db.lock < 0)
        err_set(&why, ERR_CONFIG, "%s is open for reading only", run->db.path);
    if (why.code != ERR_NONE)
        refuse(op, &why);
    return op;
}

static struct basin_op *create_basin(struct basin *basin, basin_done *done,
                                     void *arg, struct err *err)
{
    return start(run_of(basin), FILE_OP_CREATE_BASIN, NULL, done, arg, err);
}

static struct basin_op *create(struct basin *basin, const char *stream,
                               basin_done *done, void *arg, struct err *err)
{
    return start_on(run_of(basin), FILE_OP_CREATE, stream, done, arg, err);
}

static struct basin_op *tail(struct basin *basin, const char *stream,
                             basin_done *done, void *arg, struct err *err)
{
    return start_on(run_of(basin), FILE_OP_TAIL, stream, done, arg, err);
}

static struct basin_op *read_page(struct basin *basin, const char *stream,
                                  const struct wire_read *read,
                                  basin_done *done, void *arg, struct err *err)
{
    struct basin_op *op =
        start_on(run_of(basin), FILE_OP_READ, stream, done, arg, err);

    if (op != NULL)
        op->read = *read;
    return op;
}

static struct basin_op *follow(struct basin *basin, const char *stream,
                               const struct wire_read *read, basin_done *done,
                               void *arg, struct err *err)
{
    struct basin_op *op =
        start_on(run_of(basin), FILE_OP_FOLLOW, stream, done, arg, err);

    if (op != NULL)
        op->read = *read;
    return op;
}

static struct basin_op *append(struct basin *basin, const char *stream,
                               const struct wire_append *what, basin_done *done,
                               void *arg, struct err *err)
{
    struct basin_op *op =
        start_on(run_of(basin), FILE_OP_APPEND, stream, done, arg, err);
    struct err why = ERR_INIT;

    if (op == NULL || op->refused)
        return op;
    if (file_append_check(what, &why) != 0) {
        refuse(op, &why);
        return op;
    }
    if (file_op_copy(op, what, err) == 0)
        return op;
    file_op_free(op);
    return NULL;
}

static struct basin_op *list(struct basin *basin, const char *prefix,
                             const char *start_after, basin_done *done,
                             void *arg, struct err *err)
{
    struct basin_op *op =
        start(run_of(basin), FILE_OP_LIST, prefix, done, arg, err);

    if (op == NULL)
        return NULL;
    op->after = strdup(start_after);
    if (op->after != NULL)
        return op;
    file_op_free(op);
    err_memory(err);
    return NULL;
}

static void cancel(struct basin *basin, struct basin_op *op)
{
    (void)basin;
    file_op_free(op);
}

static int64_t run_now(struct basin *basin, int64_t now)
{
    return file_run(run_of(basin), now);
}

static void free_file(struct basin *basin)
{
    struct file_run *run = run_of(basin);

    file_op_free_all(&run->queue);
    file_op_free_all(&run->active);
    file_op_free_all(&run->writing);
    file_op_free_all(&run->waiting);
    file_page_release(&run->page);
    file_db_close(&run->db);
    free(basin);
}

static const struct basin_kind file_kind = {
    .free = free_file,
    .run = run_now,
    .create_basin = create_basin,
    .create = create,
    .tail = tail,
    .read = read_page,
    .follow = follow,
    .append = append,
    .list = list,
    .cancel = cancel,
};

const char *file_library(void)
{
    return sqlite3_libversion();
}

struct basin *file_open(const struct file_config *config, struct err *err)
{
    struct file *file = calloc(1, sizeof(*file));
    struct file_run *run;

    if (file == NULL) {
        err_memory(err);
        return NULL;
    }
    run = &file->run;
    if (file_db_open(&run->db, config->path, config->writer, err) != 0) {
        free(file);
        return NULL;
    }
    file->basin.kind = &file_kind;
    file_page_init(&run->page);
    run->retention_ms = config->retention_ms;
    run->prune_at =
        config->writer && config->retention_ms > 0 ? INT64_MIN : LOOP_NEVER;
    run->wall = config->wall != NULL ? config->wall : loop_wall;
    return &file->basin;
}
