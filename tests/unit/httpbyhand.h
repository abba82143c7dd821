/*
 * The far side of a HTTP session, played by the test itself, in its own
 * thread: it says when which bytes come.
 */
#ifndef HTTPBYHAND_H
#define HTTPBYHAND_H

#include "got.h"

#define BYHAND_MAX 200
#define BYHAND_HEAD "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

struct byhand {
    struct http *http;
    int fd;
    int port;
    int peers[BYHAND_MAX]; /* in the order in which they connected */
    size_t npeers;
    char url[64];
};

static inline void byhand_start(struct byhand *b, struct http *http)
{
    memset(b, 0, sizeof(*b));
    b->http = NEEDED(http);
    b->fd = serve_bind(&b->port);
    NEED(listen(b->fd, BYHAND_MAX) == 0);
    snprintf(b->url, sizeof(b->url), "http://127.0.0.1:%d/", b->port);
}

static inline void byhand_stop(struct byhand *b)
{
    for (size_t i = 0; i < b->npeers; i++)
        close(b->peers[i]);
    close(b->fd);
}

static inline bool byhand_readable(int fd)
{
    struct pollfd p = {fd, POLLIN, 0};

    return poll(&p, 1, 0) == 1;
}

/* Reads a request's head and forgets it. */
static inline void byhand_request(struct byhand *b, size_t peer)
{
    int64_t end = loop_now() + PATIENCE_MS;
    char head[4096];
    size_t n = 0;

    while (n < sizeof(head) - 1 && loop_now() < end) {
        ssize_t got = 0;

        CHECK(http_wait(b->http, NULL, 0, 1, NULL) == 0);
        if (byhand_readable(b->peers[peer]))
            got = recv(b->peers[peer], head + n, sizeof(head) - 1 - n, 0);
        n += got > 0 ? (size_t)got : 0;
        head[n] = '\0';
        if (strstr(head, "\r\n\r\n") != NULL)
            return;
    }
    CHECK(false);
}

/* Waits for the next connection and its request; the peer's index. */
static inline size_t byhand_accept(struct byhand *b)
{
    int64_t end = loop_now() + PATIENCE_MS;

    while (!byhand_readable(b->fd) && loop_now() < end)
        CHECK(http_wait(b->http, NULL, 0, 1, NULL) == 0);
    NEED(byhand_readable(b->fd));
    b->peers[b->npeers] = accept(b->fd, NULL, NULL);
    NEED(b->peers[b->npeers] >= 0);
    byhand_request(b, b->npeers);
    return b->npeers++;
}

static inline void byhand_raw(struct byhand *b, size_t peer, const char *text)
{
    serve_write(b->peers[peer], text, strlen(text));
}

/* Sends one chunk of a body that BYHAND_HEAD began. */
static inline void byhand_chunk(struct byhand *b, size_t peer,
                                struct slice bytes)
{
    char length[32];

    snprintf(length, sizeof(length), "%zx\r\n", bytes.n);
    byhand_raw(b, peer, length);
    serve_write(b->peers[peer], bytes.p, bytes.n);
    byhand_raw(b, peer, "\r\n");
}

static inline void byhand_end(struct byhand *b, size_t peer)
{
    byhand_raw(b, peer, "0\r\n\r\n");
}

/* What a session got, besides its end. */
struct heard {
    struct got got; /* first: got_done takes it for one */
    int calls;
    char bytes[4096];
    size_t n;
};

static inline void heard_bytes(void *arg, struct slice bytes)
{
    struct heard *h = arg;

    h->calls++;
    if (bytes.n <= sizeof(h->bytes) - h->n)
        memcpy(h->bytes + h->n, bytes.p, bytes.n);
    h->n += bytes.n;
}

static inline void heard_done(void *arg, const struct http_reply *reply)
{
    got_done(&((struct heard *)arg)->got, reply);
}

static inline struct http_request *
heard_start(struct byhand *b, int64_t silence_ms, struct heard *h)
{
    struct http_spec spec = {.method = "GET",
                             .url = b->url,
                             .timeout_ms = silence_ms,
                             .max_reply = 100};
    struct err err = ERR_INIT;
    struct http_request *r =
        http_stream(b->http, &spec, heard_bytes, heard_done, h, &err);

    CHECK(r != NULL);
    CHECK_STR(err.text, "");
    return r;
}

/* Runs until ${h} has ${n} bytes. */
static inline void heard_run(struct byhand *b, const struct heard *h, size_t n)
{
    int64_t end = loop_now() + PATIENCE_MS;

    while (h->n < n && loop_now() < end)
        CHECK(http_wait(b->http, NULL, 0, 1000, NULL) == 0);
    CHECK_INT(h->n, n);
}

#endif
