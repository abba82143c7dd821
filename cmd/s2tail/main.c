/*
 * s2tail: counts of what is in streams, as a chart or as lines.  Parse, run,
 * exit: the only place that does.
 */
#include <locale.h>
#include <sys/resource.h>

#include "base/loop.h"
#include "common/memory.h"
#include "common/shell.h"
#include "config.h"
#include "emit.h"
#include "options.h"
#include "tail.h"
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
    int status = config_make(&config, options, loop_wall(), &err);

    shell_warn(&config.place.warnings);
    if (status != 0) {
        status = emit_fail(options, &err);
    } else {
        raise_descriptors();
        status = tail_main(&config);
    }
    config_release(&config);
    return status;
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct options options;
    int status;
    int rc;

    setlocale(LC_CTYPE, "");
    shell_start();
    rc = options_parse(&options, argc, argv, loop_wall(), &err);
    shell_open(options_tool.name, &options.general);
    memory_guard(options.check ? starve_check : starve);
    if (rc != 0)
        status = emit_fail(&options, &err);
    else if (!tool_answers(&options_tool, &options.general, &status))
        status = run_with(&options);
    options_release(&options);
    return status;
}
