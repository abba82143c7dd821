/*
 * The settings of a job as its checkpoints keep them, so that a later run can
 * tell that it would take other records, and what is different.
 */
#ifndef BASIN_CHECKPOINT_SETTINGS_H
#define BASIN_CHECKPOINT_SETTINGS_H

#include <stddef.h>

#include "base/buf.h"

/* What decides the records: NAME=VALUE texts in byte order. */
struct checkpoint_settings {
    char hash[33]; /* of all of them, hexadecimal */
    const char *const *list;
    size_t n; /* 0 with a hash: too long to be kept */
};

/* checkpoint_settings_hash(settings): set its hash from its list. */
void checkpoint_settings_hash(struct checkpoint_settings *settings);

/*
 * checkpoint_settings_differ(old, new, out): whether the two differ; append
 * to ${out} the differences, as "-NAME=VALUE" for what only ${old} has and
 * "+NAME=VALUE" for what only ${new} has, with ", " between, at most
 * about 400 bytes and then "and N more"; of lists that were not kept, that
 * they are too long to compare.  1, 0, or -1 without memory.
 */
int checkpoint_settings_differ(const struct checkpoint_settings *old,
                               const struct checkpoint_settings *new,
                               struct buf *out);

#endif
