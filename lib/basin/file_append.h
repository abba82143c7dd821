/*
 * Appending to a stream of an embedded basin, by S2's rules.
 */
#ifndef BASIN_FILE_APPEND_H
#define BASIN_FILE_APPEND_H

#include "basin/basin.h"
#include "basin/file_db.h"

/*
 * file_append_check(append, err): what can be judged without the stream: the
 * limits of a batch, its commands, its timestamps.  0, or -1 with
 * ERR_PROTOCOL for what S2 would refuse.
 */
int file_append_check(const struct wire_append *append, struct err *err);

/*
 * file_append_run(db, name, append, now, reply): judge a checked append and,
 * if it passes, write it, appended at ${now} ms; inside a transaction for
 * writing.  SQLITE_OK with the verdict in *${reply}, or another result code
 * of SQLite, after which the transaction must be undone.
 */
int file_append_run(struct file_db *db, const char *name,
                    const struct wire_append *append, int64_t now,
                    struct basin_reply *reply);

#endif
