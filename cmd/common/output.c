#include "common/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A pipe that is writable takes so many bytes without blocking. */
#define PIPE_CHUNK ((size_t)_POSIX_PIPE_BUF * 8)

struct output {
    int fd;
    bool regular;
    bool gone;
    struct buf waiting;
    size_t done; /* bytes of waiting that are written */
};

/* A terminal that is stopped blocks whoever writes to it.  Open it anew, so
 * that not to block holds for us and not for the shell. */
static int open_stdout(void)
{
    int fd = -1;

    if (isatty(STDOUT_FILENO))
        fd = open("/proc/self/fd/1",
                  O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd >= 0 ? fd : STDOUT_FILENO;
}

struct output *output_open(const char *path, struct err *err)
{
    struct output *output = calloc(1, sizeof(*output));
    struct stat st;

    if (output == NULL) {
        err_memory(err);
        return NULL;
    }
    buf_init(&output->waiting, OUTPUT_MOST);
    output->fd =
        strcmp(path, "-") == 0
            ? open_stdout()
            : open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY,
                   0666);
    if (output->fd < 0 || fstat(output->fd, &st) != 0) {
        err_os(err, ERR_CANTCREATE, errno, "%.300s", path);
        free(output);
        return NULL;
    }
    output->regular = S_ISREG(st.st_mode);
    return output;
}

struct buf *output_buf(struct output *output)
{
    return output->gone ? NULL : &output->waiting;
}

/* Whether a write would not block now.  Notices a reader that is gone. */
static bool is_writable(struct output *output)
{
    struct pollfd fd = {.fd = output->fd, .events = POLLOUT};

    if (output->regular)
        return true;
    if (poll(&fd, 1, 0) != 1)
        return false;
    if (fd.revents & (POLLERR | POLLNVAL)) {
        output->gone = true;
        return false;
    }
    return (fd.revents & POLLOUT) != 0;
}

int output_flush(struct output *output, struct err *err)
{
    while (is_writable(output) && output->done < output->waiting.n) {
        size_t n = output->waiting.n - output->done;
        ssize_t put;

        if (!output->regular && n > PIPE_CHUNK)
            n = PIPE_CHUNK;
        put = write(output->fd, output->waiting.p + output->done, n);
        if (put < 0 && errno == EPIPE)
            output->gone = true;
        else if (put < 0 && errno != EAGAIN && errno != EINTR)
            return err_os(err, ERR_IO, errno, "output");
        if (put < 0)
            break;
        output->done += (size_t)put;
    }
    if (output->gone || output->done == output->waiting.n) {
        buf_reset(&output->waiting);
        output->done = 0;
    }
    return 0;
}

bool output_gone(const struct output *output)
{
    return output->gone;
}

size_t output_waiting(const struct output *output)
{
    return output->waiting.n - output->done;
}

int output_fd(const struct output *output)
{
    return output->regular || output->gone ? -1 : output->fd;
}

int output_close(struct output *output, struct err *err)
{
    int rc = 0;

    if (output == NULL)
        return 0;
    if (close(output->fd) != 0 && !output->gone)
        rc = err_os(err, ERR_IO, errno, "output");
    buf_release(&output->waiting);
    free(output);
    return rc;
}
