#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

/* The log level and how to write it: the one piece of global state. */
static struct {
    const char *prog;
    enum log_level level;
    bool journal;
    bool status; /* a status line stands on the terminal */
} conf = {"", LOG_LEVEL_NOTICE, false, false};

void log_open(const char *prog, enum log_level level, bool journal)
{
    conf.prog = prog;
    conf.level = level;
    conf.journal = journal;
}

/* stderr may be full or gone; there is nobody left to tell. */
static void put(const char *text, size_t n)
{
    if (write(STDERR_FILENO, text, n) < 0)
        return;
}

bool log_prints(enum log_level level)
{
    return level <= conf.level;
}

void log_line(enum log_level level, const char *fmt, ...)
{
    char line[1100];
    size_t used = 0;
    va_list ap;

    if (!log_prints(level))
        return;
    if (conf.status)
        used = (size_t)snprintf(line, sizeof(line), "\r\033[K");
    conf.status = false;
    if (conf.journal)
        snprintf(line + used, 64, "<%d>", level);
    else
        snprintf(line + used, 64, "%s: ", conf.prog);
    used += strlen(line + used);
    va_start(ap, fmt);
    vsnprintf(line + used, 1024, fmt, ap);
    va_end(ap);
    text_clean(line + used);
    used += strlen(line + used);
    line[used++] = '\n';
    put(line, used);
}

void log_status(const char *text)
{
    char line[512];

    if (text == NULL && !conf.status)
        return;
    if (conf.level < LOG_LEVEL_NOTICE)
        return;
    snprintf(line, sizeof(line), "\r%.480s\033[K", text == NULL ? "" : text);
    put(line, strlen(line));
    conf.status = text != NULL;
}
