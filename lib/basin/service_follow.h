/*
 * basin_follow in S2: a session of S2S frames, each a batch of records.
 */
#ifndef BASIN_SERVICE_FOLLOW_H
#define BASIN_SERVICE_FOLLOW_H

#include "basin/basin.h"

/* service_follow: basin_follow.  A session that is cut off or talks nonsense
 * ends with OUTCOME_RETRY: whoever stands between us and S2 may heal.  The
 * last call has no records. */
struct basin_op *service_follow(struct basin *basin, const char *stream,
                                const struct wire_read *read, basin_done *done,
                                void *arg, struct err *err);

#endif
