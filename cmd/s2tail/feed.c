#include "feed.h"

#include <fnmatch.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "common/input.h"
#include "report.h"
#include "tail.h"
#include "view/field.h"

/* Names are kept to count them; of more streams than these only so many. */
#define STREAMS_MOST 100000

/* The last millisecond with a four-digit year. */
#define TIMESTAMP_MOST (PARSE_TIME_MAX / 1000)

struct feed {
    struct tail *tail;
    struct input *input;
    json_t *seen; /* an object whose members are names of streams */
    uint64_t bad;
};

/* A line's parts, borrowed from its JSON. */
struct line {
    const char *stream;
    json_int_t timestamp;
    const json_t *record;
};

/* A timestamp is read as a real where another number of the line is too large
 * for an integer. */
static bool read_line(json_t *json, struct line *line)
{
    const json_t *timestamp = json_object_get(json, "timestamp");
    double t = json_number_value(timestamp);

    line->record = json_object_get(json, "record");
    line->stream = json_string_value(json_object_get(json, "stream"));
    line->timestamp = json_is_integer(timestamp) ? json_integer_value(timestamp)
                      : t >= 0 && t <= (double)TIMESTAMP_MOST ? (json_int_t)t
                                                              : -1;
    return line->stream != NULL && json_is_number(timestamp) &&
           line->timestamp >= 0 && line->record != NULL;
}

/* Whether the stream is one that was asked for. */
static bool is_ours(const struct config *config, const char *stream)
{
    const struct options *o = config->options;
    bool ours = o->nprefixes == 0;

    for (size_t i = 0; i < o->nprefixes; i++)
        ours |= strncmp(stream, o->prefixes[i], strlen(o->prefixes[i])) == 0;
    for (size_t i = 0; ours && i < config->nexcludes; i++)
        ours = fnmatch(config->excludes[i], stream, 0) != 0;
    return ours;
}

static int count_it(struct feed *feed, const struct line *line, bool reals)
{
    struct tail *tail = feed->tail;
    struct count_record record = {.field = {.stream = line->stream,
                                            .time_ms = line->timestamp,
                                            .json = line->record,
                                            .reals = reals}};

    if (json_object_size(feed->seen) < STREAMS_MOST)
        json_object_set_new(feed->seen, line->stream, json_null());
    return count_line(tail->count, &record, count_now(tail->count), &tail->err);
}

static enum input_taken on_line(void *arg, struct slice text, uint64_t number)
{
    struct feed *feed = arg;
    struct tail *tail = feed->tail;
    json_t *json;
    struct line line;
    bool reals;
    int rc = 0;

    if (field_json(text, &json, &reals, &tail->err) != 0)
        return INPUT_STOP;
    if (json == NULL || !read_line(json, &line)) {
        feed->bad++;
        if (feed->bad == 1)
            report_line(tail, LOG_LEVEL_WARNING, "line %llu: no record: %s",
                        (unsigned long long)number,
                        json == NULL ? "no JSON" : "a member is missing");
    } else if (is_ours(tail->config, line.stream)) {
        rc = count_it(feed, &line, reals);
    }
    json_decref(json);
    return rc == 0 ? INPUT_GO_ON : rc > 0 ? INPUT_HOLD : INPUT_STOP;
}

struct feed *feed_open(struct tail *tail, const char *path, struct err *err)
{
    struct feed *feed = calloc(1, sizeof(*feed));

    if (feed == NULL) {
        err_memory(err);
        return NULL;
    }
    feed->tail = tail;
    feed->seen = json_object();
    if (feed->seen == NULL)
        err_memory(err);
    else
        feed->input = input_open(path, on_line, feed, err);
    if (feed->input == NULL) {
        feed_close(feed);
        return NULL;
    }
    return feed;
}

void feed_close(struct feed *feed)
{
    if (feed == NULL)
        return;
    input_close(feed->input);
    json_decref(feed->seen);
    free(feed);
}

int feed_run(struct feed *feed, bool ready)
{
    struct err *err = &feed->tail->err;
    int rc;

    if (!ready && input_fd(feed->input) >= 0)
        return 1;
    rc = input_run(feed->input, err);
    return err->code != ERR_NONE ? -1 : rc;
}

int feed_fd(const struct feed *feed)
{
    return input_fd(feed->input);
}

const char *feed_name(const struct feed *feed)
{
    return input_name(feed->input);
}

uint64_t feed_bad(const struct feed *feed)
{
    return feed->bad + input_oversize(feed->input);
}

size_t feed_streams(const struct feed *feed)
{
    return json_object_size(feed->seen);
}
