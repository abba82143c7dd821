/*
 * Whole files.
 */
#ifndef PEER_SLURP_H
#define PEER_SLURP_H

#include "base/buf.h"
#include "base/err.h"

/* slurp_file(path, out, err): append the content of ${path} to ${out}. */
int slurp_file(const char *path, struct buf *out, struct err *err);

#endif
