#include "basin/follow_queue.h"

#include "basin/follow_track.h"

void follow_queue_add(struct follow_queue *queue, struct follow_track *track)
{
    struct follow_place *place = &track->place;

    place->queue = queue;
    place->prev = queue->last;
    place->next = NULL;
    if (queue->last != NULL)
        queue->last->place.next = track;
    else
        queue->first = track;
    queue->last = track;
}

void follow_queue_leave(struct follow_track *track)
{
    struct follow_place *place = &track->place;

    if (place->queue == NULL)
        return;
    if (place->prev != NULL)
        place->prev->place.next = place->next;
    else
        place->queue->first = place->next;
    if (place->next != NULL)
        place->next->place.prev = place->prev;
    else
        place->queue->last = place->prev;
    place->queue = NULL;
    place->prev = NULL;
    place->next = NULL;
}

struct follow_track *follow_queue_pop(struct follow_queue *queue)
{
    struct follow_track *track = queue->first;

    if (track != NULL)
        follow_queue_leave(track);
    return track;
}
