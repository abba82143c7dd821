#include "s2/client.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "s2/endpoint.h"

#define ACCOUNT_ENDPOINT "https://a.s2.dev"
#define BASIN_ENDPOINT "https://{basin}.b.s2.dev"

#define TIMEOUT_MS 10000
#define WAIT_MAX_S 60
#define BASIN_MIN 8
#define BASIN_MAX 48
#define STREAM_MAX 512
#define TOKEN_MAX ((size_t)64 << 10)
#define KEY_MAX 44

/* Three times S2's limit on a batch: as protobuf a header of no bytes takes
 * six of them, and counts for two. */
#define BATCH_MAX (4 * WIRE_BATCH_BYTES)
#define LIST_MAX ((size_t)4 << 20)
#define ANSWER_MAX ((size_t)64 << 10)

/* Two names, three bytes for each of theirs, and an endpoint. */
#define URL_MAX ((size_t)8 << 10)

#define HEADERS_MAX 5

struct client {
    struct http *http; /* borrowed */
    char *basin;
    struct endpoint account_endpoint;
    struct endpoint basin_endpoint;
    char *authorization; /* whole headers; NULL: none */
    char *basin_header;
    char *key_header;
    int64_t timeout_ms;
};

static bool is_lower_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static int check_basin(const char *name, struct err *err)
{
    size_t n = strlen(name);
    bool ok = n >= BASIN_MIN && n <= BASIN_MAX && is_lower_alnum(name[0]) &&
              is_lower_alnum(name[n - 1]);

    for (size_t i = 0; ok && i < n; i++)
        ok = is_lower_alnum(name[i]) || name[i] == '-';
    if (!ok)
        return err_set(err, ERR_CONFIG,
                       "'%.64s' is no basin's name: %d to %d of a-z, 0-9 and "
                       "-, the first and the last no -",
                       name, BASIN_MIN, BASIN_MAX);
    return 0;
}

/* The text of a secret is in no message. */
static int check_secret(const char *what, const char *secret, size_t max,
                        struct err *err)
{
    size_t n = secret == NULL ? 0 : strlen(secret);

    if (secret == NULL)
        return 0;
    if (n == 0 || n > max)
        return err_set(err, ERR_CONFIG, "%s is empty or too long", what);
    for (size_t i = 0; i < n; i++) {
        if (secret[i] <= ' ' || secret[i] > '~')
            return err_set(err, ERR_CONFIG,
                           "%s holds something else than visible ASCII", what);
    }
    return 0;
}

static int set_endpoints(struct client *client,
                         const struct client_config *config, struct err *err)
{
    const char *account = config->account_endpoint;
    const char *basin = config->basin_endpoint;
    const struct endpoint *a = &client->account_endpoint;
    const struct endpoint *b = &client->basin_endpoint;

    if ((account == NULL) != (basin == NULL))
        return err_set(err, ERR_CONFIG,
                       "of the two endpoints only one is given");
    if (account == NULL) {
        account = ACCOUNT_ENDPOINT;
        basin = BASIN_ENDPOINT;
    }
    if (endpoint_parse(account, NULL, &client->account_endpoint, err) != 0 ||
        endpoint_parse(basin, config->basin, &client->basin_endpoint, err) != 0)
        return -1;
    if (a->tls != b->tls)
        return err_set(err, ERR_CONFIG,
                       "one endpoint is http, the other https");
    if ((config->token != NULL || config->encryption_key != NULL) && !a->tls &&
        !(a->loopback && b->loopback) && !config->allow_http)
        return err_set(err, ERR_CONFIG,
                       "a token or key would go over plain http to another "
                       "machine; --allow-http permits it");
    return 0;
}

/* A new string of both; without ${tail} *${out} is left as it is. */
static int join(char **out, const char *head, const char *tail, struct err *err)
{
    size_t n = strlen(head), m = tail == NULL ? 0 : strlen(tail);

    if (tail == NULL)
        return 0;
    *out = malloc(n + m + 1);
    if (*out == NULL)
        return err_memory(err);
    memcpy(*out, head, n);
    memcpy(*out + n, tail, m + 1);
    return 0;
}

static int client_init(struct client *client,
                       const struct client_config *config, struct err *err)
{
    const char *direct = NULL;

    if (check_basin(config->basin, err) != 0 ||
        check_secret("the token", config->token, TOKEN_MAX, err) != 0 ||
        check_secret("the encryption key", config->encryption_key, KEY_MAX,
                     err) != 0 ||
        set_endpoints(client, config, err) != 0)
        return -1;
    if (!client->basin_endpoint.named)
        direct = config->basin;
    client->http = config->http;
    client->timeout_ms =
        config->timeout_ms > 0 ? config->timeout_ms : TIMEOUT_MS;
    if (join(&client->basin, "", config->basin, err) != 0 ||
        join(&client->basin_header, "s2-basin: ", direct, err) != 0 ||
        join(&client->authorization, "Authorization: Bearer ", config->token,
             err) != 0 ||
        join(&client->key_header, "s2-encryption-key: ", config->encryption_key,
             err) != 0)
        return -1;
    return 0;
}

struct client *client_new(const struct client_config *config, struct err *err)
{
    struct client *client = calloc(1, sizeof(*client));

    if (client == NULL) {
        err_memory(err);
        return NULL;
    }
    if (client_init(client, config, err) != 0) {
        client_free(client);
        return NULL;
    }
    return client;
}

/* Writes that the compiler must not leave out as dead. */
static void wipe(char *secret)
{
    volatile char *p = secret;

    while (p != NULL && *p != '\0')
        *p++ = '\0';
    free(secret);
}

void client_free(struct client *client)
{
    if (client == NULL)
        return;
    wipe(client->authorization);
    wipe(client->key_header);
    free(client->basin_header);
    free(client->basin);
    free(client);
}

/* A request in the making. */
struct request {
    struct buf url;
    struct buf body;
    const char *headers[HEADERS_MAX];
    struct http_spec spec;
    bool failed; /* the url or the body did not fit, or memory is out */
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
    r->spec.body = buf_slice(&r->body);
    if (r->spec.url == NULL)
        err_memory(err);
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
    size_t n = strlen(name);

    if (n == 0 || n > STREAM_MAX || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0 || !text_is_utf8(slice_str(name)))
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

/* A whole number of seconds that is not shorter. */
static int64_t wait_seconds(int64_t ms)
{
    if (ms <= 0)
        return 0;
    return ms < WAIT_MAX_S * 1000 ? (ms + 999) / 1000 : WAIT_MAX_S;
}

struct http_request *client_read(struct client *client, const char *stream,
                                 const struct wire_read *read, http_done *done,
                                 void *arg, struct err *err)
{
    int64_t wait_s = wait_seconds(read->wait_ms);
    struct request r;

    if (records_init(&r, client, "GET", stream, err) != 0)
        return NULL;
    r.failed |= buf_addf(&r.url, "?%s=%" PRIu64 "&count=%zu",
                         read->by_time ? "timestamp" : "seq_num", read->from,
                         read->limit) != 0;
    if (wait_s > 0)
        r.failed |= buf_addf(&r.url, "&wait=%" PRId64, wait_s) != 0;
    r.spec.timeout_ms += wait_s * 1000;
    r.spec.max_reply = BATCH_MAX;
    add_header(&r, client->key_header);
    add_header(&r, "Accept: application/protobuf");
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
