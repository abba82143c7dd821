/*
 * Any bytes as a zstd frame, with a dictionary and without: what comes out is
 * what libzstd itself makes of them, never more than there is room for, and
 * the same in pieces; after garbage the next frame is read.  Any bytes packed
 * come out as they were, and not when a byte is missing or too much.
 *
 * The first byte: 1 with the dictionary, 2 pack the rest, 4 say no size,
 * 8 a small room; from 16 on how long the pieces are.
 */
#include "fuzz.h"

#include <zdict.h>
#include <zstd.h>

#include "base/zst.h"
#include "bsky/event.h"

#define WINDOW_LOG 20
#define LARGE ((size_t)1 << 20)
#define SMALL 100

static struct slice dictionary;

/* Samples that a dictionary can be made of, the same in each run. */
static void init(void)
{
    static char content[4096], room[1 << 16];
    size_t sizes[64], n = 0;
    ZDICT_params_t params = {0, 0, 1612007021U};

    for (int i = 0; i < 64; i++) {
        int length =
            snprintf(content + n, sizeof(content) - n,
                     "{\"did\":\"did:plc:%d\",\"time_us\":17%d,", i, i * 7919);

        sizes[i] = (size_t)length;
        n += sizes[i];
    }
    dictionary.n = ZDICT_finalizeDictionary(room, sizeof(room), content, n,
                                            content, sizes, 64, params);
    PROMISE(!ZDICT_isError(dictionary.n));
    dictionary.p = room;
    PROMISE(zst_dictionary_id(dictionary) == params.dictID);
}

/* What a frame without a size holds, or -1: libzstd finds fewer faults when it
 * does not get all at once. */
static long unpack_stream(ZSTD_DCtx *ctx, struct slice frame, char *out,
                          size_t room)
{
    ZSTD_inBuffer from = {frame.p, frame.n, 0};
    ZSTD_outBuffer to = {out, room, 0};
    size_t left = 1, moved = 1;

    while (left != 0 && moved > 0) {
        size_t before = from.pos + to.pos;

        left = ZSTD_decompressStream(ctx, &to, &from);
        if (ZSTD_isError(left))
            return -1;
        moved = from.pos + to.pos - before;
    }
    return left == 0 ? (long)to.pos : -1;
}

/* By libzstd itself; -1 when it is no frame or has no room. */
static long unpack(struct slice frame, bool with, char *out, size_t room)
{
    ZSTD_DCtx *ctx = ZSTD_createDCtx();
    long n;

    if (ctx == NULL || (with && ZSTD_isError(ZSTD_DCtx_loadDictionary(
                                    ctx, dictionary.p, dictionary.n))))
        abort();
    if (ZSTD_getFrameContentSize(frame.p, frame.n) ==
        ZSTD_CONTENTSIZE_UNKNOWN) {
        n = unpack_stream(ctx, frame, out, room);
    } else {
        size_t all = ZSTD_decompressDCtx(ctx, out, room, frame.p, frame.n);

        n = ZSTD_isError(all) ? -1 : (long)all;
    }
    ZSTD_freeDCtx(ctx);
    return n;
}

/* Whether the window that the frame asks for (RFC 8878, section 3.1.1.1) is
 * larger than it may be; or none, in which libzstd 1.5.4, when it gets a frame
 * in pieces, takes no block that has a content, be that of no bytes. */
static bool odd_window(struct slice frame)
{
    unsigned char byte = (unsigned char)(frame.n > 5 ? frame.p[5] : 0);
    bool single = frame.n > 4 && (frame.p[4] & 0x20) != 0;
    unsigned long long size = ZSTD_getFrameContentSize(frame.p, frame.n);

    if (single)
        return size == 0 || size > (size_t)1 << WINDOW_LOG;
    return (byte >> 3) + 10 > WINDOW_LOG ||
           ((byte >> 3) + 10 == WINDOW_LOG && (byte & 7) > 0);
}

/* The same in pieces; the frame is sound. */
static void check_pieces(struct slice frame, struct zst *zst, size_t piece,
                         struct slice expected)
{
    struct buf out = BUF_INIT(LARGE);
    int r = 0;

    for (size_t at = 0, used; at < frame.n && r >= 0; at += used) {
        struct slice part = {frame.p + at, frame.n - at};

        part.n = part.n < piece ? part.n : piece;
        r = zst_feed(zst, part, &used, &out, NULL);
        PROMISE(used <= part.n && (r < 0 || used > 0));
        PROMISE(r < 0 || r == (at + used == frame.n));
    }
    if (r < 0) {
        PROMISE(odd_window(frame));
    } else {
        PROMISE(r == 1 && slice_eq(buf_slice(&out), expected));
    }
    buf_release(&out);
}

static void check_frame(struct slice frame, unsigned how, struct zst *zst)
{
    static char room[2 * LARGE];
    size_t max = (how & 8) != 0 ? SMALL : LARGE;
    struct buf out = BUF_INIT(max);
    struct err err = ERR_INIT;
    int r = zst_message(zst, frame, &out, &err);
    long n = unpack(frame, (how & 1) != 0, room, sizeof(room));
    struct slice expected = {room, n > 0 ? (size_t)n : 0};
    struct event event;

    PROMISE(out.n <= max && out.cap <= 2 * max + 64);
    PROMISE(r == 0 ? err.code == ERR_NONE : err.code == ERR_DATA);
    if (r == 0) {
        PROMISE(n >= 0 && slice_eq(buf_slice(&out), expected));
        check_pieces(frame, zst, 1 + (how >> 4), expected);
        if (event_parse(buf_slice(&out), &event, NULL) >= 0)
            event_release(&event);
    } else if (r == 1 && n >= 0) {
        PROMISE(expected.n > max);
    }
    buf_release(&out);
}

static struct slice pack(struct slice in, unsigned how, char *to, size_t room)
{
    ZSTD_CCtx *ctx = ZSTD_createCCtx();
    struct slice frame = {to, 0};

    if (ctx == NULL)
        abort();
    ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1);
    ZSTD_CCtx_setParameter(ctx, ZSTD_c_contentSizeFlag, (how & 4) == 0);
    if ((how & 1) != 0)
        ZSTD_CCtx_loadDictionary(ctx, dictionary.p, dictionary.n);
    frame.n = ZSTD_compress2(ctx, to, room, in.p, in.n);
    PROMISE(!ZSTD_isError(frame.n));
    ZSTD_freeCCtx(ctx);
    return frame;
}

static void check_packed(struct slice in, unsigned how, struct zst *zst)
{
    size_t room = ZSTD_compressBound(in.n) + 1;
    char *to = fuzz_alloc(room);
    struct slice frame = pack(in, how, to, room);
    struct buf out = BUF_INIT(LARGE);

    PROMISE(zst_message(zst, frame, &out, NULL) == 0);
    PROMISE(slice_eq(buf_slice(&out), in));
    frame.n--;
    PROMISE(zst_message(zst, frame, &out, NULL) == -1);
    frame.n += 2;
    to[frame.n - 1] = 'x';
    PROMISE(zst_message(zst, frame, &out, NULL) == -1);
    frame.n--;
    PROMISE(zst_message(zst, frame, &out, NULL) == 0);
    check_frame(frame, how, zst);
    buf_release(&out);
    free(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct slice in = fuzz_input(data, n), none = {NULL, 0};
    unsigned how = fuzz_byte(&in);
    struct zst *zst;

    if (dictionary.n == 0)
        init();
    zst = zst_new((how & 1) != 0 ? dictionary : none, WINDOW_LOG, NULL);
    if (zst == NULL)
        abort();
    if ((how & 2) == 0)
        check_frame(in, how, zst);
    check_packed(in, how, zst);
    zst_free(zst);
    return 0;
}
