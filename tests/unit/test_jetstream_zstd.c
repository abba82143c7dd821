#include "bsky/jetstream.h"

#include <zdict.h>
#include <zstd.h>

#include "base/zst.h"
#include "jetworld.h"

#define V1_ID 1612007021U

static const char sample[] = "{\"did\":\"did:plc:x\",\"kind\":\"commit\"}";

/* A small dictionary with the given id. */
static struct buf make_dictionary(unsigned id)
{
    struct buf out = BUF_INIT(65536);
    char *to = NEEDED(buf_reserve(&out, 65536));
    char content[2048], samples[8192];
    size_t sizes[64];
    ZDICT_params_t params = {0, 0, id};

    for (size_t i = 0; i < sizeof(content); i++)
        content[i] = sample[i % (sizeof(sample) - 1)];
    for (size_t i = 0; i < sizeof(samples); i++)
        samples[i] = (char)(sample[i % (sizeof(sample) - 1)] + (i % 7 == 0));
    for (size_t i = 0; i < 64; i++)
        sizes[i] = sizeof(samples) / 64;
    out.n = ZDICT_finalizeDictionary(to, 65536, content, sizeof(content),
                                     samples, sizes, 64, params);
    CHECK(!ZDICT_isError(out.n));
    CHECK_INT(zst_dictionary_id(buf_slice(&out)), id);
    return out;
}

static struct buf compressed(const struct buf *dictionary, struct slice in)
{
    struct buf out = BUF_INIT((size_t)1 << 20);
    char *to = NEEDED(buf_reserve(&out, 65536));
    ZSTD_CCtx *cctx = ZSTD_createCCtx();

    out.n = ZSTD_compress_usingDict(cctx, to, 65536, in.p, in.n, dictionary->p,
                                    dictionary->n, 3);
    CHECK(!ZSTD_isError(out.n));
    ZSTD_freeCCtx(cctx);
    return out;
}

/* What a compressing server sends: a frame, garbage, a bomb, a message above
 * the cap, plain text, a frame. */
static void script_zstd(struct peer_conn *conn, void *arg)
{
    const struct buf *frames = arg;

    if (!peer_upgrade(conn))
        return;
    peer_frame(conn, PEER_FIN | PEER_BINARY, frames[0].p, frames[0].n);
    peer_frame(conn, PEER_FIN | PEER_BINARY, "garbage", 7);
    peer_frame(conn, PEER_FIN | PEER_BINARY, frames[1].p, frames[1].n);
    peer_text(conn, "{\"plain\":1}");
    peer_frame(conn, PEER_FIN | PEER_BINARY, frames[0].p, frames[0].n);
    if (conn->number == 1)
        peer_linger(conn);
}

/* Two connections; the dictionary is asked for once. */
static void check_compressed(int wire, unsigned id, bool own)
{
    struct buf dictionary = make_dictionary(id);
    struct answer served = {200, dictionary.p, dictionary.n};
    struct buf zeroes = BUF_INIT(JETSTREAM_MESSAGE_MAX + 1);
    struct buf frames[2];
    struct world w;
    struct peer peer;
    char query[80], url[128];

    memset(buf_reserve(&zeroes, zeroes.max), ' ', zeroes.max);
    zeroes.n = zeroes.max;
    frames[0] = compressed(&dictionary, SLICE(sample));
    frames[1] = compressed(&dictionary, buf_slice(&zeroes));
    CHECK(peer_start(&peer, NULL, script_zstd, frames));
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", wire);
    w.config.compress = true;
    w.answers = &served;
    w.nanswers = 1;
    if (own)
        w.config.dictionary = buf_slice(&dictionary);
    world_open(&w);
    TURN_UNTIL(&w, w.messages == 6);
    CHECK(slice_eq(buf_slice(&w.last), SLICE(sample)));
    CHECK_STR(w.log, "connecting up garbage oversize down "
                     "connecting up garbage oversize");
    CHECK_INT(w.fetches, !own);
    snprintf(url, sizeof(url),
             "http://127.0.0.1:%u/xrpc/network.bsky.jetstream."
             "getZstdDictionary",
             peer.port);
    CHECK_STR(w.fetched, own ? "" : url);
    snprintf(query, sizeof(query),
             wire == 1 ? "&compress=true HTTP" : "&zstdDictionary=%u HTTP", id);
    CHECK(peer_saw(&peer, query));
    world_close(&w);
    peer_stop(&peer);
    buf_release(&dictionary);
    buf_release(&zeroes);
    buf_release(&frames[0]);
    buf_release(&frames[1]);
}

static void test_compressed(void)
{
    check_compressed(1, V1_ID, true);
    check_compressed(2, 20260811, true);
    check_compressed(2, 20260811, false);
}

/* What a dictionary that cannot be had leads to: plain, said once. */
static void check_plain(int wire, struct answer served, const char *why,
                        unsigned own)
{
    struct buf dictionary = make_dictionary(own == 0 ? 1 : own);
    struct world w;
    struct peer peer;

    CHECK(peer_start(&peer, NULL, script_brief, NULL));
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", wire);
    w.config.compress = true;
    w.answers = &served;
    w.nanswers = served.body != NULL;
    if (own != 0)
        w.config.dictionary = buf_slice(&dictionary);
    world_open(&w);
    TURN_UNTIL(&w, w.messages == 3);
    CHECK_INT(w.news[JETSTREAM_PLAIN], why != NULL);
    if (why != NULL && strstr(w.text[JETSTREAM_PLAIN], why) == NULL)
        CHECK_STR(w.text[JETSTREAM_PLAIN], why);
    CHECK(!peer_saw(&peer, "zstdDictionary"));
    CHECK(!peer_saw(&peer, "compress"));
    world_close(&w);
    peer_stop(&peer);
    buf_release(&dictionary);
}

static void test_plain(void)
{
    check_plain(2, (struct answer){404, "no", 0}, "status 404", 0);
    check_plain(2, (struct answer){200, "no", 0}, "no dictionary", 0);
    check_plain(2, (struct answer){0, "", 0}, "no answer", 0);
    check_plain(2, (struct answer){0, NULL, 0}, "no answer", 0);
    check_plain(2, (struct answer){404, "no", 0}, "status 404", V1_ID);
    check_plain(1, (struct answer){404, "no", 0}, NULL, 0);
    check_plain(1, (struct answer){404, "no", 0}, "not that of wire v1", 5);
}

/* A dictionary that never comes delays, and is given up. */
static void test_dictionary_stall(void)
{
    struct answer never = {200, "", 0};
    struct world w;
    struct peer peer;

    CHECK(peer_start(&peer, NULL, script_hello, NULL));
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", 2);
    w.config.compress = true;
    w.config.timing.connect = 400;
    w.answers = &never;
    w.nanswers = 1;
    w.hold = true;
    world_open(&w);
    TURN_UNTIL(&w, w.messages == 1);
    CHECK_STR(w.log, "connecting plain up");
    CHECK_INT(w.unfetches, 1);
    world_close(&w);
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", 2);
    w.config.compress = true;
    w.answers = &never;
    w.nanswers = 1;
    w.hold = true;
    world_open(&w);
    TURN_UNTIL(&w, w.fetches == 1);
    world_close(&w);
    CHECK_INT(w.unfetches, 1);
    peer_stop(&peer);
}

#define UNKNOWN "{\"error\":\"UnknownZstdDictionary\",\"message\":\"it is 8\"}"

/* The user's dictionary is unknown: the server's is fetched.  That is unknown
 * too: it is fetched again.  And again: plain, and said. */
static void check_rotation(bool own, int times, const char *log,
                           const char *query)
{
    struct buf mine = make_dictionary(6), theirs = make_dictionary(7);
    struct buf newer = make_dictionary(8);
    struct answer answers[6], *a = answers;
    struct world w;
    struct peer peer;

    if (!own)
        *a++ = (struct answer){200, theirs.p, theirs.n};
    *a++ = (struct answer){400, UNKNOWN, 0};
    *a++ = (struct answer){200, newer.p, newer.n};
    *a++ = (struct answer){400, UNKNOWN, 0};
    *a++ = (struct answer){200, newer.p, newer.n};
    *a++ = (struct answer){400, UNKNOWN, 0};
    CHECK(peer_start(&peer, NULL, script_400, &times));
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", 2);
    w.config.compress = true;
    if (own)
        w.config.dictionary = buf_slice(&mine);
    w.answers = answers;
    w.nanswers = (size_t)(a - answers);
    world_open(&w);
    TURN_UNTIL(&w, w.messages == 1);
    CHECK_STR(w.log, log);
    CHECK(peer_saw(&peer, query));
    if (w.news[JETSTREAM_PLAIN] > 0)
        CHECK_STR(w.text[JETSTREAM_PLAIN], "it is 8");
    world_close(&w);
    peer_stop(&peer);
    buf_release(&mine);
    buf_release(&theirs);
    buf_release(&newer);
}

static void test_rotation(void)
{
    check_rotation(false, 1, "connecting connecting up",
                   "&zstdDictionary=8 HTTP");
    check_rotation(false, 2, "connecting connecting plain connecting up",
                   "collections=app.bsky.feed.post HTTP");
    check_rotation(true, 1, "connecting connecting up",
                   "&zstdDictionary=8 HTTP");
    check_rotation(true, 2, "connecting connecting connecting up",
                   "&zstdDictionary=8 HTTP");
    check_rotation(true, 3,
                   "connecting connecting connecting plain connecting up",
                   "collections=app.bsky.feed.post HTTP");
}

static void script_binary(struct peer_conn *conn, void *arg)
{
    (void)arg;
    if (!peer_upgrade(conn))
        return;
    peer_frame(conn, PEER_FIN | PEER_BINARY, "{}", 2);
    peer_text(conn, "{}");
    peer_linger(conn);
}

static void test_binary(void)
{
    struct world w;
    struct peer peer;

    CHECK(peer_start(&peer, NULL, script_binary, NULL));
    world_init(&w);
    add_url(&w, &peer, "127.0.0.1", 1);
    world_open(&w);
    TURN_UNTIL(&w, w.messages == 1);
    CHECK_STR(w.log, "connecting up garbage");
    world_close(&w);
    peer_stop(&peer);
}

int main(void)
{
    have_certs = peer_certs_make(&certs);
    RUN(test_compressed);
    RUN(test_plain);
    RUN(test_dictionary_stall);
    RUN(test_rotation);
    RUN(test_binary);
    peer_certs_remove(&certs);
    return check_done();
}
