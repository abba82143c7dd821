/* The embedded basin: what is opened, what is refused and left as it is. */
#include <sqlite3.h>
#include <sys/wait.h>

#include "filetest.h"

static struct got got;

/* "b" is refused to readers and writers, and no byte of it changes. */
static void refused_untouched(const char *text)
{
    struct buf before, after;

    ft_slurp(ft_path("b"), &before);
    ft_refused(ft_path("b"), false, ERR_CONFIG, text);
    ft_refused(ft_path("b"), true, ERR_CONFIG, text);
    ft_slurp(ft_path("b"), &after);
    CHECK(before.n > 0);
    CHECK(slice_eq(buf_slice(&before), buf_slice(&after)));
    buf_release(&before);
    buf_release(&after);
}

static void test_missing(void)
{
    ft_begin();
    ft_refused(ft_path("b"), false, ERR_NOINPUT, "there is no basin at ");
    CHECK(!ft_exists("b") && !ft_exists("b.lock"));
    ft_refused(ft_path("no/b"), false, ERR_NOINPUT, "there is no basin at ");
    ft_refused(ft_path("no/b"), true, ERR_CANTCREATE, "No such file");
    ft_refused("", true, ERR_CANTCREATE, "does not lead to a file");
    ft_refused("", false, ERR_NOINPUT, "does not lead to a file");
    ft_end();
}

static void test_new(void)
{
    ft_begin();
    ft_write(ft_path("b.new"), "left by a crash", 15);
    ft_make(1);
    CHECK(ft_exists("b") && ft_exists("b-wal") && ft_exists("b-shm"));
    CHECK(ft_exists("b.lock"));
    CHECK(!ft_exists("b.new") && !ft_exists("b.new-wal") &&
          !ft_exists("b.new-shm"));
    ft_make(1);
    ft_end();
}

static void test_header(void)
{
    static const unsigned char id[] = {'B', 'S', '2', 'S'};
    static const unsigned char version[] = {0, 0, 0, 1};
    struct buf file;

    ft_begin();
    ft_make(0);
    ft_slurp(ft_path("b"), &file);
    CHECK(memcmp(file.p + 68, id, 4) == 0);
    CHECK(memcmp(file.p + 60, version, 4) == 0);
    buf_release(&file);
    ft_end();
}

static void test_empty_file_is_new(void)
{
    ft_begin();
    ft_write(ft_path("b"), "", 0);
    ft_refused(ft_path("b"), false, ERR_NOINPUT, "there is no basin at ");
    ft_make(1);
    ft_end();
}

static void test_foreign(void)
{
    char text[300];

    ft_begin();
    memset(text, 't', sizeof(text));
    ft_write(ft_path("b"), text, sizeof(text));
    refused_untouched("is not a bsky2s2 basin");
    ft_write(ft_path("b"), text, 9);
    refused_untouched("is not a bsky2s2 basin");
    unlink(ft_path("b"));
    ft_sql("PRAGMA journal_mode = WAL; CREATE TABLE t(x);"
           "INSERT INTO t VALUES(1)");
    refused_untouched("is not a bsky2s2 basin");
    CHECK(!ft_exists("b.lock") && !ft_exists("b-wal") && !ft_exists("b-shm"));
    ft_end();
}

static void test_not_a_file(void)
{
    ft_begin();
    CHECK_INT(mkdir(ft_path("dir"), 0755), 0);
    ft_refused(ft_path("dir"), true, ERR_CONFIG, "is not a bsky2s2 basin");
    CHECK_INT(mkfifo(ft_path("fifo"), 0644), 0);
    ft_refused(ft_path("fifo"), true, ERR_CONFIG, "is not a bsky2s2 basin");
    ft_refused(ft_path("fifo"), false, ERR_CONFIG, "is not a bsky2s2 basin");
    ft_end();
}

static void test_later_schema(void)
{
    ft_begin();
    ft_make(1);
    ft_sql("PRAGMA user_version = 2");
    refused_untouched("has schema 2, and this program knows only 1");
    ft_sql("PRAGMA user_version = 0");
    refused_untouched("is not a bsky2s2 basin");
    ft_end();
}

static void test_cut_short(void)
{
    struct stat st;

    ft_begin();
    ft_make(100);
    stat(ft_path("b"), &st);
    CHECK(st.st_size > 100000);
    CHECK_INT(truncate(ft_path("b"), st.st_size - 1), 0);
    refused_untouched("is cut short");
    CHECK_INT(truncate(ft_path("b"), 50000), 0);
    refused_untouched("is cut short");
    CHECK_INT(truncate(ft_path("b"), 100), 0);
    refused_untouched("is cut short");
    CHECK_INT(truncate(ft_path("b"), 99), 0);
    refused_untouched("is not a bsky2s2 basin");
    ft_end();
}

/* Overwrite some of "b". */
static void scribble(off_t at, size_t n)
{
    int fd = open(ft_path("b"), O_WRONLY);
    char junk[8192];

    memset(junk, 0xee, sizeof(junk));
    CHECK_INT(pwrite(fd, junk, n, at), n);
    close(fd);
}

static void test_damaged_schema(void)
{
    ft_begin();
    ft_make(1);
    scribble(100, 300);
    refused_untouched("is damaged");
    unlink(ft_path("b"));
    ft_make(1);
    ft_sql("DROP TABLE header");
    refused_untouched("is damaged");
    ft_end();
}

/* What stands in a table's place, or is done when it changes, could go on for
 * ever. */
static void test_planted_schema(void)
{
    static const char *const plants[] = {
        "DROP TABLE header; CREATE VIEW header AS WITH RECURSIVE"
        " n(record, position, name, value) AS (VALUES (1, 1, 'a', 'b')"
        "  UNION ALL SELECT record, position, name, value FROM n)"
        " SELECT * FROM n",
        "CREATE TRIGGER more AFTER INSERT ON record BEGIN"
        " DELETE FROM stream; END",
        "CREATE TRIGGER more BEFORE UPDATE ON Stream BEGIN"
        " SELECT raise(IGNORE); END",
        "DROP TRIGGER record_delete",
        "ALTER TABLE record ADD COLUMN more TEXT",
    };

    ft_begin();
    for (size_t i = 0; i < sizeof(plants) / sizeof(plants[0]); i++) {
        ft_make(1);
        ft_sql(plants[i]);
        refused_untouched("its tables are not those of a basin");
        unlink(ft_path("b"));
    }
    ft_make(1);
    ft_sql("CREATE TABLE mine(x); CREATE INDEX later ON record(timestamp);"
           "CREATE VIEW more AS SELECT * FROM record; ANALYZE");
    /* What else its owner wants there does no harm. */
    basin_free(ft_open(ft_path("b"), true));
    ft_end();
}

/* A process that damages "b" and dies with that still in the log. */
static void damage_in_log(void)
{
    sqlite3 *db = NULL;

    sqlite3_open(ft_path("b"), &db);
    sqlite3_exec(db,
                 "PRAGMA wal_autocheckpoint = 0;"
                 "DROP TABLE header",
                 NULL, NULL, NULL);
    _exit(0);
}

/* Not even what is in the log is moved into a file that is refused. */
static void test_damage_in_the_log(void)
{
    pid_t pid;
    struct stat st;

    ft_begin();
    ft_make(1);
    fflush(stdout);
    pid = fork();
    if (pid == 0)
        damage_in_log();
    waitpid(pid, NULL, 0);
    CHECK(stat(ft_path("b-wal"), &st) == 0 && st.st_size > 0);
    refused_untouched("is damaged");
    ft_end();
}

/* Damage that no cheap look can find shows when it is read. */
static void test_damaged_inside(void)
{
    struct basin *b;
    uint64_t from = 0;

    ft_begin();
    ft_make(100);
    scribble(80000, 8192);
    b = ft_open(ft_path("b"), false);
    while (ft_read(b, "s", from, 1, &got) == OUTCOME_OK && from < 100)
        from++;
    CHECK_INT(got.outcome, OUTCOME_FAILED);
    CHECK_INT(got.err.code, ERR_IO);
    CHECK(strstr(got.err.text, "malformed") != NULL);
    basin_free(b);
    ft_end();
}

/* The log of a database that was deleted must not get into the new one. */
static void test_log_of_a_deleted_file(void)
{
    struct basin *b;
    struct buf wal;

    ft_begin();
    b = ft_open(ft_path("b"), true);
    ft_create(b, "old");
    /* Beside the database, and not the database: no lock is at stake. */
    ft_slurp(ft_path("b-wal"), &wal);
    CHECK(wal.n > 4096);
    basin_free(b);
    unlink(ft_path("b"));
    ft_write(ft_path("b-wal"), wal.p, wal.n);
    b = ft_open(ft_path("b"), true);
    CHECK_INT(ft_tail(b, "old", &got), OUTCOME_NO_STREAM);
    CHECK_INT(ft_create(b, "new"), OUTCOME_OK);
    basin_free(b);
    buf_release(&wal);
    ft_end();
}

int main(void)
{
    RUN(test_missing);
    RUN(test_new);
    RUN(test_header);
    RUN(test_empty_file_is_new);
    RUN(test_foreign);
    RUN(test_not_a_file);
    RUN(test_later_schema);
    RUN(test_cut_short);
    RUN(test_damaged_schema);
    RUN(test_planted_schema);
    RUN(test_damage_in_the_log);
    RUN(test_damaged_inside);
    RUN(test_log_of_a_deleted_file);
    got_clear(&got);
    return check_done();
}
