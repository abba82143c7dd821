/*
 * A post of the corpus: its language, text and link, and what is attached.
 * What is measured is so on the 17 post creates among 152 events of a server
 * in production; the rest is assumed, because so few tell nothing of it.
 */
#ifndef BENCH_CORPUS_POST_H
#define BENCH_CORPUS_POST_H

#include "corpus_maker.h"
#include "corpus_words.h"

/* Of 1000 posts. */
#define REPLIES 410    /* measured: 7 of 17 */
#define TAGGED 120     /* measured: 2 of 17 */
#define SHORT 300      /* measured: 5 of 17 have at most 42 bytes of text */
#define OLD_ZONE 60    /* measured: 1 of 17 writes +00:00, no fraction */
#define IMAGES 120     /* measured: 2 of 17 */
#define QUOTES 60      /* assumed */
#define VIDEOS 20      /* assumed */
#define WITH_MEDIA 10  /* assumed */
#define DECORATED 250  /* assumed: a symbol behind the text */
#define WORDLESS 500   /* assumed: with nothing but a card */
#define DESCRIBED 500  /* assumed: images with an alt text */
#define PARAGRAPHS 200 /* assumed: of the gaps between phrases */

/* Of 1000 links; measured: 2 of 5 in facet and card, 1 in a card only. */
#define LINK_BOTH 400
#define LINK_CARD 200

/* Text in bytes; measured: 151 in the mean. */
#define SHORT_MAX 42
#define LONG_MIN 80
#define LONG_MAX 300

/* Clients show so much of a link. */
#define SHOWN_MAX 27

struct span {
    size_t start, end; /* bytes of the text */
};

struct post {
    const struct tongue *tongue;
    bool facet, card; /* where the link is, if there is one */
    bool tagged;
    struct span shown; /* the link */
    struct span tag;   /* with its # */
};

static inline const struct tongue *pick_tongue(struct maker *m)
{
    unsigned left = pick(m, 1000);
    size_t i = 0;

    while (i + 1 < COUNT(tongues) && left >= tongues[i].share)
        left -= tongues[i++].share;
    return &tongues[i];
}

/* One that is English, or one that is not. */
static inline const struct tongue *pick_english(struct maker *m, bool english)
{
    const struct tongue *tongue = pick_tongue(m);

    while (tongue->english != english)
        tongue = pick_tongue(m);
    return tongue;
}

static inline void add_text(struct maker *m, const char *text)
{
    add(m, &m->text, text, strlen(text));
}

static inline void add_link(struct maker *m, const char *part, size_t slug)
{
    add(m, &m->link, part, strlen(part));
    add_random(m, &m->link, "abcdefghijklmnoprstuvwxy01234567", slug);
}

/* A link that begins with ${parts}, up to a NULL. */
static inline void make_link(struct maker *m, const char *const *parts)
{
    for (; *parts != NULL; parts++)
        add_link(m, *parts, 0);
    switch (pick(m, 5)) {
    case 0:
        add_link(m, "/", 7);
        break;
    case 1:
        add_link(m, "/watch?v=", 11);
        break;
    case 2:
        add_link(m, "/2026/01/", 8);
        add_link(m, "-", 19);
        add_link(m, "-", 9);
        break;
    case 3:
        add_link(m, "/story/", 8);
        add_link(m, "?utm_source=feed&utm_medium=", 6);
        add_link(m, "&id=", 10);
        break;
    default:
        add_link(m, "/", 12);
        add_link(m, "/", 24);
        add_link(m, "/", 0);
    }
}

/* Shown without its scheme, and cut off. */
static inline void show_link(struct maker *m, struct post *post)
{
    const char *scheme_end = "://";
    size_t from = 0, n;

    while (from + 3 < m->link.n && memcmp(m->link.p + from, scheme_end, 3) != 0)
        from++;
    from += 3;
    n = m->link.n - from;
    if (m->text.n > 0)
        add_text(m, "\n\n");
    post->shown.start = m->text.n;
    add(m, &m->text, m->link.p + from, n < SHOWN_MAX ? n : SHOWN_MAX);
    if (n > SHOWN_MAX)
        add_text(m, "...");
    post->shown.end = m->text.n;
}

/* One phrase that is short. */
static inline void add_remark(struct maker *m, const struct tongue *tongue)
{
    const char *phrase;

    do {
        phrase = tongue->phrases[pick(m, PHRASES)];
    } while (strlen(phrase) > SHORT_MAX);
    add_text(m, phrase);
}

static inline void add_paragraphs(struct maker *m, const struct tongue *tongue)
{
    size_t want = LONG_MIN + pick(m, LONG_MAX - LONG_MIN);

    while (m->text.n < want) {
        if (m->text.n > 0)
            add_text(m, permille(m, PARAGRAPHS) ? "\n\n" : tongue->gap);
        add_text(m, tongue->phrases[pick(m, PHRASES)]);
    }
}

static inline void make_text(struct maker *m, struct post *post)
{
    bool card_only = post->card && !post->facet;

    if (card_only && !post->tagged && permille(m, WORDLESS))
        return;
    if (permille(m, SHORT))
        add_remark(m, post->tongue);
    else
        add_paragraphs(m, post->tongue);
    if (permille(m, DECORATED)) {
        add_text(m, " ");
        add_text(m, emoji[pick(m, COUNT(emoji))]);
    }
    if (post->facet)
        show_link(m, post);
    if (post->tagged) {
        add_text(m, m->text.n > 0 ? "\n" : "");
        post->tag.start = m->text.n;
        add_text(m, "#");
        add_text(m, tags[pick(m, COUNT(tags))]);
        post->tag.end = m->text.n;
    }
}

static inline void put_buf(struct maker *m, const struct buf *buf)
{
    put_escaped(m, buf->p, buf->n);
}

static inline void put_phrase(struct maker *m, const struct tongue *tongue)
{
    const char *phrase = tongue->phrases[pick(m, PHRASES)];

    put_escaped(m, phrase, strlen(phrase));
}

static inline void put_card(struct maker *m, const struct tongue *tongue)
{
    put(m, "{\"$type\":\"app.bsky.embed.external\",\"external\":{"
           "\"description\":\"");
    put_phrase(m, tongue);
    put(m, "\",\"thumb\":");
    put_blob(m, "image/jpeg", 400000);
    put(m, ",\"title\":\"");
    put_phrase(m, tongue);
    put(m, "\",\"uri\":\"");
    put_buf(m, &m->link);
    put(m, "\"}}");
}

static inline void put_ratio(struct maker *m)
{
    put(m, "\"aspectRatio\":{\"height\":");
    put_number(m, 600 + pick(m, 3000));
    put(m, ",\"width\":");
    put_number(m, 600 + pick(m, 3000));
    put(m, "}");
}

static inline void put_images(struct maker *m, const struct tongue *tongue)
{
    unsigned n = permille(m, 700) ? 1 : 2 + pick(m, 3);

    put(m, "{\"$type\":\"app.bsky.embed.images\",\"images\":[");
    for (unsigned i = 0; i < n; i++) {
        put(m, i > 0 ? ",{\"alt\":\"" : "{\"alt\":\"");
        if (permille(m, DESCRIBED))
            put_phrase(m, tongue);
        put(m, "\",");
        put_ratio(m);
        put(m, ",\"image\":");
        put_blob(m, "image/jpeg", 2000000);
        put(m, "}");
    }
    put(m, "]}");
}

static inline void put_quote(struct maker *m)
{
    put(m, "{\"$type\":\"app.bsky.embed.record\",\"record\":");
    put_reference(m, "app.bsky.feed.post", 3);
    put(m, "}");
}

static inline void put_video(struct maker *m)
{
    put(m, "{\"$type\":\"app.bsky.embed.video\",");
    put_ratio(m);
    put(m, ",\"video\":");
    put_blob(m, "video/mp4", 20000000);
    put(m, "}");
}

/* A quote with a card or images. */
static inline void put_both(struct maker *m, const struct post *post)
{
    put(m, "{\"$type\":\"app.bsky.embed.recordWithMedia\",\"media\":");
    if (post->card)
        put_card(m, post->tongue);
    else
        put_images(m, post->tongue);
    put(m, ",\"record\":");
    put_quote(m);
    put(m, "}");
}

static inline void put_embed(struct maker *m, const struct post *post)
{
    unsigned kind = pick(m, 1000);

    if (!post->card && kind >= WITH_MEDIA + IMAGES + QUOTES + VIDEOS)
        return;
    put(m, ",\"embed\":");
    if (kind < WITH_MEDIA)
        put_both(m, post);
    else if (post->card)
        put_card(m, post->tongue);
    else if (kind < WITH_MEDIA + IMAGES)
        put_images(m, post->tongue);
    else if (kind < WITH_MEDIA + IMAGES + QUOTES)
        put_quote(m);
    else
        put_video(m);
}

static inline void put_facet(struct maker *m, const char *feature,
                             const char *value, size_t n, struct span span)
{
    put(m, "{\"features\":[{\"$type\":\"app.bsky.richtext.facet#");
    put(m, feature);
    put_escaped(m, value, n);
    put(m, "\"}],\"index\":{\"byteEnd\":");
    put_number(m, (int64_t)span.end);
    put(m, ",\"byteStart\":");
    put_number(m, (int64_t)span.start);
    put(m, "}}");
}

static inline void put_facets(struct maker *m, const struct post *post)
{
    if (!post->facet && !post->tagged)
        return;
    put(m, ",\"facets\":[");
    if (post->facet)
        put_facet(m, "link\",\"uri\":\"", m->link.p, m->link.n, post->shown);
    if (post->facet && post->tagged)
        put(m, ",");
    if (post->tagged)
        put_facet(m, "tag\",\"tag\":\"", m->text.p + post->tag.start + 1,
                  post->tag.end - post->tag.start - 1, post->tag);
    put(m, "]");
}

static inline void put_created(struct maker *m)
{
    char text[PARSE_TIME_SIZE];

    if (!permille(m, OLD_ZONE)) {
        put_time(m, m->made_us);
        return;
    }
    parse_time_text(m->made_us, text);
    put_bytes(m, text, 19);
    put(m, "+00:00");
}

/* The record of a post in ${tongue} with the link that there is, if any. */
static inline void put_post(struct maker *m, const struct tongue *tongue)
{
    struct post post = {.tongue = tongue, .tagged = permille(m, TAGGED)};
    unsigned where = pick(m, 1000);

    if (m->link.n > 0) {
        post.card = where < LINK_BOTH + LINK_CARD;
        post.facet = where < LINK_BOTH || !post.card;
    }
    make_text(m, &post);
    put(m, "{\"$type\":\"app.bsky.feed.post\",\"createdAt\":\"");
    put_created(m);
    put(m, "\"");
    put_embed(m, &post);
    put_facets(m, &post);
    if (tongue->tags != NULL) {
        put(m, ",\"langs\":[");
        put(m, tongue->tags);
        put(m, "]");
    }
    if (permille(m, REPLIES)) {
        put(m, ",\"reply\":{\"parent\":");
        put_reference(m, "app.bsky.feed.post", 2);
        put(m, ",\"root\":");
        put_reference(m, "app.bsky.feed.post", 2);
        put(m, "}");
    }
    put(m, ",\"text\":\"");
    put_buf(m, &m->text);
    put(m, "\"}");
}

#endif
