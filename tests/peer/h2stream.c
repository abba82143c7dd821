#include "h2stream.h"

#include <inttypes.h>

#include "httpd.h"

#define BODY_MAX ((size_t)8 << 20)

static void put32(unsigned char *to, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(n >> (24 - 8 * i));
}

int h2stream_frame(struct h2 *h2, enum h2_frame type, unsigned flags,
                   uint32_t id, struct slice payload)
{
    unsigned char head[H2_FRAME_HEAD];

    put32(head, (uint32_t)payload.n << 8 | (uint32_t)type);
    head[4] = (unsigned char)flags;
    put32(head + 5, id);
    if (net_write(h2->conn, (struct slice){(const char *)head, H2_FRAME_HEAD},
                  H2_WRITE_MS) != 0)
        return -1;
    return net_write(h2->conn, payload, H2_WRITE_MS);
}

void h2stream_end(struct h2stream *s)
{
    proxylink_close(&s->link);
    buf_release(&s->body);
    s->id = 0;
}

int h2stream_reset(struct h2 *h2, uint32_t id, uint32_t code)
{
    unsigned char bytes[4];

    put32(bytes, code);
    return h2stream_frame(h2, H2_RST_STREAM, 0, id,
                          (struct slice){(const char *)bytes, 4});
}

static int send_goaway(struct h2 *h2, uint32_t code)
{
    unsigned char bytes[8];

    put32(bytes, h2->newest);
    put32(bytes + 4, code);
    return h2stream_frame(h2, H2_GOAWAY, 0, 0,
                          (struct slice){(const char *)bytes, 8});
}

int h2stream_fault(struct h2 *h2, uint32_t id, uint64_t nth,
                   const struct h2gate_rule *rule)
{
    journal_line(&h2->gate->peer.journal,
                 "fault conn=%u id=%" PRIu32 " n=%" PRIu64 " %s", h2->conn->id,
                 id, nth, rule->text);
    if (rule->fault == H2GATE_RST)
        return h2stream_reset(h2, id, rule->code);
    h2->leaving = true;
    return send_goaway(h2, rule->code) != 0 || rule->code != 0 ? -1 : 0;
}

static int ask(struct h2stream *s, const struct h2request *r)
{
    struct buf text = BUF_INIT(H2_HELD_MAX);
    int rc =
        buf_addf(&text, "%.*s %.*s HTTP/1.1\r\n%.*sConnection: close\r\n\r\n",
                 (int)r->method.n, r->method.p, (int)r->path.n, r->path.p,
                 (int)r->head.n, r->head.p);

    if (rc == 0 && proxylink_open(&s->link) != 0)
        rc = -1;
    if (rc == 0)
        rc = net_write(&s->link.conn, buf_slice(&text), H2_WRITE_MS);
    buf_release(&text);
    return rc;
}

int h2stream_begin(struct h2 *h2, uint32_t id, uint64_t nth,
                   const struct h2gate_rule *rule, const struct h2request *r)
{
    struct h2stream *s = h2->streams;

    while (s < h2->streams + H2_STREAMS && s->id != 0)
        s++;
    if (s == h2->streams + H2_STREAMS)
        return h2stream_reset(h2, id, 0x7);
    *s = (struct h2stream){
        .id = id, .nth = nth, .rule = rule, .window = h2->initial};
    buf_init(&s->body, BODY_MAX);
    proxylink_init(&s->link, h2->conn->server, h2->gate->to);
    if (ask(s, r) == 0)
        return 0;
    h2stream_end(s);
    return h2stream_reset(h2, id, 0x2);
}

/* The status, and the type; both names by their place in the table of RFC
 * 7541. */
static int send_head(struct h2 *h2, const struct h2stream *s,
                     const struct httpd_request *view, const char *status)
{
    struct slice type = httpd_header(view, "Content-Type");
    struct buf block = BUF_INIT(256);
    int rc = buf_add(&block, "\x08\x03", 2) | buf_add(&block, status, 3);

    if (type.n > 0 && type.n < 100) {
        char key[] = {0x0f, 0x10, (char)type.n};

        rc |= buf_add(&block, key, sizeof(key)) | buf_addslice(&block, type);
    }
    if (rc == 0)
        rc = h2stream_frame(h2, H2_HEADERS, H2_END_HEADERS, s->id,
                            buf_slice(&block));
    buf_release(&block);
    return rc;
}

/* What the server has sent of an answer.  0; 1 when it is no answer, or has
 * broken off; -1 when the client is gone. */
static int take_answer(struct h2 *h2, struct h2stream *s)
{
    struct buf *in = &s->link.conn.in;
    ssize_t n;

    if (!s->headed) {
        struct httpd_request view = {.head = {in->p, 0}};

        view.head.n = httpd_head(buf_slice(in));
        if (view.head.n == 0)
            return s->link.conn.closed;
        if (view.head.n < 16 ||
            httpd_body(&view, HTTPBODY_OPEN, &s->framing) != 0)
            return 1;
        if (send_head(h2, s, &view, in->p + 9) != 0)
            return -1;
        s->headed = true;
        buf_drop(in, view.head.n);
    }
    n = httpbody_take(&s->framing, buf_slice(in), &s->body);
    if (n < 0)
        return 1;
    buf_drop(in, (size_t)n);
    return s->link.conn.closed && !s->framing.done;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Sends what may be sent of the body, to where a fault is.  0 or -1. */
static int send_body(struct h2 *h2, struct h2stream *s)
{
    while (s->body.n > 0 && h2->window > 0 && s->window > 0) {
        int64_t n = least((int64_t)s->body.n, (int64_t)H2_FRAME_MAX);

        n = least(n, least(h2->window, s->window));
        if (s->rule != NULL && s->sent <= s->rule->at)
            n = least(n, s->rule->at - s->sent);
        if (n == 0)
            return 0;
        if (h2stream_frame(h2, H2_DATA, 0, s->id,
                           (struct slice){s->body.p, (size_t)n}) != 0)
            return -1;
        buf_drop(&s->body, (size_t)n);
        s->sent += n;
        h2->window -= n;
        s->window -= n;
    }
    return 0;
}

int h2stream_run(struct h2 *h2, struct h2stream *s)
{
    const struct h2gate_rule *rule = s->rule;
    uint32_t id = s->id;
    int rc = 0;

    if (send_body(h2, s) != 0)
        return -1;
    if (rule != NULL && s->headed && rule->at == s->sent) {
        s->rule = NULL;
        if (rule->fault == H2GATE_RST)
            h2stream_end(s);
        rc = h2stream_fault(h2, id, s->nth, rule);
        if (rc != 0 || s->id == 0)
            return rc;
        /* It goes on, without the rule. */
        rule = NULL;
        if (send_body(h2, s) != 0)
            return -1;
    }
    if (!s->framing.done || !s->headed || s->body.n > 0)
        return 0;
    rc = h2stream_frame(h2, H2_DATA, H2_END_STREAM, id, SLICE(""));
    h2stream_end(s);
    if (rc == 0 && rule != NULL && rule->at == H2GATE_END)
        rc = h2stream_fault(h2, id, s->nth, rule);
    return rc;
}

int h2stream_take(struct h2 *h2, struct h2stream *s)
{
    uint32_t id = s->id;
    int rc;

    net_read(&s->link.conn, 0);
    rc = take_answer(h2, s);
    if (rc <= 0)
        return rc;
    journal_line(&h2->gate->peer.journal, "broken conn=%u id=%" PRIu32,
                 h2->conn->id, id);
    h2stream_end(s);
    return h2stream_reset(h2, id, 0x2);
}
