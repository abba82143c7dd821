#include <string.h>

#include "basin/follow_take.h"
#include "basin/follow_track.h"

/* A session that was ended in good order after so long is begun again at
 * once, though it brought nothing. */
#define SESSION_MS 1000

void follow_track_done(void *arg, const struct basin_reply *reply)
{
    struct follow_track *track = arg;
    struct follow_answer *answer = &track->answer;
    bool ok = reply->outcome == OUTCOME_OK;

    /* Before the records: the caller may ask for more of them. */
    if (track->place.queue == NULL)
        follow_queue_add(&track->shared->heard, track);
    if (track->step == FOLLOW_STEP_TAIL || reply->over) {
        track->op = NULL;
        answer->over = true;
        answer->outcome = reply->outcome;
        answer->err = reply->err;
        answer->retry_after_ms = reply->retry_after_ms;
    }
    if (reply->tail_known || track->step == FOLLOW_STEP_TAIL ||
        reply->outcome == OUTCOME_UNWRITTEN) {
        answer->tail = reply->tail;
        answer->tail_known = true;
    }
    answer->ok = answer->ok || ok;
    if (ok && track->step != FOLLOW_STEP_TAIL) {
        track->got += reply->nrecords;
        follow_take(track, reply->records, reply->nrecords);
    }
}

/* Nothing more is asked of it. */
static void end(struct follow_track *track, enum follow_state state)
{
    track->step = FOLLOW_STEP_TAIL;
    track->stream.state = state;
    track->stream.stale = false;
    track->shared->unfinished--;
}

/* On from here, with the tail known. */
static void go_on(struct follow_track *track, int64_t now)
{
    struct follow_stream *stream = &track->stream;
    struct follow_shared *shared = track->shared;

    if (!track->by_time && stream->next_seq >= track->goal) {
        follow_shared_recover(shared, &track->retry, track->name);
        end(track, FOLLOW_DONE);
    } else if (!track->by_time && stream->next_seq >= stream->tail_seq) {
        stream->state = FOLLOW_LIVE;
        track->begun = true;
        follow_track_session(track, now);
    } else {
        /* Of a stream that was live the caller owes no word. */
        if (stream->state == FOLLOW_LIVE)
            track->credit = true;
        stream->state = FOLLOW_BEHIND;
        follow_track_want_page(track);
    }
}

static void fail(struct follow_track *track, const struct err *why,
                 int64_t least, int64_t now)
{
    struct follow_shared *shared = track->shared;

    track->step = FOLLOW_STEP_TAIL;
    track->due_ms =
        follow_shared_fail(shared, &track->retry, track->name, why, least, now);
    follow_queue_add(&shared->resting, track);
}

static void fail_because(struct follow_track *track, const char *why,
                         int64_t now)
{
    struct err err = ERR_INIT;

    err_set(&err, ERR_PROTOCOL, "%s", why);
    fail(track, &err, 0, now);
}

static void restart(struct follow_track *track)
{
    struct follow_stream *stream = &track->stream;

    follow_shared_note(track->shared, FOLLOW_RESTARTED, track->name,
                       stream->next_seq);
    stream->next_seq = 0;
    stream->last_ms = 0;
    track->begun = false;
    track->empties = 0;
}

/* This, and nothing seen before, is its tail. */
static void meet_tail(struct follow_track *track, uint64_t tail)
{
    struct follow_stream *stream = &track->stream;

    if (tail < stream->next_seq)
        restart(track);
    stream->tail_seq = tail;
    if (track->shared->config.once && tail < track->goal)
        track->goal = tail;
}

static void after_tail(struct follow_track *track, int64_t now)
{
    const struct wire_position *tail = &track->answer.tail;

    meet_tail(track, tail->seq_num);
    if (track->by_time && track->shared->config.since_ms > tail->timestamp)
        follow_take_skip(track, tail->seq_num);
    go_on(track, now);
}

/*
 * A page that is not full has reached the tail, whatever was appended since
 * the tail was asked for.  One without records may also come of a server
 * that asks to come again: only the second in a row means that the rest is
 * trimmed.
 */
static void after_page(struct follow_track *track, int64_t now)
{
    const struct follow_stream *stream = &track->stream;
    const struct follow_answer *answer = &track->answer;
    bool reached =
        track->got < track->limit ||
        (answer->tail_known && stream->next_seq >= answer->tail.seq_num) ||
        stream->next_seq >= track->goal;

    track->empties = track->got == 0 ? track->empties + 1 : 0;
    if (track->empties == 2) {
        track->empties = 0;
        follow_take_skip(track, stream->tail_seq);
    }
    if (reached)
        go_on(track, now);
    else
        follow_track_want_page(track);
}

static void after_session(struct follow_track *track, int64_t now)
{
    if (track->brought || now - track->start_ms >= SESSION_MS)
        follow_track_session(track, now);
    else
        fail_because(track, "the session was ended at once", now);
}

/* Where a read may be refused: at the tail, but a session waits there, or
 * past it. */
static void after_unwritten(struct follow_track *track, int64_t now)
{
    uint64_t tail = track->answer.tail.seq_num;
    uint64_t next = track->stream.next_seq;
    bool at_tail = track->by_time || tail == next;

    if (track->step == FOLLOW_STEP_TAIL || (tail >= next && !at_tail) ||
        (at_tail && track->step == FOLLOW_STEP_SESSION)) {
        fail_because(track, "refused to read what it has", now);
        return;
    }
    meet_tail(track, tail);
    if (track->by_time)
        follow_take_skip(track, tail);
    go_on(track, now);
}

static void after_deletion(struct follow_track *track)
{
    end(track, FOLLOW_DELETED);
    track->gone_in = track->shared->round;
    follow_shared_note(track->shared, FOLLOW_GONE, track->name, 0);
}

static void after_ok(struct follow_track *track, int64_t now)
{
    switch (track->step) {
    case FOLLOW_STEP_TAIL:
        after_tail(track, now);
        break;
    case FOLLOW_STEP_PAGE:
        after_page(track, now);
        break;
    case FOLLOW_STEP_SESSION:
        after_session(track, now);
        break;
    }
}

static void after(struct follow_track *track, int64_t now)
{
    const struct follow_answer *answer = &track->answer;

    if (track->step != FOLLOW_STEP_SESSION)
        track->shared->slots--;
    switch (answer->outcome) {
    case OUTCOME_OK:
        after_ok(track, now);
        break;
    case OUTCOME_UNWRITTEN:
        after_unwritten(track, now);
        break;
    case OUTCOME_NO_STREAM:
        after_deletion(track);
        break;
    case OUTCOME_NO_BASIN:
    case OUTCOME_FAILED:
        follow_shared_fatal(track->shared, track->name, &answer->err);
        break;
    default:
        fail(track, &answer->err, answer->retry_after_ms, now);
        break;
    }
}

void follow_track_settle(struct follow_track *track, int64_t now)
{
    struct follow_stream *stream = &track->stream;

    if (track->answer.ok) {
        stream->last_answer = (uint64_t)now;
        stream->stale = false;
        if (track->step != FOLLOW_STEP_TAIL)
            follow_shared_recover(track->shared, &track->retry, track->name);
        if (now + FOLLOW_STALE_MS < track->shared->stale_at)
            track->shared->stale_at = now + FOLLOW_STALE_MS;
    }
    if (track->answer.over)
        after(track, now);
    memset(&track->answer, 0, sizeof(track->answer));
}
