/*
 * Memory that jansson is refused.
 */
#ifndef SCARCE_H
#define SCARCE_H

#include <stdlib.h>

#include <jansson.h>

static long scarce_left; /* allocations that still succeed */

static inline void *scarce_malloc(size_t n)
{
    return scarce_left-- > 0 ? malloc(n) : NULL;
}

/* From the allocation number ${n} on, the next one being 0, all fail. */
static inline void scarce_from(long n)
{
    scarce_left = n;
    json_set_alloc_funcs(scarce_malloc, free);
}

/* None fails any more. */
static inline void scarce_end(void)
{
    json_set_alloc_funcs(malloc, free);
}

#endif
