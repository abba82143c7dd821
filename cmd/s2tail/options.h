/*
 * What the command line says, no more: the environment and the defaults that
 * depend on it come in config.c.
 */
#ifndef S2TAIL_OPTIONS_H
#define S2TAIL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/opt.h"
#include "common/general.h"
#include "common/place.h"
#include "common/tool.h"

/* An option that was not given, where 0 means something. */
#define OPTIONS_UNSET INT64_MIN

enum options_sort { SORT_NAME, SORT_COUNT };

enum options_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* A member for each option; what was not given is 0, NULL or its UNSET.
 * Durations are ms, times us since the epoch, choices the number of the word:
 * options_sort, options_color; of format see format.h. */
struct options {
    struct place_options place;
    struct general_options general;
    const char *const *prefixes; /* the arguments; borrowed from argv */
    size_t nprefixes;
#define OPTION(name, letter, kind, argument, member, help)                     \
    OPT_TYPE_##kind member;
#include "options.def"
};

/* What the tool says about itself. */
extern const struct tool options_tool;

/*
 * options_parse(options, argc, argv, now_us, err): 0, or -1 with ERR_USAGE or
 * ERR_OS; options->check is right in either case.  Strings stay borrowed from
 * ${argv}.  options_release, in either case, frees the lists.
 */
int options_parse(struct options *options, int argc, char **argv,
                  int64_t now_us, struct err *err);
void options_release(struct options *options);

#endif
