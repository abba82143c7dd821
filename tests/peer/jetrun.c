#include "jet.h"

#include <inttypes.h>

/* The real server pings so often. */
#define PING_MS 30000

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
    const struct feed_stamp *stamp = jetclock_stamp(jc->jet);

    buf_reset(&jc->stamped);
    if (stamp != NULL && feed_restamp(jc->feed, i, stamp, &jc->stamped) == 0)
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
    while (breathe(jc, PING_MS) == 0) {
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
        if (jc->next < total && breathe(jc, wait_ms) != 0)
            return;
    }
    rest(jc);
}
