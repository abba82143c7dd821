/*
 * The events of the corpus that are no posts, and what stands around a record.
 */
#ifndef BENCH_CORPUS_EVENT_H
#define BENCH_CORPUS_EVENT_H

#include "corpus_post.h"

/* Of 1000; measured: 18 of 105 likes and 6 of 15 reposts. */
#define LIKE_VIA 170
#define REPOST_VIA 400

#define POST "app.bsky.feed.post"
#define LIKE "app.bsky.feed.like"
#define REPOST "app.bsky.feed.repost"
#define FOLLOW "app.bsky.graph.follow"
#define BLOCK "app.bsky.graph.block"
#define STATUS "app.bsky.actor.status"
#define MUSIC "fm.teal.alpha.actor.status"

static inline void put_head(struct maker *m, const char *kind)
{
    put(m, "{\"did\":\"");
    put_did(m);
    put(m, "\",\"time_us\":");
    put_number(m, event_us(m));
    put(m, ",\"cursor\":");
    put_number(m, FIRST_CURSOR + (int64_t)m->number);
    put(m, ",\"kind\":\"");
    put(m, kind);
    put(m, "\",\"");
    put(m, kind);
    put(m, "\":{");
}

/* Up to the record key. */
static inline void put_commit(struct maker *m, const char *operation,
                              const char *collection)
{
    unsigned clock;

    put_head(m, "commit");
    put(m, "\"rev\":\"");
    /* One draw after the other: compilers order arguments as they like. */
    clock = pick(m, 32);
    put_tid(m, m->made_us + 1000 + pick(m, 30000), clock);
    put(m, "\",\"operation\":\"");
    put(m, operation);
    put(m, "\",\"collection\":\"");
    put(m, collection);
    put(m, "\",\"rkey\":\"");
}

/* Up to the record. */
static inline void put_create(struct maker *m, const char *collection)
{
    put_commit(m, "create", collection);
    put_rkey(m);
    put(m, "\",\"record\":");
}

/* What is behind the record. */
static inline void put_cid_and_end(struct maker *m)
{
    put(m, ",\"cid\":\"");
    put_cid(m);
    put(m, "\"}}\n");
}

/* A record up to the value of its subject. */
static inline void put_subject(struct maker *m, const char *collection)
{
    put_create(m, collection);
    put(m, "{\"$type\":\"");
    put(m, collection);
    put(m, "\",\"createdAt\":\"");
    put_time(m, m->made_us);
    put(m, "\",\"subject\":");
}

static inline void put_opinion(struct maker *m, const char *collection,
                               unsigned via)
{
    put_subject(m, collection);
    put_reference(m, POST, 2);
    if (permille(m, via)) {
        put(m, ",\"via\":");
        put_reference(m, REPOST, 2);
    }
    put(m, "}");
    put_cid_and_end(m);
}

static inline void put_like(struct maker *m)
{
    put_opinion(m, LIKE, LIKE_VIA);
}

static inline void put_repost(struct maker *m)
{
    put_opinion(m, REPOST, REPOST_VIA);
}

static inline void put_relation(struct maker *m, const char *collection)
{
    put_subject(m, collection);
    put(m, "\"");
    put_did(m);
    put(m, "\"}");
    put_cid_and_end(m);
}

static inline void put_follow(struct maker *m)
{
    put_relation(m, FOLLOW);
}

static inline void put_block(struct maker *m)
{
    put_relation(m, BLOCK);
}

static inline void put_delete(struct maker *m, const char *collection,
                              int64_t days)
{
    put_commit(m, "delete", collection);
    put_old_tid(m, days);
    put(m, "\"}}\n");
}

static inline void put_unfollow(struct maker *m)
{
    put_delete(m, FOLLOW, 700);
}

static inline void put_unpost(struct maker *m)
{
    put_delete(m, POST, 30);
}

static inline void put_update(struct maker *m, const char *collection)
{
    put_commit(m, "update", collection);
    put(m, "self\",\"record\":{\"$type\":\"");
    put(m, collection);
    put(m, "\",");
}

/* Somebody is on air: a link that is in no post. */
static inline void put_status(struct maker *m)
{
    put_update(m, STATUS);
    put(m, "\"createdAt\":\"");
    put_time(m, m->made_us);
    put(m, "\",\"durationMinutes\":240,\"embed\":");
    make_link(m, (const char *const[]){"https://live.stream.example", NULL});
    put_card(m, pick_tongue(m));
    put(m, ",\"status\":\"app.bsky.actor.status#live\"}");
    put_cid_and_end(m);
}

static inline void put_music(struct maker *m)
{
    const struct tongue *tongue = pick_tongue(m);

    put_update(m, MUSIC);
    put(m, "\"expiry\":\"");
    put_time(m, m->made_us + 600000000);
    put(m, "\",\"item\":{\"artists\":[{\"artistName\":\"");
    put_phrase(m, tongue);
    put(m, "\"}],\"duration\":null,\"playedTime\":\"");
    put_time(m, m->made_us - 60000000);
    put(m, "\",\"releaseName\":\"");
    put_phrase(m, tongue);
    put(m, "\",\"submissionClientAgent\":\"turntable/1.4\",\"trackName\":\"");
    put_phrase(m, tongue);
    put(m, "\"},\"time\":\"");
    put_time(m, m->made_us);
    put(m, "\"}");
    put_cid_and_end(m);
}

/* An event of an account or its identity, up to what is told of it. */
static inline void put_about(struct maker *m, const char *kind,
                             const char *fields)
{
    char did[sizeof("did:plc:") - 1 + 24] = "";

    put_head(m, kind);
    if (m->line.n >= sizeof("{\"did\":\"") - 1 + sizeof(did))
        memcpy(did, m->line.p + sizeof("{\"did\":\"") - 1, sizeof(did));
    put(m, fields);
    put(m, "\"did\":\"");
    put_bytes(m, did, sizeof(did));
    put(m, "\",");
}

static inline void put_seq_and_end(struct maker *m)
{
    put(m, "\"seq\":");
    put_number(m, INT64_C(31000000000) + (int64_t)m->number * 3);
    put(m, ",\"time\":\"");
    put_time(m, m->made_us);
    put(m, "\"}}\n");
}

static inline void put_identity(struct maker *m)
{
    put_about(m, "identity", "");
    if (permille(m, 500)) {
        put(m, "\"handle\":\"h");
        put_number(m, (int64_t)m->number);
        put(m, ".example\",");
    }
    put_seq_and_end(m);
}

static inline void put_account(struct maker *m)
{
    put_about(m, "account", "\"active\":true,");
    put_seq_and_end(m);
}

#endif
