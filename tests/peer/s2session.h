/*
 * A read session: what it has sent, what comes next, and what the script
 * does to it.
 */
#ifndef PEER_S2SESSION_H
#define PEER_S2SESSION_H

#include "s2frame.h"
#include "s2peer.h"

struct s2session {
    struct s2peer *s2;
    struct net_conn *conn;
    struct s2call *call;
    struct s2query query; /* what is still wanted */
    bool zstd;            /* the reader takes it */

    uint64_t next;        /* the number to go on with */
    uint64_t end;         /* not live: how far it is read without a tail */
    bool live;            /* it has read everything once */
    int64_t deadline;     /* by the wait that was asked for; LOOP_NEVER */
    int64_t beat;         /* when the next heartbeat is due; LOOP_NEVER */
    int64_t look;         /* when to look at the connection again */
    uint64_t records;     /* of the stream that were passed */
    uint64_t sent;        /* of these, in frames that were sent whole */
    uint64_t frames;      /* sent whole */
    size_t last;          /* records in the last batch, which ended at next */
    size_t chunk;         /* bytes in a chunk; 0: a frame is one */
    struct s2step *twist; /* for the next frame it fits, or NULL */
};

/* What a session does next. */
enum s2session_turn {
    S2SESSION_FRAME,  /* the payload of a frame is ready */
    S2SESSION_STEP,   /* the script has something to say */
    S2SESSION_END,    /* all that was asked for was sent */
    S2SESSION_GONE,   /* the stream was deleted */
    S2SESSION_CLOSED, /* the reader has gone, or the process is to end */
    S2SESSION_ON,     /* go on */
    S2SESSION_OVER    /* the answer was ended */
};

/* s2session(s2, conn, call): serve the session that ${call} has opened.  0,
 * or -1 when the connection is over. */
int s2session(struct s2peer *s2, struct net_conn *conn, struct s2call *call);

/* s2step_due(ses): the first of the script's faults that is due, or NULL. */
struct s2step *s2step_due(struct s2session *ses);

/* s2step_room(ses, n): how many of ${n} records may be sent until the next
 * fault is due. */
size_t s2step_room(const struct s2session *ses, size_t n);

/* s2step_do(ses, step): make ${step} happen, or let it wait for a frame.
 * S2SESSION_ON, _OVER or _CLOSED. */
enum s2session_turn s2step_do(struct s2session *ses, struct s2step *step);

/*
 * s2step_batch(ses, from, n, tail, payload): append the batch of those ${n}
 * records, in the order and with the gaps that the script wants; the lock is
 * held.  0 or -1.
 */
int s2step_batch(struct s2session *ses, uint64_t from, size_t n, bool tail,
                 struct buf *payload);

/* s2step_send(ses, payload): send a frame of ${payload}, twisted if need
 * be.  S2SESSION_ON, _OVER or _CLOSED. */
enum s2session_turn s2step_send(struct s2session *ses,
                                const struct buf *payload);

#endif
