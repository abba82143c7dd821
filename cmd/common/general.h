/*
 * The options that every tool has.
 */
#ifndef COMMON_GENERAL_H
#define COMMON_GENERAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/opt.h"

enum general_log_format { GENERAL_TEXT, GENERAL_JSON };

struct general_options {
    int64_t retry_for; /* ms; 0: for ever */
    int log_format;    /* enum general_log_format */
    bool quiet;
    int verbose;
    int completion; /* enum complete_shell, or GENERAL_NO_SHELL */
    bool help;
    bool version;
};

#define GENERAL_NO_SHELL (-1)

/* Rows of an option table whose struct ${t} has a member general. */
#define GENERAL_AT(t, field) offsetof(t, general.field)

/* clang-format off */
#define GENERAL_ROWS_TALK(t) \
    {"retry-for", 0, OPT_DURATION, "DUR", GENERAL_AT(t, retry_for), \
     "exit 69 after so long a failure, 0: never [0]"}, \
    {"log-format", 0, OPT_CHOICE, "text|json", \
     GENERAL_AT(t, log_format), \
     "how lines on stderr look [text; with priorities under journald]"}, \
    {"quiet", 'q', OPT_FLAG, 0, GENERAL_AT(t, quiet), "errors only"}, \
    {"verbose", 'v', OPT_COUNT, 0, GENERAL_AT(t, verbose), \
     "say more, repeat for more"}

#define GENERAL_ROWS_ASK(t) \
    {"help", 'h', OPT_FLAG, 0, GENERAL_AT(t, help), "print this and exit"}, \
    {"version", 'V', OPT_FLAG, 0, GENERAL_AT(t, version), \
     "print versions, of the libraries too, and exit"}, \
    {"completion", 0, OPT_CHOICE, "bash|zsh|fish", \
     GENERAL_AT(t, completion), \
     "print a completion script for this shell and exit"}
/* clang-format on */

#endif
