#include "basin/follow_track.h"

#include <stdlib.h>
#include <string.h>

#include "base/loop.h"

/* Of less, asking takes longer than reading. */
#define PAGE_LEAST 100

struct follow_track *follow_track_new(struct follow_shared *shared,
                                      const char *name, struct err *err)
{
    size_t size = strlen(name) + 1;
    struct follow_track *track = calloc(1, sizeof(*track) + size);

    if (track == NULL) {
        err_memory(err);
        return NULL;
    }
    memcpy(track->text, name, size);
    track->name = track->text;
    track->stream.name = track->text;
    track->shared = shared;
    return track;
}

void follow_track_leave_slot(struct follow_track *track)
{
    track->shared->slots -= track->slot;
    track->slot = false;
}

void follow_track_stop(struct follow_track *track)
{
    basin_cancel(track->shared->config.basin, track->op);
    track->op = NULL;
    follow_queue_leave(track);
    follow_track_leave_slot(track);
    memset(&track->answer, 0, sizeof(track->answer));
    track->step = FOLLOW_STEP_TAIL;
    track->idle = false;
}

void follow_track_free(struct follow_track *track)
{
    follow_track_stop(track);
    free(track);
}

/* The far side is asked: from now on its silence counts, if it does not
 * already. */
static void ask(struct follow_track *track, int64_t now)
{
    track->got = 0;
    track->brought = false;
    track->start_ms = now;
    if (track->retry.fails == 0 || track->idle)
        track->asked_ms = now;
    track->idle = false;
    follow_shared_watch(track->shared, now);
}

/* What was to be started is ${op}, or NULL because of ${err}. */
static void started(struct follow_track *track, struct basin_op *op,
                    const struct err *err)
{
    track->op = op;
    if (op == NULL)
        follow_shared_fatal(track->shared, &track->stream, err);
}

static void follow(struct follow_track *track, const struct wire_read *read)
{
    struct err err = ERR_INIT;

    started(track,
            basin_follow(track->shared->config.basin, track->name, read,
                         follow_track_done, track, &err),
            &err);
}

/* One answer, which cannot be cut short unnoticed as a session can. */
static void read_whole(struct follow_track *track, const struct wire_read *read)
{
    struct err err = ERR_INIT;

    started(track,
            basin_read(track->shared->config.basin, track->name, read,
                       follow_track_done, track, &err),
            &err);
}

void follow_track_session(struct follow_track *track, int64_t now)
{
    struct wire_read read = {.from = track->stream.next_seq};

    track->step = FOLLOW_STEP_SESSION;
    ask(track, now);
    follow(track, &read);
}

static size_t page_size(const struct follow_track *track)
{
    size_t most = track->shared->config.page;
    size_t n = track->shared->streams;
    size_t page = n > 0 ? most / n : most;
    uint64_t left = track->goal - track->stream.next_seq;

    if (page < PAGE_LEAST)
        page = most < PAGE_LEAST ? most : PAGE_LEAST;
    return track->by_time || left > page ? page : (size_t)left;
}

static void start_page(struct follow_track *track)
{
    struct wire_read read = {.by_time = track->by_time};

    read.from = track->by_time ? track->since_ms : track->stream.next_seq;
    read.limit = page_size(track);
    if (track->doubt && read.limit > WIRE_BATCH_RECORDS)
        read.limit = WIRE_BATCH_RECORDS;
    track->limit = read.limit;
    if (track->doubt)
        read_whole(track, &read);
    else
        follow(track, &read);
}

static void start_tail(struct follow_track *track)
{
    struct err err = ERR_INIT;

    started(track,
            basin_tail(track->shared->config.basin, track->name,
                       follow_track_done, track, &err),
            &err);
}

void follow_track_start(struct follow_track *track, int64_t now)
{
    track->shared->slots++;
    track->slot = true;
    ask(track, now);
    if (track->step == FOLLOW_STEP_TAIL)
        start_tail(track);
    else
        start_page(track);
}

void follow_track_want_tail(struct follow_track *track)
{
    track->step = FOLLOW_STEP_TAIL;
    follow_queue_add(&track->shared->wanting, track);
}

void follow_track_want_page(struct follow_track *track)
{
    track->step = FOLLOW_STEP_PAGE;
    track->idle = !track->credit;
    if (track->credit)
        follow_queue_add(&track->shared->wanting, track);
}

void follow_track_restart(struct follow_track *track)
{
    struct follow_stream *stream = &track->stream;

    if (stream->next_seq > 0)
        follow_shared_note(track->shared, FOLLOW_RESTARTED, stream,
                           stream->next_seq);
    stream->next_seq = 0;
    stream->last_ms = 0;
    stream->tail_seq = 0;
    stream->made = 0;
    track->gone_in = track->shared->round;
    track->by_time = false;
    track->begun = false;
    track->doubt = false;
}

/* Whether the stream that was listed is not the one that was read.  Of one
 * that was deleted in between, that needs no proof. */
static bool is_another(const struct follow_track *track, bool deleted)
{
    uint64_t was = track->stream.made;
    uint64_t is = track->found_made;

    if (was == 0 || is == 0)
        return deleted;
    return was != is;
}

void follow_track_listed(struct follow_track *track)
{
    if (track->stream.made == 0 && track->gone_in == track->shared->round)
        return;
    if (is_another(track, false)) {
        follow_track_stop(track);
        follow_track_restart(track);
        follow_track_want_tail(track);
    }
    if (track->found_made != 0)
        track->stream.made = track->found_made;
}

/* Where a stream begins that was never seen. */
static void find_beginning(struct follow_track *track)
{
    const struct follow_shared *shared = track->shared;

    track->by_time = shared->config.by_time && shared->round == 1;
    track->since_ms = shared->config.since_ms;
}

void follow_track_begin(struct follow_track *track, int64_t now)
{
    struct follow_shared *shared = track->shared;
    struct follow_stream *stream = &track->stream;
    struct retry retry = BASIN_RETRY;
    bool deleted = track->listed;

    if (!deleted && !track->resumed)
        find_beginning(track);
    track->listed = true;
    track->credit = true;
    track->doubt = false;
    track->goal = UINT64_MAX;
    track->retry = retry;
    stream->state = FOLLOW_BEHIND;
    stream->last_answer = now;
    shared->unfinished++;
    follow_shared_note(shared, FOLLOW_FOUND, stream, 0);
    if (is_another(track, deleted))
        follow_track_restart(track);
    stream->made = track->found_made;
    follow_track_want_tail(track);
}

void follow_track_again(struct follow_track *track, int64_t now)
{
    track->retry.since_ms = now;
    track->asked_ms = now;
    follow_shared_watch(track->shared, now);
    follow_track_want_tail(track);
}

bool follow_track_is_over(const struct follow_track *track)
{
    return track->stream.state == FOLLOW_DONE ||
           track->stream.state == FOLLOW_DELETED;
}

void follow_track_more(struct follow_track *track)
{
    track->credit = true;
    if (track->idle && track->place.queue == NULL)
        follow_queue_add(&track->shared->wanting, track);
}

int64_t follow_track_judge(struct follow_track *track, int64_t now)
{
    struct follow_stream *stream = &track->stream;
    int64_t since = stream->last_answer;
    bool asked = track->op != NULL || (track->retry.fails > 0 && !track->idle);

    stream->stale = false;
    if (!asked || follow_track_is_over(track))
        return LOOP_NEVER;
    if (track->asked_ms > since)
        since = track->asked_ms;
    stream->stale = now - since >= FOLLOW_STALE_MS;
    return stream->stale ? LOOP_NEVER : since + FOLLOW_STALE_MS;
}
