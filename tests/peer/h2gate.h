/*
 * What makes fakeh2: a gateway from HTTP/2 to an HTTP/1.1 server, with faults
 * that only HTTP/2 has.
 */
#ifndef PEER_H2GATE_H
#define PEER_H2GATE_H

#include <pthread.h>

#include "peer.h"

/* When a fault happens, in bytes of a response's body. */
#define H2GATE_BEFORE (-1)
#define H2GATE_END INT64_MAX

enum h2gate_fault { H2GATE_GOAWAY, H2GATE_RST };

struct h2gate_rule {
    uint64_t first; /* requests over HTTP/2, from 1 */
    uint64_t last;
    uint64_t every; /* 0: each of those between first and last */
    enum h2gate_fault fault;
    uint32_t code;
    int64_t at;
    char text[64]; /* as it was written */
};

struct h2gate {
    struct peer peer;
    uint16_t to; /* the server's port */
    struct h2gate_rule *rules;
    size_t nrules;
    pthread_mutex_t lock;
    uint64_t requests;
};

/* h2gate_load(gate, path, err), h2gate_release(gate): the script; NULL: none.
 * 0 or -1. */
int h2gate_load(struct h2gate *gate, const char *path, struct err *err);
void h2gate_release(struct h2gate *gate);

/* h2gate_next(gate, nth): count a request; its fault, or NULL. */
const struct h2gate_rule *h2gate_next(struct h2gate *gate, uint64_t *nth);

/* h2gate_serve(gate, conn): one connection that speaks HTTP/2. */
void h2gate_serve(struct h2gate *gate, struct net_conn *conn);

#endif
