/*
 * Writes records to the streams of a basin so that each holds every record
 * once and in order, whatever happens to requests and answers on the way: a
 * queue for each stream, one batch of it in flight, appended only if the
 * stream's next number is the one we expect.  A batch of unknown outcome is
 * sent again with the same number; a mismatch is resolved by reading what
 * was written in between.
 *
 * It never sleeps and reads no clock.
 */
#ifndef BASIN_WRITER_H
#define BASIN_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "basin/basin.h"

/* How long before what the source reads a record can be dated and still be
 * sent again; EXACTLY ONCE in the manual of bsky2s2. */
#define WRITER_MEMORY_MS INT64_C(1800000)

struct writer;

/* Something that somebody may want to know. */
enum writer_event {
    WRITER_RETRY,     /* a request failed and is tried again; err, delay_ms,
                         n failures in a row */
    WRITER_RECOVERED, /* and now it went well */
    WRITER_CREATED,   /* the basin was missing and has been created */
    WRITER_RESOLVED,  /* a mismatch was read back: n records were there */
    WRITER_GAP,       /* the stream was deleted, trimmed or lost data: what
                         it held up to seq_num cannot be compared any more */
    WRITER_FORGOTTEN, /* so many identities are to be remembered that the
                         oldest had to go: duplicates are possible */
    WRITER_CLOCK      /* the basin dated a record more than 29 minutes before
                         its event: its clock is behind, and a restart may
                         not recognise what is already there */
};

struct writer_note {
    enum writer_event event;
    const char *stream;
    const struct err *err;
    int64_t delay_ms;
    uint64_t n;
    uint64_t seq_num;
};

struct writer_hooks {
    /* the identity in a record's body: 0, or -1 when it has none */
    int (*identify)(void *arg, struct slice body, struct hash128 *id);
    /* the record is durable; called in the order of the stream */
    void (*acked)(void *arg, const char *stream,
                  const struct wire_record *record);
    void (*note)(void *arg, const struct writer_note *note);
    void *arg;
};

struct writer_config {
    struct basin *basin; /* borrowed, must outlive the writer */
    bool create_basin;   /* create a missing basin instead of failing */
    int64_t linger_ms;   /* a batch that is not full waits so long for more */
    int64_t retry_for;   /* budget of consecutive failure, ms; 0: for ever */
    uint64_t seed;       /* of the back-off's jitter */
    struct writer_hooks hooks;
};

struct writer_stats {
    uint64_t acked;      /* records */
    uint64_t batches;    /* acked */
    uint64_t retries;    /* requests tried again */
    uint64_t duplicates; /* records that the stream already held */
    uint64_t gaps;
};

/* writer_new(config, err), writer_free(writer): freeing cancels what runs. */
struct writer *writer_new(const struct writer_config *config, struct err *err);
void writer_free(struct writer *writer);

/*
 * writer_stream(writer, name, err): a stream to write to, created when it is
 * missing.  Returns its index, 0 and up, or -1.  Names differ before
 * writer_start; from then on a stream keeps its index, since a second queue
 * would break its order.
 */
int writer_stream(struct writer *writer, const char *name, struct err *err);

/*
 * writer_start(writer, from_ms): begin: create what is missing, and learn the
 * identities in each stream that a source which begins at ${from_ms} may send
 * again: those of records dated from WRITER_MEMORY_MS before it on, and of the
 * newest 5,000.  ${from_ms} -1: only those.  Records may be added before that
 * is done; duplicates among them are found later.
 */
void writer_start(struct writer *writer, int64_t from_ms);

enum writer_added {
    WRITER_QUEUED,
    WRITER_DUPLICATE, /* the stream holds it, or will */
    WRITER_TOO_LARGE, /* above 1 MiB metered: S2 would refuse it for ever */
    WRITER_NO_MEMORY
};

/* Where the source stood before the event that a record comes from: what the
 * caller may go on from while that record is not yet durable. */
struct writer_mark {
    uint64_t order;  /* never goes back */
    int64_t time_us; /* -1: unknown */
    int64_t seq;     /* of the source, -1: unknown; not looked into */
    unsigned epoch;  /* not looked into */
};

struct writer_item {
    int64_t time_us; /* the event's time; the record's timestamp in ms */
    struct writer_mark before;
    struct hash128 id; /* its identity */
    struct slice body; /* copied */
};

/* writer_add(writer, stream, item, now): queue a record for the stream with
 * index ${stream}. */
enum writer_added writer_add(struct writer *writer, int stream,
                             const struct writer_item *item, int64_t now);

/* writer_oldest(writer, mark): whether any record is not yet durable; then the
 * mark of the oldest is stored. */
bool writer_oldest(const struct writer *writer, struct writer_mark *mark);

/*
 * writer_age(writer, reading_us): the source now reads what is of
 * ${reading_us} (us; -1: unknown, then nothing changes).  Identities older
 * than that by WRITER_MEMORY_MS may go, and for a stream that is added later
 * the source begins there.
 */
void writer_age(struct writer *writer, int64_t reading_us);

/* writer_bytes(writer), writer_records(writer): what is queued or in
 * flight, metered; 0 when everything is acked. */
size_t writer_bytes(const struct writer *writer);
size_t writer_records(const struct writer *writer);

/* writer_hold(writer, hold): while held, nothing new is appended. */
void writer_hold(struct writer *writer, bool hold);

/* writer_flush(writer): from now on no batch waits to fill up. */
void writer_flush(struct writer *writer);

/*
 * writer_run(writer, now, next, err): start what can be started; store in
 * *${next} when it wants to be called again (LOOP_NEVER: after callbacks
 * only).  0, or -1 when there is no way on; the writer is then dead.
 */
int writer_run(struct writer *writer, int64_t now, int64_t *next,
               struct err *err);

/* writer_answered(writer): an answer came since the last writer_run, which
 * therefore has something to do at once. */
bool writer_answered(const struct writer *writer);

/* writer_ready(writer): not started, or every stream's identities have been
 * learnt, so that writer_add tells a duplicate at once. */
bool writer_ready(const struct writer *writer);

/* writer_stats(writer): counters, alive as long as the writer. */
const struct writer_stats *writer_stats(const struct writer *writer);

#endif
