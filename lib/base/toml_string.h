/*
 * Strings of TOML.  Internal to toml.c.
 */
#ifndef BASE_TOML_STRING_H
#define BASE_TOML_STRING_H

#include "base/buf.h"

/*
 * toml_string(p, end, out): decode the string that begins with the quote at
 * *${p}, where it stands; *${p} is then behind it.  NULL; or why it is none,
 * and *${p} is where that was found.
 */
const char *toml_string(char **p, const char *end, struct slice *out);

#endif
