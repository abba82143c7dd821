/*
 * JSON by chance: plain, or spelled, spaced and ordered in any other way that
 * JSON allows, with every kind of link, and with decoys.
 */
#ifndef PEEKSPELL_H
#define PEEKSPELL_H

#include <string.h>

#include "base/buf.h"
#include "base/retry.h"
#include "check.h"

/* How often the plain spelling is left: one time in so many; 0: never. */
struct gen_style {
    unsigned escape; /* of characters */
    unsigned space;  /* of places for it */
    unsigned odd;    /* of members and values */
};

struct gen {
    struct rng rng;
    struct buf out;  /* the event */
    struct buf link; /* a link that is being made */
    struct gen_style style;
    struct gen_style inner; /* of the record */
    const char *kind;
    const char *operation;
};

#define GEN_MEMBERS 16

struct gen_member {
    const char *key;
    void (*value)(struct gen *g);
};

#define GEN_PICK(g, list) ((list)[gen_pick(g, sizeof(list) / sizeof(*(list)))])

static inline size_t gen_pick(struct gen *g, size_t n)
{
    return (size_t)(rng_next(&g->rng) % n);
}

static inline bool gen_chance(struct gen *g, unsigned one_in)
{
    return one_in > 0 && gen_pick(g, one_in) == 0;
}

static inline void gen_raw(struct gen *g, const char *text)
{
    buf_addstr(&g->out, text);
}

static inline void gen_space(struct gen *g)
{
    while (gen_chance(g, g->style.space))
        buf_add(&g->out, &" \t\r\n"[gen_pick(g, 4)], 1);
}

/* A character that is below 0x80, as an escape. */
static inline void gen_escape(struct gen *g, char c)
{
    const char *hex =
        gen_chance(g, 2) ? "0123456789abcdef" : "0123456789ABCDEF";
    char text[6] = {'\\', 'u', '0', '0', hex[c >> 4 & 15], hex[c & 15]};

    buf_add(&g->out, text, sizeof(text));
}

static inline void gen_text(struct gen *g, struct slice s)
{
    gen_raw(g, "\"");
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if ((unsigned char)c < 0x20 ||
            ((unsigned char)c < 0x80 && gen_chance(g, g->style.escape)))
            gen_escape(g, c);
        else if (c == '"' || c == '\\' ||
                 (c == '/' && gen_chance(g, g->style.escape)))
            buf_add(&g->out, (const char[2]){'\\', c}, 2);
        else
            buf_add(&g->out, &c, 1);
    }
    gen_raw(g, "\"");
}

static inline void gen_string(struct gen *g, const char *text)
{
    gen_text(g, slice_str(text));
}

/* Puts an odd value where one is due. */
static inline bool gen_odd(struct gen *g)
{
    static const char *const values[] = {
        "null",
        "true",
        "0",
        "-1",
        "1.5",
        "1e3",
        "-0",
        "0.0",
        "007",
        "9007199254740991",
        "9007199254740992",
        "9007199254740993",
        "179537274473714700",
        "253402300799999999",
        "253402300800000000",
        "999999999999999999",
        "1000000000000000000",
        "9223372036854775807",
        "98765432109876543210",
        "1795372744737147.0",
        "\"\"",
        "\"en\"",
        "[]",
        "{}",
        "{\"uri\":\"https://youtube.com/\"}",
        "[{\"features\":[{\"uri\":\"https://bbc.com\"}]}]",
        "\"\\\\\"",
        "\"\\ud83d\\ude00\"",
        "\"\\u0000\""};

    if (!gen_chance(g, g->style.odd))
        return false;
    gen_raw(g, GEN_PICK(g, values));
    return true;
}

static inline void gen_link(struct gen *g);

/* Text that looks like members, and ends in all kinds of ways. */
static inline void gen_decoy(struct gen *g)
{
    static const char *const texts[] = {
        "see https://youtube.com/ there",
        "\"uri\":\"https://youtube.com\"",
        "\"uri\"",
        "uri",
        "}}}",
        "{{{",
        "\\",
        "\\\\",
        "\\\"",
        "\"",
        "\",\"rev\":\"",
        "\xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x90\x9D",
        "a\nb",
        "https://cnn.com/",
        "\\u0075ri",
        ""};

    if (gen_chance(g, 8))
        gen_link(g);
    else
        gen_string(g, GEN_PICK(g, texts));
}

static inline struct gen_member gen_extra(struct gen *g)
{
    static const struct gen_member extras[] = {
        {"uri", gen_link},      {"xuri", gen_link},      {"uri ", gen_link},
        {"URI", gen_link},      {"ur", gen_link},        {"x\"uri", gen_decoy},
        {"uri\\", gen_decoy},   {"kind", gen_decoy},     {"cursor", gen_decoy},
        {"record", gen_decoy},  {"commit", gen_decoy},   {"$type", gen_decoy},
        {"time_us", gen_decoy}, {"payload", gen_decoy},  {"", gen_decoy},
        {"seq", gen_decoy},     {"external", gen_decoy}, {"z", gen_decoy}};

    return GEN_PICK(g, extras);
}

/* Swaps, drops, doubles or adds members; returns how many there are then. */
static inline size_t gen_disorder(struct gen *g, struct gen_member *m, size_t n)
{
    size_t a = gen_pick(g, n), b = gen_pick(g, n);
    struct gen_member held = m[a];

    switch (gen_pick(g, 6)) {
    case 0:
        m[a] = m[--n];
        break;
    case 1:
        m[n++] = held;
        break;
    case 2:
    case 3:
        m[a] = m[b];
        m[b] = held;
        break;
    default:
        m[n++] = m[a];
        m[a] = gen_extra(g);
        break;
    }
    return n;
}

static inline void gen_object(struct gen *g, const struct gen_member *members,
                              size_t n)
{
    struct gen_member m[GEN_MEMBERS];

    memcpy(m, members, n * sizeof(*m));
    while (n > 1 && n < GEN_MEMBERS && gen_chance(g, g->style.odd / 2))
        n = gen_disorder(g, m, n);
    gen_raw(g, "{");
    for (size_t i = 0; i < n; i++) {
        gen_raw(g, i > 0 ? "," : "");
        gen_space(g);
        gen_string(g, m[i].key);
        gen_space(g);
        gen_raw(g, ":");
        gen_space(g);
        if (!gen_odd(g))
            m[i].value(g);
        gen_space(g);
    }
    gen_raw(g, "}");
}

#define GEN_OBJECT(g, list) gen_object(g, list, sizeof(list) / sizeof(*(list)))

static inline void gen_array(struct gen *g, void (*item)(struct gen *g),
                             size_t most)
{
    size_t n = gen_pick(g, most + 1);

    gen_raw(g, "[");
    for (size_t i = 0; i < n; i++) {
        gen_raw(g, i > 0 ? "," : "");
        gen_space(g);
        if (!gen_odd(g))
            item(g);
        gen_space(g);
    }
    gen_raw(g, "]");
}

/* Around the length at which a link is none any more, in its path or in its
 * authority. */
static inline void gen_long(struct gen *g)
{
    size_t n = 8180 + gen_pick(g, 20);
    bool path = gen_chance(g, 2);

    buf_reset(&g->link);
    buf_addstr(&g->link, path ? "https://bbc.com/" : "https://");
    while (g->link.n < n)
        NEED(buf_addstr(&g->link, "x") == 0);
    if (!path)
        buf_addstr(&g->link, "@bbc.com");
}

static inline void gen_parts(struct gen *g)
{
    static const char *const schemes[] = {
        "http://", "HTTP://",   "hTTpS://",   "HTTPS://", "ftp://",
        "//",      "https:/",   "http:",      "at://",    " https://",
        "",        "httpss://", "https:\\\\", "h"};
    static const char *const users[] = {
        "@", "u:p@", "youtube.com@", "a b@", "\xC3\xA9@", "\"@", "x\\@", "/@"};
    static const char *const hosts[] = {
        "youtube.com", "youtu.be",  "www.bbc.com", "BBC.co.uk",    "amazon.com",
        "A.co",        "m.cnn.com", "odd.example", "x.Odd.Example"};
    static const char *const others[] = {
        "notcnn.com", "cnn.com.x.example", "example.com", "x..cnn.com",
        "",           ".cnn.com",          "[::1]",       "odd.example.org",
        "com",        "xn--p1ai",          "bbc.com\x7F", "bbc.com\xC3\xA9",
        "bbc.com\\",  "bbc .com",          "bbc\n.com",   "cnn-com",
        "localhost"};
    static const char *const ports[] = {":", ":443", ":8080.", ":x", ".", ".."};
    static const char *const tails[] = {
        "/x",  "?x", "#y",       "/x?u=https://youtube.com/",
        "/\\", "\\", "/\"uri\"", "/",
        "/@",  ":",  "/\xC3\xA9"};
    bool plain = !gen_chance(g, 4);

    buf_addstr(&g->link, plain ? "https://" : GEN_PICK(g, schemes));
    if (gen_chance(g, 8))
        buf_addstr(&g->link, GEN_PICK(g, users));
    buf_addstr(&g->link,
               gen_chance(g, 3) ? GEN_PICK(g, others) : GEN_PICK(g, hosts));
    if (gen_chance(g, 8))
        buf_addstr(&g->link, GEN_PICK(g, ports));
    if (!gen_chance(g, 4))
        buf_addstr(&g->link, GEN_PICK(g, tails));
}

static inline void gen_link(struct gen *g)
{
    buf_reset(&g->link);
    if (gen_chance(g, 400))
        gen_long(g);
    else
        gen_parts(g);
    gen_text(g, buf_slice(&g->link));
}

#endif
