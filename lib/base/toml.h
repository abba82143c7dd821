/*
 * Settings in TOML 1.0: comments, tables, keys of every kind, and what they
 * are set to.  Strings over several lines are refused; numbers, dates and
 * lists are passed over.
 */
#ifndef BASE_TOML_H
#define BASE_TOML_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

enum toml_kind {
    TOML_STRING,
    TOML_BOOL,
    TOML_TABLE, /* told before what is in it, however it is written */
    TOML_LIST,  /* of values or of tables; what is in it is not told */
    TOML_OTHER
};

struct toml_item {
    struct slice path; /* the keys from the top, with a NUL between them */
    enum toml_kind kind;
    struct slice string; /* of TOML_STRING; holds no NUL */
    bool truth;          /* of TOML_BOOL */
};

/* Called for each item; its slices live until it returns.  0, or -1 with an
 * error, which ends the reading. */
typedef int toml_each(void *arg, const struct toml_item *item, struct err *err);

/*
 * toml_read(name, text, each, arg, err): read all of ${text}, which belongs to
 * the caller and is overwritten on the way: strings are decoded where they
 * stand, so that there is no copy of a secret to be wiped.  That a key is set
 * twice is for ${each} to notice.  0, or -1: ERR_CONFIG, or the error of
 * ${each}; in front of it are ${name} and the line.  No error quotes ${text}.
 */
int toml_read(const char *name, struct buf *text, toml_each *each, void *arg,
              struct err *err);

#endif
