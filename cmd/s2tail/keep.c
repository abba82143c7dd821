#include "keep.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "base/text.h"
#include "emit.h"
#include "view/state.h"

#define SAVE_MS 5000
#define VERSION_NOW 1

struct keep {
    struct state *state;
    char *basin;     /* what is read, whatever it is called this time; owned */
    json_t *streams; /* the earlier run's: name -> [next_seq, last_ms, made],
                        or null where reading has not begun; NULL: none */
    bool by_time;    /* the first run began by time, at begin_ms */
    int64_t begin_ms;
    int64_t due_ms;
};

/* What is not UTF-8, and therefore no JSON, is percent-encoded: a new
 * reference, NULL without memory. */
static json_t *text(const char *s)
{
    struct buf percent = BUF_INIT(3 * strlen(s));
    json_t *json = NULL;

    if (text_is_utf8(slice_str(s)))
        json = json_string(s);
    else if (text_percent(&percent, slice_str(s)) == 0)
        json = json_stringn(percent.p, percent.n);
    buf_release(&percent);
    return json;
}

static json_t *texts(const char *const *v, size_t n)
{
    json_t *array = json_array();

    for (size_t i = 0; i < n; i++) {
        if (json_array_append_new(array, text(v[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

/* What must be the same for counts to go on, by the options' names: a new
 * reference. */
static json_t *settings(const struct keep *keep, const struct config *config)
{
    const struct options *o = config->options;

    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I}", "basin", text(keep->basin),
        "prefix", texts(o->prefixes, o->nprefixes), "exclude",
        texts(config->excludes, config->nexcludes), "group", text(o->group),
        "where", texts(o->where.v, o->where.n), "time", text(o->time), "window",
        (json_int_t)o->window, "every", (json_int_t)config->every_ms);
}

/* Names the first setting that is another one. */
static int compare(const json_t *was, json_t *is, const char *path,
                   struct err *err)
{
    const char *key;
    json_t *value;

    json_object_foreach(is, key, value)
    {
        const json_t *old = json_object_get(was, key);

        if (old == NULL || json_equal(old, value) == 0)
            return err_set(err, ERR_CONFIG,
                           "%.200s: it was kept with another %s; remove it to "
                           "count from the beginning",
                           path, key);
    }
    return 0;
}

static int use(struct keep *keep, struct tail *tail, const json_t *json,
               const char *path, struct err *err)
{
    const json_t *since = json_object_get(json, "since_ms");
    json_t *is = settings(keep, tail->config);
    int rc;

    if (is == NULL)
        return err_memory(err);
    if (json_integer_value(json_object_get(json, "v")) != VERSION_NOW)
        rc = err_set(err, ERR_CONFIG, "%.200s: not a state of this version",
                     path);
    else
        rc = compare(json_object_get(json, "settings"), is, path, err);
    json_decref(is);
    if (rc != 0)
        return -1;
    if (json_is_integer(since))
        tail->since_ms = json_integer_value(since);
    keep->by_time = json_is_integer(json_object_get(json, "begin_ms"));
    keep->begin_ms = json_integer_value(json_object_get(json, "begin_ms"));
    keep->streams = json_incref(json_object_get(json, "streams"));
    if (!json_is_object(keep->streams))
        return err_set(err, ERR_CONFIG, "%.200s: it names no streams", path);
    if (window_load(count_window(tail->count), json_object_get(json, "counts"),
                    err) != 0)
        return err_prefix(err, "%.200s", path);
    return 0;
}

struct keep *keep_open(struct tail *tail, const char *path, struct err *err)
{
    struct keep *keep = calloc(1, sizeof(*keep));
    json_t *json = NULL;
    int rc;

    if (keep == NULL) {
        err_memory(err);
        return NULL;
    }
    keep->by_time = tail->config->by_time;
    keep->begin_ms = tail->config->since_ms;
    keep->basin = place_identity(&tail->config->place);
    if (keep->basin == NULL)
        err_memory(err);
    else
        keep->state = state_open(path, err);
    if (keep->state == NULL) {
        keep_close(keep);
        return NULL;
    }
    rc = state_load(keep->state, &json, err);
    if (rc == 0 && json != NULL)
        rc = use(keep, tail, json, path, err);
    json_decref(json);
    if (rc == 0)
        return keep;
    keep_close(keep);
    return NULL;
}

void keep_close(struct keep *keep)
{
    if (keep == NULL)
        return;
    state_close(keep->state);
    json_decref(keep->streams);
    free(keep->basin);
    free(keep);
}

bool keep_loaded(const struct keep *keep)
{
    return keep->streams != NULL;
}

static uint64_t number(const json_t *array, size_t at)
{
    return (uint64_t)json_integer_value(json_array_get(array, at));
}

int keep_resume(struct keep *keep, struct tail *tail)
{
    const char *name;
    json_t *kept;

    json_object_foreach(keep->streams, name, kept)
    {
        struct follow_from from = {.by_time =
                                       json_is_null(kept) && keep->by_time,
                                   .since_ms = (uint64_t)keep->begin_ms,
                                   .next_seq = number(kept, 0),
                                   .last_ms = number(kept, 1),
                                   .made = number(kept, 2)};

        if (follow_resume(tail->follow, name, &from, &tail->err) != 0)
            return -1;
    }
    return 0;
}

void keep_found(struct keep *keep, struct tail *tail,
                const struct follow_stream *stream)
{
    const json_t *kept = json_object_get(keep->streams, stream->name);
    struct count_position p = {.known = json_is_array(kept),
                               .next_seq = number(kept, 0),
                               .last_ms = (int64_t)number(kept, 1)};

    if (p.known)
        count_resume(tail->count, stream->index, &p);
}

/* Up to where a stream is counted: a new reference; null while that is not
 * settled: it shall begin by time, and nothing is known of it yet. */
static json_t *position(const struct keep *keep, const struct tail *tail,
                        const struct follow_stream *s)
{
    struct count_position p = count_position(tail->count, s->index);

    if (!p.known && keep->by_time && s->state == FOLLOW_BEHIND)
        return json_null();
    if (!p.known)
        p.next_seq = s->next_seq;
    return json_pack("[I,I,I]", (json_int_t)p.next_seq, (json_int_t)p.last_ms,
                     (json_int_t)s->made);
}

static json_t *positions(const struct keep *keep, const struct tail *tail)
{
    json_t *all = json_object();
    const struct follow_stream *const *streams;
    size_t n;

    streams = follow_streams(tail->follow, &n);
    for (size_t i = 0; i < n && i < tail->streams.found; i++)
        json_object_set_new(all, streams[i]->name,
                            position(keep, tail, streams[i]));
    /* A run that fails may not have come to all that is counted already. */
    if (tail->err.code != ERR_NONE && keep->streams != NULL)
        json_object_update_missing(all, keep->streams);
    return all;
}

/* What is saved must have been told: nobody tells those windows again. */
static bool may_save(const struct tail *tail)
{
    return tail->follow != NULL && follow_listed(tail->follow) &&
           !count_stopped(tail->count) && emit_is_idle(tail->emit);
}

int keep_save(struct keep *keep, struct tail *tail, struct err *err)
{
    json_t *json;
    int rc;

    if (!may_save(tail))
        return 0;
    json = json_pack("{s:i, s:o, s:I, s:o*, s:o, s:o}", "v", VERSION_NOW,
                     "settings", settings(keep, tail->config), "since_ms",
                     (json_int_t)tail->since_ms, "begin_ms",
                     keep->by_time ? json_integer(keep->begin_ms) : NULL,
                     "streams", positions(keep, tail), "counts",
                     window_save(count_window(tail->count)));
    if (json == NULL)
        return err_memory(err);
    rc = state_save(keep->state, json, err);
    json_decref(json);
    return rc;
}

int keep_run(struct keep *keep, struct tail *tail, int64_t now, int64_t *next,
             struct err *err)
{
    *next = LOOP_NEVER;
    if (keep->due_ms == 0)
        keep->due_ms = now + SAVE_MS;
    if (now >= keep->due_ms && may_save(tail)) {
        keep->due_ms = now + SAVE_MS;
        if (keep_save(keep, tail, err) != 0)
            return -1;
    }
    /* What cannot be saved yet can be once output is written, which wakes. */
    if (now < keep->due_ms)
        *next = keep->due_ms;
    return 0;
}
