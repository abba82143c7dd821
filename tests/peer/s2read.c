#include "s2peer.h"

#include <inttypes.h>
#include <time.h>

#include "base/loop.h"
#include "base/parse.h"
#include "body.h"

#define COUNT_MAX 1000
#define BYTES_MAX ((uint64_t)1 << 20)
#define WAIT_MAX_S 60

/* How often a waiting read looks whether the process is to end. */
#define LOOK_NS 50000000L

/* The query of a read. */
struct query {
    uint64_t seq_num, timestamp, tail_offset;
    bool has_seq_num, has_timestamp, has_tail_offset;
    uint64_t count, bytes, until, wait_s;
    bool clamp;
};

/* A number among the parameters.  0, or -1 when it is none. */
static int get_number(const struct httpd_request *req, const char *name,
                      uint64_t *out, bool *given)
{
    struct buf value = BUF_INIT(64);
    int result = 0;

    *given = httpd_param(req, name, 0, &value) != 0;
    if (*given)
        result = parse_uint(buf_str(&value), 0, UINT64_MAX, out, NULL);
    buf_release(&value);
    return result;
}

static int parse_query(const struct httpd_request *req, struct query *q)
{
    struct buf clamp = BUF_INIT(16);
    bool given;
    int bad = 0;

    *q = (struct query){
        .count = COUNT_MAX, .bytes = BYTES_MAX, .until = UINT64_MAX};
    bad |= get_number(req, "seq_num", &q->seq_num, &q->has_seq_num);
    bad |= get_number(req, "timestamp", &q->timestamp, &q->has_timestamp);
    bad |= get_number(req, "tail_offset", &q->tail_offset, &q->has_tail_offset);
    bad |= get_number(req, "count", &q->count, &given);
    bad |= get_number(req, "bytes", &q->bytes, &given);
    bad |= get_number(req, "until", &q->until, &given);
    bad |= get_number(req, "wait", &q->wait_s, &given);
    q->clamp = httpd_param(req, "clamp", 0, &clamp) &&
               slice_eq(buf_slice(&clamp), SLICE("true"));
    buf_release(&clamp);
    if (q->has_seq_num + q->has_timestamp + q->has_tail_offset > 1)
        return -1;
    q->count = q->count < COUNT_MAX ? q->count : COUNT_MAX;
    q->bytes = q->bytes < BYTES_MAX ? q->bytes : BYTES_MAX;
    q->wait_s = q->wait_s < WAIT_MAX_S ? q->wait_s : WAIT_MAX_S;
    return bad != 0 ? -1 : 0;
}

static uint64_t find_start(const struct store_stream *stream,
                           const struct query *q)
{
    if (q->has_seq_num)
        return q->seq_num;
    if (q->has_timestamp)
        return store_at_time(stream, q->timestamp);
    return q->tail_offset < stream->n ? stream->n - q->tail_offset : 0;
}

static void add_tail(const struct store_stream *stream, struct s2reply *reply)
{
    buf_addf(&reply->body,
             "{\"tail\":{\"seq_num\":%zu,\"timestamp\":%" PRIu64 "}}",
             stream->n, stream->last);
    reply->type = "application/json";
}

/* Waits until ${call}'s stream is longer than ${start}, for at most
 * ${wait_s}; the lock is given up meanwhile.  The stream, or NULL when it
 * has gone. */
static struct store_stream *wait_for(struct s2peer *s2, struct s2call *call,
                                     uint64_t start, uint64_t wait_s)
{
    int64_t end = loop_now() + (int64_t)wait_s * 1000;

    for (;;) {
        struct store_stream *stream = store_find(&s2->store, s2call_name(call));
        struct timespec until;

        if (stream == NULL || stream->n > start || loop_now() >= end ||
            net_stopping(&s2->peer.server))
            return stream;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += LOOK_NS;
        if (until.tv_nsec >= 1000000000L) {
            until.tv_nsec -= 1000000000L;
            until.tv_sec++;
        }
        pthread_cond_timedwait(&s2->grown, &s2->lock, &until);
    }
}

/* How many records from ${from} on fit what was asked for. */
static size_t count_records(const struct store_stream *stream, uint64_t from,
                            const struct query *q)
{
    uint64_t bytes = 0;
    size_t n = 0;

    for (; from + n < stream->n && n < q->count; n++) {
        const struct store_record *record = &stream->records[from + n];

        bytes += store_metered(record);
        if (bytes > q->bytes || record->timestamp >= q->until)
            break;
    }
    return n;
}

static void reply_batch(const struct store_stream *stream, uint64_t start,
                        const struct query *q, bool waited, bool proto,
                        struct s2reply *reply)
{
    uint64_t from = start > stream->trimmed ? start : stream->trimmed;
    size_t n = from < stream->n ? count_records(stream, from, q) : 0;

    reply->status = 200;
    reply->type = proto ? "application/protobuf" : "application/json";
    /* Only who reads recent records is told the tail. */
    body_batch(stream, from, n, waited && from + n >= stream->n, proto,
               &reply->body);
}

void s2read_call(struct s2peer *s2, struct s2call *call, struct s2reply *reply)
{
    const char *name = s2call_name(call);
    struct store_stream *stream =
        name != NULL ? store_find(&s2->store, name) : NULL;
    struct query q;
    uint64_t start;
    bool at_tail;

    if (parse_query(call->req, &q) != 0) {
        s2reply_error(reply, 400, "bad_query", "no such range");
        return;
    }
    if (stream != NULL) {
        start = find_start(stream, &q);
        if (start > stream->n && q.clamp)
            start = stream->n;
        at_tail = start == stream->n;
        if (start > stream->n || (at_tail && q.wait_s == 0)) {
            reply->status = 416;
            add_tail(stream, reply);
            return;
        }
        if (at_tail)
            stream = wait_for(s2, call, start, q.wait_s);
        if (stream != NULL) {
            reply_batch(stream, start, &q, at_tail, call->proto_out, reply);
            return;
        }
    }
    s2reply_error(reply, 404, "stream_not_found", "stream not found");
}

void s2read_tail(struct s2peer *s2, struct s2call *call, struct s2reply *reply)
{
    const char *name = s2call_name(call);
    const struct store_stream *stream =
        name != NULL ? store_find(&s2->store, name) : NULL;

    if (stream == NULL) {
        s2reply_error(reply, 404, "stream_not_found", "stream not found");
        return;
    }
    reply->status = 200;
    add_tail(stream, reply);
}
