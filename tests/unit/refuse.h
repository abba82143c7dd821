/*
 * Calls of the system that fail when a test says so: the linker takes those
 * made with REFUSABLE for the libraries' own.
 */
#ifndef REFUSE_H
#define REFUSE_H

#include <dlfcn.h>
#include <errno.h>

#include "check.h"

/* GNU's, which the build does not ask for. */
#ifndef RTLD_NEXT
#define RTLD_NEXT ((void *)-1L)
#endif

/* A handler of signals may make such a call. */
static volatile struct {
    const char *call; /* NULL: none fails */
    const char *end;  /* of the path that it is to have, or "" */
    int errnum;
    int nth;  /* so many times that it is called; 0: always */
    int seen; /* calls */
} refuse;

/* The ${nth} call of that name from now on fails with ${errnum}; with 0 all
 * of them.  Where ${end} is not "", only calls for such paths count. */
static inline void refuse_call(const char *call, const char *end, int nth,
                               int errnum)
{
    refuse.call = call;
    refuse.end = end;
    refuse.nth = nth;
    refuse.errnum = errnum;
    refuse.seen = 0;
}

/* None fails any more; it must have been called so often that one did. */
static inline void refuse_over(void)
{
    CHECK(refuse.seen > 0 && refuse.seen >= refuse.nth);
    refuse.call = NULL;
}

static inline bool refuse_has_end(const char *path)
{
    size_t n = strlen(refuse.end), length = strlen(path);

    return length >= n && strcmp(path + length - n, refuse.end) == 0;
}

static inline bool refuse_is(const char *call, const char *path)
{
    if (refuse.call == NULL || strcmp(refuse.call, call) != 0 ||
        !refuse_has_end(path))
        return false;
    refuse.seen++;
    if (refuse.nth > 0 && refuse.seen != refuse.nth)
        return false;
    errno = refuse.errnum;
    return true;
}

/* The function that would be called without us, as a pointer to pointer. */
static inline void refuse_real(const char *call, void *to)
{
    void *symbol = dlsym(RTLD_NEXT, call);

    memcpy(to, &symbol, sizeof(symbol));
}

/* A function of that name: the same, or ${failure} where it is refused. */
#define REFUSABLE(type, name, parameters, arguments, path, failure)            \
    type name parameters                                                       \
    {                                                                          \
        type(*made) parameters;                                                \
                                                                               \
        if (refuse_is(#name, path))                                            \
            return failure;                                                    \
        refuse_real(#name, &made);                                             \
        return made arguments;                                                 \
    }

#endif
