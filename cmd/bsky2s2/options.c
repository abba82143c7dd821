#include "options.h"

#include <stddef.h>
#include <string.h>

#include "bsky/jetstream.h"

#define AT(field) offsetof(struct options, field)

static const struct opt table[] = {
    {0, 0, OPT_HEADING, 0, 0, "Source:"},
    {"url", 'u', OPT_LIST, "URL", AT(urls),
     "Jetstream server, repeat for failover; the path /subscribe is wire v1, "
     "/xrpc/network.bsky.jetstream.subscribeEvents wire v2 [public hosts; "
     "BSKY2S2_URL]"},
    {"input", 'i', OPT_STRING, "FILE", AT(input),
     "events as JSON lines instead, - for stdin; zstd is decompressed"},
    {"did", 0, OPT_LIST, "DID", AT(dids),
     "only this account's posts, repeat for more"},
    {"no-compress", 0, OPT_FLAG, 0, AT(no_compress),
     "do not ask for compressed messages"},
    {"zstd-dictionary", 0, OPT_STRING, "FILE", AT(zstd_dictionary),
     "dictionary for compressed messages; v2 fetches the server's"},
    {"since", 's', OPT_WHEN, "WHEN|checkpoint", AT(since),
     "begin there: now, earliest, 15m (ago) or RFC 3339; checkpoint: go on "
     "although the settings differ [where the job got to, else now]"},
    {"until", 0, OPT_WHEN, "WHEN", AT(until), "stop at events of this time"},
    {"count", 'c', OPT_NUMBER, "N", AT(count), "stop after N records"},
    {"duration", 't', OPT_DURATION, "DUR", AT(duration),
     "stop after this long: 250ms, 10s, 15m, 2h, 7d"},
    {"expect", 0, OPT_NUMBER, "N", AT(expect),
     "exit 1 when fewer than N records were delivered"},
    {"idle", 0, OPT_DURATION, "DUR", AT(idle),
     "reconnect when no event came for so long, 0: never [60s; off with "
     "--did]"},
    {"on-gap", 0, OPT_CHOICE, "warn|fail", AT(on_gap),
     "when something is missing that the server cannot send any more [warn]"},
    {0, 0, OPT_HEADING, 0, 0, "Filter:"},
    {"lang", 'l', OPT_LIST, "TAG", AT(langs),
     "language, repeat for more; en takes en-GB, en-GB only itself, any takes "
     "every post [en]"},
    {"links", 0, OPT_CHOICE, "all|facets|embeds", AT(links),
     "where links count [all]"},
    {"route", 'r', OPT_LIST, "DOMAIN[,DOMAIN...]=STREAM", AT(routes),
     "links to DOMAIN and its subdomains go to STREAM, repeat for more"},
    {"routes", 'R', OPT_STRING, "FILE", AT(routes_file),
     "lines STREAM DOMAIN..., and # comments"},
    {"no-default-routes", 0, OPT_FLAG, 0, AT(no_default_routes),
     "without the default map, which --check-config lists"},
    {"unrouted", 0, OPT_STRING, "STREAM", AT(unrouted),
     "posts with a link that no route takes go there"},
    {"max-age", 0, OPT_DURATION, "DUR", AT(max_age),
     "drop posts made so long before their event, 0: none [2d on wire v1, 30m "
     "on v2]"},
    {0, 0, OPT_HEADING, 0, 0, "Basin:"},
    PLACE_ROW_BASIN(struct options),
    {"prefix", 0, OPT_STRING, "PREFIX", AT(prefix),
     "put before every stream's name"},
    {"job", 0, OPT_STRING, "NAME", AT(job),
     "whose checkpoints are in the stream _bsky2s2/NAME [default]"},
    {"create-basin", 0, OPT_FLAG, 0, AT(create_basin),
     "create a missing basin in S2"},
    {"linger", 0, OPT_DURATION, "DUR", AT(linger),
     "a batch waits so long for more records [100ms]"},
    {"retention", 0, OPT_DURATION, "DUR", AT(retention),
     "file: keep records so long after their append, 0: for ever [7d]"},
    PLACE_ROWS_S2(struct options),
    {0, 0, OPT_HEADING, 0, 0, "Output:"},
    {"dry-run", 'n', OPT_FLAG, 0, AT(dry_run), "no basin; implies -o -"},
    {"output", 'o', OPT_STRING, "FILE", AT(output),
     "append each record as a JSON line, after its ack; - for stdout"},
    {"stats", 0, OPT_DURATION, "DUR", AT(stats),
     "a line of figures on stderr so often, 0: none [60s; a live line on a "
     "terminal]"},
    {"metrics-file", 0, OPT_STRING, "FILE", AT(metrics_file),
     "keep the figures there as Prometheus text, every 15s or as often as "
     "--stats"},
    {0, 0, OPT_HEADING, 0, 0, "General:"},
    PLACE_ROW_CACERT(struct options),
    GENERAL_ROWS_TALK(struct options),
    {"check-config", 0, OPT_FLAG, 0, AT(check_config),
     "print the effective settings and exit"},
    GENERAL_ROWS_ASK(struct options),
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

    memset(options, 0, sizeof(*options));
    options->general.completion = GENERAL_NO_SHELL;
    options->since = OPTIONS_UNSET;
    options->until = OPTIONS_UNSET;
    options->idle = OPTIONS_UNSET;
    options->max_age = OPTIONS_UNSET;
    options->stats = OPTIONS_UNSET;
    options->retention = INT64_C(7) * 24 * 3600 * 1000;
    options->linger = 100;
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
