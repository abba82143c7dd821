/*
 * A job: what goes on when the process does not.  Its checkpoints say where
 * this run begins and, all the time, how far it has got.
 */
#ifndef BSKY2S2_JOB_H
#define BSKY2S2_JOB_H

#include "run.h"

/*
 * job_open(run): prepare run->checkpoint, or, where there is none (an input,
 * a dry run), begin at once where the options say.  0, or -1 with run->err.
 */
int job_open(struct run *run);

/* job_close(run): free what job_open made. */
void job_close(struct run *run);

/*
 * job_run(run, now, next): begin when the checkpoints have been read and our
 * fence stands; from then on offer what is settled.  Lowers *${next} to when
 * it wants to be called again.  0, or -1 with run->err.
 */
int job_run(struct run *run, int64_t now, int64_t *next);

/* job_routes(run, routes, err): from now on checkpoints are of ${routes}.  0,
 * or -1 (ERR_OS) with nothing changed. */
int job_routes(struct run *run, const struct routes *routes, struct err *err);

/* job_answered(run): an answer came since the last job_run, which therefore
 * has something to do at once. */
bool job_answered(const struct run *run);

/* job_settled(run): nothing of the job's own is left to be done before the
 * end: the last checkpoint stands. */
bool job_settled(const struct run *run);

#endif
