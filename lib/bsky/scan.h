/*
 * A look at the text of a message that has not been parsed: what it cannot
 * hold, however it is spelled.
 */
#ifndef BSKY_SCAN_H
#define BSKY_SCAN_H

#include "base/buf.h"

/*
 * scan_key(p, end, a, b): the first quote at ${p} or behind it that has the
 * letter ${a} or ${b} behind it, before ${end}: a key that begins so and is
 * spelled without escapes is among them.  NULL: there is none.
 */
const char *scan_key(const char *p, const char *end, char a, char b);

/* scan_spelled(json): whether an escape could spell a letter from a to z, so
 * that keys may be there that scan_key does not find. */
bool scan_spelled(struct slice json);

#endif
