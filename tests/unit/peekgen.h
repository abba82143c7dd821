/*
 * Events by a grammar, on either wire: gen_event(g) makes the next one, and
 * gen_damage(g) breaks it.
 */
#ifndef PEEKGEN_H
#define PEEKGEN_H

#include "peekspell.h"

static inline void gen_feature(struct gen *g)
{
    static const struct gen_member link[] = {{"$type", gen_decoy},
                                             {"uri", gen_link}};
    static const struct gen_member tag[] = {{"$type", gen_decoy},
                                            {"tag", gen_link}};

    if (gen_chance(g, 5))
        GEN_OBJECT(g, tag);
    else
        GEN_OBJECT(g, link);
}

static inline void gen_features(struct gen *g)
{
    gen_array(g, gen_feature, gen_chance(g, 50) ? 12 : 2);
}

static inline void gen_facet(struct gen *g)
{
    static const struct gen_member facet[] = {{"index", gen_decoy},
                                              {"features", gen_features}};

    GEN_OBJECT(g, facet);
}

static inline void gen_facets(struct gen *g)
{
    gen_array(g, gen_facet, 3);
}

static inline void gen_card(struct gen *g)
{
    static const struct gen_member card[] = {
        {"uri", gen_link}, {"title", gen_decoy}, {"description", gen_decoy}};

    GEN_OBJECT(g, card);
}

static inline void gen_media(struct gen *g)
{
    static const struct gen_member media[] = {{"$type", gen_decoy},
                                              {"external", gen_card}};

    GEN_OBJECT(g, media);
}

static inline void gen_embed(struct gen *g)
{
    static const struct gen_member external[] = {{"$type", gen_decoy},
                                                 {"external", gen_card}};
    static const struct gen_member both[] = {
        {"$type", gen_decoy}, {"media", gen_media}, {"record", gen_card}};
    static const struct gen_member quote[] = {{"$type", gen_decoy},
                                              {"record", gen_card}};

    switch (gen_pick(g, 4)) {
    case 0:
        GEN_OBJECT(g, quote);
        break;
    case 1:
        GEN_OBJECT(g, both);
        break;
    default:
        GEN_OBJECT(g, external);
        break;
    }
}

static inline void gen_langs(struct gen *g)
{
    static const char *const langs[] = {"[\"en\"]",
                                        "[\"en\"]",
                                        "[\"en-GB\"]",
                                        "[\"EN\"]",
                                        "[\"de\",\"en\"]",
                                        "[7,\"en\"]",
                                        "[\"de\"]",
                                        "[]",
                                        "null",
                                        "\"en\"",
                                        "{\"en\":1}",
                                        "[\"enm\"]",
                                        "[\"\\u0065n\"]",
                                        "[\"en\\u0000\"]",
                                        "[[\"en\"]]",
                                        "[\"ja\"]"};

    gen_raw(g, gen_chance(g, 2) ? "[\"en\"]" : GEN_PICK(g, langs));
}

static inline void gen_created(struct gen *g)
{
    gen_string(g, "2026-11-22T18:00:00.000Z");
}

static inline void gen_record(struct gen *g)
{
    static const struct gen_member members[] = {
        {"$type", gen_decoy}, {"createdAt", gen_created}, {"text", gen_decoy},
        {"langs", gen_langs}, {"facets", gen_facets},     {"embed", gen_embed},
        {"reply", gen_card}};
    const struct gen_style outer = g->style;
    struct gen_member m[GEN_MEMBERS] = {{NULL, NULL}};
    size_t n = 0;

    g->style = g->inner;
    for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
        if (i < 4 || gen_chance(g, i < 6 ? 2 : 4))
            m[n++] = members[i];
    }
    if (gen_chance(g, 4))
        m[n++] = gen_extra(g);
    gen_object(g, m, n);
    g->style = outer;
}

static inline void gen_number(struct gen *g, const char *usual)
{
    static const char *const numbers[] = {"0",
                                          "7",
                                          "9007199254740991",
                                          "9007199254740992",
                                          "9007199254740993",
                                          "179537274473714700",
                                          "253402300799999999",
                                          "253402300800000000",
                                          "999999999999999999",
                                          "1000000000000000000",
                                          "9223372036854775808",
                                          "-5"};

    gen_raw(g, gen_chance(g, 16) ? GEN_PICK(g, numbers) : usual);
}

static inline void gen_time_us(struct gen *g)
{
    gen_number(g, "1795372744737147");
}

static inline void gen_seq(struct gen *g)
{
    gen_number(g, "1001");
}

static inline void gen_time(struct gen *g)
{
    static const char *const times[] = {
        "2026-11-22T18:39:04Z",        "2026-11-22t18:39:04Z",
        "1969-12-31T23:59:59.000000Z", "9999-12-31T23:59:59.999999-00:01",
        "2026-02-29T18:39:04.737147Z", ""};

    gen_string(g, gen_chance(g, 16) ? GEN_PICK(g, times)
                                    : "2026-11-22T18:39:04.737147Z");
}

static inline void gen_did(struct gen *g)
{
    static const char *const dids[] = {"", "did:plc:\xC3\xA9", "a\"b", "}}",
                                       "\\"};

    gen_string(g, gen_chance(g, 40) ? GEN_PICK(g, dids) : "did:plc:abc");
}

static inline void gen_kind(struct gen *g)
{
    gen_string(g, g->kind);
}

static inline void gen_operation(struct gen *g)
{
    gen_string(g, g->operation);
}

static inline void gen_collection(struct gen *g)
{
    static const char *const others[] = {
        "app.bsky.feed.like", "app.bsky.feed.postgate", "app.bsky.feed.pos", "",
        "App.bsky.feed.post"};

    gen_string(g,
               gen_chance(g, 4) ? GEN_PICK(g, others) : "app.bsky.feed.post");
}

/* The second is long past, the last no time. */
static inline void gen_rkey(struct gen *g)
{
    static const char *const rkeys[] = {"3n2wb7esvxsb2", "3aaaaaaaaaaaa",
                                        "self"};

    gen_string(g, gen_chance(g, 4) ? GEN_PICK(g, rkeys) : rkeys[0]);
}

static inline void gen_type(struct gen *g)
{
    static const char *const types[] = {
        "x.y#commit", "network.bsky.jetstream.subscribeEvents#identity",
        "network.bsky.jetstream.subscribeEvents#info", "#commit", "commit"};

    gen_string(g, gen_chance(g, 20)
                      ? GEN_PICK(g, types)
                      : "network.bsky.jetstream.subscribeEvents#commit");
}

static inline void gen_message_type(struct gen *g)
{
    static const char *const types[] = {"error", "other", "messages"};

    gen_string(g, gen_chance(g, 40) ? GEN_PICK(g, types) : "message");
}

static inline bool gen_deleted(const struct gen *g)
{
    return strcmp(g->operation, "delete") == 0;
}

static inline void gen_commit(struct gen *g)
{
    static const struct gen_member members[] = {{"rev", gen_rkey},
                                                {"operation", gen_operation},
                                                {"collection", gen_collection},
                                                {"rkey", gen_rkey},
                                                {"record", gen_record},
                                                {"cid", gen_did}};

    gen_object(g, members, gen_deleted(g) ? 4 : 6);
}

static inline void gen_payload(struct gen *g)
{
    static const struct gen_member members[] = {{"$type", gen_type},
                                                {"cid", gen_did},
                                                {"collection", gen_collection},
                                                {"did", gen_did},
                                                {"operation", gen_operation},
                                                {"record", gen_record},
                                                {"rev", gen_rkey},
                                                {"rkey", gen_rkey},
                                                {"seq", gen_seq},
                                                {"time", gen_time}};
    struct gen_member m[GEN_MEMBERS] = {{NULL, NULL}};
    size_t n = 0;

    for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
        if (!gen_deleted(g) || (i != 1 && i != 5))
            m[n++] = members[i];
    }
    gen_object(g, m, n);
}

/* Servers put the cursor in front, or have none; it may come late. */
static inline void gen_v1(struct gen *g)
{
    bool commit = strcmp(g->kind, "commit") == 0;
    struct gen_member m[GEN_MEMBERS] = {{"did", gen_did},
                                        {"time_us", gen_time_us}};
    size_t n = 2, at = gen_pick(g, 24);

    if (at > 8)
        m[n++] = (struct gen_member){"cursor", gen_seq};
    m[n++] = (struct gen_member){"kind", gen_kind};
    if (commit)
        m[n++] = (struct gen_member){"commit", gen_commit};
    else
        m[n++] = (struct gen_member){g->kind, gen_card};
    if (at < 2)
        m[n++] = (struct gen_member){"cursor", gen_seq};
    if (at < 1 || gen_chance(g, 24))
        m[n++] = (struct gen_member){"z", gen_card};
    gen_object(g, m, n);
}

static inline void gen_v2(struct gen *g)
{
    static const struct gen_member members[] = {{"$type", gen_message_type},
                                                {"payload", gen_payload}};

    GEN_OBJECT(g, members);
}

static inline struct gen_style gen_manner(struct gen *g, unsigned plain)
{
    static const unsigned escapes[] = {0, 0, 2, 10, 100};
    static const unsigned spaces[] = {0, 0, 0, 3};
    static const unsigned odds[] = {0, 0, 0, 100, 30};
    struct gen_style style = {0, 0, 0};

    if (gen_pick(g, 100) < plain)
        return style;
    style.escape = GEN_PICK(g, escapes);
    style.space = GEN_PICK(g, spaces);
    style.odd = GEN_PICK(g, odds);
    return style;
}

static inline void gen_event(struct gen *g)
{
    static const char *const kinds[] = {"identity", "account", "Commit", ""};
    static const char *const operations[] = {"delete", "update", "Create", ""};

    buf_reset(&g->out);
    g->style = gen_manner(g, 80);
    g->inner = gen_manner(g, 40);
    g->kind = gen_chance(g, 10) ? GEN_PICK(g, kinds) : "commit";
    g->operation = gen_chance(g, 6) ? GEN_PICK(g, operations) : "create";
    if (gen_chance(g, 2))
        gen_v1(g);
    else
        gen_v2(g);
}

/* Replaces ${drop} bytes at ${at} by ${s}. */
static inline void gen_replace(struct gen *g, size_t at, size_t drop,
                               struct slice s)
{
    struct buf held;

    buf_reset(&g->link);
    buf_add(&g->link, g->out.p, at);
    buf_addslice(&g->link, s);
    buf_add(&g->link, g->out.p + at + drop, g->out.n - at - drop);
    held = g->out;
    g->out = g->link;
    g->link = held;
}

static inline void gen_wound(struct gen *g)
{
    static const char bytes[] = "{}[]\",:\\/u0eE+-. \n\xC3\xFF$#tfnhHr759";
    static const char *const pieces[] = {"\"cursor\":7,",
                                         "\"kind\":\"commit\",",
                                         ",\"z\":{}}",
                                         "\\u0075",
                                         "\"uri\":\"https://bbc.com\"",
                                         "98765432109876543210",
                                         "}}",
                                         "\\\\",
                                         ",\"cursor\":5,\"z\":{}}",
                                         "\"seq\":5,",
                                         "\\ud83d",
                                         "uri",
                                         "\"uri\""};
    size_t at = gen_pick(g, g->out.n), left = g->out.n - at;
    size_t n = gen_pick(g, left < 40 ? left + 1 : 40);
    struct slice byte = {&bytes[gen_pick(g, sizeof(bytes))], 1};

    switch (gen_pick(g, 7)) {
    case 0:
        g->out.p[at] = (char)(g->out.p[at] ^ 1 << gen_pick(g, 8));
        break;
    case 1:
        gen_replace(g, at, 1, byte);
        break;
    case 2:
        gen_replace(g, at, 0, byte);
        break;
    case 3:
        gen_replace(g, at, n, SLICE(""));
        break;
    case 4:
        gen_replace(g, at, left, gen_chance(g, 2) ? SLICE("") : SLICE("}}"));
        break;
    case 5:
        gen_replace(g, at, 0, slice_str(GEN_PICK(g, pieces)));
        break;
    default:
        gen_replace(g, gen_pick(g, g->out.n), 0,
                    (struct slice){g->out.p + at, n});
        break;
    }
}

static inline void gen_damage(struct gen *g)
{
    for (size_t i = 1 + gen_pick(g, 2); i > 0 && g->out.n > 0; i--)
        gen_wound(g);
}

#endif
