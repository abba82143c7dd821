#include "s2/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "s2/http_easy.h"
#include "s2/trust.h"

#define CONNECT_MS 5000

/* Doubly linked, so that any request can leave at any time. */
struct queue {
    struct http_request *first;
    struct http_request *last;
};

/* Requests wait in a queue of our own and not in libcurl's, where their time
 * for connecting would run while they wait. */
struct http {
    CURLM *multi;
    struct http_easy_config config;
    char *user_agent;
    struct buf cacert; /* empty: the system's certificates only */
    int max_running;
    int nrunning;
    struct queue waiting;
    struct queue running; /* those that the multi handle has */
};

struct http_request {
    struct http *http;
    struct http_request *prev;
    struct http_request *next;
    bool running; /* the queue that it is in */
    struct http_easy easy;
    http_done *done;
    void *arg;
};

static void queue_add(struct queue *q, struct http_request *r)
{
    r->prev = q->last;
    r->next = NULL;
    if (q->last != NULL)
        q->last->next = r;
    else
        q->first = r;
    q->last = r;
}

static void queue_remove(struct queue *q, struct http_request *r)
{
    if (r->prev != NULL)
        r->prev->next = r->next;
    else
        q->first = r->next;
    if (r->next != NULL)
        r->next->prev = r->prev;
    else
        q->last = r->prev;
}

static int setup(struct http *http, const struct http_config *config,
                 struct err *err)
{
    const char *system = curl_version_info(CURLVERSION_NOW)->cainfo;

    buf_init(&http->cacert, TRUST_MAX);
    http->max_running = config->max_connections;
    http->multi = curl_multi_init();
    http->user_agent = strdup(config->user_agent);
    if (http->multi == NULL || http->user_agent == NULL)
        return err_memory(err);
    if (config->cacert != NULL &&
        trust_read(config->cacert, system, &http->cacert, err) != 0)
        return -1;
    http->config.user_agent = http->user_agent;
    http->config.cacert = buf_slice(&http->cacert);
    http->config.connect_ms =
        config->connect_ms > 0 ? (long)config->connect_ms : CONNECT_MS;
    if (curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                          (long)http->max_running) != CURLM_OK)
        return err_memory(err);
    return 0;
}

const char *http_library(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}

struct http *http_new(const struct http_config *config, struct err *err)
{
    struct http *http;

    if (config->max_connections < 1) {
        err_set(err, ERR_BUG, "a limit of %d connections",
                config->max_connections);
        return NULL;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        err_set(err, ERR_OS, "libcurl does not start");
        return NULL;
    }
    http = calloc(1, sizeof(*http));
    if (http == NULL) {
        curl_global_cleanup();
        err_memory(err);
        return NULL;
    }
    if (setup(http, config, err) != 0) {
        http_free(http);
        return NULL;
    }
    return http;
}

void http_free(struct http *http)
{
    if (http == NULL)
        return;
    while (http->running.first != NULL)
        http_cancel(http->running.first);
    while (http->waiting.first != NULL)
        http_cancel(http->waiting.first);
    curl_multi_cleanup(http->multi);
    free(http->user_agent);
    buf_release(&http->cacert);
    free(http);
    curl_global_cleanup();
}

struct http_request *http_start(struct http *http, const struct http_spec *spec,
                                http_done *done, void *arg, struct err *err)
{
    struct http_request *r = calloc(1, sizeof(*r));

    if (r == NULL) {
        err_memory(err);
        return NULL;
    }
    if (http_easy_init(&r->easy, &http->config, spec, err) != 0) {
        free(r);
        return NULL;
    }
    r->http = http;
    r->done = done;
    r->arg = arg;
    curl_easy_setopt(r->easy.curl, CURLOPT_PRIVATE, (void *)r);
    queue_add(&http->waiting, r);
    return r;
}

/* Takes the request out of its queue, and from libcurl. */
static void detach(struct http_request *r)
{
    if (r->running) {
        queue_remove(&r->http->running, r);
        r->http->nrunning--;
        curl_multi_remove_handle(r->http->multi, r->easy.curl);
    } else {
        queue_remove(&r->http->waiting, r);
    }
}

static void destroy(struct http_request *r)
{
    http_easy_release(&r->easy);
    free(r);
}

void http_cancel(struct http_request *request)
{
    if (request == NULL)
        return;
    detach(request);
    destroy(request);
}

/* Lets waiting requests run as long as there is room. */
static int run_waiting(struct http *http, struct err *err)
{
    while (http->waiting.first != NULL && http->nrunning < http->max_running) {
        struct http_request *r = http->waiting.first;

        if (curl_multi_add_handle(http->multi, r->easy.curl) != CURLM_OK)
            return err_memory(err);
        queue_remove(&http->waiting, r);
        queue_add(&http->running, r);
        r->running = true;
        http->nrunning++;
    }
    return 0;
}

/* The request leaves its queue before the callback, so that whatever the
 * callback starts or cancels finds a sound state; its memory holds the body,
 * so it goes last. */
static void finish(struct http_request *r, CURLcode code)
{
    struct http_reply reply;

    http_easy_reply(&r->easy, code, &reply);
    detach(r);
    r->done(r->arg, &reply);
    destroy(r);
}

static void finish_all(struct http *http)
{
    for (;;) {
        int left;
        CURLMsg *message = curl_multi_info_read(http->multi, &left);
        char *request = NULL;

        if (message == NULL)
            return;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
        finish((struct http_request *)(void *)request, message->data.result);
    }
}

static short to_wait(short events)
{
    int out = 0;

    if ((events & POLLIN) != 0)
        out |= CURL_WAIT_POLLIN;
    if ((events & POLLPRI) != 0)
        out |= CURL_WAIT_POLLPRI;
    if ((events & POLLOUT) != 0)
        out |= CURL_WAIT_POLLOUT;
    return (short)out;
}

/* Sleeps until something happens; a negative descriptor stands for none, as
 * in poll(2). */
static int sleep_on(struct http *http, const struct pollfd *fds, size_t n,
                    int max_ms, struct err *err)
{
    struct curl_waitfd waits[HTTP_FDS_MAX];
    unsigned used = 0;
    CURLMcode code;

    for (size_t i = 0; i < n; i++) {
        if (fds[i].fd < 0)
            continue;
        waits[used].fd = fds[i].fd;
        waits[used].events = to_wait(fds[i].events);
        waits[used].revents = 0;
        used++;
    }
    code = curl_multi_poll(http->multi, waits, used, max_ms, NULL);
    if (code != CURLM_OK)
        return err_set(err, ERR_OS, "waiting: %s", curl_multi_strerror(code));
    return 0;
}

/* libcurl tells less than poll(2) does: a hang-up, for one, is lost. */
static int poll_now(struct pollfd *fds, size_t n, struct err *err)
{
    while (poll(fds, (nfds_t)n, 0) < 0) {
        if (errno != EINTR)
            return err_os(err, ERR_OS, errno, "poll");
    }
    return 0;
}

int http_wait(struct http *http, struct pollfd *fds, size_t n, int64_t max_ms,
              struct err *err)
{
    int running;
    int ms = max_ms < 0 ? 0 : max_ms < INT_MAX ? (int)max_ms : INT_MAX;
    CURLMcode code;

    if (n > HTTP_FDS_MAX)
        return err_set(err, ERR_BUG, "%zu descriptors to wait for", n);
    if (run_waiting(http, err) != 0)
        return -1;
    if (ms > 0 && sleep_on(http, fds, n, ms, err) != 0)
        return -1;
    code = curl_multi_perform(http->multi, &running);
    if (code != CURLM_OK)
        return err_set(err, ERR_OS, "libcurl: %s", curl_multi_strerror(code));
    finish_all(http);
    return poll_now(fds, n, err);
}
