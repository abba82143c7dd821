#include "s2/wire.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/retry.h"
#include "check.h"

#define SEED UINT64_C(20240607)

/* Bytes and their length, with NULs in them. */
#define BYTES(literal) ((struct slice){(literal), sizeof(literal) - 1})

static void test_ack(void)
{
    struct wire_ack ack;
    struct err err = ERR_INIT;

    CHECK(wire_parse_ack(BYTES("\x0a\x04\x08\x05\x10\x07\x12\x04\x08\x08\x10"
                               "\x09\x1a\x05\x08\x80\x01\x10\x0a"),
                         &ack, &err) == 0);
    CHECK_INT(ack.start.seq_num, 5);
    CHECK_INT(ack.start.timestamp, 7);
    CHECK_INT(ack.end.seq_num, 8);
    CHECK_INT(ack.end.timestamp, 9);
    CHECK_INT(ack.tail.seq_num, 128);
    CHECK_INT(ack.tail.timestamp, 10);
    /* A number that is not there is 0; without a tail it is the end. */
    CHECK(wire_parse_ack(BYTES("\x0a\x02\x10\x07\x12\x04\x08\x01\x10\x07"),
                         &ack, &err) == 0);
    CHECK_INT(ack.start.seq_num, 0);
    CHECK_INT(ack.tail.seq_num, 1);
    /* Unknown fields of every kind are skipped. */
    CHECK(wire_parse_ack(BYTES("\x78\x01\x0a\x02\x18\x07\x82\x01\x02hi"
                               "\x12\x02\x08\x01\xad\x03\x01\x02\x03\x04"),
                         &ack, &err) == 0);
    CHECK_INT(ack.end.seq_num, 1);
    CHECK_STR(err.text, "");
}

static void test_bad_acks(void)
{
    static const struct slice bad[] = {
        {"", 0},
        {"\x0a\x02\x08\x01", 4},                 /* no end */
        {"\x12\x02\x08\x01", 4},                 /* no start */
        {"\x0a\x02\x08\x05\x12\x02\x08\x04", 8}, /* backwards */
        {"\x0a\x02\x08\x05\x12\x02\x08", 7},     /* cut */
        {"\x0a\x7f\x08\x05", 4},                 /* too long */
        {"{\"start\":1}", 11},                   /* JSON */
        {"\x0a\x0c\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x12\x00",
         16},                        /* a number of eleven bytes */
        {"\x08\x05\x10\x06", 4},     /* wrong types */
        {"\x0a\x00\x12\x00\x07", 5}, /* wire type 7 */
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct wire_ack ack;
        struct err err = ERR_INIT;

        CHECK(wire_parse_ack(bad[i], &ack, &err) == -1);
        CHECK_INT(err.code, ERR_PROTOCOL);
    }
}

static void test_batch(void)
{
    struct err err = ERR_INIT;
    struct wire_batch *b = wire_batch_new(
        BYTES("\x0a\x13\x10\x07\x1a\x09\x0a\x00\x12\x05"
              "fence\x78\x01\x22\x02hi"
              "\x0a\x06\x08\x03\x10\x09\x22\x00\x12\x04\x08\x04\x10\x09"),
        &err);
    size_t n;
    const struct wire_record *r;

    CHECK_STR(err.text, "");
    if (b == NULL)
        return;
    r = wire_batch_records(b, &n);
    CHECK_INT(n, 2);
    CHECK_INT(r[0].seq_num, 0);
    CHECK_INT(r[0].timestamp, 7);
    CHECK_INT(r[0].nheaders, 1);
    CHECK(wire_is_command(&r[0]));
    CHECK(slice_eq(r[0].headers[0].value, SLICE("fence")));
    CHECK(slice_eq(r[0].body, SLICE("hi")));
    CHECK_INT(r[1].seq_num, 3);
    CHECK_INT(r[1].nheaders, 0);
    CHECK_INT(r[1].body.n, 0);
    wire_batch_free(b);
    wire_batch_free(NULL);
}

static void test_empty_batch(void)
{
    struct wire_batch *b = wire_batch_new(SLICE(""), NULL);
    size_t n = 9;

    CHECK(b != NULL);
    if (b == NULL)
        return;
    wire_batch_records(b, &n);
    CHECK_INT(n, 0);
    wire_batch_free(b);
}

/* A tail of zeros is one too. */
static void test_batch_tail(void)
{
    static const struct {
        struct slice bytes;
        bool known;
        uint64_t seq_num, timestamp;
    } rows[] = {
        {{"", 0}, false, 77, 77},
        {{"\x0a\x02\x08\x01", 4}, false, 77, 77},
        {{"\x12\x00", 2}, true, 0, 0},
        {{"\x0a\x02\x08\x01\x12\x04\x08\x02\x10\x09", 10}, true, 2, 9},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wire_batch *b = wire_batch_new(rows[i].bytes, NULL);
        struct wire_position tail = {77, 77};

        CHECK(b != NULL);
        if (b == NULL)
            return;
        CHECK_INT(wire_batch_tail(b, &tail), rows[i].known);
        CHECK_INT(tail.seq_num, rows[i].seq_num);
        CHECK_INT(tail.timestamp, rows[i].timestamp);
        wire_batch_free(b);
    }
}

static void test_bad_batches(void)
{
    static const struct slice bad[] = {
        {"\x0a\x05\x08\x01", 4},
        {"{\"records\":[]}", 14},
        {"\x0a\x02\x08\x01\x0a\x02\x08\x01", 8}, /* the same number twice */
        {"\x0a\x02\x08\x02\x0a\x02\x08\x01", 8}, /* backwards */
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct err err = ERR_INIT;

        CHECK(wire_batch_new(bad[i], &err) == NULL);
        CHECK_INT(err.code, ERR_PROTOCOL);
    }
}

/* Four megabytes that would become two million structs. */
static void test_batch_bomb(void)
{
    size_t n = (size_t)4 << 20;
    char *body = malloc(n);
    struct slice s = {body, n};
    struct err err = ERR_INIT;

    for (size_t i = 0; i < n; i += 2)
        memcpy(body + i, "\x0a\x00", 2);
    CHECK(wire_batch_new(s, &err) == NULL);
    CHECK_INT(err.code, ERR_PROTOCOL);
    free(body);
}

/* Garbage and mutilated messages are survived, whatever the verdict. */
static void test_parse_property(void)
{
    static const char good[] =
        "\x0a\x13\x10\x07\x1a\x09\x0a\x00\x12\x05"
        "fence\x78\x01\x22\x02hi"
        "\x0a\x06\x08\x03\x10\x09\x22\x00\x12\x04\x08\x04\x10\x09";
    struct rng rng = {SEED};
    int parsed = 0, refused = 0;

    printf("# seed %" PRIu64 "\n", SEED);
    for (int round = 0; round < 20000; round++) {
        char text[sizeof(good)];
        struct slice s = {text, rng_next(&rng) % sizeof(good)};
        struct wire_batch *b;
        struct wire_ack ack;
        struct wire_error error;

        memcpy(text, good, sizeof(good));
        for (size_t i = rng_next(&rng) % 4; i > 0; i--)
            text[rng_next(&rng) % sizeof(good)] = (char)rng_next(&rng);
        b = wire_batch_new(s, NULL);
        *(b != NULL ? &parsed : &refused) += 1;
        wire_batch_free(b);
        (void)wire_parse_ack(s, &ack, NULL);
        wire_parse_error(s, &error);
    }
    CHECK(parsed > 100);
    CHECK(refused > 100);
}

int main(void)
{
    RUN(test_ack);
    RUN(test_bad_acks);
    RUN(test_batch);
    RUN(test_empty_batch);
    RUN(test_batch_tail);
    RUN(test_bad_batches);
    RUN(test_batch_bomb);
    RUN(test_parse_property);
    return check_done();
}
