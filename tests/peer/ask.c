#include "ask.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "base/text.h"

#define VALUE_MAX ((size_t)65536)
#define COLLECTIONS_MAX 100
#define DIDS_MAX 10000

int ask_refuse(struct ask_refusal *refusal, enum event_wire wire,
               const char *name, const char *message)
{
    buf_reset(&refusal->body);
    if (wire == EVENT_V1) {
        refusal->type = "text/plain; charset=utf-8";
        buf_addf(&refusal->body, "subscribe: %s\n", message);
        return 1;
    }
    refusal->type = "application/json";
    buf_addf(&refusal->body, "{\"error\":\"%s\",\"message\":", name);
    text_json(&refusal->body, slice_str(message));
    buf_addstr(&refusal->body, "}");
    return 1;
}

/* All values of a parameter.  0; 1 when there are more than ${max}; -1. */
static int collect(const struct httpd_request *req, const char *name,
                   size_t max, char ***values, size_t *n)
{
    struct buf value = BUF_INIT(VALUE_MAX);
    int result = 0;

    *values = calloc(max, sizeof(**values));
    if (*values == NULL)
        return -1;
    while (result == 0 && httpd_param(req, name, *n, &value)) {
        const char *text = buf_str(&value);

        if (*n == max) {
            result = 1;
            break;
        }
        (*values)[*n] = text != NULL ? strdup(text) : NULL;
        if ((*values)[*n] == NULL)
            result = -1;
        else
            ++*n;
    }
    buf_release(&value);
    return result;
}

/* Parameters that subscribeEvents does not know. */
static bool has_foreign(const struct httpd_request *req, struct buf *value,
                        const char **name)
{
    static const char *const foreign[] = {"wantedCollections", "wantedDids",
                                          "requireHello", "compress"};

    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        if (httpd_param(req, foreign[i], 0, value)) {
            *name = foreign[i];
            return true;
        }
    }
    return false;
}

static int parse_cursor(struct ask *ask, const struct httpd_request *req,
                        struct buf *value, struct ask_refusal *refusal)
{
    char message[256];
    const char *text;
    uint64_t number;

    if (!httpd_param(req, "cursor", 0, value) || value->n == 0)
        return 0;
    text = buf_str(value);
    if (text == NULL)
        return -1;
    if (parse_uint(text, 0, INT64_MAX, &number, NULL) != 0) {
        snprintf(message, sizeof(message), "invalid cursor: \"%.80s\"", text);
        return ask_refuse(refusal, ask->wire, "InvalidRequest", message);
    }
    ask->has_cursor = true;
    ask->cursor = number == 0 ? 1 : (int64_t)number;
    return 0;
}

static int parse_kinds(struct ask *ask, const struct httpd_request *req,
                       struct buf *value, struct ask_refusal *refusal)
{
    size_t given = 0;

    for (; httpd_param(req, "kinds", given, value); given++) {
        enum feed_kind kind = feed_kind(buf_slice(value));

        if (kind == FEED_OTHER)
            return ask_refuse(refusal, ask->wire, "InvalidRequest",
                              "unknown kind");
        ask->kinds[kind] = true;
    }
    for (int i = 0; given == 0 && i <= FEED_SYNC; i++)
        ask->kinds[i] = true;
    return 0;
}

static int parse_v1(struct ask *ask, const struct httpd_request *req,
                    uint32_t dictionary, struct buf *value,
                    struct ask_refusal *refusal)
{
    for (int i = 0; i < FEED_SYNC; i++)
        ask->kinds[i] = true;
    ask->compress = httpd_param(req, "compress", 0, value) &&
                    slice_eq(buf_slice(value), SLICE("true"));
    if (!ask->compress)
        return 0;
    if (httpd_header_has(req, "Sec-WebSocket-Extensions", "permessage-deflate"))
        return ask_refuse(refusal, ask->wire, "",
                          "compress=true and permessage-deflate exclude "
                          "each other");
    /* A test that forgot to give the server its dictionary. */
    if (dictionary == 0)
        return ask_refuse(refusal, ask->wire, "", "no dictionary");
    return 0;
}

static int parse_v2(struct ask *ask, const struct httpd_request *req,
                    uint32_t dictionary, struct buf *value,
                    struct ask_refusal *refusal)
{
    char message[160];
    const char *name;
    const char *text;
    uint64_t id;

    if (has_foreign(req, value, &name)) {
        snprintf(message, sizeof(message), "unknown parameter %s", name);
        return ask_refuse(refusal, ask->wire, "InvalidRequest", message);
    }
    if (!httpd_param(req, "zstdDictionary", 0, value))
        return parse_kinds(ask, req, value, refusal);
    text = buf_str(value);
    if (text == NULL)
        return -1;
    if (parse_uint(text, 1, UINT32_MAX, &id, NULL) != 0)
        return ask_refuse(refusal, ask->wire, "InvalidRequest",
                          "zstdDictionary is not an id");
    if (id != dictionary) {
        snprintf(message, sizeof(message),
                 "unknown dictionary; current dictionary id is %" PRIu32,
                 dictionary);
        return ask_refuse(refusal, ask->wire, "UnknownZstdDictionary", message);
    }
    ask->compress = true;
    return parse_kinds(ask, req, value, refusal);
}

static int parse_all(struct ask *ask, const struct httpd_request *req,
                     uint32_t dictionary, struct buf *value,
                     struct ask_refusal *refusal)
{
    bool v1 = ask->wire == EVENT_V1;
    int result =
        collect(req, v1 ? "wantedCollections" : "collections", COLLECTIONS_MAX,
                &ask->collections, &ask->ncollections);

    if (result == 0)
        result = collect(req, v1 ? "wantedDids" : "dids", DIDS_MAX, &ask->dids,
                         &ask->ndids);
    if (result > 0)
        return ask_refuse(refusal, ask->wire, "InvalidRequest",
                          "too many collections or dids");
    if (result == 0)
        result = parse_cursor(ask, req, value, refusal);
    if (result != 0)
        return result;
    return v1 ? parse_v1(ask, req, dictionary, value, refusal)
              : parse_v2(ask, req, dictionary, value, refusal);
}

int ask_parse(struct ask *ask, const struct httpd_request *req,
              enum event_wire wire, uint32_t dictionary,
              struct ask_refusal *refusal)
{
    struct buf value = BUF_INIT(VALUE_MAX);
    int result;

    *ask = (struct ask){.wire = wire};
    result = parse_all(ask, req, dictionary, &value, refusal);
    buf_release(&value);
    return result;
}

void ask_release(struct ask *ask)
{
    for (size_t i = 0; i < ask->ncollections; i++)
        free(ask->collections[i]);
    for (size_t i = 0; i < ask->ndids; i++)
        free(ask->dids[i]);
    free(ask->collections);
    free(ask->dids);
    *ask = (struct ask){.wire = EVENT_V1};
}

static bool fits(const char *pattern, struct slice name)
{
    size_t n = strlen(pattern);

    if (n > 0 && pattern[n - 1] == '*')
        return name.n >= n - 1 && memcmp(name.p, pattern, n - 1) == 0;
    return slice_eq(slice_str(pattern), name);
}

static bool fits_one(char *const *patterns, size_t n, struct slice name)
{
    for (size_t i = 0; i < n; i++) {
        if (fits(patterns[i], name))
            return true;
    }
    return n == 0;
}

bool ask_takes(const struct ask *ask, const struct feed_event *event)
{
    if (event->kind == FEED_OTHER)
        return true;
    if (!ask->kinds[event->kind] ||
        !fits_one(ask->dids, ask->ndids, event->did))
        return false;
    return event->kind != FEED_COMMIT ||
           fits_one(ask->collections, ask->ncollections, event->collection);
}
