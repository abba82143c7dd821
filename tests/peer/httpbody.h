/*
 * Where the body of an HTTP/1.1 message ends, and what it is without its
 * chunks, found as the bytes come, in whatever pieces.
 */
#ifndef PEER_HTTPBODY_H
#define PEER_HTTPBODY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

enum httpbody_kind {
    HTTPBODY_LENGTH,  /* of a known length */
    HTTPBODY_CHUNKED, /* ends by its last chunk */
    HTTPBODY_OPEN     /* ends with the connection */
};

enum httpbody_part {
    HTTPBODY_SIZE,      /* the digits of a chunk's size */
    HTTPBODY_EXTENSION, /* the rest of that line */
    HTTPBODY_DATA,
    HTTPBODY_DATA_END, /* the end of line behind a chunk */
    HTTPBODY_TRAILER,  /* at the beginning of a line of the trailer */
    HTTPBODY_FIELD     /* in such a line */
};

struct httpbody {
    enum httpbody_kind kind;
    enum httpbody_part part; /* what comes next, of a chunked one */
    unsigned digits;         /* of the size so far */
    uint64_t left;           /* bytes of the body, or of this chunk */
    bool done;               /* all of it was taken */
};

/* httpbody_begin(body, kind, length): a body of that ${kind}; ${length} bytes
 * when it is HTTPBODY_LENGTH. */
void httpbody_begin(struct httpbody *body, enum httpbody_kind kind,
                    uint64_t length);

/*
 * httpbody_take(body, bytes, content): take what belongs to the body off the
 * front of ${bytes}; its content is appended to ${content} unless that is
 * NULL.  How many bytes were taken; -1 when they are no chunks or ${content}
 * is full.
 */
ssize_t httpbody_take(struct httpbody *body, struct slice bytes,
                      struct buf *content);

#endif
