#include "bsky/jetstream_host.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"

static int bad_path(const struct jetstream_host *host, struct err *err)
{
    const struct jetstream_wire *wire = jetstream_wires;
    struct buf paths = BUF_INIT(sizeof(err->text));
    int rc = buf_addstr(&paths, wire->path);

    for (wire++; wire->path != NULL && rc == 0; wire++)
        rc = buf_addf(&paths, " nor %s", wire->path);
    if (rc == 0 && buf_str(&paths) != NULL)
        err_set(err, ERR_USAGE, "'%.200s': the path is neither %s", host->url,
                paths.p);
    else
        err_memory(err);
    buf_release(&paths);
    return -1;
}

/* The path says which wire; none is the first one. */
static int set_wire(struct jetstream_host *host, struct err *err)
{
    struct slice path = host->server.path;

    for (host->wire = jetstream_wires; host->wire->path != NULL; host->wire++) {
        if (slice_eq(path, slice_str(host->wire->path)) ||
            slice_eq(path, SLICE("/")))
            return 0;
    }
    return bad_path(host, err);
}

/* The names in lower case: they say which host a position belongs to.  What
 * url_server takes has no more than 254 bytes. */
static void set_names(struct jetstream_host *host)
{
    struct slice from = host->server.host;
    bool six = memchr(from.p, ':', from.n) != NULL;

    for (size_t i = 0; i < from.n; i++)
        host->domain[i] = slice_lower(from.p[i]);
    host->domain[from.n] = '\0';
    snprintf(host->name, sizeof(host->name), "%s%.255s%s:%u", six ? "[" : "",
             host->domain, six ? "]" : "", host->server.port);
}

int jetstream_host_init(struct jetstream_host *host, const char *url,
                        struct err *err)
{
    memset(host, 0, sizeof(*host));
    host->url = strdup(url);
    if (host->url == NULL)
        return err_memory(err);
    if (url_server(host->url, &host->server, err) == 0 &&
        set_wire(host, err) == 0) {
        set_names(host);
        return 0;
    }
    jetstream_host_release(host);
    return -1;
}

void jetstream_host_release(struct jetstream_host *host)
{
    zst_free(host->zst);
    host->zst = NULL;
    free(host->url);
    host->url = NULL;
}

static int add_path(const struct jetstream_host *host,
                    const struct jetstream_request *request, struct buf *out)
{
    const struct jetstream_wire *wire = host->wire;

    if (buf_addstr(out, wire->path) != 0 || buf_addstr(out, wire->query) != 0)
        return -1;
    for (size_t i = 0; i < request->ndids; i++) {
        if (buf_addstr(out, wire->did) != 0 ||
            text_percent(out, slice_str(request->dids[i])) != 0)
            return -1;
    }
    if (request->cursor.any &&
        buf_addf(out, "&cursor=%" PRId64, request->cursor.value) != 0)
        return -1;
    if (request->dictionary == 0)
        return 0;
    if (buf_addstr(out, wire->compress) != 0)
        return -1;
    return wire->dictionary != 0
               ? 0
               : buf_addf(out, "%" PRIu32, request->dictionary);
}

int jetstream_host_path(const struct jetstream_host *host,
                        const struct jetstream_request *request,
                        struct buf *out, struct err *err)
{
    buf_reset(out);
    if (add_path(host, request, out) == 0 && buf_str(out) != NULL)
        return 0;
    return buf_full(out, err, ERR_USAGE,
                    "%zu accounts do not fit into a request of %zu bytes",
                    request->ndids, out->max);
}

int jetstream_host_get(const struct jetstream_host *host, const char *path,
                       struct buf *out)
{
    const struct url_server *server = &host->server;
    bool six = strchr(host->domain, ':') != NULL;

    buf_reset(out);
    if (buf_addf(out, "%s://%s%s%s", server->tls ? "https" : "http",
                 six ? "[" : "", host->domain, six ? "]" : "") != 0)
        return -1;
    if (server->port != (server->tls ? 443 : 80) &&
        buf_addf(out, ":%u", server->port) != 0)
        return -1;
    return buf_addstr(out, path) == 0 && buf_str(out) != NULL ? 0 : -1;
}

bool jetstream_host_fits(const struct jetstream_host *host, uint32_t id)
{
    const struct jetstream_wire *wire = jetstream_wires;

    if (host->wire->dictionary != 0)
        return id == host->wire->dictionary;
    while (wire->path != NULL && wire->dictionary != id)
        wire++;
    return wire->path == NULL;
}

int jetstream_host_learn(struct jetstream_host *host, struct slice dictionary,
                         int window_log, struct err *err)
{
    uint32_t id = zst_dictionary_id(dictionary);
    struct zst *zst;

    if (id == 0)
        return err_set(err, ERR_DATA, "what it serves is no dictionary");
    zst = zst_new(dictionary, window_log, err);
    if (zst == NULL)
        return -1;
    zst_free(host->zst);
    host->zst = zst;
    host->id = id;
    return 0;
}

static struct slice trimmed(struct slice s)
{
    while (s.n > 0 && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r' ||
                       s.p[s.n - 1] == ' '))
        s.n--;
    return s;
}

static void keep_words(struct slice s, char words[JETSTREAM_REFUSAL_WORDS])
{
    struct buf buf = BUF_INIT(JETSTREAM_REFUSAL_WORDS - 1);
    const char *text = NULL;

    if (text_scrub(&buf, trimmed(s), JETSTREAM_REFUSAL_WORDS - 1) == 0)
        text = buf_str(&buf);
    snprintf(words, JETSTREAM_REFUSAL_WORDS, "%s", text == NULL ? "" : text);
    buf_release(&buf);
}

/* The string ${key} of ${object}; empty where it is absent. */
static struct slice member(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    struct slice s = {json_string_value(value), json_string_length(value)};

    return s;
}

enum jetstream_refusal
jetstream_host_refusal(struct slice body, char words[JETSTREAM_REFUSAL_WORDS])
{
    json_t *root = body.n == 0 ? NULL : json_loadb(body.p, body.n, 0, NULL);
    enum jetstream_refusal refusal = JETSTREAM_REFUSAL_OTHER;
    struct slice name = member(root, "error");
    struct slice message = member(root, "message");

    if (slice_eq(name, SLICE("CursorTooOld")))
        refusal = JETSTREAM_REFUSAL_OLD;
    else if (slice_eq(name, SLICE("UnknownZstdDictionary")))
        refusal = JETSTREAM_REFUSAL_DICTIONARY;
    keep_words(message.n > 0 ? message : name.n > 0 ? name : body, words);
    json_decref(root);
    return refusal;
}
