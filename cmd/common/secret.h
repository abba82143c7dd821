/*
 * Secrets from files and from the environment.  Before the first one is in
 * memory the process is hidden: it leaves no core file, and nobody but root
 * sees its memory.
 */
#ifndef COMMON_SECRET_H
#define COMMON_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Warnings for main to print: a line each. */
#define SECRET_WARNINGS 4
struct secret_warnings {
    size_t n;
    char text[SECRET_WARNINGS][512];
};

/* secret_warn(warnings, fmt, ...): add one; what does not fit is left out. */
void secret_warn(struct secret_warnings *warnings, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * secret_read(path, what, warnings, err): the first line of a small file,
 * without its newline; the caller owns it and ends it with secret_free.  When
 * others can read the file there is a warning about ${what}; not with
 * ${warnings} NULL.  NULL with ERR_CONFIG when it cannot be read or is empty,
 * or ERR_OS.
 */
char *secret_read(const char *path, const char *what,
                  struct secret_warnings *warnings, struct err *err);

/*
 * secret_load(path, follow, out, loose, err): append a file that another
 * program keeps for itself: nothing but a regular file, and no link unless
 * ${follow}.  ${out}, which the caller wipes, is grown once, to its maximum.
 * *${loose}: others can read the file.  0, or -1 with ERR_CONFIG, also for a
 * file of the maximum's size, or ERR_OS.
 */
int secret_load(const char *path, bool follow, struct buf *out, bool *loose,
                struct err *err);

/*
 * secret_env(name, secret, err): a copy of the environment's variable, which
 * the caller ends with secret_free, in *${secret}; NULL when unset or empty.
 * Its value there is wiped in any case, so that /proc does not show it.  0, or
 * -1 with ERR_OS.
 */
int secret_env(const char *name, char **secret, struct err *err);

/* secret_forget(name): wipe the variable there without a copy. */
void secret_forget(const char *name);

/* secret_wipe(p, n): so that it is not optimised out. */
void secret_wipe(char *p, size_t n);

/* secret_free(secret): wipe and free; NULL is harmless. */
void secret_free(char *secret);

/* secret_release(buf): buf_release of what is wiped first. */
void secret_release(struct buf *buf);

#endif
