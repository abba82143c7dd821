/*
 * The way of one event: message -> event -> position -> match -> record ->
 * queue of its stream, or straight to the output.
 */
#ifndef BSKY2S2_INGEST_H
#define BSKY2S2_INGEST_H

#include <stdbool.h>

#include "basin/writer.h"
#include "bsky/position.h"
#include "config.h"
#include "common/output.h"
#include "stats.h"

struct ingest;

struct ingest_config {
    const struct config *config; /* borrowed */
    struct writer *writer;       /* borrowed; NULL: dry */
    struct output *output;       /* borrowed; used when dry */
    struct stats *stats;         /* borrowed */
    struct position *position;   /* borrowed */
    struct hash_key key;         /* of identities */
};

/* ingest_new(config, err): copies ${config}, not what it points to; goes by
 * its configuration's routes.  NULL: ERR_OS. */
struct ingest *ingest_new(const struct ingest_config *config, struct err *err);
void ingest_free(struct ingest *ingest);

/*
 * ingest_routes(ingest, routes, err): from now on go by ${routes}, which must
 * outlive the ingest; what is queued stays where it is.  0, or -1 (ERR_OS):
 * then the old ones stay.
 */
int ingest_routes(struct ingest *ingest, const struct routes *routes,
                  struct err *err);

enum ingest_result {
    INGEST_DONE,      /* settled: rejected, or queued */
    INGEST_MALFORMED, /* counted; ${why} says what is wrong with it */
    INGEST_BOUND,     /* --until or --count is reached: stop reading */
    INGEST_HOLD,      /* not taken: the writer must first learn what is there */
    INGEST_NOTICE,    /* the server said something; it is in ${why} */
    INGEST_FATAL      /* ${why}: out of memory, or the output is stuck */
};

/*
 * ingest_event(ingest, json, cut, now, why): take one message at ${now} (ms);
 * ${json} is borrowed during the call.  ${cut}: its end may be missing, so
 * that all of it is to be looked at.  ${why}, which holds no error before, is
 * set with INGEST_MALFORMED, INGEST_NOTICE and INGEST_FATAL.
 */
enum ingest_result ingest_event(struct ingest *ingest, struct slice json,
                                bool cut, int64_t now, struct err *why);

/*
 * ingest_gap(ingest, from_us, to_us): whether something may be missing before
 * the event of the last ingest_event, and from where to where; whatever came
 * of the event itself.  With --on-gap fail it has not been taken.
 */
bool ingest_gap(const struct ingest *ingest, int64_t *from_us, int64_t *to_us);

#endif
