#include "s2/http.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/loop.h"
#include "s2/http_session.h"
#include "s2/http_state.h"

#define CONNECT_MS 5000

void http_queue_add(struct http_queue *q, struct http_request *r)
{
    r->queue = q;
    r->prev = q->last;
    r->next = NULL;
    if (q->last != NULL)
        q->last->next = r;
    else
        q->first = r;
    q->last = r;
}

void http_queue_remove(struct http_request *r)
{
    struct http_queue *q = r->queue;

    if (r->prev != NULL)
        r->prev->next = r->next;
    else
        q->first = r->next;
    if (r->next != NULL)
        r->next->prev = r->prev;
    else
        q->last = r->prev;
}

static size_t max_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > SIZE_MAX)
        return SIZE_MAX;
    return (size_t)limit.rlim_cur;
}

static int setup(struct http *http, const struct http_config *config,
                 struct err *err)
{
    http_roots_init(&http->roots);
    http->max_files = max_files();
    http->watch_at = LOOP_NEVER;
    if (http_sockets_init(&http->sessions, err) != 0)
        return -1;
    http->max_running = config->max_connections;
    http->multi = curl_multi_init();
    http->user_agent = strdup(config->user_agent);
    if (http->multi == NULL || http->user_agent == NULL)
        return err_memory(err);
    if (http_roots_open(&http->roots, config->cacert, err) != 0)
        return -1;
    http->config.user_agent = http->user_agent;
    http->config.cafile = http->roots.file;
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

static void cancel_all(const struct http_queue *queue)
{
    while (queue->first != NULL)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): each leaves its queue */
        http_cancel(queue->first);
}

void http_free(struct http *http)
{
    if (http == NULL)
        return;
    cancel_all(&http->running);
    cancel_all(&http->ended);
    cancel_all(&http->starting);
    cancel_all(&http->waiting);
    http_sockets_release(&http->sessions);
    curl_multi_cleanup(http->multi);
    free(http->user_agent);
    http_roots_release(&http->roots);
    free(http);
    curl_global_cleanup();
}

static struct http_request *request_new(struct http *http,
                                        const struct http_spec *spec,
                                        http_done *done, void *arg,
                                        struct err *err)
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
    return r;
}

struct http_request *http_start(struct http *http, const struct http_spec *spec,
                                http_done *done, void *arg, struct err *err)
{
    struct http_request *r = request_new(http, spec, done, arg, err);

    if (r != NULL)
        http_queue_add(&http->waiting, r);
    return r;
}

struct http_request *http_stream(struct http *http,
                                 const struct http_spec *spec,
                                 http_bytes *bytes, http_done *done, void *arg,
                                 struct err *err)
{
    struct http_request *r;

    if (http_session_room(http, err) != 0)
        return NULL;
    r = request_new(http, spec, done, arg, err);
    if (r == NULL)
        return NULL;
    if (http_easy_stream(&r->easy, spec, bytes, arg, err) != 0) {
        http_destroy(r);
        return NULL;
    }
    r->session = true;
    http->nalone += !r->easy.shares;
    http_queue_add(&http->starting, r);
    return r;
}

void http_detach(struct http_request *r)
{
    struct http *http = r->http;
    bool begun = r->queue == &http->running || r->queue == &http->ended;

    http_queue_remove(r);
    if (http->opener == r)
        http->opener = NULL;
    http->nalone -= r->session && !r->easy.shares;
    if (!begun)
        return;
    *(r->session ? &http->nsessions : &http->nrunning) -= 1;
    curl_multi_remove_handle(r->session ? http->sessions.multi : http->multi,
                             r->easy.curl);
}

void http_destroy(struct http_request *r)
{
    http_easy_release(&r->easy);
    free(r);
}

void http_finish(struct http_request *r, const struct http_reply *reply)
{
    http_detach(r);
    r->done(r->arg, reply);
    http_destroy(r);
}

/* While libcurl is at work it lets nobody remove a transfer: such a request
 * only learns that it is over. */
void http_cancel(struct http_request *request)
{
    if (request == NULL)
        return;
    if (request->http->inside && request->queue == &request->http->running) {
        request->easy.cancelled = true;
        http_queue_remove(request);
        http_queue_add(&request->http->ended, request);
        return;
    }
    http_detach(request);
    http_destroy(request);
}
