/*
 * One request that is made until it has an answer: failures that may go away
 * are tried again with back-off, others end all.
 */
#ifndef BASIN_ATTEMPT_H
#define BASIN_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/retry.h"
#include "basin/basin.h"

struct attempt {
    struct retry retry;
    bool failed;       /* the last request failed and is to be tried again */
    bool missed;       /* no basin was there, and nothing went well since */
    int64_t least_ms;  /* but not before so long afterwards */
    int64_t due_ms;    /* nothing is started before */
    struct err reason; /* why it failed */
    struct err fatal;  /* there is no way on */
};

/* What a reply means. */
enum attempt_verdict {
    ATTEMPT_ANSWERED,  /* it is the answer */
    ATTEMPT_FENCED,    /* it is one, if a token was named */
    ATTEMPT_AGAIN,     /* the request is to be made again */
    ATTEMPT_NO_STREAM, /* the same, after the stream has been created */
    ATTEMPT_NO_BASIN,  /* the same, after the basin has been created; the first
                          time at once */
    ATTEMPT_OVER       /* attempt->fatal is set */
};

/* attempt_init(attempt): nothing has failed yet. */
void attempt_init(struct attempt *attempt);

/*
 * attempt_judge(attempt, name, create_basin, reply): take the ${reply} to the
 * request, which is about the stream ${name}.  Without ${create_basin} a
 * missing basin ends all.
 */
enum attempt_verdict attempt_judge(struct attempt *attempt, const char *name,
                                   bool create_basin,
                                   const struct basin_reply *reply);

/* attempt_fatal(attempt, code, name, why): there is no way on; the first
 * reason stays. */
void attempt_fatal(struct attempt *attempt, enum err_code code,
                   const char *name, const char *why);

/*
 * attempt_ok(attempt): the request has its answer.  Returns how many failures
 * in a row that ends.  Not for what created a stream or the basin: it may be
 * missing all the same, and creating it again goes well for ever.
 */
unsigned attempt_ok(struct attempt *attempt);

/*
 * attempt_back_off(attempt, name, retry_for, rng, now, delay_ms): after a
 * failure, and with a clock: when is the request made again, if at all?
 * Stores the delay.  0, or -1 with attempt->fatal set when failure has lasted
 * ${retry_for} ms (0: for ever).
 */
int attempt_back_off(struct attempt *attempt, const char *name,
                     int64_t retry_for, struct rng *rng, int64_t now,
                     int64_t *delay_ms);

/* attempt_rests(attempt, now, next): whether it is too early for a request;
 * then *${next} is lowered to when it is not. */
bool attempt_rests(const struct attempt *attempt, int64_t now, int64_t *next);

/* attempt_wake(attempt): do not wait out the delay, unless the far side asked
 * for it. */
void attempt_wake(struct attempt *attempt);

#endif
