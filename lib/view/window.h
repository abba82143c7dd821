/*
 * Rolling windows of counts, per label.  A window lasts window_ms and begins
 * at a multiple of every_ms since the epoch; a record is in every window that
 * contains its time: start <= time < start + window_ms.
 *
 * Nobody asks a clock here: windows end when window_advance says that time
 * has passed their end.  A label costs a ring of buckets, whatever the number
 * of records.
 */
#ifndef VIEW_WINDOW_H
#define VIEW_WINDOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"

#define WINDOW_LABELS_MAX 10000
#define WINDOW_RATIO_MAX 3600

/* What labels past the most are counted under. */
#define WINDOW_OTHER "other"

/* When time passes by more windows than these in one window_advance, only so
 * many all-empty ones in a row are told, and the last one.  Time that passes
 * step by step leaves out none. */
#define WINDOW_EMPTY_MAX 360

struct window;

struct window_row {
    const char *label; /* UTF-8 or not, as it came; ends with NUL; what holds
                          a NUL is cut there */
    uint64_t recent;   /* records in the window */
    uint64_t total;    /* records before the window's end, ever; late ones
                          too, once they have come */
    const uint32_t *history; /* recent of the last windows told, oldest first;
                                nhistory of the snapshot; of a closed
                                window the last one is its own */
};

/* All borrowed during the call. */
struct window_snapshot {
    int64_t start_ms;
    int64_t end_ms;
    bool final;                    /* closed: no record can come to it */
    const struct window_row *rows; /* in the order in which labels came */
    size_t n;
    size_t nhistory;
    uint64_t late;        /* records that missed a window, since the start */
    uint64_t late_graced; /* that came behind time, but missed none */
    uint64_t skipped;     /* empty windows right before this one, not told */
};

typedef void window_told(void *arg, const struct window_snapshot *snapshot);

struct window_config {
    int64_t window_ms; /* at least 1 */
    int64_t every_ms;  /* divides it, at most WINDOW_RATIO_MAX times */
    int64_t grace_ms;  /* window_advance comes so much after the time itself;
                          at most WINDOW_RATIO_MAX * every_ms */
    size_t labels;     /* the most, 1 to WINDOW_LABELS_MAX, other not counted */
    size_t history;    /* windows, 0 to 64 */
    window_told *closed;
    bool (*full)(void *arg); /* asked after each window: whether to tell no
                                more for now; NULL: never */
    void *arg;
    struct hash_key key; /* of labels; random where strangers choose them */
};

/* window_new(config, err): NULL with ERR_USAGE for durations that do not go
 * together (a text for the user), ERR_OS.  NULL may be freed. */
struct window *window_new(const struct window_config *config, struct err *err);
void window_free(struct window *window);

/*
 * window_label(window, label, id, err): the number of a label, from 0; a new
 * one begins at zero and is told from now on.  Past the most labels it is
 * that of WINDOW_OTHER.  0 or -1 (ERR_OS).
 */
int window_label(struct window *window, struct slice label, size_t *id,
                 struct err *err);

/*
 * window_add(window, id, time_ms): count one record, and into the total.  If
 * a window that contains ${time_ms} has closed it is late; the open ones
 * count it.  The first record (or window_advance) decides where windows
 * begin: no window before it is told.  (Until one is told, an earlier record
 * that is not before the last window_advance decides anew, so that the order
 * of records within the grace does not matter.)  ${time_ms} may be ahead of
 * the last window_advance by grace_ms and one window; a later one is counted
 * at the latest time there is a bucket for.
 */
void window_add(struct window *window, size_t id, int64_t time_ms);

/*
 * window_advance(window, time_ms): time has passed ${time_ms}, and what comes
 * from before is late: close all windows that end there or before, calling
 * back for each in order.  Going back does nothing.  Returns false when it
 * stopped because config.full said so: nothing may be added before a later
 * call got through.
 */
bool window_advance(struct window *window, int64_t time_ms);

/*
 * window_passed(window, time_ms): the clock itself, before the grace, has
 * passed ${time_ms}: what is added from before every_ms' boundary is behind
 * time (late_graced) unless it is late.  At least what window_advance says.
 */
void window_passed(struct window *window, int64_t time_ms);

/*
 * window_open(window, time_ms, told, arg): call ${told} with the open window
 * that contains ${time_ms} and ends first, not final; totals are of all
 * records.  Before any record or label, a window without rows.
 */
void window_open(const struct window *window, int64_t time_ms,
                 window_told *told, void *arg);

/* window_records(window): all records counted, late ones too. */
uint64_t window_records(const struct window *window);

/* window_zero(window): all totals, late and late_graced to zero; the windows
 * stay, and so does window_records.  While windows close that were open at
 * that time, their totals may lack new records; later ones have them. */
void window_zero(struct window *window);

/*
 * window_save(window): everything, as JSON; a new reference, NULL without
 * memory.  window_load(window, json, err): into a new window of the same
 * durations (another grace or history will do); -1 with ERR_CONFIG for what
 * is not such JSON, or ERR_OS, after which it can only be freed.
 */
json_t *window_save(const struct window *window);
int window_load(struct window *window, const json_t *json, struct err *err);

#endif
