/*
 * A tool and the shell that started it: its lines on stderr, a text on
 * stdout, its exit status.
 */
#ifndef COMMON_SHELL_H
#define COMMON_SHELL_H

#include "base/buf.h"
#include "base/err.h"
#include "common/general.h"
#include "common/secret.h"

/*
 * shell_start(): before anything else: a standard descriptor that is closed
 * becomes one that fails, lest a file that is opened takes its place and our
 * lines; and SIGUSR1 is ignored until somebody waits for it.
 */
void shell_start(void);

/* shell_open(prog, options): log as ${prog}, as much and as the options say;
 * with priorities where stderr is the journal.  Before the first line. */
void shell_open(const char *prog, const struct general_options *options);

/* shell_warn(warnings): say what was found out about secrets. */
void shell_warn(const struct secret_warnings *warnings);

/* shell_print(rc, text): print ${text}, which was made with ${rc}, and release
 * it.  The exit status. */
int shell_print(int rc, struct buf *text);

/* shell_starve(status): memory is out: say so, by nothing that needs any, and
 * end with ${status} at once.  Never returns. */
__attribute__((noreturn)) void shell_starve(int status);

/* shell_fail(prog, err): say what went wrong, and after a wrong command line
 * where help is.  The exit status. */
int shell_fail(const char *prog, const struct err *err);

#endif
