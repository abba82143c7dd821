/*
 * Any bytes as a session of S2S frames: the same frames, and the same end, in
 * whatever pieces they come, and those that a plain reading of the format
 * finds.  The first two bytes choose the pieces.
 */
#include "fuzz.h"

#include "s2/frame.h"

struct heard {
    size_t frames;
    uint64_t hash; /* of all that they said */
    int last;      /* what the parser said in the end */
    char why[512];
    bool partial;
};

static void mix(uint64_t *hash, const void *p, size_t n)
{
    const unsigned char *byte = p;

    for (size_t i = 0; i < n; i++)
        *hash = (*hash ^ byte[i]) * UINT64_C(0x100000001b3);
}

static void note(struct heard *heard, const struct frame *frame)
{
    int64_t plain[4] = {frame->terminal, frame->status, frame->reconnect,
                        (int64_t)frame->payload.n};

    PROMISE(frame->payload.n < FRAME_MAX);
    PROMISE(frame->terminal || frame->status == 0);
    PROMISE(frame->status >= 0 && frame->status <= 0xFFFF);
    heard->frames++;
    mix(&heard->hash, plain, sizeof(plain));
    mix(&heard->hash, frame->payload.p, frame->payload.n);
}

/* One piece, in a block of its own that is gone afterwards. */
static int feed(struct frame_parser *parser, struct slice piece,
                struct heard *heard)
{
    char *copy = fuzz_alloc(piece.n);
    struct slice in = {copy, piece.n};
    struct err err = ERR_INIT;
    struct frame frame;
    int r;

    if (piece.n > 0)
        memcpy(copy, piece.p, piece.n);
    while ((r = frame_next(parser, &in, &frame, &err)) == 1)
        note(heard, &frame);
    if (r < 0) {
        PROMISE(err.code == ERR_PROTOCOL);
        snprintf(heard->why, sizeof(heard->why), "%s", err.text);
        PROMISE(frame_next(parser, &in, &frame, NULL) == -1);
    } else {
        PROMISE(in.n == 0 && err.code == ERR_NONE);
    }
    free(copy);
    return r;
}

/* ${seed} 0: all at once; 1: byte by byte; else pieces up to its low byte. */
static struct heard hear(struct slice in, unsigned seed)
{
    struct frame_parser *parser = frame_new(NULL);
    struct heard heard = {.hash = 1};
    uint64_t state = seed;

    if (parser == NULL)
        abort();
    while (in.n > 0 && heard.last == 0) {
        struct slice piece = in;

        state = state * UINT64_C(6364136223846793005) + 1442695040888963407U;
        if (seed == 1)
            piece.n = 1;
        else if (seed > 1)
            piece.n = (size_t)(state >> 33) % ((seed & 0xFF) + 2);
        piece.n = piece.n < in.n ? piece.n : in.n;
        heard.last = feed(parser, piece, &heard);
        in.p += piece.n;
        in.n -= piece.n;
    }
    heard.partial = heard.last == 0 && frame_partial(parser);
    frame_free(parser);
    return heard;
}

static void same(const struct heard *a, const struct heard *b)
{
    PROMISE(a->frames == b->frames && a->hash == b->hash);
    PROMISE(a->last == b->last && a->partial == b->partial);
    PROMISE(strcmp(a->why, b->why) == 0);
}

/* The frames that are there by their lengths and flags alone; compressed ones
 * may be more or fewer, by what is in them. */
static void check_count(struct slice in, const struct heard *heard)
{
    size_t frames = 0;
    bool good = true, packed = false;

    while (good && in.n >= 3) {
        const unsigned char *b = (const unsigned char *)in.p;
        size_t n = (size_t)b[0] * 65536 + b[1] * 256U + b[2];
        unsigned flags;

        good = n > 0 && n <= FRAME_MAX;
        if (!good || n + 3 > in.n)
            break;
        flags = b[3];
        good = (flags & 0x4F) == 0 && (flags & 0xA0) != 0xA0 &&
               ((flags & 0x80) == 0 || n >= 3);
        packed = packed || (flags & 0x20) != 0;
        frames += good;
        in.p += n + 3;
        in.n -= n + 3;
    }
    if (packed) {
        PROMISE(heard->frames <= frames);
        return;
    }
    PROMISE(heard->frames == frames && (heard->last == 0) == good);
    PROMISE(heard->partial == (good && in.n > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct slice in = fuzz_input(data, n);
    unsigned seed = (unsigned)fuzz_number(&in, 2);
    struct heard whole = hear(in, 0), bytes = hear(in, 1),
                 pieces = hear(in, seed);

    same(&whole, &bytes);
    same(&whole, &pieces);
    check_count(in, &whole);
    return 0;
}
