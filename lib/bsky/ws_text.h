/*
 * The text of a websocket's beginning and end, apart from the library that
 * carries it: the request's path and Host, and why a connection ended.
 */
#ifndef BSKY_WS_TEXT_H
#define BSKY_WS_TEXT_H

#include "base/buf.h"
#include "bsky/ws.h"

/* libwebsockets 4.1.6 cuts the request line at 2,047 bytes.  A path above
 * WS_TEXT_DIRECT is therefore put in place of WS_TEXT_STANDIN afterwards. */
#define WS_TEXT_DIRECT 1500
#define WS_TEXT_STANDIN "/the-path-is-put-in-later"

/* The library tells these failures of a certificate not apart. */
#define WS_TEXT_UNTRUSTED                                                      \
    SLICE("the server's certificate is not accepted: unknown authority, "      \
          "other name or out of date")

/* A Host header and its NUL. */
#define WS_TEXT_HOST_SIZE 300

/* ws_text_host(target, out): the Host header, with the port where that is
 * not the scheme's own. */
void ws_text_host(const struct ws_target *target, char out[WS_TEXT_HOST_SIZE]);

/*
 * ws_text_put_path(end, back, room, path): a request is being written, up to
 * *${end}; of its last ${back} bytes put ${path} in the place of
 * WS_TEXT_STANDIN and move *${end} accordingly, by at most ${room} bytes.
 * 0, or -1 when it is not there or there is no room.
 */
int ws_text_put_path(char **end, size_t back, size_t room, const char *path);

/* ws_text_reason(end, why): why it ended, unless that is known already. */
void ws_text_reason(struct ws_end *end, struct slice why);

/* ws_text_refused(end, status, retry_after): the upgrade was refused with
 * ${status}, and with that Retry-After, of which only seconds are
 * understood; NULL: none. */
void ws_text_refused(struct ws_end *end, int status, const char *retry_after);

/* ws_text_closed(end, payload): the server sent a close frame. */
void ws_text_closed(struct ws_end *end, struct slice payload);

#endif
