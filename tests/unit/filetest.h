/*
 * What the tests of the embedded basin share: a directory for their files,
 * and calls that wait for their answer.
 */
#ifndef FILETEST_H
#define FILETEST_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/loop.h"
#include "basin/file.h"
#include "check.h"

#define GOT_MAX 1000

/* A copy of what a callback was told. */
struct got {
    int calls;
    enum outcome outcome;
    struct err err;
    uint64_t start, end;
    struct wire_position tail;
    size_t n; /* records or names */
    uint64_t seq[GOT_MAX], timestamp[GOT_MAX];
    size_t nheaders[GOT_MAX];
    char *text[GOT_MAX]; /* bodies or names, as strings */
    bool more;
};

static inline void got_clear(struct got *got)
{
    for (size_t i = 0; i < got->n; i++)
        free(got->text[i]);
    memset(got, 0, sizeof(*got));
}

static inline char *got_text(struct slice s)
{
    char *text = malloc(s.n + 1);

    if (s.n > 0)
        memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    return text;
}

static inline void got_it(void *arg, const struct basin_reply *reply)
{
    struct got *got = arg;

    got->calls++;
    got->outcome = reply->outcome;
    got->err = reply->err;
    got->start = reply->start;
    got->end = reply->end;
    got->tail = reply->tail;
    got->more = reply->more;
    for (size_t i = 0; i < reply->nrecords; i++) {
        got->seq[i] = reply->records[i].seq_num;
        got->timestamp[i] = reply->records[i].timestamp;
        got->nheaders[i] = reply->records[i].nheaders;
        got->text[i] = got_text(reply->records[i].body);
    }
    for (size_t i = 0; i < reply->nnames; i++)
        got->text[i] = got_text(slice_str(reply->names[i]));
    got->n = reply->nrecords + reply->nnames;
}

/* The directory of a test, and names in it. */
static char ft_dir[256];

static inline const char *ft_path(const char *name)
{
    static char path[4][512];
    static unsigned at;
    char *p = path[at++ % 4];

    snprintf(p, sizeof(path[0]), "%s/%s", ft_dir, name);
    return p;
}

static inline void ft_begin(void)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(ft_dir, sizeof(ft_dir), "%s/filetest.XXXXXX",
             tmp != NULL ? tmp : "/tmp");
    NEED(mkdtemp(ft_dir) != NULL);
}

/* Remove the directory and the files in it; tests make no others. */
static inline void ft_end(void)
{
    DIR *dir = opendir(ft_dir);
    struct dirent *e = dir == NULL ? NULL : readdir(dir);

    for (; e != NULL; e = readdir(dir)) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
            unlink(ft_path(e->d_name)) != 0)
            rmdir(ft_path(e->d_name));
    }
    if (dir != NULL)
        closedir(dir);
    rmdir(ft_dir);
}

static inline struct basin *ft_try(const char *path, bool writer,
                                   struct err *err)
{
    struct file_config config = {path, writer, 0, NULL};

    return file_open(&config, err);
}

static inline struct basin *ft_open(const char *path, bool writer)
{
    struct err err = ERR_INIT;
    struct basin *basin = ft_try(path, writer, &err);

    if (basin == NULL) {
        printf("Bail out! %s\n", err.text);
        exit(1);
    }
    return basin;
}

/* Opening must fail, and so. */
static inline void ft_refused(const char *path, bool writer, enum err_code code,
                              const char *text)
{
    struct err err = ERR_INIT;
    struct basin *basin = ft_try(path, writer, &err);

    CHECK(basin == NULL);
    CHECK_INT(err.code, code);
    if (strstr(err.text, text) == NULL)
        CHECK_STR(err.text, text);
    basin_free(basin);
}

/* What does not wait is done by one run. */
static inline enum outcome ft_run(struct basin *basin, struct got *got)
{
    basin_run(basin, 0);
    CHECK_INT(got->calls, 1);
    return got->outcome;
}

static inline enum outcome ft_create(struct basin *basin, const char *stream)
{
    struct got got = {0};

    basin_create(basin, stream, got_it, &got, NULL);
    return ft_run(basin, &got);
}

static inline enum outcome ft_batch(struct basin *basin, const char *stream,
                                    const struct wire_append *append,
                                    struct got *got)
{
    got_clear(got);
    basin_append(basin, stream, append, got_it, got, NULL);
    return ft_run(basin, got);
}

/* Append one record. */
static inline enum outcome ft_append(struct basin *basin, const char *stream,
                                     uint64_t timestamp, const char *body,
                                     struct got *got)
{
    struct wire_record record = {0, timestamp, NULL, 0, slice_str(body)};
    struct wire_append append = {&record, 1, false, 0, NULL};

    return ft_batch(basin, stream, &append, got);
}

static inline enum outcome ft_read(struct basin *basin, const char *stream,
                                   uint64_t from, size_t limit, struct got *got)
{
    struct wire_read read = {false, from, limit};

    got_clear(got);
    basin_read(basin, stream, &read, got_it, got, NULL);
    return ft_run(basin, got);
}

static inline enum outcome ft_read_time(struct basin *basin, const char *stream,
                                        uint64_t from, struct got *got)
{
    struct wire_read read = {true, from, 1000};

    got_clear(got);
    basin_read(basin, stream, &read, got_it, got, NULL);
    return ft_run(basin, got);
}

static inline enum outcome ft_tail(struct basin *basin, const char *stream,
                                   struct got *got)
{
    got_clear(got);
    basin_tail(basin, stream, got_it, got, NULL);
    return ft_run(basin, got);
}

/* The whole content of a file that nobody has open. */
static inline void ft_slurp(const char *path, struct buf *out)
{
    int fd = open(path, O_RDONLY);
    ssize_t n = 1;

    buf_init(out, (size_t)1 << 28);
    while (fd >= 0 && n > 0) {
        char *to = buf_reserve(out, 65536);

        n = to == NULL ? -1 : read(fd, to, 65536);
        out->n += n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0)
        close(fd);
}

static inline void ft_write(const char *path, const void *p, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    CHECK(fd >= 0 && write(fd, p, n) == (ssize_t)n);
    close(fd);
}

/* Whether the file is there. */
static inline bool ft_exists(const char *name)
{
    struct stat st;

    return stat(ft_path(name), &st) == 0;
}

/* Run SQL on the file "b" by other means than ours. */
static inline void ft_sql(const char *text)
{
    sqlite3 *db = NULL;

    CHECK_INT(sqlite3_open(ft_path("b"), &db), SQLITE_OK);
    CHECK_INT(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* A basin "b" of some pages, cleanly closed. */
static inline void ft_make(int records)
{
    struct basin *b = ft_open(ft_path("b"), true);
    char body[1001];
    static struct got got;

    memset(body, 'x', 1000);
    body[1000] = '\0';
    ft_create(b, "s");
    for (int i = 0; i < records; i++)
        CHECK_INT(ft_append(b, "s", 1, body, &got), OUTCOME_OK);
    basin_free(b);
}

#endif
