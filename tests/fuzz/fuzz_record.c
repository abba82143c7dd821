/*
 * Any body of a record: its identity is that of its did, rkey and cid, and of
 * nothing else.  Any text in a record that we write: it is read again.
 */
#include "fuzz.h"

#include <jansson.h>

#include "base/parse.h"
#include "bsky/record.h"

static const struct hash_key key = {3, 4}, other_key = {3, 5};

static const char *const names[3] = {"did", "rkey", "cid"};

static bool same(struct hash128 a, struct hash128 b)
{
    return a.a == b.a && a.b == b.b;
}

static struct hash128 id_of(json_t *body)
{
    char *text = json_dumps(body, JSON_ENSURE_ASCII | JSON_INDENT(1));
    struct hash128 id = {0, 0};

    PROMISE(text != NULL);
    PROMISE(record_body_id(key, slice_str(text), &id) == 0);
    free(text);
    return id;
}

/* With one byte more in one of them, or one moved from one to the next, it is
 * another post. */
static void check_others(const json_t *bare, struct hash128 id)
{
    for (int i = 0; i < 3; i++) {
        const json_t *value = json_object_get(bare, names[i]);
        const json_t *next = json_object_get(bare, names[(i + 1) % 3]);
        size_t n = json_string_length(value), m = json_string_length(next);
        char text[EVENT_ID_MAX + 1];
        json_t *other = json_copy((json_t *)(uintptr_t)bare);

        memcpy(text, json_string_value(value), n);
        text[n] = 'x';
        json_object_set_new(other, names[i], json_stringn(text, n + 1));
        if (n < EVENT_ID_MAX)
            PROMISE(!same(id, id_of(other)));
        if (i < 2 && n > 1 && m < EVENT_ID_MAX && (text[n - 1] & 0x80) == 0) {
            json_object_set_new(other, names[i], json_stringn(text, n - 1));
            text[0] = text[n - 1];
            memcpy(text + 1, json_string_value(next), m);
            json_object_set_new(other, names[i + 1], json_stringn(text, m + 1));
            PROMISE(!same(id, id_of(other)));
        }
        json_decref(other);
    }
}

/* The identity of a body that has the three alone, and another order. */
static void check_bare(const json_t *root, struct hash128 id)
{
    json_t *bare = json_object();
    struct hash128 again = {0, 0};
    char *text;

    for (int i = 2; i >= 0; i--)
        json_object_set(bare, names[i], json_object_get(root, names[i]));
    PROMISE(same(id, id_of(bare)));
    text = json_dumps(bare, 0);
    PROMISE(record_body_id(other_key, slice_str(text), &again) == 0);
    PROMISE(!same(id, again));
    free(text);
    check_others(bare, id);
    json_decref(bare);
}

static void check_body(struct slice body)
{
    json_t *root = json_loadb(body.p, body.n, JSON_ALLOW_NUL, NULL);
    struct hash128 id = {0, 0};
    bool good = json_is_object(root);

    for (int i = 0; i < 3; i++) {
        const json_t *value = json_object_get(root, names[i]);

        good = good && json_is_string(value) && json_string_length(value) > 0 &&
               json_string_length(value) <= EVENT_ID_MAX;
    }
    PROMISE((record_body_id(key, body, &id) == 0) == good);
    if (good)
        check_bare(root, id);
    json_decref(root);
}

static struct slice field(struct slice *in, size_t max)
{
    struct slice s = fuzz_until(in, '\n');

    s.n = s.n < max ? s.n : max;
    return s;
}

/* A record of any strings: JSON just when they are UTF-8. */
static void check_written(struct slice in)
{
    uint64_t time = fuzz_number(&in, 8);
    struct slice did = field(&in, EVENT_ID_MAX);
    struct slice rkey = field(&in, EVENT_ID_MAX);
    struct slice cid = field(&in, EVENT_ID_MAX);
    struct slice created_at = field(&in, EVENT_CREATED_MAX);
    struct slice offsite = field(&in, 300), uri = in;
    struct event event = {
        .did = did, .rkey = rkey, .cid = cid, .created_at = created_at};
    struct buf out = BUF_INIT((size_t)1 << 20);
    struct buf small = BUF_INIT(0);
    struct hash128 id = {0, 0};
    bool utf8 = fuzz_is_utf8(event.did) && fuzz_is_utf8(event.rkey) &&
                fuzz_is_utf8(event.cid);
    bool read;

    event.time_us = (int64_t)(time % ((uint64_t)PARSE_TIME_MAX + 1));
    PROMISE(record_encode(&out, &event, offsite, uri) == 0);
    utf8 = utf8 && fuzz_is_utf8(event.created_at) && fuzz_is_utf8(offsite) &&
           fuzz_is_utf8(uri);
    read = record_body_id(key, buf_slice(&out), &id) == 0;
    PROMISE(read ==
            (utf8 && event.did.n > 0 && event.rkey.n > 0 && event.cid.n > 0));
    if (read)
        PROMISE(same(id, record_event_id(key, &event)));
    /* Without room there is nothing of it. */
    small.max = out.n - 1;
    PROMISE(record_encode(&small, &event, offsite, uri) == -1 && small.n == 0);
    small.max = out.n;
    PROMISE(record_encode(&small, &event, offsite, uri) == 0);
    buf_release(&small);
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct slice in = fuzz_input(data, n);

    check_body(in);
    check_written(in);
    return 0;
}
