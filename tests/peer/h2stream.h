/*
 * The streams of a connection that speaks HTTP/2: each is a request, passed
 * on to the server, and its answer.  Internal to h2stream.c and h2serve.c.
 */
#ifndef PEER_H2STREAM_H
#define PEER_H2STREAM_H

#include "h2gate.h"
#include "hpack.h"
#include "httpbody.h"
#include "proxylink.h"

#define H2_WRITE_MS 10000
#define H2_STREAMS 100
#define H2_FRAME_HEAD 9
#define H2_FRAME_MAX ((size_t)16384)
/* Of a stream with so much to be sent no more is read. */
#define H2_HELD_MAX ((size_t)65536)

enum h2_frame {
    H2_DATA = 0,
    H2_HEADERS = 1,
    H2_RST_STREAM = 3,
    H2_SETTINGS = 4,
    H2_PING = 6,
    H2_GOAWAY = 7,
    H2_WINDOW_UPDATE = 8,
    H2_CONTINUATION = 9
};

enum {
    H2_END_STREAM = 0x1,
    H2_ACK = 0x1,
    H2_END_HEADERS = 0x4,
    H2_PADDED = 0x8,
    H2_PRIORITY = 0x20
};

/* A request and its answer; id 0: none. */
struct h2stream {
    uint32_t id;
    uint64_t nth;
    const struct h2gate_rule *rule; /* NULL once it has happened */
    struct proxylink link;
    struct buf body; /* what is to be sent */
    struct httpbody framing;
    bool headed;
    int64_t sent;
    int64_t window;
};

struct h2 {
    struct h2gate *gate;
    struct net_conn *conn;
    struct hpack hpack;
    struct h2stream streams[H2_STREAMS];
    uint32_t newest; /* of the streams that are or were served */
    bool leaving;    /* no new ones; it ends with the last */
    int64_t window;
    int64_t initial; /* window of a new stream */
};

/* A request in the words of HTTP/1.1. */
struct h2request {
    struct buf method;
    struct buf path;
    struct buf head;
};

/* h2stream_frame(h2, type, flags, id, payload): send a frame.  0 or -1. */
int h2stream_frame(struct h2 *h2, enum h2_frame type, unsigned flags,
                   uint32_t id, struct slice payload);

/* h2stream_reset(h2, id, code): send RST_STREAM.  0 or -1. */
int h2stream_reset(struct h2 *h2, uint32_t id, uint32_t code);

/* h2stream_fault(h2, id, nth, rule): do what the script wants of this stream
 * now.  0, or -1 when the connection is over. */
int h2stream_fault(struct h2 *h2, uint32_t id, uint64_t nth,
                   const struct h2gate_rule *rule);

/* h2stream_begin(h2, id, nth, rule, r): ask the server; where it cannot be
 * reached the stream is reset.  0, or -1 when the connection is over. */
int h2stream_begin(struct h2 *h2, uint32_t id, uint64_t nth,
                   const struct h2gate_rule *rule, const struct h2request *r);

/* h2stream_take(h2, s): something has come from the server.
 * h2stream_run(h2, s): send what can be sent.  0, or -1 when the connection
 * is over; s->id is 0 once the stream is. */
int h2stream_take(struct h2 *h2, struct h2stream *s);
int h2stream_run(struct h2 *h2, struct h2stream *s);

/* h2stream_end(s): forget it. */
void h2stream_end(struct h2stream *s);

#endif
