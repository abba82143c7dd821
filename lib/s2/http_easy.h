/*
 * One HTTP request on a libcurl easy handle: its options, its bodies, and
 * what its end means.  Internal to http*.c; http.c runs many of them.
 */
#ifndef S2_HTTP_EASY_H
#define S2_HTTP_EASY_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "s2/http.h"

/* What all requests share; borrowed as long as one of them lives. */
struct http_easy_config {
    const char *user_agent;
    const char *cafile; /* the only one with certificates; NULL: libcurl's */
    long connect_ms;
};

/* Must not move once it is set up: libcurl knows its address. */
struct http_easy {
    CURL *curl;
    struct curl_slist *headers;
    struct buf out; /* the request's body */
    size_t sent;    /* bytes of it given to libcurl */
    struct buf in;  /* the reply's body */
    size_t header_bytes;
    bool headers_end; /* the empty line behind them was seen */
    bool too_large;
    int64_t retry_after_ms; /* of the last answer; 0: none */
    bool retry_exact;       /* by retry-after-ms, which wins */
    http_bytes *bytes;      /* of a session; NULL: the body is kept */
    void *bytes_arg;
    bool shares;        /* a session's connection, if the server lets it */
    bool cancelled;     /* from within a callback: no more of them */
    int64_t silence_ms; /* of a session; 0: another request */
    int64_t heard_at;   /* last byte, or the beginning; loop_now() */
    char error[CURL_ERROR_SIZE];
};

/*
 * http_easy_init(easy, config, spec, err): set up ${easy}, copying ${spec}.
 * -1 with ERR_OS or ERR_CONFIG, nothing to release.
 */
int http_easy_init(struct http_easy *easy,
                   const struct http_easy_config *config,
                   const struct http_spec *spec, struct err *err);

/* http_easy_stream(easy, spec, bytes, arg, err): make it a session, after
 * http_easy_init and before it runs.  0 or -1 with ERR_OS. */
int http_easy_stream(struct http_easy *easy, const struct http_spec *spec,
                     http_bytes *bytes, void *arg, struct err *err);

/* http_easy_release(easy): free it; headers, which hold secrets, are wiped. */
void http_easy_release(struct http_easy *easy);

/*
 * http_easy_reply(easy, code, reply): what became of the request that
 * ended with ${code}.  The body is borrowed from ${easy}.
 */
void http_easy_reply(struct http_easy *easy, CURLcode code,
                     struct http_reply *reply);

/*
 * http_easy_silent(easy, reply): http_easy_reply for a session that was
 * silent for too long; libcurl must still have it.
 */
void http_easy_silent(struct http_easy *easy, struct http_reply *reply);

#endif
