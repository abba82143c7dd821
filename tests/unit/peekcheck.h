/*
 * The fast path of bsky2s2, event_peek and match_possible, held against the
 * slow one, event_parse and match_post.
 */
#ifndef PEEKCHECK_H
#define PEEKCHECK_H

#include "bsky/match.h"

/* What both paths found. */
struct peekcheck {
    enum event_peek peek;
    bool possible;
    int parsed;
    enum match_verdict verdict; /* MATCH_NOLINK unless it is a post */
    struct event fast, slow;    /* slow is released: only plain fields live */
};

static inline const char *peekcheck_event(const struct peekcheck *c)
{
    bool other = c->parsed == 0 && c->slow.kind == EVENT_OTHER;

    if (c->fast.root != NULL || c->fast.kind != EVENT_OTHER)
        return "event_peek filled more than the envelope";
    if (c->parsed < 0 || c->peek == EVENT_PEEK_UNKNOWN)
        return NULL;
    if (c->fast.wire != c->slow.wire)
        return "another wire";
    if (c->fast.time_us != c->slow.time_us)
        return "another time";
    if (c->fast.seq != c->slow.seq)
        return "another number";
    if (c->peek == EVENT_PEEK_OTHER && !other)
        return "refused by its envelope, but it is ours";
    if (c->peek == EVENT_PEEK_POST && c->parsed != 1)
        return "taken for a post, which it is not";
    return NULL;
}

/* A post that is too old is counted, and so must not be missed either. */
static inline const char *peekcheck_links(const struct peekcheck *c)
{
    if (c->possible || c->parsed != 1)
        return NULL;
    if (c->verdict == MATCH_HITS)
        return "refused by its links, but one is wanted";
    if (c->verdict == MATCH_OLD)
        return "refused by its links, but it is to be counted as old";
    return NULL;
}

/*
 * peekcheck(json, match, seen): NULL, or what the two paths disagree about.
 * *${seen} is filled unless it is NULL.
 */
static inline const char *peekcheck(struct slice json, struct match *match,
                                    struct peekcheck *seen)
{
    const struct event unset = {
        .wire = EVENT_V2, .kind = EVENT_POST, .time_us = 5, .seq = 5};
    struct peekcheck c = {
        .verdict = MATCH_NOLINK, .fast = unset, .slow = unset};
    const struct match_hit *hits;
    const char *wrong;
    size_t n = 0;

    c.peek = event_peek(json, &c.fast);
    c.possible = match_possible(match, json);
    c.parsed = event_parse(json, &c.slow, NULL);
    if (c.parsed == 1)
        c.verdict = match_post(match, &c.slow, &hits, &n);
    wrong = peekcheck_event(&c);
    if (wrong == NULL)
        wrong = peekcheck_links(&c);
    if (c.parsed >= 0) {
        struct event held = c.slow;

        event_release(&held);
        c.slow.root = NULL;
    }
    if (seen != NULL)
        *seen = c;
    return wrong;
}

#endif
