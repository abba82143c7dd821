/*
 * --state: where each stream is counted up to, and the counts, kept together
 * in a file, so that a restart counts nothing twice and nothing less.
 */
#ifndef S2TAIL_KEEP_H
#define S2TAIL_KEEP_H

#include "tail.h"

struct keep;

/*
 * keep_open(tail, path, err): take the file, and load the counts from it into
 * tail->count if it exists, and tail->since_ms of then.  NULL: ERR_TAKEN,
 * ERR_CONFIG (of other settings, or no such file's content), ERR_NOINPUT,
 * ERR_CANTCREATE, ERR_OS.
 */
struct keep *keep_open(struct tail *tail, const char *path, struct err *err);
void keep_close(struct keep *keep); /* NULL is harmless */

/* keep_loaded(keep): whether an earlier run's state goes on. */
bool keep_loaded(const struct keep *keep);

/* keep_resume(keep, tail): tell tail->follow the positions of the earlier run.
 * 0, or -1 with tail->err. */
int keep_resume(struct keep *keep, struct tail *tail);

/* keep_found(keep, tail, stream): count.c knows this stream now: tell it the
 * position of the earlier run. */
void keep_found(struct keep *keep, struct tail *tail,
                const struct follow_stream *stream);

/*
 * keep_run(keep, tail, now, next, err): save when it is time to; stores in
 * *${next} when to call again, which like ${now} is in ms of the clock of
 * loop_now.  keep_save(keep, tail, err): save now, unless what was told is not
 * written yet: then nothing, and 0.  0, or -1: ERR_CANTCREATE, ERR_IO, ERR_OS.
 */
int keep_run(struct keep *keep, struct tail *tail, int64_t now, int64_t *next,
             struct err *err);
int keep_save(struct keep *keep, struct tail *tail, struct err *err);

#endif
