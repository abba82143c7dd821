#include "base/zst.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <zstd.h>

#include "base/retry.h"
#include "check.h"

#define SEED UINT64_C(20260704)
#define MAX ((size_t)4 << 20)

/* A whole file of the shared data; p is NULL when it is not there. */
static struct buf slurp(const char *name)
{
    struct buf buf = BUF_INIT((size_t)16 << 20);
    char path[256];
    FILE *f;

    snprintf(path, sizeof(path), "../shared/data/%s", name);
    f = fopen(path, "rb");
    if (f == NULL)
        return buf;
    for (;;) {
        char *to = NEEDED(buf_reserve(&buf, 65536));
        size_t n = fread(to, 1, 65536, f);

        if (n == 0)
            break;
        buf.n += n;
    }
    fclose(f);
    return buf;
}

static struct slice cut(struct slice s, size_t from, size_t n)
{
    struct slice r = {s.p + from, n};

    return r;
}

static size_t frame_length(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;

    return (size_t)u[0] | (size_t)u[1] << 8 | (size_t)u[2] << 16 |
           (size_t)u[3] << 24;
}

/* Whether ${line} is a line of ${text}. */
static bool has_line(struct slice text, struct slice line)
{
    size_t at = 0;

    while (at < text.n) {
        const char *nl = memchr(text.p + at, '\n', text.n - at);
        size_t end = nl == NULL ? text.n : (size_t)(nl - text.p);

        if (slice_eq(cut(text, at, end - at), line))
            return true;
        at = end + 1;
    }
    return false;
}

static struct slice trimmed(struct slice s)
{
    while (s.n > 0 && s.p[s.n - 1] == '\n')
        s.n--;
    return s;
}

static void check_frames(const char *frames, const char *dictionary,
                         const char *lines, uint32_t id)
{
    struct buf in = slurp(frames), dict = slurp(dictionary);
    struct buf text = slurp(lines), out = BUF_INIT(MAX);
    struct err err = ERR_INIT;
    struct zst *zst;
    size_t at = 0, n = 0, found = 0;

    if (in.p == NULL || dict.p == NULL || text.p == NULL)
        SKIP("no ../shared/data");
    CHECK_INT(zst_dictionary_id(buf_slice(&dict)), id);
    zst = zst_new(buf_slice(&dict), 18, &err);
    CHECK(zst != NULL);
    while (zst != NULL && at + 4 <= in.n) {
        size_t length = frame_length(in.p + at);

        CHECK(at + 4 + length <= in.n);
        CHECK_INT(
            zst_message(zst, cut(buf_slice(&in), at + 4, length), &out, &err),
            0);
        found += has_line(buf_slice(&text), trimmed(buf_slice(&out)));
        at += 4 + length;
        n++;
    }
    CHECK_INT(n, 500);
    CHECK_INT(found, n);
    CHECK_STR(err.text, "");
    zst_free(zst);
    buf_release(&in);
    buf_release(&dict);
    buf_release(&text);
    buf_release(&out);
}

static void test_frames_v1(void)
{
    check_frames("server-v1.zst.frames", "v1.zdict", "server-v1.jsonl",
                 1612007021);
}

static void test_frames_v2(void)
{
    check_frames("server-v2.zst.frames", "v2.zdict", "server-v2.jsonl",
                 20260811);
}

/* Compresses ${in}; ${sized}: with its size in the header; ${window_log}: 0
 * for the default. */
static struct buf compress(struct slice in, bool sized, int window_log,
                           bool checksum)
{
    ZSTD_CCtx *cctx = ZSTD_createCCtx();
    struct buf buf = BUF_INIT((size_t)64 << 20);
    char *to = NEEDED(buf_reserve(&buf, ZSTD_compressBound(in.n)));
    ZSTD_outBuffer dst = {to, ZSTD_compressBound(in.n), 0};
    ZSTD_inBuffer src = {in.p, in.n, 0};

    ZSTD_CCtx_setParameter(cctx, ZSTD_c_checksumFlag, checksum);
    if (window_log > 0)
        ZSTD_CCtx_setParameter(cctx, ZSTD_c_windowLog, window_log);
    if (sized)
        ZSTD_CCtx_setPledgedSrcSize(cctx, in.n);
    else
        ZSTD_compressStream2(cctx, &dst, &src, ZSTD_e_flush);
    while (ZSTD_compressStream2(cctx, &dst, &src, ZSTD_e_end) != 0)
        continue;
    buf.n = dst.pos;
    ZSTD_freeCCtx(cctx);
    return buf;
}

static struct buf noise(size_t n, uint64_t seed)
{
    struct rng rng = {seed};
    struct buf buf = BUF_INIT(n + 1);
    char *to = NEEDED(buf_reserve(&buf, n));

    for (size_t i = 0; i < n; i++)
        to[i] = (char)(rng_next(&rng) % 23);
    buf.n = n;
    return buf;
}

static void test_message_guard(void)
{
    struct buf plain = noise(100000, SEED);
    struct zst *zst = NEEDED(zst_new((struct slice){NULL, 0}, 18, NULL));

    for (int sized = 0; sized < 2; sized++) {
        for (int checksum = 0; checksum < 2; checksum++) {
            struct buf in = compress(buf_slice(&plain), sized, 17, checksum);
            struct buf out = BUF_INIT(100000), small = BUF_INIT(99999);
            struct err err = ERR_INIT;

            CHECK_INT(zst_message(zst, buf_slice(&in), &out, &err), 0);
            CHECK(slice_eq(buf_slice(&out), buf_slice(&plain)));
            CHECK_INT(zst_message(zst, buf_slice(&in), &small, &err), 1);
            CHECK_INT(err.code, ERR_DATA);
            CHECK_INT(zst_message(zst, buf_slice(&in), &out, NULL), 0);
            buf_release(&in);
            buf_release(&out);
            buf_release(&small);
        }
    }
    zst_free(zst);
    buf_release(&plain);
}

/* A few bytes that hold 1 GiB of zeroes stop at the guard. */
static void test_bomb(void)
{
    static const char zeroes[1 << 16];
    struct slice part = {zeroes, sizeof(zeroes)};
    ZSTD_CCtx *cctx = ZSTD_createCCtx();
    struct buf in = BUF_INIT((size_t)1 << 20), out = BUF_INIT(MAX);
    struct zst *zst = NEEDED(zst_new((struct slice){NULL, 0}, 27, NULL));
    ZSTD_outBuffer dst = {buf_reserve(&in, 1 << 20), 1 << 20, 0};

    for (int i = 0; i < 1 << 10; i++) {
        ZSTD_inBuffer src = {part.p, part.n, 0};

        ZSTD_compressStream2(cctx, &dst, &src, ZSTD_e_continue);
        CHECK_INT(src.pos, src.size);
    }
    while (ZSTD_compressStream2(cctx, &dst, &(ZSTD_inBuffer){"", 0, 0},
                                ZSTD_e_end) != 0)
        continue;
    in.n = dst.pos;
    CHECK(in.n < 100000);
    CHECK_INT(zst_message(zst, buf_slice(&in), &out, NULL), 1);
    CHECK(out.cap <= MAX + 1);
    ZSTD_freeCCtx(cctx);
    zst_free(zst);
    buf_release(&in);
    buf_release(&out);
}

static void test_message_garbage(void)
{
    struct buf plain = noise(1000, SEED), out = BUF_INIT(MAX);
    struct buf in = compress(buf_slice(&plain), true, 0, true);
    struct zst *zst = NEEDED(zst_new((struct slice){NULL, 0}, 18, NULL));
    struct slice all = buf_slice(&in);
    struct err err = ERR_INIT;

    for (size_t n = 0; n < all.n; n++) {
        err_clear(&err);
        CHECK_INT(zst_message(zst, cut(all, 0, n), &out, &err), -1);
        CHECK_INT(err.code, ERR_DATA);
    }
    for (size_t i = 0; i < all.n; i++) {
        in.p[i] = (char)(in.p[i] ^ 0x55);
        CHECK(zst_message(zst, all, &out, NULL) != 0);
        in.p[i] = (char)(in.p[i] ^ 0x55);
    }
    CHECK_INT(buf_add(&in, "x", 1), 0);
    CHECK_INT(zst_message(zst, buf_slice(&in), &out, NULL), -1);
    CHECK_INT(zst_message(zst, SLICE("{\"kind\":1}"), &out, NULL), -1);
    in.n--;
    CHECK_INT(zst_message(zst, buf_slice(&in), &out, NULL), 0);
    zst_free(zst);
    buf_release(&plain);
    buf_release(&in);
    buf_release(&out);
}

static void test_window(void)
{
    struct buf plain = noise((size_t)1 << 20, SEED), out = BUF_INIT(MAX);
    struct buf wide = compress(buf_slice(&plain), false, 20, false);
    struct buf narrow = compress(buf_slice(&plain), false, 18, false);
    struct zst *zst = NEEDED(zst_new((struct slice){NULL, 0}, 18, NULL));

    CHECK_INT(zst_message(zst, buf_slice(&wide), &out, NULL), -1);
    CHECK_INT(zst_message(zst, buf_slice(&narrow), &out, NULL), 0);
    CHECK(slice_eq(buf_slice(&out), buf_slice(&plain)));
    zst_free(zst);
    buf_release(&plain);
    buf_release(&wide);
    buf_release(&narrow);
    buf_release(&out);
}

static void test_dictionary_refused(void)
{
    struct buf dict = slurp("v1.zdict");
    struct err err = ERR_INIT;

    CHECK_INT(zst_dictionary_id(SLICE("no dictionary")), 0);
    CHECK_INT(zst_dictionary_id(SLICE("")), 0);
    CHECK(zst_new(SLICE("no dictionary"), 18, &err) == NULL);
    CHECK_INT(err.code, ERR_DATA);
    err_clear(&err);
    CHECK(zst_new(SLICE("\x37\xa4\x30\xec\x01\x00\x00\x00?"), 18, &err) ==
          NULL);
    CHECK_INT(err.code, ERR_DATA);
    if (dict.p == NULL)
        SKIP("no ../shared/data");
    CHECK(zst_new(cut(buf_slice(&dict), 0, 64), 18, NULL) == NULL);
    buf_release(&dict);
}

/* A frame made with one dictionary is garbage to another. */
static void test_dictionary_wrong(void)
{
    struct buf in = slurp("server-v1.zst.frames"), dict = slurp("v2.zdict");
    struct buf out = BUF_INIT(MAX);
    struct zst *zst;

    if (in.p == NULL || dict.p == NULL)
        SKIP("no ../shared/data");
    zst = NEEDED(zst_new(buf_slice(&dict), 18, NULL));
    CHECK_INT(zst_message(zst, cut(buf_slice(&in), 4, frame_length(in.p)), &out,
                          NULL),
              -1);
    zst_free(zst);
    buf_release(&in);
    buf_release(&dict);
    buf_release(&out);
}

/* Feeds ${in} in random pieces into an output with random room, and returns
 * whether ${plain} comes out. */
static bool fed(struct zst *zst, struct slice in, struct slice plain,
                struct rng *rng)
{
    struct buf all = BUF_INIT((size_t)1 << 20);
    size_t at = 0, idle = 0;
    int rc = 1;
    bool same;

    while (idle < 3) {
        struct buf out = BUF_INIT(1 + rng_next(rng) % 5000);
        size_t n = rng_next(rng) % 300, used;

        n = n > in.n - at ? in.n - at : n;
        rc = zst_feed(zst, cut(in, at, n), &used, &out, NULL);
        CHECK(rc >= 0 && used <= n);
        buf_addslice(&all, buf_slice(&out));
        idle = used == 0 && out.n == 0 && at == in.n ? idle + 1 : 0;
        at += used;
        buf_release(&out);
    }
    same = rc == 1 && slice_eq(buf_slice(&all), plain);
    buf_release(&all);
    return same;
}

static void test_feed(void)
{
    struct rng rng = {SEED};

    printf("# seed %llu\n", (unsigned long long)SEED);
    for (int round = 0; round < 50; round++) {
        struct buf one = noise(rng_next(&rng) % 30000, rng_next(&rng));
        struct buf two = noise(rng_next(&rng) % 30000, rng_next(&rng));
        struct buf in = compress(buf_slice(&one), round & 1, 0, round & 2);
        struct buf rest = compress(buf_slice(&two), round & 4, 0, round & 2);
        struct buf plain = BUF_INIT(MAX);
        struct zst *zst = NEEDED(zst_new((struct slice){NULL, 0}, 27, NULL));

        buf_addslice(&in, buf_slice(&rest));
        buf_addslice(&plain, buf_slice(&one));
        buf_addslice(&plain, buf_slice(&two));
        CHECK(fed(zst, buf_slice(&in), buf_slice(&plain), &rng));
        zst_free(zst);
        buf_release(&one);
        buf_release(&two);
        buf_release(&in);
        buf_release(&rest);
        buf_release(&plain);
    }
}

static void test_feed_broken(void)
{
    struct buf plain = noise(1000, SEED), out = BUF_INIT(MAX);
    struct buf in = compress(buf_slice(&plain), true, 0, true);
    struct zst *zst = NEEDED(zst_new((struct slice){NULL, 0}, 18, NULL));
    struct slice all = buf_slice(&in);
    struct err err = ERR_INIT;
    size_t used;

    CHECK_INT(zst_feed(zst, SLICE(""), &used, &out, &err), 1);
    CHECK_INT(zst_feed(zst, cut(all, 0, all.n - 1), &used, &out, &err), 0);
    CHECK_INT(used, all.n - 1);
    CHECK_INT(zst_feed(zst, cut(all, all.n - 1, 1), &used, &out, &err), 1);
    CHECK_INT(out.n, 1000);
    CHECK_INT(zst_feed(zst, SLICE("garbage"), &used, &out, &err), -1);
    CHECK_INT(err.code, ERR_DATA);
    CHECK_INT(zst_feed(zst, all, &used, &out, NULL), -1);
    CHECK_INT(zst_message(zst, all, &out, NULL), 0);
    zst_free(zst);
    zst_free(NULL);
    buf_release(&plain);
    buf_release(&in);
    buf_release(&out);
}

int main(void)
{
    RUN(test_frames_v1);
    RUN(test_frames_v2);
    RUN(test_message_guard);
    RUN(test_bomb);
    RUN(test_message_garbage);
    RUN(test_window);
    RUN(test_dictionary_refused);
    RUN(test_dictionary_wrong);
    RUN(test_feed);
    RUN(test_feed_broken);
    return check_done();
}
