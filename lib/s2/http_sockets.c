#include "s2/http_sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/loop.h"

/* How many share one HTTP/2 connection: servers allow a hundred and more. */
#define SHARERS 90L

static short events_of(int what)
{
    int events = 0;

    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        events |= CURL_WAIT_POLLIN;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        events |= CURL_WAIT_POLLOUT;
    return (short)events;
}

static int make_room(struct curl_waitfd **at, size_t *cap, size_t n)
{
    size_t more = *cap > 0 ? *cap : 32;
    struct curl_waitfd *grown;

    if (n <= *cap)
        return 0;
    while (more < n)
        more *= 2;
    grown = realloc(*at, more * sizeof(*grown));
    if (grown == NULL)
        return -1;
    *at = grown;
    *cap = more;
    return 0;
}

/* libcurl says what it waits for on a socket. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
                     void *unused)
{
    struct http_sockets *s = arg;
    size_t i = 0;

    (void)easy;
    (void)unused;
    while (i < s->n && s->at[i].fd != fd)
        i++;
    if (what == CURL_POLL_REMOVE) {
        if (i < s->n) {
            s->n--;
            s->at[i] = s->at[s->n];
        }
        return 0;
    }
    if (i == s->n && make_room(&s->at, &s->cap, i + 1) != 0)
        return -1;
    if (i == s->n)
        s->n++;
    s->at[i].fd = fd;
    s->at[i].events = events_of(what);
    s->at[i].revents = 0;
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
    struct http_sockets *s = arg;

    (void)multi;
    s->timer_at = ms < 0 ? LOOP_NEVER : loop_now() + ms;
    return 0;
}

int http_sockets_init(struct http_sockets *s, struct err *err)
{
    int bad = 0;

    memset(s, 0, sizeof(*s));
    s->timer_at = LOOP_NEVER;
    s->multi = curl_multi_init();
    if (s->multi == NULL)
        return err_memory(err);
    bad |= curl_multi_setopt(s->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    bad |= curl_multi_setopt(s->multi, CURLMOPT_SOCKETDATA, (void *)s);
    bad |= curl_multi_setopt(s->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    bad |= curl_multi_setopt(s->multi, CURLMOPT_TIMERDATA, (void *)s);
    bad |=
        curl_multi_setopt(s->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, SHARERS);
    return bad == 0 ? 0 : err_memory(err);
}

void http_sockets_release(struct http_sockets *s)
{
    curl_multi_cleanup(s->multi);
    free(s->at);
    free(s->ready);
    memset(s, 0, sizeof(*s));
}

struct curl_waitfd *http_sockets_copy(struct http_sockets *s, size_t others,
                                      struct err *err)
{
    if (make_room(&s->ready, &s->ready_cap, others + s->n + 1) != 0) {
        err_memory(err);
        return NULL;
    }
    if (s->n > 0)
        memcpy(s->ready + others, s->at, s->n * sizeof(*s->at));
    return s->ready;
}

static int act(struct http_sockets *s, curl_socket_t fd, int what,
               struct err *err)
{
    int running;
    CURLMcode code = curl_multi_socket_action(s->multi, fd, what, &running);

    if (code != CURLM_OK)
        return err_set(err, ERR_OS, "libcurl: %s", curl_multi_strerror(code));
    return 0;
}

/*
 * A server that sends its headers alone, by Nagle's algorithm, sends the body
 * once they are acknowledged, and the kernel puts that off for 40 ms on a
 * connection that is used again.  This acknowledges what came.
 */
static void acknowledge(curl_socket_t fd)
{
#ifdef TCP_QUICKACK
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
#else
    (void)fd;
#endif
}

/* A socket that libcurl has forgotten meanwhile does no harm. */
int http_sockets_act(struct http_sockets *s, const struct curl_waitfd *ready,
                     size_t n, int64_t now, struct err *err)
{
    int acts = 0;

    for (size_t i = 0; i < n; i++) {
        int what = 0;

        if ((ready[i].revents & CURL_WAIT_POLLIN) != 0)
            what |= CURL_CSELECT_IN;
        if ((ready[i].revents & CURL_WAIT_POLLOUT) != 0)
            what |= CURL_CSELECT_OUT;
        if (what == 0)
            continue;
        acknowledge(ready[i].fd);
        if (act(s, ready[i].fd, what, err) != 0)
            return -1;
        acts++;
    }
    if (s->timer_at <= now) {
        s->timer_at = LOOP_NEVER;
        if (act(s, CURL_SOCKET_TIMEOUT, 0, err) != 0)
            return -1;
        acts++;
    }
    return acts;
}

static int port_of(curl_socket_t fd)
{
    struct sockaddr_in6 a; /* where an IPv4 address has its port, too */
    socklen_t n = sizeof(a);

    if (getsockname(fd, (struct sockaddr *)&a, &n) != 0)
        return -1;
    return ntohs(a.sin6_port);
}

/* libcurl 7.88 tells a transfer's socket only while nobody shares it, but its
 * port always. */
void http_sockets_shut(const struct http_sockets *s, CURL *easy)
{
    long port = 0;

    if (curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &port) != CURLE_OK ||
        port <= 0)
        return;
    for (size_t i = 0; i < s->n; i++) {
        if (port_of(s->at[i].fd) == port)
            shutdown(s->at[i].fd, SHUT_RDWR);
    }
}
