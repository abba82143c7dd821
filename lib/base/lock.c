#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"

#define HOLDER_MAX 300

static int taken(int fd, const char *path, const char *use, struct err *err)
{
    char text[HOLDER_MAX];
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
    char *host;

    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    text_clean(text);
    host = strchr(text, ' ');
    /* The holder may not have written it yet. */
    if (host == NULL)
        return err_set(err, ERR_TAKEN, "%s is %s by another process", path,
                       use);
    *host++ = '\0';
    return err_set(err, ERR_TAKEN, "%s is %s by process %s on %s", path, use,
                   text, host);
}

static int write_holder(int fd, const char *path, struct err *err)
{
    char host[256] = "";
    char text[HOLDER_MAX];
    int n;

    if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
        snprintf(host, sizeof(host), "localhost");
    n = snprintf(text, sizeof(text), "%jd %s\n", (intmax_t)getpid(), host);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
        return err_os(err, ERR_IO, errno, "cannot write %s.lock", path);
    return 0;
}

static int open_lock(int dir, const char *name, mode_t mode, const char *path,
                     struct err *err)
{
    const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    struct buf lock = BUF_INIT(PATH_MAX);
    int fd = -1;

    if (buf_addf(&lock, "%s.lock", name) != 0 || buf_str(&lock) == NULL) {
        buf_full(&lock, err, ERR_CANTCREATE, "%s: the name is too long", path);
    } else {
        fd = openat(dir, buf_str(&lock), flags, mode);
        if (fd < 0)
            err_os(err, ERR_CANTCREATE, errno, "cannot open %s.lock", path);
    }
    buf_release(&lock);
    return fd;
}

int lock_take(int dir, const char *name, mode_t mode, const char *path,
              const char *use, struct err *err)
{
    int fd = open_lock(dir, name, mode, path, err);

    if (fd < 0)
        return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        if (write_holder(fd, path, err) == 0)
            return fd;
    } else if (errno == EWOULDBLOCK) {
        taken(fd, path, use, err);
    } else {
        err_os(err, ERR_OS, errno, "cannot lock %s.lock", path);
    }
    close(fd);
    return -1;
}
