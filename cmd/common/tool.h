/*
 * What a tool says about itself when it is asked: --help, --version and
 * --completion.
 */
#ifndef COMMON_TOOL_H
#define COMMON_TOOL_H

#include <stdbool.h>

#include "base/opt.h"
#include "common/general.h"

struct tool {
    const char *name;
    const struct opt *table; /* of ${n} rows */
    size_t n;
    const char *usage;              /* before the options in the help text */
    const char *ending;             /* behind them */
    const char *(*websocket)(void); /* the version of libwebsockets; NULL: it
                                       is not linked */
};

/*
 * tool_answers(tool, asked, status): whether ${asked} asks for one of these;
 * then it is printed to stdout, and the exit status is in *${status}.
 */
bool tool_answers(const struct tool *tool, const struct general_options *asked,
                  int *status);

#endif
