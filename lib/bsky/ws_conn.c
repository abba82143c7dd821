#include "bsky/ws_conn.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bsky/ws_text.h"

static void conn_free(struct ws_conn *conn)
{
    buf_release(&conn->pieces);
    free(conn->path);
    free(conn);
}

struct ws_conn *ws_conn_add(struct ws_conn **list, const char *path,
                            size_t message_max)
{
    struct ws_conn *conn = calloc(1, sizeof(*conn));

    if (conn == NULL)
        return NULL;
    buf_init(&conn->pieces, message_max);
    if (strlen(path) > WS_TEXT_DIRECT) {
        conn->path = strdup(path);
        if (conn->path == NULL) {
            conn_free(conn);
            return NULL;
        }
    }
    conn->next = *list;
    *list = conn;
    return conn;
}

void ws_conn_remove(struct ws_conn **list, struct ws_conn *conn)
{
    while (*list != conn)
        list = &(*list)->next;
    *list = conn->next;
    conn_free(conn);
}

/* Keeps ${piece}, or skips the rest of a message that grows too large. */
static void keep(struct ws_conn *conn, struct slice piece)
{
    if (!conn->skipping && buf_addslice(&conn->pieces, piece) != 0)
        conn->skipping = true;
}

enum ws_joined ws_conn_join(struct ws_conn *conn, struct slice piece,
                            bool first, bool last, struct slice *message)
{
    if (first) {
        buf_reset(&conn->pieces);
        conn->skipping = piece.n > conn->pieces.max;
    }
    if (!(first && last))
        keep(conn, piece);
    conn->end.starved = conn->pieces.starved;
    if (conn->end.starved)
        return WS_JOINED_STARVED;
    if (!last)
        return WS_JOINED_PART;
    if (conn->skipping)
        return WS_JOINED_OVERSIZE;
    *message = first ? piece : buf_slice(&conn->pieces);
    return WS_JOINED_MESSAGE;
}

short ws_conn_events(struct ws_conn *conn, int fd, bool *prompt)
{
    struct sockaddr_storage peer;
    socklen_t n = sizeof(peer);

    if (!conn->stands && getpeername(fd, (struct sockaddr *)&peer, &n) == 0) {
        conn->stands = true;
        conn->prompt = true;
    }
    *prompt = conn->prompt;
    conn->prompt = false;
    return conn->stands ? POLLIN : POLLIN | POLLOUT;
}
