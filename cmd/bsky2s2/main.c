/*
 * bsky2s2: the Bluesky firehose, filtered, into streams.  Parse, run, exit:
 * the only place that does.
 */
#include "base/loop.h"
#include "common/memory.h"
#include "common/shell.h"
#include "config.h"
#include "options.h"
#include "run.h"

static void starve(void)
{
    shell_starve(ERR_OS);
}

static int run_with(const struct options *options)
{
    struct buf text = BUF_INIT((size_t)64 << 20);
    struct err err = ERR_INIT;
    struct config config;
    int status;

    status = config_make(&config, options, &err);
    shell_warn(&config.place.warnings);
    if (status != 0)
        status = shell_fail(options_tool.name, &err);
    else if (options->check_config)
        status = shell_print(config_print(&config, &text), &text);
    else
        status = run_main(&config);
    config_release(&config);
    return status;
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct options options;
    int status;
    int rc;

    shell_start();
    rc = options_parse(&options, argc, argv, loop_wall(), &err);
    shell_open(options_tool.name, &options.general);
    memory_guard(starve);
    if (rc != 0)
        status = shell_fail(options_tool.name, &err);
    else if (!tool_answers(&options_tool, &options.general, &status))
        status = run_with(&options);
    options_release(&options);
    return status;
}
