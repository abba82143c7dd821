#include "s2peer.h"

#include <inttypes.h>
#include <string.h>

#include "base/loop.h"
#include "base/parse.h"
#include "base/text.h"
#include "body.h"

#define BASIN_MIN 8
#define BASIN_MAX 48
#define STREAM_MAX 512
#define LIST_MAX 1000

static void reply_ok(struct s2reply *reply, int status, bool proto)
{
    reply->status = status;
    reply->type = proto ? "application/protobuf" : "application/json";
}

/* The basin that a request is for, empty when it does not say: the header,
 * else the first label of a host name with several. */
static struct slice basin_of(const struct httpd_request *req)
{
    struct slice name = httpd_header(req, "s2-basin");
    const char *dot;

    if (name.p != NULL)
        return name;
    name = httpd_header(req, "Host");
    dot = name.n > 0 ? memchr(name.p, '.', name.n) : NULL;
    /* An IP address is no name. */
    if (dot == NULL ||
        (name.p[0] >= '0' && name.p[0] <= '9' && dot < name.p + 4))
        return (struct slice){NULL, 0};
    name.n = (size_t)(dot - name.p);
    return name;
}

/* Whether the token and, where one is needed, the basin are right; else
 * ${reply} is filled.  The lock is held. */
static bool admit(const struct s2peer *s2, const struct s2call *call,
                  struct s2reply *reply)
{
    static const char scheme[] = "Bearer ";
    struct slice given = httpd_header(call->req, "Authorization");
    struct slice basin = basin_of(call->req);
    size_t n = sizeof(scheme) - 1;

    if (s2->token != NULL &&
        (given.n < n || memcmp(given.p, scheme, n) != 0 ||
         !slice_eq((struct slice){given.p + n, given.n - n},
                   slice_str(s2->token)))) {
        s2reply_error(reply, 401, "authn", "authentication failed");
        return false;
    }
    if (call->kind == S2CALL_BASIN)
        return true;
    if (basin.n < BASIN_MIN || basin.n > BASIN_MAX) {
        s2reply_error(reply, 400, "bad_header", "a basin's name is wanted");
        return false;
    }
    if (s2->missing ||
        (s2->basin != NULL && !slice_eq(basin, slice_str(s2->basin)))) {
        s2reply_error(reply, 404, "basin_not_found", "basin not found");
        return false;
    }
    return true;
}

static void make_basin(struct s2peer *s2, struct s2call *call,
                       struct s2reply *reply)
{
    const char *name = s2call_name(call);

    if (name == NULL || strlen(name) < BASIN_MIN || strlen(name) > BASIN_MAX) {
        s2reply_error(reply, 422, "invalid", "no name for a basin");
    } else if (s2->basin != NULL && strcmp(name, s2->basin) != 0) {
        s2reply_error(reply, 403, "permission_denied", "not this basin");
    } else if (!s2->missing) {
        s2reply_error(reply, 409, "resource_already_exists", "basin exists");
    } else {
        s2->missing = false;
        reply_ok(reply, 201, false);
        buf_addf(&reply->body, "{\"name\":\"%s\",\"state\":\"active\"}", name);
    }
}

static int add_info(struct buf *out, const struct store_stream *stream)
{
    char created[PARSE_TIME_SIZE];
    char deleted[PARSE_TIME_SIZE];
    bool gone = stream->deleted_us != 0;

    parse_time_text(stream->created_us, created);
    parse_time_text(stream->deleted_us, deleted);
    return buf_addstr(out, "{\"name\":") |
           text_json(out, slice_str(stream->name)) |
           buf_addf(out, ",\"created_at\":\"%s\",\"deleted_at\":%s%s%s",
                    created, gone ? "\"" : "", gone ? deleted : "null",
                    gone ? "\"" : "") |
           buf_addstr(out, ",\"cipher\":null}");
}

static bool is_stream_name(const char *name)
{
    return name != NULL && strlen(name) <= STREAM_MAX &&
           strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static void make_stream(struct s2peer *s2, struct s2call *call,
                        struct s2reply *reply)
{
    const char *name = s2call_name(call);
    struct store_stream *stream;

    if (!is_stream_name(name)) {
        s2reply_error(reply, name != NULL ? 422 : 400,
                      name != NULL ? "invalid" : "bad_json",
                      "no name for a stream");
        return;
    }
    stream = store_find(&s2->store, name);
    if (stream != NULL && stream->deleted_us != 0) {
        s2state_stream(s2, call, reply);
        return;
    }
    if (stream != NULL) {
        s2reply_error(reply, 409, "resource_already_exists", "stream exists");
        return;
    }
    stream = store_create(&s2->store, name, loop_wall());
    if (stream == NULL) {
        s2reply_error(reply, 500, "other", "out of memory");
        return;
    }
    reply_ok(reply, 201, false);
    add_info(&reply->body, stream);
}

static void drop_stream(struct s2peer *s2, struct s2call *call,
                        struct s2reply *reply)
{
    const char *name = s2call_name(call);
    struct store_stream *stream =
        name != NULL ? store_find(&s2->store, name) : NULL;

    if (stream == NULL) {
        s2state_stream(s2, call, reply);
        return;
    }
    s2state_delete(s2, stream);
    reply->status = 202;
}

static void list_streams(struct s2peer *s2, const struct httpd_request *req,
                         struct s2reply *reply)
{
    struct buf prefix = BUF_INIT(4096);
    struct buf after = BUF_INIT(4096);
    struct buf limit = BUF_INIT(32);
    uint64_t max = LIST_MAX;
    size_t n = 0;
    size_t i = 0;

    httpd_param(req, "prefix", 0, &prefix);
    if (httpd_param(req, "start_after", 0, &after) && after.n > 0)
        i = store_after(&s2->store, buf_str(&after));
    if (httpd_param(req, "limit", 0, &limit))
        parse_uint(buf_str(&limit), 0, UINT64_MAX, &max, NULL);
    if (max == 0 || max > LIST_MAX)
        max = LIST_MAX;
    reply_ok(reply, 200, false);
    buf_addstr(&reply->body, "{\"streams\":[");
    for (; i < s2->store.n; i++) {
        const struct store_stream *stream = s2->store.streams[i];

        if (prefix.n > 0 &&
            strncmp(stream->name, buf_str(&prefix), prefix.n) != 0)
            continue;
        if (n == max)
            break;
        buf_addstr(&reply->body, n++ > 0 ? "," : "");
        add_info(&reply->body, stream);
    }
    buf_addf(&reply->body, "],\"has_more\":%s}",
             i < s2->store.n ? "true" : "false");
    buf_release(&prefix);
    buf_release(&after);
    buf_release(&limit);
}

/* The answer to an append that came to ${result}. */
static void reply_append(const struct store_stream *stream, size_t n,
                         enum store_result result, bool proto,
                         struct s2reply *reply)
{
    struct body_position start = {0, 0};
    struct body_position end = {stream->n, stream->last};

    switch (result) {
    case STORE_OK:
        start.seq_num = stream->n - n;
        start.timestamp = stream->records[start.seq_num].timestamp;
        reply_ok(reply, 200, proto);
        body_ack(&start, &end, proto, &reply->body);
        return;
    case STORE_MISMATCH:
        reply_ok(reply, 412, false);
        buf_addf(&reply->body, "{\"seq_num_mismatch\":%zu}", stream->n);
        return;
    case STORE_FENCED:
        reply_ok(reply, 412, false);
        buf_addstr(&reply->body, "{\"fencing_token_mismatch\":");
        text_json(&reply->body, slice_str(stream->token));
        buf_addstr(&reply->body, "}");
        return;
    case STORE_INVALID:
        s2reply_error(reply, 422, "invalid", "invalid batch");
        return;
    default:
        s2reply_error(reply, 500, "other", "out of memory");
        return;
    }
}

static void append_records(struct s2peer *s2, struct s2call *call,
                           struct s2reply *reply)
{
    const char *name = s2call_name(call);
    struct store_clock clock = s2state_clock(s2);
    struct store_stream *stream;
    struct body_append in;

    if (body_parse(call->req->body, call->proto_in, &in) != 0) {
        s2reply_error(reply, 400, call->proto_in ? "bad_proto" : "bad_json",
                      "no batch");
    } else {
        if (s2->rules.settings.autocreate && is_stream_name(name) &&
            store_find(&s2->store, name) == NULL)
            store_create(&s2->store, name, loop_wall());
        stream = s2state_stream(s2, call, reply);
        if (stream != NULL)
            reply_append(stream, in.nrecords,
                         store_append(stream, &in.append, &clock),
                         call->proto_out, reply);
        pthread_cond_broadcast(&s2->grown);
    }
    body_release(&in);
}

static void dump_stream(struct s2peer *s2, struct s2call *call,
                        struct s2reply *reply)
{
    const struct store_stream *stream = s2state_stream(s2, call, reply);

    if (stream == NULL)
        return;
    reply->status = 200;
    reply->type = "text/plain; charset=utf-8";
    store_dump(stream, false, &reply->body);
}

static void apply(struct s2peer *s2, struct s2call *call, struct s2reply *reply)
{
    switch (call->kind) {
    case S2CALL_APPEND:
        append_records(s2, call, reply);
        return;
    case S2CALL_READ:
        s2read_call(s2, call, reply);
        return;
    case S2CALL_FOLLOW:
        s2read_open(s2, call, reply);
        return;
    case S2CALL_TAIL:
        s2read_tail(s2, call, reply);
        return;
    case S2CALL_CREATE:
        make_stream(s2, call, reply);
        return;
    case S2CALL_DELETE:
        drop_stream(s2, call, reply);
        return;
    case S2CALL_LIST:
        list_streams(s2, call->req, reply);
        return;
    case S2CALL_BASIN:
        make_basin(s2, call, reply);
        return;
    default:
        s2reply_error(reply, 404, "not_found", "no such thing");
        return;
    }
}

void s2apply_call(struct s2peer *s2, struct s2call *call, struct s2reply *reply)
{
    pthread_mutex_lock(&s2->lock);
    s2state_bury(s2);
    if (call->kind == S2CALL_DUMP)
        dump_stream(s2, call, reply);
    else if (admit(s2, call, reply))
        apply(s2, call, reply);
    pthread_mutex_unlock(&s2->lock);
}
