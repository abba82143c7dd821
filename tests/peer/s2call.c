#include "s2peer.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define NAME_MAX_BYTES ((size_t)4096)

/* Whether ${path} starts with ${prefix}, which is then cut off. */
static bool eat(struct slice *path, struct slice prefix)
{
    if (path->n < prefix.n || memcmp(path->p, prefix.p, prefix.n) != 0)
        return false;
    path->p += prefix.n;
    path->n -= prefix.n;
    return true;
}

/* Takes the name of a stream off ${path}; a slash in it is encoded. */
static int eat_name(struct s2call *call, struct slice *path)
{
    const char *slash = path->n > 0 ? memchr(path->p, '/', path->n) : NULL;
    struct slice name = {path->p,
                         slash != NULL ? (size_t)(slash - path->p) : path->n};

    eat(path, name);
    return httpd_decode(name, false, &call->name);
}

/* The name in a body such as {"stream":NAME}. */
static void read_name(struct s2call *call, const char *key)
{
    json_t *root = json_loadb(call->req->body.p, call->req->body.n, 0, NULL);
    const char *name = json_string_value(json_object_get(root, key));

    if (name != NULL)
        buf_addstr(&call->name, name);
    json_decref(root);
}

static void parse_stream(struct s2call *call, struct slice path)
{
    bool get = slice_eq(call->req->method, SLICE("GET"));
    bool post = slice_eq(call->req->method, SLICE("POST"));

    if (eat_name(call, &path) != 0)
        return;
    if (path.n == 0 && slice_eq(call->req->method, SLICE("DELETE"))) {
        call->kind = S2CALL_DELETE;
    } else if (slice_eq(path, SLICE("/records")) && post) {
        call->kind = S2CALL_APPEND;
        call->op = S2RULE_APPEND;
    } else if (slice_eq(path, SLICE("/records")) && get) {
        bool session = httpd_header_has(call->req, "Content-Type", "s2s/proto");

        call->kind = session ? S2CALL_FOLLOW : S2CALL_READ;
        call->op = session ? S2RULE_FOLLOW : S2RULE_READ;
    } else if (slice_eq(path, SLICE("/records/tail")) && get) {
        call->kind = S2CALL_TAIL;
        call->op = S2RULE_TAIL;
    }
}

static void parse_path(struct s2call *call)
{
    struct slice path = call->req->path;
    bool get = slice_eq(call->req->method, SLICE("GET"));
    bool post = slice_eq(call->req->method, SLICE("POST"));

    if (slice_eq(path, SLICE("/dump")) && get) {
        call->kind = S2CALL_DUMP;
        httpd_param(call->req, "stream", 0, &call->name);
    } else if (slice_eq(path, SLICE("/v1/basins")) && post) {
        call->kind = S2CALL_BASIN;
        call->op = S2RULE_BASIN;
        read_name(call, "basin");
    } else if (slice_eq(path, SLICE("/v1/streams")) && post) {
        call->kind = S2CALL_CREATE;
        call->op = S2RULE_CREATE;
        read_name(call, "stream");
    } else if (slice_eq(path, SLICE("/v1/streams")) && get) {
        call->kind = S2CALL_LIST;
        call->op = S2RULE_LIST;
    } else if (eat(&path, SLICE("/v1/streams/"))) {
        parse_stream(call, path);
    }
}

void s2call_parse(struct s2call *call, const struct httpd_request *req,
                  unsigned conn)
{
    static const char proto[] = "application/protobuf";

    *call = (struct s2call){.req = req, .conn = conn, .op = S2RULE_OTHER};
    buf_init(&call->name, NAME_MAX_BYTES);
    call->proto_in = httpd_header_has(req, "Content-Type", proto);
    call->proto_out = httpd_header_has(req, "Accept", proto);
    parse_path(call);
}

void s2call_release(struct s2call *call)
{
    buf_release(&call->name);
    free(call->steps);
}

const char *s2call_name(struct s2call *call)
{
    return call->name.n > 0 ? buf_str(&call->name) : NULL;
}

void s2reply_error(struct s2reply *reply, int status, const char *code,
                   const char *message)
{
    reply->status = status;
    reply->type = "application/json";
    buf_reset(&reply->body);
    buf_addf(&reply->body, "{\"code\":\"%s\",\"message\":", code);
    text_json(&reply->body, slice_str(message));
    buf_addstr(&reply->body, "}");
}
