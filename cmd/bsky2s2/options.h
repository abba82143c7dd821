/*
 * What the command line says, no more: the environment and the defaults that
 * depend on it come in config.c.
 */
#ifndef BSKY2S2_OPTIONS_H
#define BSKY2S2_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/opt.h"
#include "common/general.h"
#include "common/place.h"
#include "common/tool.h"

/* An option that was not given, where 0 means something. */
#define OPTIONS_UNSET INT64_MIN

enum options_on_gap { OPTIONS_WARN, OPTIONS_FAIL };

/* Durations are ms, times us since the epoch. */
struct options {
    struct place_options place;
    struct general_options general;

    struct opt_list urls;
    const char *input;
    struct opt_list dids;
    bool no_compress;
    const char *zstd_dictionary;
    int64_t since; /* OPT_WORD: checkpoint */
    int64_t until;
    uint64_t count; /* 0: no bound */
    int64_t duration;
    uint64_t expect; /* 0: nothing is expected */
    int64_t idle;

    struct opt_list langs;
    int links; /* enum match_links */
    struct opt_list routes;
    const char *routes_file;
    bool no_default_routes;
    const char *unrouted;
    int64_t max_age;

    int64_t retention;
    const char *prefix;
    const char *job; /* NULL: default */
    bool create_basin;
    int64_t linger;
    int on_gap; /* enum options_on_gap */
    bool dry_run;
    const char *output;
    int64_t stats;
    const char *metrics_file;

    bool check_config;
};

/* What the tool says about itself. */
extern const struct tool options_tool;

/*
 * options_parse(options, argc, argv, now_us, err): 0, or -1 with ERR_USAGE or
 * ERR_OS.  Strings stay borrowed from ${argv}.  options_release, in either
 * case, frees the lists.
 */
int options_parse(struct options *options, int argc, char **argv,
                  int64_t now_us, struct err *err);
void options_release(struct options *options);

#endif
