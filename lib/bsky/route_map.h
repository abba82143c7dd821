/*
 * The inside of a map of routes: how the parsers of its text formats
 * (route_text.c) hand a route to it (route.c).
 */
#ifndef BSKY_ROUTE_MAP_H
#define BSKY_ROUTE_MAP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "bsky/route.h"

/* Longest domain in bytes, most domains in a map, and room for the names of
 * one route. */
#define ROUTE_DOMAIN_MAX 253
#define ROUTE_DOMAINS_MAX 100000
#define ROUTE_NAMES_MAX ((size_t)1 << 20)

/* A route being read.  names holds the stream and then each domain, checked
 * and lowercase, every one with a NUL behind it. */
struct route_draft {
    struct buf names;
    size_t ndomains;
    enum err_code blame; /* the code of errors that the text is to blame for */
    bool user;           /* it overrides what is there, even another user's */
};

/*
 * routes_insert(routes, draft, err): append the route, and lead its domains
 * to it.  Takes the memory of draft->names on success; on failure (-1,
 * draft->blame for a full map, ERR_OS) ${routes} is as it was.
 */
int routes_insert(struct routes *routes, struct route_draft *draft,
                  struct err *err);

#endif
