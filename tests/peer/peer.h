/*
 * What the fake peers have in common: options, the line "port N" on stdout,
 * the journal, and their end.
 */
#ifndef PEER_PEER_H
#define PEER_PEER_H

#include <stdint.h>

#include "httpd.h"
#include "journal.h"
#include "net.h"

/* An option of one peer. */
struct peer_option {
    const char *name;   /* with its dashes */
    const char **value; /* where its argument goes; NULL: it takes none */
    bool *flag;         /* set when it takes none */
};

struct peer {
    const char *cert;
    const char *key;
    const char *log;
    const char *port;
    const char *script; /* the one operand, or NULL */
    bool orphan;
    struct net_server server;
    struct journal journal;
};

/*
 * peer_parse(peer, argc, argv, options, n, err): read the command line:
 * ${options} and those of every peer.  0, or -1 with ERR_USAGE.
 */
int peer_parse(struct peer *peer, int argc, char **argv,
               const struct peer_option *options, size_t n, struct err *err);

/*
 * peer_serve(peer, handler, arg, err): open the journal, listen, say so, and
 * serve until told to stop.  0 or -1.
 */
int peer_serve(struct peer *peer, net_handler *handler, void *arg,
               struct err *err);

/* peer_note(peer, conn, req): one line about a request. */
void peer_note(const struct peer *peer, const struct net_conn *conn,
               const struct httpd_request *req);

/* peer_close(peer): after peer_serve. */
void peer_close(struct peer *peer);

#endif
