/*
 * The wires as the servers serve them: where, and how each is asked.  What a
 * message looks like on them is event.c's.
 */
#ifndef BSKY_JETSTREAM_WIRE_H
#define BSKY_JETSTREAM_WIRE_H

#include <stdint.h>

struct jetstream_wire {
    const char *name;        /* as it is called: "v1" */
    const char *path;        /* of the websocket */
    const char *query;       /* asks for new posts */
    const char *did;         /* the parameter that asks for an account's */
    const char *compress;    /* the one that asks for compression, which
                                every wire knows */
    uint32_t dictionary;     /* the number of the only one that it has; 0: each
                                server serves its own, and is told which */
    const char *subprotocol; /* NULL: none */
};

/* The first is that of a URL without a path; behind the last is one without a
 * path. */
extern const struct jetstream_wire jetstream_wires[];

#endif
