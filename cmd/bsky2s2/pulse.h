/*
 * What a run tells by the clock: figures on stderr, the metrics file, the
 * service manager, and that nothing happens where something should.
 */
#ifndef BSKY2S2_PULSE_H
#define BSKY2S2_PULSE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/notify.h"

struct run;

struct pulse {
    struct notify notify;
    int64_t stats_due_ms;

    int64_t metrics_due_ms; /* 0: there is no file */
    bool metrics_failed;

    /* at the last status */
    int64_t status_due_ms;
    int64_t status_ms;
    uint64_t events;
    uint64_t delivered;

    int64_t read_ms;       /* when we last did not want any event */
    int64_t quiet_told_ms; /* how long it had been quiet when that was said */
    int64_t stuck_told_ms;
    uint64_t acked;   /* delivered, when last looked at */
    int64_t acked_ms; /* when that changed, or nothing waited */
};

/* pulse_init(run): before the parts are opened; pulse_end is then due. */
void pulse_init(struct run *run);

/*
 * pulse_open(run): the parts are open: begin, and write the metrics file for
 * the first time.  0, or -1 with run->err: ERR_CANTCREATE, ERR_OS.
 */
int pulse_open(struct run *run);

/* pulse_beat(run, now, next): a turn has gone well: tell what is due; lowers
 * *${next} to when it wants to be called again. */
void pulse_beat(struct run *run, int64_t now, int64_t *next);

/* pulse_end(run, now): the last words, while the parts are still open. */
void pulse_end(struct run *run, int64_t now);

#endif
