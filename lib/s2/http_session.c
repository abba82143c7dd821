#include "s2/http_session.h"

#include "base/loop.h"

/* libcurl looks at all transfers of a connection whenever there is something
 * to read: with many of them it is called no more often than this. */
#define CROWD 100
#define CROWD_MS 10

/* Descriptors that sessions leave to everything else. */
#define SPARE 64

/* Sessions that could share, but whose server lets none, are known by their
 * sockets only. */
int http_session_room(const struct http *http, struct err *err)
{
    size_t room = http->max_files > SPARE ? http->max_files - SPARE : 0;
    size_t used = http->nalone > 0 ? http->nalone : http->sessions.n;

    if (used < room)
        return 0;
    return err_set(err, ERR_OS,
                   "1 session more than the %zu that the limit of %zu "
                   "descriptors leaves room for; see ulimit -n",
                   room, http->max_files);
}

static bool has_connection(const struct http_request *r)
{
    curl_off_t at = 0;

    return curl_easy_getinfo(r->easy.curl, CURLINFO_PRETRANSFER_TIME_T, &at) ==
               CURLE_OK &&
           at > 0;
}

static int start_one(struct http *http, struct http_request *r, struct err *err)
{
    int64_t now = loop_now();
    int rc;

    if (curl_multi_add_handle(http->sessions.multi, r->easy.curl) != CURLM_OK)
        return err_memory(err);
    http_queue_remove(r);
    http_queue_add(&http->running, r);
    http->nsessions++;
    http->opener = r->easy.shares ? r : NULL;
    r->easy.heard_at = now;
    if (now + r->easy.silence_ms < http->watch_at)
        http->watch_at = now + r->easy.silence_ms;
    http->inside = true;
    rc = http_sockets_act(&http->sessions, NULL, 0, LOOP_NEVER, err);
    http->inside = false;
    return rc < 0 ? -1 : 0;
}

/* Many that begin together and could share a connection would each open one,
 * or, limited in their number, be forgotten by libcurl 7.88 now and then
 * while they wait for one of them.  So one is opened at a time: who finds no
 * place on one that stands, and has to open it, holds up those behind. */
int http_session_start(struct http *http, struct err *err)
{
    int started = 0;

    while (http->starting.first != NULL) {
        struct http_request *r = http->starting.first;

        if (http->opener != NULL && !has_connection(http->opener))
            break;
        if (start_one(http, r, err) != 0)
            return -1;
        started++;
    }
    return started;
}

int64_t http_session_rest(const struct http *http, int64_t now)
{
    bool rests = http->nsessions > CROWD && http->crowd_at > now;

    return rests ? http->crowd_at - now : 0;
}

int64_t http_session_sleep(const struct http *http, int64_t now)
{
    int64_t at = http->watch_at < http->sessions.timer_at
                     ? http->watch_at
                     : http->sessions.timer_at;

    return at > now ? at - now : 0;
}

int http_session_act(struct http *http, const struct curl_waitfd *ready,
                     size_t n, struct err *err)
{
    int acts = http_sockets_act(&http->sessions, ready, n, loop_now(), err);

    if (acts > 0)
        http->crowd_at = loop_now() + CROWD_MS;
    return acts < 0 ? -1 : 0;
}

/* One that is silent for too long, or NULL; then watch_at is when to look
 * again. */
static struct http_request *find_silent(struct http *http, int64_t now)
{
    int64_t next = LOOP_NEVER;

    for (struct http_request *r = http->running.first; r != NULL; r = r->next) {
        int64_t at = r->easy.heard_at + r->easy.silence_ms;

        if (!r->session)
            continue;
        if (at <= now)
            return r;
        if (at < next)
            next = at;
    }
    http->watch_at = next;
    return NULL;
}

void http_session_watch(struct http *http)
{
    int64_t now = loop_now();
    struct http_request *r;

    if (now < http->watch_at)
        return;
    for (r = find_silent(http, now); r != NULL; r = find_silent(http, now)) {
        struct http_reply reply;

        http_easy_silent(&r->easy, &reply);
        http_sockets_shut(&http->sessions, r->easy.curl);
        http_finish(r, &reply);
    }
}
