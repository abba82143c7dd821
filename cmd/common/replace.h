/*
 * A file that others read, replaced as a whole.
 */
#ifndef COMMON_REPLACE_H
#define COMMON_REPLACE_H

#include "base/buf.h"
#include "base/err.h"

/*
 * replace_file(path, content, err): write ${content} to a new file beside
 * ${path}, or what that links to, and rename it: who reads sees the old one
 * or the new one.  A pipe or a device is written to instead.  It need not
 * survive a power cut.  0, or -1: ERR_CANTCREATE, ERR_IO, ERR_OS; the old one
 * then stays.
 */
int replace_file(const char *path, struct slice content, struct err *err);

/*
 * replace_check(path, head, err): whether ${path} may be replaced: it is not
 * there, is no file or empty, or begins with ${head} (at most 64 bytes), as
 * what we put there.  0, or -1 with ERR_CANTCREATE: it is a mistake, somebody
 * else's file.
 */
int replace_check(const char *path, const char *head, struct err *err);

#endif
