/*
 * The database of an embedded basin: its connection, its statements, and
 * what SQLite's result codes mean to a basin.
 */
#ifndef BASIN_FILE_DB_H
#define BASIN_FILE_DB_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "s2/outcome.h"

/* How many records FILE_DB_RECORDS_ADD adds; each is so many parameters. */
#define FILE_DB_TOGETHER 8
#define FILE_DB_RECORD_PARAMS 6

enum file_db_stmt {
    FILE_DB_BEGIN_READ,
    FILE_DB_BEGIN_WRITE,
    FILE_DB_COMMIT,
    FILE_DB_ROLLBACK,
    FILE_DB_VERSION,     /* -> changes when another process has written */
    FILE_DB_NEWEST,      /* -> the highest id of a record */
    FILE_DB_CHANGED,     /* id -> streams with records above it */
    FILE_DB_STREAM,      /* name -> id, next_seq, last_timestamp, token */
    FILE_DB_STREAM_ADD,  /* name, created_at */
    FILE_DB_STREAM_SET,  /* id, next_seq, last_timestamp, token */
    FILE_DB_STREAMS,     /* least name -> names in order, and
                            which creation of each it is */
    FILE_DB_RECORD_ADD,  /* stream, seq_num, timestamp, appended, nheaders,
                            body */
    FILE_DB_RECORDS_ADD, /* the same, FILE_DB_TOGETHER times */
    FILE_DB_HEADER_ADD,  /* record, position, name, value */
    FILE_DB_TRIM,        /* stream, the first seq_num to stay */
    FILE_DB_PAGE,        /* stream, least seq_num, limit -> id, seq_num,
                            timestamp, nheaders, body */
    FILE_DB_PROBE,       /* stream, least seq_num -> seq_num, timestamp */
    FILE_DB_HEADERS,     /* record -> name, value */
    FILE_DB_OLDEST,      /* -> when the first record was appended */
    FILE_DB_PRUNE,       /* before, limit: the oldest records go */
    FILE_DB_STMTS
};

struct file_db {
    char *path; /* absolute, owned */
    sqlite3 *db;
    sqlite3_stmt *stmts[FILE_DB_STMTS];
    int lock; /* a writer's lock file; -1: a reader */
};

/*
 * file_db_open(db, path, writer, err): open ${path}; a writer takes the
 * lock and makes the file when it is missing.  0, or -1 with the errors of
 * file_open; *${db} then needs no close.
 */
int file_db_open(struct file_db *db, const char *path, bool writer,
                 struct err *err);

/* file_db_close(db): end every statement, close, let go of the lock. */
void file_db_close(struct file_db *db);

/*
 * file_db_bind(stmt, at, s): bind ${s}, which may be empty, as a blob; it
 * must live until the statement is reset.  A SQLite result code.
 */
int file_db_bind(sqlite3_stmt *stmt, int at, struct slice s);

/*
 * file_db_exec(db, which): run a statement, whose parameters are bound, to
 * its end and reset it.  SQLITE_OK, or SQLite's result code.
 */
int file_db_exec(struct file_db *db, enum file_db_stmt which);

/*
 * file_db_value(db, which, value): run a statement without parameters and
 * store the integer it gives; what is absent or null leaves *${value} as it
 * is.  SQLITE_OK, or SQLite's result code.
 */
int file_db_value(struct file_db *db, enum file_db_stmt which,
                  sqlite3_int64 *value);

/* file_db_rollback(db): end the transaction, if there is one, undoing it. */
void file_db_rollback(struct file_db *db);

/*
 * file_db_failure(db, rc, committing, err): what became of an operation that
 * ended in SQLite's result code ${rc}: OUTCOME_RETRY or OUTCOME_FAILED, or
 * OUTCOME_UNKNOWN when a commit may have reached the disk.  Fills ${err}.
 * Call it before the next use of the connection.
 */
enum outcome file_db_failure(struct file_db *db, int rc, bool committing,
                             struct err *err);

#endif
