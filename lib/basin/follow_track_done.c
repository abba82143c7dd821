#include <string.h>

#include "basin/follow_take.h"
#include "basin/follow_track.h"

/* A session that was ended in good order after so long is begun again at
 * once, though it brought nothing. */
#define SESSION_MS 1000

/* After failures, a session that lives so long is as good as before, though
 * it brought nothing. */
#define RECOVERED_MS 5000

void follow_track_done(void *arg, const struct basin_reply *reply)
{
    struct follow_track *track = arg;
    struct follow_answer *answer = &track->answer;
    bool ok = reply->outcome == OUTCOME_OK;
    bool whole = track->step == FOLLOW_STEP_TAIL ||
                 (track->step == FOLLOW_STEP_PAGE && track->doubt);

    /* Before the records: the caller may ask for more of them. */
    if (track->place.queue == NULL)
        follow_queue_add(&track->shared->heard, track);
    if (whole || reply->over) {
        track->op = NULL;
        answer->over = true;
        answer->again = reply->again;
        answer->outcome = reply->outcome;
        answer->err = reply->err;
        answer->retry_after_ms = reply->retry_after_ms;
    }
    if (reply->tail_known || track->step == FOLLOW_STEP_TAIL ||
        reply->outcome == OUTCOME_UNWRITTEN) {
        answer->tail = reply->tail;
        answer->tail_known = true;
    }
    answer->ok = answer->ok || (ok && (whole || !reply->over));
    if (ok && track->step != FOLLOW_STEP_TAIL) {
        answer->records = answer->records || reply->nrecords > 0;
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
        follow_shared_recover(shared, &track->retry, stream);
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
    track->due_ms = follow_shared_fail(shared, &track->retry, &track->stream,
                                       why, least, now);
    track->pause_ms = track->due_ms - now;
    follow_queue_add(&shared->resting, track);
}

static void fail_because(struct follow_track *track, const char *why,
                         int64_t now)
{
    struct err err = ERR_INIT;

    err_set(&err, ERR_PROTOCOL, "%s", why);
    fail(track, &err, 0, now);
}

/* This, and nothing seen before, is its tail. */
static void meet_tail(struct follow_track *track, uint64_t tail)
{
    struct follow_stream *stream = &track->stream;

    if (tail < stream->next_seq) {
        follow_track_restart(track);
        track->shared->relist = true;
    }
    stream->tail_seq = tail;
    if (track->shared->config.once && tail < track->goal)
        track->goal = tail;
}

static void after_tail(struct follow_track *track, int64_t now)
{
    const struct wire_position *tail = &track->answer.tail;

    /* What has happened meanwhile is seen in the list, if at all. */
    if (track->retry.fails > 0)
        track->shared->relist = true;
    meet_tail(track, tail->seq_num);
    track->stream.tail_ms = tail->timestamp;
    if (track->by_time && track->since_ms > tail->timestamp)
        follow_take_skip(track, tail->seq_num);
    go_on(track, now);
}

/*
 * A page ended in good order and brought nothing.  That the rest is trimmed
 * is certain only if the far side told a tail beyond it, or answered a read
 * as a whole: a session may have been ended by whatever is in between.
 */
static void after_empty_page(struct follow_track *track, int64_t now)
{
    const struct follow_answer *answer = &track->answer;
    uint64_t tail = track->stream.tail_seq;

    if (answer->again) {
        fail_because(track, "asked to come again, with nothing", now);
    } else if (!answer->tail_known && !track->doubt) {
        track->doubt = true;
        follow_track_want_page(track);
    } else {
        if (answer->tail_known)
            tail = answer->tail.seq_num;
        if (track->begun && tail <= track->stream.next_seq) {
            fail_because(track, "gave nothing of what it has", now);
            return;
        }
        track->doubt = false;
        follow_take_skip(track, tail < track->goal ? tail : track->goal);
        go_on(track, now);
    }
}

/* A page that is not full has reached the tail, whatever was appended since
 * the tail was asked for. */
static void after_page(struct follow_track *track, int64_t now)
{
    const struct follow_stream *stream = &track->stream;
    const struct follow_answer *answer = &track->answer;
    bool reached =
        track->got < track->limit ||
        (answer->tail_known && stream->next_seq >= answer->tail.seq_num) ||
        stream->next_seq >= track->goal;

    if (track->got == 0) {
        after_empty_page(track, now);
        return;
    }
    track->doubt = false;
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
    follow_shared_note(track->shared, FOLLOW_GONE, &track->stream, 0);
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

    follow_track_leave_slot(track);
    if (answer->outcome == OUTCOME_OK)
        after_ok(track, now);
    else if (answer->outcome == OUTCOME_UNWRITTEN)
        after_unwritten(track, now);
    else if (answer->outcome == OUTCOME_NO_STREAM)
        after_deletion(track);
    else if (follow_shared_is_final(track->shared, answer->outcome))
        follow_shared_fatal(track->shared, &track->stream, &answer->err);
    else
        fail(track, &answer->err, answer->retry_after_ms, now);
}

/* Whether the far side gave a sign of life.  While it fails, a tail is none:
 * the records might never come. */
static bool is_alive(const struct follow_track *track)
{
    const struct follow_answer *answer = &track->answer;

    return answer->records ||
           (answer->ok &&
            (track->retry.fails == 0 || track->step == FOLLOW_STEP_SESSION));
}

/* Whether the failures are over. */
static bool has_recovered(const struct follow_track *track, int64_t now)
{
    const struct follow_answer *answer = &track->answer;
    int64_t least =
        track->pause_ms > RECOVERED_MS ? track->pause_ms : RECOVERED_MS;

    return answer->records ||
           (answer->ok && track->step == FOLLOW_STEP_SESSION &&
            now - track->start_ms > least);
}

void follow_track_settle(struct follow_track *track, int64_t now)
{
    struct follow_shared *shared = track->shared;
    struct follow_stream *stream = &track->stream;

    if (is_alive(track)) {
        stream->last_answer = now;
        stream->stale = false;
        follow_shared_watch(shared, now);
    }
    if (has_recovered(track, now))
        follow_shared_recover(shared, &track->retry, stream);
    if (track->answer.over)
        after(track, now);
    memset(&track->answer, 0, sizeof(track->answer));
}
