#include "peer.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/parse.h"

/* Takes ${n} arguments behind argv[*i].  0 or -1. */
static int take(int argc, char **argv, int *i, const char **to, int n,
                struct err *err)
{
    if (argc - *i <= n)
        return err_set(err, ERR_USAGE, "%s wants %d argument(s)", argv[*i], n);
    for (int k = 0; k < n; k++)
        to[k] = argv[*i + 1 + k];
    *i += n;
    return 0;
}

static int parse_tls(struct peer *peer, int argc, char **argv, int *i,
                     struct err *err)
{
    const char *files[2] = {NULL, NULL};

    if (take(argc, argv, i, files, 2, err) != 0)
        return -1;
    peer->cert = files[0];
    peer->key = files[1];
    return 0;
}

/* One argument that begins with a dash. */
static int parse_option(struct peer *peer, int argc, char **argv, int *i,
                        const struct peer_option *options, size_t n,
                        struct err *err)
{
    const char *name = argv[*i];

    for (size_t k = 0; k < n; k++) {
        if (strcmp(name, options[k].name) != 0)
            continue;
        if (options[k].value != NULL)
            return take(argc, argv, i, options[k].value, 1, err);
        *options[k].flag = true;
        return 0;
    }
    if (strcmp(name, "--tls") == 0)
        return parse_tls(peer, argc, argv, i, err);
    if (strcmp(name, "--log") == 0)
        return take(argc, argv, i, &peer->log, 1, err);
    if (strcmp(name, "--port") == 0)
        return take(argc, argv, i, &peer->port, 1, err);
    if (strcmp(name, "--orphan") == 0) {
        peer->orphan = true;
        return 0;
    }
    return err_set(err, ERR_USAGE, "unknown option %s", name);
}

int peer_parse(struct peer *peer, int argc, char **argv,
               const struct peer_option *options, size_t n, struct err *err)
{
    *peer = (struct peer){.port = "0"};
    peer->server.fd = -1;
    peer->journal.fd = -1;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-') {
            if (parse_option(peer, argc, argv, &i, options, n, err) != 0)
                return -1;
        } else if (peer->script != NULL) {
            return err_set(err, ERR_USAGE, "one script at most");
        } else {
            peer->script = argv[i];
        }
    }
    return 0;
}

int peer_serve(struct peer *peer, net_handler *handler, void *arg,
               struct err *err)
{
    uint64_t port;

    if (parse_uint(peer->port, 0, UINT16_MAX, &port, err) != 0 ||
        journal_open(&peer->journal, peer->log, err) != 0 ||
        net_listen(&peer->server, (uint16_t)port, peer->cert, peer->key, err) !=
            0)
        return -1;
    /* A test that dies leaves no peer behind. */
    if (!peer->orphan)
        prctl(PR_SET_PDEATHSIG, SIGTERM);
    printf("port %u\n", peer->server.port);
    if (fflush(stdout) != 0)
        return err_set(err, ERR_IO, "cannot write to stdout");
    return net_serve(&peer->server, handler, arg, err);
}

void peer_close(struct peer *peer)
{
    net_release(&peer->server);
    journal_close(&peer->journal);
}

void peer_note(const struct peer *peer, const struct net_conn *conn,
               const struct httpd_request *req)
{
    static const char *const names[] = {"User-Agent",
                                        "Sec-WebSocket-Key",
                                        "Sec-WebSocket-Version",
                                        "Sec-WebSocket-Protocol",
                                        "Sec-WebSocket-Extensions",
                                        "s2-basin",
                                        "Content-Type",
                                        "Accept",
                                        "Accept-Encoding"};
    struct buf line = BUF_INIT(6000);

    buf_addf(&line, "request conn=%u %.*s %.*s", conn->id, (int)req->method.n,
             req->method.p, (int)req->target.n, req->target.p);
    /* The token itself has no business in a file. */
    buf_addf(&line, " | Authorization: %s",
             httpd_header(req, "Authorization").p ? "present" : "absent");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct slice value = httpd_header(req, names[i]);

        if (value.p != NULL)
            buf_addf(&line, " | %s: %.*s", names[i], (int)value.n, value.p);
    }
    journal_line(&peer->journal, "%.*s", (int)line.n, line.p);
    buf_release(&line);
}
