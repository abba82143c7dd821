#include "options.h"

#include <stddef.h>
#include <string.h>

#define AT(field) offsetof(struct options, field)

static const struct opt table[] = {
    {0, 0, OPT_HEADING, 0, 0, "Streams:"},
    PLACE_ROW_BASIN(struct options),
    {"input", 'i', OPT_STRING, "FILE", AT(input),
     "read lines as bsky2s2 -o and -n print them instead of a basin, - for "
     "stdin"},
    {"exclude", 'x', OPT_LIST, "GLOB", AT(excludes),
     "leave out streams, repeat for more [_bsky2s2/*, always]"},
    {"discover", 0, OPT_DURATION, "DUR", AT(discover),
     "look for new streams so often, 0: never [10s]"},
    {"since", 's', OPT_WHEN, "WHEN", AT(since),
     "begin there: now, earliest, 15m (ago) or RFC 3339 [the last complete "
     "window; earliest with --once or --input]"},
    {"until", 0, OPT_WHEN, "WHEN", AT(until), "stop at records of this time"},
    {"once", '1', OPT_FLAG, 0, AT(once),
     "stop at the end that each stream had at the start"},
    {"duration", 't', OPT_DURATION, "DUR", AT(duration),
     "stop after this long: 250ms, 10s, 15m, 2h, 7d"},
    {"state", 'S', OPT_STRING, "FILE", AT(state),
     "keep positions and counts there, and go on from it"},
    {0, 0, OPT_HEADING, 0, 0, "Counting:"},
    {"window", 'w', OPT_DURATION, "DUR", AT(window), "count so long [10s]"},
    {"every", 'e', OPT_DURATION, "DUR", AT(every),
     "begin a window so often; it divides the window [1s for charts, the "
     "window for lines]"},
    {"time", 'T', OPT_STRING, "record|arrival|FIELD", AT(time),
     "when a record happened [record]"},
    {"grace", 0, OPT_DURATION, "DUR", AT(grace),
     "wait so long for late records [2s]"},
    {"group", 'g', OPT_STRING, "stream|FIELD[,FIELD]", AT(group),
     "count by stream, or by members of the record [stream]"},
    {"where", 0, OPT_LIST, "FIELD=GLOB", AT(where),
     "count only matching records, repeat for more"},
    {"top", 'k', OPT_NUMBER, "N", AT(top),
     "show the largest N, the rest as other"},
    {"sort", 0, OPT_CHOICE, "name|count", AT(sort), "order of groups [name]"},
    {"rate", 0, OPT_FLAG, 0, AT(rate), "recent per second"},
    {0, 0, OPT_HEADING, 0, 0, "Output:"},
    {"format", 'f', OPT_CHOICE, "auto|chart|table|tsv|json|prom", AT(format),
     "how counts are shown [chart on a terminal, else tsv]"},
    {"output", 'o', OPT_STRING, "FILE", AT(output),
     "append there, prom replaces it; - for stdout [-]"},
    {"panels", 0, OPT_STRING, "recent,total,spark", AT(panels),
     "what the chart shows [recent,total]"},
    {"color", 0, OPT_CHOICE, "auto|always|never", AT(color),
     "colours of the chart [auto; NO_COLOR]"},
    {"ascii", 0, OPT_FLAG, 0, AT(ascii), "draw with ASCII [by the locale]"},
    {"width", 0, OPT_NUMBER, "N", AT(width), "columns [the terminal's]"},
    {"height", 0, OPT_NUMBER, "N", AT(height), "rows [the terminal's]"},
    {0, 0, OPT_HEADING, 0, 0, "Monitoring:"},
    {"check", 0, OPT_FLAG, 0, AT(check),
     "judge the last complete window, print one line and exit 0, 1, 2 or 3; "
     "implies --once and --retry-for 10s"},
    {"warn", 0, OPT_LIST, "EXPR", AT(warn),
     "GROUP<N, GROUP>N, total<N, total>N, lag>DUR or lag<DUR is a warning, "
     "repeat for more"},
    {"crit", 0, OPT_LIST, "EXPR", AT(crit), "likewise, critical"},
    {0, 0, OPT_HEADING, 0, 0, "S2:"},
    PLACE_ROWS_S2(struct options),
    {0, 0, OPT_HEADING, 0, 0, "General:"},
    PLACE_ROW_CACERT(struct options),
    GENERAL_ROWS_TALK(struct options),
    GENERAL_ROWS_ASK(struct options),
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

    memset(options, 0, sizeof(*options));
    options->general.completion = GENERAL_NO_SHELL;
    options->general.retry_for = OPTIONS_UNSET;
    options->discover = 10000;
    options->since = OPTIONS_UNSET;
    options->until = OPTIONS_UNSET;
    options->window = 10000;
    options->grace = 2000;
    options->every = OPTIONS_UNSET;
    options->time = "record";
    options->group = "stream";
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
