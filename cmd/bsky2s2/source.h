/*
 * Where a run's events come from: the hooks of the websocket, and the lines
 * of an input.
 */
#ifndef BSKY2S2_SOURCE_H
#define BSKY2S2_SOURCE_H

#include "run.h"

/* source_open(run): make run->js or run->input.  0, or -1 with run->err. */
int source_open(struct run *run);

/* source_close(run): stop reading for good. */
void source_close(struct run *run);

/* source_waits(run): it is not known where to begin, or which records are
 * there: at the start, and when new streams have been added. */
bool source_waits(const struct run *run);

/*
 * source_poll(run, now, fd, used, cap): store in ${fd} what the source waits
 * for and in *${used} 1, or 0 when that is no descriptor; returns how many ms
 * it allows to sleep from ${now} (ms) on, at most ${cap}.
 */
struct pollfd;
int64_t source_poll(struct run *run, int64_t now, struct pollfd *fd,
                    size_t *used, int64_t cap);

/* source_run(run, now, ready): read at ${now} (ms) what there is, unless there
 * is no room.  ${ready}: whether the descriptor of source_poll is.  0, or -1
 * with run->err. */
int source_run(struct run *run, int64_t now, bool ready);

#endif
