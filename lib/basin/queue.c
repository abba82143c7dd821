#include "basin/queue.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void queue_init(struct queue *queue, struct queue_sum *all)
{
    queue->head = NULL;
    queue->end = &queue->head;
    queue->has = (struct queue_sum){0, 0};
    queue->all = all;
}

static void count_in(struct queue_sum *sum, const struct queue_item *item)
{
    sum->n++;
    sum->metered += item->metered;
}

static void count_out(struct queue_sum *sum, const struct queue_item *item)
{
    sum->n--;
    sum->metered -= item->metered;
}

void queue_release(struct queue *queue)
{
    while (queue->head != NULL)
        free(queue_take_first(queue));
}

int queue_push(struct queue *queue, const struct queue_item *item)
{
    struct queue_item *copy = malloc(sizeof(*copy) + item->body.n);
    char *body;

    if (copy == NULL)
        return -1;
    body = (char *)(copy + 1);
    *copy = *item;
    memcpy(body, item->body.p, item->body.n);
    copy->body.p = body;
    copy->next = NULL;
    *queue->end = copy;
    queue->end = &copy->next;
    count_in(&queue->has, copy);
    count_in(queue->all, copy);
    return 0;
}

int64_t queue_kept_us(const struct queue_item *item)
{
    return item->before.time_us >= 0 ? item->before.time_us : item->time_us;
}

int64_t queue_dated_us(const struct queue_item *item)
{
    int64_t kept = queue_kept_us(item);

    return kept < item->time_us ? kept : item->time_us;
}

static struct queue_item *unlink_at(struct queue *queue,
                                    struct queue_item **link)
{
    struct queue_item *item = *link;

    if (item == NULL)
        return NULL;
    *link = item->next;
    if (queue->end == &item->next)
        queue->end = link;
    count_out(&queue->has, item);
    count_out(queue->all, item);
    item->next = NULL;
    return item;
}

struct queue_item *queue_take(struct queue *queue, struct hash128 id,
                              size_t *index)
{
    struct queue_item **link = &queue->head;

    *index = 0;
    while (*link != NULL && ((*link)->id.a != id.a || (*link)->id.b != id.b)) {
        link = &(*link)->next;
        ++*index;
    }
    return unlink_at(queue, link);
}

struct queue_item *queue_take_first(struct queue *queue)
{
    return unlink_at(queue, &queue->head);
}
