/*
 * bsky2s2: the Bluesky firehose, filtered, into streams.  Parse, run, exit:
 * the only place that does.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "config.h"
#include "options.h"
#include "run.h"
#include "version.h"

/* Whether stderr is the journal: its device and inode are announced. */
static bool is_journal(void)
{
    const char *announced = getenv("JOURNAL_STREAM");
    uintmax_t device;
    uintmax_t inode;
    struct stat st;

    return announced != NULL && fstat(STDERR_FILENO, &st) == 0 &&
           sscanf(announced, "%ju:%ju", &device, &inode) == 2 &&
           device == (uintmax_t)st.st_dev && inode == (uintmax_t)st.st_ino;
}

static int print(struct buf *text)
{
    bool ok =
        fwrite(text->p, 1, text->n, stdout) == text->n && fflush(stdout) == 0;

    buf_release(text);
    if (!ok)
        log_line(LOG_LEVEL_ERROR, "stdout: write error");
    return ok ? 0 : ERR_IO;
}

static int fail(const struct err *err)
{
    log_line(LOG_LEVEL_ERROR, "%s", err->text);
    if (err->code == ERR_USAGE)
        log_line(LOG_LEVEL_ERROR, "try 'bsky2s2 --help'");
    return (int)err->code;
}

static int run_with(const struct options *options)
{
    struct buf text = BUF_INIT((size_t)64 << 20);
    struct err err = ERR_INIT;
    struct config config;
    int status;

    if (config_make(&config, options, &err) != 0) {
        status = fail(&err);
    } else if (options->check_config) {
        status = config_print(&config, &text) == 0 ? print(&text) : ERR_OS;
    } else {
        if (config.token_old_name)
            log_line(LOG_LEVEL_WARNING,
                     "S2_AUTH_TOKEN is the old name of S2_ACCESS_TOKEN");
        status = run_main(&config);
    }
    config_release(&config);
    return status;
}

int main(int argc, char **argv)
{
    struct buf text = BUF_INIT((size_t)1 << 16);
    struct err err = ERR_INIT;
    struct options options;
    int level = LOG_LEVEL_NOTICE;
    int status;

    log_open("bsky2s2", LOG_LEVEL_NOTICE, is_journal());
    if (options_parse(&options, argc, argv, loop_wall(), &err) != 0) {
        options_release(&options);
        return fail(&err);
    }
    level += options.verbose > 2 ? 2 : options.verbose;
    log_open("bsky2s2", options.quiet ? LOG_LEVEL_ERROR : (enum log_level)level,
             is_journal());
    if (options.help)
        status = options_help(&text) == 0 ? print(&text) : ERR_OS;
    else if (options.version)
        status = version_text(&text) == 0 ? print(&text) : ERR_OS;
    else
        status = run_with(&options);
    options_release(&options);
    return status;
}
