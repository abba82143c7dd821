/*
 * zstd, behind one door: single frames with an optional dictionary (what
 * Jetstream and S2 send), and a stream (a .zst file).
 */
#ifndef BASE_ZST_H
#define BASE_ZST_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct zst;

/* zst_library(): the version of libzstd in use; a static string. */
const char *zst_library(void);

/*
 * zst_new(dictionary, window_log, err): a decompressor.  ${dictionary} may be
 * empty; it is copied.  Frames that need a window above 2^${window_log}
 * bytes (10 to 27) besides their content are refused.  NULL on failure:
 * ERR_OS, or ERR_DATA when the dictionary is not one.
 */
struct zst *zst_new(struct slice dictionary, int window_log, struct err *err);

/* zst_free(zst): NULL is harmless. */
void zst_free(struct zst *zst);

/* zst_dictionary_id(dictionary): the id in a dictionary's header (RFC 8878
 * section 5), 0 when ${dictionary} is not one. */
uint32_t zst_dictionary_id(struct slice dictionary);

/*
 * zst_message(zst, in, out, err): replace the content of ${out} by the
 * decompressed frame ${in}, which must be one whole frame and nothing else;
 * out->max is the bomb guard.  0; or with ERR_DATA -1 for garbage and 1 for a
 * frame that holds more; or -1 with ERR_OS.  After failure ${out} holds
 * anything; ${zst} stays usable.
 */
int zst_message(struct zst *zst, struct slice in, struct buf *out,
                struct err *err);

/*
 * zst_feed(zst, in, used, out, err): decompress part of a stream: append to
 * ${out} what fits below out->max and store in *${used} how many bytes of
 * ${in} were eaten.  Frames may follow one another.  Returns 1 when the
 * bytes eaten so far end a frame, 0 inside one, -1 with ERR_DATA or ERR_OS.
 */
int zst_feed(struct zst *zst, struct slice in, size_t *used, struct buf *out,
             struct err *err);

#endif
