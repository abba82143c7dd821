#include "common/slurp.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define CHUNK 16384

int slurp(const char *path, struct buf *out, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t got = 1;

    if (fd < 0)
        return err_os(err, ERR_NOINPUT, errno, "%.300s", path);
    while (got > 0) {
        char chunk[CHUNK];

        got = read(fd, chunk, sizeof(chunk));
        if (got < 0)
            err_os(err, ERR_NOINPUT, errno, "%.300s", path);
        if (got > 0 && buf_add(out, chunk, (size_t)got) != 0) {
            buf_full(out, err, ERR_DATA, "%.300s is too large", path);
            got = -1;
        }
    }
    close(fd);
    return got < 0 ? -1 : 0;
}
