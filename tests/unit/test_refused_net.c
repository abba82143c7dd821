/* Pipes, threads, libcurl and what it waits with, when the system refuses
 * them: it is said, and works the next time. */
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/loop.h"
#include "bsky/resolve.h"
#include "refuse.h"
#include "s2/http.h"
#include "s2/http_roots.h"

int memfd_create(const char *name, unsigned flags);

REFUSABLE(int, pipe, (int fds[2]), (fds), "", -1)
REFUSABLE(int, pthread_create,
          (pthread_t *restrict thread, const pthread_attr_t *restrict attr,
           void *(*start)(void *), void *restrict arg),
          (thread, attr, start, arg), "", EAGAIN)
REFUSABLE(int, getnameinfo,
          (const struct sockaddr *restrict a, socklen_t n, char *restrict host,
           socklen_t nhost, char *restrict service, socklen_t nservice,
           int flags),
          (a, n, host, nhost, service, nservice, flags), "", EAI_FAIL)
REFUSABLE(int, memfd_create, (const char *name, unsigned flags), (name, flags),
          "", -1)
REFUSABLE(ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n), "", -1)
REFUSABLE(int, access, (const char *path, int mode), (path, mode), path, -1)
/* libcurl waits for something, we for nothing. */
REFUSABLE(int, poll, (struct pollfd * fds, nfds_t n, int ms), (fds, n, ms),
          n == 0 ? "none" : "some", -1)
REFUSABLE(CURLcode, curl_global_init, (long flags), (flags), "",
          CURLE_FAILED_INIT)
REFUSABLE(CURLMcode, curl_multi_poll,
          (CURLM * multi, struct curl_waitfd *fds, unsigned n, int ms,
           int *ready),
          (multi, fds, n, ms, ready), "", CURLM_UNRECOVERABLE_POLL)
REFUSABLE(CURLMcode, curl_multi_perform, (CURLM * multi, int *running),
          (multi, running), "", CURLM_INTERNAL_ERROR)
REFUSABLE(CURLMcode, curl_multi_socket_action,
          (CURLM * multi, curl_socket_t fd, int what, int *running),
          (multi, fd, what, running), "", CURLM_BAD_SOCKET)

static void check_err(struct err *err, enum err_code code, const char *text)
{
    CHECK_INT(err->code, code);
    CHECK_STR(err->text, text);
    err_clear(err);
}

static void test_signals(void)
{
    struct err err = ERR_INIT;
    int fd;

    refuse_call("pipe", "", 1, EMFILE);
    CHECK_INT(loop_signals_open(&err), -1);
    refuse_over();
    check_err(&err, ERR_OS, "pipe: Too many open files");
    fd = loop_signals_open(&err);
    CHECK(fd >= 0);
    CHECK_INT(loop_signals_next(fd), 0);
    /* What a signal interrupts keeps its errno. */
    loop_signals_catch(SIGURG);
    refuse_call("write", "", 1, EAGAIN);
    errno = EDOM;
    raise(SIGURG);
    CHECK_INT(errno, EDOM);
    refuse_over();
    CHECK_INT(loop_signals_next(fd), 0);
    /* One that kills nobody; it is caught again afterwards. */
    loop_stop_of(SIGURG);
    CHECK_INT(loop_signals_next(fd), 0);
    raise(SIGURG);
    CHECK_INT(loop_signals_next(fd), SIGURG);
    loop_die_of(SIGURG);
    CHECK_INT(loop_signals_next(fd), 0);
    raise(SIGURG);
    CHECK_INT(loop_signals_next(fd), 0);
    close(fd);
}

static void not_started(const char *call, int errnum, const char *text)
{
    struct err err = ERR_INIT;

    refuse_call(call, "", 1, errnum);
    CHECK(resolve_start("localhost", &err) == NULL);
    refuse_over();
    check_err(&err, ERR_OS, text);
}

static void test_resolver_does_not_start(void)
{
    not_started("pipe", EMFILE, "pipe: Too many open files");
    not_started("pthread_create", EAGAIN,
                "thread: Resource temporarily unavailable");
}

/* Addresses that have no text are none. */
static void test_addresses_without_text(void)
{
    struct pollfd fd = {.events = POLLIN};
    struct err err = ERR_INIT;
    struct resolve_list list;
    struct resolve *resolve;

    refuse_call("getnameinfo", "", 0, 0);
    resolve = resolve_start("127.0.0.1", &err);
    CHECK(resolve != NULL);
    if (resolve == NULL)
        return;
    fd.fd = resolve_fd(resolve);
    CHECK_INT(poll(&fd, 1, 10000), 1);
    CHECK_INT(resolve_done(resolve, &list, &err), -1);
    refuse_over();
    check_err(&err, ERR_UNAVAILABLE,
              "cannot resolve 127.0.0.1: Name or service not known");
    resolve_free(resolve);
}

#define PEM                                                                    \
    "-----BEGIN CERTIFICATE-----\nnone that anybody reads\n"                   \
    "-----END CERTIFICATE-----\n"

/* The roots made of such a file: what opening them says, and whether they
 * hold it. */
static int open_roots(struct err *err, bool *whole)
{
    const char *tmp = getenv("TMPDIR");
    struct http_roots roots;
    char text[sizeof(PEM)] = "";
    char name[256];
    int fd, rc;

    snprintf(name, sizeof(name), "%s/roots.XXXXXX", tmp != NULL ? tmp : "/tmp");
    fd = mkstemp(name);
    CHECK(fd >= 0 && pwrite(fd, PEM, strlen(PEM), 0) == (ssize_t)strlen(PEM));
    http_roots_init(&roots);
    rc = http_roots_open(&roots, name, err);
    *whole = rc == 0 &&
             pread(roots.fd, text, strlen(PEM), 0) == (ssize_t)strlen(PEM) &&
             strcmp(text, PEM) == 0;
    http_roots_release(&roots);
    close(fd);
    unlink(name);
    return rc;
}

static void test_roots(void)
{
    struct err err = ERR_INIT;
    bool whole;

    refuse_call("memfd_create", "", 1, ENOSYS);
    CHECK_INT(open_roots(&err, &whole), -1);
    refuse_over();
    check_err(&err, ERR_OS, "a file in memory: Function not implemented");
    refuse_call("write", "", 1, ENOSPC);
    CHECK_INT(open_roots(&err, &whole), -1);
    refuse_over();
    CHECK(strstr(err.text, ": No space left on device") != NULL);
    err_clear(&err);
    /* Without /proc libcurl could not open it. */
    refuse_call("access", "", 1, ENOENT);
    CHECK_INT(open_roots(&err, &whole), -1);
    refuse_over();
    CHECK_INT(err.code, ERR_OS);
    CHECK(strstr(err.text, ": No such file or directory") != NULL);
    err_clear(&err);
    refuse_call("write", "", 1, EINTR);
    CHECK_INT(open_roots(&err, &whole), 0);
    refuse_over();
    CHECK(whole);
    CHECK_STR(err.text, "");
}

static struct http *new_http(struct err *err)
{
    struct http_config config = {.user_agent = "test", .max_connections = 1};

    return http_new(&config, err);
}

static void test_libcurl_does_not_start(void)
{
    struct err err = ERR_INIT;

    refuse_call("curl_global_init", "", 1, 0);
    CHECK(new_http(&err) == NULL);
    refuse_over();
    check_err(&err, ERR_OS, "libcurl does not start");
}

static void wait_fails(struct http *http, const char *call, const char *what,
                       CURLMcode code)
{
    struct err err = ERR_INIT;
    char text[128];

    snprintf(text, sizeof(text), "%s: %s", what, curl_multi_strerror(code));
    refuse_call(call, "", 1, 0);
    CHECK_INT(http_wait(http, NULL, 0, 0, &err), -1);
    refuse_over();
    check_err(&err, ERR_OS, text);
    CHECK_INT(http_wait(http, NULL, 0, 0, &err), 0);
}

static void test_waiting(void)
{
    struct err err = ERR_INIT;
    struct http *http = NEEDED(new_http(&err));

    wait_fails(http, "curl_multi_poll", "waiting", CURLM_UNRECOVERABLE_POLL);
    wait_fails(http, "curl_multi_perform", "libcurl", CURLM_INTERNAL_ERROR);
    refuse_call("poll", "none", 1, EINVAL);
    CHECK_INT(http_wait(http, NULL, 0, 0, &err), -1);
    refuse_over();
    check_err(&err, ERR_OS, "poll: Invalid argument");
    refuse_call("poll", "none", 1, EINTR);
    CHECK_INT(http_wait(http, NULL, 0, 0, &err), 0);
    CHECK_INT(refuse.seen, 2);
    refuse_over();
    http_free(http);
}

static void on_bytes(void *arg, struct slice bytes)
{
    (void)bytes;
    CHECK_INT(*(int *)arg, 0);
}

static void on_done(void *arg, const struct http_reply *reply)
{
    CHECK_INT(reply->failure, HTTP_NO_EFFECT);
    ++*(int *)arg;
}

/* A session's socket, when libcurl does not want to hear of it. */
static void test_sessions(void)
{
    struct http_spec spec = {.method = "GET",
                             .url = "http://127.0.0.1:1/",
                             .timeout_ms = 10000,
                             .max_reply = 100};
    struct err err = ERR_INIT;
    struct http *http = NEEDED(new_http(&err));
    int over = 0;

    CHECK(http_stream(http, &spec, on_bytes, on_done, &over, &err) != NULL);
    refuse_call("curl_multi_socket_action", "", 1, 0);
    CHECK_INT(http_wait(http, NULL, 0, 1000, &err), -1);
    refuse_over();
    CHECK_INT(err.code, ERR_OS);
    CHECK(strstr(err.text, curl_multi_strerror(CURLM_BAD_SOCKET)) != NULL);
    err_clear(&err);
    http_free(http);
    CHECK_INT(over, 0);
    http = NEEDED(new_http(&err));
    CHECK(http_stream(http, &spec, on_bytes, on_done, &over, &err) != NULL);
    for (int i = 0; i < 1000 && over == 0; i++)
        CHECK_INT(http_wait(http, NULL, 0, 1000, &err), 0);
    CHECK_INT(over, 1);
    http_free(http);
}

int main(void)
{
    RUN(test_signals);
    RUN(test_resolver_does_not_start);
    RUN(test_addresses_without_text);
    RUN(test_roots);
    RUN(test_libcurl_does_not_start);
    RUN(test_waiting);
    RUN(test_sessions);
    return check_done();
}
