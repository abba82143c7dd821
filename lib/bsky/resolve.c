#include "bsky/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * What the thread and the handle share.  Whoever is the second to let go of
 * it frees it: the thread when it is done, the handle when it is freed.
 */
struct job {
    pthread_mutex_t lock;
    bool done;     /* the answer is set and never changes again */
    bool orphan;   /* the handle is gone */
    int notify[2]; /* the thread writes a byte to the second */
    int failure;   /* of getaddrinfo, 0: none */
    int failure_errno;
    struct resolve_list list;
    char host[]; /* the name, with a NUL */
};

struct resolve {
    struct job *job;
};

static void job_free(struct job *job)
{
    if (job->notify[0] >= 0) {
        close(job->notify[0]);
        close(job->notify[1]);
    }
    pthread_mutex_destroy(&job->lock);
    free(job);
}

static struct job *job_new(const char *host, struct err *err)
{
    size_t n = strlen(host) + 1;
    struct job *job = calloc(1, sizeof(*job) + n);

    if (job == NULL) {
        err_memory(err);
        return NULL;
    }
    job->notify[0] = -1;
    job->notify[1] = -1;
    memcpy(job->host, host, n);
    if (pthread_mutex_init(&job->lock, NULL) != 0) {
        free(job);
        err_memory(err);
        return NULL;
    }
    return job;
}

/* The addresses of ${found} as text, in their order. */
static void collect(struct resolve_list *list, const struct addrinfo *found)
{
    list->n = 0;
    for (; found != NULL && list->n < RESOLVE_MAX; found = found->ai_next) {
        if (getnameinfo(found->ai_addr, found->ai_addrlen,
                        list->address[list->n], RESOLVE_ADDRESS_SIZE, NULL, 0,
                        NI_NUMERICHOST) == 0)
            list->n++;
    }
}

/* Asks the resolver, and fills all of the answer but done. */
static void look_up(struct job *job, int flags)
{
    struct addrinfo hints = {.ai_flags = flags, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;

    job->failure = getaddrinfo(job->host, NULL, &hints, &found);
    job->failure_errno = errno;
    if (job->failure != 0)
        return;
    collect(&job->list, found);
    freeaddrinfo(found);
    if (job->list.n == 0)
        job->failure = EAI_NONAME;
}

static void *run(void *arg)
{
    struct job *job = arg;
    bool orphan;
    ssize_t n;

    look_up(job, AI_ADDRCONFIG);
    pthread_mutex_lock(&job->lock);
    job->done = true;
    orphan = job->orphan;
    n = write(job->notify[1], "", 1);
    pthread_mutex_unlock(&job->lock);
    /* The pipe is empty and has a reader, perhaps this job itself: one byte
     * always fits. */
    (void)n;
    if (orphan)
        job_free(job);
    return NULL;
}

static int open_pipe(int fds[2], struct err *err)
{
    if (pipe(fds) != 0)
        return err_os(err, ERR_OS, errno, "pipe");
    for (int i = 0; i < 2; i++) {
        fcntl(fds[i], F_SETFD, FD_CLOEXEC);
        fcntl(fds[i], F_SETFL, O_NONBLOCK);
    }
    return 0;
}

/* Starts the thread with all signals blocked, so that they go to the caller's
 * threads. */
static int spawn(struct job *job, struct err *err)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, old;
    int rc = pthread_attr_init(&attr);

    if (rc != 0)
        return err_os(err, ERR_OS, rc, "thread");
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = pthread_create(&thread, &attr, run, job);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return rc == 0 ? 0 : err_os(err, ERR_OS, rc, "thread");
}

/* Answers at once when the host is a literal address; else asks a thread. */
static int begin(struct job *job, struct err *err)
{
    look_up(job, AI_NUMERICHOST);
    job->done = job->failure == 0;
    if (job->done)
        return 0;
    if (open_pipe(job->notify, err) != 0)
        return -1;
    return spawn(job, err);
}

struct resolve *resolve_start(const char *host, struct err *err)
{
    struct resolve *resolve = malloc(sizeof(*resolve));

    if (resolve == NULL) {
        err_memory(err);
        return NULL;
    }
    resolve->job = job_new(host, err);
    if (resolve->job == NULL) {
        free(resolve);
        return NULL;
    }
    if (begin(resolve->job, err) != 0) {
        job_free(resolve->job);
        free(resolve);
        return NULL;
    }
    return resolve;
}

int resolve_fd(const struct resolve *resolve)
{
    return resolve->job->notify[0];
}

int resolve_done(struct resolve *resolve, struct resolve_list *list,
                 struct err *err)
{
    struct job *job = resolve->job;
    bool done;

    pthread_mutex_lock(&job->lock);
    done = job->done;
    pthread_mutex_unlock(&job->lock);
    if (!done)
        return 0;
    if (job->failure == EAI_SYSTEM)
        return err_os(err, ERR_UNAVAILABLE, job->failure_errno,
                      "cannot resolve %.200s", job->host);
    if (job->failure != 0)
        return err_set(err, ERR_UNAVAILABLE, "cannot resolve %.200s: %s",
                       job->host, gai_strerror(job->failure));
    *list = job->list;
    return 1;
}

void resolve_free(struct resolve *resolve)
{
    bool done;

    if (resolve == NULL)
        return;
    pthread_mutex_lock(&resolve->job->lock);
    done = resolve->job->done;
    resolve->job->orphan = true;
    pthread_mutex_unlock(&resolve->job->lock);
    if (done)
        job_free(resolve->job);
    free(resolve);
}
