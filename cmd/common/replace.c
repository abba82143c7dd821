#include "common/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, struct slice s)
{
    while (s.n > 0) {
        ssize_t put = write(fd, s.p, s.n);

        if (put < 0 && errno != EINTR)
            return -1;
        if (put > 0) {
            s.p += put;
            s.n -= (size_t)put;
        }
    }
    return 0;
}

/* A pipe or a device is written to: a file in its place would be of no use to
 * anybody. */
static int write_special(const char *path, struct slice content,
                         struct err *err)
{
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int rc;

    /* ENXIO: a pipe that nobody reads now. */
    if (fd < 0)
        return err_os(err, errno == ENXIO ? ERR_IO : ERR_CANTCREATE, errno,
                      "%.300s", path);
    rc = write_all(fd, content);
    if (rc != 0)
        err_os(err, ERR_IO, errno, "%.300s", path);
    close(fd);
    return rc;
}

static int write_beside(const char *path, struct slice content, struct err *err)
{
    char temp[PATH_MAX];
    int n = snprintf(temp, sizeof(temp), "%s.%ld.tmp", path, (long)getpid());
    int fd;
    int rc;

    if (n < 0 || (size_t)n >= sizeof(temp))
        return err_set(err, ERR_CANTCREATE, "%.300s: the path is too long",
                       path);
    fd =
        open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return err_os(err, ERR_CANTCREATE, errno, "%.300s", temp);
    rc = write_all(fd, content);
    if (rc != 0)
        err_os(err, ERR_IO, errno, "%.300s", temp);
    if (close(fd) != 0 && rc == 0)
        rc = err_os(err, ERR_IO, errno, "%.300s", temp);
    if (rc == 0 && rename(temp, path) != 0)
        rc = err_os(err, ERR_CANTCREATE, errno, "%.300s", path);
    if (rc != 0)
        unlink(temp);
    return rc;
}

int replace_file(const char *path, struct slice content, struct err *err)
{
    char target[PATH_MAX];
    struct stat st;

    if (stat(path, &st) != 0) {
        if (lstat(path, &st) == 0)
            return err_set(err, ERR_CANTCREATE, "%.300s: a link to nowhere",
                           path);
        return write_beside(path, content, err);
    }
    /* As it is called: what is behind /dev/stdout may have no other name. */
    if (!S_ISREG(st.st_mode))
        return write_special(path, content, err);
    if (realpath(path, target) == NULL)
        return err_os(err, ERR_CANTCREATE, errno, "%.300s", path);
    return write_beside(target, content, err);
}

int replace_check(const char *path, const char *head, struct err *err)
{
    char found[64];
    size_t n = strlen(head);
    struct stat st;
    ssize_t got;
    int fd;

    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
        return 0;
    fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    got = fd < 0 ? -1 : read(fd, found, n < sizeof(found) ? n : sizeof(found));
    if (fd >= 0)
        close(fd);
    if (got == (ssize_t)n && memcmp(found, head, n) == 0)
        return 0;
    return err_set(err, ERR_CANTCREATE,
                   "%.300s holds something else, and was left as it is", path);
}
