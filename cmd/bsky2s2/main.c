/*
 * bsky2s2: the Bluesky firehose, filtered, into streams.  Parse, run, exit:
 * the only place that does.
 */
#include "base/log.h"
#include "base/loop.h"
#include "common/memory.h"
#include "common/shell.h"
#include "config.h"
#include "options.h"
#include "run.h"
#include "version.h"

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
        status = shell_fail("bsky2s2", &err);
    else if (options->check_config)
        status = shell_print(config_print(&config, &text), &text);
    else
        status = run_main(&config);
    config_release(&config);
    return status;
}

int main(int argc, char **argv)
{
    struct buf text = BUF_INIT((size_t)1 << 16);
    struct err err = ERR_INIT;
    struct options options;
    int status;

    shell_start();
    shell_open("bsky2s2", NULL);
    if (options_parse(&options, argc, argv, loop_wall(), &err) != 0) {
        shell_open("bsky2s2", &options.general);
        options_release(&options);
        return shell_fail("bsky2s2", &err);
    }
    shell_open("bsky2s2", &options.general);
    memory_guard(starve);
    if (options.general.help)
        status = shell_print(options_help(&text), &text);
    else if (options.general.version)
        status = shell_print(version_text(&text), &text);
    else if (options.general.completion != GENERAL_NO_SHELL)
        status = shell_print(
            options_complete((enum complete_shell)options.general.completion,
                             &text),
            &text);
    else
        status = run_with(&options);
    options_release(&options);
    return status;
}
