#include "basin/follow_shared.h"

static void tell(const struct follow_shared *shared,
                 const struct follow_note *note)
{
    const struct follow_hooks *hooks = &shared->config.hooks;

    if (hooks->note != NULL)
        hooks->note(hooks->arg, note);
}

void follow_shared_note(struct follow_shared *shared, enum follow_event event,
                        const struct follow_stream *stream, uint64_t n)
{
    struct follow_note note = {.event = event, .stream = stream, .n = n};

    tell(shared, &note);
}

static const char *called(const struct follow_stream *stream)
{
    return stream != NULL ? stream->name : "the list of streams";
}

int64_t follow_shared_fail(struct follow_shared *shared, struct retry *retry,
                           const struct follow_stream *stream,
                           const struct err *why, int64_t least, int64_t now)
{
    struct follow_note note = {
        .event = FOLLOW_RETRY, .stream = stream, .err = why};

    note.delay_ms = retry_fail(retry, now, rng_next(&shared->rng), least);
    note.delay_ms = retry_within(retry->since_ms, now, note.delay_ms,
                                 shared->config.retry_for);
    note.n = retry->fails;
    if (err_is_memory(why))
        follow_shared_fatal(shared, stream, why);
    else if (retry_spent(retry, now, shared->config.retry_for))
        err_set(&shared->fatal, ERR_UNAVAILABLE, "%.100s: given up: %.380s",
                called(stream), why->text);
    else
        tell(shared, &note);
    return now + note.delay_ms;
}

void follow_shared_recover(struct follow_shared *shared, struct retry *retry,
                           const struct follow_stream *stream)
{
    if (retry->fails > 0)
        follow_shared_note(shared, FOLLOW_RECOVERED, stream, retry->fails);
    retry_ok(retry);
}

void follow_shared_watch(struct follow_shared *shared, int64_t now)
{
    if (now + FOLLOW_STALE_MS < shared->stale_at)
        shared->stale_at = now + FOLLOW_STALE_MS;
}

bool follow_shared_is_final(const struct follow_shared *shared,
                            enum outcome outcome)
{
    return outcome == OUTCOME_FAILED ||
           (outcome == OUTCOME_NO_BASIN && !shared->listed);
}

void follow_shared_fatal(struct follow_shared *shared,
                         const struct follow_stream *stream,
                         const struct err *why)
{
    err_set(&shared->fatal, why->code != ERR_NONE ? why->code : ERR_BUG,
            "%.100s: %.380s", called(stream), why->text);
}
