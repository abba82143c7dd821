#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

int journal_open(struct journal *journal, const char *path, struct err *err)
{
    journal->fd = -1;
    if (path == NULL)
        return 0;
    journal->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (journal->fd < 0)
        return err_os(err, ERR_CANTCREATE, errno, "%s", path);
    return 0;
}

void journal_close(struct journal *journal)
{
    if (journal->fd >= 0)
        close(journal->fd);
    journal->fd = -1;
}

void journal_line(const struct journal *journal, const char *fmt, ...)
{
    char line[8192];
    size_t n;
    va_list ap;

    if (journal->fd < 0)
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line) - 1, fmt, ap);
    va_end(ap);
    text_clean(line);
    n = strlen(line);
    line[n] = '\n';
    /* One write to a file opened for appending: lines never mix. */
    if (write(journal->fd, line, n + 1) < 0)
        perror("journal");
}
