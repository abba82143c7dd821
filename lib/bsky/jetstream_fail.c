#include <stdio.h>

#include "base/text.h"
#include "bsky/jetstream_state.h"

void jetstream_state_tell(struct jetstream *js, enum jetstream_change change,
                          const char *text, int64_t retry_ms)
{
    struct jetstream_news news = {change, jetstream_state_host(js)->name, text,
                                  retry_ms};

    js->hooks.news(js->hooks.arg, &news);
}

void jetstream_attempt_drop(struct jetstream *js)
{
    ws_close(js->ws);
    resolve_free(js->resolve);
    js->resolve = NULL;
    if (js->fetch != NULL)
        js->hooks.unfetch(js->hooks.arg, js->fetch);
    js->fetch = NULL;
    js->fetched = false;
    js->zst = NULL;
    js->state = JETSTREAM_STATE_WAITING;
}

/* How long messages flowed; where none need come, how long it was up. */
static int64_t flow(const struct jetstream *js)
{
    if (js->state != JETSTREAM_STATE_UP)
        return 0;
    if (!jetstream_state_watches(js))
        return js->now - js->up_at;
    return js->delivered ? js->last_at - js->first_at : 0;
}

/*
 * What the connection that ends here means for those that failed before it.
 * A few messages are progress enough for the budget.  For the back-off and
 * the host they are not: one whose own source is dead replays what it has,
 * and falls silent, at each connect.  The host's time begins anew when they
 * brought the caller on.
 */
static void account(struct jetstream *js)
{
    bool settled = flow(js) >= js->timing.settle;

    if (js->state == JETSTREAM_STATE_UP && settled)
        retry_ok(&js->retry);
    if (js->state == JETSTREAM_STATE_UP && (settled || js->delivered))
        js->failing_since = -1;
    if (js->progressed)
        js->retry.since_ms = js->now;
}

void jetstream_attempt_park(struct jetstream *js)
{
    account(js);
    jetstream_attempt_drop(js);
    js->due = js->now;
    jetstream_state_tell(js, JETSTREAM_PAUSED, "paused for too long", 0);
}

/* The end of a connection that made progress is not one more failure, of the
 * back-off or of the host; but nor is it the flow that makes up for those
 * before it. */
static int64_t delay(struct jetstream *js, int64_t least_ms)
{
    uint64_t random = rng_next(&js->rng);
    struct retry same = js->retry;

    if (!js->progressed)
        return retry_fail(&js->retry, js->now, random, least_ms);
    if (same.fails > 0)
        same.fails--;
    return retry_fail(&same, js->now, random, least_ms);
}

/* When to try again: no later than a host has to give way, whatever it
 * demands, and than the budget ends. */
static int64_t next_due(struct jetstream *js, int64_t least_ms)
{
    int64_t ms = delay(js, least_ms);

    if (js->nhosts > 1)
        ms = retry_within(js->retry.since_ms, js->now, ms, js->timing.host);
    return js->now +
           retry_within(js->failing_since, js->now, ms, js->retry_for);
}

void jetstream_attempt_fail(struct jetstream *js, const char *why,
                            int64_t least_ms)
{
    account(js);
    jetstream_attempt_drop(js);
    snprintf(js->why, sizeof(js->why), "%s", why);
    if (js->failing_since < 0)
        js->failing_since = js->now;
    js->due = next_due(js, least_ms);
    jetstream_state_tell(js, JETSTREAM_DOWN, js->why, js->due - js->now);
}

/* Whether the time of failure is used up; then that is the end. */
static bool is_spent(struct jetstream *js)
{
    if (js->retry_for <= 0 || js->failing_since < 0 ||
        js->now - js->failing_since < js->retry_for)
        return false;
    text_clean(js->why);
    err_set(&js->err, ERR_UNAVAILABLE, "%s: %s", jetstream_state_host(js)->name,
            js->why);
    return true;
}

bool jetstream_attempt_due(struct jetstream *js)
{
    if (js->paused || js->now < js->due || is_spent(js))
        return false;
    if (js->nhosts > 1 && retry_spent(&js->retry, js->now, js->timing.host)) {
        js->at = (js->at + 1) % js->nhosts;
        js->addresses.n = 0;
        js->next_address = 0;
        retry_ok(&js->retry);
    }
    return true;
}
