#include "s2/http.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

#include "base/loop.h"
#include "s2/http_session.h"
#include "s2/http_state.h"

/* Lets waiting requests run as long as there is room. */
static int run_waiting(struct http *http, struct err *err)
{
    while (http->waiting.first != NULL && http->nrunning < http->max_running) {
        struct http_request *r = http->waiting.first;

        if (curl_multi_add_handle(http->multi, r->easy.curl) != CURLM_OK)
            return err_memory(err);
        http_queue_remove(r);
        http_queue_add(&http->running, r);
        http->nrunning++;
    }
    return 0;
}

/* Requests that a callback cancelled while libcurl was at work. */
static void bury(struct http *http)
{
    while (http->ended.first != NULL) {
        struct http_request *r = http->ended.first;

        http_detach(r);
        http_destroy(r);
    }
}

static void finish_all(CURLM *multi)
{
    for (;;) {
        int left;
        CURLMsg *message = curl_multi_info_read(multi, &left);
        char *private = NULL;
        struct http_request *r;
        struct http_reply reply;

        if (message == NULL)
            return;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        r = (struct http_request *)(void *)private;
        http_easy_reply(&r->easy, message->data.result, &reply);
        http_finish(r, &reply);
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

/* What there is to wait for, in one array: first the caller's descriptors, of
 * which a negative one stands for none, as in poll(2). */
struct waits {
    struct curl_waitfd *at; /* borrowed */
    size_t nfds;
    size_t nsessions;
};

static int waits_init(struct waits *w, struct http *http,
                      const struct pollfd *fds, size_t n, bool sessions,
                      struct err *err)
{
    w->nfds = 0;
    for (size_t i = 0; i < n; i++)
        w->nfds += fds[i].fd >= 0;
    w->nsessions = sessions ? http->sessions.n : 0;
    w->at = http_sockets_copy(&http->sessions, w->nfds, err);
    if (w->at == NULL)
        return -1;
    for (size_t i = 0, k = 0; i < n; i++) {
        if (fds[i].fd < 0)
            continue;
        w->at[k].fd = fds[i].fd;
        w->at[k].events = to_wait(fds[i].events);
        w->at[k].revents = 0;
        k++;
    }
    return 0;
}

static int sleep_on(struct http *http, const struct waits *w, int64_t ms,
                    struct err *err)
{
    CURLMcode code = curl_multi_poll(
        http->multi, w->at, (unsigned)(w->nfds + w->nsessions), (int)ms, NULL);

    if (code != CURLM_OK)
        return err_set(err, ERR_OS, "waiting: %s", curl_multi_strerror(code));
    return 0;
}

/* Lets libcurl work, then ends what is to end. */
static int drive(struct http *http, const struct waits *w, bool sessions,
                 struct err *err)
{
    int running, rc = 0;
    CURLMcode code;

    http->inside = true;
    code = curl_multi_perform(http->multi, &running);
    if (sessions)
        rc = http_session_act(http, w->at + w->nfds, w->nsessions, err);
    http->inside = false;
    bury(http);
    if (code != CURLM_OK)
        return err_set(err, ERR_OS, "libcurl: %s", curl_multi_strerror(code));
    if (rc != 0)
        return -1;
    finish_all(http->multi);
    finish_all(http->sessions.multi);
    if (sessions)
        http_session_watch(http);
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
    int64_t ms = max_ms < 0 ? 0 : max_ms < INT_MAX ? max_ms : INT_MAX;
    int64_t now = loop_now(), rest, least;
    struct waits waits;
    int started;

    if (n > HTTP_FDS_MAX)
        return err_set(err, ERR_BUG, "%zu descriptors to wait for", n);
    started = http_session_start(http, err);
    if (started < 0 || run_waiting(http, err) != 0)
        return -1;
    rest = http_session_rest(http, now);
    least = started > 0 ? 0 : rest > 0 ? rest : http_session_sleep(http, now);
    if (waits_init(&waits, http, fds, n, rest == 0, err) != 0 ||
        sleep_on(http, &waits, least < ms ? least : ms, err) != 0 ||
        drive(http, &waits, rest == 0, err) != 0)
        return -1;
    return poll_now(fds, n, err);
}
