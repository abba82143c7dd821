/*
 * Retention: records go, oldest first, some time after they were appended.
 */
#ifndef BASIN_FILE_PRUNE_H
#define BASIN_FILE_PRUNE_H

#include <stdint.h>

#include "basin/file_db.h"

/*
 * file_prune_step(db, retention, wall): remove a few of the records that
 * were appended more than ${retention} ms before ${wall} (ms since the
 * epoch).  Returns after how many ms to call it again; failure only means
 * that it is tried again.
 */
int64_t file_prune_step(struct file_db *db, int64_t retention, int64_t wall);

#endif
