/*
 * The streams of an embedded basin: their names and what is kept of each.
 * Functions that return an int return SQLite's result codes.
 */
#ifndef BASIN_FILE_STREAM_H
#define BASIN_FILE_STREAM_H

#include <stdint.h>

#include "basin/file_db.h"
#include "s2/wire.h"

struct file_stream {
    int64_t id;
    struct wire_position tail; /* the next number, the last timestamp */
    char token[WIRE_TOKEN_MAX];
    size_t ntoken;
};

/* file_stream_check(name, err): 0 for a name that S2 would take, or -1 with
 * ERR_PROTOCOL. */
int file_stream_check(const char *name, struct err *err);

/* file_stream_find(db, name, stream): SQLITE_ROW and fills *${stream}, or
 * SQLITE_DONE when there is none of that name. */
int file_stream_find(struct file_db *db, const char *name,
                     struct file_stream *stream);

/* file_stream_add(db, name, created): make the stream, at ${created} ms,
 * unless it exists.  SQLITE_OK. */
int file_stream_add(struct file_db *db, const char *name, int64_t created);

/* file_stream_store(db, stream): write back what file_stream_find found and
 * the caller changed.  SQLITE_OK. */
int file_stream_store(struct file_db *db, const struct file_stream *stream);

#endif
