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

/* file_library(): the version of SQLite in use; a static string. */
const char *file_library(void);

/*
 * file_open(config, err): open or create; an empty file is as good as none.
 * The reader of a missing file, or of one that it cannot see, gets ERR_NOINPUT
 * and may try again: a basin comes into being whole.  One that is there and
 * cannot be opened for reading is ERR_DENIED.  Else NULL with ERR_TAKEN
 * (another writer, whom the text names), ERR_CONFIG (not a basin of ours, of
 * a later schema, cut short or damaged; the file is untouched),
 * ERR_CANTCREATE, ERR_IO, ERR_OS.  basin_free not from a callback.
 */
struct basin *file_open(const struct file_config *config, struct err *err);

#endif
