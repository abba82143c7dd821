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

enum options_format {
    FORMAT_AUTO,
    FORMAT_CHART,
    FORMAT_TABLE,
    FORMAT_TSV,
    FORMAT_JSON,
    FORMAT_PROM,
    FORMAT_CHECK /* no word of --format: what --check prints */
};

enum options_sort { SORT_NAME, SORT_COUNT };

enum options_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* Durations are ms, times us since the epoch. */
struct options {
    struct place_options place;
    struct general_options general;

    const char *const *prefixes; /* borrowed from argv */
    size_t nprefixes;
    const char *input;
    struct opt_list excludes;
    int64_t discover;
    int64_t since;
    int64_t until;
    bool once;
    int64_t duration;
    const char *state;

    int64_t window;
    int64_t every;
    const char *time;
    int64_t grace;
    const char *group;
    struct opt_list where;
    uint64_t top; /* 0: all */
    int sort;     /* enum options_sort */
    bool rate;

    int format; /* enum options_format */
    const char *output;
    const char *panels;
    int color; /* enum options_color */
    bool ascii;
    uint64_t width; /* 0: the terminal's */
    uint64_t height;

    bool check;
    struct opt_list warn;
    struct opt_list crit;
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
