#include "base/zst.h"

#include <stdbool.h>
#include <stdlib.h>

#include <zstd.h>
#include <zstd_errors.h>

/* How much the content may grow at a time while its size is unknown. */
#define STEP ((size_t)64 << 10)

struct zst {
    ZSTD_DCtx *dctx;
    ZSTD_DDict *ddict; /* NULL: none */
    bool whole;        /* what zst_feed has eaten ends a frame */
    bool broken;       /* zst_feed has met garbage */
};

const char *zst_library(void)
{
    return ZSTD_versionString();
}

/* Attaches what stays over all frames: the dictionary and the limit. */
static int set_up(struct zst *zst, struct slice dictionary, int window_log,
                  struct err *err)
{
    zst->dctx = ZSTD_createDCtx();
    if (zst->dctx == NULL)
        return err_memory(err);
    if (ZSTD_isError(
            ZSTD_DCtx_setParameter(zst->dctx, ZSTD_d_windowLogMax, window_log)))
        return err_set(err, ERR_OS, "zstd: no window of 2^%d bytes",
                       window_log);
    if (dictionary.n == 0)
        return 0;
    if (zst_dictionary_id(dictionary) == 0)
        return err_set(err, ERR_DATA, "not a zstd dictionary");
    zst->ddict = ZSTD_createDDict(dictionary.p, dictionary.n);
    if (zst->ddict == NULL)
        return err_set(err, ERR_DATA, "broken zstd dictionary");
    if (ZSTD_isError(ZSTD_DCtx_refDDict(zst->dctx, zst->ddict)))
        return err_memory(err);
    return 0;
}

struct zst *zst_new(struct slice dictionary, int window_log, struct err *err)
{
    struct zst *zst = calloc(1, sizeof(*zst));

    if (zst == NULL) {
        err_memory(err);
        return NULL;
    }
    zst->whole = true;
    if (set_up(zst, dictionary, window_log, err) != 0) {
        zst_free(zst);
        return NULL;
    }
    return zst;
}

void zst_free(struct zst *zst)
{
    if (zst == NULL)
        return;
    ZSTD_freeDCtx(zst->dctx);
    ZSTD_freeDDict(zst->ddict);
    free(zst);
}

uint32_t zst_dictionary_id(struct slice dictionary)
{
    return ZSTD_getDictID_fromDict(dictionary.p, dictionary.n);
}

static int too_large(const struct buf *out, struct err *err)
{
    err_set(err, ERR_DATA, "zstd: content above %zu bytes", out->max);
    return 1;
}

static int garbage(size_t code, struct err *err)
{
    if (ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation)
        return err_memory(err);
    return err_set(err, ERR_DATA, "zstd: %s", ZSTD_getErrorName(code));
}

/* A frame that says its size goes straight to its place; it needs no window
 * besides. */
static int message_sized(struct zst *zst, struct slice in, size_t size,
                         struct buf *out, struct err *err)
{
    char *to;
    size_t n;

    if (size > out->max)
        return too_large(out, err);
    to = buf_reserve(out, size);
    if (to == NULL)
        return err_memory(err);
    n = ZSTD_decompressDCtx(zst->dctx, to, size, in.p, in.n);
    if (ZSTD_isError(n))
        return garbage(n, err);
    out->n = n;
    return 0;
}

/* One step of decompression into at most STEP more bytes of ${out}; what
 * ZSTD_decompressStream returns is stored in *${left}.  Returns 1 when there
 * was something to eat or to write, 0 when not, -1 on failure. */
static int step(struct zst *zst, ZSTD_inBuffer *src, struct buf *out,
                size_t *left, struct err *err)
{
    size_t room = out->max - out->n < STEP ? out->max - out->n : STEP;
    size_t eaten = src->pos;
    ZSTD_outBuffer dst = {buf_reserve(out, room), room, 0};

    if (dst.dst == NULL)
        return err_memory(err);
    *left = ZSTD_decompressStream(zst->dctx, &dst, src);
    if (ZSTD_isError(*left))
        return garbage(*left, err);
    out->n += dst.pos;
    return src->pos > eaten || dst.pos > 0;
}

static int message_unsized(struct zst *zst, struct slice in, struct buf *out,
                           struct err *err)
{
    ZSTD_inBuffer src = {in.p, in.n, 0};
    size_t left = 1;

    while (left != 0) {
        int moved = step(zst, &src, out, &left, err);

        if (moved < 0)
            return -1;
        if (!moved && out->n == out->max)
            return too_large(out, err);
        if (!moved)
            return err_set(err, ERR_DATA, "zstd: truncated frame");
    }
    return 0;
}

int zst_message(struct zst *zst, struct slice in, struct buf *out,
                struct err *err)
{
    unsigned long long size = ZSTD_getFrameContentSize(in.p, in.n);
    size_t length = ZSTD_findFrameCompressedSize(in.p, in.n);

    buf_reset(out);
    ZSTD_DCtx_reset(zst->dctx, ZSTD_reset_session_only);
    zst->whole = true;
    zst->broken = false;
    if (size == ZSTD_CONTENTSIZE_ERROR)
        return err_set(err, ERR_DATA, "zstd: not a frame");
    if (ZSTD_isError(length))
        return garbage(length, err);
    if (length != in.n)
        return err_set(err, ERR_DATA, "zstd: bytes behind the frame");
    if (size == ZSTD_CONTENTSIZE_UNKNOWN)
        return message_unsized(zst, in, out, err);
    return message_sized(zst, in, size > SIZE_MAX ? SIZE_MAX : (size_t)size,
                         out, err);
}

int zst_feed(struct zst *zst, struct slice in, size_t *used, struct buf *out,
             struct err *err)
{
    ZSTD_inBuffer src = {in.p, in.n, 0};
    int moved = !zst->whole || in.n > 0;

    *used = 0;
    if (zst->broken)
        return err_set(err, ERR_DATA, "zstd: broken stream");
    while (moved > 0 && out->n < out->max) {
        size_t left = 0;

        moved = step(zst, &src, out, &left, err);
        if (moved > 0)
            zst->whole = left == 0;
        if (zst->whole && src.pos == in.n)
            break;
    }
    *used = src.pos;
    zst->broken = moved < 0;
    return moved < 0 ? -1 : zst->whole;
}
