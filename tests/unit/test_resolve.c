#include "bsky/resolve.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/loop.h"
#include "check.h"

#define DEADLINE_MS check_patience(10000)

/*
 * The resolver of this program is this one: names that end in .test have
 * made-up answers, and hole.test has none before the hole is opened.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int waiting;      /* look-ups that have arrived at hole.test */
static int returned;     /* look-ups that have left it */
static bool open_hole;   /* let them go */
static bool signals_off; /* the last look-up ran with TERM blocked */

static struct addrinfo *answer(const char *text, struct addrinfo *next)
{
    struct addrinfo *info = calloc(1, sizeof(*info) + 64);
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(info + 1);
    struct sockaddr_in *four = (struct sockaddr_in *)(info + 1);

    info->ai_addr = (struct sockaddr *)(info + 1);
    info->ai_next = next;
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        info->ai_addrlen = sizeof(*four);
        return info;
    }
    if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        info->ai_addrlen = sizeof(*six);
        return info;
    }
    free(info);
    return NULL;
}

static void fall_into_hole(void)
{
    pthread_mutex_lock(&lock);
    waiting++;
    pthread_cond_broadcast(&changed);
    while (!open_hole)
        pthread_cond_wait(&changed, &lock);
    returned++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void note_signals(void)
{
    sigset_t set;

    pthread_sigmask(SIG_SETMASK, NULL, &set);
    pthread_mutex_lock(&lock);
    signals_off = sigismember(&set, SIGTERM) == 1;
    pthread_mutex_unlock(&lock);
}

int getaddrinfo(const char *restrict node, const char *restrict service,
                const struct addrinfo *restrict hints,
                struct addrinfo **restrict res)
{
    (void)service;
    if (hints->ai_flags & AI_NUMERICHOST) {
        *res = answer(node, NULL);
        return *res == NULL ? EAI_NONAME : 0;
    }
    note_signals();
    if (strcmp(node, "sys.test") == 0) {
        errno = EMFILE;
        return EAI_SYSTEM;
    }
    if (strcmp(node, "hole.test") == 0)
        fall_into_hole();
    else if (strcmp(node, "two.test") != 0)
        return EAI_NONAME;
    *res = answer("2001:db8::7", answer("192.0.2.7", NULL));
    return 0;
}

void freeaddrinfo(struct addrinfo *res)
{
    while (res != NULL) {
        struct addrinfo *next = res->ai_next;

        free(res);
        res = next;
    }
}

/* Waits for the descriptor alone: the answer must be there with it. */
static int settle(struct resolve *r, struct resolve_list *list, struct err *err)
{
    struct pollfd fd = {resolve_fd(r), POLLIN, 0};

    if (fd.fd >= 0)
        CHECK_INT(poll(&fd, 1, DEADLINE_MS), 1);
    return resolve_done(r, list, err);
}

static void test_literal(void)
{
    static const char *const literals[] = {"127.0.0.1", "::1", "2001:db8::1"};
    struct resolve_list list;

    for (size_t i = 0; i < 3; i++) {
        struct resolve *r = NEEDED(resolve_start(literals[i], NULL));

        CHECK_INT(resolve_fd(r), -1);
        CHECK_INT(resolve_done(r, &list, NULL), 1);
        CHECK_INT(list.n, 1);
        CHECK_STR(list.address[0], literals[i]);
        resolve_free(r);
    }
}

static void test_name(void)
{
    struct resolve *r = NEEDED(resolve_start("two.test", NULL));
    struct resolve_list list = {0};

    CHECK(resolve_fd(r) >= 0);
    CHECK_INT(fcntl(resolve_fd(r), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    CHECK_INT(settle(r, &list, NULL), 1);
    CHECK_INT(list.n, 2);
    CHECK_STR(list.address[0], "2001:db8::7");
    CHECK_STR(list.address[1], "192.0.2.7");
    CHECK_INT(resolve_done(r, &list, NULL), 1);
    pthread_mutex_lock(&lock);
    CHECK(signals_off);
    pthread_mutex_unlock(&lock);
    resolve_free(r);
}

static void check_failure(const char *host, const char *text)
{
    struct resolve *r = NEEDED(resolve_start(host, NULL));
    struct resolve_list list;
    struct err err = ERR_INIT;

    CHECK_INT(settle(r, &list, &err), -1);
    CHECK_INT(err.code, ERR_UNAVAILABLE);
    CHECK(strstr(err.text, text) != NULL);
    CHECK(strstr(err.text, host) != NULL);
    resolve_free(r);
}

static void test_failure(void)
{
    check_failure("none.test", gai_strerror(EAI_NONAME));
    check_failure("sys.test", strerror(EMFILE));
}

static void wait_for(const int *count, int least)
{
    pthread_mutex_lock(&lock);
    while (*count < least)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

/* A resolver that never answers holds nobody up, and what it holds is freed
 * when it does. */
static void test_hole(void)
{
    struct resolve *r[8];
    struct resolve_list list;
    int64_t began = loop_now();

    for (int i = 0; i < 8; i++) {
        r[i] = NEEDED(resolve_start("hole.test", NULL));
        CHECK_INT(resolve_done(r[i], &list, NULL), 0);
    }
    wait_for(&waiting, 8);
    for (int i = 0; i < 7; i++)
        resolve_free(r[i]);
    CHECK_INT(resolve_done(r[7], &list, NULL), 0);
    CHECK(loop_now() - began < DEADLINE_MS);
    pthread_mutex_lock(&lock);
    open_hole = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    wait_for(&returned, 8);
    CHECK_INT(settle(r[7], &list, NULL), 1);
    CHECK_STR(list.address[1], "192.0.2.7");
    resolve_free(r[7]);
    resolve_free(NULL);
}

/* Giving up races with the answer; neither may free twice nor leak. */
static void test_race(void)
{
    struct resolve_list list;

    for (int i = 0; i < 500; i++) {
        struct resolve *r = NEEDED(resolve_start("two.test", NULL));

        if (i % 3 == 0)
            CHECK_INT(settle(r, &list, NULL), 1);
        else if (i % 3 == 1)
            CHECK(resolve_done(r, &list, NULL) >= 0);
        resolve_free(r);
    }
}

static int count_threads(void)
{
    DIR *dir = opendir("/proc/self/task");
    int n = 0;

    while (dir != NULL && readdir(dir) != NULL)
        n++;
    if (dir != NULL)
        closedir(dir);
    return n;
}

/* Threads that nobody waits for must be gone before a leak checker looks. */
static void wait_threads(int wanted)
{
    int64_t deadline = loop_now() + DEADLINE_MS;

    while (count_threads() > wanted && loop_now() < deadline)
        poll(NULL, 0, 1);
}

int main(void)
{
    int threads = count_threads();

    RUN(test_literal);
    RUN(test_name);
    RUN(test_failure);
    RUN(test_hole);
    RUN(test_race);
    wait_threads(threads);
    return check_done();
}
