#include "common/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
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

    if (fd < 0)
        return err_os(err, ERR_CANTCREATE, errno, "%.300s", path);
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

    if (realpath(path, target) == NULL)
        return write_beside(path, content, err);
    if (stat(target, &st) == 0 && !S_ISREG(st.st_mode))
        return write_special(target, content, err);
    return write_beside(target, content, err);
}
