/*
 * Records into windows: each gets its label and its time, waits until all
 * streams have been read that far, and is counted.
 */
#ifndef S2TAIL_COUNT_H
#define S2TAIL_COUNT_H

#include "base/buf.h"
#include "config.h"
#include "view/field.h"
#include "view/window.h"

struct count;

struct count_hooks {
    /* A window has closed. */
    window_told *closed;
    /* No more can be told for now: count_run and the others stop there. */
    bool (*full)(void *arg);
    /* Nothing of this stream waits any more; never called for an input. */
    void (*emptied)(void *arg, size_t stream);
    void *arg;
};

/* One record of a stream, borrowed during the call. */
struct count_record {
    struct field_record field;
    uint64_t seq_num;
    bool live; /* it came as soon as it was written, for all we know */
};

/* Up to where a stream is counted. */
struct count_position {
    bool known;
    uint64_t next_seq;
    int64_t last_ms;
};

/* count_new(config, hooks, err): ${config} is borrowed.  NULL: ERR_USAGE,
 * ERR_OS.  count_free of NULL is harmless. */
struct count *count_new(const struct config *config,
                        const struct count_hooks *hooks, struct err *err);
void count_free(struct count *count);

/* count_begin(count, time_ms): windows begin there, whether or not a record
 * comes; else with the first record. */
void count_begin(struct count *count, int64_t time_ms);

/* count_stream(count, stream, name, err): a stream, from 0 on in order, was
 * found; counted by streams it has a row from now on.  0 or -1. */
int count_stream(struct count *count, size_t stream, const char *name,
                 struct err *err);

/*
 * count_add(count, stream, record, now_ms, err): a record of a stream that
 * was found, behind its last one; counted by a later count_run.  0 or -1.
 */
int count_add(struct count *count, size_t stream,
              const struct count_record *record, int64_t now_ms,
              struct err *err);

/*
 * count_now(count): the wall clock, ms since the epoch, by which windows
 * close.  It never goes back: where the machine's was set back, it goes on at
 * half the speed until that has caught up, so that windows still close.  What
 * comes meanwhile with a time before that is late.
 */
int64_t count_now(struct count *count);

/*
 * count_run(count, bound_ms, now_ms): no stream can bring anything from
 * before ${bound_ms} any more (${now_ms}: all are at their tails): count what
 * waits up to there, close what has ended.  When hooks.full stopped it, a
 * later call goes on.
 */
void count_run(struct count *count, int64_t bound_ms, int64_t now_ms);

/* count_restart(count, stream): what comes of this stream now is of another
 * one by that name, from its beginning; what waits of the old one is counted
 * first. */
void count_restart(struct count *count, size_t stream);

/*
 * count_line(count, record, now_ms, err): count a record of an input at once;
 * its own time is the only clock.  0; 1 when hooks.full stopped it and the
 * record must be handed over again; -1 with an error.  count_end(count): no
 * more will come; false when hooks.full stopped it.
 */
int count_line(struct count *count, const struct count_record *record,
               int64_t now_ms, struct err *err);
bool count_end(struct count *count);

/* count_waiting(count): records that wait to be counted. */
size_t count_waiting(const struct count *count);

/* count_stopped(count): hooks.full has stopped it on its way. */
bool count_stopped(const struct count *count);

/* count_clock(count): the time that has been reached, before the grace; that
 * of the last record, for an input.  0: none yet.  count_shown(count): the
 * same, but inside what --until lets be counted. */
int64_t count_clock(const struct count *count);
int64_t count_shown(const struct count *count);

/* count_newest(count), count_oldest(count): the times of the newest and the
 * oldest record counted, ms; INT64_MIN: none yet. */
int64_t count_newest(const struct count *count);
int64_t count_oldest(const struct count *count);

/* count_untimed(count): records whose time was not where --time says. */
uint64_t count_untimed(const struct count *count);

/* count_window(count): the windows; borrowed. */
struct window *count_window(struct count *count);

/* count_label(count, stream): the row that a stream is counted in, when
 * counted by streams (count_by_stream). */
size_t count_label(const struct count *count, size_t stream);
bool count_by_stream(const struct count *count);

/* count_position(count, stream): see struct count_position.
 * count_resume(count, stream, position): it was counted up to there by an
 * earlier run. */
struct count_position count_position(const struct count *count, size_t stream);
void count_resume(struct count *count, size_t stream,
                  const struct count_position *position);

#endif
