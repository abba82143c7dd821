#include "keep.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "view/state.h"

#define SAVE_MS 5000
#define VERSION_NOW 1

struct keep {
    struct state *state;
    json_t *streams; /* the earlier run's: name -> [next_seq, last_ms];
                        NULL: none */
    int64_t due_ms;
};

static json_t *texts(const char *const *v, size_t n)
{
    json_t *array = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, json_string(v[i]));
    return array;
}

/* What must be the same for counts to go on: a new reference. */
static json_t *settings(const struct config *config)
{
    const struct options *o = config->options;

    return json_pack("{s:s+, s:o, s:o, s:s, s:o, s:s, s:I, s:I}", "basin",
                     config->place.kind == PLACE_FILE ? "file:" : "s2://",
                     config->place.name, "prefixes",
                     texts(o->prefixes, o->nprefixes), "excludes",
                     texts(config->excludes, config->nexcludes), "group",
                     o->group, "where", texts(o->where.v, o->where.n), "time",
                     o->time, "window_ms", (json_int_t)o->window, "every_ms",
                     (json_int_t)config->every_ms);
}

/* Names the first setting that is another one. */
static int compare(const json_t *was, const json_t *is, const char *path,
                   struct err *err)
{
    const char *key;
    json_t *value;
    json_t *now = (json_t *)(uintptr_t)is;

    json_object_foreach(now, key, value)
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
    json_t *is = settings(tail->config);
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
    free(keep);
}

bool keep_loaded(const struct keep *keep)
{
    return keep->streams != NULL;
}

static struct count_position position(const json_t *pair)
{
    struct count_position p = {
        .known = json_is_array(pair),
        .next_seq = (uint64_t)json_integer_value(json_array_get(pair, 0)),
        .last_ms = json_integer_value(json_array_get(pair, 1))};

    return p;
}

int keep_resume(struct keep *keep, struct tail *tail)
{
    const char *name;
    json_t *pair;

    json_object_foreach(keep->streams, name, pair)
    {
        struct count_position p = position(pair);

        if (follow_resume(tail->follow, name, p.next_seq, (uint64_t)p.last_ms,
                          &tail->err) != 0)
            return -1;
    }
    return 0;
}

void keep_found(struct keep *keep, struct tail *tail,
                const struct follow_stream *stream)
{
    struct count_position p =
        position(json_object_get(keep->streams, stream->name));

    if (p.known)
        count_resume(tail->count, stream->index, &p);
}

/* Up to where a stream is counted, as a pair; NULL while that is not settled:
 * it shall begin by time, and nothing is known of it yet. */
static json_t *pair_of(const struct tail *tail, const struct follow_stream *s)
{
    struct count_position p = count_position(tail->count, s->index);

    if (!p.known && tail->config->by_time && s->state == FOLLOW_BEHIND)
        return NULL;
    if (!p.known)
        p.next_seq = s->next_seq;
    return json_pack("[I,I]", (json_int_t)p.next_seq, (json_int_t)p.last_ms);
}

/* All positions; NULL when one of them is not settled. */
static json_t *positions(const struct tail *tail)
{
    json_t *all = json_object();
    const struct follow_stream *const *streams;
    size_t n;

    streams = follow_streams(tail->follow, &n);
    for (size_t i = 0; i < n && i < tail->found; i++) {
        json_t *pair;

        if (streams[i]->state == FOLLOW_DELETED)
            continue;
        pair = pair_of(tail, streams[i]);
        if (pair == NULL) {
            json_decref(all);
            return NULL;
        }
        json_object_set_new(all, streams[i]->name, pair);
    }
    return all;
}

int keep_save(struct keep *keep, struct tail *tail, struct err *err)
{
    json_t *all;
    json_t *json;
    int rc;

    if (tail->follow == NULL || !follow_listed(tail->follow))
        return 0;
    all = positions(tail);
    if (all == NULL)
        return 0;
    json = json_pack("{s:i, s:o, s:I, s:o, s:o}", "v", VERSION_NOW, "settings",
                     settings(tail->config), "since_ms",
                     (json_int_t)tail->since_ms, "streams", all, "counts",
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
    if (keep->due_ms == 0)
        keep->due_ms = now + SAVE_MS;
    if (now >= keep->due_ms) {
        keep->due_ms = now + SAVE_MS;
        if (keep_save(keep, tail, err) != 0)
            return -1;
    }
    *next = keep->due_ms;
    return 0;
}
