#include "basin/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"

#define HOLDER_MAX 300

/* The holder's "pid host", or "" while it has not written it yet. */
static void read_holder(int fd, char text[HOLDER_MAX])
{
    ssize_t n = pread(fd, text, HOLDER_MAX - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    text_clean(text);
}

static int taken(int fd, const char *path, struct err *err)
{
    char text[HOLDER_MAX];
    char *host;

    read_holder(fd, text);
    host = strchr(text, ' ');
    if (host == NULL)
        return err_set(err, ERR_TAKEN, "%s is being written by another process",
                       path);
    *host++ = '\0';
    return err_set(err, ERR_TAKEN, "%s is being written by process %s on %s",
                   path, text, host);
}

static int write_holder(int fd, const char *name, struct err *err)
{
    char host[256] = "";
    char text[HOLDER_MAX];
    int n;

    if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
        snprintf(host, sizeof(host), "localhost");
    n = snprintf(text, sizeof(text), "%jd %s\n", (intmax_t)getpid(), host);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
        return err_os(err, ERR_IO, errno, "cannot write %s", name);
    return 0;
}

static int lock_named(const char *name, const char *path, struct err *err)
{
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);

    if (fd < 0)
        return err_os(err, ERR_CANTCREATE, errno, "cannot open %s", name);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            taken(fd, path, err);
        else
            err_os(err, ERR_OS, errno, "cannot lock %s", name);
        goto close_fd;
    }
    if (write_holder(fd, name, err) != 0)
        goto close_fd;
    return fd;

close_fd:
    close(fd);
    return -1;
}

int file_lock_take(const char *path, struct err *err)
{
    struct buf name = BUF_INIT(PATH_MAX);
    int fd;

    if (buf_addf(&name, "%s.lock", path) != 0 || buf_str(&name) == NULL)
        fd = buf_full(&name, err, ERR_CANTCREATE, "%s: the name is too long",
                      path);
    else
        fd = lock_named(buf_str(&name), path, err);
    buf_release(&name);
    return fd;
}
