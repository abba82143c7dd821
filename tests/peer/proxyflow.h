/*
 * One direction of a connection through a fake proxy: bytes that came, in
 * pieces that each go on when they are due.
 */
#ifndef PEER_PROXYFLOW_H
#define PEER_PROXYFLOW_H

#include "base/buf.h"
#include "base/retry.h"
#include "proxytoxic.h"

/* What becomes of the whole connection, once all pieces have gone on. */
enum proxyflow_end {
    PROXYFLOW_GOES_ON,
    PROXYFLOW_CLOSE,
    PROXYFLOW_RESET,
    PROXYFLOW_DOWN,
    PROXYFLOW_LATE
};

struct proxyflow_piece;

struct proxyflow {
    const struct proxytoxic *toxic; /* NULL: none */
    struct rng rng;
    uint64_t taken; /* bytes that came */
    uint64_t held;  /* of these are in pieces */
    struct proxyflow_piece *first, **last;
    int64_t latest; /* when the last piece is due */
    bool happened;  /* the toxic has, and may be told */
    bool told;
    bool over; /* nothing more comes, or goes on */
    enum proxyflow_end end;
    int64_t end_at; /* not before */
};

/* proxyflow_init(flow, toxic, seed), proxyflow_release(flow). */
void proxyflow_init(struct proxyflow *flow, const struct proxytoxic *toxic,
                    uint64_t seed);
void proxyflow_release(struct proxyflow *flow);

/* proxyflow_take(flow, bytes, now): what came.  0, or -1 without memory. */
int proxyflow_take(struct proxyflow *flow, struct slice bytes, int64_t now);

/* proxyflow_eof(flow, now): no more will come. */
void proxyflow_eof(struct proxyflow *flow, int64_t now);

/* proxyflow_due(flow, now): the bytes that are to go on; none: nothing is.
 * proxyflow_gone(flow, n): so many of these have. */
struct slice proxyflow_due(const struct proxyflow *flow, int64_t now);
void proxyflow_gone(struct proxyflow *flow, size_t n);

/* proxyflow_ended(flow, now): what becomes of the connection now. */
enum proxyflow_end proxyflow_ended(const struct proxyflow *flow, int64_t now);

/* proxyflow_next(flow): when to look again, if nothing comes before. */
int64_t proxyflow_next(const struct proxyflow *flow);

#endif
