/*
 * Secrets from files and from the environment.
 */
#ifndef COMMON_SECRET_H
#define COMMON_SECRET_H

#include "base/err.h"

/*
 * secret_read(path, err): the first line of a small file, without its
 * newline; the caller owns it and ends it with secret_free.  NULL with
 * ERR_CONFIG when it cannot be read or is empty.
 */
char *secret_read(const char *path, struct err *err);

/* secret_env(name): a copy of the environment's variable, whose value there
 * is wiped, so that /proc does not show it; NULL when unset or empty. */
char *secret_env(const char *name);

/* secret_free(secret): wipe and free; NULL is harmless. */
void secret_free(char *secret);

#endif
