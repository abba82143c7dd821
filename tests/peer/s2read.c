#include "s2peer.h"

#include <inttypes.h>
#include <time.h>

#include "base/loop.h"
#include "body.h"

/* How often who waits looks whether the process is to end. */
#define LOOK_NS 50000000L

static void reply_tail(const struct store_stream *stream, int status,
                       struct s2reply *reply)
{
    buf_addf(&reply->body,
             "{\"tail\":{\"seq_num\":%zu,\"timestamp\":%" PRIu64 "}}",
             stream->n, stream->last);
    reply->status = status;
    reply->type = "application/json";
}

void s2read_wait(struct s2peer *s2)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += LOOK_NS;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&s2->grown, &s2->lock, &until);
}

/* Waits until ${stream} is longer than ${start}, for at most ${wait_s}. */
static void wait_for(struct s2peer *s2, const struct store_stream *stream,
                     uint64_t start, uint64_t wait_s)
{
    int64_t end = loop_now() + (int64_t)wait_s * 1000;

    while (stream->n <= start && loop_now() < end &&
           !net_stopping(&s2->peer.server))
        s2read_wait(s2);
}

/* Where a read begins, of which stream.  0, or -1 with ${reply} filled. */
static int begin(struct s2peer *s2, struct s2call *call, struct s2reply *reply,
                 struct store_stream **stream)
{
    enum s2query_result result =
        s2query_parse(call->req, call->kind == S2CALL_FOLLOW, &call->query);

    if (result == S2QUERY_BAD) {
        s2reply_error(reply, 400, "bad_query", "no such range");
        return -1;
    }
    if (result == S2QUERY_INVALID) {
        s2reply_error(reply, 422, "invalid", "no such range");
        return -1;
    }
    *stream = s2state_stream(s2, call, reply);
    if (*stream == NULL)
        return -1;
    if (s2query_start(&call->query, *stream, &call->from) == S2QUERY_OK)
        return 0;
    reply_tail(*stream, 416, reply);
    return -1;
}

void s2read_call(struct s2peer *s2, struct s2call *call, struct s2reply *reply)
{
    struct store_stream *stream;
    uint64_t from;
    bool at_tail;
    size_t n;

    if (begin(s2, call, reply, &stream) != 0)
        return;
    at_tail = call->from == stream->n && !s2query_spent(&call->query);
    /* One that is deleted meanwhile ends with a command, as for sessions. */
    if (at_tail)
        wait_for(s2, stream, call->from, call->query.wait_s);
    from = call->from > stream->trimmed ? call->from : stream->trimmed;
    n = s2query_fit(&call->query, stream, from, stream->n);
    reply->status = 200;
    reply->type = call->proto_out ? "application/protobuf" : "application/json";
    /* Only who reads recent records is told the tail. */
    body_batch(stream, from, n, at_tail && n > 0 && from + n >= stream->n,
               call->proto_out, &reply->body);
}

void s2read_open(struct s2peer *s2, struct s2call *call, struct s2reply *reply)
{
    struct store_stream *stream;

    if (begin(s2, call, reply, &stream) != 0)
        return;
    reply->status = 200;
    call->stream = stream;
}

void s2read_tail(struct s2peer *s2, struct s2call *call, struct s2reply *reply)
{
    const struct store_stream *stream = s2state_stream(s2, call, reply);

    if (stream != NULL)
        reply_tail(stream, 200, reply);
}
