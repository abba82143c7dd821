/*
 * The server's half of HTTP/1.1, as much as a test peer needs: one request
 * at a time, with its whole body, percent-encoded parameters.
 */
#ifndef PEER_HTTPD_H
#define PEER_HTTPD_H

#include <stdbool.h>
#include <stdint.h>

#include "httpbody.h"
#include "net.h"

/* A request; the slices are views into raw, but for the body's. */
struct httpd_request {
    struct buf raw;     /* as it came */
    struct buf content; /* of the body, without its chunks */
    struct slice method;
    struct slice target; /* path and query as they came */
    struct slice path;
    struct slice query; /* without its '?' */
    struct slice head;  /* the header lines, each with its CR LF */
    struct slice body;
};

struct httpd_reply {
    int status;
    const char *type;  /* Content-Type; NULL: none */
    const char *extra; /* more header lines, each with its CR LF; or NULL */
    struct slice body;
};

/*
 * httpd_read(conn, req, ms): read the next request, which httpd_release
 * frees.  NET_DATA when there is one; NET_CLOSED when the peer closed or
 * what came is no request; NET_TIMEOUT.
 */
enum net_result httpd_read(struct net_conn *conn, struct httpd_request *req,
                           int64_t ms);

/* httpd_release(req): also after httpd_read failed. */
void httpd_release(struct httpd_request *req);

/* httpd_header(req, name): a header's value, in whatever case its name is
 * written; p is NULL when there is none. */
struct slice httpd_header(const struct httpd_request *req, const char *name);

/* httpd_header_has(req, name, word): whether ${word} is among the
 * comma-separated words of a header, parameters aside. */
bool httpd_header_has(const struct httpd_request *req, const char *name,
                      const char *word);

/* httpd_head(bytes): how many of the first ${bytes} are a head, with the empty
 * line; 0 when it is not whole. */
size_t httpd_head(struct slice bytes);

/*
 * httpd_body(req, otherwise, body): begin the body that the head announces;
 * one that it is silent about is of the kind ${otherwise}.  0, or -1 when
 * what it says makes no sense, or is too much.
 */
int httpd_body(const struct httpd_request *req, enum httpbody_kind otherwise,
               struct httpbody *body);

/*
 * httpd_param(req, name, nth, out): replace the content of ${out} by the
 * decoded value of the ${nth} (from 0) query parameter ${name}.  1, or 0
 * when there are not so many, or it cannot be decoded.
 */
int httpd_param(const struct httpd_request *req, const char *name, size_t nth,
                struct buf *out);

/* httpd_decode(s, query, out): append ${s} percent-decoded; ${query}: a '+'
 * is a space.  0 or -1. */
int httpd_decode(struct slice s, bool query, struct buf *out);

/* httpd_format(reply, out): append the reply's bytes.  0 or -1. */
int httpd_format(const struct httpd_reply *reply, struct buf *out);

/* httpd_send(conn, reply): write it.  0 or -1. */
int httpd_send(struct net_conn *conn, const struct httpd_reply *reply);

#endif
