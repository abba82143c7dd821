/*
 * A websocket server for tests: a thread that takes one connection after the
 * other, plain or TLS, and runs a script on each.  It knows nothing of the
 * client's library.
 *
 * Scripts see a connection that ends as a failed read or write, and return;
 * peer_stop cuts whatever they are waiting for.
 */
#ifndef WSPEER_H
#define WSPEER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "base/buf.h"

struct peer;

/* One connection as its script sees it. */
struct peer_conn {
    struct peer *peer;
    int fd;
    SSL *ssl;         /* NULL: plain */
    unsigned number;  /* 0 for the first connection */
    char head[20000]; /* the request, after peer_request */
};

typedef void peer_script(struct peer_conn *conn, void *arg);

struct peer {
    int listener;
    uint16_t port;
    SSL_CTX *tls; /* NULL: plain; borrowed */
    peer_script *script;
    void *arg;
    pthread_t thread;
    pthread_mutex_t lock; /* over what follows */
    int fd;               /* of the running script, -1: none */
    bool stopping;
    unsigned connections; /* taken so far */
    char head[20000];     /* the last request */
};

/* ---- what scripts use ---- */

static inline ssize_t peer_read(struct peer_conn *conn, void *p, size_t n)
{
    if (conn->ssl != NULL)
        return SSL_read(conn->ssl, p, (int)n);
    return recv(conn->fd, p, n, 0);
}

/* Writes all; false when the client is gone. */
static inline bool peer_write(struct peer_conn *conn, const void *p, size_t n)
{
    const char *from = p;

    while (n > 0) {
        ssize_t done = conn->ssl != NULL
                           ? SSL_write(conn->ssl, from, (int)n)
                           : send(conn->fd, from, n, MSG_NOSIGNAL);

        if (done <= 0)
            return false;
        from += done;
        n -= (size_t)done;
    }
    return true;
}

static inline bool peer_print(struct peer_conn *conn, const char *text)
{
    return peer_write(conn, text, strlen(text));
}

/* Reads the request into conn->head, and lets the test see it. */
static inline bool peer_request(struct peer_conn *conn)
{
    size_t n = 0;

    while (n + 1 < sizeof(conn->head)) {
        ssize_t got = peer_read(conn, conn->head + n, 1);

        if (got <= 0)
            return false;
        n++;
        conn->head[n] = '\0';
        if (n >= 4 && memcmp(conn->head + n - 4, "\r\n\r\n", 4) == 0)
            break;
    }
    pthread_mutex_lock(&conn->peer->lock);
    memcpy(conn->peer->head, conn->head, sizeof(conn->head));
    pthread_mutex_unlock(&conn->peer->lock);
    return true;
}

/* The value of a header of the request, "" without it. */
static inline void peer_header(const char *head, const char *name, char *out,
                               size_t size)
{
    const char *at = strstr(head, name);
    size_t n = 0;

    out[0] = '\0';
    if (at == NULL)
        return;
    at += strlen(name);
    while (at[n] != '\r' && at[n] != '\0' && n + 1 < size)
        n++;
    memcpy(out, at, n);
    out[n] = '\0';
}

/* RFC 6455, section 4.2.2 */
static inline void peer_accept_key(const char *key, char out[32])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char text[160];
    unsigned n = 0;
    int length = snprintf(text, sizeof(text), "%s%s", key,
                          "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");

    EVP_Digest(text, (size_t)length, digest, &n, EVP_sha1(), NULL);
    EVP_EncodeBlock((unsigned char *)out, digest, (int)n);
}

/* Takes the request and agrees; ${extra}: further header lines. */
static inline bool peer_upgrade_with(struct peer_conn *conn, const char *extra)
{
    char key[80], accept_key[32], reply[512];

    if (!peer_request(conn))
        return false;
    peer_header(conn->head, "Sec-WebSocket-Key: ", key, sizeof(key));
    peer_accept_key(key, accept_key);
    snprintf(reply, sizeof(reply),
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
             "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s\r\n",
             accept_key, extra);
    return peer_print(conn, reply);
}

static inline bool peer_upgrade(struct peer_conn *conn)
{
    return peer_upgrade_with(conn, "");
}

/* Takes the request and answers it with a status and a body. */
static inline void peer_refuse(struct peer_conn *conn, const char *status,
                               const char *headers, const char *body)
{
    char reply[1024];

    if (!peer_request(conn))
        return;
    snprintf(reply, sizeof(reply),
             "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", status, headers,
             strlen(body), body);
    peer_print(conn, reply);
}

#define PEER_TEXT 1
#define PEER_BINARY 2
#define PEER_CLOSE 8
#define PEER_PING 9
#define PEER_PONG 10
#define PEER_FIN 0x80

/* A frame's header; returns its length. */
static inline size_t peer_frame_head(unsigned char out[10], int opcode,
                                     size_t n)
{
    size_t size = n < 126 ? 0 : n < 65536 ? 2 : 8;

    out[0] = (unsigned char)opcode;
    out[1] = (unsigned char)(n < 126 ? n : n < 65536 ? 126 : 127);
    for (size_t i = 0; i < size; i++)
        out[2 + i] = (unsigned char)((uint64_t)n >> 8 * (size - 1 - i));
    return 2 + size;
}

static inline bool peer_frame(struct peer_conn *conn, int opcode, const void *p,
                              size_t n)
{
    unsigned char head[10];

    return peer_write(conn, head, peer_frame_head(head, opcode, n)) &&
           peer_write(conn, p, n);
}

static inline bool peer_text(struct peer_conn *conn, const char *text)
{
    return peer_frame(conn, PEER_FIN | PEER_TEXT, text, strlen(text));
}

/*
 * Reads one frame of the client into ${out} (at least 126 bytes), unmasked,
 * and returns its opcode, or -1 at the end.
 */
static inline int peer_next(struct peer_conn *conn, char *out, size_t *n)
{
    unsigned char head[6];

    for (size_t i = 0; i < sizeof(head); i++) {
        if (peer_read(conn, head + i, 1) <= 0)
            return -1;
    }
    *n = head[1] & 0x7F;
    if (*n > 125)
        return -1;
    for (size_t i = 0; i < *n; i++) {
        if (peer_read(conn, out + i, 1) <= 0)
            return -1;
        out[i] = (char)((unsigned char)out[i] ^ head[2 + i % 4]);
    }
    return head[0] & 0x0F;
}

/* Says nothing more until the client goes; its frames are thrown away. */
static inline void peer_linger(struct peer_conn *conn)
{
    char sink[512];

    while (peer_read(conn, sink, sizeof(sink)) > 0)
        continue;
}

/* The end will be a reset instead of a FIN. */
static inline void peer_will_reset(struct peer_conn *conn)
{
    struct linger hard = {1, 0};

    setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

/* ---- the server ---- */

static inline void peer_serve(struct peer *peer, int fd, unsigned number)
{
    struct peer_conn *conn = calloc(1, sizeof(*conn));
    int one = 1;

    conn->peer = peer;
    conn->fd = fd;
    conn->number = number;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (peer->tls != NULL) {
        conn->ssl = SSL_new(peer->tls);
        SSL_set_fd(conn->ssl, fd);
    }
    if (conn->ssl == NULL || SSL_accept(conn->ssl) == 1)
        peer->script(conn, peer->arg);
    SSL_free(conn->ssl);
    free(conn);
}

static inline void *peer_run(void *arg)
{
    struct peer *peer = arg;
    bool more = true;

    while (more) {
        int fd = accept(peer->listener, NULL, NULL);
        unsigned number;

        pthread_mutex_lock(&peer->lock);
        more = !peer->stopping && fd >= 0;
        peer->fd = fd;
        number = peer->connections;
        peer->connections += more;
        pthread_mutex_unlock(&peer->lock);
        if (more)
            peer_serve(peer, fd, number);
        pthread_mutex_lock(&peer->lock);
        if (fd >= 0)
            close(fd);
        peer->fd = -1;
        pthread_mutex_unlock(&peer->lock);
    }
    return NULL;
}

/* Listens on a free port of the loopback, and serves. */
static inline bool peer_start(struct peer *peer, SSL_CTX *tls,
                              peer_script *script, void *arg)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    socklen_t n = sizeof(addr);

    memset(peer, 0, sizeof(*peer));
    signal(SIGPIPE, SIG_IGN);
    peer->tls = tls;
    peer->script = script;
    peer->arg = arg;
    peer->fd = -1;
    pthread_mutex_init(&peer->lock, NULL);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(peer->listener, (struct sockaddr *)&addr, sizeof(addr)) != 0 ||
        listen(peer->listener, 16) != 0 ||
        getsockname(peer->listener, (struct sockaddr *)&addr, &n) != 0)
        return false;
    peer->port = ntohs(addr.sin_port);
    return pthread_create(&peer->thread, NULL, peer_run, peer) == 0;
}

static inline void peer_stop(struct peer *peer)
{
    pthread_mutex_lock(&peer->lock);
    peer->stopping = true;
    if (peer->fd >= 0)
        shutdown(peer->fd, SHUT_RDWR);
    pthread_mutex_unlock(&peer->lock);
    shutdown(peer->listener, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    close(peer->listener);
    pthread_mutex_destroy(&peer->lock);
}

static inline unsigned peer_connections(struct peer *peer)
{
    unsigned n;

    pthread_mutex_lock(&peer->lock);
    n = peer->connections;
    pthread_mutex_unlock(&peer->lock);
    return n;
}

/* Whether the last request holds ${text}. */
static inline bool peer_saw(struct peer *peer, const char *text)
{
    bool saw;

    pthread_mutex_lock(&peer->lock);
    saw = strstr(peer->head, text) != NULL;
    pthread_mutex_unlock(&peer->lock);
    return saw;
}

#endif
