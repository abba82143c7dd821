/*
 * The list of the streams to follow: asked for prefix by prefix, page by
 * page, and again after a while.
 */
#ifndef BASIN_FOLLOW_LIST_H
#define BASIN_FOLLOW_LIST_H

#include "base/buf.h"
#include "basin/follow_shared.h"

struct follow_list {
    struct follow_shared *shared; /* borrowed */
    /* Called for every name, which lives during the call, with which creation
     * of it this is (0: unknown): 0 or -1. */
    int (*found)(void *arg, const char *name, uint64_t made, struct err *err);
    void *arg;

    struct basin_op *op;
    bool going;       /* a list is begun and not at its end */
    size_t prefix;    /* which one is asked for */
    struct buf after; /* the last name of it that was seen */
    int64_t due_ms;   /* nothing is asked for before */
    int64_t least_ms; /* the far side wants nothing before */
    int64_t asked_ms; /* when it was asked for the last time */
    struct retry retry;

    bool answered; /* since the last follow_list_run: */
    bool more;     /* this prefix has another page */
    enum outcome outcome;
    struct err err;
    int64_t retry_after_ms;
};

/* follow_list_init(list, shared), follow_list_release(list): the caller sets
 * found and arg. */
void follow_list_init(struct follow_list *list, struct follow_shared *shared);
void follow_list_release(struct follow_list *list);

/* follow_list_stop(list): cancel what is in flight; the next run asks for it
 * again. */
void follow_list_stop(struct follow_list *list);

/* follow_list_run(list, now): act on an answer, ask for what is due.  Returns
 * when to call it again (ms), LOOP_NEVER after an answer only. */
int64_t follow_list_run(struct follow_list *list, int64_t now);

#endif
