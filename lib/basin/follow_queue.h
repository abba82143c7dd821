/*
 * Lists in which the streams of a follow stand; a stream is in at most one,
 * and knows which, so that it can leave it at any time.
 */
#ifndef BASIN_FOLLOW_QUEUE_H
#define BASIN_FOLLOW_QUEUE_H

#include <stddef.h>

struct follow_track;

struct follow_queue {
    struct follow_track *first, *last;
};

/* Where a stream stands. */
struct follow_place {
    struct follow_queue *queue; /* NULL: in none */
    struct follow_track *prev, *next;
};

/* follow_queue_add(queue, track): put ${track}, which is in no list, at the
 * end. */
void follow_queue_add(struct follow_queue *queue, struct follow_track *track);

/* follow_queue_leave(track): out of the list that it is in, if any. */
void follow_queue_leave(struct follow_track *track);

/* follow_queue_pop(queue): the first, which is then in no list, or NULL. */
struct follow_track *follow_queue_pop(struct follow_queue *queue);

#endif
