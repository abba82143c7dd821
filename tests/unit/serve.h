/*
 * A HTTP server for tests: a thread that answers the requests it gets, on
 * any connection, by a script, and remembers what it saw.
 */
#ifndef SERVE_H
#define SERVE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

#define SERVE_CONNECTIONS 64
#define SERVE_LOG ((size_t)4 << 20)

enum serve_then {
    SERVE_KEEP,  /* answer, keep the connection */
    SERVE_CLOSE, /* answer, close it */
    SERVE_RESET, /* answer nothing, reset it */
    SERVE_HANG,  /* answer nothing, keep it */
    SERVE_HOLD   /* answer after serve_release */
};

/* The answer to one request; the last of a script is repeated. */
struct serve_step {
    int status;
    const char *headers; /* lines with CRLF, NULL: none */
    const char *body;    /* NULL: none */
    size_t n;            /* its length, 0: a string's */
    const char *raw;     /* instead of all these */
    enum serve_then then;
};

struct serve_connection {
    int fd; /* -1: free */
    char *in;
    size_t n;
    const struct serve_step *held;
};

struct serve {
    int fd;
    int port;
    int control[2];
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below */
    const struct serve_step *steps;
    size_t nsteps;
    struct serve_connection connections[SERVE_CONNECTIONS];
    int requests;
    int accepted;
    int open;
    int held;
    char *log; /* all requests, one behind the other, a string */
    size_t log_n;
};

static inline void serve_drop(struct serve *s, struct serve_connection *c)
{
    close(c->fd);
    free(c->in);
    c->fd = -1;
    c->in = NULL;
    c->n = 0;
    c->held = NULL;
    s->open--;
}

static inline void serve_write(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t w = send(fd, p, n, MSG_NOSIGNAL);

        if (w <= 0)
            return;
        p += w;
        n -= (size_t)w;
    }
}

static inline void serve_send(struct serve_connection *c,
                              const struct serve_step *step)
{
    size_t n = step->n > 0          ? step->n
               : step->body != NULL ? strlen(step->body)
                                    : 0;
    char head[1024];

    if (step->raw != NULL) {
        serve_write(c->fd, step->raw, strlen(step->raw));
        return;
    }
    snprintf(head, sizeof(head),
             "HTTP/1.1 %d Status\r\nContent-Length: %zu\r\n%s\r\n",
             step->status, n, step->headers != NULL ? step->headers : "");
    serve_write(c->fd, head, strlen(head));
    serve_write(c->fd, step->body, n);
}

static inline void serve_answer(struct serve *s, struct serve_connection *c,
                                const struct serve_step *step)
{
    struct linger hard = {1, 0};

    switch (step->then) {
    case SERVE_KEEP:
        serve_send(c, step);
        break;
    case SERVE_CLOSE:
        serve_send(c, step);
        serve_drop(s, c);
        break;
    case SERVE_RESET:
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
        serve_drop(s, c);
        break;
    case SERVE_HANG:
        break;
    case SERVE_HOLD:
        c->held = step;
        s->held++;
        break;
    }
}

/* The length of the whole request at the front of the input, 0 when it is
 * not all there. */
static inline size_t serve_request(const struct serve_connection *c)
{
    const char *end, *p;
    size_t body = 0;

    c->in[c->n] = '\0';
    end = strstr(c->in, "\r\n\r\n");
    if (end == NULL)
        return 0;
    for (p = c->in; p != NULL && p < end; p = strstr(p, "\r\n")) {
        p += p == c->in ? 0 : 2;
        if (strncasecmp(p, "Content-Length:", 15) == 0)
            body = (size_t)strtoul(p + 15, NULL, 10);
        p++;
    }
    body += (size_t)(end + 4 - c->in);
    return body <= c->n ? body : 0;
}

static inline void serve_note(struct serve *s, const char *p, size_t n)
{
    if (s->log_n + n >= SERVE_LOG)
        return;
    memcpy(s->log + s->log_n, p, n);
    s->log_n += n;
    s->log[s->log_n] = '\0';
}

static inline void serve_input(struct serve *s, struct serve_connection *c)
{
    ssize_t got = recv(c->fd, c->in + c->n, SERVE_LOG - c->n - 1, 0);
    size_t n;

    if (got <= 0) {
        serve_drop(s, c);
        return;
    }
    c->n += (size_t)got;
    n = serve_request(c);
    if (n == 0)
        return;
    serve_note(s, c->in, n);
    memmove(c->in, c->in + n, c->n - n);
    c->n -= n;
    n = (size_t)s->requests++;
    serve_answer(s, c, &s->steps[n < s->nsteps ? n : s->nsteps - 1]);
}

static inline void serve_accept(struct serve *s)
{
    int fd = accept(s->fd, NULL, NULL);

    for (int i = 0; fd >= 0 && i < SERVE_CONNECTIONS; i++) {
        if (s->connections[i].fd >= 0)
            continue;
        s->connections[i].fd = fd;
        s->connections[i].in = malloc(SERVE_LOG);
        s->connections[i].n = 0;
        s->accepted++;
        s->open++;
        return;
    }
    close(fd);
}

static inline void serve_let_go(struct serve *s)
{
    for (int i = 0; i < SERVE_CONNECTIONS; i++) {
        struct serve_connection *c = &s->connections[i];

        if (c->fd < 0 || c->held == NULL)
            continue;
        serve_send(c, c->held);
        c->held = NULL;
        s->held--;
    }
}

/* One turn of the loop; false when it is told to stop. */
static inline bool serve_turn(struct serve *s)
{
    struct pollfd fds[SERVE_CONNECTIONS + 2];
    char order = 0;

    for (int i = 0; i < SERVE_CONNECTIONS; i++) {
        fds[i].fd = s->connections[i].fd;
        fds[i].events = POLLIN;
    }
    fds[SERVE_CONNECTIONS].fd = s->fd;
    fds[SERVE_CONNECTIONS + 1].fd = s->control[0];
    fds[SERVE_CONNECTIONS].events = fds[SERVE_CONNECTIONS + 1].events = POLLIN;
    if (poll(fds, SERVE_CONNECTIONS + 2, -1) < 0)
        return true;
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < SERVE_CONNECTIONS; i++) {
        if (fds[i].fd >= 0 && fds[i].revents != 0)
            serve_input(s, &s->connections[i]);
    }
    if (fds[SERVE_CONNECTIONS].revents != 0)
        serve_accept(s);
    if (fds[SERVE_CONNECTIONS + 1].revents != 0 &&
        read(s->control[0], &order, 1) == 1 && order == 'r')
        serve_let_go(s);
    pthread_mutex_unlock(&s->lock);
    return order != 's';
}

static inline void *serve_main(void *arg)
{
    struct serve *s = arg;

    while (serve_turn(s))
        ;
    return NULL;
}

/* A socket bound to a free port of 127.0.0.1. */
static inline int serve_bind(int *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t n = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    NEED(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
         getsockname(fd, (struct sockaddr *)&a, &n) == 0);
    *port = ntohs(a.sin_port);
    return fd;
}

/* Begins to serve by ${nsteps} ${steps}, which are borrowed. */
static inline void serve_start(struct serve *s, const struct serve_step *steps,
                               size_t nsteps)
{
    memset(s, 0, sizeof(*s));
    s->steps = steps;
    s->nsteps = nsteps;
    s->log = calloc(1, SERVE_LOG);
    for (int i = 0; i < SERVE_CONNECTIONS; i++)
        s->connections[i].fd = -1;
    s->fd = serve_bind(&s->port);
    pthread_mutex_init(&s->lock, NULL);
    NEED(listen(s->fd, 64) == 0 && pipe(s->control) == 0 &&
         pthread_create(&s->thread, NULL, serve_main, s) == 0);
}

static inline void serve_order(struct serve *s, char order)
{
    NEED(write(s->control[1], &order, 1) == 1);
}

/* Answers all requests that are held. */
static inline void serve_release(struct serve *s)
{
    serve_order(s, 'r');
}

static inline int serve_held(struct serve *s)
{
    int held;

    pthread_mutex_lock(&s->lock);
    held = s->held;
    pthread_mutex_unlock(&s->lock);
    return held;
}

/* Ends the thread and all connections; the log and the counts stay. */
static inline void serve_stop(struct serve *s)
{
    serve_order(s, 's');
    pthread_join(s->thread, NULL);
    for (int i = 0; i < SERVE_CONNECTIONS; i++) {
        if (s->connections[i].fd >= 0)
            serve_drop(s, &s->connections[i]);
    }
    close(s->fd);
    close(s->control[0]);
    close(s->control[1]);
    pthread_mutex_destroy(&s->lock);
}

static inline void serve_free(struct serve *s)
{
    free(s->log);
}

#endif
