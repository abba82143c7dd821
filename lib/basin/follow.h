/*
 * Following all streams of a basin whose names begin with one of some
 * prefixes, through whatever befalls them: it finds them, reads each from
 * where it shall begin, in order and once, comes back after failures, sees
 * new ones and deleted ones.
 *
 * A stream goes through these states: its tail is asked for; if it is ahead,
 * pages are read until it is reached (at most 16 streams do either at a
 * time); then a session follows it.  After a failure it begins again with
 * its tail, after a back-off.
 *
 * Pages come only as the caller uses them up: after the first page of a
 * stream that is behind, the next is asked for when follow_more is called for
 * it.  So a caller who merges streams by time holds one page of each, however
 * different their lengths.
 */
#ifndef BASIN_FOLLOW_H
#define BASIN_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "basin/basin.h"

/* A stream without a word from the far side for so long is stale. */
#define FOLLOW_STALE_MS 20000

struct follow;

enum follow_state {
    FOLLOW_BEHIND, /* not known to be at its tail */
    FOLLOW_LIVE,   /* has been at its tail, and was not seen far from it since:
                      after a failure too, until its tail is known anew */
    FOLLOW_DONE,   /* once: has reached the tail seen at start */
    FOLLOW_DELETED /* is no more, until a later list shows it, or another one
                      of that name */
};

/* One stream; the caller reads, only follow.c writes. */
struct follow_stream {
    size_t index;     /* from 0, in the order in which they were found; never
                         used for another name */
    const char *name; /* lives as long as the follow */
    enum follow_state state;
    bool stale;          /* see FOLLOW_STALE_MS; not once DONE or DELETED */
    uint64_t next_seq;   /* of the next record to be handed out */
    uint64_t last_ms;    /* timestamp of the last record handed out; 0: none */
    uint64_t missing;    /* numbers skipped since, trimmed before we came */
    uint64_t tail_seq;   /* the highest tail seen */
    uint64_t tail_ms;    /* timestamp of the last record by the tail that was
                            asked for last; 0: none */
    int64_t last_answer; /* ms, the clock of follow_run */
    uint64_t made;       /* which creation of a stream of that name this is,
                            to be compared only; 0: unknown */
};

enum follow_event {
    FOLLOW_FOUND,     /* a new stream, or one that is there again */
    FOLLOW_GONE,      /* it was deleted */
    FOLLOW_RETRY,     /* err, delay_ms; n: the how manieth failure in a row */
    FOLLOW_RECOVERED, /* n failures are over */
    FOLLOW_TRIMMED,   /* n numbers were skipped */
    FOLLOW_RESTARTED  /* it was deleted and made anew, or its store lost data:
                         another stream than the one read up to n, which is
                         read from 0; its missing numbers are not counted */
};

struct follow_note {
    enum follow_event event;
    const struct follow_stream *stream; /* NULL: the list of streams */
    const struct err *err;
    int64_t delay_ms;
    uint64_t n;
};

struct follow_hooks {
    /* Of this module both may call follow_more, and look at the streams. */

    /* New records of a stream, in order, without command records; borrowed
     * during the call.  stream->next_seq is already behind them. */
    void (*records)(void *arg, const struct follow_stream *stream,
                    const struct wire_record *records, size_t n);
    void (*note)(void *arg, const struct follow_note *note); /* may be NULL */
    void *arg;
};

struct follow_config {
    struct basin *basin;         /* borrowed */
    const char *const *prefixes; /* copied; none: all streams */
    size_t nprefixes;
    const char *const *excludes; /* globs (fnmatch(3), no flags), copied */
    size_t nexcludes;
    bool by_time;        /* streams of the first list begin at since_ms ... */
    uint64_t since_ms;   /* ... else with their first record, as later ones */
    int64_t discover_ms; /* between lists; 0, or once: only the first */
    bool once;           /* each stream up to the tail seen first */
    size_t page;         /* records of a page of every stream together, at
                            least 1; of one stream at least 100 of them */
    int64_t retry_for;   /* ms of failure of one stream, or of listing, before
                            follow_run fails; 0: never */
    uint64_t seed;       /* for the jitter */
    struct follow_hooks hooks;
};

/* follow_new(config, err): NULL with ERR_OS.  follow_free cancels what runs;
 * NULL is harmless. */
struct follow *follow_new(const struct follow_config *config, struct err *err);
void follow_free(struct follow *follow);

/* Where a stream is to go on. */
struct follow_from {
    bool by_time;      /* begin at since_ms, and the rest is unused ... */
    uint64_t since_ms; /* (the timestamp of a record, in ms) */
    uint64_t next_seq; /* ... else here: as in struct follow_stream */
    uint64_t last_ms;
    uint64_t made; /* 0: unknown.  Another than the one that is found:
                      RESTARTED, and read from 0 */
};

/*
 * follow_resume(follow, name, from, err): before the first follow_run: when a
 * stream of this name is found, go on with it there.  0 or -1 (ERR_OS, or
 * ERR_CONFIG for too many).
 */
int follow_resume(struct follow *follow, const char *name,
                  const struct follow_from *from, struct err *err);

/*
 * follow_pause(follow, on): ${on}: whatever runs is cancelled, and nothing is
 * asked for until ${on} is false; then every stream begins again with its
 * tail, where it was.  Streams that are paused are not stale.  Not from within
 * a callback of this module.
 */
void follow_pause(struct follow *follow, bool on);

/*
 * follow_run(follow, now, next, err): start what is due at ${now} (ms, the
 * clock of basin_run, which the caller runs too); stores in *${next} when to
 * call again.  0, or -1 when it cannot go on: refused, no such basin, failed
 * for longer than retry_for (ERR_UNAVAILABLE).
 */
int follow_run(struct follow *follow, int64_t now, int64_t *next,
               struct err *err);

/* follow_answered(follow): something came since the last follow_run, which
 * therefore has something to do at once: ask after basin_run and http_wait. */
bool follow_answered(const struct follow *follow);

/* follow_more(follow, index): the caller can take another page of it. */
void follow_more(struct follow *follow, size_t index);

/* follow_streams(follow, n): all streams found so far, by index; valid until
 * the next follow_run, and the streams as long as the follow. */
const struct follow_stream *const *follow_streams(const struct follow *follow,
                                                  size_t *n);

/* follow_listed(follow): whether the streams were listed at least once. */
bool follow_listed(const struct follow *follow);

/* follow_done(follow): once: every stream is DONE or DELETED. */
bool follow_done(const struct follow *follow);

/*
 * follow_bound(follow, now_ms): up to which time everything has been handed
 * out: the least, over the streams that are BEHIND and not stale, of last_ms;
 * at most ${now_ms} (the wall clock, ms).  0 until the streams are listed.
 * What comes later of a stream that is stale, or new, may be from before it.
 */
int64_t follow_bound(const struct follow *follow, int64_t now_ms);

#endif
