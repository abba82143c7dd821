/*
 * A library to be preloaded, in which the N-th system call of certain kinds
 * fails, or falls short.  README.md says how it is asked to.
 *
 * It counts calls by name, in all threads, as they leave the program and its
 * libraries; what libc does within itself (stdio) does not pass here.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* GNU's, and what FORTIFY makes of calls: the build asks for neither here. */
#ifndef RTLD_NEXT
#define RTLD_NEXT ((void *)-1L)
#endif
ssize_t pwrite64(int fd, const void *p, size_t n, off_t at);
ssize_t pread64(int fd, void *p, size_t n, off_t at);
int ftruncate64(int fd, off_t n);
int open64(const char *path, int flags, ...);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
_Static_assert(sizeof(off_t) == 8, "these are the same as those without 64");

enum call {
    FAIL_WRITE,
    FAIL_WRITEV,
    FAIL_PWRITE,
    FAIL_PWRITE64,
    FAIL_FSYNC,
    FAIL_FDATASYNC,
    FAIL_FTRUNCATE,
    FAIL_FTRUNCATE64,
    FAIL_OPEN,
    FAIL_OPENAT,
    FAIL_CLOSE,
    FAIL_RENAME,
    FAIL_RENAMEAT,
    FAIL_UNLINK,
    FAIL_SOCKET,
    FAIL_PIPE,
    FAIL_CONNECT,
    FAIL_SEND,
    FAIL_SENDTO,
    FAIL_SENDMSG,
    FAIL_RECV,
    FAIL_READ,
    FAIL_PREAD64,
    FAIL_POLL,
    FAIL_CALLS
};

/* "open" stands for all of its spellings. */
static const char *const names[FAIL_CALLS] = {
    [FAIL_WRITE] = "write",         [FAIL_WRITEV] = "writev",
    [FAIL_PWRITE] = "pwrite",       [FAIL_PWRITE64] = "pwrite64",
    [FAIL_FSYNC] = "fsync",         [FAIL_FDATASYNC] = "fdatasync",
    [FAIL_FTRUNCATE] = "ftruncate", [FAIL_FTRUNCATE64] = "ftruncate64",
    [FAIL_OPEN] = "open",           [FAIL_OPENAT] = "openat",
    [FAIL_CLOSE] = "close",         [FAIL_RENAME] = "rename",
    [FAIL_RENAMEAT] = "renameat",   [FAIL_UNLINK] = "unlink",
    [FAIL_SOCKET] = "socket",       [FAIL_PIPE] = "pipe",
    [FAIL_CONNECT] = "connect",     [FAIL_SEND] = "send",
    [FAIL_SENDTO] = "sendto",       [FAIL_SENDMSG] = "sendmsg",
    [FAIL_RECV] = "recv",           [FAIL_READ] = "read",
    [FAIL_PREAD64] = "pread64",     [FAIL_POLL] = "poll",
};

static const struct error {
    const char *name;
    int number;
} errors[] = {
    {"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EINTR", EINTR},
    {"EAGAIN", EAGAIN}, {"EMFILE", EMFILE}, {"ENFILE", ENFILE},
    {"EPIPE", EPIPE},   {"EACCES", EACCES}, {"ENOBUFS", ENOBUFS},
    {"EROFS", EROFS},   {"EFBIG", EFBIG},   {"ECONNRESET", ECONNRESET},
};

enum verdict { PASSES, FAILS, FALLS_SHORT };

/* Set before main runs, then constant but for the counter. */
static struct {
    bool counted[FAIL_CALLS];
    unsigned long at;    /* 0: never */
    unsigned long times; /* so many in a row */
    int error;           /* 0: it falls short instead */
    bool falls_short;
    const char *part; /* of the file's name, or NULL for all */
    const char *file; /* for the count at the end, or NULL */
    _Atomic unsigned long count;
} fail;

/* A slip in a test must not pass. */
static void parse_names(const char *list)
{
    while (*list != '\0') {
        size_t n = strcspn(list, ",");
        int i = 0;

        while (i < FAIL_CALLS &&
               (strlen(names[i]) != n || strncmp(names[i], list, n) != 0))
            i++;
        if (i == FAIL_CALLS)
            abort();
        fail.counted[i] = true;
        list += n + (list[n] == ',');
    }
}

static void parse_with(const char *with)
{
    fail.falls_short = strcmp(with, "short") == 0;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (strcmp(with, errors[i].name) == 0)
            fail.error = errors[i].number;
    }
    if (!fail.falls_short && fail.error == 0)
        abort();
}

static unsigned long number(const char *name, unsigned long absent)
{
    const char *text = getenv(name);

    return text != NULL ? strtoul(text, NULL, 10) : absent;
}

__attribute__((constructor)) static void begin(void)
{
    const char *on = getenv("FAIL_ON");
    const char *with = getenv("FAIL_WITH");

    fail.at = number("FAIL_AT", 0);
    fail.times = number("FAIL_TIMES", 1);
    fail.part = getenv("FAIL_FILE");
    fail.file = getenv("FAIL_COUNT");
    if (on == NULL || (fail.at != 0) != (with != NULL))
        abort();
    parse_names(on);
    if (with != NULL)
        parse_with(with);
}

/* The function that would be called without us, as a pointer to pointer. */
static void next(const char *name, void *to)
{
    void *symbol = dlsym(RTLD_NEXT, name);

    memcpy(to, &symbol, sizeof(symbol));
}

__attribute__((destructor)) static void end(void)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "%lu\n", atomic_load(&fail.count));
    ssize_t (*put)(int, const void *, size_t);
    int (*make)(const char *, int, ...);
    int fd;

    if (fail.file == NULL)
        return;
    next("write", &put);
    next("open", &make);
    fd = make(fail.file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || put(fd, text, (size_t)n) != n)
        abort();
}

/* Whether a call is about a file that was asked for: a descriptor's, or one
 * of that path. */
static bool is_about(int fd, const char *path)
{
    char link[32], name[4096];
    ssize_t n;

    if (fail.part == NULL)
        return true;
    if (path != NULL)
        return strstr(path, fail.part) != NULL;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, name, sizeof(name) - 1);
    if (n < 0)
        return false;
    name[n] = '\0';
    return strstr(name, fail.part) != NULL;
}

/* Counts a call that is about to be made. */
static enum verdict judge(enum call call, int fd, const char *path)
{
    unsigned long n;

    if (!fail.counted[call] || !is_about(fd, path))
        return PASSES;
    n = atomic_fetch_add(&fail.count, 1) + 1;
    if (fail.at == 0 || n < fail.at || n - fail.at >= fail.times)
        return PASSES;
    if (fail.falls_short)
        return FALLS_SHORT;
    errno = fail.error;
    return FAILS;
}

/* A function of that name: the same, unless it is to fail. */
#define WRAP(type, call, name, parameters, arguments, fd, path, shorten)       \
    type name parameters                                                       \
    {                                                                          \
        static type(*_Atomic real) parameters;                                 \
        type(*made) parameters = atomic_load(&real);                           \
        enum verdict verdict;                                                  \
                                                                               \
        if (made == NULL) {                                                    \
            next(#name, &made);                                                \
            atomic_store(&real, made);                                         \
        }                                                                      \
        verdict = judge(call, fd, path);                                       \
        if (verdict == FALLS_SHORT)                                            \
            shorten;                                                           \
        return verdict == FAILS ? -1 : made arguments;                         \
    }
/* A test that asks for what there is not must not pass. */
#define PLAIN(type, call, name, parameters, arguments, fd, path)               \
    WRAP(type, call, name, parameters, arguments, fd, path, abort())
/* At least a byte goes. */
#define BYTES(call, name, parameters, arguments)                               \
    WRAP(ssize_t, call, name, parameters, arguments, fd, NULL, n -= n / 2)

BYTES(FAIL_WRITE, write, (int fd, const void *p, size_t n), (fd, p, n))
BYTES(FAIL_PWRITE, pwrite, (int fd, const void *p, size_t n, off_t at),
      (fd, p, n, at))
BYTES(FAIL_PWRITE64, pwrite64, (int fd, const void *p, size_t n, off_t at),
      (fd, p, n, at))
BYTES(FAIL_SEND, send, (int fd, const void *p, size_t n, int flags),
      (fd, p, n, flags))
BYTES(FAIL_SENDTO, sendto,
      (int fd, const void *p, size_t n, int flags, const struct sockaddr *to,
       socklen_t size),
      (fd, p, n, flags, to, size))
BYTES(FAIL_RECV, recv, (int fd, void *p, size_t n, int flags),
      (fd, p, n, flags))
BYTES(FAIL_READ, read, (int fd, void *p, size_t n), (fd, p, n))
BYTES(FAIL_PREAD64, pread64, (int fd, void *p, size_t n, off_t at),
      (fd, p, n, at))

PLAIN(int, FAIL_FSYNC, fsync, (int fd), (fd), fd, NULL)
PLAIN(int, FAIL_FDATASYNC, fdatasync, (int fd), (fd), fd, NULL)
PLAIN(int, FAIL_FTRUNCATE, ftruncate, (int fd, off_t n), (fd, n), fd, NULL)
PLAIN(int, FAIL_FTRUNCATE64, ftruncate64, (int fd, off_t n), (fd, n), fd, NULL)
PLAIN(ssize_t, FAIL_WRITEV, writev, (int fd, const struct iovec *v, int n),
      (fd, v, n), fd, NULL)
PLAIN(ssize_t, FAIL_SENDMSG, sendmsg,
      (int fd, const struct msghdr *message, int flags), (fd, message, flags),
      fd, NULL)
PLAIN(int, FAIL_RENAME, rename, (const char *from, const char *to), (from, to),
      -1, to)
PLAIN(int, FAIL_RENAMEAT, renameat,
      (int from_at, const char *from, int to_at, const char *to),
      (from_at, from, to_at, to), -1, to)
PLAIN(int, FAIL_UNLINK, unlink, (const char *path), (path), -1, path)
PLAIN(int, FAIL_SOCKET, socket, (int domain, int type, int protocol),
      (domain, type, protocol), -1, NULL)
PLAIN(int, FAIL_PIPE, pipe, (int fds[2]), (fds), -1, NULL)
PLAIN(int, FAIL_CONNECT, connect,
      (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size), fd,
      NULL)
PLAIN(int, FAIL_POLL, poll, (struct pollfd * fds, nfds_t n, int ms),
      (fds, n, ms), -1, NULL)
PLAIN(int, FAIL_OPEN, __open_2, (const char *path, int flags), (path, flags),
      -1, path)
PLAIN(int, FAIL_OPEN, __open64_2, (const char *path, int flags), (path, flags),
      -1, path)

/* The mode is there only with O_CREAT. */
static mode_t mode_of(int flags, va_list ap)
{
    return (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
}

#define WRAP_OPEN(call, name, parameters, arguments)                           \
    int name parameters                                                        \
    {                                                                          \
        int(*made) parameters;                                                 \
        mode_t mode;                                                           \
        va_list ap;                                                            \
                                                                               \
        va_start(ap, flags);                                                   \
        mode = mode_of(flags, ap);                                             \
        va_end(ap);                                                            \
        next(#name, &made);                                                    \
        return judge(call, -1, path) == FAILS ? -1 : made arguments;           \
    }

WRAP_OPEN(FAIL_OPEN, open, (const char *path, int flags, ...),
          (path, flags, mode))
WRAP_OPEN(FAIL_OPEN, open64, (const char *path, int flags, ...),
          (path, flags, mode))
WRAP_OPEN(FAIL_OPENAT, openat, (int at, const char *path, int flags, ...),
          (at, path, flags, mode))

/* What fails to close is closed. */
int close(int fd)
{
    enum verdict verdict = judge(FAIL_CLOSE, fd, NULL);
    int (*made)(int);
    int rc;

    next("close", &made);
    rc = made(fd);
    if (verdict != FAILS)
        return rc;
    errno = fail.error;
    return -1;
}
