/*
 * Names to addresses without waiting: the system's resolver runs in a thread
 * of its own, and a descriptor becomes readable when it is done.  A look-up
 * can be given up at any time; its thread then cleans up when it returns.
 */
#ifndef BSKY_RESOLVE_H
#define BSKY_RESOLVE_H

#include <stddef.h>

#include "base/err.h"

/* More addresses of one name are not kept. */
#define RESOLVE_MAX 16

/* A numeric address, perhaps with a scope, and its NUL. */
#define RESOLVE_ADDRESS_SIZE 64

struct resolve_list {
    size_t n;
    char address[RESOLVE_MAX][RESOLVE_ADDRESS_SIZE];
};

struct resolve;

/*
 * resolve_start(host, err): begin to look ${host} up, a name or a literal
 * address without brackets; it is copied.  A literal address needs no
 * thread.  NULL with ERR_OS.
 */
struct resolve *resolve_start(const char *host, struct err *err);

/* resolve_fd(resolve): readable when the answer is there; -1 when it was
 * there at once.  It lives as long as ${resolve}. */
int resolve_fd(const struct resolve *resolve);

/*
 * resolve_done(resolve, list, err): 1 with at least one address in ${list},
 * in the system's order; 0 while the look-up runs; -1 with ERR_UNAVAILABLE.
 */
int resolve_done(struct resolve *resolve, struct resolve_list *list,
                 struct err *err);

/* resolve_free(resolve): end the look-up, if it still runs, without waiting
 * for it.  NULL is harmless. */
void resolve_free(struct resolve *resolve);

#endif
