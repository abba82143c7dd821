#include "basin/seen.h"

#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX
#define FIRST_CAP 64U

/* The entries stand in a ring in the order of their coming; the table heads
 * lists of entries with the same hash bits. */
struct entry {
    struct hash128 id;
    int64_t time_us;
    uint32_t next;
};

struct seen {
    struct entry *ring; /* cap entries, a power of two */
    uint32_t *heads;    /* cap heads: an index into ring, or NONE */
    uint32_t cap;
    uint32_t first; /* the oldest entry's index */
    uint32_t n;
    bool forgot; /* the limit made one go */
};

struct seen *seen_new(void)
{
    return calloc(1, sizeof(struct seen));
}

void seen_free(struct seen *seen)
{
    if (seen == NULL)
        return;
    free(seen->ring);
    free(seen->heads);
    free(seen);
}

static uint32_t *head_of(const struct seen *seen, struct hash128 id)
{
    return &seen->heads[id.a & (seen->cap - 1)];
}

static bool same(struct hash128 x, struct hash128 y)
{
    return x.a == y.a && x.b == y.b;
}

bool seen_has(const struct seen *seen, struct hash128 id)
{
    uint32_t i = seen->cap == 0 ? NONE : *head_of(seen, id);

    while (i != NONE && !same(seen->ring[i].id, id))
        i = seen->ring[i].next;
    return i != NONE;
}

static void put(struct seen *seen, struct hash128 id, int64_t time_us)
{
    uint32_t i = (seen->first + seen->n) & (seen->cap - 1);
    uint32_t *head = head_of(seen, id);

    seen->ring[i].id = id;
    seen->ring[i].time_us = time_us;
    seen->ring[i].next = *head;
    *head = i;
    seen->n++;
}

static void drop_oldest(struct seen *seen)
{
    uint32_t *link = head_of(seen, seen->ring[seen->first].id);

    while (*link != seen->first)
        link = &seen->ring[*link].next;
    *link = seen->ring[seen->first].next;
    seen->first = (seen->first + 1) & (seen->cap - 1);
    seen->n--;
}

static int grow(struct seen *seen)
{
    struct seen bigger = {.cap = seen->cap == 0 ? FIRST_CAP : seen->cap * 2};

    bigger.ring = calloc(bigger.cap, sizeof(*bigger.ring));
    bigger.heads = malloc(bigger.cap * sizeof(*bigger.heads));
    if (bigger.ring == NULL || bigger.heads == NULL) {
        free(bigger.ring);
        free(bigger.heads);
        return -1;
    }
    memset(bigger.heads, 0xff, bigger.cap * sizeof(*bigger.heads));
    for (uint32_t i = 0; i < seen->n; i++) {
        const struct entry *e =
            &seen->ring[(seen->first + i) & (seen->cap - 1)];

        put(&bigger, e->id, e->time_us);
    }
    free(seen->ring);
    free(seen->heads);
    seen->ring = bigger.ring;
    seen->heads = bigger.heads;
    seen->cap = bigger.cap;
    seen->first = 0;
    return 0;
}

int seen_add(struct seen *seen, struct hash128 id, int64_t time_us)
{
    if (seen_has(seen, id))
        return 0;
    if (seen->n == SEEN_MOST) {
        drop_oldest(seen);
        seen->forgot = true;
    } else if (seen->n == seen->cap && grow(seen) != 0) {
        return -1;
    }
    put(seen, id, time_us);
    return 0;
}

void seen_age(struct seen *seen, int64_t before_us)
{
    while (seen->n > SEEN_LEAST && seen->ring[seen->first].time_us < before_us)
        drop_oldest(seen);
}

bool seen_forgot(const struct seen *seen)
{
    return seen->forgot;
}

void seen_clear(struct seen *seen)
{
    while (seen->n > 0)
        drop_oldest(seen);
}

size_t seen_count(const struct seen *seen)
{
    return seen->n;
}
