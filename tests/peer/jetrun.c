#include "jet.h"

#include <inttypes.h>

#include "base/loop.h"

/* The real server pings so often. */
#define PING_MS 30000
/* How soon a connection ends in a crash for which another one is the cause. */
#define CRASH_MS 50

bool jetrun_takes(const struct jetconn *jc, size_t i)
{
    return !jc->block->settings.filter ||
           ask_takes(&jc->ask, &jc->feed->events[i]);
}

int jetrun_message(struct jetconn *jc, struct slice json)
{
    if (jc->squeeze == NULL)
        return ws_message(&jc->ws, WSFRAME_TEXT, json);
    if (squeeze_message(jc->squeeze, json, &jc->packed) != 0)
        return -1;
    return ws_message(&jc->ws, WSFRAME_BINARY, buf_slice(&jc->packed));
}

int jetrun_event(struct jetconn *jc, size_t i)
{
    buf_reset(&jc->stamped);
    if (feed_differs(&jc->view, i) &&
        feed_restamp(jc->feed, i, &jc->view, &jc->stamped) == 0)
        return jetrun_message(jc, buf_slice(&jc->stamped));
    return jetrun_message(jc, jc->feed->events[i].line);
}

/* Writes what waits and reads for at most ${ms}.  0, or -1 at the end. */
static int breathe(struct jetconn *jc, int64_t ms)
{
    if (ws_flush(&jc->ws) != 0)
        return -1;
    switch (ws_poll(&jc->ws, ms)) {
    case WS_NOTHING:
        return 0;
    case WS_MESSAGE:
        /* Wire v1 takes a change of options, which is not acted on. */
        if (jc->ask.wire == EVENT_V1)
            return 0;
        journal_line(&jc->jet->peer.journal, "protest conn=%u data came",
                     jc->ws.conn->id);
        ws_close(&jc->ws, 1008);
        return -1;
    default:
        return -1;
    }
}

/* The same, again and again, until ${ms} are over or the server crashes. */
static int linger(struct jetconn *jc, int64_t ms)
{
    bool may_crash = jc->jet->plan.ncrashes > 0;
    int64_t end = loop_now() + ms;
    int64_t left = ms;

    while (left > 0) {
        if (breathe(jc, may_crash && left > CRASH_MS ? CRASH_MS : left) != 0 ||
            jetclock_crashed(jc))
            return -1;
        left = end - loop_now();
    }
    return 0;
}

/* Nothing left to be sent: answer pings until somebody has enough. */
static void rest(struct jetconn *jc)
{
    if (jc->ends && !jc->quiet) {
        journal_line(&jc->jet->peer.journal,
                     "fault conn=%u sent=%" PRIu64 " end", jc->ws.conn->id,
                     jc->sent);
        ws_close(&jc->ws, 1001);
        return;
    }
    while (linger(jc, PING_MS) == 0) {
        if (ws_frame(&jc->ws, WSFRAME_FIN | WSFRAME_PING, false,
                     SLICE("there?")) != 0)
            return;
    }
}

/* Sends all that exists; before each event the faults have their turn. */
static int send_until(struct jetconn *jc, size_t end)
{
    while (jc->next < end && !jc->quiet) {
        if (!jetrun_takes(jc, jc->next)) {
            jc->next++;
            continue;
        }
        if (jetrun_event(jc, jc->next) != 0)
            return -1;
        jc->next++;
        jc->sent++;
        jetclock_sent(jc);
        if (jetclock_crashed(jc)) {
            /* All that was sent arrives, and then no word. */
            ws_flush(&jc->ws);
            return -1;
        }
        if (jetfault_due(jc) != 0)
            return -1;
        if (jc->sent % 256 == 0 && breathe(jc, 0) != 0)
            return -1;
    }
    return 0;
}

void jetrun(struct jetconn *jc)
{
    size_t total = jc->feed->n;
    int64_t wait_ms;

    if (jetfault_due(jc) != 0)
        return;
    while (jc->next < total && !jc->quiet) {
        size_t end = jetclock_count(jc->jet, total, &wait_ms);

        if (send_until(jc, end) != 0)
            return;
        if (jc->next < total && linger(jc, wait_ms) != 0)
            return;
    }
    rest(jc);
}
