#include "s2/client.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "s2/client_state.h"

/* A session at the tail gets a heartbeat every 5 to 15 s. */
#define SILENCE_MS 20000

/* Three times S2's limit on a batch: as protobuf a header of no bytes takes
 * six of them, and counts for two. */
#define BATCH_MAX (4 * WIRE_BATCH_BYTES)
#define LIST_MAX ((size_t)4 << 20)
#define ANSWER_MAX ((size_t)64 << 10)

/* Two names, three bytes for each of theirs, and an endpoint. */
#define URL_MAX ((size_t)8 << 10)

#define HEADERS_MAX 5

/* A request in the making. */
struct request {
    struct buf url;
    struct buf body;
    const char *headers[HEADERS_MAX];
    struct http_spec spec;
    http_bytes *bytes; /* NULL: no session */
    bool failed;       /* the url or the body did not fit, or memory is out */
};

static void request_init(struct request *r, const struct client *client,
                         const char *method, const struct endpoint *endpoint)
{
    memset(r, 0, sizeof(*r));
    buf_init(&r->url, URL_MAX);
    buf_init(&r->body, BATCH_MAX);
    r->spec.method = method;
    r->spec.headers = r->headers;
    r->spec.timeout_ms = client->timeout_ms;
    r->spec.max_reply = ANSWER_MAX;
    r->failed = buf_addf(&r->url, "%s/v1", endpoint->url) != 0;
}

static void add_header(struct request *r, const char *header)
{
    if (header != NULL)
        r->headers[r->spec.nheaders++] = header;
}

static void add_path(struct request *r, const char *path)
{
    r->failed |= buf_addstr(&r->url, path) != 0;
}

static void add_escaped(struct request *r, const char *text)
{
    r->failed |= text_percent(&r->url, slice_str(text)) != 0;
}

/* Begins the request, and releases what it was made of. */
static struct http_request *request_start(struct request *r,
                                          struct client *client,
                                          http_done *done, void *arg,
                                          struct err *err)
{
    struct http_request *started = NULL;

    add_header(r, client->authorization);
    r->spec.url = r->failed ? NULL : buf_str(&r->url);
    r->spec.body = r->body.n > 0 ? &r->body : NULL;
    if (r->spec.url == NULL)
        err_memory(err);
    else if (r->bytes != NULL)
        started = http_stream(client->http, &r->spec, r->bytes, done, arg, err);
    else
        started = http_start(client->http, &r->spec, done, arg, err);
    buf_release(&r->url);
    buf_release(&r->body);
    return started;
}

/* Names that no stream can have would lead to other places of the API, or
 * make JSON that is none. */
static int check_stream(const char *name, struct err *err)
{
    if (!wire_is_name(name))
        return err_set(err, ERR_CONFIG, "'%.64s' is no stream's name", name);
    return 0;
}

/* A request about the records of one stream. */
static int records_init(struct request *r, struct client *client,
                        const char *method, const char *stream, struct err *err)
{
    if (check_stream(stream, err) != 0)
        return -1;
    request_init(r, client, method, &client->basin_endpoint);
    add_header(r, client->basin_header);
    add_path(r, "/streams/");
    add_escaped(r, stream);
    add_path(r, "/records");
    return 0;
}

/* The body {"${key}":"${value}"}. */
static void add_json(struct request *r, const char *key, const char *value)
{
    r->failed |= buf_addf(&r->body, "{\"%s\":", key) != 0 ||
                 text_json(&r->body, slice_str(value)) != 0 ||
                 buf_addstr(&r->body, "}") != 0;
    add_header(r, "Content-Type: application/json");
    add_header(r, "Accept: application/json");
}

struct http_request *client_create_basin(struct client *client, http_done *done,
                                         void *arg, struct err *err)
{
    struct request r;

    request_init(&r, client, "POST", &client->account_endpoint);
    add_path(&r, "/basins");
    add_json(&r, "basin", client->basin);
    return request_start(&r, client, done, arg, err);
}

/* By POST: a PUT would reset the configuration of a stream that exists. */
struct http_request *client_create(struct client *client, const char *stream,
                                   http_done *done, void *arg, struct err *err)
{
    struct request r;

    if (check_stream(stream, err) != 0)
        return NULL;
    request_init(&r, client, "POST", &client->basin_endpoint);
    add_header(&r, client->basin_header);
    add_path(&r, "/streams");
    add_json(&r, "stream", stream);
    return request_start(&r, client, done, arg, err);
}

struct http_request *client_tail(struct client *client, const char *stream,
                                 http_done *done, void *arg, struct err *err)
{
    struct request r;

    if (records_init(&r, client, "GET", stream, err) != 0)
        return NULL;
    add_path(&r, "/tail");
    add_header(&r, "Accept: application/json");
    return request_start(&r, client, done, arg, err);
}

struct http_request *client_append(struct client *client, const char *stream,
                                   const struct wire_append *append,
                                   http_done *done, void *arg, struct err *err)
{
    struct request r;

    if (records_init(&r, client, "POST", stream, err) != 0)
        return NULL;
    add_header(&r, client->key_header);
    add_header(&r, "Content-Type: application/protobuf");
    add_header(&r, "Accept: application/protobuf");
    if (wire_encode(append, &r.body, err) != 0) {
        buf_release(&r.url);
        buf_release(&r.body);
        return NULL;
    }
    return request_start(&r, client, done, arg, err);
}

struct http_request *client_read(struct client *client, const char *stream,
                                 const struct wire_read *read, http_done *done,
                                 void *arg, struct err *err)
{
    struct request r;

    if (records_init(&r, client, "GET", stream, err) != 0)
        return NULL;
    r.failed |= buf_addf(&r.url, "?%s=%" PRIu64 "&count=%zu",
                         read->by_time ? "timestamp" : "seq_num", read->from,
                         read->limit) != 0;
    r.spec.max_reply = BATCH_MAX;
    add_header(&r, client->key_header);
    add_header(&r, "Accept: application/protobuf");
    return request_start(&r, client, done, arg, err);
}

/* Without a limit it follows; clamp, which begins at the tail when what was
 * asked for is behind it, would hide that numbers are gone. */
struct http_request *client_follow(struct client *client, const char *stream,
                                   const struct wire_read *read,
                                   http_bytes *bytes, http_done *done,
                                   void *arg, struct err *err)
{
    const char *from = read->by_time ? "clamp=true&timestamp" : "seq_num";
    struct request r;

    if (records_init(&r, client, "GET", stream, err) != 0)
        return NULL;
    r.failed |= buf_addf(&r.url, "?%s=%" PRIu64, from, read->from) != 0;
    if (read->limit > 0)
        r.failed |= buf_addf(&r.url, "&count=%zu", read->limit) != 0;
    r.spec.timeout_ms = SILENCE_MS;
    r.bytes = bytes;
    add_header(&r, client->key_header);
    add_header(&r, "Content-Type: s2s/proto");
    if (client->basin_endpoint.tls)
        add_header(&r, "Accept-Encoding: zstd");
    return request_start(&r, client, done, arg, err);
}

struct http_request *client_list(struct client *client, const char *prefix,
                                 const char *start_after, http_done *done,
                                 void *arg, struct err *err)
{
    struct request r;

    request_init(&r, client, "GET", &client->basin_endpoint);
    r.spec.max_reply = LIST_MAX;
    add_header(&r, client->basin_header);
    add_path(&r, "/streams?prefix=");
    add_escaped(&r, prefix);
    add_path(&r, "&start_after=");
    add_escaped(&r, start_after);
    add_path(&r, "&limit=1000");
    add_header(&r, "Accept: application/json");
    return request_start(&r, client, done, arg, err);
}
