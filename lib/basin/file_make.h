/*
 * A database before it is opened: where it is, whether it is ours, and how
 * it comes into being.
 */
#ifndef BASIN_FILE_MAKE_H
#define BASIN_FILE_MAKE_H

#include "base/err.h"

/*
 * file_make_resolve(path, code, err): the absolute name behind ${path},
 * which need not exist; symbolic links are followed, so that every name of a
 * file leads to one lock.  The caller frees it.  NULL with ${code}, or
 * ERR_OS.
 */
char *file_make_resolve(const char *path, enum err_code code, struct err *err);

/*
 * file_make_inspect(path, code, err): look at the header of ${path} and
 * change nothing.  Returns 1 for a basin, 0 when it is missing or empty, -1
 * with ERR_CONFIG (another kind of file, a later schema, cut short), ${code}
 * (not readable), ERR_OS.
 */
int file_make_inspect(const char *path, enum err_code code, struct err *err);

/*
 * file_make_create(path, err): make an empty basin and put it in place of
 * ${path}, which must be missing or empty and locked by us; it is there
 * whole or not at all.  0, or -1 with ERR_CANTCREATE or ERR_OS.
 */
int file_make_create(const char *path, struct err *err);

#endif
