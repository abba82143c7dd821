/*
 * One websocket connection at a time, plain or TLS: whole messages in, none
 * out.  It never sleeps and follows no redirect; certificates are always
 * verified against the host's name.
 *
 * A connection that was opened ends in exactly one call of down, unless
 * ws_close was called first.
 */
#ifndef BSKY_WS_H
#define BSKY_WS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* A longer path cannot be sent: libwebsockets writes the request only once,
 * and TLS takes no more than a record of 16 KiB of it. */
#define WS_PATH_MAX 15000

/* How a connection ended. */
struct ws_end {
    bool up;                /* it had been upgraded */
    bool starved;           /* there was no memory for a message */
    int status;             /* 300 to 599: the upgrade was refused; or 0 */
    int64_t retry_after_ms; /* of a refusal; 0: none; at most an hour */
    char text[256];         /* why; may be from the network: not scrubbed */
};

/* Called from ws_service.  The hooks may call ws_pause; only down may call
 * ws_open and ws_close, and none ws_free. */
struct ws_hooks {
    void (*up)(void *arg);
    /* a whole message, valid during the call; not checked for UTF-8 */
    void (*message)(void *arg, struct slice data, bool binary);
    /* a message above the cap was skipped to its end */
    void (*oversize)(void *arg);
    /* the peer lives: data or a pong arrived */
    void (*alive)(void *arg);
    void (*down)(void *arg, const struct ws_end *end);
    void *arg;
};

/* All copied, but for the hooks' arg. */
struct ws_config {
    const char *cacert;     /* PEM file added to the system's; NULL: none */
    const char *user_agent; /* without line ends */
    size_t message_max;     /* a message above it is skipped */
    int64_t connect_ms;     /* a connection that is not upgraded by then
                               ends; rounded up to s */
    int64_t ping_ms;        /* silence before a ping, rounded up to s;
                               three times that ends the connection */
    struct ws_hooks hooks;
};

struct ws_target {
    bool tls;
    const char *address; /* numeric: no name is looked up */
    const char *host;    /* the name, for the certificate and Host */
    uint16_t port;
    const char *path;        /* with its slash and query */
    const char *subprotocol; /* NULL: none */
};

struct ws;

/* ws_library(): the version of libwebsockets in use; a static string. */
const char *ws_library(void);

/* ws_new(config, err): NULL with ERR_OS, or ERR_CONFIG for cacert. */
struct ws *ws_new(const struct ws_config *config, struct err *err);

/* ws_free(ws): close and free; no hook is called.  NULL is harmless. */
void ws_free(struct ws *ws);

/*
 * ws_open(ws, target, err): begin to connect; ${target} is copied.  None may
 * be open.  0, or -1 with ERR_UNAVAILABLE when it fails at once, ERR_CONFIG
 * for a path above WS_PATH_MAX, and then down is not called.
 */
int ws_open(struct ws *ws, const struct ws_target *target, struct err *err);

/* ws_close(ws): give the connection up, if there is one; no hook is called
 * for it any more. */
void ws_close(struct ws *ws);

/* ws_pause(ws, paused): hand out no messages, or go on.  It holds for later
 * connections too. */
void ws_pause(struct ws *ws, bool paused);

/*
 * ws_poll(ws, fd, used): store in ${fd} what to wait for and in *${used} 1,
 * or 0 when there is no descriptor to wait for; return how many ms the
 * caller may sleep at most, -1 for any time.
 */
struct pollfd;
int64_t ws_poll(struct ws *ws, struct pollfd *fd, size_t *used);

/* ws_service(ws, now): do what can be done at ${now} (ms) without sleeping. */
void ws_service(struct ws *ws, int64_t now);

#endif
