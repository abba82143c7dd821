#include "view/merge.h"

#include <stdlib.h>
#include <string.h>

#define NOWHERE SIZE_MAX
#define FIRST_CAP 16U

/* What waits of one stream, oldest first, in a ring. */
struct lane {
    struct merge_item *items;
    size_t cap; /* a power of two, or 0 */
    size_t first;
    size_t n;
    int64_t last_key; /* of the last item that came */
    size_t at;        /* in the heap, or NOWHERE */
};

struct merge {
    struct lane *lanes; /* by stream */
    size_t nlanes;
    size_t *heap; /* streams of which something waits; room for nlanes */
    size_t nheap;
    size_t n;
};

struct merge *merge_new(struct err *err)
{
    struct merge *merge = calloc(1, sizeof(*merge));

    if (merge == NULL)
        err_memory(err);
    return merge;
}

void merge_free(struct merge *merge)
{
    if (merge == NULL)
        return;
    for (size_t i = 0; i < merge->nlanes; i++)
        free(merge->lanes[i].items);
    free(merge->lanes);
    free(merge->heap);
    free(merge);
}

static const struct merge_item *front(const struct merge *merge, size_t stream)
{
    const struct lane *lane = &merge->lanes[stream];

    return &lane->items[lane->first];
}

static bool goes_before(const struct merge *merge, size_t a, size_t b)
{
    int64_t key_a = front(merge, a)->key_ms;
    int64_t key_b = front(merge, b)->key_ms;

    return key_a != key_b ? key_a < key_b : a < b;
}

static void place(struct merge *merge, size_t at, size_t stream)
{
    merge->heap[at] = stream;
    merge->lanes[stream].at = at;
}

static void rise(struct merge *merge, size_t at)
{
    size_t stream = merge->heap[at];

    while (at > 0 && goes_before(merge, stream, merge->heap[(at - 1) / 2])) {
        place(merge, at, merge->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    place(merge, at, stream);
}

static void sink(struct merge *merge, size_t at)
{
    size_t stream = merge->heap[at];

    for (;;) {
        size_t child = 2 * at + 1;

        if (child + 1 < merge->nheap &&
            goes_before(merge, merge->heap[child + 1], merge->heap[child]))
            child++;
        if (child >= merge->nheap ||
            !goes_before(merge, merge->heap[child], stream))
            break;
        place(merge, at, merge->heap[child]);
        at = child;
    }
    place(merge, at, stream);
}

/* Take the stream out of the heap. */
static void leave(struct merge *merge, size_t stream)
{
    size_t at = merge->lanes[stream].at;
    size_t last = merge->heap[--merge->nheap];

    merge->lanes[stream].at = NOWHERE;
    if (last == stream)
        return;
    place(merge, at, last);
    rise(merge, at);
    sink(merge, merge->lanes[last].at);
}

static int widen(struct merge *merge, size_t stream)
{
    size_t n = stream + 1;
    struct lane *lanes;
    size_t *heap;

    if (stream < merge->nlanes)
        return 0;
    if (n < merge->nlanes * 2)
        n = merge->nlanes * 2;
    if (n == 0 || n > SIZE_MAX / sizeof(*lanes))
        return -1;
    heap = realloc(merge->heap, n * sizeof(*heap));
    if (heap == NULL)
        return -1;
    merge->heap = heap;
    lanes = realloc(merge->lanes, n * sizeof(*lanes));
    if (lanes == NULL)
        return -1;
    merge->lanes = lanes;
    for (size_t i = merge->nlanes; i < n; i++)
        lanes[i] = (struct lane){.last_key = INT64_MIN, .at = NOWHERE};
    merge->nlanes = n;
    return 0;
}

static int grow(struct lane *lane)
{
    size_t cap = lane->cap == 0 ? FIRST_CAP : lane->cap * 2;
    struct merge_item *items;

    if (lane->n < lane->cap)
        return 0;
    if (cap > SIZE_MAX / sizeof(*items))
        return -1;
    items = malloc(cap * sizeof(*items));
    if (items == NULL)
        return -1;
    for (size_t i = 0; i < lane->n; i++)
        items[i] = lane->items[(lane->first + i) & (lane->cap - 1)];
    free(lane->items);
    lane->items = items;
    lane->cap = cap;
    lane->first = 0;
    return 0;
}

int merge_push(struct merge *merge, size_t stream,
               const struct merge_item *item, struct err *err)
{
    struct merge_item *to;
    struct lane *lane;

    if (widen(merge, stream) != 0 || grow(&merge->lanes[stream]) != 0)
        return err_memory(err);
    lane = &merge->lanes[stream];
    to = &lane->items[(lane->first + lane->n) & (lane->cap - 1)];
    *to = *item;
    if (to->key_ms < lane->last_key)
        to->key_ms = lane->last_key;
    lane->last_key = to->key_ms;
    lane->n++;
    merge->n++;
    if (lane->at == NOWHERE) {
        place(merge, merge->nheap++, stream);
        rise(merge, lane->at);
    }
    return 0;
}

bool merge_pop(struct merge *merge, int64_t bound_ms, struct merge_item *item,
               size_t *stream)
{
    struct lane *lane;

    if (merge->nheap == 0 || front(merge, merge->heap[0])->key_ms > bound_ms)
        return false;
    *stream = merge->heap[0];
    *item = *front(merge, *stream);
    lane = &merge->lanes[*stream];
    lane->first = (lane->first + 1) & (lane->cap - 1);
    lane->n--;
    merge->n--;
    if (lane->n == 0)
        leave(merge, *stream);
    else
        sink(merge, 0);
    return true;
}

size_t merge_waiting(const struct merge *merge, size_t stream)
{
    return stream < merge->nlanes ? merge->lanes[stream].n : 0;
}

size_t merge_size(const struct merge *merge)
{
    return merge->n;
}

void merge_drop(struct merge *merge, size_t stream)
{
    struct lane *lane;

    if (stream >= merge->nlanes)
        return;
    lane = &merge->lanes[stream];
    if (lane->at != NOWHERE)
        leave(merge, stream);
    merge->n -= lane->n;
    free(lane->items);
    *lane = (struct lane){.last_key = INT64_MIN, .at = NOWHERE};
}
