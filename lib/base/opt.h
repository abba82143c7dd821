/*
 * Command lines from one table: it drives getopt_long, the checks and the
 * help text.  Long names are exact, never abbreviated; of a repeated option
 * the last wins, but OPT_LIST collects.
 */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum opt_kind {
    OPT_HEADING, /* a line of the help text, no option; help only */
    OPT_FLAG,    /* set */
    OPT_COUNT,   /* one more */
    OPT_STRING,
    OPT_LIST,
    OPT_NUMBER,   /* 1 and up */
    OPT_DURATION, /* ms */
    OPT_WHEN,     /* us since the epoch; arg "WHEN|word": the word itself is
                     OPT_WORD */
    OPT_CHOICE    /* which of the words of arg, "a|b|c", from 0 */
};

/* What a field of a kind has to be. */
#define OPT_TYPE_FLAG bool
#define OPT_TYPE_COUNT int
#define OPT_TYPE_STRING const char *
#define OPT_TYPE_LIST struct opt_list
#define OPT_TYPE_NUMBER uint64_t
#define OPT_TYPE_DURATION int64_t
#define OPT_TYPE_WHEN int64_t
#define OPT_TYPE_CHOICE int

#define OPT_WORD INT64_MAX

struct opt {
    const char *name; /* long name, without dashes */
    char letter;      /* 0: none */
    enum opt_kind kind;
    const char *arg; /* what the help text calls the argument */
    size_t offset;   /* of the field in the caller's struct */
    const char *help;
};

/* Values of a repeatable option, in order; borrowed from argv. */
struct opt_list {
    const char **v;
    size_t n;
};

struct opt_args {
    int argc;
    char **argv;
    int64_t now_us;       /* for OPT_WHEN */
    int first_positional; /* out: argv from here on are no options; they
                             are moved to the end, in their order */
};

/*
 * opt_parse(table, n, values, args, err): set the fields of the struct at
 * ${values} from the command line.  Strings stay borrowed from argv; lists
 * are ended with opt_release, also after a failure.  0, or -1: ERR_USAGE,
 * ERR_OS.
 */
int opt_parse(const struct opt *table, size_t n, void *values,
              struct opt_args *args, struct err *err);

/* opt_release(table, n, values): free the lists, not what they name. */
void opt_release(const struct opt *table, size_t n, void *values);

/* opt_takes_argument(opt): whether ${opt}, no heading, has one. */
bool opt_takes_argument(const struct opt *opt);

/* opt_help(table, n, out): append the options' part of the help text, one
 * line or more an option.  0, or -1 when ${out} is full. */
int opt_help(const struct opt *table, size_t n, struct buf *out);

#endif
