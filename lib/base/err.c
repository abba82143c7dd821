#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
    va_list ap;

    if (err == NULL || err->code != ERR_NONE)
        return -1;
    err->code = code;
    va_start(ap, fmt);
    vsnprintf(err->text, sizeof(err->text), fmt, ap);
    va_end(ap);
    return -1;
}

/* What could not be created for want of room was a write that failed, and for
 * want of descriptors the system: both may go well another time. */
static enum err_code code_of(enum err_code code, int errnum)
{
    if (code != ERR_CANTCREATE)
        return code;
    if (errnum == ENOSPC || errnum == EDQUOT)
        return ERR_IO;
    return errnum == EMFILE || errnum == ENFILE ? ERR_OS : code;
}

#define NO_MEMORY "out of memory"

int err_memory(struct err *err)
{
    return err_set(err, ERR_OS, NO_MEMORY);
}

/* There may be a prefix. */
bool err_is_memory(const struct err *err)
{
    size_t n = strlen(err->text);

    return err->code == ERR_OS && n >= sizeof(NO_MEMORY) - 1 &&
           strcmp(err->text + n - (sizeof(NO_MEMORY) - 1), NO_MEMORY) == 0;
}

int err_os(struct err *err, enum err_code code, int errnum, const char *fmt,
           ...)
{
    va_list ap;
    size_t n;

    if (errnum == ENOMEM)
        return err_memory(err);
    if (err == NULL || err->code != ERR_NONE)
        return -1;
    err->code = code_of(code, errnum);
    va_start(ap, fmt);
    vsnprintf(err->text, sizeof(err->text), fmt, ap);
    va_end(ap);
    n = strlen(err->text);
    snprintf(err->text + n, sizeof(err->text) - n, ": %s", strerror(errnum));
    return -1;
}

int err_prefix(struct err *err, const char *fmt, ...)
{
    struct err old;
    va_list ap;
    size_t n;

    if (err == NULL || err->code == ERR_NONE)
        return -1;
    old = *err;
    va_start(ap, fmt);
    vsnprintf(err->text, sizeof(err->text), fmt, ap);
    va_end(ap);
    n = strlen(err->text);
    snprintf(err->text + n, sizeof(err->text) - n, ": %s", old.text);
    return -1;
}

void err_clear(struct err *err)
{
    if (err == NULL)
        return;
    err->code = ERR_NONE;
    err->text[0] = '\0';
}
