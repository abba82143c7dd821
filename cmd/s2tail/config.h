/*
 * Options, environment and defaults, put together into what the parts of the
 * program need.
 */
#ifndef S2TAIL_CONFIG_H
#define S2TAIL_CONFIG_H

#include "common/place.h"
#include "format.h"
#include "options.h"
#include "view/judge.h"

enum config_time { TIME_RECORD, TIME_ARRIVAL, TIME_FIELD };

struct config {
    const struct options *options; /* borrowed */
    struct place place;
    const struct lines_format *format;
    const char *output; /* NULL: none */
    bool screen;        /* the chart is drawn in place on the terminal */
    bool once;
    bool color;
    bool ascii;
    unsigned panels; /* CHART_ bits */
    enum config_time time;
    int64_t every_ms;      /* divides the window */
    int64_t retry_for;     /* ms; 0: for ever */
    bool by_time;          /* begin at since_ms, else with the first record */
    int64_t since_ms;      /* since the epoch, and likewise: */
    int64_t until_ms;      /* LOOP_NEVER: none */
    const char **excludes; /* ours and the options'; owned */
    size_t nexcludes;
    struct judge_exprs exprs;
};

/*
 * config_make(config, options, now_us, err): 0, or -1: ERR_USAGE, ERR_CONFIG,
 * ERR_OS.  config_release either way.
 */
int config_make(struct config *config, const struct options *options,
                int64_t now_us, struct err *err);
void config_release(struct config *config);

#endif
