/*
 * The text of --version.
 */
#ifndef S2TAIL_VERSION_H
#define S2TAIL_VERSION_H

#include "base/buf.h"

/* version_text(out): append our version and that of every library that is
 * linked, one a line.  0 or -1. */
int version_text(struct buf *out);

#endif
