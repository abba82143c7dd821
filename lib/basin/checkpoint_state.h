/*
 * The state of a job's checkpoints: checkpoint.c makes requests,
 * checkpoint_done.c takes the answers.  Internal to both.
 */
#ifndef BASIN_CHECKPOINT_STATE_H
#define BASIN_CHECKPOINT_STATE_H

#include "basin/attempt.h"
#include "basin/checkpoint.h"
#include "basin/checkpoint_batch.h"
#include "basin/checkpoint_look.h"
#include "basin/checkpoint_place.h"

/* What is to be done next, or is being done while op is set. */
enum checkpoint_step {
    CHECKPOINT_STEP_CREATE_BASIN,
    CHECKPOINT_STEP_CREATE, /* make the stream */
    CHECKPOINT_STEP_TAIL,   /* ask for its next number */
    CHECKPOINT_STEP_LOOK,   /* look for the newest checkpoint */
    CHECKPOINT_STEP_FENCE,  /* append our fence */
    CHECKPOINT_STEP_WRITE,  /* append what is due */
    CHECKPOINT_STEP_ASK,    /* fenced: ask for the next number, so as to ... */
    CHECKPOINT_STEP_READ_BACK /* ... read what was appended behind ours */
};

/* So many fences of others may come before ours. */
#define CHECKPOINT_STATE_TRIES 5

struct checkpoint {
    struct checkpoint_config config; /* its texts are the next four */
    char *stream, *job, *host, *token;
    enum checkpoint_step step;
    struct basin_op *op; /* the request in flight */
    struct attempt attempt;
    struct rng rng;
    bool answered; /* since the last checkpoint_run */
    bool created_noted;

    bool ready;     /* our fence is in force, for all we know */
    bool was_ready; /* it has been: now the stream is lost, unless ready */
    char before[CHECKPOINT_TOKEN_MAX + 1]; /* whom we came after, or "" */
    unsigned late;                         /* fences that came too late */
    bool pause;        /* the last did: wait before the next */
    struct err fenced; /* set: another fence than ours is in force */

    uint64_t next;    /* the number that the next append names */
    uint64_t trimmed; /* trimmed up to here by us; 0: not yet */
    struct checkpoint_look look;
    struct checkpoint_batch batch;
    int64_t sent_ms; /* when it, or the one before it, was sent last */

    bool has_put;
    struct checkpoint_place put;     /* what may be written */
    struct checkpoint_place sent;    /* what the batch says */
    struct checkpoint_place written; /* what the newest checkpoint says */
    bool renewed; /* the settings are others than those last written */
    bool has_flush;
    bool flushing; /* this is to be written at once: */
    struct checkpoint_place flush;
};

/* checkpoint_done(checkpoint, reply): the answer to the request in flight. */
void checkpoint_done(void *checkpoint, const struct basin_reply *reply);

#endif
