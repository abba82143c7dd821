#include "s2/frame.h"

#include <stdlib.h>

#include <zstd.h>

#include "base/retry.h"
#include "check.h"

#define SEED UINT64_C(20240801)

#define BYTES(literal) ((struct slice){(literal), sizeof(literal) - 1})

enum { TERMINAL = 0x80, ZSTD = 0x20, GZIP = 0x40, RECONNECT = 0x10 };

static void add_frame(struct buf *out, unsigned flag, struct slice payload)
{
    size_t n = payload.n + 1;
    char head[4] = {(char)(n >> 16), (char)(n >> 8), (char)n, (char)flag};

    CHECK(buf_add(out, head, 4) == 0);
    CHECK(buf_addslice(out, payload) == 0);
}

static void add_packed(struct buf *out, struct slice payload)
{
    size_t bound = ZSTD_compressBound(payload.n);
    char *packed = malloc(bound);
    size_t n = ZSTD_compress(packed, bound, payload.p, payload.n, 3);

    CHECK(!ZSTD_isError(n));
    add_frame(out, ZSTD, (struct slice){packed, n});
    free(packed);
}

/* The same without the size of the content in front, as streams have it. */
static void add_packed_unsized(struct buf *out, struct slice payload)
{
    ZSTD_CCtx *ctx = ZSTD_createCCtx();
    size_t bound = ZSTD_compressBound(payload.n);
    char *packed = malloc(bound);
    size_t n;

    ZSTD_CCtx_setParameter(ctx, ZSTD_c_contentSizeFlag, 0);
    n = ZSTD_compress2(ctx, packed, bound, payload.p, payload.n);
    CHECK(!ZSTD_isError(n));
    add_frame(out, ZSTD, (struct slice){packed, n});
    free(packed);
    ZSTD_freeCCtx(ctx);
}

/* What a parser made of some bytes: all payloads, one behind the other. */
struct parsed {
    int frames;
    int rc; /* the last one */
    struct buf payloads;
    bool terminal;
    bool reconnect;
    int status;
    bool partial;
    struct err err;
};

static void feed(struct frame_parser *parser, struct parsed *p, struct slice in)
{
    struct frame frame;

    for (;;) {
        p->rc = frame_next(parser, &in, &frame, &p->err);
        if (p->rc <= 0)
            break;
        p->frames++;
        CHECK(buf_addslice(&p->payloads, frame.payload) == 0);
        p->terminal = frame.terminal;
        p->reconnect = frame.reconnect;
        p->status = frame.status;
    }
    CHECK(p->rc < 0 || in.n == 0);
}

/* Feeds ${in} cut into pieces of ${step} bytes, the first of ${first}. */
static struct parsed parse_cut(struct slice in, size_t first, size_t step)
{
    struct frame_parser *parser = NEEDED(frame_new(NULL));
    struct parsed p = {.payloads = BUF_INIT((size_t)64 << 20)};

    for (size_t at = 0, n = first; at <= in.n && p.rc == 0; at += n, n = step) {
        if (n > in.n - at)
            n = in.n - at;
        feed(parser, &p, (struct slice){in.p + at, n});
        if (at == in.n)
            break;
    }
    p.partial = frame_partial(parser);
    frame_free(parser);
    return p;
}

static struct parsed parse(struct slice in)
{
    return parse_cut(in, in.n, 1);
}

static void check_parsed(struct parsed p, int frames, struct slice payloads)
{
    CHECK_INT(p.rc, 0);
    CHECK_STR(p.err.text, "");
    CHECK_INT(p.frames, frames);
    CHECK(slice_eq(buf_slice(&p.payloads), payloads));
    CHECK(!p.partial);
    buf_release(&p.payloads);
}

static void check_broken(struct slice in)
{
    struct parsed p = parse(in);

    CHECK_INT(p.rc, -1);
    CHECK_INT(p.err.code, ERR_PROTOCOL);
    CHECK_INT(p.frames, 0);
    buf_release(&p.payloads);
    p = parse_cut(in, 0, 1);
    CHECK_INT(p.rc, -1);
    CHECK_INT(p.err.code, ERR_PROTOCOL);
    CHECK_INT(p.frames, 0);
    buf_release(&p.payloads);
}

static void test_plain(void)
{
    check_parsed(parse(BYTES("\0\0\3\0hi")), 1, SLICE("hi"));
    check_parsed(parse(BYTES("\0\0\1\0")), 1, SLICE(""));
    check_parsed(parse(BYTES("\0\0\1\0\0\0\2\0a\0\0\1\0\0\0\2\0b")), 4,
                 SLICE("ab"));
    check_parsed(parse(SLICE("")), 0, SLICE(""));
}

static void test_reconnect(void)
{
    struct parsed p = parse(BYTES("\0\0\3\x10hi"));

    CHECK(p.reconnect);
    CHECK(!p.terminal);
    check_parsed(p, 1, SLICE("hi"));
    p = parse(BYTES("\0\0\3\0hi"));
    CHECK(!p.reconnect);
    buf_release(&p.payloads);
}

static void test_terminal(void)
{
    struct parsed p = parse(BYTES("\0\0\5\x80\1\x94{}"));

    CHECK(p.terminal);
    CHECK_INT(p.status, 404);
    check_parsed(p, 1, SLICE("{}"));
    p = parse(BYTES("\0\0\3\x80\xff\xff"));
    CHECK_INT(p.status, 65535);
    check_parsed(p, 1, SLICE(""));
    p = parse(BYTES("\0\0\5\x90\1\xf4\xff\xfe"));
    CHECK(p.reconnect);
    CHECK_INT(p.status, 500);
    check_parsed(p, 1, SLICE("\xff\xfe"));
}

static void test_broken(void)
{
    check_broken(BYTES("\0\0\0"));
    check_broken(BYTES("\0\0\0\0hello"));
    check_broken(BYTES("\x20\0\1"));
    check_broken(BYTES("\xff\xff\xff\0"));
    check_broken(BYTES("\0\0\1\x80"));
    check_broken(BYTES("\0\0\2\x80\1"));
    check_broken(BYTES("\0\0\2\1x"));
    check_broken(BYTES("\0\0\2\x08x"));
    check_broken(BYTES("\0\0\2\x0fx"));
    check_broken(BYTES("\0\0\2\x40x"));
    check_broken(BYTES("\0\0\2\x60x"));
    check_broken(BYTES("\0\0\4\xa0\1\x94x"));
    check_broken(BYTES("\0\0\2\x20x"));
    check_broken(BYTES("\0\0\1\x20"));
    check_broken(BYTES("<!doctype html>"));
}

/* What was said before the nonsense counts; what is behind does not. */
static void test_stays_broken(void)
{
    struct frame_parser *parser = NEEDED(frame_new(NULL));
    struct slice in = BYTES("\0\0\2\0a\0\0\0\0\0\2\0b"), good;
    struct frame frame;
    struct err err = ERR_INIT;

    CHECK_INT(frame_next(parser, &in, &frame, &err), 1);
    CHECK(slice_eq(frame.payload, SLICE("a")));
    CHECK_INT(frame_next(parser, &in, &frame, &err), -1);
    for (int i = 0; i < 3; i++) {
        good = BYTES("\0\0\2\0b");
        err_clear(&err);
        CHECK_INT(frame_next(parser, &good, &frame, &err), -1);
        CHECK_INT(err.code, ERR_PROTOCOL);
    }
    frame_free(parser);
    frame_free(NULL);
}

static void test_partial(void)
{
    struct slice whole = BYTES("\0\0\3\0hi");

    for (size_t n = 0; n <= whole.n; n++) {
        struct parsed p = parse((struct slice){whole.p, n});

        CHECK_INT(p.rc, 0);
        CHECK_INT(p.partial, n > 0 && n < whole.n);
        CHECK_INT(p.frames, n == whole.n);
        buf_release(&p.payloads);
    }
}

/* The largest frame there is, and its content. */
static void test_limits(void)
{
    struct buf in = BUF_INIT((size_t)8 << 20);
    struct slice huge = {calloc(1, FRAME_MAX), FRAME_MAX - 1};

    add_frame(&in, 0, huge);
    check_parsed(parse(buf_slice(&in)), 1, huge);
    check_parsed(parse_cut(buf_slice(&in), 5, 16384), 1, huge);
    buf_reset(&in);
    add_packed(&in, huge);
    check_parsed(parse(buf_slice(&in)), 1, huge);
    buf_reset(&in);
    add_packed_unsized(&in, huge);
    check_parsed(parse_cut(buf_slice(&in), 1, 100), 1, huge);
    free((char *)(uintptr_t)huge.p);
    buf_release(&in);
}

/* One byte more than there may be; and as much as fits into a frame. */
static void test_bombs(void)
{
    size_t sizes[] = {FRAME_MAX, (size_t)256 << 20};

    for (size_t i = 0; i < 2; i++) {
        struct buf in = BUF_INIT((size_t)8 << 20);
        struct slice zeros = {calloc(1, sizes[i]), sizes[i]};

        add_packed(&in, zeros);
        check_broken(buf_slice(&in));
        buf_reset(&in);
        add_packed_unsized(&in, zeros);
        check_broken(buf_slice(&in));
        free((char *)(uintptr_t)zeros.p);
        buf_release(&in);
    }
}

/* A frame whose compressed bytes are cut, doubled, or followed by others. */
static void test_bad_packing(void)
{
    struct buf good = BUF_INIT(4096), bad = BUF_INIT(4096);
    struct slice packed;

    add_packed(&good, SLICE("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
    packed.p = good.p + 4;
    packed.n = good.n - 4;
    for (size_t n = 0; n < packed.n; n++) {
        buf_reset(&bad);
        add_frame(&bad, ZSTD, (struct slice){packed.p, n});
        check_broken(buf_slice(&bad));
    }
    buf_reset(&bad);
    CHECK(buf_add(&bad, packed.p, packed.n) == 0);
    CHECK(buf_addstr(&bad, "x") == 0);
    buf_reset(&good);
    add_frame(&good, ZSTD, buf_slice(&bad));
    check_broken(buf_slice(&good));
    buf_release(&good);
    buf_release(&bad);
}

/* Frames of every kind, cut at every place, and into pieces of any size. */
static void test_every_split(void)
{
    struct buf in = BUF_INIT(4096);
    struct slice text = SLICE("many many many many many many many many words");
    struct slice want;

    add_frame(&in, 0, SLICE("one"));
    add_packed(&in, text);
    add_frame(&in, 0, SLICE(""));
    add_frame(&in, RECONNECT, SLICE("two"));
    add_packed_unsized(&in, SLICE("three"));
    add_frame(&in, TERMINAL, BYTES("\1\x94{}"));
    want = SLICE("onemany many many many many many many many wordstwothree{}");
    for (size_t first = 0; first <= in.n; first++) {
        check_parsed(parse_cut(buf_slice(&in), first, in.n), 6, want);
        check_parsed(parse_cut(buf_slice(&in), 0, first + 1), 6, want);
    }
    buf_release(&in);
}

/* A whole frame that is not compressed is not copied. */
static void test_not_copied(void)
{
    struct frame_parser *parser = NEEDED(frame_new(NULL));
    struct slice in = BYTES("\0\0\3\0hi"), rest = in;
    struct frame frame;

    CHECK_INT(frame_next(parser, &rest, &frame, NULL), 1);
    CHECK(frame.payload.p == in.p + 4);
    frame_free(parser);
}

static struct slice random_payload(struct rng *rng, char *bytes, size_t max)
{
    size_t n =
        rng_next(rng) % 3 == 0 ? rng_next(rng) % max : rng_next(rng) % 20;
    uint64_t range = 1 + rng_next(rng) % 255;

    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)(rng_next(rng) % range);
    return (struct slice){bytes, n};
}

/* What is put into frames comes out, whatever the cut. */
static void test_property(void)
{
    static char bytes[60000];
    struct rng rng = {SEED};

    printf("# seed %llu\n", (unsigned long long)SEED);
    for (int round = 0; round < 60 && !check_bad; round++) {
        struct buf in = BUF_INIT((size_t)2 << 20);
        struct buf want = BUF_INIT((size_t)2 << 20);
        int n = (int)(rng_next(&rng) % 10);
        size_t first, step;

        for (int i = 0; i < n; i++) {
            struct slice payload = random_payload(&rng, bytes, sizeof(bytes));

            CHECK(buf_addslice(&want, payload) == 0);
            if (rng_next(&rng) % 2 == 0)
                add_frame(&in, 0, payload);
            else
                add_packed(&in, payload);
        }
        first = rng_next(&rng) % (in.n + 1);
        step = 1 + rng_next(&rng) % 20000;
        check_parsed(parse_cut(buf_slice(&in), first, step), n,
                     buf_slice(&want));
        buf_release(&in);
        buf_release(&want);
    }
}

/* Nonsense ends in an error or waits for more; a flipped byte too. */
static void test_random_bytes(void)
{
    static char bytes[4096];
    struct rng rng = {SEED};
    int broken = 0;

    for (int round = 0; round < 3000; round++) {
        size_t n = rng_next(&rng) % sizeof(bytes);
        struct buf in = BUF_INIT(2 * sizeof(bytes));
        struct parsed p;

        for (size_t i = 0; i < n; i++)
            bytes[i] = (char)rng_next(&rng);
        if (round % 2 == 0) {
            bytes[0] = bytes[1] = 0;
            CHECK(buf_add(&in, bytes, n) == 0);
        } else {
            add_packed(&in, (struct slice){bytes, n / 8});
            in.p[rng_next(&rng) % in.n] ^= (char)(1 + rng_next(&rng) % 255);
        }
        p = parse_cut(buf_slice(&in), rng_next(&rng) % (in.n + 1), 1000);
        CHECK(p.rc == 0 || p.err.code == ERR_PROTOCOL);
        broken += p.rc < 0;
        buf_release(&p.payloads);
        buf_release(&in);
    }
    CHECK(broken > 100);
    CHECK(broken < 3000);
}

int main(void)
{
    RUN(test_plain);
    RUN(test_reconnect);
    RUN(test_terminal);
    RUN(test_broken);
    RUN(test_stays_broken);
    RUN(test_partial);
    RUN(test_limits);
    RUN(test_bombs);
    RUN(test_bad_packing);
    RUN(test_every_split);
    RUN(test_not_copied);
    RUN(test_property);
    RUN(test_random_bytes);
    return check_done();
}
