/*
 * The real server for tests: "s2 lite", in memory, on a free port.
 */
#ifndef LITE_H
#define LITE_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/loop.h"
#include "serve.h"

#define LITE_CACHED "/.cache/bsky2s2/s2-0.43.4/bin/s2"

struct lite {
    pid_t pid;
    char endpoint[64];
};

/* The binary that S2_LITE names, or the one in the cache, or NULL. */
static inline const char *lite_binary(void)
{
    static char path[512];
    const char *named = getenv("S2_LITE"), *home = getenv("HOME");

    if (named != NULL && *named != '\0')
        return named;
    snprintf(path, sizeof(path), "%s" LITE_CACHED, home != NULL ? home : "");
    return access(path, X_OK) == 0 ? path : NULL;
}

static inline bool lite_is_up(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool up;

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = htons((uint16_t)port);
    up = connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
    close(fd);
    return up;
}

/* Starts it and waits until it listens; false when it does not. */
static inline bool lite_start(struct lite *lite, const char *path)
{
    int64_t end = loop_now() + 20000;
    int port, fd = serve_bind(&port);
    char text[16];

    close(fd);
    snprintf(text, sizeof(text), "%d", port);
    snprintf(lite->endpoint, sizeof(lite->endpoint), "http://localhost:%d",
             port);
    lite->pid = fork();
    if (lite->pid == 0) {
        int null = open("/dev/null", O_RDWR);

        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execl(path, path, "lite", "--port", text, (char *)NULL);
        _exit(127);
    }
    while (!lite_is_up(port)) {
        if (loop_now() > end || waitpid(lite->pid, NULL, WNOHANG) != 0)
            return false;
        poll(NULL, 0, 20);
    }
    return true;
}

static inline void lite_stop(struct lite *lite)
{
    kill(lite->pid, SIGKILL);
    waitpid(lite->pid, NULL, 0);
}

#endif
