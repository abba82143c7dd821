/*
 * Lines to a file or to stdout, without ever blocking the loop: what the far
 * side does not take yet is kept, and the caller slows down.
 */
#ifndef BSKY2S2_OUTPUT_H
#define BSKY2S2_OUTPUT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "s2/wire.h"

/* Above this many bytes waiting the caller should stop adding. */
#define OUTPUT_HIGH ((size_t)1 << 20)

struct output;

/* output_open(path, err): "-" is stdout; files are appended to.  NULL:
 * ERR_CANTCREATE, ERR_OS. */
struct output *output_open(const char *path, struct err *err);

/*
 * output_record(output, stream, record, numbered, err): add the line of a
 * record; ${numbered}: with its seq_num.  0 or -1 (ERR_OS).
 */
int output_record(struct output *output, const char *stream,
                  const struct wire_record *record, bool numbered,
                  struct err *err);

/*
 * output_flush(output, err): write what can be written now.  0, or -1: ERR_IO.
 * A reader that has gone is no error: see output_gone.
 */
int output_flush(struct output *output, struct err *err);

/* output_gone(output): the reader of the pipe has closed it. */
bool output_gone(const struct output *output);

/* output_waiting(output): bytes not yet written. */
size_t output_waiting(const struct output *output);

/* output_fd(output): what to wait for: writable while bytes wait, and in any
 * case its closing; -1 when there is nothing to watch. */
int output_fd(const struct output *output);

/* output_close(output, err): 0, or -1 with ERR_IO when the file could not be
 * closed without an error.  NULL is harmless. */
int output_close(struct output *output, struct err *err);

#endif
