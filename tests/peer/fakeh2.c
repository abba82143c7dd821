/*
 * A gateway that speaks HTTP/2 over TLS to clients, or HTTP/1.1 where they
 * want that, and HTTP/1.1 to a server.  README.md says how.
 */
#include <errno.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>

#include "base/parse.h"
#include "h2gate.h"
#include "proxylink.h"

#define WRITE_MS 10000

static const char usage[] =
    "usage: fakeh2 --to PORT --tls CERT KEY [--log FILE] [--port N]\n"
    "              [--orphan] [SCRIPT]\n";

/* HTTP/2 for those who offer it. */
static int choose(SSL *ssl, const unsigned char **out, unsigned char *n,
                  const unsigned char *in, unsigned size, void *arg)
{
    static const unsigned char ours[] = "\2h2\10http/1.1";
    unsigned char *chosen;

    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&chosen, n, ours, sizeof(ours) - 1, in, size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static bool is_h2(const struct net_conn *conn)
{
    const unsigned char *name;
    unsigned n;

    SSL_get0_alpn_selected(conn->ssl, &name, &n);
    return n == 2 && memcmp(name, "h2", 2) == 0;
}

/* What came from ${from} goes to ${to}.  0, or -1 at the end of either. */
static int pass(struct net_conn *from, struct net_conn *to)
{
    enum net_result result = net_read(from, 0);

    if (result == NET_DATA &&
        net_write(to, buf_slice(&from->in), WRITE_MS) != 0)
        return -1;
    buf_reset(&from->in);
    return result == NET_CLOSED ? -1 : 0;
}

/* HTTP/1.1 goes through as it is. */
static void pass_all(const struct h2gate *gate, struct net_conn *conn)
{
    struct proxylink link;

    proxylink_init(&link, conn->server, gate->to);
    if (proxylink_open(&link) == 0) {
        struct pollfd fds[] = {{conn->fd, POLLIN, 0},
                               {link.conn.fd, POLLIN, 0},
                               {conn->server->stop, POLLIN, 0}};

        while (poll(fds, 3, -1) >= 0 || errno == EINTR) {
            if (fds[2].revents != 0 ||
                (fds[0].revents != 0 && pass(conn, &link.conn) != 0) ||
                (fds[1].revents != 0 && pass(&link.conn, conn) != 0))
                break;
        }
    }
    proxylink_close(&link);
}

static void serve(void *arg, struct net_conn *conn)
{
    struct h2gate *gate = arg;
    bool h2 = is_h2(conn);

    journal_line(&gate->peer.journal, "connect conn=%u %s", conn->id,
                 h2 ? "h2" : "http/1.1");
    if (h2)
        h2gate_serve(gate, conn);
    else
        pass_all(gate, conn);
}

/* As peer_serve, with a word about protocols. */
static int run(struct h2gate *gate, struct err *err)
{
    struct peer *peer = &gate->peer;
    uint64_t port;

    if (parse_uint(peer->port, 0, UINT16_MAX, &port, err) != 0 ||
        journal_open(&peer->journal, peer->log, err) != 0 ||
        net_listen(&peer->server, (uint16_t)port, peer->cert, peer->key, err) !=
            0)
        return -1;
    SSL_CTX_set_alpn_select_cb(peer->server.tls, choose, NULL);
    if (!peer->orphan)
        prctl(PR_SET_PDEATHSIG, SIGTERM);
    printf("port %u\n", peer->server.port);
    if (fflush(stdout) != 0)
        return err_set(err, ERR_IO, "cannot write to stdout");
    return net_serve(&peer->server, serve, gate, err);
}

int main(int argc, char **argv)
{
    struct h2gate gate = {.lock = PTHREAD_MUTEX_INITIALIZER};
    const char *to = "";
    const struct peer_option options[] = {{"--to", &to, NULL}};
    struct err err = ERR_INIT;
    uint64_t port = 0;
    int status = 0;

    if (peer_parse(&gate.peer, argc, argv, options, 1, &err) != 0 ||
        gate.peer.cert == NULL ||
        parse_uint(to, 1, UINT16_MAX, &port, &err) != 0) {
        fprintf(stderr, "fakeh2: %s\n%s", err.text, usage);
        return ERR_USAGE;
    }
    gate.to = (uint16_t)port;
    if (h2gate_load(&gate, gate.peer.script, &err) != 0 ||
        run(&gate, &err) != 0) {
        fprintf(stderr, "fakeh2: %s\n", err.text);
        status = err.code != ERR_NONE ? (int)err.code : ERR_OS;
    }
    h2gate_release(&gate);
    peer_close(&gate.peer);
    pthread_mutex_destroy(&gate.lock);
    return status;
}
