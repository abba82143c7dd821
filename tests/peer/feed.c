#include "feed.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "bsky/event.h"
#include "slurp.h"

#define TEXT_MAX ((size_t)1 << 30)
#define TID_SIZE 13

/* A copy of a string value that lives as long as the feed. */
static struct slice keep(struct feed *feed, const json_t *value)
{
    struct slice none = {NULL, 0};
    char *copy;

    if (!json_is_string(value))
        return none;
    copy = strdup(json_string_value(value));
    if (copy == NULL)
        return none;
    feed->names[feed->nnames++] = copy;
    return slice_str(copy);
}

enum feed_kind feed_kind(struct slice name)
{
    static const char *const names[] = {"", "commit", "identity", "account",
                                        "sync"};

    for (int i = FEED_COMMIT; i <= FEED_SYNC; i++) {
        if (slice_eq(name, slice_str(names[i])))
            return (enum feed_kind)i;
    }
    return FEED_OTHER;
}

/* The kind that a name means: all of it, or what stands behind its #. */
static enum feed_kind kind_of(const json_t *name)
{
    const char *text = json_string_value(name);
    const char *at = text != NULL ? strrchr(text, '#') : NULL;

    if (text == NULL)
        return FEED_OTHER;
    return feed_kind(slice_str(at != NULL ? at + 1 : text));
}

static void note_v1(struct feed *feed, struct feed_event *event,
                    const json_t *root)
{
    const json_t *time_us = json_object_get(root, "time_us");
    const json_t *cursor = json_object_get(root, "cursor");
    const json_t *commit = json_object_get(root, "commit");

    if (json_is_integer(time_us))
        event->time_us = json_integer_value(time_us);
    if (json_is_integer(cursor))
        event->seq = json_integer_value(cursor);
    event->kind = kind_of(json_object_get(root, "kind"));
    event->did = keep(feed, json_object_get(root, "did"));
    event->collection = keep(feed, json_object_get(commit, "collection"));
}

static void note_v2(struct feed *feed, struct feed_event *event,
                    const json_t *payload)
{
    const char *time = json_string_value(json_object_get(payload, "time"));
    const json_t *seq = json_object_get(payload, "seq");
    int64_t us;

    if (time != NULL && parse_time(slice_str(time), &us) == 0)
        event->time_us = us;
    if (json_is_integer(seq))
        event->seq = json_integer_value(seq);
    event->kind = kind_of(json_object_get(payload, "$type"));
    event->did = keep(feed, json_object_get(payload, "did"));
    event->collection = keep(feed, json_object_get(payload, "collection"));
}

/* What is not JSON is kept and sent as it is. */
static void note_line(struct feed *feed, struct slice line)
{
    struct feed_event *event = &feed->events[feed->n];
    json_t *root = json_loadb(line.p, line.n, 0, NULL);
    const json_t *payload = json_object_get(root, "payload");

    *event = (struct feed_event){.line = line, .seq = -1};
    if (feed->n > 0)
        event->time_us = event[-1].time_us;
    if (payload != NULL)
        note_v2(feed, event, payload);
    else
        note_v1(feed, event, root);
    feed->numbered = feed->numbered || event->seq >= 0;
    feed->n++;
    json_decref(root);
}

int feed_load(struct feed *feed, const char *path, struct err *err)
{
    size_t lines = 1;

    *feed = (struct feed){.n = 0};
    buf_init(&feed->text, TEXT_MAX);
    if (slurp_file(path, &feed->text, err) != 0)
        goto release;
    for (size_t i = 0; i < feed->text.n; i++)
        lines += feed->text.p[i] == '\n';
    feed->events = calloc(lines, sizeof(*feed->events));
    feed->names = calloc(lines * 2, sizeof(*feed->names));
    if (feed->events == NULL || feed->names == NULL) {
        err_memory(err);
        goto release;
    }
    for (size_t at = 0; at < feed->text.n;) {
        const char *p = feed->text.p + at;
        const char *end = memchr(p, '\n', feed->text.n - at);
        size_t n = end != NULL ? (size_t)(end - p) : feed->text.n - at;

        if (n > 0)
            note_line(feed, (struct slice){p, n});
        at += n + 1;
    }
    return 0;

release:
    feed_release(feed);
    return -1;
}

void feed_release(struct feed *feed)
{
    for (size_t i = 0; i < feed->nnames; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): 0 without */
        free(feed->names[i]);
    free(feed->names);
    free(feed->events);
    buf_release(&feed->text);
    *feed = (struct feed){.n = 0};
}

/* The time of event ${i} without crashes. */
static int64_t stamped_time(const struct feed *feed, size_t i,
                            const struct feed_view *view)
{
    const struct feed_stamp *stamp = &view->stamp;

    if (!view->stamped)
        return feed->events[i].time_us;
    if (stamp->pace == 0)
        return stamp->start_us + feed->events[i].time_us -
               feed->events[stamp->index].time_us;
    return stamp->start_us + ((int64_t)i - (int64_t)stamp->index) * 1000000 /
                                 (int64_t)stamp->pace;
}

int64_t feed_time(const struct feed *feed, size_t i,
                  const struct feed_view *view)
{
    int64_t us = stamped_time(feed, i, view);

    for (size_t c = 0; c < view->ncrashes; c++) {
        if (i >= view->crashes[c].from)
            us += view->crashes[c].us;
    }
    return us;
}

int64_t feed_seq(const struct feed *feed, size_t i,
                 const struct feed_view *view)
{
    int64_t seq = feed->events[i].seq;

    for (size_t c = 0; seq >= 0 && c < view->ncrashes; c++) {
        if (i >= view->crashes[c].from)
            seq += view->crashes[c].seq;
    }
    return seq;
}

size_t feed_find(const struct feed *feed, size_t n, bool by_time, int64_t value,
                 const struct feed_view *view)
{
    for (size_t i = 0; i < n; i++) {
        int64_t have =
            by_time ? feed_time(feed, i, view) : feed_seq(feed, i, view);

        if (have >= value)
            return i;
    }
    return n;
}

bool feed_differs(const struct feed_view *view, size_t i)
{
    bool differs = view->stamped;

    for (size_t c = 0; c < view->ncrashes; c++)
        differs = differs || i >= view->crashes[c].from;
    return differs;
}

/* The record key for ${us} with the clock id of ${old}. */
static void make_tid(int64_t us, const char *old, char out[TID_SIZE + 1])
{
    static const char digits[] = "234567abcdefghijklmnopqrstuvwxyz";
    uint64_t value = (uint64_t)us << 10;

    for (int i = TID_SIZE; i-- > 0; value >>= 5)
        out[i] = digits[value & 31];
    /* The clock id is the low 10 bits: the last two characters. */
    out[TID_SIZE - 2] = old[TID_SIZE - 2];
    out[TID_SIZE - 1] = old[TID_SIZE - 1];
    out[TID_SIZE] = '\0';
}

/* Moves the record key in ${holder} by ${shift}, when it is a TID. */
static int move_rkey(json_t *holder, int64_t shift)
{
    const char *rkey = json_string_value(json_object_get(holder, "rkey"));
    char moved[TID_SIZE + 1];
    int64_t us;

    if (rkey == NULL || event_rkey_time(slice_str(rkey), &us) != 0)
        return 0;
    make_tid(us + shift, rkey, moved);
    return json_object_set_new(holder, "rkey", json_string(moved));
}

/* A time and a number, -1 for none, for ${root}; the key of its record moves by
 * ${shift}. */
static int move_v1(json_t *root, int64_t us, int64_t seq, int64_t shift)
{
    int bad = json_object_set_new(root, "time_us", json_integer(us));

    if (seq >= 0)
        bad |= json_object_set_new(root, "cursor", json_integer(seq));
    return bad | move_rkey(json_object_get(root, "commit"), shift);
}

static int move_v2(json_t *payload, int64_t us, int64_t seq, int64_t shift)
{
    char text[PARSE_TIME_SIZE];
    int bad = 0;

    parse_time_text(us, text);
    /* This wire writes Z for the zone. */
    memcpy(strchr(text, '+'), "Z", 2);
    if (seq >= 0)
        bad |= json_object_set_new(payload, "seq", json_integer(seq));
    return bad | json_object_set_new(payload, "time", json_string(text)) |
           move_rkey(payload, shift);
}

static int add_chunk(const char *p, size_t n, void *out)
{
    return buf_add(out, p, n);
}

int feed_restamp(const struct feed *feed, size_t i,
                 const struct feed_view *view, struct buf *out)
{
    const struct feed_event *event = &feed->events[i];
    int64_t us = feed_time(feed, i, view);
    int64_t seq = feed_seq(feed, i, view);
    /* What comes again after a crash is what it was. */
    int64_t shift = stamped_time(feed, i, view) - event->time_us;
    json_t *root = json_loadb(event->line.p, event->line.n, 0, NULL);
    json_t *payload = json_object_get(root, "payload");
    int result = -1;

    if (json_is_object(root) &&
        (payload != NULL ? move_v2(payload, us, seq, shift)
                         : move_v1(root, us, seq, shift)) == 0)
        result = json_dump_callback(root, add_chunk, out, JSON_COMPACT);
    json_decref(root);
    return result;
}
