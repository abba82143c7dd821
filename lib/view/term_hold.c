#include "view/term_hold.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "base/loop.h"

#define NSIGNALS 7

static const int deadly[NSIGNALS] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL,
                                     SIGABRT, SIGHUP, SIGQUIT};
static struct sigaction before[NSIGNALS];
static struct term_hold *opened;
static struct term_hold *volatile held;

static void write_until(int fd, struct slice s, int64_t end)
{
    while (s.n > 0) {
        struct pollfd pollfd = {.fd = fd, .events = POLLOUT};
        ssize_t put = write(fd, s.p, s.n);
        int64_t left = end - loop_now();

        if (put > 0) {
            s.p += put;
            s.n -= (size_t)put;
            continue;
        }
        if ((put < 0 && errno != EAGAIN && errno != EINTR) || left <= 0)
            return;
        poll(&pollfd, 1, (int)left);
    }
}

/* To set the modes of a terminal that another group has would stop us, and
 * spoil them for that group. */
static bool is_background(int fd)
{
    pid_t group = tcgetpgrp(fd);

    return group > 0 && group != getpgrp();
}

/* keyed comes first: a signal from here on must find it. */
static void take_modes(struct term_hold *hold)
{
    struct termios modes;

    if (!hold->keyed && tcgetattr(hold->keys_fd, &hold->modes) != 0)
        return;
    modes = hold->modes;
    modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    modes.c_cc[VMIN] = 0;
    modes.c_cc[VTIME] = 0;
    hold->keyed = true;
    hold->keyed = tcsetattr(hold->keys_fd, TCSANOW, &modes) == 0;
}

void term_hold_take(struct term_hold *hold)
{
    held = hold;
    if (hold->shared)
        fcntl(hold->fd, F_SETFL, hold->flags | O_NONBLOCK);
    if (hold->keys_fd >= 0 && !is_background(hold->keys_fd))
        take_modes(hold);
}

/* Keys that were pressed for us are not left to the shell. */
static void give_modes(struct term_hold *hold)
{
    if (hold->keyed && !is_background(hold->keys_fd)) {
        tcflush(hold->keys_fd, TCIFLUSH);
        tcsetattr(hold->keys_fd, TCSANOW, &hold->modes);
    }
    hold->keyed = false;
}

void term_hold_give(struct term_hold *hold, struct slice last, int64_t end)
{
    if (hold->shared)
        fcntl(hold->fd, F_SETFL, hold->flags | O_NONBLOCK);
    if (held != NULL) {
        give_modes(hold);
        write_until(hold->fd, SLICE(TERM_HOLD_GIVE), end);
    }
    write_until(hold->fd, last, end);
    if (hold->shared)
        fcntl(hold->fd, F_SETFL, hold->flags);
    held = NULL;
}

void term_hold_drop(void)
{
    struct term_hold *hold = held;

    if (hold != NULL)
        term_hold_give(hold, SLICE(""), loop_now() + TERM_HOLD_WAIT_MS);
}

/* What would have happened without us happens once we return. */
static void on_deadly(int signo)
{
    int saved = errno;

    term_hold_drop();
    for (int i = 0; i < NSIGNALS; i++) {
        if (deadly[i] == signo)
            sigaction(signo, &before[i], NULL);
    }
    raise(signo);
    errno = saved;
}

/* Signals that are ignored stay so: nohup(1) means it. */
static void catch_deadly(void)
{
    struct sigaction act = {.sa_handler = on_deadly};

    sigfillset(&act.sa_mask);
    for (int i = 0; i < NSIGNALS; i++) {
        sigaction(deadly[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            sigaction(deadly[i], &act, NULL);
    }
}

int term_hold_open(struct term_hold *hold, struct err *err)
{
    if (opened != NULL)
        return err_set(err, ERR_OS, "a terminal is in use already");
    if (hold->shared) {
        hold->flags = fcntl(hold->fd, F_GETFL);
        if (hold->flags < 0)
            return err_os(err, ERR_OS, errno, "the terminal");
    }
    opened = hold;
    catch_deadly();
    return 0;
}

void term_hold_close(struct term_hold *hold)
{
    if (opened != hold)
        return;
    term_hold_give(hold, SLICE(""), loop_now() + TERM_HOLD_WAIT_MS);
    for (int i = 0; i < NSIGNALS; i++)
        sigaction(deadly[i], &before[i], NULL);
    opened = NULL;
}
