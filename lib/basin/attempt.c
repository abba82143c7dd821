#include "basin/attempt.h"

void attempt_init(struct attempt *attempt)
{
    *attempt = (struct attempt){.retry = BASIN_RETRY};
}

static void fail(struct attempt *attempt, const struct basin_reply *reply)
{
    attempt->failed = true;
    attempt->least_ms = reply->retry_after_ms;
    attempt->reason = reply->err;
}

static enum attempt_verdict no_basin(struct attempt *attempt, bool create_basin,
                                     const struct basin_reply *reply)
{
    if (create_basin) {
        if (attempt->missed)
            fail(attempt, reply);
        attempt->missed = true;
        return ATTEMPT_NO_BASIN;
    }
    err_set(&attempt->fatal, ERR_CONFIG,
            "%.400s (--create-basin creates a missing basin)", reply->err.text);
    return ATTEMPT_OVER;
}

enum attempt_verdict attempt_judge(struct attempt *attempt, const char *name,
                                   bool create_basin,
                                   const struct basin_reply *reply)
{
    switch (reply->outcome) {
    case OUTCOME_RETRY:
    case OUTCOME_UNKNOWN:
        if (err_is_memory(&reply->err)) {
            attempt_fatal(attempt, ERR_OS, name, reply->err.text);
            return ATTEMPT_OVER;
        }
        fail(attempt, reply);
        return ATTEMPT_AGAIN;
    case OUTCOME_NO_STREAM:
        /* Creating it is tried with a delay: a stream that is being deleted
         * can vanish again. */
        fail(attempt, reply);
        return ATTEMPT_NO_STREAM;
    case OUTCOME_NO_BASIN:
        return no_basin(attempt, create_basin, reply);
    case OUTCOME_FENCED:
        return ATTEMPT_FENCED;
    case OUTCOME_FAILED:
        attempt_fatal(attempt, reply->err.code, name, reply->err.text);
        return ATTEMPT_OVER;
    case OUTCOME_OK:
    case OUTCOME_MISMATCH:
    case OUTCOME_UNWRITTEN:
        break;
    }
    return ATTEMPT_ANSWERED;
}

void attempt_fatal(struct attempt *attempt, enum err_code code,
                   const char *name, const char *why)
{
    err_set(&attempt->fatal, code, "%s: %.480s", name, why);
}

unsigned attempt_ok(struct attempt *attempt)
{
    unsigned fails = attempt->retry.fails;

    attempt->missed = false;
    retry_ok(&attempt->retry);
    return fails;
}

int attempt_back_off(struct attempt *attempt, const char *name,
                     int64_t retry_for, struct rng *rng, int64_t now,
                     int64_t *delay_ms)
{
    attempt->failed = false;
    *delay_ms =
        retry_fail(&attempt->retry, now, rng_next(rng), attempt->least_ms);
    *delay_ms =
        retry_within(attempt->retry.since_ms, now, *delay_ms, retry_for);
    attempt->due_ms = now + *delay_ms;
    if (retry_spent(&attempt->retry, now, retry_for))
        return err_set(&attempt->fatal, ERR_UNAVAILABLE, "%s: given up: %.400s",
                       name, attempt->reason.text);
    return 0;
}

bool attempt_rests(const struct attempt *attempt, int64_t now, int64_t *next)
{
    if (now >= attempt->due_ms)
        return false;
    if (attempt->due_ms < *next)
        *next = attempt->due_ms;
    return true;
}

void attempt_wake(struct attempt *attempt)
{
    if (attempt->least_ms == 0)
        attempt->due_ms = 0;
}
