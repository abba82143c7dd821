/*
 * HTTP requests that run side by side on libcurl, and the one place where
 * the program sleeps.  Redirects are never followed, only http and https are
 * spoken, certificates are always verified.
 */
#ifndef S2_HTTP_H
#define S2_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct pollfd;
struct http;
struct http_request;

struct http_config {
    const char *user_agent;
    const char *cacert;  /* PEM file added to the system's, both read at once;
                            NULL: only those, read again once a day */
    int max_connections; /* at once, at least 1; further requests wait their
                            turn, and no time-out of theirs runs meanwhile;
                            http_stream's come on top */
    int64_t connect_ms;  /* name, TCP and TLS together; 0: 5 s */
};

enum http_failure {
    HTTP_NONE,      /* an answer came: look at the status */
    HTTP_NO_EFFECT, /* it never reached the server */
    HTTP_MAYBE      /* it may have taken effect: time-out, reset, cut off */
};

struct http_reply {
    enum http_failure failure;
    struct err err;         /* set when failure is not HTTP_NONE */
    int status;             /* 0 without an answer */
    struct slice body;      /* valid during the callback */
    bool protobuf;          /* Content-Type: application/protobuf */
    int64_t retry_after_ms; /* of Retry-After or retry-after-ms; 0: none; at
                               most an hour */
};

/* Called once, from http_wait, unless the request is cancelled first; the
 * handle is dead by then.  It may start and cancel requests. */
typedef void http_done(void *arg, const struct http_reply *reply);

struct http_spec {
    const char *method;         /* "GET", "POST" */
    const char *url;            /* copied */
    const char *const *headers; /* "Name: value", copied; refused with
                                   ERR_CONFIG when one holds a CR or LF;
                                   overwritten when the request is over */
    size_t nheaders;
    struct buf *body;   /* its content is taken over with the request; when
                           none is made, what is left in it is the caller's.
                           NULL: none */
    int64_t timeout_ms; /* for the whole request */
    size_t max_reply;   /* bytes of body; more ends in HTTP_MAYBE */
};

/* Bytes of a body, called from http_wait; may be called often.  It may start
 * and cancel requests, its own too: then nothing of it is called any more,
 * and ${bytes} lives until the return all the same. */
typedef void http_bytes(void *arg, struct slice bytes);

/* The most descriptors that http_wait takes. */
#define HTTP_FDS_MAX 16

/* http_library(): the version of libcurl in use; a static string. */
const char *http_library(void);

/*
 * http_new(config, err): all of ${config} is copied, the file cacert read.
 * The program must ignore SIGPIPE.  NULL with ERR_OS, or ERR_CONFIG for the
 * file.  http_free(http) cancels what runs; not from a callback; NULL is
 * harmless.
 */
struct http *http_new(const struct http_config *config, struct err *err);
void http_free(struct http *http);

/*
 * http_start(http, spec, done, arg, err): begin a request; ${done} is called
 * from a later http_wait.  Returns a handle for http_cancel, or NULL with
 * ERR_CONFIG (a line break in a header) or ERR_OS.
 */
struct http_request *http_start(struct http *http, const struct http_spec *spec,
                                http_done *done, void *arg, struct err *err);

/*
 * http_stream(http, spec, bytes, done, arg, err): begin a request whose
 * answer may have no end: with status 200 its body goes to ${bytes} as it
 * comes, and ${done} finds it empty; any other is kept, as http_start does.
 * spec->timeout_ms is for silence: when no byte came for so long since it
 * began, it ends in HTTP_MAYBE (HTTP_NO_EFFECT before anything was sent), and
 * its connection with it, whoever shares it.  It does not wait for its turn.
 * Over https many of them share a connection, if the server speaks HTTP/2;
 * they begin only when the one stands that is just being opened.  NULL as of
 * http_start, and with ERR_OS when there are too many that share none: 64 of
 * the descriptors that this process could have at http_new are not for them.
 */
struct http_request *http_stream(struct http *http,
                                 const struct http_spec *spec,
                                 http_bytes *bytes, http_done *done, void *arg,
                                 struct err *err);

/* http_cancel(request): end it; its callback is not called.  NULL is
 * harmless. */
void http_cancel(struct http_request *request);

/*
 * http_wait(http, fds, n, max_ms, err): the only sleep.  Waits until a
 * transfer can go on, one of ${fds} is ready, or ${max_ms} (0: do not wait)
 * are over; then drives the transfers, calls back those that ended, and
 * stores in each fds[i].revents what poll(2) says of it now.  It may return
 * early.  Very many sessions go on at most every 10 ms.  At most HTTP_FDS_MAX
 * descriptors.  0 or -1 with ERR_OS.
 */
int http_wait(struct http *http, struct pollfd *fds, size_t n, int64_t max_ms,
              struct err *err);

#endif
