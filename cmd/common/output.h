/*
 * Lines to a file or to stdout, without ever blocking the loop: what the far
 * side does not take yet is kept, and the caller slows down.
 */
#ifndef COMMON_OUTPUT_H
#define COMMON_OUTPUT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* Above this many bytes waiting the caller should stop adding; this many may
 * wait at most.  The lines of one batch of every stream fit in between. */
#define OUTPUT_HIGH ((size_t)1 << 20)
#define OUTPUT_MOST ((size_t)64 << 20)

struct output;

/* output_open(path, err): "-" is stdout; files are appended to.  NULL:
 * ERR_CANTCREATE, ERR_OS. */
struct output *output_open(const char *path, struct err *err);

/*
 * output_buf(output): where the caller adds what is to be written, at most
 * OUTPUT_MOST bytes; NULL when nobody reads it any more.
 */
struct buf *output_buf(struct output *output);

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
