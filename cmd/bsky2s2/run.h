/*
 * A run of the program: its parts, and the loop that drives them.
 */
#ifndef BSKY2S2_RUN_H
#define BSKY2S2_RUN_H

#include "basin/checkpoint.h"
#include "basin/writer.h"
#include "bsky/jetstream.h"
#include "config.h"
#include "ingest.h"
#include "common/input.h"
#include "common/output.h"
#include "pulse.h"
#include "s2/http.h"
#include "stats.h"

struct run {
    const struct config *config;

    /* the parts; NULL where a run does without */
    struct http *http;
    struct basin *basin;
    struct writer *writer;
    struct checkpoint *checkpoint;
    struct job *job;
    struct output *output;
    struct ingest *ingest;
    struct jetstream *js;
    struct input *input;
    struct routes *routes; /* read again; NULL: the configuration's */

    /* what they share */
    struct stats stats;
    struct pulse pulse;
    struct position position;
    struct hash_key key;
    int signals; /* descriptor */
    bool tty;    /* a live status line: stdout and stderr are terminals, and
                    no records go there */
    bool json;   /* lines on stderr are JSON */

    /* where the run stands */
    int64_t now_ms;        /* of this turn of the loop, for what comes in */
    struct err err;        /* why it cannot go on */
    struct err source_err; /* why the source cannot; the rest is drained */
    bool begun;            /* where the source begins is known */
    bool learnt;           /* and what the streams hold from there on */
    bool stopping;         /* no more reading; drain */
    int signo;             /* of the signal that stopped it, 0: none */
    int64_t start_ms;
    int64_t drain_until_ms;        /* LOOP_NEVER: as long as it takes */
    bool forced;                   /* a second signal: end at once */
    bool paused;                   /* the source, for want of room */
    char host[POSITION_HOST_SIZE]; /* that we are connected to, or will be */
    char cause[256]; /* what the server said of a gap that may follow */
};

/*
 * run_main(config): everything between a good configuration and the exit
 * status, which it returns; or it dies of a signal.
 */
int run_main(const struct config *config);

/* run_stop(run, now, drain_ms): stop reading, and drain for at most so long
 * (LOOP_NEVER: without a limit). */
void run_stop(struct run *run, int64_t now, int64_t drain_ms);

#endif
