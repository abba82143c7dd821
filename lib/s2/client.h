/*
 * S2's API, request by request: list, create, append, read, tail.  It knows
 * which answer means what and what may be tried again; it tries nothing
 * again by itself.
 */
#ifndef S2_CLIENT_H
#define S2_CLIENT_H

#include "base/err.h"
#include "s2/http.h"
#include "s2/outcome.h"
#include "s2/wire.h"

struct client;

struct client_config {
    struct http *http;            /* borrowed, must outlive the client */
    const char *basin;            /* its name, 8 to 48 bytes */
    const char *account_endpoint; /* NULL: https://a.s2.dev */
    const char *basin_endpoint;   /* NULL: https://{basin}.b.s2.dev; {basin}
                                     is expanded; one without it is direct
                                     and gets the header s2-basin */
    const char *token;            /* NULL: none */
    const char *encryption_key;   /* NULL: none */
    bool allow_http;              /* a token may go over plain http anywhere */
    int64_t timeout_ms;           /* for each request; 0: 10 s */
};

/*
 * client_new(config, err): all but http is copied.  NULL with ERR_CONFIG: a
 * bad name, endpoint or token, one endpoint without the other, a token that
 * would go over plain http to other than loopback.
 */
struct client *client_new(const struct client_config *config, struct err *err);

/* client_free(client): cancels nothing; the requests must be over.  The
 * token is wiped.  NULL is harmless. */
void client_free(struct client *client);

/*
 * client_classify(reply, error, err): what an answer means, by S2's table of
 * errors: the one place where failure is classified.  Fills *${error} from
 * the body, and ${err} unless the outcome needs none: ERR_DENIED for 401 and
 * 403, ERR_CONFIG for an unknown basin, ERR_PROTOCOL for other refusals.
 */
enum outcome client_classify(const struct http_reply *reply,
                             struct wire_error *error, struct err *err);

/*
 * Requests: each returns http_start's handle, or NULL with its errors, with
 * ERR_CONFIG for what can be no stream's name, or with those of wire_encode.
 * ${done} gets the plain answer, for client_classify and the parsers of
 * wire.h.
 */
struct http_request *client_create_basin(struct client *client, http_done *done,
                                         void *arg, struct err *err);
struct http_request *client_create(struct client *client, const char *stream,
                                   http_done *done, void *arg, struct err *err);
struct http_request *client_tail(struct client *client, const char *stream,
                                 http_done *done, void *arg, struct err *err);
struct http_request *client_append(struct client *client, const char *stream,
                                   const struct wire_append *append,
                                   http_done *done, void *arg, struct err *err);

/* client_read: one page. */
struct http_request *client_read(struct client *client, const char *stream,
                                 const struct wire_read *read, http_done *done,
                                 void *arg, struct err *err);

/*
 * client_follow: a session of S2S frames (s2/frame.h), which go to ${bytes}
 * as http_stream gives them; it ends after 20 s of silence.  read->limit: the
 * session ends with so many records, or at the tail; 0: never, it waits there
 * for more.  By time from behind the last record begins at the tail.
 */
struct http_request *client_follow(struct client *client, const char *stream,
                                   const struct wire_read *read,
                                   http_bytes *bytes, http_done *done,
                                   void *arg, struct err *err);

/* client_list: up to 1,000 streams (S2's most) whose names begin with
 * ${prefix} and come after ${start_after}, "" for the first ones. */
struct http_request *client_list(struct client *client, const char *prefix,
                                 const char *start_after, http_done *done,
                                 void *arg, struct err *err);

#endif
