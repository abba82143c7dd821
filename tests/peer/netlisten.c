#include "netlisten.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "netwait.h"

#define BACKLOG 128

static int load_tls(struct net_server *server, const char *cert,
                    const char *key, struct err *err)
{
    server->tls = SSL_CTX_new(TLS_server_method());
    if (server->tls == NULL)
        return err_memory(err);
    SSL_CTX_set_mode(server->tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (SSL_CTX_use_certificate_chain_file(server->tls, cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(server->tls, key, SSL_FILETYPE_PEM) != 1)
        return err_set(err, ERR_CONFIG, "%s, %s: no certificate and its key",
                       cert, key);
    return 0;
}

/* A socket with ${port}, 0 for any.  -1 with errno on failure. */
static int bind_socket(uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;

    if (fd < 0)
        return -1;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
        return fd;
    on = errno;
    close(fd);
    errno = on;
    return -1;
}

static int find_port(int fd, uint16_t *port)
{
    struct sockaddr_in at;
    socklen_t size = sizeof(at);

    if (getsockname(fd, (struct sockaddr *)&at, &size) != 0)
        return -1;
    *port = ntohs(at.sin_port);
    return 0;
}

static int begin(struct net_server *server)
{
    if (!server->listening && listen(server->fd, BACKLOG) != 0)
        return -1;
    server->listening = true;
    return 0;
}

/* A socket keeps its port while it does not listen (net_refuse) only when the
 * port was named: a free one is found by a first socket. */
static int open_socket(struct net_server *server, uint16_t port)
{
    int first = port == 0 ? bind_socket(0) : -1;
    int result = -1;

    if (port != 0 || (first >= 0 && find_port(first, &port) == 0)) {
        server->fd = bind_socket(port);
        server->port = port;
        if (server->fd >= 0)
            result = begin(server);
    }
    if (first >= 0)
        close(first);
    return result;
}

int net_listen(struct net_server *server, uint16_t port, const char *cert,
               const char *key, struct err *err)
{
    *server = (struct net_server){
        .fd = -1, .stop = -1, .lock = PTHREAD_MUTEX_INITIALIZER};
    server->stop = loop_signals_open(err);
    if (server->stop < 0)
        return -1;
    if (cert != NULL && load_tls(server, cert, key, err) != 0)
        goto close_all;
    if (open_socket(server, port) != 0) {
        err_os(err, ERR_OS, errno, "cannot listen on port %u", port);
        goto close_all;
    }
    return 0;

close_all:
    net_release(server);
    return -1;
}

void net_release(struct net_server *server)
{
    if (server->fd >= 0)
        close(server->fd);
    server->fd = -1;
    SSL_CTX_free(server->tls);
    server->tls = NULL;
}

void net_refuse(struct net_server *server, int64_t ms)
{
    pthread_mutex_lock(&server->lock);
    server->refuse = netwait_deadline(ms);
    /* Only a listening socket can listen again after that, and not shut what
     * it accepts then. */
    if (server->listening)
        shutdown(server->fd, SHUT_RD);
    server->listening = false;
    pthread_mutex_unlock(&server->lock);
}

/* Listens, unless nobody may connect yet: then *until is the moment from
 * which on one may.  1 when it listens, 0, or -1. */
static int try_begin(struct net_server *server, int64_t *until)
{
    int result = 0;

    pthread_mutex_lock(&server->lock);
    *until = server->refuse;
    if (loop_now() >= server->refuse)
        result = begin(server) == 0 ? 1 : -1;
    pthread_mutex_unlock(&server->lock);
    return result;
}

int netlisten_await(struct net_server *server)
{
    int64_t until;
    int result;

    /* It ends, too, when somebody ended the listening. */
    if (netwait(server, server->fd, POLLIN, INT64_MAX) != NET_DATA)
        return -1;
    for (;;) {
        result = try_begin(server, &until);
        if (result != 0)
            return result > 0 ? 0 : -1;
        if (netwait(server, -1, 0, until) == NET_CLOSED)
            return -1;
    }
}
