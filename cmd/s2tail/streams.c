#include "streams.h"

#include <string.h>
#include <sys/random.h>

#include "base/loop.h"
#include "keep.h"
#include "report.h"

/* Records wait, as a few numbers each, until all streams have been read as
 * far: one page of each, and while there are fewer than these in all, more. */
#define PAGE_RECORDS 150000
#define WAITING_ENOUGH 150000

#define REOPEN_MS 500

/* Tell count.c of streams that were found since. */
static int note_found(struct tail *tail)
{
    size_t n;
    const struct follow_stream *const *streams =
        follow_streams(tail->follow, &n);

    while (tail->found < n) {
        const struct follow_stream *s = streams[tail->found];

        if (count_stream(tail->count, tail->found, s->name, &tail->err) != 0)
            return -1;
        if (tail->keep != NULL)
            keep_found(tail->keep, tail, s);
        tail->found++;
    }
    return 0;
}

static void on_records(void *arg, const struct follow_stream *stream,
                       const struct wire_record *records, size_t n)
{
    struct tail *tail = arg;
    int64_t now_ms = loop_wall() / 1000;

    if (note_found(tail) != 0)
        return;
    for (size_t i = 0; i < n; i++) {
        struct count_record record = {.stream = stream->name,
                                      .seq_num = records[i].seq_num,
                                      .time_ms =
                                          records[i].timestamp < INT64_MAX
                                              ? (int64_t)records[i].timestamp
                                              : INT64_MAX,
                                      .live = stream->state == FOLLOW_LIVE,
                                      .body = records[i].body};

        if (count_add(tail->count, stream->index, &record, now_ms,
                      &tail->err) != 0)
            return;
    }
    if (count_waiting(tail->count) < WAITING_ENOUGH)
        follow_more(tail->follow, stream->index);
}

static void on_note(void *arg, const struct follow_note *note)
{
    report_note(arg, note);
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

/* The file of an embedded basin may come later, but not with --once. */
static int open_basin(struct tail *tail, int64_t now)
{
    const struct config *config = tail->config;

    tail->basin = place_open(&config->place, tail->http, false, 0, &tail->err);
    if (tail->basin != NULL && tail->missing)
        report_found(tail, config->place.name);
    if (tail->basin != NULL)
        return start_follow(tail);
    if (tail->err.code != ERR_NOINPUT || config->once)
        return -1;
    if (!tail->missing) {
        tail->missing = true;
        tail->missing_ms = now;
        report_waiting(tail, tail->err.text);
    }
    if (config->retry_for > 0 && now - tail->missing_ms > config->retry_for) {
        tail->err.code = ERR_UNAVAILABLE;
        return -1;
    }
    err_clear(&tail->err);
    tail->open_due_ms = now + REOPEN_MS;
    return 0;
}

int streams_run(struct tail *tail, int64_t now, int64_t *next)
{
    int64_t now_ms;
    int64_t due;

    if (tail->basin == NULL) {
        if (now >= tail->open_due_ms && open_basin(tail, now) != 0)
            return -1;
        if (tail->basin == NULL) {
            *next = tail->open_due_ms;
            return 0;
        }
    }
    if (follow_run(tail->follow, now, next, &tail->err) != 0 ||
        note_found(tail) != 0)
        return -1;
    due = basin_run(tail->basin, now);
    *next = due < *next ? due : *next;
    now_ms = loop_wall() / 1000;
    count_run(tail->count, follow_bound(tail->follow, now_ms), now_ms);
    if (follow_answered(tail->follow))
        *next = now;
    return tail->err.code == ERR_NONE ? 0 : -1;
}

bool streams_done(const struct tail *tail, int64_t wall_ms)
{
    const struct config *config = tail->config;

    if (tail->follow == NULL)
        return false;
    if (config->until_ms < wall_ms - config->options->grace &&
        follow_listed(tail->follow) &&
        count_clock(tail->count) >= config->until_ms)
        return true;
    return config->once && follow_listed(tail->follow) &&
           follow_done(tail->follow) && count_waiting(tail->count) == 0;
}
