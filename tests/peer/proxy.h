/*
 * A fake proxy: what all its connections share, and one of them.
 */
#ifndef PEER_PROXY_H
#define PEER_PROXY_H

#include <pthread.h>

#include "peer.h"
#include "proxylink.h"
#include "proxyrule.h"

/* A client, and the connection on which it is served. */
struct proxyconn {
    struct proxy *proxy;
    struct net_conn *conn;
    struct proxylink link;
    struct proxyconn *next;
};

/* Constant while connections run, but for what the lock guards. */
struct proxy {
    struct peer peer;
    uint16_t port; /* of the server behind it */

    pthread_mutex_t lock;
    struct proxyrules rules; /* their counters */
    struct proxyconn *conns; /* those that stand */
    int64_t down_until;      /* connections that come before it are reset */
};

/* proxy_reset(pc): the client is reset; nothing else touches its connection
 * any more. */
void proxy_reset(struct proxyconn *pc);

/* proxy_down(proxy, ms): all connections are reset, and for ${ms} none is
 * made. */
void proxy_down(struct proxy *proxy, int64_t ms);

/* proxyraw(pc): bytes both ways, as the script says, until the connection
 * ends. */
void proxyraw(struct proxyconn *pc);

/* proxyserve(proxy, conn): a net_handler: requests, or bytes, until the
 * connection ends. */
void proxyserve(void *proxy, struct net_conn *conn);

#endif
