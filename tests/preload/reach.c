/*
 * A library to be preloaded, which notes with whom a process speaks: each
 * address that it connects or sends to, and each name that it looks up.
 * README.md says how it is asked to.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* GNU's, as in die.c. */
#ifndef RTLD_NEXT
#define RTLD_NEXT ((void *)-1L)
#endif
struct mmsghdr;
int sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags);

/* The function that would be called without us, as a pointer to pointer. */
static void next(const char *name, void *to)
{
    void *symbol = dlsym(RTLD_NEXT, name);

    memcpy(to, &symbol, sizeof(symbol));
}

/* One line, whole, so that threads and processes may share a file.  What
 * cannot be noted must not happen. */
static void note(const char *what, const char *whom, unsigned port)
{
    const char *file = getenv("REACH_LOG");
    char line[512];
    int n = port > 0 ? snprintf(line, sizeof(line), "%s %.300s %u\n", what,
                                whom, port)
                     : snprintf(line, sizeof(line), "%s %.300s\n", what, whom);
    int fd = file == NULL
                 ? -1
                 : open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, line, (size_t)n) != n)
        abort();
    close(fd);
}

static void note_address(const char *what, const struct sockaddr *to,
                         socklen_t size)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    char text[INET6_ADDRSTRLEN] = "";

    if (to == NULL || size < sizeof(to->sa_family))
        return;
    if (to->sa_family == AF_INET && size >= sizeof(in)) {
        memcpy(&in, to, sizeof(in));
        inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text));
        note(what, text, ntohs(in.sin_port));
    } else if (to->sa_family == AF_INET6 && size >= sizeof(in6)) {
        memcpy(&in6, to, sizeof(in6));
        inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof(text));
        note(what, text, ntohs(in6.sin6_port));
    } else if (to->sa_family == AF_UNIX) {
        note(what, "unix", 0);
    } else {
        snprintf(text, sizeof(text), "family-%d", to->sa_family);
        note(what, text, 0);
    }
}

int connect(int fd, const struct sockaddr *to, socklen_t size)
{
    int (*made)(int, const struct sockaddr *, socklen_t);

    next("connect", &made);
    note_address("connect", to, size);
    return made(fd, to, size);
}

ssize_t sendto(int fd, const void *p, size_t n, int flags,
               const struct sockaddr *to, socklen_t size)
{
    ssize_t (*made)(int, const void *, size_t, int, const struct sockaddr *,
                    socklen_t);

    next("sendto", &made);
    note_address("sendto", to, size);
    return made(fd, p, n, flags, to, size);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t (*made)(int, const struct msghdr *, int);

    next("sendmsg", &made);
    note_address("sendmsg", message->msg_name, message->msg_namelen);
    return made(fd, message, flags);
}

/* Only resolvers do that, whose names are noted below. */
int sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags)
{
    int (*made)(int, struct mmsghdr *, unsigned, int);

    next("sendmmsg", &made);
    note("sendmmsg", "somebody", 0);
    return made(fd, messages, n, flags);
}

int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **out)
{
    int (*made)(const char *, const char *, const struct addrinfo *,
                struct addrinfo **);

    next("getaddrinfo", &made);
    note("name", name != NULL ? name : "-", 0);
    return made(name, service, hints, out);
}
