#include "basin/file_prune.h"

/* A step is short, so that appends do not wait behind it. */
#define STEP_RECORDS 1000
#define PAUSE_MORE_MS 10
#define PAUSE_MS 5000
#define PAUSE_MAX_MS 60000

static int prune(struct file_db *db, int64_t before)
{
    sqlite3_stmt *stmt = db->stmts[FILE_DB_PRUNE];
    int rc = sqlite3_bind_int64(stmt, 1, before);

    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(stmt, 2, STEP_RECORDS);
    return rc == SQLITE_OK ? file_db_exec(db, FILE_DB_PRUNE) : rc;
}

/* How long the oldest record may stay, within what is worth a look. */
static int64_t pause_until(int64_t left)
{
    if (left < PAUSE_MS)
        return PAUSE_MS;
    return left < PAUSE_MAX_MS ? left : PAUSE_MAX_MS;
}

int64_t file_prune_step(struct file_db *db, int64_t retention, int64_t wall)
{
    sqlite3_int64 oldest = INT64_MAX;
    int64_t before = wall - retention;

    if (file_db_value(db, FILE_DB_OLDEST, &oldest) != SQLITE_OK)
        return PAUSE_MS;
    if (oldest == INT64_MAX)
        return PAUSE_MAX_MS;
    if (oldest >= before)
        return pause_until(oldest - before);
    if (prune(db, before) != SQLITE_OK)
        return PAUSE_MS;
    return sqlite3_changes(db->db) == STEP_RECORDS ? PAUSE_MORE_MS : PAUSE_MS;
}
