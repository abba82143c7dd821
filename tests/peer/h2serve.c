#include "h2stream.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW 65535
#define SETTING_WINDOW 4

static uint32_t get32(const char *from)
{
    uint32_t n = 0;

    for (int i = 0; i < 4; i++)
        n = n << 8 | (unsigned char)from[i];
    return n;
}

static int on_field(void *arg, struct slice name, struct slice value)
{
    struct h2request *r = arg;

    if (slice_eq(name, SLICE(":method")))
        return buf_addslice(&r->method, value);
    if (slice_eq(name, SLICE(":path")))
        return buf_addslice(&r->path, value);
    if (slice_eq(name, SLICE(":authority")))
        name = SLICE("Host");
    else if (name.n > 0 && name.p[0] == ':')
        return 0;
    return buf_addf(&r->head, "%.*s: %.*s\r\n", (int)name.n, name.p,
                    (int)value.n, value.p);
}

static int on_request(struct h2 *h2, uint32_t id, const struct h2request *r)
{
    const struct h2gate_rule *rule;
    uint64_t nth;

    if (h2->leaving) {
        journal_line(&h2->gate->peer.journal, "ignored conn=%u id=%" PRIu32,
                     h2->conn->id, id);
        return 0;
    }
    rule = h2gate_next(h2->gate, &nth);
    journal_line(&h2->gate->peer.journal,
                 "request conn=%u id=%" PRIu32 " n=%" PRIu64 " %.*s",
                 h2->conn->id, id, nth, (int)r->path.n, r->path.p);
    if (rule != NULL && rule->at == H2GATE_BEFORE)
        return h2stream_fault(h2, id, nth, rule);
    h2->newest = id;
    return h2stream_begin(h2, id, nth, rule, r);
}

static int on_headers(struct h2 *h2, unsigned flags, uint32_t id,
                      struct slice block)
{
    struct h2request r = {BUF_INIT(64), BUF_INIT(H2_HELD_MAX),
                          BUF_INIT(H2_HELD_MAX)};
    size_t before = (flags & H2_PADDED) != 0, behind = 0;
    int rc = -1;

    if (before > 0 && block.n > 0)
        behind = (unsigned char)block.p[0];
    if ((flags & H2_PRIORITY) != 0)
        before += 5;
    if ((flags & H2_END_HEADERS) == 0 || block.n < before + behind)
        return -1;
    block.p += before;
    block.n -= before + behind;
    if (hpack_decode(&h2->hpack, block, on_field, &r) == 0)
        rc = on_request(h2, id, &r);
    buf_release(&r.method);
    buf_release(&r.path);
    buf_release(&r.head);
    return rc;
}

static struct h2stream *find(struct h2 *h2, uint32_t id)
{
    for (size_t i = 0; i < H2_STREAMS; i++) {
        if (id != 0 && h2->streams[i].id == id)
            return &h2->streams[i];
    }
    return NULL;
}

static int on_settings(struct h2 *h2, unsigned flags, struct slice s)
{
    if ((flags & H2_ACK) != 0)
        return 0;
    for (size_t i = 0; i + 6 <= s.n; i += 6) {
        int64_t value = get32(s.p + i + 2);

        if (s.p[i] != 0 || s.p[i + 1] != SETTING_WINDOW)
            continue;
        for (size_t k = 0; k < H2_STREAMS; k++)
            h2->streams[k].window += value - h2->initial;
        h2->initial = value;
    }
    return h2stream_frame(h2, H2_SETTINGS, H2_ACK, 0, SLICE(""));
}

static void on_window(struct h2 *h2, uint32_t id, struct slice s)
{
    struct h2stream *stream = find(h2, id);
    int64_t more = s.n == 4 ? get32(s.p) & 0x7FFFFFFF : 0;

    if (id == 0)
        h2->window += more;
    else if (stream != NULL)
        stream->window += more;
}

static int on_frame(struct h2 *h2, unsigned type, unsigned flags, uint32_t id,
                    struct slice payload)
{
    struct h2stream *s = find(h2, id);

    switch (type) {
    case H2_HEADERS:
        return on_headers(h2, flags, id, payload);
    case H2_RST_STREAM:
        journal_line(&h2->gate->peer.journal, "cancel conn=%u id=%" PRIu32,
                     h2->conn->id, id);
        if (s != NULL)
            h2stream_end(s);
        return 0;
    case H2_SETTINGS:
        return on_settings(h2, flags, payload);
    case H2_PING:
        return (flags & H2_ACK) != 0
                   ? 0
                   : h2stream_frame(h2, H2_PING, H2_ACK, 0, payload);
    case H2_WINDOW_UPDATE:
        on_window(h2, id, payload);
        return 0;
    case H2_CONTINUATION:
        return -1;
    default:
        return 0;
    }
}

/* All whole frames that have come.  0, or -1. */
static int take_frames(struct h2 *h2)
{
    struct buf *in = &h2->conn->in;
    int rc = 0;

    while (rc == 0 && in->n >= H2_FRAME_HEAD) {
        size_t n = get32(in->p) >> 8;

        if (n > H2_FRAME_MAX)
            return -1;
        if (in->n < H2_FRAME_HEAD + n)
            return 0;
        rc = on_frame(h2, (unsigned char)in->p[3], (unsigned char)in->p[4],
                      get32(in->p + 5) & 0x7FFFFFFF,
                      (struct slice){in->p + H2_FRAME_HEAD, n});
        buf_drop(in, H2_FRAME_HEAD + n);
    }
    return rc;
}

/* Waits; then takes and passes on what there is.  0, or -1 at the end. */
static int turn(struct h2 *h2)
{
    struct pollfd fds[H2_STREAMS + 2] = {{h2->conn->fd, POLLIN, 0},
                                         {h2->conn->server->stop, POLLIN, 0}};
    size_t open = 0;

    for (size_t i = 0; i < H2_STREAMS; i++) {
        const struct h2stream *s = &h2->streams[i];
        bool reads = s->id != 0 && !s->link.conn.closed && !s->framing.done &&
                     s->body.n < H2_HELD_MAX;

        fds[i + 2] = (struct pollfd){reads ? s->link.conn.fd : -1, POLLIN, 0};
        open += s->id != 0;
    }
    if (h2->leaving && open == 0)
        return -1;
    if (poll(fds, H2_STREAMS + 2, -1) < 0)
        return errno == EINTR ? 0 : -1;
    if (fds[1].revents != 0 ||
        (fds[0].revents != 0 && net_read(h2->conn, 0) == NET_CLOSED) ||
        take_frames(h2) != 0)
        return -1;
    for (size_t i = 0; i < H2_STREAMS; i++) {
        struct h2stream *s = &h2->streams[i];

        if ((s->id != 0 && fds[i + 2].revents != 0 &&
             h2stream_take(h2, s) != 0) ||
            (s->id != 0 && h2stream_run(h2, s) != 0))
            return -1;
    }
    return 0;
}

static bool greets(struct h2 *h2)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const size_t n = sizeof(preface) - 1;
    struct buf *in = &h2->conn->in;

    if (h2stream_frame(h2, H2_SETTINGS, 0, 0, SLICE("")) != 0)
        return false;
    while (in->n < n) {
        if (net_read(h2->conn, H2_WRITE_MS) != NET_DATA)
            return false;
    }
    if (memcmp(in->p, preface, n) != 0)
        return false;
    buf_drop(in, n);
    return take_frames(h2) == 0;
}

void h2gate_serve(struct h2gate *gate, struct net_conn *conn)
{
    struct h2 *h2 = calloc(1, sizeof(*h2));

    if (h2 == NULL)
        return;
    h2->gate = gate;
    h2->conn = conn;
    h2->window = WINDOW;
    h2->initial = WINDOW;
    hpack_init(&h2->hpack);
    if (greets(h2)) {
        while (turn(h2) == 0)
            continue;
    }
    for (size_t i = 0; i < H2_STREAMS; i++) {
        if (h2->streams[i].id != 0)
            h2stream_end(&h2->streams[i]);
    }
    hpack_release(&h2->hpack);
    journal_line(&gate->peer.journal, "end conn=%u", conn->id);
    free(h2);
}
