#include "basin/file_append.h"

#include <string.h>

#include "base/text.h"
#include "basin/file_stream.h"

enum command { COMMAND_NONE, COMMAND_FENCE, COMMAND_TRIM, COMMAND_BAD };

static enum command command_of(const struct wire_record *record)
{
    struct slice value;

    for (size_t i = 0; i < record->nheaders; i++) {
        if (record->headers[i].name.n == 0 && record->nheaders > 1)
            return COMMAND_BAD;
    }
    if (record->nheaders != 1 || record->headers[0].name.n > 0)
        return COMMAND_NONE;
    value = record->headers[0].value;
    if (slice_eq(value, SLICE("fence")) && record->body.n <= WIRE_TOKEN_MAX &&
        text_is_utf8(record->body))
        return COMMAND_FENCE;
    if (slice_eq(value, SLICE("trim")) && record->body.n == WIRE_TRIM_BYTES)
        return COMMAND_TRIM;
    return COMMAND_BAD;
}

int file_append_check(const struct wire_append *append, struct err *err)
{
    size_t left = WIRE_BATCH_BYTES;

    if (append->n == 0 || append->n > WIRE_BATCH_RECORDS)
        return err_set(err, ERR_PROTOCOL, "a batch of %zu records", append->n);
    if (append->fencing_token != NULL &&
        strlen(append->fencing_token) > WIRE_TOKEN_MAX)
        return err_set(err, ERR_PROTOCOL, "a fencing token over %d bytes",
                       WIRE_TOKEN_MAX);
    for (size_t i = 0; i < append->n; i++) {
        const struct wire_record *record = &append->records[i];
        size_t n = wire_metered(record);

        if (n > left)
            return err_set(err, ERR_PROTOCOL, "a batch over %zu bytes",
                           WIRE_BATCH_BYTES);
        left -= n;
        if (record->timestamp > INT64_MAX)
            return err_set(err, ERR_PROTOCOL, "a timestamp out of range");
        if (command_of(record) == COMMAND_BAD)
            return err_set(err, ERR_PROTOCOL, "a broken command record");
    }
    return 0;
}

/* S2's order of judging: the stream, the fencing token, the number. */
static enum outcome judge(const char *name, const struct wire_append *append,
                          const struct file_stream *stream, struct err *err)
{
    struct slice token = {stream->token, stream->ntoken};

    if (append->fencing_token != NULL &&
        !slice_eq(slice_str(append->fencing_token), token)) {
        err_set(err, ERR_TAKEN, "the fencing token of %s is '%.*s'", name,
                (int)token.n, token.p);
        return OUTCOME_FENCED;
    }
    if (append->match && append->match_seq_num != stream->tail.seq_num)
        return OUTCOME_MISMATCH;
    return OUTCOME_OK;
}

static int add_headers(struct file_db *db, const struct wire_record *record)
{
    sqlite3_stmt *stmt = db->stmts[FILE_DB_HEADER_ADD];
    sqlite3_int64 id = sqlite3_last_insert_rowid(db->db);
    int rc = SQLITE_OK;

    for (size_t i = 0; i < record->nheaders && rc == SQLITE_OK; i++) {
        rc = sqlite3_bind_int64(stmt, 1, id);
        if (rc == SQLITE_OK)
            rc = sqlite3_bind_int64(stmt, 2, (sqlite3_int64)i);
        if (rc == SQLITE_OK)
            rc = file_db_bind(stmt, 3, record->headers[i].name);
        if (rc == SQLITE_OK)
            rc = file_db_bind(stmt, 4, record->headers[i].value);
        if (rc == SQLITE_OK)
            rc = file_db_exec(db, FILE_DB_HEADER_ADD);
    }
    return rc;
}

/* Bind one record as the ${i}-th of ${stmt}, and move the tail behind it. */
static int bind_record(sqlite3_stmt *stmt, int i, struct file_stream *stream,
                       const struct wire_record *record, int64_t now)
{
    struct wire_position *tail = &stream->tail;
    int at = i * FILE_DB_RECORD_PARAMS;
    int rc;

    if (record->timestamp > tail->timestamp)
        tail->timestamp = record->timestamp;
    rc = sqlite3_bind_int64(stmt, at + 1, stream->id);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(stmt, at + 2, (sqlite3_int64)tail->seq_num);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(stmt, at + 3, (sqlite3_int64)tail->timestamp);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(stmt, at + 4, now);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(stmt, at + 5, (sqlite3_int64)record->nheaders);
    if (rc == SQLITE_OK)
        rc = file_db_bind(stmt, at + 6, record->body);
    tail->seq_num++;
    return rc;
}

static int add_record(struct file_db *db, struct file_stream *stream,
                      const struct wire_record *record, int64_t now)
{
    int rc = bind_record(db->stmts[FILE_DB_RECORD_ADD], 0, stream, record, now);

    if (rc == SQLITE_OK)
        rc = file_db_exec(db, FILE_DB_RECORD_ADD);
    return rc == SQLITE_OK ? add_headers(db, record) : rc;
}

/* Records without headers, so many that they go into one statement: a quarter
 * of what one takes is for the new id. */
static int add_together(struct file_db *db, struct file_stream *stream,
                        const struct wire_record *records, int64_t now)
{
    sqlite3_stmt *stmt = db->stmts[FILE_DB_RECORDS_ADD];
    int rc = SQLITE_OK;

    for (int i = 0; i < FILE_DB_TOGETHER && rc == SQLITE_OK; i++)
        rc = bind_record(stmt, i, stream, &records[i], now);
    return rc == SQLITE_OK ? file_db_exec(db, FILE_DB_RECORDS_ADD) : rc;
}

/* The number that a trim command names, at most its own: it stays itself. */
static uint64_t trim_point(struct slice body, uint64_t own)
{
    uint64_t point = 0;

    for (size_t i = 0; i < WIRE_TRIM_BYTES; i++)
        point = point << 8 | (unsigned char)body.p[i];
    return point < own ? point : own;
}

static int trim(struct file_db *db, const struct file_stream *stream,
                uint64_t point)
{
    sqlite3_stmt *stmt = db->stmts[FILE_DB_TRIM];
    int rc = sqlite3_bind_int64(stmt, 1, stream->id);

    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(stmt, 2, (sqlite3_int64)point);
    return rc == SQLITE_OK ? file_db_exec(db, FILE_DB_TRIM) : rc;
}

static int obey(struct file_db *db, struct file_stream *stream,
                const struct wire_record *record, uint64_t own)
{
    switch (command_of(record)) {
    case COMMAND_FENCE:
        stream->ntoken = record->body.n;
        if (record->body.n > 0)
            memcpy(stream->token, record->body.p, record->body.n);
        return SQLITE_OK;
    case COMMAND_TRIM:
        return trim(db, stream, trim_point(record->body, own));
    default:
        return SQLITE_OK;
    }
}

/* Whether the next records from ${i} on can be added in one statement. */
static bool are_plain(const struct wire_append *append, size_t i)
{
    if (append->n - i < FILE_DB_TOGETHER)
        return false;
    for (size_t k = 0; k < FILE_DB_TOGETHER; k++) {
        if (append->records[i + k].nheaders > 0)
            return false;
    }
    return true;
}

static int add_all(struct file_db *db, struct file_stream *stream,
                   const struct wire_append *append, int64_t now)
{
    int rc = SQLITE_OK;
    size_t i = 0;

    while (i < append->n && rc == SQLITE_OK) {
        const struct wire_record *record = &append->records[i];
        uint64_t own = stream->tail.seq_num;

        if (are_plain(append, i)) {
            rc = add_together(db, stream, record, now);
            i += FILE_DB_TOGETHER;
            continue;
        }
        rc = add_record(db, stream, record, now);
        if (rc == SQLITE_OK)
            rc = obey(db, stream, record, own);
        i++;
    }
    return rc == SQLITE_OK ? file_stream_store(db, stream) : rc;
}

int file_append_run(struct file_db *db, const char *name,
                    const struct wire_append *append, int64_t now,
                    struct basin_reply *reply)
{
    struct file_stream stream;
    int rc = file_stream_find(db, name, &stream);

    if (rc == SQLITE_DONE) {
        reply->outcome = OUTCOME_NO_STREAM;
        err_set(&reply->err, ERR_CONFIG, "there is no stream %s", name);
        return SQLITE_OK;
    }
    if (rc != SQLITE_ROW)
        return rc;
    reply->outcome = judge(name, append, &stream, &reply->err);
    reply->start = stream.tail.seq_num;
    rc = SQLITE_OK;
    if (reply->outcome == OUTCOME_OK)
        rc = add_all(db, &stream, append, now);
    reply->end = stream.tail.seq_num;
    reply->tail = stream.tail;
    return rc;
}
