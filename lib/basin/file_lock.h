/*
 * One writer at a time: an advisory lock on a file beside the database,
 * which names its holder and goes away with the process, however it ends.
 */
#ifndef BASIN_FILE_LOCK_H
#define BASIN_FILE_LOCK_H

#include "base/err.h"

/*
 * file_lock_take(path, err): lock ${path}.lock, made when missing, and write
 * our process and host into it.  Returns a descriptor; closing it unlocks.
 * -1 with ERR_TAKEN, which names the holder, ERR_CANTCREATE, ERR_IO, ERR_OS.
 */
int file_lock_take(const char *path, struct err *err);

#endif
