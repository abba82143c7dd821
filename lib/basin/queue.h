/*
 * Records that wait to be appended to one stream, oldest first.
 */
#ifndef BASIN_QUEUE_H
#define BASIN_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "basin/writer.h"

struct queue_item {
    struct queue_item *next;
    int64_t time_us; /* of the event */
    struct writer_mark before;
    int64_t added_ms;  /* when it was queued */
    struct hash128 id; /* its identity */
    size_t metered;    /* what S2 counts it as, bytes */
    struct slice body; /* stored behind the item itself */
};

/* How much there is, in one queue or in all that share a sum. */
struct queue_sum {
    size_t n;
    size_t metered;
};

struct queue {
    struct queue_item *head;
    struct queue_item **end; /* where the next item is linked */
    struct queue_sum has;
    struct queue_sum *all; /* borrowed; of this queue and others */
};

/* queue_init(queue, all), queue_release(queue): an empty one, whose items
 * count in ${all} as well; free all items. */
void queue_init(struct queue *queue, struct queue_sum *all);
void queue_release(struct queue *queue);

/* queue_push(queue, item): append a copy of ${item} and its body.  0, or -1
 * without memory. */
int queue_push(struct queue *queue, const struct queue_item *item);

/*
 * queue_kept_us(item): the time by which its identity is to be remembered:
 * where the source stood, or the event's own where that is unknown.  One wild
 * time then neither outstays what comes behind it nor is forgotten at once.
 */
int64_t queue_kept_us(const struct queue_item *item);

/* queue_dated_us(item): the time that the event has for certain: the lesser of
 * these two. */
int64_t queue_dated_us(const struct queue_item *item);

/* queue_take(queue, id, index): take out the item with identity ${id}, and
 * store how many stood before it; the caller frees it with free(3).  NULL
 * when there is none. */
struct queue_item *queue_take(struct queue *queue, struct hash128 id,
                              size_t *index);

/* queue_take_first(queue): the same for the oldest item. */
struct queue_item *queue_take_first(struct queue *queue);

#endif
