/*
 * A run of the program: its parts, and the loop that drives them.
 */
#ifndef S2TAIL_TAIL_H
#define S2TAIL_TAIL_H

#include <sys/types.h>

#include "basin/follow.h"
#include "common/notify.h"
#include "common/output.h"
#include "config.h"
#include "count.h"
#include "feed.h"
#include "s2/http.h"

struct emit;
struct keep;
struct screen;

/* Where streams.c stands. */
struct streams_stand {
    size_t found;        /* streams that count.c knows */
    int64_t open_due_ms; /* the basin, when it is to be tried again */
    bool absent;         /* the basin's file is not there yet, and said */
    int64_t absent_ms;   /* since then */
    int64_t look_due_ms; /* at the basin's file, whether it is still that */
    dev_t device;        /* the file that was opened */
    ino_t inode;
    bool paused; /* because the output is stuck */
};

/* At the last status for the service manager. */
struct report_status {
    int64_t ms;
    int64_t due_ms;
    uint64_t records;
};

struct tail {
    const struct config *config;

    /* the parts; NULL where a run does without */
    struct http *http;
    struct basin *basin;
    struct follow *follow;
    struct feed *feed;
    struct count *count;
    struct emit *emit;
    struct screen *screen;
    struct keep *keep;
    struct notify notify;
    int signals; /* descriptor */

    /* where the run stands */
    struct err err; /* why it cannot go on */
    struct streams_stand streams;
    struct report_status status;
    int64_t start_ms; /* the clock of loop_now */
    int64_t since_ms; /* the totals' beginning, wall; LINES_UNKNOWN */
    bool over;        /* the input has no more */
    bool ended;       /* all there was to read is counted */
    bool stopping;
    bool forced; /* a second signal: end at once */
    int signo;   /* of the signal that stopped it, 0: none */
};

/*
 * tail_main(config): everything between a good configuration and the exit
 * status, which it returns; or it dies of a signal.
 */
int tail_main(const struct config *config);

#endif
