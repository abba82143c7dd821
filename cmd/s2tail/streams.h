/*
 * The streams of a basin as the source of a run.
 */
#ifndef S2TAIL_STREAMS_H
#define S2TAIL_STREAMS_H

#include "tail.h"

/*
 * streams_run(tail, now, next): open the basin, once it is there, and follow
 * its streams; count what has come.  Stores in *${next} when to call again;
 * it and ${now} are ms of the clock of loop_now.  0, or -1 with tail->err.
 */
int streams_run(struct tail *tail, int64_t now, int64_t *next);

/* streams_pause(tail, on): the output is stuck, or not any more: live streams
 * must not pile up. */
void streams_pause(struct tail *tail, bool on);

/* streams_done(tail): whether everything up to where the run shall stop is
 * counted. */
bool streams_done(const struct tail *tail);

#endif
