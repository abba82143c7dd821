/*
 * A wire that remembers: whatever clients send goes into a file, byte by byte,
 * and on to a server, whose answers go back.  Without a server it is a host
 * that only listens.  README.md says how.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/parse.h"
#include "peer.h"

#define WRITE_MS 10000
#define PIECE 65536

struct wire {
    struct peer peer;
    const char *keep; /* the file */
    const char *to;   /* the server's port; NULL: none */
    uint64_t port;
    int fd;
    pthread_mutex_t lock; /* one piece at a time in the file */
};

static const char usage[] =
    "usage: fakewire --keep FILE [--to PORT] [--log FILE] [--port N]\n"
    "                [--orphan]\n";

/* Writes it all, to a file or a socket that blocks.  0 or -1. */
static int put(int fd, struct slice s)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        s.p += n;
        s.n -= (size_t)n;
    }
    return 0;
}

/* What came from the client: into the file, then on.  0 or -1. */
static int pass_on(struct wire *wire, struct net_conn *conn, int up)
{
    struct slice bytes = {conn->in.p, conn->in.n};
    int rc;

    pthread_mutex_lock(&wire->lock);
    rc = put(wire->fd, bytes);
    pthread_mutex_unlock(&wire->lock);
    if (rc == 0 && up >= 0)
        rc = put(up, bytes);
    buf_reset(&conn->in);
    return rc;
}

/* The server's next piece goes to the client.  0, or -1 at its end. */
static int pass_back(struct net_conn *conn, int up)
{
    char piece[PIECE];
    ssize_t n = read(up, piece, sizeof(piece));

    if (n <= 0)
        return -1;
    return net_write(conn, (struct slice){piece, (size_t)n}, WRITE_MS);
}

static int connect_up(const struct wire *wire)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)wire->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0)
        return -1;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
        return fd;
    close(fd);
    return -1;
}

static void serve(void *arg, struct net_conn *conn)
{
    struct wire *wire = arg;
    int up = wire->to == NULL ? -1 : connect_up(wire);
    struct pollfd fds[] = {{.fd = conn->fd, .events = POLLIN},
                           {.fd = up, .events = POLLIN},
                           {.fd = conn->server->stop, .events = POLLIN}};

    journal_line(&wire->peer.journal, "connect conn=%u", conn->id);
    while (wire->to == NULL || up >= 0) {
        if (poll(fds, 3, -1) < 0 && errno != EINTR)
            break;
        if (fds[2].revents != 0)
            break;
        if (fds[0].revents != 0 &&
            (net_read(conn, 0) == NET_CLOSED || pass_on(wire, conn, up) != 0))
            break;
        if (fds[1].revents != 0 && pass_back(conn, up) != 0)
            break;
    }
    if (up >= 0)
        close(up);
}

int main(int argc, char **argv)
{
    struct wire wire = {.fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER};
    const struct peer_option options[] = {{"--keep", &wire.keep, NULL},
                                          {"--to", &wire.to, NULL}};
    struct err err = ERR_INIT;
    int status = 0;

    if (peer_parse(&wire.peer, argc, argv, options, 2, &err) != 0 ||
        wire.keep == NULL ||
        (wire.to != NULL &&
         parse_uint(wire.to, 1, UINT16_MAX, &wire.port, &err) != 0)) {
        fprintf(stderr, "fakewire: %s\n%s", err.text, usage);
        return ERR_USAGE;
    }
    wire.fd = open(wire.keep, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (wire.fd < 0)
        err_os(&err, ERR_CANTCREATE, errno, "%s", wire.keep);
    if (wire.fd < 0 || peer_serve(&wire.peer, serve, &wire, &err) != 0) {
        fprintf(stderr, "fakewire: %s\n", err.text);
        status = err.code != ERR_NONE ? (int)err.code : ERR_OS;
    }
    peer_close(&wire.peer);
    if (wire.fd >= 0)
        close(wire.fd);
    pthread_mutex_destroy(&wire.lock);
    return status;
}
