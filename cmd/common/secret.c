#include "common/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* S2 takes no longer token. */
#define SECRET_MAX ((size_t)1 << 20)

/* Volatile, so that wiping memory that is freed next is not optimised out. */
static void wipe(char *p, size_t n)
{
    volatile char *v = p;

    while (n-- > 0)
        *v++ = '\0';
}

char *secret_read(const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    char *text = malloc(SECRET_MAX + 1);
    size_t n = 0;
    ssize_t got = 0;

    if (fd < 0 || text == NULL) {
        err_os(err, fd < 0 ? ERR_CONFIG : ERR_OS, errno, "%.200s", path);
        free(text);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    do {
        got = read(fd, text + n, SECRET_MAX - n);
        n += got > 0 ? (size_t)got : 0;
    } while (got > 0 && n < SECRET_MAX);
    if (got < 0)
        err_os(err, ERR_CONFIG, errno, "%.200s", path);
    close(fd);
    text[n] = '\0';
    wipe(text + strcspn(text, "\r\n"), n - strcspn(text, "\r\n"));
    if (got >= 0 && text[0] != '\0')
        return text;
    err_set(err, ERR_CONFIG, "%.200s is empty", path);
    secret_free(text);
    return NULL;
}

char *secret_env(const char *name)
{
    char *value = getenv(name);
    char *copy;

    if (value == NULL || value[0] == '\0')
        return NULL;
    copy = strdup(value);
    wipe(value, strlen(value));
    return copy;
}

void secret_free(char *secret)
{
    if (secret == NULL)
        return;
    wipe(secret, strlen(secret));
    free(secret);
}
