/*
 * The file of certificates that libcurl checks a server's against.  Only what
 * comes from one file alone does libcurl 7.88 keep for the next connection;
 * else each one has a copy of its own, of more than a megabyte.  Internal to
 * http*.c.
 */
#ifndef S2_HTTP_ROOTS_H
#define S2_HTTP_ROOTS_H

#include "base/err.h"

struct http_roots {
    int fd;           /* the file, if it is our own; -1: it is the system's */
    char own[32];     /* its name then */
    const char *file; /* NULL: leave it to libcurl; lives as long as this */
};

/* http_roots_init(roots): no file yet. */
void http_roots_init(struct http_roots *roots);

/*
 * http_roots_open(roots, cacert, err): choose the system's file; with
 * ${cacert} not NULL make one, in memory, that holds the certificates of both.
 * ${roots} must be new, and not move afterwards.  0, or -1 with ERR_CONFIG for
 * ${cacert}, or ERR_OS.
 */
int http_roots_open(struct http_roots *roots, const char *cacert,
                    struct err *err);

/* http_roots_release(roots): nobody may use the file any more. */
void http_roots_release(struct http_roots *roots);

#endif
