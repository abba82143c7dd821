/*
 * A record as a line of JSON: what -o and -n print, and s2tail -i reads.
 */
#ifndef BSKY2S2_LINE_H
#define BSKY2S2_LINE_H

#include <stdbool.h>

#include "base/err.h"
#include "common/output.h"
#include "s2/wire.h"

/*
 * line_record(output, stream, record, numbered, err): add the line of a
 * record; ${numbered}: with its seq_num.  0 or -1 (ERR_OS).
 */
int line_record(struct output *output, const char *stream,
                const struct wire_record *record, bool numbered,
                struct err *err);

#endif
