#include "facts.h"

#include "base/loop.h"

/* The time of the newest record that the streams' tails told. */
static int64_t newest_tail(const struct tail *tail)
{
    const struct follow_stream *const *streams;
    int64_t newest = INT64_MIN;
    size_t n = 0;

    if (tail->follow == NULL)
        return newest;
    streams = follow_streams(tail->follow, &n);
    for (size_t i = 0; i < n; i++) {
        if (streams[i]->tail_ms > 0 && streams[i]->tail_ms < INT64_MAX &&
            (int64_t)streams[i]->tail_ms > newest)
            newest = (int64_t)streams[i]->tail_ms;
    }
    return newest;
}

/* The age of the newest record that was counted, or, before any was, of the
 * newest there is. */
static int64_t lag(const struct tail *tail)
{
    int64_t newest = count_newest(tail->count);
    int64_t now_ms = loop_wall() / 1000;

    if (newest == INT64_MIN)
        newest = newest_tail(tail);
    if (newest == INT64_MIN)
        return LINES_UNKNOWN;
    return newest < now_ms ? now_ms - newest : 0;
}

struct lines_facts facts_of(const struct tail *tail)
{
    struct lines_facts facts = {.lag_ms = lag(tail)};
    const struct follow_stream *const *streams;
    size_t n = 0;

    if (tail->feed != NULL)
        facts.streams = feed_streams(tail->feed);
    if (tail->follow == NULL)
        return facts;
    streams = follow_streams(tail->follow, &n);
    for (size_t i = 0; i < n; i++) {
        facts.streams += streams[i]->state != FOLLOW_DELETED;
        facts.stale += streams[i]->stale;
        facts.missing += streams[i]->missing;
    }
    return facts;
}
