/*
 * What a subscriber asks a Jetstream for, judged as the real server judges
 * it.
 */
#ifndef PEER_ASK_H
#define PEER_ASK_H

#include "bsky/event.h"
#include "feed.h"
#include "httpd.h"

struct ask {
    enum event_wire wire;
    bool has_cursor;
    int64_t cursor;
    char **collections; /* none: all; a last '*' stands for any end */
    size_t ncollections;
    char **dids; /* none: all */
    size_t ndids;
    bool kinds[FEED_SYNC + 1];
    bool compress;
};

/* Why a request is refused, with status 400. */
struct ask_refusal {
    const char *type; /* of the body */
    struct buf body;
};

/*
 * ask_parse(ask, req, wire, dictionary, refusal): read the query of ${req};
 * ${dictionary} is the id of the one that the server has for this wire, 0
 * for none.  0; 1 with ${refusal} filled; -1 when out of memory.  ask_release
 * in any case.
 */
int ask_parse(struct ask *ask, const struct httpd_request *req,
              enum event_wire wire, uint32_t dictionary,
              struct ask_refusal *refusal);
void ask_release(struct ask *ask);

/* ask_refuse(refusal, wire, name, message): fill ${refusal} in the words of
 * ${wire}; ${name} is v2's.  Returns 1. */
int ask_refuse(struct ask_refusal *refusal, enum event_wire wire,
               const char *name, const char *message);

/* ask_takes(ask, event): whether the filters let ${event} through. */
bool ask_takes(const struct ask *ask, const struct feed_event *event);

#endif
