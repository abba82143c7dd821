/*
 * The events that a fake Jetstream has: the lines of a file, with what a
 * server must know of each.
 */
#ifndef PEER_FEED_H
#define PEER_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum feed_kind {
    FEED_OTHER, /* not JSON, or of no kind that filters know */
    FEED_COMMIT,
    FEED_IDENTITY,
    FEED_ACCOUNT,
    FEED_SYNC
};

struct feed_event {
    struct slice line; /* as in the file */
    int64_t time_us;   /* its own, or that of the event before it */
    int64_t seq;       /* its own, or -1 */
    enum feed_kind kind;
    struct slice did;        /* empty when it has none */
    struct slice collection; /* of a commit */
};

struct feed {
    struct buf text;
    char **names; /* owns dids and collections */
    size_t nnames;
    struct feed_event *events;
    size_t n;
    bool numbered; /* at least one event has a sequence number */
};

/* How events are given new times: the first one sent now, the rest at the
 * pace of the server, or at their own where that is 0. */
struct feed_stamp {
    size_t index;     /* of the first one sent */
    int64_t start_us; /* its new time */
    uint64_t pace;    /* events a second */
};

/* feed_kind(name): the kind of that name; FEED_OTHER for any other. */
enum feed_kind feed_kind(struct slice name);

/* feed_load(feed, path, err): read ${path}, events as JSON lines of either
 * wire.  0 or -1. */
int feed_load(struct feed *feed, const char *path, struct err *err);
void feed_release(struct feed *feed);

/* The events from ${from} on came again after a crash. */
struct feed_crash {
    size_t from;
    int64_t seq; /* their numbers are higher by that */
    int64_t us;  /* and their times later */
};

#define FEED_CRASHES 16

/* How what is served differs from the file. */
struct feed_view {
    bool stamped; /* stamp is set */
    struct feed_stamp stamp;
    struct feed_crash crashes[FEED_CRASHES];
    size_t ncrashes;
};

/* feed_time(feed, i, view), feed_seq(feed, i, view): the time and the number,
 * -1 for none, of event ${i}. */
int64_t feed_time(const struct feed *feed, size_t i,
                  const struct feed_view *view);
int64_t feed_seq(const struct feed *feed, size_t i,
                 const struct feed_view *view);

/*
 * feed_find(feed, n, by_time, value, view): the first of the first ${n}
 * events with a time or a sequence number of at least ${value}; ${n} when
 * there is none.
 */
size_t feed_find(const struct feed *feed, size_t n, bool by_time, int64_t value,
                 const struct feed_view *view);

/* feed_differs(view, i): whether event ${i} is not served as in the file. */
bool feed_differs(const struct feed_view *view, size_t i);

/*
 * feed_restamp(feed, i, view, out): append event ${i} with its new time and
 * number, and with a record key that fits a new stamp.  0, or -1 when it is
 * not JSON.
 */
int feed_restamp(const struct feed *feed, size_t i,
                 const struct feed_view *view, struct buf *out);

#endif
