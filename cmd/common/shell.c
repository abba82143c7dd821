#include "common/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

/* Whether stderr is the journal: its device and inode are announced. */
static bool is_journal(void)
{
    const char *announced = getenv("JOURNAL_STREAM");
    struct stat st;
    char own[64];

    if (announced == NULL || fstat(STDERR_FILENO, &st) != 0)
        return false;
    snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)st.st_dev,
             (uintmax_t)st.st_ino);
    return strcmp(announced, own) == 0;
}

void shell_start(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
    signal(SIGUSR1, SIG_IGN);
}

void shell_open(const char *prog, const struct general_options *options)
{
    enum log_format format = is_journal() ? LOG_JOURNAL : LOG_TEXT;
    int more = options->verbose > 2 ? 2 : options->verbose;
    int level = options->quiet ? LOG_LEVEL_ERROR : LOG_LEVEL_NOTICE + more;

    if (options->log_format == GENERAL_JSON)
        format = LOG_JSON;
    log_open(prog, (enum log_level)level, format);
}

void shell_warn(const struct secret_warnings *warnings)
{
    for (size_t i = 0; i < warnings->n; i++)
        log_line(LOG_LEVEL_WARNING, "%s", warnings->text[i]);
}

int shell_print(int rc, struct buf *text)
{
    int status = rc == 0 ? 0 : ERR_OS;

    if (rc != 0)
        log_line(LOG_LEVEL_ERROR, "out of memory");
    else if (fwrite(text->p, 1, text->n, stdout) != text->n ||
             fflush(stdout) != 0)
        status = ERR_IO;
    buf_release(text);
    if (status == ERR_IO)
        log_line(LOG_LEVEL_ERROR, "stdout: write error");
    return status;
}

void shell_starve(int status)
{
    log_line(LOG_LEVEL_ERROR, "out of memory");
    _exit(status);
}

int shell_fail(const char *prog, const struct err *err)
{
    log_line(LOG_LEVEL_ERROR, "%s", err->text);
    if (err->code == ERR_USAGE)
        log_line(LOG_LEVEL_ERROR, "try '%s --help'", prog);
    return (int)err->code;
}
