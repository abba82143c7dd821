#include "common/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

/* S2 takes no longer token. */
#define SECRET_MAX ((size_t)1 << 20)

#ifdef __linux__
static void hide(void)
{
    prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
}
#else
static void hide(void)
{
    struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
}
#endif

void secret_wipe(char *p, size_t n)
{
    volatile char *v = p;

    while (n-- > 0)
        *v++ = '\0';
}

void secret_warn(struct secret_warnings *warnings, const char *fmt, ...)
{
    va_list ap;

    if (warnings->n == SECRET_WARNINGS)
        return;
    va_start(ap, fmt);
    vsnprintf(warnings->text[warnings->n], sizeof(warnings->text[0]), fmt, ap);
    va_end(ap);
    warnings->n++;
}

/* Whether it is a file of the disk that group or others can read. */
static bool is_loose(const struct stat *st)
{
    return S_ISREG(st->st_mode) && (st->st_mode & (S_IRGRP | S_IROTH)) != 0;
}

/* Reads until the end, or ${max} bytes.  How many, or -1 with errno. */
static ssize_t read_all(int fd, char *to, size_t max)
{
    size_t n = 0;
    ssize_t got;

    do {
        got = read(fd, to + n, max - n);
        n += got > 0 ? (size_t)got : 0;
    } while ((got > 0 && n < max) || (got < 0 && errno == EINTR));
    return got < 0 ? -1 : (ssize_t)n;
}

/* The first line of what is open; the rest is wiped. */
static char *read_line(int fd, const char *path, struct err *err)
{
    char *text = malloc(SECRET_MAX + 1);
    ssize_t n = text == NULL ? 0 : read_all(fd, text, SECRET_MAX);
    size_t line;

    if (text == NULL) {
        err_memory(err);
        return NULL;
    }
    if (n < 0) {
        err_os(err, ERR_CONFIG, errno, "%.200s", path);
        secret_wipe(text, SECRET_MAX);
        free(text);
        return NULL;
    }
    text[n] = '\0';
    line = strcspn(text, "\r\n");
    secret_wipe(text + line, (size_t)n - line);
    if (line > 0)
        return text;
    err_set(err, ERR_CONFIG, "%.200s is empty", path);
    free(text);
    return NULL;
}

char *secret_read(const char *path, const char *what,
                  struct secret_warnings *warnings, struct err *err)
{
    struct stat st;
    char *text;
    int fd;

    hide();
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        err_os(err, ERR_CONFIG, errno, "%.200s", path);
        return NULL;
    }
    if (warnings != NULL && fstat(fd, &st) == 0 && is_loose(&st))
        secret_warn(warnings, "%s: %.300s can be read by others; chmod 600 it",
                    what, path);
    text = read_line(fd, path, err);
    close(fd);
    return text;
}

static int open_private(const char *path, bool follow, struct stat *st,
                        struct err *err)
{
    /* Without waiting for the writer of a pipe: it is refused next. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
                            (follow ? 0 : O_NOFOLLOW));

    if (fd < 0 && errno == ELOOP && !follow)
        return err_set(err, ERR_CONFIG, "%.300s is a symbolic link", path);
    if (fd < 0 || fstat(fd, st) != 0) {
        err_os(err, ERR_CONFIG, errno, "%.300s", path);
    } else if (!S_ISREG(st->st_mode)) {
        err_set(err, ERR_CONFIG, "%.300s is no regular file", path);
    } else {
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

int secret_load(const char *path, bool follow, struct buf *out, bool *loose,
                struct err *err)
{
    size_t room = out->max - out->n;
    struct stat st = {0};
    char *to;
    ssize_t n;
    int fd;

    hide();
    fd = open_private(path, follow, &st, err);
    if (fd < 0)
        return -1;
    to = buf_reserve(out, room);
    n = to == NULL ? 0 : read_all(fd, to, room);
    if (to == NULL)
        err_memory(err);
    else if (n < 0)
        err_os(err, ERR_CONFIG, errno, "%.300s", path);
    close(fd);
    if (to == NULL || n < 0)
        return -1;
    out->n += (size_t)n;
    *loose = is_loose(&st);
    if ((size_t)n < room)
        return 0;
    return err_set(err, ERR_CONFIG, "%.300s is too large", path);
}

int secret_env(const char *name, char **secret, struct err *err)
{
    char *value = getenv(name);

    *secret = NULL;
    if (value == NULL || value[0] == '\0')
        return 0;
    hide();
    *secret = strdup(value);
    secret_wipe(value, strlen(value));
    return *secret == NULL ? err_memory(err) : 0;
}

void secret_forget(const char *name)
{
    char *value = getenv(name);

    if (value != NULL)
        secret_wipe(value, strlen(value));
}

void secret_free(char *secret)
{
    if (secret == NULL)
        return;
    secret_wipe(secret, strlen(secret));
    free(secret);
}

void secret_release(struct buf *buf)
{
    secret_wipe(buf->p, buf->cap);
    buf_release(buf);
}
