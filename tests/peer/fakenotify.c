/*
 * The service manager's end of a notify socket: each line of a message is a
 * line of the log, and "--" comes behind the message.
 */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "peer.h"

static const char usage[] = "usage: fakenotify [--log FILE] PATH|@NAME\n";

/* A socket at a path, or in Linux's abstract space.  Its descriptor, or
 * -1. */
static int listen_at(const char *name, struct err *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    size_t n = name == NULL ? 0 : strlen(name);
    bool is_path = n > 0 && name[0] != '@';
    int fd;

    if (n < 2 || n >= sizeof(at.sun_path))
        return err_set(err, ERR_USAGE, "a path or @name is wanted");
    memcpy(at.sun_path, name, n);
    if (!is_path)
        at.sun_path[0] = '\0';
    n += offsetof(struct sockaddr_un, sun_path) + (is_path ? 1 : 0);
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&at, (socklen_t)n) == 0)
        return fd;
    err_set(err, ERR_OS, "cannot bind %.200s", name);
    if (fd >= 0)
        close(fd);
    return -1;
}

static void note(const struct journal *journal, char *message)
{
    char *end;

    for (char *line = message; line != NULL; line = end) {
        end = strchr(line, '\n');
        if (end != NULL)
            *end++ = '\0';
        journal_line(journal, "%s", line);
    }
    journal_line(journal, "--");
}

/* Until it is killed, or its parent has gone. */
static int serve(struct peer *peer, struct err *err)
{
    char message[4096];
    int fd;

    if (journal_open(&peer->journal, peer->log, err) != 0)
        return -1;
    fd = listen_at(peer->script, err);
    if (fd < 0)
        return -1;
    if (!peer->orphan)
        prctl(PR_SET_PDEATHSIG, SIGTERM);
    printf("port %s\n", peer->script);
    if (fflush(stdout) != 0)
        return err_set(err, ERR_IO, "cannot write to stdout");
    for (;;) {
        ssize_t n = recv(fd, message, sizeof(message) - 1, 0);

        if (n < 0)
            return err_set(err, ERR_OS, "cannot receive");
        message[n] = '\0';
        note(&peer->journal, message);
    }
}

int main(int argc, char **argv)
{
    struct peer peer;
    struct err err = ERR_INIT;

    if (peer_parse(&peer, argc, argv, NULL, 0, &err) != 0 ||
        serve(&peer, &err) != 0)
        fprintf(stderr, "fakenotify: %s\n%s", err.text,
                err.code == ERR_USAGE ? usage : "");
    peer_close(&peer);
    return (int)err.code;
}
