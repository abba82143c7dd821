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

void follow_track_free(struct follow_track *track)
{
    basin_cancel(track->shared->config.basin, track->op);
    follow_queue_leave(track);
    free(track);
}

/* The far side is asked: from now on its silence counts, if it does not
 * already. */
static void ask(struct follow_track *track, int64_t now)
{
    struct follow_shared *shared = track->shared;

    track->got = 0;
    track->brought = false;
    track->start_ms = now;
    if (track->retry.fails == 0)
        track->asked_ms = now;
    if (now + FOLLOW_STALE_MS < shared->stale_at)
        shared->stale_at = now + FOLLOW_STALE_MS;
}

static void follow(struct follow_track *track, const struct wire_read *read)
{
    struct follow_shared *shared = track->shared;
    struct err err = ERR_INIT;

    track->op = basin_follow(shared->config.basin, track->name, read,
                             follow_track_done, track, &err);
    if (track->op == NULL)
        follow_shared_fatal(shared, track->name, &err);
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

    read.from = track->by_time ? track->shared->config.since_ms
                               : track->stream.next_seq;
    read.limit = page_size(track);
    track->limit = read.limit;
    follow(track, &read);
}

static void start_tail(struct follow_track *track)
{
    struct follow_shared *shared = track->shared;
    struct err err = ERR_INIT;

    track->op = basin_tail(shared->config.basin, track->name, follow_track_done,
                           track, &err);
    if (track->op == NULL)
        follow_shared_fatal(shared, track->name, &err);
}

void follow_track_start(struct follow_track *track, int64_t now)
{
    track->shared->slots++;
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
    if (track->credit)
        follow_queue_add(&track->shared->wanting, track);
}

void follow_track_begin(struct follow_track *track, int64_t now)
{
    struct follow_shared *shared = track->shared;
    struct follow_stream *stream = &track->stream;
    struct retry retry = FOLLOW_SHARED_RETRY;

    if (track->listed) {
        stream->next_seq = 0;
        stream->last_ms = 0;
        stream->tail_seq = 0;
        track->begun = false;
    } else {
        track->by_time =
            shared->config.by_time && shared->round == 1 && !track->begun;
    }
    track->listed = true;
    track->credit = true;
    track->empties = 0;
    track->goal = UINT64_MAX;
    track->retry = retry;
    stream->state = FOLLOW_BEHIND;
    stream->last_answer = (uint64_t)now;
    shared->unfinished++;
    follow_shared_note(shared, FOLLOW_FOUND, track->name, 0);
    follow_track_want_tail(track);
}

void follow_track_more(struct follow_track *track)
{
    track->credit = true;
    if (track->step == FOLLOW_STEP_PAGE && track->op == NULL &&
        track->place.queue == NULL)
        follow_queue_add(&track->shared->wanting, track);
}

int64_t follow_track_judge(struct follow_track *track, int64_t now)
{
    struct follow_stream *stream = &track->stream;
    int64_t since = (int64_t)stream->last_answer;
    bool asked = track->op != NULL || track->retry.fails > 0;

    stream->stale = false;
    if (!asked || stream->state == FOLLOW_DONE ||
        stream->state == FOLLOW_DELETED)
        return LOOP_NEVER;
    if (track->asked_ms > since)
        since = track->asked_ms;
    stream->stale = now - since >= FOLLOW_STALE_MS;
    return stream->stale ? LOOP_NEVER : since + FOLLOW_STALE_MS;
}
