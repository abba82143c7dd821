/*
 * Unit tests in TAP: a test is a function; CHECK counts and reports, and
 * does not stop, so that one failure does not hide the next.  But where memory
 * is refused (torture_unit.sh) the first ends the program: what comes behind it
 * would use a handle that there is not.
 *
 *     static void test_sum(void) { CHECK(1 + 1 == 2); }
 *     int main(void) { RUN(test_sum); return check_done(); }
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int check_tests;    /* tests run */
static int check_failures; /* tests failed */
static bool check_bad;     /* the running test has failed */
static const char *check_skipped;
static const char *check_name = "main"; /* of the running test */
static bool check_leaks = true; /* are looked for where it stops early, too */

#ifdef __SANITIZE_ADDRESS__
void __lsan_do_leak_check(void);
#define CHECK_LEAKS() __lsan_do_leak_check()
#else
#define CHECK_LEAKS() (void)0
#endif

/* Ends the program as one that failed: what comes next would make no sense. */
_Noreturn static inline void check_stop(void)
{
    printf("not ok %d - %s # ended here\n", check_tests, check_name);
    fflush(stdout);
    if (check_leaks)
        CHECK_LEAKS();
    _exit(1);
}

/* Whether memory is refused. */
static inline bool check_starved(void)
{
    const char *at = getenv("STARVE_AT");

    return at != NULL && strcmp(at, "0") != 0;
}

static inline void check_failed(void)
{
    check_bad = true;
    if (check_starved())
        check_stop();
}

/* How long to wait for what may not come any more. */
static inline int check_patience(int ms)
{
    return check_starved() ? ms / 10 : ms;
}

/* A CHECK of what all that follows needs. */
#define NEED(cond)                                                             \
    do {                                                                       \
        if (!(cond)) {                                                         \
            printf("# %s:%d: %s\n", __FILE__, __LINE__, #cond);                \
            check_stop();                                                      \
        }                                                                      \
    } while (0)

/* NEEDED(p): that pointer, which is not NULL. */
static inline void *check_needed(const void *p, const char *file, int line,
                                 const char *text)
{
    if (p == NULL) {
        printf("# %s:%d: %s is NULL\n", file, line, text);
        check_stop();
    }
    return (void *)(uintptr_t)p;
}

#define NEEDED(p) check_needed(p, __FILE__, __LINE__, #p)

/* What a test asks for is there; (malloc)(n) may fail. */
#define malloc(n) NEEDED(malloc(n))
#define calloc(n, size) NEEDED(calloc(n, size))
#define realloc(p, n) NEEDED(realloc(p, n))

#define CHECK(cond)                                                            \
    do {                                                                       \
        if (!(cond)) {                                                         \
            printf("# %s:%d: %s\n", __FILE__, __LINE__, #cond);                \
            check_failed();                                                    \
        }                                                                      \
    } while (0)

/* Compare integers, showing both. */
#define CHECK_INT(got, want)                                                   \
    do {                                                                       \
        long long got_ = (long long)(got), want_ = (long long)(want);          \
        if (got_ != want_) {                                                   \
            printf("# %s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__,      \
                   #got, got_, want_);                                         \
            check_failed();                                                    \
        }                                                                      \
    } while (0)

/* Compare strings, showing both. */
#define CHECK_STR(got, want)                                                   \
    do {                                                                       \
        const char *got_ = (got), *want_ = (want);                             \
        if (got_ == NULL || strcmp(got_, want_) != 0) {                        \
            printf("# %s:%d: %s is '%s', not '%s'\n", __FILE__, __LINE__,      \
                   #got, got_ == NULL ? "(null)" : got_, want_);               \
            check_failed();                                                    \
        }                                                                      \
    } while (0)

/* Leave the running test, saying aloud why; needs data or a server. */
#define SKIP(why)                                                              \
    do {                                                                       \
        check_skipped = (why);                                                 \
        return;                                                                \
    } while (0)

#define RUN(test) check_run(#test, test)

static inline void check_run(const char *name, void (*test)(void))
{
    check_tests++;
    check_name = name;
    check_bad = false;
    check_skipped = NULL;
    test();
    check_failures += check_bad;
    printf("%sok %d - %s%s%s\n", check_bad ? "not " : "", check_tests, name,
           check_skipped != NULL ? " # SKIP " : "",
           check_skipped != NULL ? check_skipped : "");
    fflush(stdout);
}

static inline int check_done(void)
{
    printf("1..%d\n", check_tests);
    return check_failures == 0 ? 0 : 1;
}

#endif
