#include "basin/checkpoint_place.h"

#include <string.h>

void checkpoint_place_init(struct checkpoint_place *place)
{
    place->url[0] = '\0';
    place->at = (struct checkpoint_at){-1, -1, -1, -1, place->url};
}

bool checkpoint_place_set(struct checkpoint_place *place,
                          const struct checkpoint_at *at)
{
    size_t n = strlen(at->url);

    if (n > CHECKPOINT_URL_MAX)
        return false;
    memmove(place->url, at->url, n + 1);
    place->at = *at;
    place->at.url = place->url;
    return true;
}

bool checkpoint_place_eq(const struct checkpoint_place *a,
                         const struct checkpoint_place *b)
{
    return a->at.time_us == b->at.time_us && a->at.seq == b->at.seq &&
           a->at.begin_us == b->at.begin_us &&
           a->at.begin_seq == b->at.begin_seq && strcmp(a->url, b->url) == 0;
}
