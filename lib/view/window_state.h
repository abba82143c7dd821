/*
 * What window*.c share: the counts themselves.  Times are numbers of
 * buckets here: bucket b lasts from b * every_ms to (b + 1) * every_ms, and
 * the window that ends with number k contains the buckets k - ratio to k - 1.
 */
#ifndef VIEW_WINDOW_STATE_H
#define VIEW_WINDOW_STATE_H

#include "view/window.h"

#define WINDOW_STATE_HISTORY_MAX 64

/* Times are taken for no farther than this, so that sums fit. */
#define WINDOW_STATE_TIME_MAX (INT64_C(1) << 61)

/* Before every bucket. */
#define WINDOW_STATE_NEVER INT64_MIN

/* The counts of one label. */
struct window_series {
    char *name; /* length bytes and a NUL */
    size_t length;
    uint64_t total;    /* all records */
    uint64_t before;   /* those before the next window's last bucket */
    uint64_t zeroed;   /* of those behind, how many must not be in a total */
    uint64_t sum;      /* of the next window's buckets but the last */
    uint64_t *ring;    /* nring buckets */
    uint32_t *history; /* config.history windows, the last one told last */
};

struct window {
    struct window_config config;
    int64_t ratio; /* buckets of a window */
    size_t nring;
    size_t head;     /* where in the rings bucket next - ratio is */
    uint64_t ringed; /* records in all rings */

    bool begun;       /* next is decided, for now */
    bool fixed;       /* for good */
    int64_t next;     /* the end of the next window to close */
    int64_t newest;   /* the last bucket with a record; while not fixed */
    int64_t advanced; /* window_advance and window_passed came to the start */
    int64_t passed;   /* of these buckets */
    bool full;        /* window_advance has stopped on its way */
    unsigned empties; /* windows told in a row that were empty */
    uint64_t skipped; /* empty ones since the last one told */

    uint64_t records;
    uint64_t late;
    uint64_t late_graced;

    struct window_series *series; /* n, room for cap */
    struct window_row *rows;      /* room for cap */
    size_t n, cap;
    size_t nhistory;
    uint32_t *index; /* hash table: a number + 1, or 0 */
    size_t nindex;   /* a power of two, never full */
};

/* window_state_slot(window, bucket): where it is in the rings; it must be one
 * of the nring from next - ratio on. */
static inline size_t window_state_slot(const struct window *window,
                                       int64_t bucket)
{
    size_t i = window->head + (size_t)(bucket - (window->next - window->ratio));

    return i < window->nring ? i : i - window->nring;
}

#endif
