/*
 * Sessions that follow a stream of an embedded basin: one look at a time.
 */
#ifndef BASIN_FILE_FOLLOW_H
#define BASIN_FILE_FOLLOW_H

#include <stdint.h>

#include "basin/file_db.h"
#include "basin/file_op.h"
#include "basin/file_page.h"

/* At the tail a session says so often (ms) that it is alive. */
#define FILE_FOLLOW_SIGN_MS 5000

/*
 * file_follow_look(db, page, op, now): read the next page of the session
 * ${op} at ${now} (ms), inside a transaction for reading, and move the session
 * behind it.  What is to be told is in op->reply, unless op->quiet is set;
 * op->waits: there is nothing more to read before op->deadline, unless the
 * stream op->stream grows.  SQLITE_OK, or another result code of SQLite.
 */
int file_follow_look(struct file_db *db, struct file_page *page,
                     struct basin_op *op, int64_t now);

#endif
