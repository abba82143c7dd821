/*
 * URLs: the host that a link of a post points to, by the matching rules and
 * no other standard; and the addresses of servers that the user names.
 */
#ifndef BSKY_URL_H
#define BSKY_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* A longer link is no link. */
#define URL_LINK_MAX 8192

/*
 * url_host(link, host): the host of an http or https link as a view into
 * ${link}, in its own case, without userinfo, port and one trailing dot.
 * Returns 1, or 0 when ${link} is no link with a host.
 */
int url_host(struct slice link, struct slice *host);

/* A server's address: views into the text that was parsed. */
struct url_server {
    bool tls;
    struct slice host; /* name or literal address, without brackets */
    uint16_t port;     /* explicit, or 80 and 443 */
    struct slice path; /* with its slash; "/" when there is none; no query */
};

/*
 * url_server(text, server, err): parse ws://, wss://, http:// or https://
 * HOST[:PORT][PATH]; without a scheme, TLS.  Userinfo, a query and a
 * fragment are refused.  0, or -1 with ERR_USAGE.
 */
int url_server(const char *text, struct url_server *server, struct err *err);

#endif
