/*
 * One stream of a follow: what is asked of it next, what is in flight for
 * it, and what was heard.  Answers hand out their records at once and are
 * settled, with a clock, by the next follow_run.
 */
#ifndef BASIN_FOLLOW_TRACK_H
#define BASIN_FOLLOW_TRACK_H

#include "basin/follow_shared.h"

/* What is in flight for it, or is to be asked for next. */
enum follow_step { FOLLOW_STEP_TAIL, FOLLOW_STEP_PAGE, FOLLOW_STEP_SESSION };

/* What the far side said since the last follow_run. */
struct follow_answer {
    bool ok;              /* a tail, or a sign of life of a session */
    bool records;         /* some came */
    bool again;           /* it is over because the far side wants it so */
    bool over;            /* the request is over ... */
    enum outcome outcome; /* ... and so */
    struct err err;
    int64_t retry_after_ms;
    struct wire_position tail; /* the last one told ... */
    bool tail_known;           /* ... if one was */
};

struct follow_track {
    const char *name; /* the first member: names are compared through it */
    struct follow_stream stream;
    struct follow_shared *shared; /* borrowed */
    struct follow_place place;
    bool listed;         /* it exists; else it is only to be resumed */
    bool resumed;        /* where it begins was told */
    uint64_t gone_in;    /* that the former one of its name is no more was seen
                            while that list was the newest */
    uint64_t found_made; /* which creation of it was listed last; 0: unknown */

    enum follow_step step;
    struct basin_op *op;
    bool slot; /* it has one */
    struct follow_answer answer;
    size_t limit;     /* records that the page in flight asks for */
    size_t got;       /* records that the request in flight has brought */
    bool brought;     /* some of them were handed out */
    bool doubt;       /* the last page brought nothing, and did not say why */
    bool idle;        /* it waits for the caller to take a page */
    int64_t start_ms; /* when the request began */
    int64_t asked_ms; /* since when the far side is to say something */

    bool by_time;      /* the first number is still to be found by time ... */
    uint64_t since_ms; /* ... this one */
    bool begun;        /* next_seq is where it must go on: a jump is a loss */
    bool credit;       /* the caller takes another page */
    uint64_t goal;     /* once: where it ends; else UINT64_MAX */

    struct retry retry;
    int64_t due_ms;   /* resting: until then */
    int64_t pause_ms; /* how long the last back-off was */
    char text[];      /* the name */
};

/* follow_track_new(shared, name, err): not listed yet; ${name} is copied.
 * NULL with ERR_OS. */
struct follow_track *follow_track_new(struct follow_shared *shared,
                                      const char *name, struct err *err);

/* follow_track_free(track): cancel what is in flight for it. */
void follow_track_free(struct follow_track *track);

/* follow_track_begin(track, now): it was listed for the first time, or once
 * more after it was deleted: begin with its tail, where it was if it is the
 * same stream. */
void follow_track_begin(struct follow_track *track, int64_t now);

/* follow_track_listed(track): it is followed, and was listed once more: if
 * that is another stream of this name, begin anew. */
void follow_track_listed(struct follow_track *track);

/* follow_track_restart(track): what comes is another stream, from 0 on. */
void follow_track_restart(struct follow_track *track);

/* follow_track_stop(track): cancel what is in flight, forget what was heard,
 * wait for nothing.  Only positions stay. */
void follow_track_stop(struct follow_track *track);

/* follow_track_again(track, now): go on after that, with its tail.  Failures
 * last since now. */
void follow_track_again(struct follow_track *track, int64_t now);

/* follow_track_is_over(track): nothing more is asked of it. */
bool follow_track_is_over(const struct follow_track *track);

/* follow_track_leave_slot(track): its request is over. */
void follow_track_leave_slot(struct follow_track *track);

/* follow_track_start(track, now): ask for what it wanted a slot for. */
void follow_track_start(struct follow_track *track, int64_t now);

/* follow_track_want_tail(track), follow_track_want_page(track): from now on it
 * wants a slot for that; for a page only once the caller takes one. */
void follow_track_want_tail(struct follow_track *track);
void follow_track_want_page(struct follow_track *track);

/* follow_track_session(track, now): follow it without a slot, for as long as
 * it goes. */
void follow_track_session(struct follow_track *track, int64_t now);

/* follow_track_done(track, reply): an answer; follow_track.c asks,
 * follow_track_done.c takes the answers. */
void follow_track_done(void *track, const struct basin_reply *reply);

/* follow_track_settle(track, now): act on what was heard. */
void follow_track_settle(struct follow_track *track, int64_t now);

/* follow_track_more(track): the caller takes another page. */
void follow_track_more(struct follow_track *track);

/*
 * follow_track_judge(track, now): set stream.stale; returns when it will
 * become stale if nothing more is heard, LOOP_NEVER when it cannot.
 */
int64_t follow_track_judge(struct follow_track *track, int64_t now);

#endif
