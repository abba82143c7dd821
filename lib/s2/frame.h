/*
 * S2S frames out of bytes in any split, without I/O (s2/v1/s2s of the S2
 * specification): three bytes of length, big-endian, that count a flag byte
 * and the payload; in the flag byte bit 7 marks the terminal frame, bits 6-5
 * the compression (0 none, 1 zstd, 2 gzip), bit 4 asks us to connect anew.
 */
#ifndef S2_FRAME_H
#define S2_FRAME_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* Of the flag byte and the payload; a decompressed payload is one less. */
#define FRAME_MAX ((size_t)2 << 20)

struct frame_parser;

struct frame {
    struct slice payload; /* decompressed; valid until the next call */
    bool terminal;        /* the last one: payload is a JSON error */
    int status;           /* terminal: the HTTP status it stands for */
    bool reconnect;       /* the server advises to connect anew */
};

/* frame_new(err): NULL with ERR_OS.  frame_free(NULL) is harmless. */
struct frame_parser *frame_new(struct err *err);
void frame_free(struct frame_parser *parser);

/*
 * frame_next(parser, in, frame, err): take bytes off the front of *${in}.
 * Returns 1 with a whole frame, 0 when more bytes are needed (*${in} is empty
 * then), -1 with ERR_PROTOCOL (or ERR_OS) when the bytes are no S2S; it then
 * fails for ever.  A frame that lies whole in ${in} and is not compressed is
 * not copied.  Memory for large frames is given back once they are used up.
 */
int frame_next(struct frame_parser *parser, struct slice *in,
               struct frame *frame, struct err *err);

/* frame_partial(parser): whether a frame has begun and not ended: a stream
 * that ends here was cut off. */
bool frame_partial(const struct frame_parser *parser);

#endif
