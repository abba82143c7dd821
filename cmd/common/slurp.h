/*
 * Small files, whole.
 */
#ifndef COMMON_SLURP_H
#define COMMON_SLURP_H

#include "base/buf.h"
#include "base/err.h"

/*
 * slurp(path, out, err): append a file's content to ${out}.  0, or -1:
 * ERR_NOINPUT when it cannot be read, ERR_DATA when it is larger than ${out}
 * may grow, ERR_OS.
 */
int slurp(const char *path, struct buf *out, struct err *err);

#endif
