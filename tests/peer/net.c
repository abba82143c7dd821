#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "netlisten.h"
#include "netwait.h"

#define HANDSHAKE_MS 5000
#define FINISH_MS 1000
#define READ_SIZE ((size_t)65536)
#define IN_MAX ((size_t)64 << 20)

/* A connection and its thread. */
struct task {
    struct net_conn conn;
    net_handler *handler;
    void *arg;
    pthread_t thread;
    pthread_mutex_t *lock; /* guards done */
    bool done;
    struct task *next;
};

bool net_stopping(const struct net_server *server)
{
    return netwait(server, -1, 0, 0) == NET_CLOSED;
}

bool net_sleep(const struct net_server *server, int64_t ms)
{
    return netwait(server, -1, 0, netwait_deadline(ms)) != NET_CLOSED;
}

/* What to wait for after an SSL call that gave ${r}: -1 with ${want}, or 0
 * when there is nothing to wait for. */
static ssize_t tls_wants(struct net_conn *conn, int r, short *want)
{
    switch (SSL_get_error(conn->ssl, r)) {
    case SSL_ERROR_WANT_READ:
        *want = POLLIN;
        return -1;
    case SSL_ERROR_WANT_WRITE:
        *want = POLLOUT;
        return -1;
    default:
        return 0;
    }
}

/* Bytes moved; 0: the connection is over; -1: wait for ${want} first. */
static ssize_t receive(struct net_conn *conn, char *p, size_t n, short *want)
{
    ssize_t r;

    if (conn->ssl != NULL) {
        int got;

        ERR_clear_error();
        got = SSL_read(conn->ssl, p, (int)n);
        return got > 0 ? got : tls_wants(conn, got, want);
    }
    r = recv(conn->fd, p, n, 0);
    *want = POLLIN;
    if (r < 0)
        return errno == EAGAIN || errno == EINTR ? -1 : 0;
    return r;
}

static ssize_t transmit(struct net_conn *conn, struct slice bytes, short *want)
{
    ssize_t r;

    if (conn->ssl != NULL) {
        int put;

        ERR_clear_error();
        put = SSL_write(conn->ssl, bytes.p,
                        bytes.n > INT_MAX ? INT_MAX : (int)bytes.n);
        return put > 0 ? put : tls_wants(conn, put, want);
    }
    r = send(conn->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
    *want = POLLOUT;
    if (r < 0)
        return errno == EAGAIN || errno == EINTR ? -1 : 0;
    return r;
}

enum net_result net_read(struct net_conn *conn, int64_t ms)
{
    int64_t end = netwait_deadline(ms);

    while (!conn->closed) {
        char *to = buf_reserve(&conn->in, READ_SIZE);
        enum net_result result;
        short want = POLLIN;
        ssize_t n = to != NULL ? receive(conn, to, READ_SIZE, &want) : 0;

        if (n > 0) {
            conn->in.n += (size_t)n;
            return NET_DATA;
        }
        if (n == 0) {
            conn->closed = true;
            break;
        }
        result = netwait(conn->server, conn->fd, want, end);
        if (result != NET_DATA)
            return result;
    }
    return NET_CLOSED;
}

int net_write(struct net_conn *conn, struct slice bytes, int64_t ms)
{
    int64_t end = netwait_deadline(ms);

    while (bytes.n > 0 && !conn->closed) {
        short want = POLLOUT;
        ssize_t n = transmit(conn, bytes, &want);

        if (n > 0) {
            bytes.p += n;
            bytes.n -= (size_t)n;
        } else if (n == 0 ||
                   netwait(conn->server, conn->fd, want, end) != NET_DATA) {
            conn->closed = true;
        }
    }
    return conn->closed ? -1 : 0;
}

void net_discard(struct net_conn *conn, int64_t ms)
{
    int64_t end = netwait_deadline(ms);

    do
        buf_reset(&conn->in);
    while (net_read(conn, end - loop_now()) == NET_DATA);
}

void net_reset(struct net_conn *conn)
{
    struct linger hard = {.l_onoff = 1, .l_linger = 0};

    if (conn->fd < 0)
        return;
    setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    close(conn->fd);
    conn->fd = -1;
    conn->closed = true;
}

void net_cut(const struct net_conn *conn)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

    /* Connecting to nobody resets at once, and the descriptor stays with the
     * thread that is to close it. */
    if (connect(conn->fd, &nobody, sizeof(nobody)) != 0)
        shutdown(conn->fd, SHUT_RDWR);
}

void net_finish(struct net_conn *conn)
{
    if (conn->fd < 0)
        return;
    if (conn->ssl != NULL && !conn->closed)
        SSL_shutdown(conn->ssl);
    shutdown(conn->fd, SHUT_WR);
    /* A socket closed with unread bytes sends a reset instead of an end. */
    net_discard(conn, FINISH_MS);
    close(conn->fd);
    conn->fd = -1;
    conn->closed = true;
}

static int handshake(struct net_conn *conn)
{
    int64_t end = netwait_deadline(HANDSHAKE_MS);

    if (conn->server->tls == NULL)
        return 0;
    conn->ssl = SSL_new(conn->server->tls);
    if (conn->ssl == NULL || SSL_set_fd(conn->ssl, conn->fd) != 1)
        return -1;
    for (;;) {
        short want = POLLIN;
        int r = SSL_accept(conn->ssl);

        if (r == 1)
            return 0;
        if (tls_wants(conn, r, &want) == 0 ||
            netwait(conn->server, conn->fd, want, end) != NET_DATA)
            return -1;
    }
}

static void *run_task(void *arg)
{
    struct task *task = arg;

    if (handshake(&task->conn) == 0)
        task->handler(task->arg, &task->conn);
    net_finish(&task->conn);
    SSL_free(task->conn.ssl);
    buf_release(&task->conn.in);
    pthread_mutex_lock(task->lock);
    task->done = true;
    pthread_mutex_unlock(task->lock);
    return NULL;
}

/* Joins the threads that are done, or all of them. */
static void reap(struct task **list, pthread_mutex_t *lock, bool all)
{
    while (*list != NULL) {
        struct task *task = *list;
        bool done;

        pthread_mutex_lock(lock);
        done = task->done;
        pthread_mutex_unlock(lock);
        if (!done && !all) {
            list = &task->next;
            continue;
        }
        pthread_join(task->thread, NULL);
        *list = task->next;
        free(task);
    }
}

static struct task *start_task(const struct task *like)
{
    struct task *task = malloc(sizeof(*task));
    int on = 1;

    if (task == NULL)
        return NULL;
    *task = *like;
    fcntl(task->conn.fd, F_SETFD, FD_CLOEXEC);
    fcntl(task->conn.fd, F_SETFL, O_NONBLOCK);
    setsockopt(task->conn.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (pthread_create(&task->thread, NULL, run_task, task) != 0) {
        free(task);
        return NULL;
    }
    return task;
}

int net_serve(struct net_server *server, net_handler *handler, void *arg,
              struct err *err)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct task *tasks = NULL;
    struct task like = {.handler = handler, .arg = arg, .lock = &lock};

    like.conn.server = server;
    buf_init(&like.conn.in, IN_MAX);
    while (netlisten_await(server) == 0) {
        struct task *task;

        reap(&tasks, &lock, false);
        like.conn.fd = accept(server->fd, NULL, NULL);
        if (like.conn.fd < 0)
            continue;
        like.conn.id++;
        task = start_task(&like);
        if (task == NULL) {
            close(like.conn.fd);
            err_memory(err);
            break;
        }
        task->next = tasks;
        tasks = task;
    }
    reap(&tasks, &lock, true);
    return net_stopping(server) ? 0 : -1;
}
