#include "s2query.h"

#include "base/parse.h"

#define WAIT_MAX_S 60

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* A number of at most ${max} among the parameters.  0, or -1 when it is
 * none. */
static int get_number(const struct httpd_request *req, const char *name,
                      uint64_t max, uint64_t *out, bool *given)
{
    struct buf value = BUF_INIT(64);
    int result = 0;

    *given = httpd_param(req, name, 0, &value) != 0;
    if (*given) {
        const char *text = buf_str(&value);

        result = text != NULL ? parse_uint(text, 0, max, out, NULL) : -1;
    }
    buf_release(&value);
    return result;
}

static int get_clamp(const struct httpd_request *req, bool *out)
{
    struct buf value = BUF_INIT(16);
    int result = 0;

    if (httpd_param(req, "clamp", 0, &value)) {
        *out = slice_eq(buf_slice(&value), SLICE("true"));
        if (!*out && !slice_eq(buf_slice(&value), SLICE("false")))
            result = -1;
    }
    buf_release(&value);
    return result;
}

enum s2query_result s2query_parse(const struct httpd_request *req, bool session,
                                  struct s2query *q)
{
    bool given;
    int bad = 0;

    *q = (struct s2query){
        .count = UINT64_MAX, .bytes = UINT64_MAX, .until = UINT64_MAX};
    bad |= get_number(req, "seq_num", UINT64_MAX, &q->seq_num, &q->has_seq_num);
    bad |= get_number(req, "timestamp", UINT64_MAX, &q->timestamp,
                      &q->has_timestamp);
    bad |= get_number(req, "tail_offset", UINT64_MAX, &q->tail_offset,
                      &q->has_tail_offset);
    bad |= get_number(req, "count", UINT64_MAX, &q->count, &given);
    bad |= get_number(req, "bytes", UINT64_MAX, &q->bytes, &given);
    bad |= get_number(req, "until", UINT64_MAX, &q->until, &given);
    bad |= get_number(req, "wait", UINT32_MAX, &q->wait_s, &q->has_wait);
    bad |= get_clamp(req, &q->clamp);
    if (bad != 0)
        return S2QUERY_BAD;
    if (q->has_seq_num + q->has_timestamp + q->has_tail_offset > 1 ||
        (q->has_timestamp && q->timestamp >= q->until))
        return S2QUERY_INVALID;
    if (!session) {
        q->count = least(q->count, S2QUERY_COUNT_MAX);
        q->bytes = least(q->bytes, S2QUERY_BYTES_MAX);
        q->wait_s = least(q->wait_s, WAIT_MAX_S);
    }
    return S2QUERY_OK;
}

bool s2query_follows(const struct s2query *q)
{
    bool unbounded = q->count == UINT64_MAX && q->bytes == UINT64_MAX &&
                     q->until == UINT64_MAX;

    return unbounded || q->wait_s > 0;
}

enum s2query_result s2query_start(const struct s2query *q,
                                  const struct store_stream *stream,
                                  uint64_t *from)
{
    bool beyond = (q->has_seq_num && q->seq_num > stream->n) ||
                  (q->has_timestamp && q->timestamp > stream->last);

    *from = stream->n;
    if (s2query_spent(q))
        return S2QUERY_OK;
    if (beyond && !q->clamp)
        return S2QUERY_UNWRITTEN;
    if (!beyond && q->has_seq_num)
        *from = q->seq_num;
    else if (!beyond && q->has_timestamp)
        *from = store_at_time(stream, q->timestamp);
    else if (!beyond)
        *from = q->tail_offset < stream->n ? stream->n - q->tail_offset : 0;
    if (*from == stream->n && !s2query_follows(q))
        return S2QUERY_UNWRITTEN;
    return S2QUERY_OK;
}

size_t s2query_fit(const struct s2query *q, const struct store_stream *stream,
                   uint64_t from, uint64_t end)
{
    uint64_t most = least(q->count, S2QUERY_COUNT_MAX);
    uint64_t room = least(q->bytes, S2QUERY_BYTES_MAX);
    uint64_t bytes = 0;
    size_t n = 0;

    for (; n < most && from + n < end; n++) {
        const struct store_record *record = &stream->records[from + n];

        bytes += store_metered(record);
        if (bytes > room || record->timestamp >= q->until)
            break;
    }
    return n;
}

void s2query_spend(struct s2query *q, const struct store_stream *stream,
                   uint64_t from, size_t n)
{
    if (q->count != UINT64_MAX)
        q->count -= n;
    for (size_t i = 0; i < n && q->bytes != UINT64_MAX; i++)
        q->bytes -= store_metered(&stream->records[from + i]);
}

bool s2query_spent(const struct s2query *q)
{
    return q->count == 0 || q->bytes == 0;
}
