/*
 * Websocket frames (RFC 6455 section 5) as a server makes and reads them,
 * and wrong ones on request.  No I/O.
 */
#ifndef PEER_WSFRAME_H
#define PEER_WSFRAME_H

#include <stdbool.h>

#include "base/buf.h"

enum wsframe_opcode {
    WSFRAME_CONTINUATION = 0,
    WSFRAME_TEXT = 1,
    WSFRAME_BINARY = 2,
    WSFRAME_CLOSE = 8,
    WSFRAME_PING = 9,
    WSFRAME_PONG = 10
};

/* Bits of a frame's first byte. */
#define WSFRAME_FIN 0x80U
#define WSFRAME_RSV1 0x40U

/* Sec-WebSocket-Accept and its NUL. */
#define WSFRAME_ACCEPT_SIZE 29

struct wsframe {
    unsigned opcode;
    bool fin;
    struct slice payload; /* unmasked, in the buffer it came in */
    size_t size;          /* of the whole frame in that buffer */
};

/* wsframe_accept(key, out): the answer to Sec-WebSocket-Key.  0 or -1. */
int wsframe_accept(struct slice key, char out[WSFRAME_ACCEPT_SIZE]);

/*
 * wsframe_add(out, first, masked, payload): append a frame whose first byte
 * is ${first}: an opcode and the bits above.  0 or -1.
 */
int wsframe_add(struct buf *out, unsigned first, bool masked,
                struct slice payload);

/*
 * wsframe_next(in, frame): the client's frame at the start of ${in}, which
 * the caller drops (frame->size) when done with it.  1; 0 when it has not
 * come whole; -1 when it is not masked or too large.
 */
int wsframe_next(struct buf *in, struct wsframe *frame);

#endif
