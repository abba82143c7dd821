/*
 * What the streams of a follow and its list share: the settings, who waits
 * for what, and what becomes of failures.
 */
#ifndef BASIN_FOLLOW_SHARED_H
#define BASIN_FOLLOW_SHARED_H

#include "base/retry.h"
#include "basin/follow.h"
#include "basin/follow_queue.h"

/* Streams that have their tail or a page asked for at the same time. */
#define FOLLOW_SHARED_SLOTS 16

struct follow_shared {
    struct follow_config config; /* its lists are the follow's copies */
    struct rng rng;
    struct follow_queue fresh;   /* listed, and to be begun */
    struct follow_queue heard;   /* answered since the last follow_run */
    struct follow_queue wanting; /* want a slot */
    struct follow_queue resting; /* back off */
    size_t slots;                /* in use */
    size_t streams;              /* found so far */
    size_t unfinished;           /* of them neither DONE nor DELETED */
    uint64_t round;              /* lists begun so far */
    bool listed;                 /* all were listed once */
    bool relist;                 /* something was over: list again soon */
    int64_t stale_at;            /* no stream becomes stale before (ms) */
    struct err fatal;            /* there is no way on */
};

/* Of these, ${stream} is NULL for the list. */

/* follow_shared_note(shared, event, stream, n): tell it. */
void follow_shared_note(struct follow_shared *shared, enum follow_event event,
                        const struct follow_stream *stream, uint64_t n);

/*
 * follow_shared_fail(shared, retry, stream, why, least, now): a failure that
 * may go away: tell it, and return when to try again (ms), ${least} ms from
 * ${now} at the earliest.  Past retry_for there is no way on.
 */
int64_t follow_shared_fail(struct follow_shared *shared, struct retry *retry,
                           const struct follow_stream *stream,
                           const struct err *why, int64_t least, int64_t now);

/* follow_shared_recover(shared, retry, stream): progress; tell it if there
 * were failures. */
void follow_shared_recover(struct follow_shared *shared, struct retry *retry,
                           const struct follow_stream *stream);

/* follow_shared_is_final(shared, outcome): whether there is no way on after a
 * failure of that kind.  A basin that was there once may come again. */
bool follow_shared_is_final(const struct follow_shared *shared,
                            enum outcome outcome);

/* follow_shared_watch(shared, now): a stream may become stale if nothing is
 * heard of it from ${now} on. */
void follow_shared_watch(struct follow_shared *shared, int64_t now);

/* follow_shared_fatal(shared, stream, why): there is no way on. */
void follow_shared_fatal(struct follow_shared *shared,
                         const struct follow_stream *stream,
                         const struct err *why);

#endif
