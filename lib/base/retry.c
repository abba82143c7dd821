#include "base/retry.h"

uint64_t rng_next(struct rng *rng)
{
    uint64_t z = rng->state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

int64_t retry_fail(struct retry *retry, int64_t now, uint64_t random,
                   int64_t least)
{
    int64_t bound = retry->base_ms;
    int64_t delay;

    for (unsigned i = 0; i < retry->fails && bound < retry->cap_ms; i++)
        bound *= 2;
    if (bound > retry->cap_ms)
        bound = retry->cap_ms;
    if (retry->fails == 0)
        retry->since_ms = now;
    retry->fails++;
    delay = (int64_t)(random % ((uint64_t)bound + 1));
    return delay < least ? least : delay;
}

void retry_ok(struct retry *retry)
{
    retry->fails = 0;
}

int retry_spent(const struct retry *retry, int64_t now, int64_t budget)
{
    return budget > 0 && retry->fails > 0 && now - retry->since_ms >= budget;
}

int64_t retry_within(int64_t since, int64_t now, int64_t delay, int64_t budget)
{
    int64_t left = since + budget - now;

    if (budget == 0 || delay <= left)
        return delay;
    return left < 0 ? 0 : left;
}
