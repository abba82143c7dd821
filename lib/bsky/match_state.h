/*
 * What a match is inside, for the files that make it up: match.c decides on a
 * post that was parsed, match_possible.c on its text.
 */
#ifndef BSKY_MATCH_STATE_H
#define BSKY_MATCH_STATE_H

#include "bsky/match.h"

/* A slot is a stream of the map, or the one behind them for links that no
 * route takes.  A slot is used up when its stamp is the post's. */
struct match {
    struct match_config config;
    size_t unrouted;        /* the last slot */
    uint64_t post;          /* number of the post being decided, from 1 */
    uint64_t *stamps;       /* by slot */
    struct match_hit *hits; /* room for one per slot */
    size_t nhits;
};

/* match_takes_tag(match, tag): whether a post with the language ${tag} is in
 * one of the configured ones, of which there is at least one. */
bool match_takes_tag(const struct match *match, struct slice tag);

#endif
