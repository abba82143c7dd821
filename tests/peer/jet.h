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
    struct feed_view view; /* as of now */
    uint64_t sent;         /* events, on all connections */
    size_t tip;            /* behind the last event that anybody was sent */
};

/* One subscriber. */
struct jetconn {
    struct jet *jet;
    struct ws ws;
    struct ask ask;
    struct plan_block *block;
    const struct feed *feed;
    struct feed_view view;   /* a crash ends the connection */
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

/* jetclock_look(jc): a subscriber comes, and sees the events as of now. */
void jetclock_look(struct jetconn *jc);

/* jetclock_start(jc): it begins with event jc->first. */
void jetclock_start(struct jetconn *jc);

/* jetclock_sent(jc): it was sent event jc->next - 1, upon which the server may
 * crash. */
void jetclock_sent(struct jetconn *jc);

/* jetclock_crashed(jc): whether the server has since it came. */
bool jetclock_crashed(const struct jetconn *jc);

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
