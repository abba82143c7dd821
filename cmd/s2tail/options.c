#include "options.h"

#include <stddef.h>
#include <string.h>

#include "format.h"

static const struct opt table[] = {
#define HEADING(text) {0, 0, OPT_HEADING, 0, 0, text},
#define OPTION(name, letter, kind, argument, member, help)                     \
    {name, letter, OPT_##kind, argument, offsetof(struct options, member),     \
     help},
#define ROWS(rows) rows(struct options),
#include "options.def"
};

#define TABLE_N (sizeof(table) / sizeof(table[0]))

const struct tool options_tool = {
    .name = "s2tail",
    .table = table,
    .n = TABLE_N,
    .usage =
        "Usage: s2tail [OPTION]... [PREFIX]...\n"
        "Count the records of every stream whose name begins with a PREFIX in "
        "rolling\n"
        "windows, and show them as a bar chart, or as lines for scripts.\n",
    .ending = "\nKeys: q quit, space pause, s sort, r rate, z zero the totals, "
              "^L redraw.\n"
              "\nExit status: 0 done, 64 usage, 65 bad input, 66 no input, 69 "
              "unreachable, 70\n"
              "bug, 71 system, 73 cannot create, 74 write error, 75 output "
              "unwritten, 76\n"
              "protocol, 77 denied, 78 configuration, 79 state in use; with "
              "--check 0 OK, 1\n"
              "warning, 2 critical, 3 unknown.\n",
};

/* Whether --check is among what was said, even if the rest is wrong: then the
 * exit status is a monitoring plugin's. */
static bool has_check(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--check") == 0)
            return true;
    }
    return false;
}

int options_parse(struct options *options, int argc, char **argv,
                  int64_t now_us, struct err *err)
{
    struct opt_args args = {argc, argv, now_us, 0};

    *options = (struct options){
#define UNSET(member, value) .member = (value),
#include "options.def"
        .general.completion = GENERAL_NO_SHELL,
        .general.retry_for = OPTIONS_UNSET,
    };
    if (opt_parse(table, TABLE_N, options, &args, err) != 0) {
        options->check = has_check(argc, argv);
        return -1;
    }
    options->prefixes = (const char *const *)argv + args.first_positional;
    options->nprefixes = (size_t)(argc - args.first_positional);
    return 0;
}

void options_release(struct options *options)
{
    opt_release(table, TABLE_N, options);
}
