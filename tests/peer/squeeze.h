/*
 * Compression of single messages with a zstd dictionary, as a Jetstream
 * does it, and without one, as S2 does.
 */
#ifndef PEER_SQUEEZE_H
#define PEER_SQUEEZE_H

#include "base/buf.h"

struct squeeze;

/* squeeze_new(dictionary): ${dictionary} is copied.  NULL without memory. */
struct squeeze *squeeze_new(struct slice dictionary);
void squeeze_free(struct squeeze *squeeze);

/* squeeze_message(squeeze, in, out): replace the content of ${out} by one
 * frame that holds ${in}.  0 or -1. */
int squeeze_message(struct squeeze *squeeze, struct slice in, struct buf *out);

/* squeeze_plain(in, out): append one frame without a dictionary that holds
 * ${in} and does not say how much that is.  0 or -1. */
int squeeze_plain(struct slice in, struct buf *out);

#endif
