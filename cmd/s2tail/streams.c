#include "streams.h"

#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/loop.h"
#include "keep.h"
#include "report.h"

/* Records wait, as a few numbers each, until all streams have been read as
 * far: one page of each, and while there are fewer than these in all, more. */
#define PAGE_RECORDS 150000
#define WAITING_ENOUGH ((size_t)150000)

#define REOPEN_MS 500
#define LOOK_MS 1000

/* Tell count.c of streams that were found since. */
static int note_found(struct tail *tail)
{
    size_t n;
    const struct follow_stream *const *streams =
        follow_streams(tail->follow, &n);

    while (tail->streams.found < n) {
        const struct follow_stream *s = streams[tail->streams.found];

        if (count_stream(tail->count, tail->streams.found, s->name,
                         &tail->err) != 0)
            return -1;
        if (tail->keep != NULL)
            keep_found(tail->keep, tail, s);
        tail->streams.found++;
    }
    return 0;
}

static void on_records(void *arg, const struct follow_stream *stream,
                       const struct wire_record *records, size_t n)
{
    struct tail *tail = arg;
    int64_t now_ms = count_now(tail->count);

    if (note_found(tail) != 0)
        return;
    for (size_t i = 0; i < n; i++) {
        uint64_t time_ms = records[i].timestamp;
        struct count_record record = {
            .field = {.stream = stream->name,
                      .time_ms =
                          time_ms < INT64_MAX ? (int64_t)time_ms : INT64_MAX,
                      .body = records[i].body},
            .seq_num = records[i].seq_num,
            .live = stream->state == FOLLOW_LIVE};

        if (count_add(tail->count, stream->index, &record, now_ms,
                      &tail->err) != 0)
            return;
    }
    if (count_waiting(tail->count) < WAITING_ENOUGH)
        follow_more(tail->follow, stream->index);
}

/* A stream that begins anew is counted from its beginning. */
static void on_note(void *arg, const struct follow_note *note)
{
    struct tail *tail = arg;
    const struct follow_stream *stream = note->stream;

    report_note(tail, note);
    if (note->event == FOLLOW_RESTARTED && note_found(tail) == 0 &&
        stream->index < tail->streams.found)
        count_restart(tail->count, stream->index);
}

static int start_follow(struct tail *tail)
{
    const struct config *config = tail->config;
    const struct options *o = config->options;
    struct follow_config c = {.basin = tail->basin,
                              .prefixes = o->prefixes,
                              .nprefixes = o->nprefixes,
                              .excludes = config->excludes,
                              .nexcludes = config->nexcludes,
                              .by_time = config->by_time,
                              .since_ms = (uint64_t)config->since_ms,
                              .discover_ms = config->once ? 0 : o->discover,
                              .once = config->once,
                              .page = PAGE_RECORDS,
                              .retry_for = config->retry_for,
                              .hooks = {on_records, on_note, tail}};

    if (getrandom(&c.seed, sizeof(c.seed), 0) != sizeof(c.seed))
        c.seed = (uint64_t)loop_wall();
    if (tail->keep != NULL && keep_loaded(tail->keep))
        c.by_time = false;
    tail->follow = follow_new(&c, &tail->err);
    if (tail->follow == NULL)
        return -1;
    return tail->keep != NULL ? keep_resume(tail->keep, tail) : 0;
}

static void remember_file(struct tail *tail, int64_t now)
{
    struct stat st;

    tail->streams.look_due_ms = LOOP_NEVER;
    if (!tail->config->place.type->path ||
        stat(tail->config->place.name, &st) != 0)
        return;
    tail->streams.device = st.st_dev;
    tail->streams.inode = st.st_ino;
    tail->streams.look_due_ms = now + LOOK_MS;
}

/* SQLite goes on reading a file that is not there any more, for ever. */
static int look_at_file(struct tail *tail, int64_t now)
{
    const char *name = tail->config->place.name;
    struct stat st;

    if (now < tail->streams.look_due_ms)
        return 0;
    tail->streams.look_due_ms = now + LOOK_MS;
    if (stat(name, &st) == 0 && st.st_dev == tail->streams.device &&
        st.st_ino == tail->streams.inode)
        return 0;
    return err_set(&tail->err, ERR_NOINPUT,
                   "%.300s: was replaced or removed while it was read", name);
}

/* The file of an embedded basin may come later, but not with --once. */
static int open_basin(struct tail *tail, int64_t now)
{
    const struct config *config = tail->config;

    tail->basin = place_open(&config->place, tail->http, false, 0, &tail->err);
    if (tail->basin != NULL)
        remember_file(tail, now);
    if (tail->basin != NULL && tail->streams.absent)
        report_found(tail, config->place.name);
    if (tail->basin != NULL)
        return start_follow(tail);
    if (tail->err.code != ERR_NOINPUT || config->once)
        return -1;
    if (!tail->streams.absent) {
        tail->streams.absent = true;
        tail->streams.absent_ms = now;
        report_waiting(tail, tail->err.text);
    }
    if (config->retry_for > 0 &&
        now - tail->streams.absent_ms > config->retry_for) {
        tail->err.code = ERR_UNAVAILABLE;
        return -1;
    }
    err_clear(&tail->err);
    tail->streams.open_due_ms = now + REOPEN_MS;
    return 0;
}

int streams_run(struct tail *tail, int64_t now, int64_t *next)
{
    int64_t now_ms;
    int64_t due;

    if (tail->basin == NULL) {
        if (now >= tail->streams.open_due_ms && open_basin(tail, now) != 0)
            return -1;
        if (tail->basin == NULL) {
            *next = tail->streams.open_due_ms;
            return 0;
        }
    }
    if (look_at_file(tail, now) != 0 ||
        follow_run(tail->follow, now, next, &tail->err) != 0 ||
        note_found(tail) != 0)
        return -1;
    due = basin_run(tail->basin, now);
    *next = due < *next ? due : *next;
    now_ms = count_now(tail->count);
    count_run(tail->count, follow_bound(tail->follow, now_ms), now_ms);
    if (follow_answered(tail->follow))
        *next = now;
    return tail->err.code == ERR_NONE ? 0 : -1;
}

void streams_pause(struct tail *tail, bool on)
{
    if (tail->follow == NULL || tail->streams.paused == on ||
        (on && count_waiting(tail->count) < 2 * WAITING_ENOUGH))
        return;
    tail->streams.paused = on;
    follow_pause(tail->follow, on);
}

bool streams_done(const struct tail *tail)
{
    const struct config *config = tail->config;
    int64_t wall_ms = count_now(tail->count);

    if (tail->follow == NULL)
        return false;
    if (config->until_ms < wall_ms - config->options->grace &&
        follow_listed(tail->follow) &&
        count_clock(tail->count) >= config->until_ms)
        return true;
    return config->once && follow_listed(tail->follow) &&
           follow_done(tail->follow) && count_waiting(tail->count) == 0;
}
