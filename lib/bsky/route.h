/*
 * Routes: which domains go to which stream.
 */
#ifndef BSKY_ROUTE_H
#define BSKY_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Most routes in a map, and longest stream name in bytes (S2's limit). */
#define ROUTE_MAX 10000
#define ROUTE_STREAM_MAX 512

struct routes;

/* One line of the map: a stream and the domains that lead to it. */
struct route {
    const char *stream;         /* without any prefix */
    size_t stream_id;           /* 0..: equal for routes of one stream */
    const char *const *domains; /* lowercase; [0] is the site's own */
    size_t ndomains;            /* at least 1 */
};

/* routes_new(): an empty map, or NULL without memory. */
struct routes *routes_new(void);

/* routes_free(routes): NULL is harmless. */
void routes_free(struct routes *routes);

/*
 * routes_add_defaults(routes, err): add the default map.
 * A default domain never replaces one that the user gave.
 */
int routes_add_defaults(struct routes *routes, struct err *err);

/*
 * routes_add_text(routes, text, name, err): add lines "STREAM DOMAIN...",
 * with # comments and blank lines, as a user's.  ${name} is the file's, for
 * messages of the form NAME:LINE: what.  On failure (-1, ERR_CONFIG)
 * ${routes} may hold the lines before the bad one: free it.
 */
int routes_add_text(struct routes *routes, struct slice text, const char *name,
                    struct err *err);

/*
 * routes_add_spec(routes, spec, err): add "DOMAIN[,DOMAIN...]=STREAM" as a
 * user's; of two users' routes for one domain the later wins.  0, or -1 with
 * ERR_USAGE.
 */
int routes_add_spec(struct routes *routes, const char *spec, struct err *err);

/* routes_count(routes), routes_get(routes, i): the routes, in order. */
size_t routes_count(const struct routes *routes);
const struct route *routes_get(const struct routes *routes, size_t i);

/* routes_streams(routes): how many different streams; stream_id is below. */
size_t routes_streams(const struct routes *routes);

/*
 * routes_find(routes, host): the route of ${host}, in any case: that of the
 * longest domain that equals it or that it ends in behind a dot; a user's
 * before a default of the same domain.  NULL when no route takes it.
 */
const struct route *routes_find(const struct routes *routes, struct slice host);

/* routes_stream_ok(name): whether ${name} can be a stream's: 1 to 512 bytes
 * of UTF-8, not "." or "..", without control characters, and not in the
 * tool's own _bsky2s2/. */
bool routes_stream_ok(struct slice name);

#endif
