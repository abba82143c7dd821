/*
 * The sockets of the sessions, on a multi handle of their own: libcurl 7.88
 * shares no HTTP/2 connection with a host to which it also speaks HTTP/1.
 * This one works only on the sockets that it is told of.  Internal to http*.c.
 */
#ifndef S2_HTTP_SOCKETS_H
#define S2_HTTP_SOCKETS_H

#include <stdint.h>

#include "base/err.h"
#include "s2/http_easy.h"

struct http_sockets {
    CURLM *multi;
    struct curl_waitfd *at; /* what it waits for */
    size_t n, cap;
    struct curl_waitfd *ready; /* the copy, see http_sockets_copy */
    size_t ready_cap;
    int64_t timer_at; /* when it wants to work without any */
};

/* http_sockets_init(sockets, err): 0, or -1 with ERR_OS and nothing but
 * http_sockets_release left to do.  It must not move: libcurl knows it. */
int http_sockets_init(struct http_sockets *sockets, struct err *err);
void http_sockets_release(struct http_sockets *sockets);

/*
 * http_sockets_copy(sockets, others, err): room for ${others} descriptors, and
 * behind them a copy of what it waits for, where http_sockets_act shall find
 * what is ready.  Lives until the next call.  NULL with ERR_OS.
 */
struct curl_waitfd *http_sockets_copy(struct http_sockets *sockets,
                                      size_t others, struct err *err);

/*
 * http_sockets_act(sockets, ready, n, now, err): let libcurl work on those of
 * ${n} sockets that are ready, and on what is due at ${now} (loop_now()).
 * Returns how many they were, or -1 with ERR_OS.
 */
int http_sockets_act(struct http_sockets *sockets,
                     const struct curl_waitfd *ready, size_t n, int64_t now,
                     struct err *err);

/* http_sockets_shut(sockets, easy): end the connection of a transfer, which
 * others may share: for all of them, and for those to come. */
void http_sockets_shut(const struct http_sockets *sockets, CURL *easy);

#endif
