/*
 * What is looked for, and the streams that it goes to: the decision on posts
 * that a map of routes makes, and for each of its streams the name, with the
 * prefix, and its index in the writer.
 */
#ifndef BSKY2S2_TARGET_H
#define BSKY2S2_TARGET_H

#include "basin/writer.h"
#include "bsky/match.h"
#include "config.h"

struct target {
    struct match *match;
    char **names; /* by stream_id; last: --unrouted */
    int *streams; /* likewise: indexes in the writer; NULL without one */
    size_t n;     /* routed streams + 1 */
};

/*
 * target_make(target, config, routes, writer, err): ${routes} is borrowed and
 * must outlive the target.  ${writer} learns the streams; NULL: none.  0, or
 * -1 (ERR_OS); target_release either way.
 */
int target_make(struct target *target, const struct config *config,
                const struct routes *routes, struct writer *writer,
                struct err *err);
void target_release(struct target *target);

#endif
