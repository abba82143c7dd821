#include "bsky/event.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "base/parse.h"

/* Above this a double no longer tells neighbouring integers apart. */
#define EXACT_REAL 9007199254740992.0

/* A message as jansson gave it. */
struct message {
    json_t *root;
    bool reals; /* integers were read as reals */
};

static const struct event no_event = {
    .wire = EVENT_V1, .kind = EVENT_OTHER, .time_us = -1, .seq = -1};

static int malformed(struct err *err, const char *what)
{
    return err_set(err, ERR_DATA, "malformed event: %s", what);
}

/* An integer that does not fit makes jansson refuse the whole text.  JSON
 * has no such limit, and somebody's huge number in a field that we do not
 * read must not hide a post: then integers are read as reals. */
static int message_load(struct slice json, struct message *message,
                        struct err *err)
{
    const size_t flags =
        JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY;
    json_error_t why = {0};

    message->reals = false;
    message->root = json_loadb(json.p, json.n, flags, &why);
    if (message->root == NULL &&
        json_error_code(&why) == json_error_numeric_overflow) {
        message->reals = true;
        message->root =
            json_loadb(json.p, json.n, flags | JSON_DECODE_INT_AS_REAL, &why);
    }
    if (message->root != NULL)
        return 0;
    /* jansson has no words for a lack of memory at its very start. */
    return why.text[0] != '\0' ? malformed(err, why.text) : err_memory(err);
}

/* The string at ${key}; p is NULL when there is none. */
static struct slice string_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    struct slice s = {NULL, 0};

    if (json_is_string(value)) {
        s.p = json_string_value(value);
        s.n = json_string_length(value);
    }
    return s;
}

/* string_at that is never NULL. */
static struct slice text_at(const json_t *object, const char *key)
{
    struct slice s = string_at(object, key);

    return s.p != NULL ? s : SLICE("");
}

/* The integer from 0 to ${max} at ${key}, or -1. */
static int64_t integer_at(const struct message *message, const json_t *object,
                          const char *key, int64_t max)
{
    const json_t *value = json_object_get(object, key);
    int64_t v = -1;

    if (json_is_integer(value)) {
        v = json_integer_value(value);
    } else if (message->reals && json_is_real(value)) {
        double d = json_real_value(value);

        if (d >= 0 && d <= EXACT_REAL && (double)(int64_t)d == d)
            v = (int64_t)d;
    }
    return v >= 0 && v <= max ? v : -1;
}

static bool is_id(struct slice s)
{
    return s.n > 0 && s.n <= EVENT_ID_MAX;
}

static bool has_suffix(struct slice s, struct slice suffix)
{
    return s.n >= suffix.n &&
           memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0;
}

/* Fills the fields of a post from its ${commit}. */
static int parse_post(struct event *event, const json_t *commit,
                      struct slice did, struct err *err)
{
    const json_t *record = json_object_get(commit, "record");

    event->did = did;
    event->rkey = string_at(commit, "rkey");
    event->cid = string_at(commit, "cid");
    if (!is_id(event->did) || !is_id(event->rkey) || !is_id(event->cid))
        return malformed(err, "a post without a did, rkey or cid of 1 to 512 "
                              "bytes");
    if (!json_is_object(record))
        return malformed(err, "a post without a record");
    if (event->time_us < 0)
        return malformed(err, "a post without a time");
    event->record = record;
    event->created_at = string_at(record, "createdAt");
    if (event->created_at.n > EVENT_CREATED_MAX)
        event->created_at = (struct slice){NULL, 0};
    event->kind = EVENT_POST;
    return 1;
}

/* ${commit} has the same fields on both wires, but for the did. */
static int parse_commit(struct event *event, const json_t *commit,
                        struct slice did, struct err *err)
{
    struct slice operation = string_at(commit, "operation");
    struct slice collection = string_at(commit, "collection");

    if (!json_is_object(commit))
        return malformed(err, "a commit event without a commit");
    if (operation.p == NULL || collection.p == NULL)
        return malformed(err, "a commit without operation or collection");
    if (!slice_eq(operation, SLICE("create")) ||
        !slice_eq(collection, SLICE("app.bsky.feed.post")))
        return 0;
    return parse_post(event, commit, did, err);
}

static int parse_v1(struct event *event, const struct message *message,
                    struct err *err)
{
    const json_t *root = message->root;

    event->wire = EVENT_V1;
    event->time_us = integer_at(message, root, "time_us", PARSE_TIME_MAX);
    event->seq = integer_at(message, root, "cursor", INT64_MAX);
    if (!slice_eq(string_at(root, "kind"), SLICE("commit")))
        return 0;
    return parse_commit(event, json_object_get(root, "commit"),
                        string_at(root, "did"), err);
}

/* Fills name and message of an event that carries words, not data. */
static int parse_words(struct event *event, enum event_kind kind,
                       const json_t *object, const char *name)
{
    event->kind = kind;
    event->name = text_at(object, name);
    event->message = text_at(object, "message");
    return 0;
}

static int parse_payload(struct event *event, const struct message *message,
                         const json_t *payload, struct err *err)
{
    struct slice type = string_at(payload, "$type");
    int64_t us;

    if (parse_time(string_at(payload, "time"), &us) == 0)
        event->time_us = us;
    event->seq = integer_at(message, payload, "seq", INT64_MAX);
    if (has_suffix(type, SLICE("#info")))
        return parse_words(event, EVENT_INFO, payload, "name");
    if (!has_suffix(type, SLICE("#commit")))
        return 0;
    return parse_commit(event, payload, string_at(payload, "did"), err);
}

static int parse_v2(struct event *event, const struct message *message,
                    struct err *err)
{
    struct slice type = string_at(message->root, "$type");
    const json_t *payload = json_object_get(message->root, "payload");

    event->wire = EVENT_V2;
    if (slice_eq(type, SLICE("error")))
        return parse_words(event, EVENT_ERROR, message->root, "error");
    if (!slice_eq(type, SLICE("message")) || !json_is_object(payload))
        return 0;
    return parse_payload(event, message, payload, err);
}

int event_parse(struct slice json, struct event *event, struct err *err)
{
    struct message message;
    int r;

    *event = no_event;
    if (message_load(json, &message, err) != 0)
        return -1;
    event->root = message.root;
    if (json_object_get(message.root, "kind") != NULL)
        r = parse_v1(event, &message, err);
    else if (json_object_get(message.root, "$type") != NULL)
        r = parse_v2(event, &message, err);
    else
        r = 0;
    if (r < 0)
        event_release(event);
    return r;
}

void event_release(struct event *event)
{
    json_decref(event->root);
    *event = no_event;
}

/* The digit that ${c} stands for in a TID, or -1. */
static int tid_digit(char c)
{
    if (c >= '2' && c <= '7')
        return c - '2';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 6;
    return -1;
}

int event_rkey_time(struct slice rkey, int64_t *us)
{
    uint64_t value = 0;

    /* The first digit has 4 bits, so that the value has 64. */
    if (rkey.n != 13 || tid_digit(rkey.p[0]) > 15)
        return -1;
    for (size_t i = 0; i < rkey.n; i++) {
        int digit = tid_digit(rkey.p[i]);

        if (digit < 0)
            return -1;
        value = value << 5 | (uint64_t)digit;
    }
    *us = (int64_t)(value >> 10);
    return 0;
}
