/*
 * The terminal in our hands: its modes, and the handlers of the signals that
 * would kill us before we could give it back.
 */
#ifndef VIEW_TERM_HOLD_H
#define VIEW_TERM_HOLD_H

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

#include "base/buf.h"
#include "base/err.h"

/* What the terminal is told when it is taken: the alternate screen, lines
 * that are cut and not folded, no cursor; and when it is given back, where an
 * alternate screen may not exist and what we drew is in the way. */
#define TERM_HOLD_TAKE "\033[?1049h\033[?7l\033[?25l"
#define TERM_HOLD_GIVE "\033[0m\033[?7h\033[H\033[2J\033[?1049l\033[?25h"

/* How long to wait at the end for a terminal that takes no bytes. */
#define TERM_HOLD_WAIT_MS 1000

struct term_hold {
    int fd;      /* to write to; writing does not block while we hold it */
    bool shared; /* others have our ${fd}, and it blocks for them */
    int flags;   /* theirs */
    int keys_fd; /* -1: none */
    bool keyed;  /* the modes are ours */
    struct termios modes;
};

/*
 * term_hold_open(hold, err): catch the signals that kill, so that they give
 * back what is held first; ${hold} has its fd, shared and keys_fd, and stays
 * where it is until term_hold_close.  One at a time.  0 or -1 (ERR_OS).
 */
int term_hold_open(struct term_hold *hold, struct err *err);
void term_hold_close(struct term_hold *hold);

/* term_hold_take(hold): from now on it is held: the modes for single keys,
 * if we are in the foreground.  Writes nothing.  May be called again, where
 * another may have set modes meanwhile. */
void term_hold_take(struct term_hold *hold);

/*
 * term_hold_give(hold, last, end): give it back and tell it so, if it is
 * held, and write ${last} on it; waits until ${end} (loop_now) at most.  May be
 * called by signal handlers.
 */
void term_hold_give(struct term_hold *hold, struct slice last, int64_t end);

/* term_hold_drop(): give back whatever is held. */
void term_hold_drop(void);

#endif
