#include "basin/file_read.h"

#include <string.h>

#include "basin/file_stream.h"

static struct slice column(sqlite3_stmt *stmt, int at)
{
    struct slice s = {sqlite3_column_blob(stmt, at),
                      (size_t)sqlite3_column_bytes(stmt, at)};

    return s;
}

/*
 * The least number such that no record before it is of ${timestamp} or
 * later, by halving: a stream's times do not go down with its numbers.  Each
 * look takes the first record at or behind the middle, since trimming leaves
 * gaps.
 */
static int find_time(struct file_db *db, const struct file_stream *stream,
                     uint64_t timestamp, uint64_t *seq_num)
{
    sqlite3_stmt *stmt = db->stmts[FILE_DB_PROBE];
    uint64_t low = 0;
    uint64_t high = stream->tail.seq_num;
    int rc = sqlite3_bind_int64(stmt, 1, stream->id);

    while (low < high && rc == SQLITE_OK) {
        uint64_t middle = low + (high - low) / 2;

        rc = sqlite3_bind_int64(stmt, 2, (sqlite3_int64)middle);
        if (rc != SQLITE_OK)
            break;
        rc = sqlite3_step(stmt);
        if (rc == SQLITE_ROW &&
            (uint64_t)sqlite3_column_int64(stmt, 1) < timestamp)
            low = (uint64_t)sqlite3_column_int64(stmt, 0) + 1;
        else
            high = middle;
        /* A damaged index may go back, and would do so for ever. */
        if (rc == SQLITE_ROW && low <= middle && high > middle)
            rc = SQLITE_CORRUPT;
        sqlite3_reset(stmt);
        rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
    }
    *seq_num = low;
    return rc;
}

/* Where a read begins, as a number. */
static int find_start(struct file_db *db, const struct file_stream *stream,
                      const struct wire_read *read, uint64_t *seq_num)
{
    if (!read->by_time) {
        *seq_num = read->from;
        return SQLITE_OK;
    }
    if (read->from > stream->tail.timestamp) {
        *seq_num = stream->tail.seq_num;
        return SQLITE_OK;
    }
    return find_time(db, stream, read->from, seq_num);
}

/* Copy the headers of the record that was begun: as file_page_header, with
 * SQLite's result code in *${rc}. */
static int add_headers(struct file_db *db, sqlite3_int64 record,
                       struct file_page *page, int *rc)
{
    sqlite3_stmt *stmt = db->stmts[FILE_DB_HEADERS];
    int fits = 1;

    *rc = sqlite3_bind_int64(stmt, 1, record);
    while (*rc == SQLITE_OK && fits == 1) {
        *rc = sqlite3_step(stmt);
        if (*rc != SQLITE_ROW)
            break;
        *rc = SQLITE_OK;
        fits = file_page_header(page, column(stmt, 0), column(stmt, 1));
    }
    sqlite3_reset(stmt);
    if (*rc == SQLITE_DONE)
        *rc = SQLITE_OK;
    return fits;
}

/* Copy the record of the current row; 1, or 0 when the page is full.  A
 * number below ${least}, or negative, is one that a damaged file gives. */
static int add_row(struct file_db *db, sqlite3_stmt *stmt, uint64_t least,
                   struct file_page *page, int *rc)
{
    struct wire_record record = {0};
    int fits;

    record.seq_num = (uint64_t)sqlite3_column_int64(stmt, 1);
    if (record.seq_num < least || record.seq_num > INT64_MAX) {
        *rc = SQLITE_CORRUPT;
        return 0;
    }
    record.timestamp = (uint64_t)sqlite3_column_int64(stmt, 2);
    record.body = column(stmt, 4);
    fits = file_page_record(page, &record);
    if (fits == 1 && sqlite3_column_int64(stmt, 3) > 0)
        fits = add_headers(db, sqlite3_column_int64(stmt, 0), page, rc);
    if (fits == 1 && *rc == SQLITE_OK)
        fits = file_page_keep(page);
    if (fits < 0)
        *rc = SQLITE_NOMEM;
    if (fits != 1)
        file_page_undo(page);
    return fits == 1;
}

static int fill_page(struct file_db *db, const struct file_stream *stream,
                     uint64_t from, size_t limit, struct file_page *page)
{
    sqlite3_stmt *stmt = db->stmts[FILE_DB_PAGE];
    int rc = sqlite3_bind_int64(stmt, 1, stream->id);
    int step = SQLITE_ROW;

    if (limit == 0 || limit > WIRE_BATCH_RECORDS)
        limit = WIRE_BATCH_RECORDS;
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(stmt, 2, (sqlite3_int64)from);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(stmt, 3, (sqlite3_int64)limit);
    while (rc == SQLITE_OK) {
        step = sqlite3_step(stmt);
        if (step != SQLITE_ROW || add_row(db, stmt, from, page, &rc) == 0)
            break;
        from = page->records[page->nrecords - 1].seq_num + 1;
    }
    sqlite3_reset(stmt);
    file_page_end(page);
    if (rc == SQLITE_OK && step == SQLITE_ROW && page->nrecords == 0)
        return SQLITE_TOOBIG;
    return rc == SQLITE_OK && step != SQLITE_ROW && step != SQLITE_DONE ? step
                                                                        : rc;
}

/* Find the stream, or put into ${reply} that there is none. */
static int find(struct file_db *db, const char *name,
                struct file_stream *stream, struct basin_reply *reply)
{
    int rc = file_stream_find(db, name, stream);

    if (rc == SQLITE_DONE) {
        reply->outcome = OUTCOME_NO_STREAM;
        err_set(&reply->err, ERR_CONFIG, "there is no stream %s", name);
    } else if (rc == SQLITE_ROW) {
        reply->outcome = OUTCOME_OK;
        reply->tail = stream->tail;
    }
    return rc;
}

int file_read_page(struct file_db *db, const char *name,
                   const struct wire_read *read, struct file_page *page,
                   int64_t *id, struct basin_reply *reply)
{
    struct file_stream stream;
    uint64_t from = 0;
    int rc = find(db, name, &stream, reply);

    if (rc != SQLITE_ROW)
        return rc == SQLITE_DONE ? SQLITE_OK : rc;
    *id = stream.id;
    if (file_page_begin(page) < 0)
        return SQLITE_NOMEM;
    rc = find_start(db, &stream, read, &from);
    if (rc == SQLITE_OK && from >= stream.tail.seq_num)
        reply->outcome = OUTCOME_UNWRITTEN;
    else if (rc == SQLITE_OK)
        rc = fill_page(db, &stream, from, read->limit, page);
    reply->records = page->records;
    reply->nrecords = page->nrecords;
    return rc;
}

int file_read_tail(struct file_db *db, const char *name,
                   struct basin_reply *reply)
{
    struct file_stream stream;
    int rc = find(db, name, &stream, reply);

    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Whether the name of the current row is one: with a shell others can be put
 * there, which no request could name. */
static bool is_name(sqlite3_stmt *stmt, const char *name)
{
    return (size_t)sqlite3_column_bytes(stmt, 0) == strlen(name) &&
           wire_is_name(name);
}

/* Whether ${name} comes behind all names of the page: only in a damaged file
 * it does not. */
static bool is_next(const struct file_page *page, const char *name)
{
    return page->nnames == 0 || strcmp(page->names[page->nnames - 1], name) < 0;
}

/* Copy names until one does not begin with ${prefix} or the page is full. */
static int fill_names(sqlite3_stmt *stmt, const char *prefix, const char *after,
                      struct file_page *page, bool *more)
{
    size_t n = strlen(prefix);
    int rc = sqlite3_step(stmt);

    while (rc == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(stmt, 0);
        uint64_t made = (uint64_t)sqlite3_column_int64(stmt, 1);

        if (name == NULL)
            return SQLITE_NOMEM;
        if (strncmp(name, prefix, n) != 0)
            return SQLITE_DONE;
        if (is_name(stmt, name) && strcmp(name, after) > 0) {
            if (!is_next(page, name))
                return SQLITE_CORRUPT;
            if (file_page_name(page, name, made) == 0) {
                *more = true;
                return SQLITE_DONE;
            }
        }
        rc = sqlite3_step(stmt);
    }
    return rc;
}

int file_read_list(struct file_db *db, const char *prefix, const char *after,
                   struct file_page *page, struct basin_reply *reply)
{
    sqlite3_stmt *stmt = db->stmts[FILE_DB_STREAMS];
    const char *least = strcmp(after, prefix) > 0 ? after : prefix;
    int rc;

    if (file_page_begin(page) < 0)
        return SQLITE_NOMEM;
    rc = sqlite3_bind_text(stmt, 1, least, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = fill_names(stmt, prefix, after, page, &reply->more);
    sqlite3_reset(stmt);
    reply->outcome = OUTCOME_OK;
    reply->names = page->names;
    reply->made = page->made;
    reply->nnames = page->nnames;
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}
