/*
 * S2S frames, good and bad, and the chunked body that they travel in.
 */
#ifndef PEER_S2FRAME_H
#define PEER_S2FRAME_H

#include "net.h"
#include "s2rule.h"

/* The longest frame: its flag byte and its payload. */
#define S2FRAME_MAX ((size_t)2 << 20)

/* Room for one, or for a bad one. */
#define S2FRAME_BUF_MAX (S2FRAME_MAX * 4)

/* Of the flag byte. */
enum {
    S2FRAME_RESERVED = 0x01,
    S2FRAME_RECONNECT = 0x10,
    S2FRAME_ZSTD = 0x20,
    S2FRAME_GZIP = 0x40,
    S2FRAME_TERMINAL = 0x80
};

/* s2frame_add(out, flags, payload): append a frame.  0 or -1. */
int s2frame_add(struct buf *out, unsigned flags, struct slice payload);

/* s2frame_payload(out, flags, payload, zstd): s2frame_add that, with
 * ${zstd}, compresses whatever is worth it. */
int s2frame_payload(struct buf *out, unsigned flags, struct slice payload,
                    bool zstd);

/* s2frame_terminal(out, status, code, message): append a terminal frame. */
int s2frame_terminal(struct buf *out, int status, const char *code,
                     const char *message);

/* s2frame_bad(out, fault): append a frame that no server should send; or -1
 * when ${fault} is no such thing. */
int s2frame_bad(struct buf *out, enum s2rule_fault fault);

/* s2frame_begin(conn), s2frame_send(conn, bytes, chunk), s2frame_end(conn):
 * the head of a session's answer; bytes in chunks of ${chunk}, 0 for a single
 * one; the end of the body.  0 or -1. */
int s2frame_begin(struct net_conn *conn);
int s2frame_send(struct net_conn *conn, struct slice bytes, size_t chunk);
int s2frame_end(struct net_conn *conn);

/* s2frame_half(conn, bytes): the head of a chunk that is to hold ${bytes},
 * and half of them. */
int s2frame_half(struct net_conn *conn, struct slice bytes);

#endif
