#include "base/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

static int signal_pipe = -1;

static int64_t read_clock(clockid_t id, int64_t per_second)
{
    struct timespec t = {0, 0};

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * per_second +
           t.tv_nsec / (1000000000 / per_second);
}

int64_t loop_now(void)
{
    return read_clock(CLOCK_MONOTONIC, 1000);
}

int64_t loop_wall(void)
{
    return read_clock(CLOCK_REALTIME, 1000000);
}

/* A full pipe already has a signal to be read. */
static void on_signal(int signo)
{
    unsigned char byte = (unsigned char)signo;
    int saved = errno;

    if (write(signal_pipe, &byte, 1) < 0)
        errno = saved;
    errno = saved;
}

void loop_signals_catch(int signo)
{
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    sigemptyset(&act.sa_mask);
    sigaction(signo, &act, NULL);
}

int loop_signals_open(struct err *err)
{
    static const int caught[] = {SIGINT, SIGTERM, SIGUSR1};
    int fds[2];

    if (pipe(fds) != 0)
        return err_os(err, ERR_OS, errno, "pipe");
    for (int i = 0; i < 2; i++) {
        fcntl(fds[i], F_SETFD, FD_CLOEXEC);
        fcntl(fds[i], F_SETFL, O_NONBLOCK);
    }
    signal_pipe = fds[1];
    for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
        loop_signals_catch(caught[i]);
    signal(SIGPIPE, SIG_IGN);
    return fds[0];
}

int loop_signals_next(int fd)
{
    unsigned char byte;

    return read(fd, &byte, 1) == 1 ? byte : 0;
}

void loop_die_of(int signo)
{
    sigset_t set;

    signal(signo, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, signo);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(signo);
}

void loop_stop_of(int signo)
{
    loop_die_of(signo);
    loop_signals_catch(signo);
}
