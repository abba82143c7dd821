#include "basin/follow.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "basin/follow_list.h"
#include "basin/follow_track.h"

/* More are refused: what we remember has its limit. */
#define STREAMS_MAX 100000

struct follow {
    struct follow_shared shared;
    struct follow_list list;
    char **prefixes, **excludes;          /* NULL behind the last */
    void *names;                          /* tsearch(3): all tracks by name */
    size_t nnames;                        /* found, or to be resumed */
    struct follow_track **tracks;         /* those that were found, by index */
    const struct follow_stream **streams; /* theirs */
    size_t n, cap;
    bool paused;
    bool resumed; /* go on with the next run */
};

static int by_name(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

static void free_strings(char **strings)
{
    for (size_t i = 0; strings != NULL && strings[i] != NULL; i++)
        free(strings[i]);
    free(strings);
}

static char **copy_strings(const char *const *from, size_t n)
{
    char **copy = calloc(n + 1, sizeof(*copy));

    for (size_t i = 0; copy != NULL && i < n; i++) {
        copy[i] = strdup(from[i]);
        if (copy[i] == NULL) {
            free_strings(copy);
            return NULL;
        }
    }
    return copy;
}

/* No prefix is one that every name has. */
static int copy_config(struct follow *follow,
                       const struct follow_config *config)
{
    static const char *const all[] = {""};
    bool any = config->nprefixes > 0;
    struct follow_config *copy = &follow->shared.config;

    *copy = *config;
    copy->nprefixes = any ? config->nprefixes : 1;
    follow->prefixes =
        copy_strings(any ? config->prefixes : all, copy->nprefixes);
    follow->excludes = copy_strings(config->excludes, config->nexcludes);
    copy->prefixes = (const char *const *)follow->prefixes;
    copy->excludes = (const char *const *)follow->excludes;
    return follow->prefixes != NULL && follow->excludes != NULL ? 0 : -1;
}

static struct follow_track *find(const struct follow *follow, const char *name)
{
    struct follow_track *const *node = tfind(&name, &follow->names, by_name);

    return node != NULL ? *node : NULL;
}

static struct follow_track *add(struct follow *follow, const char *name,
                                struct err *err)
{
    struct follow_track *track;

    if (follow->nnames == STREAMS_MAX) {
        err_set(err, ERR_CONFIG, "more than %d streams to follow", STREAMS_MAX);
        return NULL;
    }
    track = follow_track_new(&follow->shared, name, err);
    if (track == NULL)
        return NULL;
    if (tsearch(track, &follow->names, by_name) == NULL) {
        follow_track_free(track);
        err_memory(err);
        return NULL;
    }
    follow->nnames++;
    return track;
}

/* A name in the list; it is acted on by follow_run. */
static int found(void *arg, const char *name, uint64_t made, struct err *err)
{
    struct follow *follow = arg;
    struct follow_shared *shared = &follow->shared;
    struct follow_track *track = find(follow, name);

    if (track == NULL)
        track = add(follow, name, err);
    if (track == NULL)
        return -1;
    track->found_made = made;
    if (track->listed && !follow_track_is_over(track))
        follow_track_listed(track);
    else if (track->place.queue == NULL &&
             (!track->listed || (track->stream.state == FOLLOW_DELETED &&
                                 track->gone_in < shared->round)))
        follow_queue_add(&shared->fresh, track);
    return 0;
}

struct follow *follow_new(const struct follow_config *config, struct err *err)
{
    struct follow *follow = calloc(1, sizeof(*follow));

    if (follow == NULL) {
        err_memory(err);
        return NULL;
    }
    follow_list_init(&follow->list, &follow->shared);
    follow->list.found = found;
    follow->list.arg = follow;
    if (copy_config(follow, config) != 0) {
        follow_free(follow);
        err_memory(err);
        return NULL;
    }
    follow->shared.rng.state = config->seed;
    follow->shared.stale_at = LOOP_NEVER;
    return follow;
}

void follow_free(struct follow *follow)
{
    if (follow == NULL)
        return;
    while (follow->names != NULL) {
        struct follow_track *track = *(struct follow_track **)follow->names;

        tdelete(track, &follow->names, by_name);
        follow_track_free(track);
    }
    follow_list_release(&follow->list);
    free_strings(follow->prefixes);
    free_strings(follow->excludes);
    free(follow->tracks);
    free(follow->streams);
    free(follow);
}

int follow_resume(struct follow *follow, const char *name,
                  const struct follow_from *from, struct err *err)
{
    struct follow_track *track = find(follow, name);

    if (track == NULL)
        track = add(follow, name, err);
    if (track == NULL)
        return -1;
    track->resumed = true;
    track->by_time = from->by_time;
    track->since_ms = from->since_ms;
    if (from->by_time)
        return 0;
    track->begun = true;
    track->stream.next_seq = from->next_seq;
    track->stream.last_ms = from->last_ms;
    track->stream.made = from->made;
    return 0;
}

static void stop_all(struct follow *follow)
{
    follow_list_stop(&follow->list);
    for (size_t i = 0; i < follow->n; i++) {
        struct follow_track *track = follow->tracks[i];

        track->stream.stale = false;
        if (!follow_track_is_over(track))
            follow_track_stop(track);
    }
}

void follow_pause(struct follow *follow, bool on)
{
    if (on == follow->paused)
        return;
    if (on && !follow->resumed)
        stop_all(follow);
    follow->paused = on;
    follow->resumed = !on;
}

static void go_on(struct follow *follow, int64_t now)
{
    follow->resumed = false;
    follow->list.retry.since_ms = now;
    for (size_t i = 0; i < follow->n; i++) {
        if (!follow_track_is_over(follow->tracks[i]))
            follow_track_again(follow->tracks[i], now);
    }
}

static int grow(struct follow *follow, struct err *err)
{
    size_t cap = follow->cap == 0 ? 16 : follow->cap * 2;
    struct follow_track **tracks =
        realloc(follow->tracks, cap * sizeof(*tracks));
    const struct follow_stream **streams;

    if (tracks == NULL)
        return err_memory(err);
    follow->tracks = tracks;
    streams = realloc(follow->streams, cap * sizeof(*streams));
    if (streams == NULL)
        return err_memory(err);
    follow->streams = streams;
    follow->cap = cap;
    return 0;
}

/* Give a stream that was found its index. */
static int enroll(struct follow *follow, struct follow_track *track)
{
    if (follow->n == follow->cap && grow(follow, &follow->shared.fatal) != 0)
        return -1;
    track->stream.index = follow->n;
    follow->tracks[follow->n] = track;
    follow->streams[follow->n] = &track->stream;
    follow->n++;
    follow->shared.streams = follow->n;
    return 0;
}

static void settle_heard(struct follow_shared *shared, int64_t now)
{
    struct follow_track *track = follow_queue_pop(&shared->heard);

    while (track != NULL) {
        follow_track_settle(track, now);
        track = follow_queue_pop(&shared->heard);
    }
}

static void begin_fresh(struct follow *follow, int64_t now)
{
    struct follow_queue *fresh = &follow->shared.fresh;
    struct follow_track *track = follow_queue_pop(fresh);

    while (track != NULL) {
        if (!track->listed && enroll(follow, track) != 0)
            return;
        follow_track_begin(track, now);
        track = follow_queue_pop(fresh);
    }
}

static void wake_rested(struct follow_shared *shared, int64_t now,
                        int64_t *next)
{
    struct follow_track *following;

    for (struct follow_track *track = shared->resting.first; track != NULL;
         track = following) {
        following = track->place.next;
        if (now >= track->due_ms) {
            follow_queue_leave(track);
            follow_track_want_tail(track);
        } else if (track->due_ms < *next) {
            *next = track->due_ms;
        }
    }
}

static bool has_slot(const struct follow_shared *shared)
{
    return shared->wanting.first != NULL && shared->slots < FOLLOW_SHARED_SLOTS;
}

static void start_wanted(struct follow_shared *shared, int64_t now)
{
    while (has_slot(shared) && shared->fatal.code == ERR_NONE)
        follow_track_start(follow_queue_pop(&shared->wanting), now);
}

/* Looks at all streams only when one of them may have become stale. */
static void judge_all(struct follow *follow, int64_t now, int64_t *next)
{
    struct follow_shared *shared = &follow->shared;

    if (now >= shared->stale_at) {
        shared->stale_at = LOOP_NEVER;
        for (size_t i = 0; i < follow->n; i++) {
            int64_t at = follow_track_judge(follow->tracks[i], now);

            if (at < shared->stale_at)
                shared->stale_at = at;
        }
    }
    if (shared->stale_at < *next)
        *next = shared->stale_at;
}

int follow_run(struct follow *follow, int64_t now, int64_t *next,
               struct err *err)
{
    struct follow_shared *shared = &follow->shared;

    *next = LOOP_NEVER;
    if (shared->fatal.code == ERR_NONE && !follow->paused) {
        if (follow->resumed)
            go_on(follow, now);
        settle_heard(shared, now);
        *next = follow_list_run(&follow->list, now);
        begin_fresh(follow, now);
        wake_rested(shared, now, next);
        start_wanted(shared, now);
        judge_all(follow, now, next);
    }
    if (shared->fatal.code != ERR_NONE)
        return err_set(err, shared->fatal.code, "%s", shared->fatal.text);
    return 0;
}

bool follow_answered(const struct follow *follow)
{
    const struct follow_shared *shared = &follow->shared;

    if (follow->paused)
        return false;
    return shared->heard.first != NULL || shared->fresh.first != NULL ||
           follow->list.answered || follow->resumed || has_slot(shared);
}

void follow_more(struct follow *follow, size_t index)
{
    if (index < follow->n)
        follow_track_more(follow->tracks[index]);
}

const struct follow_stream *const *follow_streams(const struct follow *follow,
                                                  size_t *n)
{
    *n = follow->n;
    return follow->streams;
}

bool follow_listed(const struct follow *follow)
{
    return follow->shared.listed;
}

bool follow_done(const struct follow *follow)
{
    return follow->shared.config.once && follow_listed(follow) &&
           follow->shared.unfinished == 0;
}

int64_t follow_bound(const struct follow *follow, int64_t now_ms)
{
    int64_t bound = now_ms;

    if (!follow_listed(follow))
        return 0;
    for (size_t i = 0; i < follow->n; i++) {
        const struct follow_stream *stream = follow->streams[i];

        if (stream->state == FOLLOW_BEHIND && !stream->stale &&
            stream->last_ms < (uint64_t)bound)
            bound = (int64_t)stream->last_ms;
    }
    return bound;
}
