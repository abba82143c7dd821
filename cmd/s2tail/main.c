/*
 * s2tail: counts of what is in streams, as a chart or as lines.  Parse, run,
 * exit: the only place that does.
 */
#include <locale.h>
#include <sys/resource.h>

#include "base/log.h"
#include "base/loop.h"
#include "common/memory.h"
#include "common/shell.h"
#include "config.h"
#include "emit.h"
#include "options.h"
#include "tail.h"
#include "version.h"
#include "view/term.h"

/* A connection for each stream, where the server speaks HTTP/1.1. */
static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* Who checks reads one line and a status from 0 to 3, whatever goes wrong. */
static int fail(const struct options *options, const struct err *err)
{
    int status = shell_fail("s2tail", err);

    return options->check ? emit_unknown(err->text) : status;
}

static void starve(void)
{
    term_restore();
    shell_starve(ERR_OS);
}

static void starve_check(void)
{
    shell_starve(emit_unknown("out of memory"));
}

static int run_with(const struct options *options)
{
    struct err err = ERR_INIT;
    struct config config;
    int status;

    if (config_make(&config, options, loop_wall(), &err) != 0) {
        status = fail(options, &err);
    } else {
        shell_warn(&config.place.warnings);
        raise_descriptors();
        status = tail_main(&config);
    }
    config_release(&config);
    return status;
}

int main(int argc, char **argv)
{
    struct buf text = BUF_INIT((size_t)1 << 16);
    struct err err = ERR_INIT;
    struct options options;
    int status;

    setlocale(LC_CTYPE, "");
    shell_start();
    shell_open("s2tail", NULL);
    if (options_parse(&options, argc, argv, loop_wall(), &err) != 0) {
        shell_open("s2tail", &options.general);
        status = fail(&options, &err);
        options_release(&options);
        return status;
    }
    shell_open("s2tail", &options.general);
    memory_guard(options.check ? starve_check : starve);
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
