#include "squeeze.h"

#include <stdlib.h>
#include <zstd.h>

#define LEVEL 3

struct squeeze {
    ZSTD_CCtx *context;
    ZSTD_CDict *dictionary;
};

struct squeeze *squeeze_new(struct slice dictionary)
{
    struct squeeze *squeeze = calloc(1, sizeof(*squeeze));

    if (squeeze == NULL)
        return NULL;
    squeeze->context = ZSTD_createCCtx();
    squeeze->dictionary = ZSTD_createCDict(dictionary.p, dictionary.n, LEVEL);
    if (squeeze->context != NULL && squeeze->dictionary != NULL)
        return squeeze;
    squeeze_free(squeeze);
    return NULL;
}

void squeeze_free(struct squeeze *squeeze)
{
    if (squeeze == NULL)
        return;
    ZSTD_freeCDict(squeeze->dictionary);
    ZSTD_freeCCtx(squeeze->context);
    free(squeeze);
}

int squeeze_message(struct squeeze *squeeze, struct slice in, struct buf *out)
{
    size_t bound = ZSTD_compressBound(in.n);
    char *to;
    size_t n;

    buf_reset(out);
    to = buf_reserve(out, bound);
    if (to == NULL)
        return -1;
    n = ZSTD_compress_usingCDict(squeeze->context, to, bound, in.p, in.n,
                                 squeeze->dictionary);
    if (ZSTD_isError(n))
        return -1;
    out->n = n;
    return 0;
}

int squeeze_plain(struct slice in, struct buf *out)
{
    size_t bound = ZSTD_compressBound(in.n);
    ZSTD_CCtx *context = ZSTD_createCCtx();
    char *to = buf_reserve(out, bound);
    ZSTD_inBuffer from = {in.p, in.n, 0};
    ZSTD_outBuffer into = {to, bound, 0};
    int result = -1;

    /* Fed and ended by one call, the frame would tell its content's size. */
    if (context != NULL && to != NULL &&
        !ZSTD_isError(
            ZSTD_compressStream2(context, &into, &from, ZSTD_e_continue)) &&
        ZSTD_compressStream2(context, &into, &from, ZSTD_e_end) == 0) {
        out->n += into.pos;
        result = 0;
    }
    ZSTD_freeCCtx(context);
    return result;
}
