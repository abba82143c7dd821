/*
 * Lines on stderr: "prog: message", one write each, control characters
 * scrubbed, no trailing stop.  Only cmd/ calls this.
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

/*
 * log_open(prog, level, journal): lines begin with ${prog} (borrowed for
 * ever), or with <N> when ${journal} is set; what is less urgent than
 * ${level} is not printed.  Call it once, before anything is logged.
 */
void log_open(const char *prog, enum log_level level, bool journal);

/* log_prints(level): whether such a line would be printed. */
bool log_prints(enum log_level level);

/* log_line(level, fmt, ...): print one line, cut at 1 KiB. */
void log_line(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* log_status(text): show ${text} as a line of the terminal that the next
 * line overwrites; NULL removes it.  Only for a stderr that is a terminal. */
void log_status(const char *text);

#endif
