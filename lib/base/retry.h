/*
 * Back-off as data: exponential with full jitter.  Randomness and time enter
 * as arguments, so that tests need neither a clock nor luck.
 */
#ifndef BASE_RETRY_H
#define BASE_RETRY_H

#include <stdint.h>

/* A small generator for jitter, not for secrets (splitmix64). */
struct rng {
    uint64_t state; /* any seed */
};

/* rng_next(rng): the next 64 random bits. */
uint64_t rng_next(struct rng *rng);

struct retry {
    int64_t base_ms;  /* the first delay's upper bound */
    int64_t cap_ms;   /* no delay is longer, but a server's demand may be */
    unsigned fails;   /* consecutive failures so far */
    int64_t since_ms; /* when the first of them happened */
};

#define RETRY_INIT(base, cap)                                                  \
    {                                                                          \
        (base), (cap), 0, 0                                                    \
    }

/*
 * retry_fail(retry, now, random, least): count a failure at ${now} (ms, any
 * clock that does not go back) and return the delay until the next try:
 * uniform in [0, min(cap, base * 2^fails)], but never below ${least} (a
 * Retry-After; 0 for none).
 */
int64_t retry_fail(struct retry *retry, int64_t now, uint64_t random,
                   int64_t least);

/* retry_ok(retry): progress was made; the next failure is a first one. */
void retry_ok(struct retry *retry);

/*
 * retry_spent(retry, now, budget): whether failure has lasted longer than
 * ${budget} ms; a budget of 0 lasts for ever.
 */
int retry_spent(const struct retry *retry, int64_t now, int64_t budget);

/*
 * retry_within(since, now, delay, budget): of a ${delay} from ${now} on what
 * is left of a budget since ${since} (ms), so that the last try comes when it
 * ends; a budget of 0 lasts for ever.
 */
int64_t retry_within(int64_t since, int64_t now, int64_t delay, int64_t budget);

#endif
