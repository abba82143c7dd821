/*
 * The socket that a server listens on; net.h has the rest of it.
 */
#ifndef PEER_NETLISTEN_H
#define PEER_NETLISTEN_H

#include "net.h"

/* netlisten_await(server): wait until somebody wants to connect, through
 * times when nobody can.  0, or -1 when the process is to end, or it cannot
 * listen any more. */
int netlisten_await(struct net_server *server);

#endif
