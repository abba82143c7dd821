/* The terminal given back early, and one that cannot be opened anew. */
#include <signal.h>
#include <stdarg.h>

#include "check.h"
#include "pty.h"
#include "refuse.h"
#include "view/term.h"

/* open(2) has one argument less for who makes nothing. */
int open(const char *path, int flags, ...)
{
    int (*made)(const char *path, int flags, ...);
    mode_t mode = 0;
    va_list ap;

    if (refuse_is("open", path))
        return -1;
    refuse_real("open", &made);
    va_start(ap, flags);
    if (flags & O_CREAT)
        mode = va_arg(ap, mode_t);
    va_end(ap);
    return made(path, flags, mode);
}

REFUSABLE(ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n), "", -1)

static struct term *take(const struct pty *pty)
{
    struct term *term = term_open(pty->slave, pty->slave, NULL);
    struct grid grid = vt_grid(20, 3, "one");

    CHECK(term != NULL && term_show(term, &grid, true, NULL) == 1);
    CHECK(pty_is_raw(pty));
    grid_release(&grid);
    return term;
}

/* The end that does not come to term_close may come twice. */
static void test_restore(void)
{
    struct term *term;
    struct pty pty;

    pty_open(&pty, 20, 3);
    term_restore();
    CHECK_INT(pty_read(&pty), 0);
    term = take(&pty);
    term_restore();
    CHECK(pty_is_restored(&pty));
    term_restore();
    CHECK_INT(pty_read(&pty), 0);
    term_close(term, NULL, false);
    CHECK(pty_is_restored(&pty));
    pty_close(&pty);
}

static volatile sig_atomic_t caught;

static void on_signal(int signo)
{
    caught += signo;
}

/* Who survives what kills others does so, with the terminal given back. */
static void test_survivor(void)
{
    struct term *term;
    struct pty pty;

    pty_open(&pty, 20, 3);
    signal(SIGQUIT, on_signal);
    term = take(&pty);
    errno = EDOM;
    raise(SIGQUIT);
    CHECK_INT(errno, EDOM);
    CHECK_INT(caught, SIGQUIT);
    CHECK(pty_is_restored(&pty));
    term_close(term, NULL, false);
    signal(SIGQUIT, SIG_DFL);
    pty_close(&pty);
}

/* Without /proc it is written to as it is, and left open. */
static void test_not_opened_anew(void)
{
    struct term *term;
    struct pty pty;

    pty_open(&pty, 20, 3);
    refuse_call("open", "", 1, ENOENT);
    term = take(&pty);
    refuse_over();
    CHECK(fcntl(pty.slave, F_GETFL) & O_NONBLOCK);
    term_close(term, NULL, false);
    CHECK(!(fcntl(pty.slave, F_GETFL) & O_NONBLOCK));
    CHECK(pty_is_restored(&pty));
    pty_close(&pty);
}

/* A terminal that takes nothing for now is waited for; another is gone. */
static void test_writing(void)
{
    struct grid grid = vt_grid(20, 3, "one");
    struct err err = ERR_INIT;
    struct term *term;
    struct pty pty;

    pty_open(&pty, 20, 3);
    term = take(&pty);
    term_redraw(term);
    refuse_call("write", "", 1, EINTR);
    CHECK_INT(term_show(term, &grid, true, &err), 1);
    refuse_over();
    CHECK(term_waiting(term));
    CHECK_INT(term_flush(term, &err), 0);
    CHECK(!term_waiting(term));
    term_redraw(term);
    refuse_call("write", "", 1, EIO);
    CHECK_INT(term_show(term, &grid, true, &err), -1);
    refuse_over();
    CHECK_INT(err.code, ERR_IO);
    CHECK_STR(err.text, "the terminal is gone: Input/output error");
    CHECK_INT(term_flush(term, NULL), -1);
    term_close(term, NULL, false);
    CHECK(pty_is_restored(&pty));
    grid_release(&grid);
    pty_close(&pty);
}

int main(void)
{
    RUN(test_restore);
    RUN(test_survivor);
    RUN(test_not_opened_anew);
    RUN(test_writing);
    return check_done();
}
