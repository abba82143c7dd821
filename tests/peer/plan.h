/*
 * A fake Jetstream's script: what it does to its first, second, ...
 * connection.  README.md has the language.
 */
#ifndef PEER_PLAN_H
#define PEER_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "feed.h"
#include "script.h"

/* How the request to upgrade is answered. */
enum plan_entry {
    PLAN_OPEN, /* by the upgrade */
    PLAN_REFUSE,
    PLAN_REDIRECT,
    PLAN_STALL,
    PLAN_BADACCEPT,
    PLAN_CLOSE,
    PLAN_RESET
};

enum plan_when { PLAN_EVERY, PLAN_AFTER, PLAN_ONCE };

enum plan_fault {
    PLAN_F_CLOSE,
    PLAN_F_RESET,
    PLAN_F_CUT,
    PLAN_F_EOF,
    PLAN_F_STALL,
    PLAN_F_HANG,
    PLAN_F_GARBAGE,
    PLAN_F_NOTJSON,
    PLAN_F_BADZSTD,
    PLAN_F_BINARY,
    PLAN_F_OVERSIZE,
    PLAN_F_ZERO,
    PLAN_F_UNKNOWN,
    PLAN_F_RSV,
    PLAN_F_MASKED,
    PLAN_F_BADUTF8,
    PLAN_F_BIGCONTROL,
    PLAN_F_PING,
    PLAN_F_FRAGMENTS,
    PLAN_F_DUP,
    PLAN_F_ERROR,
    PLAN_F_INFO,
    PLAN_F_DONE,
    PLAN_F_END
};

/* One fault and when it is due. */
struct plan_step {
    enum plan_when when;
    uint64_t n; /* events sent on the connection */
    enum plan_fault fault;
    uint64_t number;
    const char *text; /* lives as long as the script */
    bool spent;       /* PLAN_ONCE: has been */
    struct plan_step *next;
};

/* What a connection may override. */
struct plan_settings {
    uint64_t segment; /* events in a segment; 0: all sealed */
    uint64_t floor;   /* the oldest events are gone */
    bool filter;      /* the subscriber's filters are applied */
};

struct plan_block {
    enum plan_entry entry;
    int status;           /* of a refusal */
    const char *text;     /* its body, or where to be redirected to */
    uint64_t retry_after; /* seconds; 0: not said */
    struct plan_settings settings;
    struct feed *feed; /* instead of the server's, owned; NULL: that one */
    struct plan_step *steps;
    struct plan_block *next;
};

/* When ${at} events have been sent, the last ${lost} come again, ${gap_ms}
 * later than they were. */
struct plan_crash {
    uint64_t at, lost, gap_ms;
};

struct plan {
    struct script script;
    bool scripted;
    bool live;                               /* "live N" was said */
    uint64_t live_from;                      /* so many events are history */
    struct plan_crash crashes[FEED_CRASHES]; /* in the order of at */
    size_t ncrashes;
    struct plan_block every;   /* what stands before any block, and in
                                  "connection *" */
    struct plan_block *blocks; /* for connections 1, 2, ...; the last repeats */
};

/* plan_load(plan, path, err): read a script; NULL: one that does nothing.
 * 0, or -1 with ERR_CONFIG. */
int plan_load(struct plan *plan, const char *path, struct err *err);
void plan_release(struct plan *plan);

/* plan_block(plan, nth): the block for connection ${nth}, from 1; its steps
 * come before those of plan->every. */
struct plan_block *plan_block(struct plan *plan, unsigned nth);

/* plan_describe(step, out): write its fault as scripts do. */
#define PLAN_DESCRIBE_SIZE 256
void plan_describe(const struct plan_step *step, char out[PLAN_DESCRIBE_SIZE]);

#endif
