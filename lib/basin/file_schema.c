#include "basin/file_schema.h"

#include <stddef.h>
#include <string.h>

#define STRING(number) #number
#define TEXT_OF(macro) STRING(macro)
#define APPLICATION_TEXT TEXT_OF(FILE_SCHEMA_APPLICATION)
#define VERSION_TEXT TEXT_OF(FILE_SCHEMA_VERSION)

/*
 * Ids are never used twice, so that one position follows all streams.  A
 * record's headers go with it.  The view is for people with a shell.  The
 * file is synced as a whole before it gets its name.
 */
static const char schema[] =
    "PRAGMA journal_mode = MEMORY;"
    "PRAGMA synchronous = OFF;"
    "BEGIN;"
    "PRAGMA application_id = " APPLICATION_TEXT ";"
    "PRAGMA user_version = " VERSION_TEXT ";"
    "CREATE TABLE stream ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " name TEXT NOT NULL UNIQUE,"
    " next_seq INTEGER NOT NULL DEFAULT 0,"
    " last_timestamp INTEGER NOT NULL DEFAULT 0,"
    " fencing_token BLOB NOT NULL DEFAULT x'',"
    " created_at INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE record ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " stream INTEGER NOT NULL,"
    " seq_num INTEGER NOT NULL,"
    " timestamp INTEGER NOT NULL,"
    " appended INTEGER NOT NULL,"
    " nheaders INTEGER NOT NULL,"
    " body BLOB NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX record_seq_num ON record(stream, seq_num);"
    "CREATE TABLE header ("
    " record INTEGER NOT NULL,"
    " position INTEGER NOT NULL,"
    " name BLOB NOT NULL,"
    " value BLOB NOT NULL,"
    " PRIMARY KEY (record, position)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TRIGGER record_delete AFTER DELETE ON record"
    " WHEN old.nheaders > 0"
    " BEGIN DELETE FROM header WHERE record = old.id; END;"
    "CREATE VIEW records(stream, seq_num, timestamp, body) AS"
    " SELECT s.name, r.seq_num, r.timestamp, CAST(r.body AS TEXT)"
    " FROM record r JOIN stream s ON s.id = r.stream"
    " WHERE NOT (r.nheaders = 1 AND EXISTS (SELECT 1 FROM header h"
    "  WHERE h.record = r.id AND length(h.name) = 0));"
    "COMMIT;"
    "PRAGMA journal_mode = WAL;";

/* The words that made them. */
static const char made_by[] =
    "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema"
    " WHERE type IN ('table', 'trigger')"
    " AND lower(tbl_name) IN ('stream', 'record', 'header')"
    " ORDER BY type, name)";

int file_schema_create(sqlite3 *db)
{
    return sqlite3_exec(db, schema, NULL, NULL, NULL);
}

/* Stores a statement that stands at the one row of made_by, or NULL. */
static int read_words(sqlite3 *db, sqlite3_stmt **row)
{
    int rc = sqlite3_prepare_v2(db, made_by, -1, row, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(*row);
    return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static bool same(sqlite3_stmt *a, sqlite3_stmt *b)
{
    int n = sqlite3_column_bytes(a, 0);

    return n > 0 && n == sqlite3_column_bytes(b, 0) &&
           memcmp(sqlite3_column_blob(a, 0), sqlite3_column_blob(b, 0),
                  (size_t)n) == 0;
}

int file_schema_is_ours(sqlite3 *db, bool *ours)
{
    sqlite3_stmt *theirs_row = NULL;
    sqlite3_stmt *our_row = NULL;
    sqlite3 *model = NULL;
    int rc = sqlite3_open(":memory:", &model);

    if (rc == SQLITE_OK)
        rc = file_schema_create(model);
    if (rc == SQLITE_OK)
        rc = read_words(model, &our_row);
    if (rc == SQLITE_OK)
        rc = read_words(db, &theirs_row);
    if (rc == SQLITE_OK)
        *ours = same(our_row, theirs_row);
    sqlite3_finalize(our_row);
    sqlite3_finalize(theirs_row);
    sqlite3_close(model);
    return rc;
}
