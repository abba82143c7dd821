#include "basin/basin.h"

void basin_free(struct basin *basin)
{
    if (basin != NULL)
        basin->kind->free(basin);
}

int64_t basin_run(struct basin *basin, int64_t now)
{
    return basin->kind->run(basin, now);
}

struct basin_op *basin_create_basin(struct basin *basin, basin_done *done,
                                    void *arg, struct err *err)
{
    return basin->kind->create_basin(basin, done, arg, err);
}

struct basin_op *basin_create(struct basin *basin, const char *stream,
                              basin_done *done, void *arg, struct err *err)
{
    return basin->kind->create(basin, stream, done, arg, err);
}

struct basin_op *basin_tail(struct basin *basin, const char *stream,
                            basin_done *done, void *arg, struct err *err)
{
    return basin->kind->tail(basin, stream, done, arg, err);
}

struct basin_op *basin_read(struct basin *basin, const char *stream,
                            const struct wire_read *read, basin_done *done,
                            void *arg, struct err *err)
{
    return basin->kind->read(basin, stream, read, done, arg, err);
}

struct basin_op *basin_follow(struct basin *basin, const char *stream,
                              const struct wire_read *read, basin_done *done,
                              void *arg, struct err *err)
{
    return basin->kind->follow(basin, stream, read, done, arg, err);
}

struct basin_op *basin_append(struct basin *basin, const char *stream,
                              const struct wire_append *append,
                              basin_done *done, void *arg, struct err *err)
{
    return basin->kind->append(basin, stream, append, done, arg, err);
}

struct basin_op *basin_list(struct basin *basin, const char *prefix,
                            const char *start_after, basin_done *done,
                            void *arg, struct err *err)
{
    return basin->kind->list(basin, prefix, start_after, done, arg, err);
}

void basin_cancel(struct basin *basin, struct basin_op *op)
{
    if (op != NULL)
        basin->kind->cancel(basin, op);
}
