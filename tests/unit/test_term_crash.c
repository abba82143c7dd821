/* The terminal is given back whatever ends the program, and is not touched
 * while it is not ours. */
#include "view/term.h"

#include <locale.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "check.h"
#include "pty.h"
#include "view/term_hold.h"

static void write_to_nowhere(void)
{
    int fd = open("/dev/zero", O_RDONLY);
    volatile char *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

    *p = 1;
}

/* In a child: takes the terminal, and dies of ${signo}; 0: a real fault. */
static void die_on(const struct pty *pty, int signo)
{
    struct rlimit none = {0, 0};
    struct grid grid = vt_grid(20, 3, "one");
    struct term *term;

    setrlimit(RLIMIT_CORE, &none);
    signal(signo == 0 ? SIGSEGV : signo, SIG_DFL);
    term = term_open(pty->slave, pty->slave, NULL);
    if (term == NULL || term_show(term, &grid, true, NULL) != 1 ||
        !pty_is_raw(pty))
        _exit(1);
    if (signo == 0)
        write_to_nowhere();
    if (signo == SIGABRT)
        abort();
    raise(signo);
    _exit(2);
}

static void test_crash(void)
{
    static const int signals[] = {0,      SIGSEGV, SIGBUS, SIGFPE,
                                  SIGILL, SIGABRT, SIGHUP, SIGQUIT};

    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        int want = signals[i] == 0 ? SIGSEGV : signals[i];
        int status = 0;
        struct pty pty;
        pid_t pid;

        pty_open(&pty, 20, 3);
        pid = fork();
        if (pid == 0)
            die_on(&pty, signals[i]);
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK(WIFSIGNALED(status));
        CHECK_INT(WIFSIGNALED(status) ? WTERMSIG(status) : 0, want);
        pty_read(&pty);
        CHECK(buf_str(&pty.seen) != NULL &&
              strstr(pty.seen.p, "\033[?1049h") != NULL &&
              strstr(pty.seen.p, "\033[?1049l") != NULL);
        CHECK(pty_is_restored(&pty));
        pty_close(&pty);
    }
}

static void count_signal(int signo)
{
    (void)signo;
}

/* What was ignored or caught before is so again, and ignored all along. */
static void test_handlers(void)
{
    struct sigaction act;
    struct pty pty;
    struct term *term;

    pty_open(&pty, 20, 3);
    signal(SIGHUP, SIG_IGN);
    signal(SIGQUIT, count_signal);
    term = NEEDED(term_open(pty.slave, pty.slave, NULL));
    raise(SIGHUP);
    CHECK(pty_is_raw(&pty));
    term_close(term, NULL, false);
    sigaction(SIGHUP, NULL, &act);
    CHECK(act.sa_handler == SIG_IGN);
    sigaction(SIGQUIT, NULL, &act);
    CHECK(act.sa_handler == count_signal);
    signal(SIGHUP, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    pty_close(&pty);
}

/* Dies while it is suspended: the terminal is another's, and stays as it is. */
static void test_crash_suspended(void)
{
    int status = 0;
    struct pty pty;
    pid_t pid;

    pty_open(&pty, 20, 3);
    pid = fork();
    if (pid == 0) {
        struct term *term = NEEDED(term_open(pty.slave, pty.slave, NULL));

        term_suspend(term);
        raise(SIGHUP);
        _exit(2);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP);
    pty_read(&pty);
    CHECK(buf_str(&pty.seen) != NULL &&
          strstr(pty.seen.p, TERM_HOLD_GIVE TERM_HOLD_GIVE) == NULL);
    pty_close(&pty);
}

/* In the background of its own terminal: what sets modes or reads keys would
 * stop it. */
static int be_background(const char *path)
{
    int fd = open(path, O_RDWR), status = 0;
    struct termios before, now;
    pid_t pid;

    if (fd < 0 || tcgetpgrp(fd) != getpgrp() || tcgetattr(fd, &before) != 0)
        return 10;
    pid = fork();
    if (pid == 0) {
        struct term *term;

        setpgid(0, 0);
        term = term_open(fd, fd, NULL);
        if (term == NULL || term_key(term) != 0 || tcgetattr(fd, &now) != 0 ||
            now.c_lflag != before.c_lflag)
            _exit(1);
        term_resume(term);
        term_close(term, NULL, false);
        _exit(0);
    }
    if (waitpid(pid, &status, WUNTRACED) != pid)
        return 11;
    if (WIFSTOPPED(status)) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        return 12;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 13;
}

static void test_background(void)
{
    int status = 0;
    struct pty pty;
    pid_t pid;

    pty_open(&pty, 20, 3);
    pid = fork();
    if (pid == 0) {
        const char *path = ptsname(pty.master);

        close(pty.slave);
        setsid();
        _exit(be_background(path));
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
    pty_close(&pty);
}

/* Where the terminal cannot be opened anew, its flags are put back. */
static void test_shared(void)
{
    struct pty pty;
    struct term_hold hold = {.shared = true};

    pty_open(&pty, 20, 3);
    hold.fd = pty.slave;
    hold.keys_fd = -1;
    CHECK(term_hold_open(&hold, NULL) == 0);
    term_hold_take(&hold);
    CHECK(fcntl(pty.slave, F_GETFL) & O_NONBLOCK);
    term_hold_give(&hold, SLICE("last"), loop_now() + PTY_PATIENCE_MS);
    CHECK(!(fcntl(pty.slave, F_GETFL) & O_NONBLOCK));
    pty_read(&pty);
    CHECK_STR(buf_str(&pty.seen), TERM_HOLD_GIVE "last");
    term_hold_close(&hold);
    CHECK_INT(pty_read(&pty), 0);
    pty_close(&pty);
}

int main(void)
{
    if (setlocale(LC_ALL, "C.UTF-8") == NULL)
        printf("# no C.UTF-8 here\n");
    RUN(test_crash);
    RUN(test_handlers);
    RUN(test_crash_suspended);
    RUN(test_background);
    RUN(test_shared);
    return check_done();
}
