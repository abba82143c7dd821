#include "options.h"

#include <stddef.h>

#include "bsky/jetstream.h"

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
    .name = "bsky2s2",
    .table = table,
    .n = TABLE_N,
    .usage = "Usage: bsky2s2 [OPTION]...\n"
             "Read Bluesky's Jetstream, keep posts that link to chosen sites, "
             "and append a\n"
             "record per post and site to that site's stream in a basin.\n",
    .ending = "\nExit status: 0 done, 1 --expect missed, 64 usage, 65 bad "
              "input, 66 no input,\n"
              "69 unreachable, 70 bug, 71 system, 73 cannot create, 74 write "
              "error, 75\n"
              "records unacked, 76 protocol, 77 denied, 78 configuration, 79 "
              "taken over.\n",
    .websocket = jetstream_library,
};

int options_parse(struct options *options, int argc, char **argv,
                  int64_t now_us, struct err *err)
{
    struct opt_args args = {argc, argv, now_us, 0};

    *options = (struct options){
#define UNSET(member, value) .member = (value),
#include "options.def"
        .general.completion = GENERAL_NO_SHELL,
    };
    if (opt_parse(table, TABLE_N, options, &args, err) != 0)
        return -1;
    if (args.first_positional < argc)
        return err_set(err, ERR_USAGE, "unexpected argument '%.64s'",
                       argv[args.first_positional]);
    return 0;
}

void options_release(struct options *options)
{
    opt_release(table, TABLE_N, options);
}
