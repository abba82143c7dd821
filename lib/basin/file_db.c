#include "basin/file_db.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lock.h"
#include "basin/file_make.h"
#include "basin/file_schema.h"

#define BUSY_MS 100

#define ADD_RECORD                                                             \
    "INSERT INTO record(stream, seq_num, timestamp, appended, nheaders, body)" \
    " VALUES"
#define RECORD "(?, ?, ?, ?, ?, ?)"
#define RECORDS RECORD "," RECORD "," RECORD "," RECORD

static const char *const texts[FILE_DB_STMTS] = {
    [FILE_DB_BEGIN_READ] = "BEGIN",
    [FILE_DB_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [FILE_DB_COMMIT] = "COMMIT",
    [FILE_DB_ROLLBACK] = "ROLLBACK",
    [FILE_DB_VERSION] = "PRAGMA data_version",
    [FILE_DB_NEWEST] = "SELECT max(id) FROM record",
    /* The index would tempt SQLite to scan all of it for the grouping. */
    [FILE_DB_CHANGED] = "SELECT stream FROM record NOT INDEXED"
                        " WHERE id > ?1 GROUP BY stream",
    [FILE_DB_STREAM] = "SELECT id, next_seq, last_timestamp, fencing_token"
                       " FROM stream WHERE name = ?1",
    [FILE_DB_STREAM_ADD] = "INSERT INTO stream(name, created_at)"
                           " VALUES(?1, ?2) ON CONFLICT(name) DO NOTHING",
    [FILE_DB_STREAM_SET] = "UPDATE stream SET next_seq = ?2,"
                           " last_timestamp = ?3, fencing_token = ?4"
                           " WHERE id = ?1",
    /* Ids begin anew with the file: the time tells files apart. */
    [FILE_DB_STREAMS] = "SELECT name, (created_at << 20) | (id & 0xfffff)"
                        " FROM stream WHERE name >= ?1 ORDER BY name",
    [FILE_DB_RECORD_ADD] = ADD_RECORD RECORD,
    [FILE_DB_RECORDS_ADD] = ADD_RECORD RECORDS "," RECORDS,
    [FILE_DB_HEADER_ADD] = "INSERT INTO header VALUES(?1, ?2, ?3, ?4)",
    [FILE_DB_TRIM] = "DELETE FROM record WHERE stream = ?1 AND seq_num < ?2",
    [FILE_DB_PAGE] = "SELECT id, seq_num, timestamp, nheaders, body"
                     " FROM record WHERE stream = ?1 AND seq_num >= ?2"
                     " ORDER BY seq_num LIMIT ?3",
    [FILE_DB_PROBE] = "SELECT seq_num, timestamp FROM record"
                      " WHERE stream = ?1 AND seq_num >= ?2"
                      " ORDER BY seq_num LIMIT 1",
    [FILE_DB_HEADERS] = "SELECT name, value FROM header WHERE record = ?1"
                        " ORDER BY position",
    [FILE_DB_OLDEST] = "SELECT appended FROM record ORDER BY id LIMIT 1",
    [FILE_DB_PRUNE] = "DELETE FROM record WHERE id IN"
                      " (SELECT id FROM record ORDER BY id LIMIT ?2)"
                      " AND appended < ?1",
};

/* Damage shows at the first page that is read; say so, not "malformed".  The
 * connection has no words for what we found ourselves. */
static int open_failed(struct file_db *db, int rc, struct err *err)
{
    const char *why = db->db != NULL && sqlite3_errcode(db->db) == rc
                          ? sqlite3_errmsg(db->db)
                          : sqlite3_errstr(rc);

    switch (rc & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:
        return err_set(err, ERR_CONFIG,
                       "%s is damaged and was left as it is: %s", db->path,
                       why);
    case SQLITE_NOMEM:
        return err_memory(err);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return err_set(err, db->lock >= 0 ? ERR_CANTCREATE : ERR_DENIED,
                       "cannot open %s: %s", db->path, why);
    default:
        return err_set(err, ERR_IO, "cannot open %s: %s", db->path, why);
    }
}

static int set_up(struct file_db *db)
{
    int persist = 1;
    int rc;

    sqlite3_busy_timeout(db->db, BUSY_MS);
    /* Without the files beside it, who may not write could not read. */
    rc = sqlite3_file_control(db->db, "main", SQLITE_FCNTL_PERSIST_WAL,
                              &persist);
    /* Nothing is written into a file that we refuse, not even its own log;
     * a writer empties the log itself. */
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(db->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                               NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db->db, "PRAGMA trusted_schema = OFF", NULL, NULL,
                          NULL);
    /* A read comes first: a damaged file is refused before any write. */
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db->db, "SELECT count(*) FROM sqlite_schema", NULL,
                          NULL, NULL);
    return rc;
}

static int set_up_writer(struct file_db *db)
{
    if (sqlite3_db_readonly(db->db, "main") != 0)
        return SQLITE_READONLY;
    return sqlite3_exec(db->db,
                        "PRAGMA journal_mode = WAL;"
                        "PRAGMA synchronous = FULL",
                        NULL, NULL, NULL);
}

static int check_schema(struct file_db *db, struct err *err)
{
    bool ours = false;
    int rc = file_schema_is_ours(db->db, &ours);

    if (rc != SQLITE_OK)
        return open_failed(db, rc, err);
    if (!ours)
        return err_set(err, ERR_CONFIG,
                       "%s is damaged and was left as it is: its tables are"
                       " not those of a basin",
                       db->path);
    return 0;
}

static int prepare(struct file_db *db)
{
    for (int i = 0; i < FILE_DB_STMTS; i++) {
        int rc =
            sqlite3_prepare_v3(db->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &db->stmts[i], NULL);

        if (rc != SQLITE_OK)
            return rc;
    }
    return SQLITE_OK;
}

static int connect_to(struct file_db *db, struct err *err)
{
    bool writer = db->lock >= 0;
    int flags = writer ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    int rc =
        sqlite3_open_v2(db->path, &db->db, flags | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc == SQLITE_OK)
        rc = set_up(db);
    if (rc == SQLITE_OK && check_schema(db, err) != 0)
        return -1;
    if (rc == SQLITE_OK)
        rc = prepare(db);
    if (rc == SQLITE_OK && writer)
        rc = set_up_writer(db);
    return rc == SQLITE_OK ? 0 : open_failed(db, rc, err);
}

/* A foreign file is refused before even a lock is made beside it; what was
 * missing then may have come while we took the lock. */
static int open_writer(struct file_db *db, struct err *err)
{
    int there = file_make_inspect(db->path, ERR_CANTCREATE, err);

    if (there < 0)
        return -1;
    db->lock =
        lock_take(AT_FDCWD, db->path, 0666, db->path, "being written", err);
    if (db->lock < 0)
        return -1;
    if (there == 0)
        there = file_make_inspect(db->path, ERR_CANTCREATE, err);
    if (there < 0)
        return -1;
    return there == 1 ? 0 : file_make_create(db->path, err);
}

static int open_reader(struct file_db *db, struct err *err)
{
    int there = file_make_inspect(db->path, ERR_DENIED, err);

    if (there == 0)
        return err_set(err, ERR_NOINPUT, "there is no basin at %s", db->path);
    return there == 1 ? 0 : -1;
}

int file_db_open(struct file_db *db, const char *path, bool writer,
                 struct err *err)
{
    int rc;

    memset(db, 0, sizeof(*db));
    db->lock = -1;
    db->path =
        file_make_resolve(path, writer ? ERR_CANTCREATE : ERR_NOINPUT, err);
    if (db->path == NULL)
        return -1;
    rc = writer ? open_writer(db, err) : open_reader(db, err);
    if (rc == 0)
        rc = connect_to(db, err);
    if (rc != 0)
        file_db_close(db);
    return rc;
}

void file_db_close(struct file_db *db)
{
    bool opened = db->stmts[FILE_DB_STMTS - 1] != NULL;

    for (int i = 0; i < FILE_DB_STMTS; i++)
        sqlite3_finalize(db->stmts[i]);
    /* An emptied log leaves nothing to recover, and a file that was cut
     * short can be told from one whose rest is still in the log. */
    if (opened && db->lock >= 0)
        sqlite3_wal_checkpoint_v2(db->db, "main", SQLITE_CHECKPOINT_TRUNCATE,
                                  NULL, NULL);
    sqlite3_close(db->db);
    if (db->lock >= 0)
        close(db->lock);
    free(db->path);
    memset(db, 0, sizeof(*db));
    db->lock = -1;
}

int file_db_bind(sqlite3_stmt *stmt, int at, struct slice s)
{
    /* A null pointer would bind NULL, not an empty blob. */
    return sqlite3_bind_blob64(stmt, at, s.n > 0 ? s.p : "", s.n,
                               SQLITE_STATIC);
}

int file_db_exec(struct file_db *db, enum file_db_stmt which)
{
    int rc;

    do {
        rc = sqlite3_step(db->stmts[which]);
    } while (rc == SQLITE_ROW);
    sqlite3_reset(db->stmts[which]);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int file_db_value(struct file_db *db, enum file_db_stmt which,
                  sqlite3_int64 *value)
{
    sqlite3_stmt *stmt = db->stmts[which];
    int rc = sqlite3_step(stmt);

    if (rc == SQLITE_ROW && sqlite3_column_type(stmt, 0) != SQLITE_NULL)
        *value = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

void file_db_rollback(struct file_db *db)
{
    if (sqlite3_get_autocommit(db->db) == 0)
        file_db_exec(db, FILE_DB_ROLLBACK);
}

enum outcome file_db_failure(struct file_db *db, int rc, bool committing,
                             struct err *err)
{
    const char *why = sqlite3_errcode(db->db) == rc ? sqlite3_errmsg(db->db)
                                                    : sqlite3_errstr(rc);

    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_CANTOPEN:
        err_set(err, ERR_IO, "%s: %s", db->path, why);
        return OUTCOME_RETRY;
    case SQLITE_NOMEM:
        err_memory(err);
        return committing ? OUTCOME_UNKNOWN : OUTCOME_RETRY;
    case SQLITE_FULL:
    case SQLITE_IOERR:
        err_set(err, ERR_IO, "%s: %s", db->path, why);
        return committing ? OUTCOME_UNKNOWN : OUTCOME_RETRY;
    default:
        err_set(err, ERR_IO, "%s: %s", db->path, why);
        return OUTCOME_FAILED;
    }
}
