#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/parse.h"
#include "base/text.h"

#define TEXT_MAX 1024

/* Room for a text of which each byte is escaped, and figures. */
#define LINE_MAX_BYTES ((size_t)16 << 10)

/* The log level and how to write it: the one piece of global state. */
static struct {
    const char *prog;
    enum log_level level;
    enum log_format format;
    bool status; /* a status line stands on the terminal */
} conf = {"", LOG_LEVEL_NOTICE, LOG_TEXT, false};

void log_open(const char *prog, enum log_level level, enum log_format format)
{
    conf.prog = prog;
    conf.level = level;
    conf.format = format;
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

static void put_text(enum log_level level, const char *text)
{
    char line[TEXT_MAX + 128];
    int used =
        snprintf(line, sizeof(line), "%s", conf.status ? "\r\033[K" : "");

    conf.status = false;
    if (conf.format == LOG_JOURNAL)
        used += snprintf(line + used, sizeof(line) - (size_t)used, "<%d>%s\n",
                         level, text);
    else
        used += snprintf(line + used, sizeof(line) - (size_t)used,
                         "%.64s: %s\n", conf.prog, text);
    put(line, (size_t)used);
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "error";
    case LOG_LEVEL_WARNING:
        return "warning";
    case LOG_LEVEL_NOTICE:
        return "notice";
    case LOG_LEVEL_INFO:
        return "info";
    case LOG_LEVEL_DEBUG:
        break;
    }
    return "debug";
}

/* Without memory it is better to say it otherwise than not at all. */
static void put_json(enum log_level level, const char *text,
                     const char *members)
{
    struct buf line = BUF_INIT(LINE_MAX_BYTES);
    char time[PARSE_TIME_SIZE];

    parse_time_text(loop_wall(), time);
    if (buf_addf(&line, "{\"time\":\"%s\",\"level\":\"%s\",\"prog\":\"%s\",",
                 time, level_name(level), conf.prog) != 0 ||
        buf_addstr(&line, "\"message\":") != 0 ||
        text_json(&line, slice_str(text)) != 0 ||
        buf_addstr(&line, members) != 0 || buf_addstr(&line, "}\n") != 0)
        put_text(level, text);
    else
        put(line.p, line.n);
    buf_release(&line);
}

void log_line(enum log_level level, const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list ap;

    if (!log_prints(level))
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    text_clean(text);
    if (conf.format == LOG_JSON)
        put_json(level, text, "");
    else
        put_text(level, text);
}

void log_figures(enum log_level level, const char *text, const char *members)
{
    if (conf.format != LOG_JSON)
        log_line(level, "%s", text);
    else if (log_prints(level))
        put_json(level, "stats", members);
}

/* The columns of the terminal, at most ${most}; a line that fills the last
 * one would make it scroll. */
static int status_width(int most)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        size.ws_col = 80;
    return size.ws_col - 1 < most ? size.ws_col - 1 : most;
}

void log_status(const char *text)
{
    char line[512];

    if (text == NULL && !conf.status)
        return;
    if (conf.level < LOG_LEVEL_NOTICE)
        return;
    snprintf(line, sizeof(line), "\r%.*s\033[K", status_width(480),
             text == NULL ? "" : text);
    put(line, strlen(line));
    conf.status = text != NULL;
}
