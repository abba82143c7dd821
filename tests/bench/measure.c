/*
 * measure FILE COMMAND [ARG...]: run COMMAND and append a line to FILE,
 * "WALL_SECONDS CPU_SECONDS PEAK_KIB EXIT_STATUS".  CPU is user and system
 * time, the descendants that were waited for among it; the peak is the
 * resident memory of the largest process.  COMMAND's status is the exit
 * status, 128 and the signal's number when it died of one.
 *
 * A TERM is passed on, so that a server can be stopped and still be measured;
 * an INT reaches both from the terminal.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"

#define NOT_EXECUTABLE 126
#define NOT_FOUND 127

static double seconds(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double cpu_seconds(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

/* In the child: returns only when it fails, with the exit status for that. */
static int run_command(char **command, const sigset_t *mask)
{
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(command[0], command);
    fprintf(stderr, "measure: %s: %s\n", command[0], strerror(errno));
    return errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
}

/* Waits for the child, passing a TERM on to it; its exit status, or -1. */
static int wait_for(pid_t child, const sigset_t *waited)
{
    int status;

    for (;;) {
        int signo = sigwaitinfo(waited, NULL);
        pid_t pid;

        if (signo == SIGTERM)
            kill(child, SIGTERM);
        if (signo != SIGCHLD)
            continue;
        pid = waitpid(child, &status, WNOHANG);
        if (pid < 0)
            return -1;
        if (pid == child)
            return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                                       : WEXITSTATUS(status);
    }
}

/* Runs ${command} and measures it into ${file}; its exit status, or -1. */
static int measure(int file, char **command)
{
    struct rusage usage;
    sigset_t waited, before;
    double start;
    pid_t child;
    int status;

    /* Whoever started us may ignore it, and then nobody could be waited
     * for. */
    signal(SIGCHLD, SIG_DFL);
    sigemptyset(&waited);
    sigaddset(&waited, SIGCHLD);
    sigaddset(&waited, SIGTERM);
    sigaddset(&waited, SIGINT);
    sigprocmask(SIG_BLOCK, &waited, &before);
    start = seconds();
    child = fork();
    if (child < 0)
        return -1;
    if (child == 0)
        _exit(run_command(command, &before));
    status = wait_for(child, &waited);
    start = seconds() - start;
    if (status < 0 || getrusage(RUSAGE_CHILDREN, &usage) != 0)
        return -1;
    /* One write: others may append to the same file. */
    if (dprintf(file, "%.6f %.6f %ld %d\n", start, cpu_seconds(&usage),
                usage.ru_maxrss, status) < 0)
        return -1;
    return status;
}

int main(int argc, char **argv)
{
    int file, status;

    if (argc < 3) {
        fputs("usage: measure FILE COMMAND [ARG...]\n", stderr);
        return ERR_USAGE;
    }
    file = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0) {
        fprintf(stderr, "measure: %s: %s\n", argv[1], strerror(errno));
        return ERR_CANTCREATE;
    }
    status = measure(file, argv + 2);
    if (status < 0) {
        fprintf(stderr, "measure: %s\n", strerror(errno));
        return ERR_OS;
    }
    if (close(file) != 0) {
        fprintf(stderr, "measure: %s: %s\n", argv[1], strerror(errno));
        return ERR_IO;
    }
    return status;
}
