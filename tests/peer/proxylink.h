/*
 * A proxy's connection to the server behind it: requests out, answers in.
 */
#ifndef PEER_PROXYLINK_H
#define PEER_PROXYLINK_H

#include "httpd.h"

struct proxylink {
    struct net_conn conn; /* fd is -1 while there is none */
    uint16_t port;        /* on 127.0.0.1 */
};

/* An answer as far as it came. */
struct proxyanswer {
    struct buf bytes; /* as they came, less what was taken out */
    size_t head;      /* the length of the head, which is in front */
    int status;       /* 0: the head is not whole yet */
    bool bodyless;    /* to be set when it has none, whatever the head says */
    bool last;        /* the connection ends with it */
    struct httpbody body;
};

/* proxylink_init(link, server, port): no connection yet; ${server} is ours,
 * for its end.  proxylink_close(link) ends one, if there is one. */
void proxylink_init(struct proxylink *link, const struct net_server *server,
                    uint16_t port);
void proxylink_close(struct proxylink *link);

/* proxylink_open(link): make the connection.  0 or -1. */
int proxylink_open(struct proxylink *link);

/* proxylink_ask(link, req): send a request as it came, on a connection that
 * is made when there is none.  0 or -1. */
int proxylink_ask(struct proxylink *link, const struct httpd_request *req);

/* proxyanswer_init(answer, req): the one to ${req}.  proxyanswer_release
 * frees it. */
void proxyanswer_init(struct proxyanswer *answer,
                      const struct httpd_request *req);
void proxyanswer_release(struct proxyanswer *answer);

/*
 * proxylink_read(link, answer, ms): wait at most ${ms} for more of an answer,
 * of which answer->body.done then tells the end.  NET_DATA when there is
 * more; NET_TIMEOUT; NET_CLOSED when it broke, or is no answer.
 */
enum net_result proxylink_read(struct proxylink *link,
                               struct proxyanswer *answer, int64_t ms);

#endif
