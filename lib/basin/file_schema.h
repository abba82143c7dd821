/*
 * What a basin's file holds: its tables.
 */
#ifndef BASIN_FILE_SCHEMA_H
#define BASIN_FILE_SCHEMA_H

#include <sqlite3.h>
#include <stdbool.h>

/* In the head of the file (SQLite's file format, section 1.3): whose it is,
 * and in which version of these tables. */
#define FILE_SCHEMA_APPLICATION 0x42533253
#define FILE_SCHEMA_VERSION 1

/* file_schema_create(db): make them in an empty database, not durably.  An
 * SQLite result code. */
int file_schema_create(sqlite3 *db);

/*
 * file_schema_is_ours(db, ours): whether the tables that we use, and their
 * triggers, are what file_schema_create makes: a view or a trigger in their
 * place could do anything, for ever.  An index can only be slow, or refuse.
 * An SQLite result code.
 */
int file_schema_is_ours(sqlite3 *db, bool *ours);

#endif
