#include "s2/http.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "httpbyhand.h"
#include "peercerts.h"

static void test_bad_config(void)
{
    struct http_config config = {"test/1", "/nonexistent/ca.pem", 1, 0};
    struct err err = ERR_INIT;

    CHECK(http_new(&config, &err) == NULL);
    CHECK_INT(err.code, ERR_CONFIG);
    err_clear(&err);
    config.cacert = "/dev/null";
    CHECK(http_new(&config, &err) == NULL);
    CHECK_INT(err.code, ERR_CONFIG);
    err_clear(&err);
    config.cacert = "/dev/zero";
    CHECK(http_new(&config, &err) == NULL);
    CHECK_INT(err.code, ERR_CONFIG);
    err_clear(&err);
    config.max_connections = 0;
    CHECK(http_new(&config, &err) == NULL);
    CHECK_INT(err.code, ERR_BUG);
}

/* Against the openssl command. */
static bool shell(const char *command)
{
    int rc = system(command);

    return WIFEXITED(rc) && WEXITSTATUS(rc) == 0;
}

/* Runs openssl s_server on a port of its choice; stores it. */
static pid_t tls_serve(const char *pem, int *port)
{
    int out[2];
    pid_t pid;
    FILE *f;
    char line[256];

    *port = 0;
    NEED(pipe(out) == 0);
    pid = fork();
    if (pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        close(out[0]);
        close(out[1]);
        execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0",
               "-cert", pem, "-key", pem, "-www", (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    f = fdopen(out[0], "r");
    while (*port == 0 && fgets(line, sizeof(line), f) != NULL) {
        if (strncmp(line, "ACCEPT 127.0.0.1:", 17) == 0)
            *port = (int)strtol(line + 17, NULL, 10);
    }
    fclose(f);
    return pid;
}

/* The descriptor of a http's own file of certificates; -1: there is none. */
static int roots_fd(void)
{
    for (int fd = 0; fd < 64; fd++) {
        char name[32], target[64];
        ssize_t n;

        snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
        n = readlink(name, target, sizeof(target) - 1);
        target[n > 0 ? n : 0] = '\0';
        if (strncmp(target, "/memfd:certificates", 19) == 0)
            return fd;
    }
    return -1;
}

/* They are read once, not for each connection, by either kind of request; the
 * file that they came from is not needed. */
static void check_read_once(const char *cacert, int port)
{
    struct http_config config = {"test/1", cacert, 1, 0};
    struct http *http = NEEDED(http_new(&config, NULL));
    struct heard heard[2] = {0};
    struct got got = {0};
    struct byhand b = {.http = http};
    struct http_spec spec = {.method = "GET",
                             .url = b.url,
                             .timeout_ms = PATIENCE_MS,
                             .max_reply = 65536};
    int fd = roots_fd();

    CHECK(fd >= 0);
    CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK(unlink(cacert) == 0);
    snprintf(b.url, sizeof(b.url), "https://localhost:%d/", port);
    for (int i = 0; i < 2; i++) {
        CHECK(http_start(http, &spec, got_done, &got, NULL) != NULL);
        got_run(http, &got, i + 1);
        CHECK_INT(got.status, 200);
        heard_start(&b, PATIENCE_MS, &heard[i]);
        got_run(http, &heard[i].got, 1);
        CHECK_INT(heard[i].got.status, 200);
        CHECK(ftruncate(fd, 0) == 0);
    }
    http_free(http);
    CHECK_INT(roots_fd(), -1);
}

static struct got tls_get(const char *cacert, const char *host, int port)
{
    struct http_config config = {"test/1", cacert, 1, 0};
    struct err err = ERR_INIT;
    struct http *http = NEEDED(http_new(&config, &err));
    struct http_spec spec = {"GET", NULL, NULL, 0, NULL, PATIENCE_MS, 65536};
    struct got got = {0};
    char url[64];

    CHECK_STR(err.text, "");
    snprintf(url, sizeof(url), "https://%s:%d/", host, port);
    spec.url = url;
    CHECK(http_start(http, &spec, got_done, &got, NULL) != NULL);
    got_run(http, &got, 1);
    http_free(http);
    return got;
}

static void check_tls(const char *dir)
{
    char pem[160], other[160];
    int port;
    pid_t pid;
    struct got got;

    snprintf(pem, sizeof(pem), "%s/a.pem", dir);
    snprintf(other, sizeof(other), "%s/b.pem", dir);
    pid = tls_serve(pem, &port);
    got = tls_get(NULL, "localhost", port);
    CHECK_INT(got.failure, HTTP_NO_EFFECT);
    CHECK_INT(got.err.code, ERR_UNAVAILABLE);
    CHECK(strstr(got.err.text, "certificate") != NULL);
    got = tls_get(other, "localhost", port);
    CHECK_INT(got.failure, HTTP_NO_EFFECT);
    got = tls_get(pem, "127.0.0.1", port);
    CHECK_INT(got.failure, HTTP_NO_EFFECT);
    got = tls_get(pem, "localhost", port);
    CHECK_INT(got.failure, HTTP_NONE);
    CHECK_INT(got.status, 200);
    CHECK_INT(roots_fd(), -1);
    check_read_once(pem, port);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void test_tls(void)
{
    const char *tmp = getenv("TMPDIR");
    char dir[128], command[1024];
    bool made;

    if (!shell("command -v openssl >/dev/null 2>&1"))
        SKIP("no openssl command");
    snprintf(dir, sizeof(dir), "%s/test-http-XXXXXX",
             tmp != NULL ? tmp : "/tmp");
    CHECK(mkdtemp(dir) != NULL);
    snprintf(command, sizeof(command),
             "cd %s && for n in a b; do openssl req -x509 -newkey ec -pkeyopt "
             "ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost "
             "-addext subjectAltName=DNS:localhost -keyout $n.key -out $n.crt "
             "2>/dev/null && cat $n.key $n.crt >$n.pem || exit 1; done",
             dir);
    made = shell(command);
    CHECK(made);
    if (made)
        check_tls(dir);
    snprintf(command, sizeof(command), "rm -r %s", dir);
    CHECK(shell(command));
}

/* A server that speaks no HTTP/2: a session on each connection. */
#define PLAIN 4
#define PLAIN_PEERS 8

struct plain_peer {
    SSL *ssl; /* NULL: nobody has come */
    bool answered;
};

/* Lets one peer go on, without waiting. */
static void plain_turn(struct plain_peer *peer, SSL_CTX *ctx, int listener)
{
    static const char answer[] = BYHAND_HEAD "2\r\nhi\r\n";
    char request[2000];
    int fd;

    if (peer->ssl == NULL) {
        if (!byhand_readable(listener))
            return;
        fd = accept(listener, NULL, NULL);
        fcntl(fd, F_SETFL, O_NONBLOCK);
        peer->ssl = SSL_new(ctx);
        SSL_set_fd(peer->ssl, fd);
    }
    if (!peer->answered && SSL_accept(peer->ssl) == 1 &&
        SSL_read(peer->ssl, request, sizeof(request)) > 0)
        peer->answered =
            SSL_write(peer->ssl, answer, (int)sizeof(answer) - 1) > 0;
}

/* Sessions that find no room because they were expected to share find it as
 * soon as it is known what the server speaks. */
static void check_plain(const struct peer_certs *certs)
{
    struct http_config config = {"test/1", certs->ca, 1, 0};
    struct plain_peer peers[PLAIN_PEERS] = {{NULL, false}};
    struct heard heard[PLAIN] = {0};
    struct byhand b;
    int64_t end = loop_now() + PATIENCE_MS;
    size_t n = 0;

    byhand_start(&b, http_new(&config, NULL));
    snprintf(b.url, sizeof(b.url), "https://localhost:%d/", b.port);
    for (size_t i = 0; i < PLAIN; i++)
        heard_start(&b, PATIENCE_MS, &heard[i]);
    while (n < PLAIN && loop_now() < end) {
        CHECK(http_wait(b.http, NULL, 0, 5, NULL) == 0);
        n = 0;
        for (size_t i = 0; i < PLAIN_PEERS; i++)
            plain_turn(&peers[i], certs->good, b.fd);
        for (size_t i = 0; i < PLAIN; i++)
            n += heard[i].n == 2;
    }
    CHECK_INT(n, PLAIN);
    for (size_t i = 0; i < PLAIN; i++)
        CHECK_INT(heard[i].got.calls, 0);
    http_free(b.http);
    for (size_t i = 0; i < PLAIN_PEERS && peers[i].ssl != NULL; i++) {
        close(SSL_get_fd(peers[i].ssl));
        SSL_free(peers[i].ssl);
    }
    byhand_stop(&b);
}

static void test_no_http2(void)
{
    struct peer_certs certs;

    if (!shell("command -v openssl >/dev/null 2>&1"))
        SKIP("no openssl command");
    CHECK(peer_certs_make(&certs));
    if (!check_bad)
        check_plain(&certs);
    peer_certs_remove(&certs);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    RUN(test_bad_config);
    RUN(test_tls);
    RUN(test_no_http2);
    return check_done();
}
