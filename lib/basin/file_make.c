#include "basin/file_make.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "basin/file_schema.h"

/* What SQLite keeps at the head of a file, big-endian (its file format,
 * section 1.3). */
#define HEAD_SIZE 100
#define HEAD_MAGIC "SQLite format 3"
#define HEAD_PAGE_SIZE 16
#define HEAD_CHANGES 24
#define HEAD_PAGES 28
#define HEAD_USER_VERSION 60
#define HEAD_APPLICATION_ID 68
#define HEAD_PAGES_VALID_FOR 92

static char *join(const char *a, const char *b, const char *c)
{
    struct buf buf = BUF_INIT(PATH_MAX);

    if (buf_addf(&buf, "%s%s%s", a, b, c) != 0 || buf_str(&buf) == NULL) {
        errno = buf.starved ? ENOMEM : ENAMETOOLONG;
        buf_release(&buf);
        return NULL;
    }
    return buf.p;
}

char *file_make_resolve(const char *path, enum err_code code, struct err *err)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    int n = vfs == NULL ? 0 : vfs->mxPathname + 1;
    char *name = malloc((size_t)n + 1);
    int rc;

    if (name == NULL || vfs == NULL) {
        err_memory(err);
        goto free_name;
    }
    rc = vfs->xFullPathname(vfs, path, n, name);
    if (path[0] == '\0' || (rc & 0xff) != SQLITE_OK) {
        err_set(err, code, "'%s' does not lead to a file", path);
        goto free_name;
    }
    return name;

free_name:
    free(name);
    return NULL;
}

/*
 * Read the head through SQLite's own door: were this process to open and
 * close the file by hand, it would lose the locks of any connection that it
 * has to it.
 */
static int read_head(const char *path, unsigned char head[HEAD_SIZE])
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    sqlite3_filename name = sqlite3_create_filename(path, "", "", 0, NULL);
    sqlite3_file *file = NULL;
    int rc = SQLITE_NOMEM;

    if (vfs != NULL)
        file = sqlite3_malloc(vfs->szOsFile);
    if (file != NULL && name != NULL) {
        memset(file, 0, (size_t)vfs->szOsFile);
        rc = vfs->xOpen(vfs, name, file,
                        SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB, NULL);
        if (rc == SQLITE_OK)
            rc = file->pMethods->xRead(file, head, HEAD_SIZE, 0);
        if (file->pMethods != NULL)
            file->pMethods->xClose(file);
    }
    sqlite3_free(file);
    sqlite3_free_filename(name);
    return rc;
}

static uint32_t big_endian(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static int judge_head(const char *path, const unsigned char head[HEAD_SIZE],
                      struct err *err)
{
    uint32_t version = big_endian(head + HEAD_USER_VERSION);

    if (memcmp(head, HEAD_MAGIC, sizeof(HEAD_MAGIC)) != 0 ||
        big_endian(head + HEAD_APPLICATION_ID) != FILE_SCHEMA_APPLICATION ||
        version == 0)
        return err_set(err, ERR_CONFIG, "%s is not a bsky2s2 basin", path);
    if (version > FILE_SCHEMA_VERSION)
        return err_set(err, ERR_CONFIG,
                       "%s has schema %lu, and this program knows only %d",
                       path, (unsigned long)version, FILE_SCHEMA_VERSION);
    return 1;
}

/* Whether the log beside ${path} is missing or empty: then all that the
 * database holds is in the file itself. */
static bool has_no_log(const char *path)
{
    char *name = join(path, "-wal", "");
    struct stat st;
    bool none = name != NULL && (stat(name, &st) != 0 || st.st_size == 0);

    free(name);
    return none;
}

/* Whether the file holds fewer pages than its head says. */
static bool is_cut(const char *path, const unsigned char head[HEAD_SIZE])
{
    uint64_t page =
        (uint64_t)head[HEAD_PAGE_SIZE] << 8 | head[HEAD_PAGE_SIZE + 1];
    uint64_t size = big_endian(head + HEAD_PAGES);
    struct stat st;

    if (memcmp(head + HEAD_CHANGES, head + HEAD_PAGES_VALID_FOR, 4) != 0)
        return false;
    size *= page == 1 ? 65536 : page;
    return stat(path, &st) == 0 && (uint64_t)st.st_size < size;
}

int file_make_inspect(const char *path, enum err_code code, struct err *err)
{
    bool no_log = has_no_log(path);
    unsigned char head[HEAD_SIZE];
    struct stat st;
    int rc;

    if (stat(path, &st) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return 0;
        return err_os(err, code, errno, "cannot open %s", path);
    }
    if (S_ISREG(st.st_mode) && st.st_size == 0)
        return 0;
    if (!S_ISREG(st.st_mode) || st.st_size < HEAD_SIZE)
        return err_set(err, ERR_CONFIG, "%s is not a bsky2s2 basin", path);
    rc = read_head(path, head);
    if (rc == SQLITE_NOMEM)
        return err_memory(err);
    if (rc != SQLITE_OK)
        return err_set(err, code, "cannot read %s: %s", path,
                       sqlite3_errstr(rc));
    rc = judge_head(path, head, err);
    /* A writer may move pages from its log to the file at this moment: only
     * what had no log before and has none afterwards is cut for sure. */
    if (rc == 1 && no_log && is_cut(path, head) && has_no_log(path))
        return err_set(err, ERR_CONFIG, "%s is cut short", path);
    return rc;
}

/* Remove what SQLite keeps beside ${path}: of a database that is gone, it
 * would be taken for the new one's.  0, or -1 with errno. */
static int remove_beside(const char *path)
{
    static const char *const suffixes[] = {"-wal", "-shm", "-journal"};
    int failed = 0;

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        char *name = join(path, suffixes[i], "");

        if (name == NULL)
            return -1;
        if (unlink(name) != 0 && errno != ENOENT)
            failed = errno;
        free(name);
    }
    errno = failed;
    return failed == 0 ? 0 : -1;
}

static int sync_path(const char *path, int flags)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    int rc;

    if (fd < 0)
        return -1;
    rc = fsync(fd);
    close(fd);
    return rc;
}

static int sync_directory_of(const char *path)
{
    char *dir = strdup(path);
    int rc;

    if (dir == NULL)
        return -1;
    *(strrchr(dir, '/') + 1) = '\0';
    rc = sync_path(dir, O_DIRECTORY);
    free(dir);
    return rc;
}

/* Make the file of that name, which nobody else can have made. */
static int claim(const char *name)
{
    int fd;

    if ((unlink(name) != 0 && errno != ENOENT) || remove_beside(name) != 0)
        return -1;
    fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return -1;
    return close(fd);
}

static int fill(const char *name, struct err *err)
{
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(name, &db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc == SQLITE_OK)
        rc = file_schema_create(db);
    if (rc != SQLITE_OK)
        err_set(err, rc == SQLITE_FULL ? ERR_IO : ERR_CANTCREATE,
                "cannot write %s: %s", name,
                db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
    sqlite3_close(db);
    return rc == SQLITE_OK ? 0 : -1;
}

static int create_as(const char *name, const char *path, struct err *err)
{
    if (claim(name) != 0)
        return err_os(err, ERR_CANTCREATE, errno, "cannot create %s", name);
    if (fill(name, err) != 0)
        goto remove_name;
    if (sync_path(name, 0) != 0 || remove_beside(path) != 0 ||
        rename(name, path) != 0 || sync_directory_of(path) != 0) {
        err_os(err, ERR_CANTCREATE, errno, "cannot create %s", path);
        goto remove_name;
    }
    return 0;

remove_name:
    unlink(name);
    remove_beside(name);
    return -1;
}

int file_make_create(const char *path, struct err *err)
{
    char *name = join(path, ".new", "");
    int rc;

    if (name == NULL)
        return err_os(err, ERR_CANTCREATE, errno, "%s", path);
    rc = create_as(name, path, err);
    free(name);
    return rc;
}
