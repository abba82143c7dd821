#include "jet.h"

#include "base/loop.h"

/* jet->lock is held. */
static uint64_t count_at(const struct jet *jet, uint64_t total, int64_t now)
{
    uint64_t n;

    if (!jet->started)
        return jet->plan.live ? jet->plan.live_from : 0;
    if (jet->pace == 0)
        return total;
    n = jet->base + (uint64_t)(now - jet->start_ms) * jet->pace / 1000;
    return n < total ? n : total;
}

size_t jetclock_count(struct jet *jet, size_t total, int64_t *wait_ms)
{
    int64_t now = loop_now();
    uint64_t n;

    pthread_mutex_lock(&jet->lock);
    n = count_at(jet, total, now);
    *wait_ms = jet->pace > 0 ? (int64_t)(1000 / jet->pace) : 0;
    pthread_mutex_unlock(&jet->lock);
    if (*wait_ms < 1)
        *wait_ms = 1;
    return n < total ? (size_t)n : total;
}

void jetclock_start(struct jet *jet, size_t first)
{
    int64_t now = loop_now();

    pthread_mutex_lock(&jet->lock);
    if (!jet->started) {
        jet->base = count_at(jet, UINT64_MAX, now);
        jet->started = true;
        jet->start_ms = now;
    }
    /* What somebody starts with exists. */
    if (jet->pace > 0 && count_at(jet, UINT64_MAX, now) < first)
        jet->base += first - count_at(jet, UINT64_MAX, now);
    if (jet->restamp && !jet->stamped) {
        jet->stamp = (struct feed_stamp){first, loop_wall(), jet->pace};
        jet->stamped = true;
    }
    pthread_mutex_unlock(&jet->lock);
}

const struct feed_stamp *jetclock_stamp(struct jet *jet)
{
    const struct feed_stamp *stamp;

    pthread_mutex_lock(&jet->lock);
    stamp = jet->stamped ? &jet->stamp : NULL;
    pthread_mutex_unlock(&jet->lock);
    return stamp;
}
