/*
 * Records of many streams, each in order, in one order by time: what is
 * left of a record once its label is known waits here until no stream can
 * bring anything earlier.
 */
#ifndef VIEW_MERGE_H
#define VIEW_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct merge;

struct merge_item {
    int64_t key_ms;    /* order; does not go down within a stream (a lower one
                          is raised) */
    int64_t time_ms;   /* the caller's */
    uint64_t next_seq; /* the caller's */
    uint32_t label;    /* the caller's */
    bool live;         /* the caller's */
};

/* merge_new(err): NULL with ERR_OS.  NULL may be freed. */
struct merge *merge_new(struct err *err);
void merge_free(struct merge *merge);

/* merge_push(merge, stream, item, err): behind what waits of ${stream}, its
 * index: memory is taken for every index below it, too.  0 or -1 (ERR_OS). */
int merge_push(struct merge *merge, size_t stream,
               const struct merge_item *item, struct err *err);

/*
 * merge_pop(merge, bound_ms, item, stream): take the item with the least key
 * (of equal ones that of the lowest stream), if it is at most ${bound_ms}.
 * Whether there was one.
 */
bool merge_pop(struct merge *merge, int64_t bound_ms, struct merge_item *item,
               size_t *stream);

/* merge_waiting(merge, stream): items of ${stream} that wait. */
size_t merge_waiting(const struct merge *merge, size_t stream);

/* merge_size(merge): all items that wait. */
size_t merge_size(const struct merge *merge);

/* merge_drop(merge, stream): forget what waits of ${stream}, and its last
 * key. */
void merge_drop(struct merge *merge, size_t stream);

#endif
