/*
 * The certificates that a server's is checked against.
 */
#ifndef S2_TRUST_H
#define S2_TRUST_H

#include "base/buf.h"
#include "base/err.h"

/* The most that two files of certificates may hold together, in bytes. */
#define TRUST_MAX ((size_t)8 << 20)

/*
 * trust_read(file, system, out, err): append the PEM certificates of ${file},
 * then those of the file ${system}; NULL, or one that cannot be read, adds
 * nothing.  0, or -1 with ERR_CONFIG when ${file} cannot be read or holds no
 * certificate, ERR_OS without memory.
 */
int trust_read(const char *file, const char *system, struct buf *out,
               struct err *err);

#endif
