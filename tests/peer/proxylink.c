#include "proxylink.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WRITE_MS 10000
#define IN_MAX ((size_t)64 << 20)
#define HEAD_MAX ((size_t)65536)

void proxylink_init(struct proxylink *link, const struct net_server *server,
                    uint16_t port)
{
    *link = (struct proxylink){.port = port};
    link->conn.server = server;
    link->conn.fd = -1;
    buf_init(&link->conn.in, IN_MAX);
}

void proxylink_close(struct proxylink *link)
{
    if (link->conn.fd >= 0)
        close(link->conn.fd);
    link->conn.fd = -1;
    link->conn.closed = false;
    buf_release(&link->conn.in);
}

/* On the loopback a connection stands at once, or not at all. */
int proxylink_open(struct proxylink *link)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(link->port)};
    int on = 1;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    link->conn.fd = socket(AF_INET, SOCK_STREAM, 0);
    if (link->conn.fd < 0)
        return -1;
    fcntl(link->conn.fd, F_SETFD, FD_CLOEXEC);
    if (connect(link->conn.fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
        proxylink_close(link);
        return -1;
    }
    fcntl(link->conn.fd, F_SETFL, O_NONBLOCK);
    setsockopt(link->conn.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return 0;
}

int proxylink_ask(struct proxylink *link, const struct httpd_request *req)
{
    /* A server may end a connection that was idle. */
    if (link->conn.fd >= 0 && net_read(&link->conn, 0) != NET_TIMEOUT)
        proxylink_close(link);
    if (link->conn.fd < 0 && proxylink_open(link) != 0)
        return -1;
    return net_write(&link->conn, buf_slice(&req->raw), WRITE_MS);
}

void proxyanswer_init(struct proxyanswer *answer,
                      const struct httpd_request *req)
{
    *answer =
        (struct proxyanswer){.bodyless = slice_eq(req->method, SLICE("HEAD"))};
    buf_init(&answer->bytes, IN_MAX);
}

void proxyanswer_release(struct proxyanswer *answer)
{
    buf_release(&answer->bytes);
}

/* The status in a head, or 0. */
static int find_status(struct slice head)
{
    static const char version[] = "HTTP/1.1 ";
    const size_t n = sizeof(version) - 1;
    int status = 0;

    if (head.n < n + 3 || memcmp(head.p, version, n) != 0)
        return 0;
    for (size_t i = n; i < n + 3; i++) {
        if (head.p[i] < '0' || head.p[i] > '9')
            return 0;
        status = status * 10 + (head.p[i] - '0');
    }
    return status;
}

/* Takes the head of ${answer} off what came: 1; 0 when it is not whole; -1
 * when it is none. */
static int take_head(struct proxylink *link, struct proxyanswer *answer)
{
    struct httpd_request view;
    int status;

    for (;;) {
        struct slice in = buf_slice(&link->conn.in);

        /* Header lines are looked up in an answer as in a request. */
        view = (struct httpd_request){.head = {in.p, httpd_head(in)}};
        status = find_status(view.head);
        if (view.head.n == 0)
            return in.n > HEAD_MAX ? -1 : 0;
        if (status < 100 || status == 101)
            return -1;
        if (status >= 200)
            break;
        /* Go on, says the server; we have said so ourselves. */
        buf_drop(&link->conn.in, view.head.n);
    }
    if (httpd_body(&view, HTTPBODY_OPEN, &answer->body) != 0 ||
        buf_add(&answer->bytes, view.head.p, view.head.n) != 0)
        return -1;
    if (answer->bodyless || status == 204 || status == 304)
        httpbody_begin(&answer->body, HTTPBODY_LENGTH, 0);
    answer->status = status;
    answer->head = view.head.n;
    answer->last = answer->body.kind == HTTPBODY_OPEN ||
                   httpd_header_has(&view, "Connection", "close");
    buf_drop(&link->conn.in, view.head.n);
    return 1;
}

/* Takes what is there of ${answer}: 1; 0 when that is nothing; or -1. */
static int take(struct proxylink *link, struct proxyanswer *answer)
{
    struct slice in = buf_slice(&link->conn.in);
    ssize_t n;

    if (answer->status == 0)
        return take_head(link, answer);
    n = httpbody_take(&answer->body, in, NULL);
    if (n < 0 || buf_add(&answer->bytes, in.p, (size_t)n) != 0)
        return -1;
    buf_drop(&link->conn.in, (size_t)n);
    return n > 0;
}

enum net_result proxylink_read(struct proxylink *link,
                               struct proxyanswer *answer, int64_t ms)
{
    int taken = take(link, answer);
    enum net_result result;

    if (taken != 0)
        return taken > 0 ? NET_DATA : NET_CLOSED;
    result = net_read(&link->conn, ms);
    if (result == NET_CLOSED && answer->status != 0 &&
        answer->body.kind == HTTPBODY_OPEN) {
        answer->body.done = true;
        return NET_DATA;
    }
    if (result != NET_DATA)
        return result;
    taken = take(link, answer);
    return taken > 0 ? NET_DATA : taken < 0 ? NET_CLOSED : NET_TIMEOUT;
}
