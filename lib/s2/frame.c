#include "s2/frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/zst.h"

#define LENGTH_BYTES 3

#define FLAG_TERMINAL 0x80u
#define FLAG_COMPRESSION 0x60u
#define FLAG_ZSTD 0x20u
#define FLAG_RECONNECT 0x10u
#define FLAG_RESERVED 0x0fu

#define STATUS_BYTES 2

/* No frame needs a larger window than its content is. */
#define WINDOW_LOG 21

/* Buffers up to this size are kept from frame to frame. */
#define KEEP ((size_t)16 << 10)

struct frame_parser {
    struct buf held;  /* the front of a frame whose rest has not come */
    struct buf plain; /* the last payload, decompressed */
    bool used_up;     /* held is the last frame, which the caller is done with
                         at the next call */
    bool broken;
};

struct frame_parser *frame_new(struct err *err)
{
    struct frame_parser *parser = calloc(1, sizeof(*parser));

    if (parser == NULL) {
        err_memory(err);
        return NULL;
    }
    buf_init(&parser->held, LENGTH_BYTES + FRAME_MAX);
    buf_init(&parser->plain, FRAME_MAX - 1);
    return parser;
}

void frame_free(struct frame_parser *parser)
{
    if (parser == NULL)
        return;
    buf_release(&parser->held);
    buf_release(&parser->plain);
    free(parser);
}

bool frame_partial(const struct frame_parser *parser)
{
    return parser->held.n > 0 && !parser->used_up;
}

static void empty(struct buf *buf)
{
    if (buf->cap > KEEP)
        buf_release(buf);
    else
        buf_reset(buf);
}

static unsigned byte_at(struct slice s, size_t i)
{
    return (unsigned char)s.p[i];
}

static struct slice drop(struct slice s, size_t n)
{
    struct slice rest = {s.p + n, s.n - n};

    return rest;
}

/* How long the frame is that ${s} begins with, or, before its length is
 * there, that length's own; 0 for a length that no frame has. */
static size_t whole_length(struct slice s, struct err *err)
{
    size_t n;

    if (s.n < LENGTH_BYTES)
        return LENGTH_BYTES;
    n = byte_at(s, 0) << 16 | byte_at(s, 1) << 8 | byte_at(s, 2);
    if (n == 0 || n > FRAME_MAX) {
        err_set(err, ERR_PROTOCOL, "an S2S frame of %zu bytes", n);
        return 0;
    }
    return LENGTH_BYTES + n;
}

/* Adds to what is held until a whole frame is.  1, 0 when ${in} does not
 * suffice, -1. */
static int hold(struct frame_parser *parser, struct slice *in, struct err *err)
{
    for (;;) {
        size_t whole = whole_length(buf_slice(&parser->held), err);
        size_t missing = whole - parser->held.n;
        size_t n = missing < in->n ? missing : in->n;

        if (whole == 0)
            return -1;
        if (whole > LENGTH_BYTES && missing == 0)
            return 1;
        if (n == 0)
            return 0;
        if (buf_add(&parser->held, in->p, n) != 0)
            return err_memory(err);
        *in = drop(*in, n);
    }
}

/* The next whole frame: out of ${in} when it lies there, else out of what is
 * held.  Returns like hold. */
static int next_whole(struct frame_parser *parser, struct slice *in,
                      struct slice *whole, struct err *err)
{
    int rc;

    if (parser->held.n == 0 && in->n >= LENGTH_BYTES) {
        size_t n = whole_length(*in, err);

        if (n == 0)
            return -1;
        if (n <= in->n) {
            whole->p = in->p;
            whole->n = n;
            *in = drop(*in, n);
            return 1;
        }
    }
    rc = hold(parser, in, err);
    *whole = buf_slice(&parser->held);
    parser->used_up = rc == 1;
    return rc;
}

/* A decompressor is made for each frame: an idle session needs none, and it
 * costs little beside the frame. */
static int unpack(struct frame_parser *parser, struct slice packed,
                  struct slice *payload, struct err *err)
{
    struct slice no_dictionary = {NULL, 0};
    struct err why = ERR_INIT;
    struct zst *zst = zst_new(no_dictionary, WINDOW_LOG, err);
    int rc;

    if (zst == NULL)
        return -1;
    rc = zst_message(zst, packed, &parser->plain, &why);
    zst_free(zst);
    if (rc != 0)
        return err_set(err, why.code == ERR_DATA ? ERR_PROTOCOL : why.code,
                       "an S2S frame: %s", why.text);
    *payload = buf_slice(&parser->plain);
    return 0;
}

static int read_terminal(struct slice payload, struct frame *frame,
                         struct err *err)
{
    if (payload.n < STATUS_BYTES)
        return err_set(err, ERR_PROTOCOL, "a last S2S frame without a status");
    frame->terminal = true;
    frame->status = (int)(byte_at(payload, 0) << 8 | byte_at(payload, 1));
    frame->payload = drop(payload, STATUS_BYTES);
    return 0;
}

static int decode(struct frame_parser *parser, struct slice whole,
                  struct frame *frame, struct err *err)
{
    unsigned flag = byte_at(whole, LENGTH_BYTES);
    unsigned compression = flag & FLAG_COMPRESSION;
    struct slice payload = drop(whole, LENGTH_BYTES + 1);

    memset(frame, 0, sizeof(*frame));
    if ((flag & FLAG_RESERVED) != 0 ||
        (compression != 0 && compression != FLAG_ZSTD) ||
        (compression != 0 && (flag & FLAG_TERMINAL) != 0))
        return err_set(err, ERR_PROTOCOL, "an S2S frame with the flags 0x%02x",
                       flag);
    frame->reconnect = (flag & FLAG_RECONNECT) != 0;
    if ((flag & FLAG_TERMINAL) != 0)
        return read_terminal(payload, frame, err);
    frame->payload = payload;
    if (compression != 0)
        return unpack(parser, payload, &frame->payload, err);
    return 0;
}

int frame_next(struct frame_parser *parser, struct slice *in,
               struct frame *frame, struct err *err)
{
    struct slice whole;
    int rc;

    if (parser->broken)
        return err_set(err, ERR_PROTOCOL, "behind a broken S2S frame");
    if (parser->used_up)
        empty(&parser->held);
    parser->used_up = false;
    empty(&parser->plain);
    rc = next_whole(parser, in, &whole, err);
    if (rc == 1 && decode(parser, whole, frame, err) != 0)
        rc = -1;
    parser->broken = rc < 0;
    return rc;
}
