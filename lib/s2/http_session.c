#include "s2/http_session.h"

#include "base/loop.h"

/* How many share one HTTP/2 connection: servers allow a hundred and more. */
#define SHARERS 90

/* One more connection than is needed: another may be about to close. */
#define SPARE 1

/* libcurl looks at all transfers of a connection whenever there is something
 * to read: with many of them it is called no more often than this. */
#define CROWD 100
#define CROWD_MS 10

/* How many connections the sessions need. */
static long count_connections(const struct http *http)
{
    const struct http_queue *queues[] = {&http->running, &http->starting};
    long alone = 0, sharing = 0;

    for (size_t i = 0; i < 2; i++) {
        for (struct http_request *r = queues[i]->first; r != NULL;
             r = r->next) {
            bool shares = r->easy.shares && !http->http1;

            alone += r->session && !shares;
            sharing += r->session && shares;
        }
    }
    return alone + (sharing + SHARERS - 1) / SHARERS +
           (sharing > 0 ? SPARE : 0);
}

/* libcurl would open a connection for each of many sessions that begin
 * together, were it not limited to what they need. */
static int limit(const struct http *http, struct err *err)
{
    CURLM *multi = http->sessions.multi;

    if (curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS,
                          (long)SHARERS) != CURLM_OK ||
        curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                          count_connections(http)) != CURLM_OK)
        return err_memory(err);
    return 0;
}

int http_session_start(struct http *http, struct err *err)
{
    int64_t now = loop_now();

    if (http->starting.first == NULL)
        return 0;
    if (limit(http, err) != 0)
        return -1;
    while (http->starting.first != NULL) {
        struct http_request *r = http->starting.first;

        if (curl_multi_add_handle(http->sessions.multi, r->easy.curl) !=
            CURLM_OK)
            return err_memory(err);
        http_queue_remove(r);
        http_queue_add(&http->running, r);
        http->nsessions++;
        r->easy.heard_at = now;
        if (now + r->easy.silence_ms < http->watch_at)
            http->watch_at = now + r->easy.silence_ms;
    }
    return 0;
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

static bool has_answer_by_http1(const struct http *http)
{
    for (struct http_request *r = http->running.first; r != NULL; r = r->next) {
        if (r->easy.shares && r->easy.http1)
            return true;
    }
    return false;
}

/* The server turns out to let no sessions share.  libcurl holds back those
 * for which there is no connection, and does not look at a new limit by
 * itself: they begin once more. */
static int widen(struct http *http, struct err *err)
{
    http->http1 = true;
    if (limit(http, err) != 0)
        return -1;
    for (struct http_request *r = http->running.first; r != NULL; r = r->next) {
        curl_off_t begun = 0;

        if (!r->easy.shares)
            continue;
        curl_easy_getinfo(r->easy.curl, CURLINFO_PRETRANSFER_TIME_T, &begun);
        if (begun > 0)
            continue;
        curl_multi_remove_handle(http->sessions.multi, r->easy.curl);
        if (curl_multi_add_handle(http->sessions.multi, r->easy.curl) !=
            CURLM_OK)
            return err_memory(err);
    }
    return 0;
}

int http_session_act(struct http *http, const struct curl_waitfd *ready,
                     size_t n, struct err *err)
{
    int acts = http_sockets_act(&http->sessions, ready, n, loop_now(), err);

    if (acts <= 0)
        return acts;
    http->crowd_at = loop_now() + CROWD_MS;
    if (!http->http1 && has_answer_by_http1(http))
        return widen(http, err);
    return 0;
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
