/*
 * The chart on the terminal: frames when something changed, keys, resizing,
 * Ctrl-Z.
 */
#ifndef S2TAIL_SCREEN_H
#define S2TAIL_SCREEN_H

#include "tail.h"

struct pollfd;
struct screen;

/* What keys ask of the rest of the program. */
enum screen_wish { SCREEN_NOTHING, SCREEN_QUIT, SCREEN_ZERO };

/* screen_open(tail, err): take the terminal.  NULL with ERR_OS. */
struct screen *screen_open(struct tail *tail, struct err *err);

/* screen_close(screen): give it back, the last frame left on it.  NULL is
 * harmless. */
void screen_close(struct screen *screen);

/* screen_run(screen, now, next, err): draw what is due; stores in *${next}
 * when to call again.  Both are ms of the clock of loop_now.  0, or -1: ERR_IO
 * (the terminal is gone), ERR_OS. */
int screen_run(struct screen *screen, int64_t now, int64_t *next,
               struct err *err);

/* screen_last(screen, err): the frame that stays: of now, without keys.  0 or
 * -1. */
int screen_last(struct screen *screen, struct err *err);

/* screen_keys(screen): act on the keys pressed since. */
enum screen_wish screen_keys(struct screen *screen);

/* screen_signal(screen, signo): SIGWINCH, SIGTSTP, SIGCONT. */
void screen_signal(struct screen *screen, int signo);

/* screen_poll(screen, fds): fill in what to wait for; how many, at most 2. */
size_t screen_poll(const struct screen *screen, struct pollfd *fds);

/* screen_notice(screen, text): show ${text} in the chart for a while. */
void screen_notice(struct screen *screen, const char *text);

/* screen_hold(screen, level, text): whether the line is held until the
 * terminal is given back, since stderr is on it, too. */
bool screen_hold(struct screen *screen, int level, const char *text);

#endif
