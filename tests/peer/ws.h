/*
 * A websocket connection, after the upgrade, from the server's side.
 */
#ifndef PEER_WS_H
#define PEER_WS_H

#include "net.h"
#include "wsframe.h"

struct ws {
    struct net_conn *conn;
    struct buf out;  /* frames that wait to be written */
    size_t fragment; /* messages go out in pieces of so many bytes; 0: whole */
    bool closing;    /* a close frame was sent */
    bool dropped;    /* the client did not read for too long */
};

enum ws_event {
    WS_NOTHING, /* the time is over */
    WS_MESSAGE, /* the client sent data */
    WS_CLOSED   /* it closed, and was answered; or the connection is gone */
};

/* ws_init(ws, conn), ws_release(ws): ${conn} is borrowed. */
void ws_init(struct ws *ws, struct net_conn *conn);
void ws_release(struct ws *ws);

/* ws_message(ws, opcode, payload): send a message, in fragments with a ping
 * after the first if that is wanted.  0 or -1. */
int ws_message(struct ws *ws, enum wsframe_opcode opcode, struct slice payload);

/* ws_frame(ws, first, masked, payload): send one frame, right or wrong; see
 * wsframe_add.  0 or -1. */
int ws_frame(struct ws *ws, unsigned first, bool masked, struct slice payload);

/* ws_flush(ws): write what waits; a client that does not read for 5 s is
 * given up, as the real server does.  0 or -1. */
int ws_flush(struct ws *ws);

/* ws_close(ws, code): send a close frame, and wait a moment for the answer. */
void ws_close(struct ws *ws, unsigned code);

/* ws_poll(ws, ms): read for at most ${ms}, answer pings and a close. */
enum ws_event ws_poll(struct ws *ws, int64_t ms);

#endif
