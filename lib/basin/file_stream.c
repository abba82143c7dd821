#include "basin/file_stream.h"

#include <string.h>

int file_stream_check(const char *name, struct err *err)
{
    if (!wire_is_name(name))
        return err_set(err, ERR_PROTOCOL, "'%.64s' is no name for a stream",
                       name);
    return 0;
}

static void read_row(sqlite3_stmt *stmt, struct file_stream *stream)
{
    int n = sqlite3_column_bytes(stmt, 3);

    stream->id = sqlite3_column_int64(stmt, 0);
    stream->tail.seq_num = (uint64_t)sqlite3_column_int64(stmt, 1);
    stream->tail.timestamp = (uint64_t)sqlite3_column_int64(stmt, 2);
    stream->ntoken = n > WIRE_TOKEN_MAX ? WIRE_TOKEN_MAX : (size_t)n;
    if (n > 0)
        memcpy(stream->token, sqlite3_column_blob(stmt, 3), stream->ntoken);
}

int file_stream_find(struct file_db *db, const char *name,
                     struct file_stream *stream)
{
    sqlite3_stmt *stmt = db->stmts[FILE_DB_STREAM];
    int rc = sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        read_row(stmt, stream);
    sqlite3_reset(stmt);
    return rc;
}

int file_stream_add(struct file_db *db, const char *name, int64_t created)
{
    sqlite3_stmt *stmt = db->stmts[FILE_DB_STREAM_ADD];
    int rc = sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);

    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(stmt, 2, created);
    return rc == SQLITE_OK ? file_db_exec(db, FILE_DB_STREAM_ADD) : rc;
}

int file_stream_store(struct file_db *db, const struct file_stream *stream)
{
    sqlite3_stmt *stmt = db->stmts[FILE_DB_STREAM_SET];
    struct slice token = {stream->token, stream->ntoken};
    int rc = sqlite3_bind_int64(stmt, 1, stream->id);

    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(stmt, 2, (int64_t)stream->tail.seq_num);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(stmt, 3, (int64_t)stream->tail.timestamp);
    if (rc == SQLITE_OK)
        rc = file_db_bind(stmt, 4, token);
    return rc == SQLITE_OK ? file_db_exec(db, FILE_DB_STREAM_SET) : rc;
}
