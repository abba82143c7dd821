/*
 * The connections that libwebsockets still knows of, apart from the library
 * itself: the current one, and those given up that have not ended yet; and
 * the joining of a message's pieces.
 */
#ifndef BSKY_WS_CONN_H
#define BSKY_WS_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "bsky/ws.h"

struct lws;

/*
 * One connection, from the call that makes it to the library's last words on
 * it, that it is destroyed: they alone say that it has forgotten it, whatever
 * came before.
 */
struct ws_conn {
    struct lws *lws;   /* NULL: not known yet, or forgotten */
    char *path;        /* to be put into the request; NULL: none */
    bool gone;         /* the library has forgotten it */
    bool abandoned;    /* given up: no hook is called for it */
    bool stands;       /* the TCP connection is made */
    bool prompt;       /* the library has something to write */
    bool skipping;     /* inside a message above the cap */
    struct buf pieces; /* of a message, those that came */
    int64_t confirmed; /* when the library was told that the peer lives */
    struct ws_end end;
    struct ws_conn *next;
};

/*
 * ws_conn_add(list, path, message_max): put a new connection at the head of
 * ${list}; a ${path} too long for the library is copied.  NULL without
 * memory.
 */
struct ws_conn *ws_conn_add(struct ws_conn **list, const char *path,
                            size_t message_max);

/* ws_conn_remove(list, conn): take ${conn} out of ${list} and free it. */
void ws_conn_remove(struct ws_conn **list, struct ws_conn *conn);

enum ws_joined {
    WS_JOINED_PART,     /* more is to come */
    WS_JOINED_MESSAGE,  /* it is whole */
    WS_JOINED_OVERSIZE, /* it was above the cap, and ends here */
    WS_JOINED_STARVED   /* there was no memory for a piece: end.starved */
};

/*
 * ws_conn_join(conn, piece, first, last, message): take a piece of a message,
 * its ${first}, its ${last}, both or neither.  With WS_JOINED_MESSAGE,
 * *${message} is all of it, and lives until the next call, or as long as
 * ${piece} when that is all.
 */
enum ws_joined ws_conn_join(struct ws_conn *conn, struct slice piece,
                            bool first, bool last, struct slice *message);

/*
 * ws_conn_events(conn, fd, prompt): the events to poll the connection's ${fd}
 * for.  Those to write count only until the TCP connection stands, because
 * afterwards they would be true at all times.  *${prompt} is set when the
 * library has something to write, and is to be called without sleeping.
 */
short ws_conn_events(struct ws_conn *conn, int fd, bool *prompt);

#endif
