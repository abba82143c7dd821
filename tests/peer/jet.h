/*
 * A fake Jetstream: what all its connections share, and the parts of one.
 */
#ifndef PEER_JET_H
#define PEER_JET_H

#include <pthread.h>

#include "ask.h"
#include "feed.h"
#include "peer.h"
#include "plan.h"
#include "squeeze.h"
#include "ws.h"

/* Constant while connections run, but for what the lock guards. */
struct jet {
    struct peer peer;
    struct plan plan;
    struct feed feeds[3];       /* by enum event_wire; empty: not served */
    struct buf dictionaries[3]; /* likewise; empty: none */
    uint64_t pace;              /* events a second; 0: no limit */
    bool restamp;

    pthread_mutex_t lock;
    unsigned upgrades; /* that were asked for so far */
    bool started;      /* somebody has subscribed */
    int64_t start_ms;  /* then, base events existed */
    uint64_t base;
    bool stamped;            /* stamp is set */
    struct feed_stamp stamp; /* of restamped events */
};

/* One subscriber. */
struct jetconn {
    struct jet *jet;
    struct ws ws;
    struct ask ask;
    struct plan_block *block;
    const struct feed *feed;
    struct squeeze *squeeze; /* NULL: plain */
    struct buf packed;       /* scratch */
    struct buf stamped;      /* scratch */
    size_t next;             /* event to be sent next */
    size_t first;            /* the one that it began with */
    uint64_t sent;           /* events sent, but for repetitions */
    bool quiet;              /* no more events */
    bool ends;               /* closes after the last event */
};

/* jet_serve(jet, conn): a net_handler: one connection, from the request. */
void jet_serve(void *jet, struct net_conn *conn);

/*
 * jetclock_count(jet, total, wait_ms): how many of ${total} events exist by
 * now; *${wait_ms} is how long until the next one comes into being.
 */
size_t jetclock_count(struct jet *jet, size_t total, int64_t *wait_ms);

/* jetclock_start(jet, first): a subscriber begins with event ${first}. */
void jetclock_start(struct jet *jet, size_t first);

/* jetclock_stamp(jet): how events get their times; NULL: they keep theirs,
 * or nobody has subscribed yet. */
const struct feed_stamp *jetclock_stamp(struct jet *jet);

/* jetrun(jc): send what is to be sent, after the upgrade, to the end. */
void jetrun(struct jetconn *jc);

/* jetrun_takes(jc, i): whether event ${i} is for this subscriber. */
bool jetrun_takes(const struct jetconn *jc, size_t i);

/* jetrun_event(jc, i), jetrun_message(jc, json): send an event, or a message
 * of the server's own, compressed where that was agreed.  0 or -1. */
int jetrun_event(struct jetconn *jc, size_t i);
int jetrun_message(struct jetconn *jc, struct slice json);

/* jetfault_due(jc): inject the faults that are due now.  0 to go on, -1 when
 * the connection is over. */
int jetfault_due(struct jetconn *jc);

/* jetfault_info(jc, name): v2's #info message.  0 or -1. */
int jetfault_info(struct jetconn *jc, const char *name);

#endif
