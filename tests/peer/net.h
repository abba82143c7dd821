/*
 * A server on 127.0.0.1 with one thread for each connection, with or without
 * TLS.  Every wait has a deadline, and ends at once when the process is told
 * to stop.
 */
#ifndef PEER_NET_H
#define PEER_NET_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct ssl_st;
struct ssl_ctx_st;

struct net_server {
    int fd;
    int stop; /* readable for ever once the process is to end */
    unsigned port;
    struct ssl_ctx_st *tls; /* NULL: plain */

    pthread_mutex_t lock; /* of the rest */
    bool listening;
    int64_t refuse; /* nobody can connect before this moment */
};

struct net_conn {
    const struct net_server *server;
    int fd; /* -1 once it is reset */
    struct ssl_st *ssl;
    unsigned id;   /* 1, 2, ... in the order of arrival */
    bool closed;   /* the peer has gone, or the connection broke */
    struct buf in; /* bytes that came and are not consumed yet */
};

enum net_result { NET_DATA, NET_TIMEOUT, NET_CLOSED };

/* Serves one connection, which is closed after it returns. */
typedef void net_handler(void *arg, struct net_conn *conn);

/*
 * net_listen(server, port, cert, key, err): listen on ${port}, 0 for a free
 * one; ${cert} and ${key} are PEM files, or both NULL for no TLS.  Signals
 * INT and TERM now mean stop.  0 or -1.
 */
int net_listen(struct net_server *server, uint16_t port, const char *cert,
               const char *key, struct err *err);

/* net_release(server): close it. */
void net_release(struct net_server *server);

/*
 * net_serve(server, handler, arg, err): serve until told to stop, and wait
 * for the threads that still run.  0, or -1 when poll or accept fails.
 */
int net_serve(struct net_server *server, net_handler *handler, void *arg,
              struct err *err);

/*
 * net_refuse(server, ms): for ${ms} from now nobody can connect; the port
 * stays ours.  Any handler may call it.  Connections that stand are left
 * alone, those that no handler has yet are reset.
 */
void net_refuse(struct net_server *server, int64_t ms);

/* net_stopping(server): whether the process is to end. */
bool net_stopping(const struct net_server *server);

/* net_read(conn, ms): wait at most ${ms} for bytes and append them to
 * conn->in.  NET_CLOSED also when the process is to end. */
enum net_result net_read(struct net_conn *conn, int64_t ms);

/* net_write(conn, bytes, ms): write all of ${bytes} within ${ms}.  0 or -1. */
int net_write(struct net_conn *conn, struct slice bytes, int64_t ms);

/* net_discard(conn, ms): read and forget until the peer closes, ${ms} are
 * over, or the process is to end. */
void net_discard(struct net_conn *conn, int64_t ms);

/* net_sleep(server, ms): sleep; false when the process is to end. */
bool net_sleep(const struct net_server *server, int64_t ms);

/* net_reset(conn): end the connection by a TCP reset. */
void net_reset(struct net_conn *conn);

/* net_cut(conn): as net_reset, but from another thread than the one that
 * serves ${conn}, which then finds it closed; conn->fd must be valid. */
void net_cut(const struct net_conn *conn);

/* net_finish(conn): end it in good order: all that was written arrives. */
void net_finish(struct net_conn *conn);

#endif
