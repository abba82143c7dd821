/*
 * The terminal: its size, keys without waiting, frames in place, and the
 * state in which it was found restored, whatever happens.
 *
 * The one thing here that is global is the terminal to restore: a handler of
 * crash signals has nothing else to go by.
 */
#ifndef VIEW_TERM_H
#define VIEW_TERM_H

#include <stdbool.h>

#include "base/err.h"
#include "view/grid.h"

struct term;

/*
 * term_open(fd, keys_fd, err): take the terminal ${fd} (stdout): the
 * alternate screen, no cursor; if ${keys_fd} >= 0 (a descriptor of the same
 * terminal for reading, to which we are in the foreground) no echo and no
 * waiting for a newline; signal keys stay.  From now on SEGV, BUS, FPE, ILL,
 * ABRT, HUP and QUIT restore the terminal before they kill.  Once at a time.
 * NULL with ERR_OS.
 */
struct term *term_open(int fd, int keys_fd, struct err *err);

/*
 * term_close(term, last, color): restore the terminal, then print ${last} on
 * it, or nothing for NULL.  Never waits longer than a second for a terminal
 * that does not take bytes.  NULL is harmless.
 */
void term_close(struct term *term, const struct grid *last, bool color);

/* term_restore(): restore the terminal that is open, if any, before an end
 * that does not come to term_close.  May be called by signal handlers. */
void term_restore(void);

/* term_suspend(term): restore the terminal, for a while.  term_resume(term):
 * take it again, also where only the modes were lost (SIGSTOP); the next
 * term_show writes everything. */
void term_suspend(struct term *term);
void term_resume(struct term *term);

/* term_size(fd, width, height): the size of the terminal, 80x24 where it
 * does not say; at least 1x1, at most 1000x1000. */
void term_size(int fd, int *width, int *height);

/*
 * term_show(term, grid, color, err): make the terminal show ${grid}: only
 * cells that changed are written, in one write.  What the terminal does not
 * take yet is kept, and no frame begins before the last one is out: returns
 * 1 shown, 0 skipped because of that or while suspended, -1 ERR_IO (the
 * terminal is gone) or ERR_OS (memory).
 */
int term_show(struct term *term, const struct grid *grid, bool color,
              struct err *err);

/* term_redraw(term): the next term_show writes everything (Ctrl-L). */
void term_redraw(struct term *term);

/* term_waiting(term): whether bytes wait for the terminal to be writable;
 * term_flush(term, err): write what it takes now, 0 or -1 (ERR_IO). */
bool term_waiting(const struct term *term);
int term_flush(struct term *term, struct err *err);

/* term_key(term): the next key pressed, 0 for none, -1 when no more can come;
 * sequences of function keys are swallowed whole. */
int term_key(struct term *term);

#endif
