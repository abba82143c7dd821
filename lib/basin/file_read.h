/*
 * Reading from an embedded basin: pages of records, tails, lists of streams.
 * Each runs inside a transaction for reading, so that a page and the tail
 * told with it belong together.
 *
 * Functions that return an int return SQLITE_OK with the verdict in *reply,
 * or another result code of SQLite.
 */
#ifndef BASIN_FILE_READ_H
#define BASIN_FILE_READ_H

#include "basin/basin.h"
#include "basin/file_db.h"
#include "basin/file_page.h"

/*
 * file_read_page(db, name, read, page, id, reply): one page, by the rules of
 * struct wire_read.  Stores the stream's id in *${id}.
 */
int file_read_page(struct file_db *db, const char *name,
                   const struct wire_read *read, struct file_page *page,
                   int64_t *id, struct basin_reply *reply);

/* file_read_tail(db, name, reply): the tail of a stream. */
int file_read_tail(struct file_db *db, const char *name,
                   struct basin_reply *reply);

/* file_read_list(db, prefix, after, page, reply): a page of names that begin
 * with ${prefix} and come after ${after}; what S2 would not take for a name is
 * left out. */
int file_read_list(struct file_db *db, const char *prefix, const char *after,
                   struct file_page *page, struct basin_reply *reply);

#endif
