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
#include "basin/service.h"
#include "peercerts.h"
#include "serve.h"

#define LITE_CACHED "/.cache/bsky2s2/s2-0.43.4/bin/s2"

struct lite {
    const char *path; /* of the binary */
    pid_t pid;
    int port;
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

/* Without a server the tests are skipped: the program ends. */
static inline void lite_need(struct lite *lite)
{
    lite->path = lite_binary();
    if (lite->path == NULL) {
        printf(
            "ok 1 - a server # SKIP no S2 server: S2_LITE names none\n1..1\n");
        exit(0);
    }
    signal(SIGPIPE, SIG_IGN);
}

/* In the child. */
static inline void lite_exec(const struct lite *lite,
                             const struct peer_certs *certs)
{
    int null = open("/dev/null", O_RDWR);
    char port[16], key[160];

    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    snprintf(port, sizeof(port), "%d", lite->port);
    if (certs == NULL) {
        execl(lite->path, lite->path, "lite", "--port", port, (char *)NULL);
    } else {
        snprintf(key, sizeof(key), "%s/good.key", certs->dir);
        execl(lite->path, lite->path, "lite", "--port", port, "--tls-cert",
              certs->ca, "--tls-key", key, (char *)NULL);
    }
    _exit(127);
}

/* Starts it and waits until it listens; with ${certs}, over https.  The
 * program ends when it does not. */
static inline void lite_start(struct lite *lite, const struct peer_certs *certs)
{
    int64_t end = loop_now() + 20000;

    close(serve_bind(&lite->port));
    snprintf(lite->endpoint, sizeof(lite->endpoint), "http%s://localhost:%d",
             certs != NULL ? "s" : "", lite->port);
    lite->pid = fork();
    if (lite->pid == 0)
        lite_exec(lite, certs);
    while (!lite_is_up(lite->port)) {
        if (loop_now() > end || waitpid(lite->pid, NULL, WNOHANG) != 0) {
            printf("Bail out! %s does not start\n", lite->path);
            exit(1);
        }
        poll(NULL, 0, 20);
    }
}

/* The basin of that name, over ${http}.  The caller frees it. */
static inline struct basin *lite_basin(const struct lite *lite,
                                       struct http *http, const char *name)
{
    struct client_config config = {.http = http,
                                   .basin = name,
                                   .account_endpoint = lite->endpoint,
                                   .basin_endpoint = lite->endpoint,
                                   .token = "any"};

    return service_open(&config, NULL);
}

static inline void lite_stop(struct lite *lite)
{
    kill(lite->pid, SIGKILL);
    waitpid(lite->pid, NULL, 0);
}

#endif
