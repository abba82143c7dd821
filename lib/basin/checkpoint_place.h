/*
 * A copy of a position that a checkpoint says.
 */
#ifndef BASIN_CHECKPOINT_PLACE_H
#define BASIN_CHECKPOINT_PLACE_H

#include <stdbool.h>

#include "basin/checkpoint_text.h"

/* Not to be copied by assignment: at.url is url. */
struct checkpoint_place {
    struct checkpoint_at at;
    char url[CHECKPOINT_URL_MAX + 1];
};

/* checkpoint_place_init(place): nothing is known. */
void checkpoint_place_init(struct checkpoint_place *place);

/* checkpoint_place_set(place, at): copies ${at}.  Returns whether its url is
 * short enough; if not, nothing is copied. */
bool checkpoint_place_set(struct checkpoint_place *place,
                          const struct checkpoint_at *at);

/* checkpoint_place_eq(a, b): whether both are the same. */
bool checkpoint_place_eq(const struct checkpoint_place *a,
                         const struct checkpoint_place *b);

#endif
