/*
 * A library to be preloaded, in which the clock that never goes back runs a
 * hundred times as fast, so that a test need not wait for minutes.  Who sleeps
 * sleeps as long as ever.
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TIMES 100

/* GNU's, like all of syscall(2). */
long syscall(long number, ...);

__attribute__((visibility("default"))) int clock_gettime(clockid_t id,
                                                         struct timespec *t)
{
    long rc = syscall(SYS_clock_gettime, id, t);
    long long ns;

    if (rc != 0 || id != CLOCK_MONOTONIC)
        return (int)rc;
    ns = (t->tv_sec * 1000000000LL + t->tv_nsec) * TIMES;
    t->tv_sec = (time_t)(ns / 1000000000LL);
    t->tv_nsec = (long)(ns % 1000000000LL);
    return 0;
}
