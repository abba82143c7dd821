#include "s2session.h"

#include <inttypes.h>

#include "base/loop.h"
#include "body.h"

/* How often an idle session looks whether its reader is still there, and
 * whether the process is to end. */
#define LOOK_MS 40

static int64_t later(uint64_t ms)
{
    return loop_now() + (int64_t)ms;
}

static void set_deadline(struct s2session *ses)
{
    ses->deadline =
        ses->query.has_wait ? later(ses->query.wait_s * 1000) : LOOP_NEVER;
}

static void set_beat(struct s2session *ses)
{
    uint64_t ms = ses->s2->rules.settings.heartbeat_ms;

    ses->beat = ms > 0 ? later(ms) : LOOP_NEVER;
}

/* The records up to ${end} that make one batch.  The lock is held. */
static enum s2session_turn take_batch(struct s2session *ses, uint64_t end,
                                      struct buf *payload)
{
    const struct store_stream *stream = ses->call->stream;
    size_t n = s2query_fit(&ses->query, stream, ses->next, end);

    if (n == 0)
        return S2SESSION_END;
    n = s2step_room(ses, n);
    if (s2step_batch(ses, ses->next, n, ses->live, payload) != 0)
        return S2SESSION_CLOSED;
    s2query_spend(&ses->query, stream, ses->next, n);
    ses->next += n;
    ses->records += n;
    ses->last = n;
    set_deadline(ses);
    set_beat(ses);
    return S2SESSION_FRAME;
}

static enum s2session_turn take_heartbeat(struct s2session *ses,
                                          struct buf *payload)
{
    set_beat(ses);
    return body_batch(ses->call->stream, ses->next, 0, true, true, payload) == 0
               ? S2SESSION_FRAME
               : S2SESSION_CLOSED;
}

/* Everything was read for the first time. */
static enum s2session_turn become_live(struct s2session *ses,
                                       struct buf *payload)
{
    if (ses->call->stream->deleted_us != 0)
        return S2SESSION_GONE;
    if (!s2query_follows(&ses->call->query))
        return S2SESSION_END;
    if (ses->deadline == LOOP_NEVER)
        set_deadline(ses);
    if (ses->deadline <= loop_now())
        return S2SESSION_END;
    ses->live = true;
    return take_heartbeat(ses, payload);
}

/* Nothing new: S2SESSION_ON when there is nothing to do but to wait. */
static enum s2session_turn idle(struct s2session *ses, struct buf *payload)
{
    int64_t now = loop_now();

    if (ses->call->stream->deleted_us != 0)
        return S2SESSION_GONE;
    if (now >= ses->deadline)
        return S2SESSION_END;
    if (now >= ses->beat)
        return take_heartbeat(ses, payload);
    /* Every append wakes every session: not each time. */
    if (now < ses->look)
        return S2SESSION_ON;
    ses->look = now + LOOK_MS;
    return net_read(ses->conn, 0) == NET_CLOSED ? S2SESSION_CLOSED
                                                : S2SESSION_ON;
}

/* What comes next, without waiting for it.  The lock is held. */
static enum s2session_turn look(struct s2session *ses, struct buf *payload)
{
    const struct store_stream *stream = ses->call->stream;

    if (s2step_due(ses) != NULL)
        return S2SESSION_STEP;
    if (s2query_spent(&ses->query))
        return S2SESSION_END;
    if (ses->next < stream->trimmed)
        ses->next = stream->trimmed;
    if (ses->live)
        return stream->n > ses->next ? take_batch(ses, stream->n, payload)
                                     : idle(ses, payload);
    /* The end that was there at first is reached before it is looked for
     * anew: only then a batch ends where the real server's does. */
    if (ses->next >= ses->end)
        ses->end = stream->n;
    return ses->next < ses->end ? take_batch(ses, ses->end, payload)
                                : become_live(ses, payload);
}

/* Waits for what comes next. */
static enum s2session_turn next_turn(struct s2session *ses, struct buf *payload)
{
    enum s2session_turn turn;

    buf_reset(payload);
    pthread_mutex_lock(&ses->s2->lock);
    for (;;) {
        turn = look(ses, payload);
        if (turn != S2SESSION_ON)
            break;
        s2read_wait(ses->s2);
    }
    pthread_mutex_unlock(&ses->s2->lock);
    return turn;
}

/* The last words of the real server to the readers of a stream that is no
 * more. */
static enum s2session_turn send_gone(struct s2session *ses)
{
    struct buf frame = BUF_INIT(4096);
    int result = s2frame_terminal(&frame, 503, "unavailable",
                                  "streamer missing in action");

    if (result == 0)
        result = s2frame_send(ses->conn, buf_slice(&frame), ses->chunk);
    buf_release(&frame);
    return result == 0 ? S2SESSION_END : S2SESSION_CLOSED;
}

static enum s2session_turn take_turn(struct s2session *ses, struct buf *payload)
{
    enum s2session_turn turn = next_turn(ses, payload);

    switch (turn) {
    case S2SESSION_FRAME:
        turn = s2step_send(ses, payload);
        if (turn == S2SESSION_ON) {
            ses->sent = ses->records;
            ses->frames++;
        }
        return turn;
    case S2SESSION_STEP:
        return s2step_do(ses, s2step_due(ses));
    case S2SESSION_GONE:
        turn = send_gone(ses);
        break;
    default:
        break;
    }
    if (turn == S2SESSION_END)
        turn = s2frame_end(ses->conn) == 0 ? S2SESSION_OVER : S2SESSION_CLOSED;
    return turn;
}

int s2session(struct s2peer *s2, struct net_conn *conn, struct s2call *call)
{
    struct s2session ses = {.s2 = s2,
                            .conn = conn,
                            .call = call,
                            .query = call->query,
                            .next = call->from,
                            .deadline = LOOP_NEVER,
                            .beat = LOOP_NEVER};
    struct buf payload = BUF_INIT(S2FRAME_BUF_MAX);
    enum s2session_turn turn = S2SESSION_ON;

    ses.zstd = httpd_header_has(call->req, "Accept-Encoding", "zstd");
    pthread_mutex_lock(&s2->lock);
    ses.end = call->stream->n;
    pthread_mutex_unlock(&s2->lock);
    if (s2frame_begin(conn) != 0)
        turn = S2SESSION_CLOSED;
    while (turn == S2SESSION_ON)
        turn = take_turn(&ses, &payload);
    journal_line(&s2->peer.journal,
                 "end conn=%u stream=%s sent=%" PRIu64 " frames=%" PRIu64,
                 conn->id, s2call_name(call), ses.sent, ses.frames);
    buf_release(&payload);
    return turn == S2SESSION_OVER ? 0 : -1;
}
