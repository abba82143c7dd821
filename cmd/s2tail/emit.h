/*
 * Windows as they close, to stdout or a file, in the format asked for.
 */
#ifndef S2TAIL_EMIT_H
#define S2TAIL_EMIT_H

#include "common/output.h"
#include "tail.h"

struct emit;

/* emit_open(tail, err): ${tail} is borrowed.  NULL: ERR_CANTCREATE, ERR_OS. */
struct emit *emit_open(struct tail *tail, struct err *err);

/* emit_close(emit, err): ERR_IO when what was written may not be there.  NULL
 * is harmless. */
void emit_close(struct emit *emit, struct err *err);

/* emit_closed: a window has closed; ${arg} is the tail. */
void emit_closed(void *arg, const struct window_snapshot *snapshot);

/* emit_end(emit): all there was to read is counted: tell the window that is
 * still open, or the only one that is asked for. */
void emit_end(struct emit *emit);

/* emit_flush(emit, err): write what can be written now.  0 or -1. */
int emit_flush(struct emit *emit, struct err *err);

/* emit_is_full(emit): too much waits; count no more until it is out.
 * emit_is_idle(emit): all that was told is written. */
bool emit_is_full(const struct emit *emit);
bool emit_is_idle(const struct emit *emit);

/* emit_output(emit): where lines go; NULL: nowhere. */
struct output *emit_output(struct emit *emit);

/* emit_status(emit): --check: print the line; the exit status. */
int emit_status(struct emit *emit);

/* emit_fail(options, err): say what went wrong, and with --check print the
 * line that says so, too: who checks reads one line and a status from 0 to 3,
 * whatever goes wrong.  The exit status. */
int emit_fail(const struct options *options, const struct err *err);

/* emit_unknown(why): --check, and the run failed: print the line that says
 * so; the exit status. */
int emit_unknown(const char *why);

#endif
