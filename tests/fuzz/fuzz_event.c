/*
 * Any message of Jetstream: what is told of it is within its bounds, is the
 * same when the JSON is spelled anew, and is the same behind zstd.  The record
 * of a post has that post's identity, and says what the post said.
 */
#include "fuzz.h"

#include <jansson.h>
#include <zstd.h>

#include "base/parse.h"
#include "base/zst.h"
#include "bsky/event.h"
#include "bsky/record.h"

#define FLAGS (JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY)

static const struct hash_key key = {1, 2};

static bool is_id(struct slice s)
{
    return s.p != NULL && s.n > 0 && s.n <= EVENT_ID_MAX;
}

static void check_fields(int r, const struct event *e)
{
    PROMISE(e->wire >= EVENT_V1 && e->wire < EVENT_WIRES);
    PROMISE(e->time_us >= -1 && e->time_us <= PARSE_TIME_MAX && e->seq >= -1);
    PROMISE((r == 1) == (e->kind == EVENT_POST));
    if (r == 1) {
        PROMISE(is_id(e->did) && is_id(e->rkey) && is_id(e->cid));
        PROMISE(e->time_us >= 0 && json_is_object(e->record));
        PROMISE(e->created_at.n <= EVENT_CREATED_MAX);
    } else if (e->kind != EVENT_OTHER) {
        PROMISE(e->wire == EVENT_V2);
        PROMISE(e->name.p != NULL && e->message.p != NULL);
    }
}

static void same(const struct event *a, const struct event *b)
{
    PROMISE(a->wire == b->wire && a->kind == b->kind);
    PROMISE(a->time_us == b->time_us && a->seq == b->seq);
    PROMISE(slice_eq(a->did, b->did) && slice_eq(a->rkey, b->rkey));
    PROMISE(slice_eq(a->cid, b->cid));
    PROMISE(slice_eq(a->created_at, b->created_at));
    PROMISE((a->created_at.p == NULL) == (b->created_at.p == NULL));
    PROMISE(slice_eq(a->name, b->name) && slice_eq(a->message, b->message));
    PROMISE(json_equal(a->root, b->root));
}

/* With other spaces, escapes and order.  What has a number that no integer
 * holds is left out: it is not written as it was read. */
static void check_spelled(struct slice in, int r, const struct event *event,
                          size_t how)
{
    json_t *root = json_loadb(in.p, in.n, FLAGS, NULL);
    struct event other;
    char *text;

    if (root == NULL)
        return;
    text = json_dumps(root, how | JSON_ENCODE_ANY);
    PROMISE(text != NULL);
    PROMISE(event_parse(slice_str(text), &other, NULL) == r);
    if (r >= 0) {
        same(event, &other);
        event_release(&other);
    }
    free(text);
    json_decref(root);
}

static void check_packed(struct slice in)
{
    struct zst *zst = zst_new((struct slice){NULL, 0}, 21, NULL);
    size_t room = ZSTD_compressBound(in.n);
    char *packed = fuzz_alloc(room);
    struct slice frame = {packed, 0};
    struct buf out = BUF_INIT(in.n);

    if (zst == NULL)
        abort();
    frame.n = ZSTD_compress(packed, room, in.p, in.n, 1);
    PROMISE(!ZSTD_isError(frame.n));
    PROMISE(zst_message(zst, frame, &out, NULL) == 0);
    PROMISE(slice_eq(buf_slice(&out), in));
    frame.n--;
    PROMISE(zst_message(zst, frame, &out, NULL) == -1);
    buf_release(&out);
    free(packed);
    zst_free(zst);
}

static void has_text(const json_t *record, const char *name, struct slice s)
{
    const json_t *value = json_object_get(record, name);
    struct slice text = {json_string_value(value), json_string_length(value)};

    PROMISE(json_is_string(value) == (s.p != NULL) && slice_eq(text, s));
}

/* Its own did serves as the link. */
static void check_record(const struct event *event)
{
    struct hash128 from_event = record_event_id(key, event);
    struct hash128 from_body = {0, 0};
    struct buf out = BUF_INIT((size_t)1 << 20);
    json_t *record;
    int64_t us = -1;

    PROMISE(record_encode(&out, event, SLICE("A.example"), event->did) == 0);
    PROMISE(memchr(out.p, '\n', out.n) == NULL);
    record = json_loadb(out.p, out.n, FLAGS, NULL);
    PROMISE(json_object_size(record) == 7);
    has_text(record, "did", event->did);
    has_text(record, "rkey", event->rkey);
    has_text(record, "cid", event->cid);
    has_text(record, "created_at", event->created_at);
    has_text(record, "offsite", SLICE("a.example"));
    has_text(record, "offsite_uri", event->did);
    PROMISE(parse_time(slice_str(json_string_value(
                           json_object_get(record, "observed_at"))),
                       &us) == 0 &&
            us == event->time_us);
    PROMISE(record_body_id(key, buf_slice(&out), &from_body) == 0);
    PROMISE(from_body.a == from_event.a && from_body.b == from_event.b);
    json_decref(record);
    buf_release(&out);
}

static void check_time(struct slice rkey)
{
    static const char digits[] = "234567abcdefghijklmnopqrstuvwxyz";
    uint64_t value = 0;
    int64_t us = -1;
    bool tid = rkey.n == 13;

    for (size_t i = 0; tid && i < rkey.n; i++) {
        const char *at = memchr(digits, rkey.p[i], 32);

        tid = at != NULL && (i > 0 || at - digits < 16);
        value = value * 32 + (at != NULL ? (uint64_t)(at - digits) : 0);
    }
    PROMISE((event_rkey_time(rkey, &us) == 0) == tid);
    PROMISE(!tid || us == (int64_t)(value / 1024));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct slice in = fuzz_input(data, n);
    struct event event;
    struct err err = ERR_INIT;
    int r = event_parse(in, &event, &err);

    PROMISE(r >= 0 ? err.code == ERR_NONE : err.code == ERR_DATA);
    if (r >= 0)
        check_fields(r, &event);
    check_spelled(in, r, &event, JSON_INDENT(3) | JSON_SORT_KEYS);
    check_spelled(in, r, &event, JSON_ENSURE_ASCII | JSON_ESCAPE_SLASH);
    check_packed(in);
    if (r == 1) {
        check_record(&event);
        check_time(event.rkey);
    }
    if (r >= 0)
        event_release(&event);
    return 0;
}
