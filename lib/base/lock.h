/*
 * One process at a time: an advisory lock on a file beside another one, which
 * names its holder and goes away with the process, however it ends.
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include <sys/types.h>

#include "base/err.h"

/*
 * lock_take(dir, name, mode, path, use, err): lock ${name}.lock, made with
 * ${mode} when missing, and write our process and host into it.  ${name} is
 * relative to the directory ${dir}, or to the working directory for AT_FDCWD.
 * Messages call the file ${path}, and say what another process does with it:
 * "being written" or the like.  Returns a descriptor; closing it unlocks.  -1
 * with ERR_TAKEN, which names the holder, ERR_CANTCREATE, ERR_IO, ERR_OS.
 */
int lock_take(int dir, const char *name, mode_t mode, const char *path,
              const char *use, struct err *err);

#endif
