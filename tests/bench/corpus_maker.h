/*
 * What all events of the corpus are made of: a seeded generator of numbers,
 * times, keys and identities, and a buffer that they are put into.
 */
#ifndef BENCH_CORPUS_MAKER_H
#define BENCH_CORPUS_MAKER_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/parse.h"

/* 2026-01-01T00:00:00Z: the past, for no server to complain of. */
#define START_US INT64_C(1767225600000000)
#define STEP_US 500
#define FIRST_CURSOR 5000000

/* A record is made 0.1 to 2 s before its event. */
#define LAG_MIN_STEPS 200
#define LAG_MAX_STEPS 4000

#define DAY_US INT64_C(86400000000)
#define LINE_MAX_BYTES ((size_t)1 << 20)

struct maker {
    struct buf line; /* the event */
    struct buf text; /* the text of its post, not escaped */
    struct buf link; /* the link of its post, not escaped; empty: none */
    uint64_t state;  /* of the generator */
    uint64_t number; /* the event's, from 0 */
    int64_t made_us; /* when its record was made */
    bool failed;     /* memory is out */
};

/* splitmix64 (Steele, Lea and Flood, 2014). */
static inline uint64_t draw(struct maker *m)
{
    uint64_t z = m->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* A number from 0 to ${n} - 1. */
static inline unsigned pick(struct maker *m, unsigned n)
{
    return (unsigned)((draw(m) >> 32) * n >> 32);
}

static inline bool permille(struct maker *m, unsigned share)
{
    return pick(m, 1000) < share;
}

static inline int64_t event_us(const struct maker *m)
{
    return START_US + (int64_t)m->number * STEP_US;
}

/* To the line, the text or the link. */
static inline void add(struct maker *m, struct buf *to, const char *p, size_t n)
{
    if (buf_add(to, p, n) != 0)
        m->failed = true;
}

static inline void put_bytes(struct maker *m, const char *p, size_t n)
{
    add(m, &m->line, p, n);
}

static inline void put(struct maker *m, const char *text)
{
    put_bytes(m, text, strlen(text));
}

static inline void put_number(struct maker *m, int64_t number)
{
    char digits[24];
    int n = snprintf(digits, sizeof(digits), "%" PRId64, number);

    put_bytes(m, digits, (size_t)n);
}

/* ${n} <= 64 random characters of the ${alphabet}, which has 32. */
static inline void add_random(struct maker *m, struct buf *to,
                              const char *alphabet, size_t n)
{
    char text[64];
    uint64_t bits = 0;

    for (size_t i = 0; i < n; i++, bits >>= 5) {
        if (i % 12 == 0)
            bits = draw(m);
        text[i] = alphabet[bits & 31];
    }
    add(m, to, text, n);
}

static inline void put_base32(struct maker *m, size_t n)
{
    add_random(m, &m->line, "abcdefghijklmnopqrstuvwxyz234567", n);
}

static inline void put_did(struct maker *m)
{
    put(m, "did:plc:");
    put_base32(m, 24);
}

/* A hash of 256 bits: its last character holds but three of them. */
static inline void put_hash(struct maker *m, const char *prefix)
{
    put(m, prefix);
    put_base32(m, 51);
    put_bytes(m, &"aeimquy4"[pick(m, 8)], 1);
}

static inline void put_cid(struct maker *m)
{
    put_hash(m, "bafyrei");
}

/* A record key of a time and a clock's id. */
static inline void put_tid(struct maker *m, int64_t us, unsigned clock)
{
    static const char digits[] = "234567abcdefghijklmnopqrstuvwxyz";
    uint64_t value = (uint64_t)us << 10 | clock;
    char text[13];

    for (int i = 13; i-- > 0; value >>= 5)
        text[i] = digits[value & 31];
    put_bytes(m, text, sizeof(text));
}

static inline void put_old_tid(struct maker *m, int64_t days)
{
    int64_t ago = (int64_t)(draw(m) % (uint64_t)(days * DAY_US));

    put_tid(m, m->made_us - ago, pick(m, 32));
}

/* Milliseconds and Z, as most clients write it. */
static inline void put_time(struct maker *m, int64_t us)
{
    char text[PARSE_TIME_SIZE];

    parse_time_text(us, text);
    put_bytes(m, text, 23);
    put(m, "Z");
}

/*
 * When the record of this event was made.  Two events have the same time only
 * when their numbers differ by less than the largest lag and are the same
 * modulo STEP_US; then their clocks' ids differ.  So keys are unique.
 */
static inline void make_record_time(struct maker *m)
{
    int64_t lag = LAG_MIN_STEPS + pick(m, LAG_MAX_STEPS - LAG_MIN_STEPS);

    m->made_us = event_us(m) - lag * STEP_US + (int64_t)(m->number % STEP_US);
}

static inline void put_rkey(struct maker *m)
{
    put_tid(m, m->made_us, (unsigned)(m->number / STEP_US % 32));
}

/* ${text} as Go writes it in a string: as the servers do. */
static inline void put_escaped(struct maker *m, const char *text, size_t n)
{
    static const char *const escapes[] = {"\\n",     "\\\"",    "\\u0026",
                                          "\\u003c", "\\u003e", "\\\\"};
    static const char escaped[] = "\n\"&<>\\";
    size_t from = 0;

    for (size_t i = 0; i < n; i++) {
        const char *at = memchr(escaped, text[i], sizeof(escaped) - 1);

        if (at == NULL)
            continue;
        put_bytes(m, text + from, i - from);
        put(m, escapes[at - escaped]);
        from = i + 1;
    }
    put_bytes(m, text + from, n - from);
}

/* {"cid":...,"uri":...}: somebody's record of the last ${days}. */
static inline void put_reference(struct maker *m, const char *collection,
                                 int64_t days)
{
    put(m, "{\"cid\":\"");
    put_cid(m);
    put(m, "\",\"uri\":\"at://");
    put_did(m);
    put(m, "/");
    put(m, collection);
    put(m, "/");
    put_old_tid(m, days);
    put(m, "\"}");
}

/* Something that was uploaded. */
static inline void put_blob(struct maker *m, const char *type, unsigned size)
{
    put(m, "{\"$type\":\"blob\",\"ref\":{\"$link\":\"");
    put_hash(m, "bafkrei");
    put(m, "\"},\"mimeType\":\"");
    put(m, type);
    put(m, "\",\"size\":");
    put_number(m, size / 8 + pick(m, size));
    put(m, "}");
}

#endif
