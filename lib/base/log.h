/*
 * Lines on stderr: "prog: message" or a JSON object, one write each, control
 * characters scrubbed, no trailing stop.  Only cmd/ calls this.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

/* The numbers of syslog(3), which journald reads as <N>. */
enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_NOTICE = 5,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
};

enum log_format {
    LOG_TEXT,    /* prog: message */
    LOG_JOURNAL, /* <N>message, sd-daemon(3) */
    LOG_JSON     /* {"time":..,"level":..,"prog":..,"message":..} */
};

/*
 * log_open(prog, level, format): log as ${prog} (borrowed for ever); what is
 * less urgent than ${level} is not printed.  Call it before anything is
 * logged.
 */
void log_open(const char *prog, enum log_level level, enum log_format format);

/* log_prints(level): whether such a line would be printed. */
bool log_prints(enum log_level level);

/* log_line(level, fmt, ...): print one line, cut at 1 KiB. */
void log_line(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * log_figures(level, text, members): print a line of figures: ${text}, or as
 * JSON the message "stats" and ${members}, which begin with a comma.
 */
void log_figures(enum log_level level, const char *text, const char *members);

/* log_status(text): show ${text}, ASCII, as a line of the terminal that the
 * next line overwrites, cut to its width; NULL removes it.  Only for a stderr
 * that is a terminal. */
void log_status(const char *text);

#endif
