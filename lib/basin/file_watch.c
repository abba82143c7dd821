#include "basin/file_watch.h"

/* Behind by more records than this, every reader looks for itself. */
#define SCAN_MAX 20000

int file_watch_begin(struct file_db *db, struct file_watch *watch)
{
    int rc = file_db_value(db, FILE_DB_VERSION, &watch->version);

    if (rc == SQLITE_OK)
        rc = file_db_value(db, FILE_DB_NEWEST, &watch->seen);
    watch->written = false;
    return rc;
}

static void mark_all(struct file_ops *ops)
{
    for (struct basin_op *op = ops->first; op != NULL; op = op->next)
        op->due = true;
}

static void mark(struct file_ops *ops, int64_t stream)
{
    for (struct basin_op *op = ops->first; op != NULL; op = op->next)
        op->due = op->due || op->stream == stream;
}

static int mark_changed(struct file_db *db, sqlite3_int64 seen,
                        struct file_ops *ops)
{
    sqlite3_stmt *stmt = db->stmts[FILE_DB_CHANGED];
    int rc = sqlite3_bind_int64(stmt, 1, seen);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    while (rc == SQLITE_ROW) {
        mark(ops, sqlite3_column_int64(stmt, 0));
        rc = sqlite3_step(stmt);
    }
    sqlite3_reset(stmt);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int look(struct file_db *db, struct file_watch *watch,
                struct file_ops *ops)
{
    struct file_watch now = *watch;
    int rc = file_db_value(db, FILE_DB_VERSION, &now.version);

    if (rc != SQLITE_OK || (now.version == watch->version && !watch->written))
        return rc;
    rc = file_db_value(db, FILE_DB_NEWEST, &now.seen);
    if (rc == SQLITE_OK && now.seen - watch->seen > SCAN_MAX)
        mark_all(ops);
    else if (rc == SQLITE_OK && now.seen > watch->seen)
        rc = mark_changed(db, watch->seen, ops);
    now.written = false;
    if (rc == SQLITE_OK)
        *watch = now;
    return rc;
}

int file_watch_look(struct file_db *db, struct file_watch *watch,
                    struct file_ops *ops)
{
    int rc = file_db_exec(db, FILE_DB_BEGIN_READ);

    if (rc == SQLITE_OK)
        rc = look(db, watch, ops);
    file_db_rollback(db);
    return rc;
}
