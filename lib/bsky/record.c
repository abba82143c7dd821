#include "bsky/record.h"

#include <jansson.h>
#include <string.h>

#include "base/parse.h"
#include "base/text.h"

/* Text that our own JSON needs between the strings; no NUL counted. */
static int add_key(struct buf *out, const char *key, struct slice value)
{
    if (buf_addstr(out, key) != 0)
        return -1;
    return value.p == NULL ? buf_addstr(out, "null") : text_json(out, value);
}

/* The escapes of text_json have no uppercase letter, so that lowering the
 * encoded string lowers the string. */
static int add_lowered(struct buf *out, const char *key, struct slice value)
{
    size_t from = out->n;

    if (add_key(out, key, value) != 0)
        return -1;
    for (size_t i = from + strlen(key); i < out->n; i++)
        out->p[i] = slice_lower(out->p[i]);
    return 0;
}

int record_encode(struct buf *out, const struct event *event,
                  struct slice offsite, struct slice uri)
{
    size_t before = out->n;
    char observed[PARSE_TIME_SIZE];

    parse_time_text(event->time_us, observed);
    if (add_key(out, "{\"did\":", event->did) != 0 ||
        add_key(out, ",\"rkey\":", event->rkey) != 0 ||
        add_key(out, ",\"created_at\":", event->created_at) != 0 ||
        add_key(out, ",\"observed_at\":", slice_str(observed)) != 0 ||
        add_key(out, ",\"cid\":", event->cid) != 0 ||
        add_lowered(out, ",\"offsite\":", offsite) != 0 ||
        add_key(out, ",\"offsite_uri\":", uri) != 0 ||
        buf_add(out, "}", 1) != 0) {
        out->n = before;
        return -1;
    }
    return 0;
}

/* Each string goes in behind its length: no two identities spell the same
 * bytes, whatever the strings hold. */
static struct hash128 identity(struct hash_key key, const struct slice ids[3])
{
    char bytes[3 * (2 + EVENT_ID_MAX)];
    struct slice all = {bytes, 0};

    for (size_t i = 0; i < 3; i++) {
        bytes[all.n++] = (char)(ids[i].n & 0xFF);
        bytes[all.n++] = (char)(ids[i].n >> 8);
        memcpy(bytes + all.n, ids[i].p, ids[i].n);
        all.n += ids[i].n;
    }
    return hash_bytes(key, all);
}

struct hash128 record_event_id(struct hash_key key, const struct event *event)
{
    const struct slice ids[3] = {event->did, event->rkey, event->cid};

    return identity(key, ids);
}

int record_body_id(struct hash_key key, struct slice body, struct hash128 *id)
{
    static const char *const keys[3] = {"did", "rkey", "cid"};
    json_t *root = json_loadb(body.p, body.n, JSON_ALLOW_NUL, NULL);
    struct slice ids[3];
    int r = 0;

    for (size_t i = 0; i < 3; i++) {
        const json_t *value = json_object_get(root, keys[i]);

        ids[i].p = json_string_value(value);
        ids[i].n = json_string_length(value);
        if (ids[i].n == 0 || ids[i].n > EVENT_ID_MAX)
            r = -1;
    }
    if (r == 0)
        *id = identity(key, ids);
    json_decref(root);
    return r;
}
