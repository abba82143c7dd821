/*
 * Seeing that streams have grown, without asking for each of them: ids of
 * records only go up, over all streams and all processes.
 *
 * Functions that return an int return SQLite's result codes.
 */
#ifndef BASIN_FILE_WATCH_H
#define BASIN_FILE_WATCH_H

#include "basin/file_db.h"
#include "basin/file_op.h"

struct file_watch {
    sqlite3_int64 version; /* of the database, as other processes change it */
    sqlite3_int64 seen;    /* no record with a higher id was seen yet */
    bool written;          /* this process has appended since */
};

/* file_watch_begin(db, watch): watch from here on; inside the transaction
 * of the first session that found nothing. */
int file_watch_begin(struct file_db *db, struct file_watch *watch);

/* file_watch_look(db, watch, ops): mark as due what waits in ${ops} for a
 * stream that has records since. */
int file_watch_look(struct file_db *db, struct file_watch *watch,
                    struct file_ops *ops);

#endif
