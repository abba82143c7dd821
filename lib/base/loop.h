/*
 * What a loop needs besides the place where it sleeps (s2/http.h): clocks,
 * and signals that arrive as bytes in a pipe.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdint.h>

#include "base/err.h"

/* No deadline: later than every clock value. */
#define LOOP_NEVER INT64_MAX

/* loop_now(): milliseconds on a clock that never goes back. */
int64_t loop_now(void);

/* loop_wall(): microseconds since the Unix epoch. */
int64_t loop_wall(void);

/*
 * loop_signals_open(err): catch INT, TERM and USR1, ignore PIPE, and
 * return a descriptor that is readable when one arrived; -1 with ERR_OS.  Once
 * per process; the descriptor stays open to the end.
 */
int loop_signals_open(struct err *err);

/* loop_signals_catch(signo): after loop_signals_open: let this one, too, arrive
 * there. */
void loop_signals_catch(int signo);

/* loop_signals_next(fd): the next signal number that arrived, or 0. */
int loop_signals_next(int fd);

/* loop_die_of(signo): end this process by the default action of ${signo}. */
void loop_die_of(int signo);

/* loop_stop_of(signo): stop this process by the default action of ${signo}
 * (SIGTSTP); returns when it goes on, catching the signal again. */
void loop_stop_of(int signo);

#endif
