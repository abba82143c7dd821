#include "slurp.h"

#include <errno.h>
#include <stdio.h>

#define PIECE ((size_t)65536)

int slurp_file(const char *path, struct buf *out, struct err *err)
{
    FILE *file = fopen(path, "rb");
    size_t n;
    int result = 0;

    if (file == NULL)
        return err_os(err, ERR_NOINPUT, errno, "%s", path);
    do {
        char *to = buf_reserve(out, PIECE);

        if (to == NULL) {
            result = err_set(err, ERR_OS, "%s: too large", path);
            break;
        }
        n = fread(to, 1, PIECE, file);
        out->n += n;
    } while (n > 0);
    if (result == 0 && ferror(file))
        result = err_set(err, ERR_NOINPUT, "%s: cannot be read", path);
    fclose(file);
    return result;
}
