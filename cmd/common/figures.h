/*
 * What a run has to show in numbers: one table says it as a line, as JSON
 * and as Prometheus text.
 */
#ifndef COMMON_FIGURES_H
#define COMMON_FIGURES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum figure_kind {
    FIGURE_COUNT,  /* uint64_t that only grows */
    FIGURE_LEVEL,  /* uint64_t */
    FIGURE_SECONDS /* int64_t, ms */
};

/* Not known, and therefore left out. */
#define FIGURE_UNKNOWN UINT64_MAX
#define FIGURE_UNKNOWN_MS INT64_MIN

struct figure {
    const char *key; /* in lines */
    enum figure_kind kind;
    size_t offset;      /* of the value in the caller's struct */
    const char *metric; /* without the program's name before it */
    const char *label;  /* of one of several in a metric, name="value"; or
                           NULL.  They stand together in the table. */
    const char *help;   /* of the metric, with its first label */
};

/*
 * figures_text(table, n, values, out): append key=value ..., what is unknown
 * left out; seconds with an s behind them.  figures_json likewise, each as
 * ,"key":value.  0, or -1 when ${out} is full.
 */
int figures_text(const struct figure *table, size_t n, const void *values,
                 struct buf *out);
int figures_json(const struct figure *table, size_t n, const void *values,
                 struct buf *out);

/*
 * figures_prom(table, n, values, label, out): append Prometheus text format
 * 0.0.4, names beginning with bsky2s2_; every metric has ${label},
 * name="value", unless that is empty.  0, or -1 when ${out} is full.
 */
int figures_prom(const struct figure *table, size_t n, const void *values,
                 const char *label, struct buf *out);

#endif
