/*
 * Errors: what went wrong, and the exit status that the program would end
 * with because of it.  A library function that fails returns -1 or NULL and
 * fills the caller's struct err; it never prints and never exits.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

/* The exit statuses of the manuals; sysexits(3) where that has one. */
enum err_code {
    ERR_NONE = 0,
    ERR_USAGE = 64,       /* the command line is wrong */
    ERR_DATA = 65,        /* bad data on an explicit input */
    ERR_NOINPUT = 66,     /* no such input */
    ERR_UNAVAILABLE = 69, /* unreachable past --retry-for */
    ERR_BUG = 70,         /* a broken invariant of our own */
    ERR_OS = 71,          /* memory, descriptors, threads */
    ERR_CANTCREATE = 73,  /* an output cannot be created */
    ERR_IO = 74,          /* a write failed */
    ERR_UNACKED = 75,     /* stopped with records unacked; run again */
    ERR_PROTOCOL = 76,    /* the far side talks nonsense */
    ERR_DENIED = 77,      /* token refused, not permitted, out of quota */
    ERR_CONFIG = 78,      /* configuration, an unknown basin */
    ERR_TAKEN = 79        /* another process holds the basin, or a state */
};

struct err {
    enum err_code code; /* ERR_NONE: no error */
    char text[512];     /* one line, no trailing stop, always terminated */
};

#define ERR_INIT                                                               \
    {                                                                          \
        ERR_NONE, ""                                                           \
    }

/*
 * err_set(err, code, fmt, ...): record an error, unless ${err} is NULL or
 * already holds one: the first error wins.  Returns -1, so that a failing
 * function can return it.
 */
int err_set(struct err *err, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * err_os(err, code, errnum, fmt, ...): err_set with ": " and the text of the
 * errno value ${errnum} behind the message.  ERR_CANTCREATE becomes ERR_IO for
 * a full disk, and ERR_OS for want of descriptors; ENOMEM is err_memory
 * whatever ${code} is.  Returns -1.
 */
int err_os(struct err *err, enum err_code code, int errnum, const char *fmt,
           ...) __attribute__((format(printf, 4, 5)));

/*
 * err_memory(err): err_set(err, ERR_OS, "out of memory").  Returns -1.
 */
int err_memory(struct err *err);

/* err_is_memory(err): whether ${err} holds what err_memory has said. */
bool err_is_memory(const struct err *err);

/*
 * err_prefix(err, fmt, ...): put context and ": " in front of the recorded
 * text; nothing happens when ${err} is NULL or holds no error.  Returns -1.
 */
int err_prefix(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * err_clear(err): forget the error, if any, so that ${err} can be used again.
 */
void err_clear(struct err *err);

#endif
