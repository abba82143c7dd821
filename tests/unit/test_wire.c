#include "s2/wire.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/retry.h"
#include "check.h"

#define SEED UINT64_C(20240607)

/* Bytes and their length, with NULs in them. */
#define BYTES(literal) ((struct slice){(literal), sizeof(literal) - 1})

static struct wire_record record(uint64_t timestamp, struct slice body)
{
    struct wire_record r = {0, timestamp, NULL, 0, body};

    return r;
}

static void check_encoded(const struct wire_append *in, struct slice want)
{
    struct buf out = BUF_INIT(4096);
    struct err err = ERR_INIT;

    CHECK(buf_addstr(&out, "x") == 0);
    CHECK(wire_encode(in, &out, &err) == 0);
    CHECK_STR(err.text, "");
    CHECK_INT(out.n, want.n + 1);
    CHECK(out.n == want.n + 1 && memcmp(out.p + 1, want.p, want.n) == 0);
    buf_release(&out);
}

static void test_encode_bytes(void)
{
    struct wire_record one = record(300, SLICE("hi"));
    struct wire_append in = {&one, 1, true, 0, NULL};

    check_encoded(&in, BYTES("\x0a\x07\x08\xac\x02\x1a\x02hi\x10\x00"));
    in.match_seq_num = UINT64_MAX;
    check_encoded(&in, BYTES("\x0a\x07\x08\xac\x02\x1a\x02hi\x10"
                             "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
    in.match = false;
    check_encoded(&in, BYTES("\x0a\x07\x08\xac\x02\x1a\x02hi"));
    in.fencing_token = "tok";
    check_encoded(&in, BYTES("\x0a\x07\x08\xac\x02\x1a\x02hi\x1a\x03tok"));
    in.fencing_token = "";
    check_encoded(&in, BYTES("\x0a\x07\x08\xac\x02\x1a\x02hi\x1a\x00"));
}

/* A fence: one header with an empty name; a timestamp of 0 is written. */
static void test_encode_fence(void)
{
    struct wire_header fence = {SLICE(""), SLICE("fence")};
    struct wire_record r = {0, 0, &fence, 1, SLICE("t")};
    struct wire_append in = {&r, 1, false, 0, NULL};

    CHECK(wire_is_command(&r));
    check_encoded(&in, BYTES("\x0a\x10\x08\x00\x12\x09\x0a\x00\x12\x05"
                             "fence\x1a\x01t"));
}

static void test_command(void)
{
    struct wire_header h[2] = {{SLICE("a"), SLICE("b")},
                               {SLICE(""), SLICE("")}};
    struct wire_record r = {0, 0, h, 1, SLICE("")};

    CHECK(!wire_is_command(&r));
    r.nheaders = 0;
    CHECK(!wire_is_command(&r));
    r.nheaders = 2;
    CHECK(!wire_is_command(&r));
    r.headers = h + 1;
    r.nheaders = 1;
    CHECK(wire_is_command(&r));
}

static void test_is_name(void)
{
    static char longest[WIRE_NAME_MAX + 1];
    static char longer[WIRE_NAME_MAX + 2];

    memset(longest, 'a', WIRE_NAME_MAX);
    memset(longer, 'a', WIRE_NAME_MAX + 1);
    CHECK(wire_is_name("a"));
    CHECK(wire_is_name("..."));
    CHECK(wire_is_name("social/\xc3\xa9"));
    CHECK(wire_is_name(longest));
    CHECK(!wire_is_name(longer));
    CHECK(!wire_is_name(""));
    CHECK(!wire_is_name("."));
    CHECK(!wire_is_name(".."));
    CHECK(!wire_is_name("\xff"));
}

static void test_metered(void)
{
    struct wire_header h[2] = {{SLICE(""), SLICE("fence")},
                               {SLICE("name"), SLICE("v")}};
    struct wire_record r = {0, 0, h, 1, SLICE("0123456789")};

    CHECK_INT(wire_metered(&r), 8 + 2 + 5 + 10);
    r.nheaders = 2;
    CHECK_INT(wire_metered(&r), 8 + 4 + 5 + 5 + 10);
    r.nheaders = 0;
    r.body.n = 0;
    CHECK_INT(wire_metered(&r), 8);
}

static int encode(const struct wire_record *records, size_t n,
                  const char *token, struct err *err)
{
    struct wire_append in = {records, n, false, 0, token};
    struct buf out = BUF_INIT((size_t)4 << 20);
    int rc = wire_encode(&in, &out, err);

    if (rc != 0)
        CHECK_INT(out.n, 0);
    buf_release(&out);
    return rc;
}

static void test_encode_limits(void)
{
    struct wire_record *many = calloc(1001, sizeof(*many));
    char *body = calloc(1, WIRE_BATCH_BYTES);
    struct wire_record big = {0, 0, NULL, 0, {body, WIRE_BATCH_BYTES - 8}};
    struct err err = ERR_INIT;

    CHECK(encode(many, 1000, NULL, &err) == 0);
    CHECK(encode(&big, 1, NULL, &err) == 0);
    CHECK(encode(many, 1, "012345678901234567890123456789012345", &err) == 0);
    CHECK_STR(err.text, "");
    CHECK(encode(many, 0, NULL, &err) == -1);
    CHECK_INT(err.code, ERR_BUG);
    CHECK(encode(many, 1001, NULL, NULL) == -1);
    big.body.n++;
    CHECK(encode(&big, 1, NULL, NULL) == -1);
    CHECK(encode(many, 1, "0123456789012345678901234567890123456", NULL) == -1);
    free(many);
    free(body);
}

static void test_encode_no_room(void)
{
    struct wire_record one = record(1, SLICE("hello"));
    struct wire_append in = {&one, 1, false, 0, NULL};
    struct buf out = BUF_INIT(5);
    struct err err = ERR_INIT;

    CHECK(wire_encode(&in, &out, &err) == -1);
    CHECK_INT(err.code, ERR_OS);
    CHECK_INT(out.n, 0);
    buf_release(&out);
}

/* An AppendInput whose records' bodies are field 3 and a ReadBatch whose
 * bodies are field 4 differ; headers are the same.  What is encoded is
 * decoded here by hand, from S2's field numbers. */
struct reader {
    const unsigned char *p, *end;
};

static uint64_t varint(struct reader *r)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64 && r->p < r->end; shift += 7) {
        unsigned char c = *r->p++;

        v |= (uint64_t)(c & 0x7F) << shift;
        if (c < 0x80)
            return v;
    }
    check_bad = true;
    return 0;
}

static struct reader nested(struct reader *r)
{
    uint64_t n = varint(r);
    struct reader in = {r->p, r->p};

    if (n > (uint64_t)(r->end - r->p)) {
        check_bad = true;
        return in;
    }
    r->p += n;
    in.end = r->p;
    return in;
}

static void check_bytes(struct reader r, struct slice want)
{
    struct slice got = {(const char *)r.p, (size_t)(r.end - r.p)};

    CHECK(slice_eq(got, want));
}

static void check_header(struct reader r, const struct wire_header *want)
{
    CHECK_INT(varint(&r), 0x0a);
    check_bytes(nested(&r), want->name);
    CHECK_INT(varint(&r), 0x12);
    check_bytes(nested(&r), want->value);
    CHECK(r.p == r.end);
}

static void check_record(struct reader r, const struct wire_record *want)
{
    CHECK_INT(varint(&r), 0x08);
    CHECK(varint(&r) == want->timestamp);
    for (size_t i = 0; i < want->nheaders; i++) {
        CHECK_INT(varint(&r), 0x12);
        check_header(nested(&r), &want->headers[i]);
    }
    CHECK_INT(varint(&r), 0x1a);
    check_bytes(nested(&r), want->body);
    CHECK(r.p == r.end);
}

static void check_message(struct slice s, const struct wire_append *want)
{
    struct reader r = {(const unsigned char *)s.p,
                       (const unsigned char *)s.p + s.n};

    for (size_t i = 0; i < want->n; i++) {
        CHECK_INT(varint(&r), 0x0a);
        check_record(nested(&r), &want->records[i]);
    }
    if (want->match) {
        CHECK_INT(varint(&r), 0x10);
        CHECK(varint(&r) == want->match_seq_num);
    }
    CHECK(r.p == r.end);
}

static void test_encode_property(void)
{
    static char bytes[300];
    struct rng rng = {SEED};
    struct wire_header headers[40];
    struct wire_record records[20];

    printf("# seed %" PRIu64 "\n", SEED);
    for (int round = 0; round < 500; round++) {
        struct wire_append in = {records, 1 + rng_next(&rng) % 20,
                                 rng_next(&rng) % 2 != 0,
                                 rng_next(&rng) >> rng_next(&rng) % 64, NULL};
        struct buf out = BUF_INIT((size_t)1 << 20);

        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = (char)rng_next(&rng);
        for (size_t i = 0; i < 40; i++) {
            headers[i].name = (struct slice){bytes, rng_next(&rng) % 4};
            headers[i].value = (struct slice){bytes + 4, rng_next(&rng) % 200};
        }
        for (size_t i = 0; i < in.n; i++)
            records[i] =
                (struct wire_record){0,
                                     rng_next(&rng) >> rng_next(&rng) % 64,
                                     headers + 2 * i,
                                     rng_next(&rng) % 3,
                                     {bytes, rng_next(&rng) % sizeof(bytes)}};
        CHECK(wire_encode(&in, &out, NULL) == 0);
        check_message(buf_slice(&out), &in);
        buf_release(&out);
        if (check_bad)
            return;
    }
}

int main(void)
{
    RUN(test_encode_bytes);
    RUN(test_encode_fence);
    RUN(test_command);
    RUN(test_is_name);
    RUN(test_metered);
    RUN(test_encode_limits);
    RUN(test_encode_no_room);
    RUN(test_encode_property);
    return check_done();
}
