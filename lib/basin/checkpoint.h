/*
 * A job's checkpoints: records in a stream of their own that say from where
 * the source is to be asked again.  They prove nothing about what has been
 * written, which only the records in the data streams do; so one is written
 * when all that it covers is durable, and a lost one costs no more than time.
 *
 * The stream is also where instances of one job meet: each begins by putting
 * a fence there, and whoever comes later takes over.
 *
 * It never sleeps and reads no clock.
 */
#ifndef BASIN_CHECKPOINT_H
#define BASIN_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "basin/basin.h"
#include "basin/checkpoint_text.h"

/* Before a job's name: the stream of its checkpoints, which holds no data. */
#define CHECKPOINT_PREFIX "_bsky2s2/"

struct checkpoint;

/* Something that somebody may want to know. */
enum checkpoint_event {
    CHECKPOINT_RETRY,     /* a request failed and is tried again; err, delay_ms,
                             n failures in a row */
    CHECKPOINT_RECOVERED, /* and now it went well */
    CHECKPOINT_CREATED,   /* the basin was missing and has been created */
    CHECKPOINT_WRITTEN,   /* one is durable, as record seq_num */
    CHECKPOINT_FOREIGN,   /* n records that are no checkpoints were skipped,
                             the last of them seq_num */
    CHECKPOINT_LOST       /* the stream was deleted or lost data while we ran;
                             it is fenced anew */
};

struct checkpoint_note {
    enum checkpoint_event event;
    const char *stream;
    const struct err *err;
    int64_t delay_ms;
    uint64_t n;
    uint64_t seq_num;
};

/* What the stream holds when a run begins. */
struct checkpoint_found {
    const struct checkpoint_text *newest; /* NULL: none */
    bool lost; /* and yet the stream is not new: all were trimmed, expired or
                  overwritten by others */
};

struct checkpoint_hooks {
    /*
     * What there is has been read: say where this run begins, which is what
     * the record behind our fence will hold (${begin}: none on entry; its url
     * is copied).  -1 with ${err}: do not begin; nothing has been written
     * then.  Called again when somebody else was quicker with a fence.
     */
    int (*begin)(void *arg, const struct checkpoint_found *found,
                 struct checkpoint_at *begin, struct err *err);
    void (*note)(void *arg, const struct checkpoint_note *note);
    void *arg;
};

/* All copied, but for basin, settings and the hooks' arg. */
struct checkpoint_config {
    struct basin *basin; /* borrowed, must outlive the checkpoint */
    bool create_basin;   /* create a missing basin instead of failing */
    const char *stream;  /* _bsky2s2/JOB */
    const char *job;
    const struct checkpoint_settings *settings; /* borrowed */
    const char *host;                           /* of this machine */
    int64_t pid;                                /* of this process */
    const char *token;                          /* a fresh UUID */
    int64_t every_ms;  /* least time between two of different positions; where
                          the job began is written at once */
    int64_t still_ms;  /* one is written again when so long none was */
    int64_t retry_for; /* budget of consecutive failure, ms; 0: for ever */
    uint64_t seed;     /* of the back-off's jitter */
    struct checkpoint_hooks hooks;
};

/* What the tools give as the two times; EXACTLY ONCE in the manual. */
#define CHECKPOINT_EVERY_MS 5000
#define CHECKPOINT_STILL_MS 3600000

/* The stream is trimmed now and then to its newest so many records. */
#define CHECKPOINT_KEEP 1000

/* checkpoint_new(config, err): nothing is asked before the first
 * checkpoint_run.  NULL: ERR_OS. */
struct checkpoint *checkpoint_new(const struct checkpoint_config *config,
                                  struct err *err);

/* checkpoint_free(checkpoint): cancels what runs; NULL is harmless. */
void checkpoint_free(struct checkpoint *checkpoint);

/* checkpoint_ready(checkpoint): our fence is in force. */
bool checkpoint_ready(const struct checkpoint *checkpoint);

/* checkpoint_begun(checkpoint): where the job began, or how far it got, has
 * been written down. */
bool checkpoint_begun(const struct checkpoint *checkpoint);

/* checkpoint_put(checkpoint, at): from now on ${at} is what may be written:
 * all that it covers is durable.  Copied; its url at most
 * CHECKPOINT_URL_MAX bytes, or it is ignored. */
void checkpoint_put(struct checkpoint *checkpoint,
                    const struct checkpoint_at *at);

/* checkpoint_renew(checkpoint): the settings behind config.settings are others
 * from now on: write them down as soon as possible, with the last position. */
void checkpoint_renew(struct checkpoint *checkpoint);

/* checkpoint_flush(checkpoint): write the last position put as soon as
 * possible, unless it stands already.  A position put later is none of this
 * flush's business. */
void checkpoint_flush(struct checkpoint *checkpoint);

/* checkpoint_settled(checkpoint): what was flushed is durable, and nothing is
 * in flight; or our fence was never in force. */
bool checkpoint_settled(const struct checkpoint *checkpoint);

/*
 * checkpoint_run(checkpoint, now, wall_ms, next, err): start what can be
 * started at ${now}; ${wall_ms}, ms since the epoch, dates the records, and
 * decides nothing.  Store in *${next} when it wants to be called again
 * (LOOP_NEVER: after callbacks only).  0, or -1 when there is no way on:
 * ERR_TAKEN, naming host, process and time of who took over; what the begin
 * hook said; ERR_CONFIG (no such basin), ERR_UNAVAILABLE, ERR_PROTOCOL,
 * ERR_DENIED, ERR_OS.
 */
int checkpoint_run(struct checkpoint *checkpoint, int64_t now, int64_t wall_ms,
                   int64_t *next, struct err *err);

/* checkpoint_answered(checkpoint): an answer came since the last
 * checkpoint_run, which therefore has something to do at once. */
bool checkpoint_answered(const struct checkpoint *checkpoint);

#endif
