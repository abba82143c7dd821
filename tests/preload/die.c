/*
 * A library to be preloaded, which kills the process at its N-th system call
 * of certain kinds.  README.md says how it is asked to.
 *
 * It counts calls by name, in all threads, as they leave the program and its
 * libraries; what libc does within itself (stdio) does not pass here.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* GNU's, which the build does not ask for: with all of GNU the prototypes of
 * sockets are of no C that can be defined here. */
#ifndef RTLD_NEXT
#define RTLD_NEXT ((void *)-1L)
#endif
ssize_t pwrite64(int fd, const void *p, size_t n, off_t at);
ssize_t pread64(int fd, void *p, size_t n, off_t at);
int ftruncate64(int fd, off_t n);
_Static_assert(sizeof(off_t) == 8, "these are the same as those without 64");

enum call {
    DIE_WRITE,
    DIE_WRITEV,
    DIE_PWRITE,
    DIE_PWRITE64,
    DIE_FSYNC,
    DIE_FDATASYNC,
    DIE_FTRUNCATE,
    DIE_FTRUNCATE64,
    DIE_UNLINK,
    DIE_RENAME,
    DIE_MKDIR,
    DIE_SEND,
    DIE_SENDTO,
    DIE_SENDMSG,
    /* These are counted only when they are asked for. */
    DIE_CONNECT,
    DIE_RECV,
    DIE_RECVFROM,
    DIE_RECVMSG,
    DIE_READ,
    DIE_PREAD64,
    DIE_CALLS
};

#define DIE_DEFAULT DIE_CONNECT

static const char *const names[DIE_CALLS] = {
    [DIE_WRITE] = "write",         [DIE_WRITEV] = "writev",
    [DIE_PWRITE] = "pwrite",       [DIE_PWRITE64] = "pwrite64",
    [DIE_FSYNC] = "fsync",         [DIE_FDATASYNC] = "fdatasync",
    [DIE_FTRUNCATE] = "ftruncate", [DIE_FTRUNCATE64] = "ftruncate64",
    [DIE_UNLINK] = "unlink",       [DIE_RENAME] = "rename",
    [DIE_MKDIR] = "mkdir",         [DIE_SEND] = "send",
    [DIE_SENDTO] = "sendto",       [DIE_SENDMSG] = "sendmsg",
    [DIE_CONNECT] = "connect",     [DIE_RECV] = "recv",
    [DIE_RECVFROM] = "recvfrom",   [DIE_RECVMSG] = "recvmsg",
    [DIE_READ] = "read",           [DIE_PREAD64] = "pread64",
};

/* Set before main runs, then constant but for the counter. */
static struct {
    bool counted[DIE_CALLS];
    unsigned long at; /* 0: never */
    bool after;       /* the call is still made */
    const char *file; /* for the count at the end, or NULL */
    _Atomic unsigned long count;
} die;

/* The function that would be called without us, as a pointer to pointer. */
static void next(enum call call, void *to)
{
    void *symbol = dlsym(RTLD_NEXT, names[call]);

    memcpy(to, &symbol, sizeof(symbol));
}

static bool parse_names(const char *list)
{
    while (*list != '\0') {
        size_t n = strcspn(list, ",");
        int i = 0;

        while (i < DIE_CALLS &&
               (strlen(names[i]) != n || strncmp(names[i], list, n) != 0))
            i++;
        if (i == DIE_CALLS)
            return false;
        die.counted[i] = true;
        list += n + (list[n] == ',');
    }
    return true;
}

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("DIE_AT");
    const char *on = getenv("DIE_ON");
    const char *after = getenv("DIE_AFTER");

    die.at = at != NULL ? strtoul(at, NULL, 10) : 0;
    die.after = after != NULL && strcmp(after, "1") == 0;
    die.file = getenv("DIE_COUNT");
    for (int i = 0; on == NULL && i < DIE_DEFAULT; i++)
        die.counted[i] = true;
    /* A test with a slip in it must not pass. */
    if (on != NULL && !parse_names(on))
        abort();
}

__attribute__((destructor)) static void end(void)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "%lu\n", atomic_load(&die.count));
    ssize_t (*put)(int, const void *, size_t);
    int fd;

    if (die.file == NULL)
        return;
    next(DIE_WRITE, &put);
    fd = open(die.file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || put(fd, text, (size_t)n) != n)
        abort();
    close(fd);
}

static void end_now(void)
{
    kill(getpid(), SIGKILL);
}

/* Counts a call that is about to be made.  Whether to die when it is. */
static bool count(enum call call)
{
    if (!die.counted[call] || atomic_fetch_add(&die.count, 1) + 1 != die.at)
        return false;
    if (!die.after)
        end_now();
    return true;
}

/* A function of that name: the same, with a count before it. */
#define WRAP(type, call, name, parameters, arguments)                          \
    type name parameters                                                       \
    {                                                                          \
        static type(*_Atomic real) parameters;                                 \
        type(*made) parameters = atomic_load(&real);                           \
        bool last = count(call);                                               \
        type result;                                                           \
                                                                               \
        if (made == NULL) {                                                    \
            next(call, &made);                                                 \
            atomic_store(&real, made);                                         \
        }                                                                      \
        result = made arguments;                                               \
        if (last)                                                              \
            end_now();                                                         \
        return result;                                                         \
    }

WRAP(ssize_t, DIE_WRITE, write, (int fd, const void *p, size_t n), (fd, p, n))
WRAP(ssize_t, DIE_WRITEV, writev, (int fd, const struct iovec *v, int n),
     (fd, v, n))
WRAP(ssize_t, DIE_PWRITE, pwrite, (int fd, const void *p, size_t n, off_t at),
     (fd, p, n, at))
WRAP(ssize_t, DIE_PWRITE64, pwrite64,
     (int fd, const void *p, size_t n, off_t at), (fd, p, n, at))
WRAP(int, DIE_FSYNC, fsync, (int fd), (fd))
WRAP(int, DIE_FDATASYNC, fdatasync, (int fd), (fd))
WRAP(int, DIE_FTRUNCATE, ftruncate, (int fd, off_t n), (fd, n))
WRAP(int, DIE_FTRUNCATE64, ftruncate64, (int fd, off_t n), (fd, n))
WRAP(int, DIE_UNLINK, unlink, (const char *path), (path))
WRAP(int, DIE_RENAME, rename, (const char *from, const char *to), (from, to))
WRAP(int, DIE_MKDIR, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(ssize_t, DIE_SEND, send, (int fd, const void *p, size_t n, int flags),
     (fd, p, n, flags))
WRAP(ssize_t, DIE_SENDTO, sendto,
     (int fd, const void *p, size_t n, int flags, const struct sockaddr *to,
      socklen_t size),
     (fd, p, n, flags, to, size))
WRAP(ssize_t, DIE_SENDMSG, sendmsg,
     (int fd, const struct msghdr *message, int flags), (fd, message, flags))
WRAP(int, DIE_CONNECT, connect,
     (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))
WRAP(ssize_t, DIE_RECV, recv, (int fd, void *p, size_t n, int flags),
     (fd, p, n, flags))
WRAP(ssize_t, DIE_RECVFROM, recvfrom,
     (int fd, void *p, size_t n, int flags, struct sockaddr *from,
      socklen_t *size),
     (fd, p, n, flags, from, size))
WRAP(ssize_t, DIE_RECVMSG, recvmsg, (int fd, struct msghdr *message, int flags),
     (fd, message, flags))
WRAP(ssize_t, DIE_READ, read, (int fd, void *p, size_t n), (fd, p, n))
WRAP(ssize_t, DIE_PREAD64, pread64, (int fd, void *p, size_t n, off_t at),
     (fd, p, n, at))
