/*
 * The embedded basin: one SQLite database in WAL mode, one writing process
 * and any number of reading ones.
 */
#ifndef BASIN_FILE_H
#define BASIN_FILE_H

#include "basin/basin.h"

struct file_config {
    const char *path;      /* copied */
    bool writer;           /* create when missing, take the lock, may append */
    int64_t retention_ms;  /* records go so long after their append; 0: never */
    int64_t (*wall)(void); /* microseconds since the epoch, for when records
                              were appended; NULL: loop_wall */
};

/*
 * file_open(config, err): open or create.  The reader of a missing
 * file gets ERR_NOINPUT.  Else NULL with ERR_TAKEN (another writer, whom the
 * text names), ERR_CONFIG (not a basin of ours, or of a later schema; the
 * file is untouched), ERR_CANTCREATE, ERR_IO.
 */
struct basin *file_open(const struct file_config *config, struct err *err);

#endif
