/*
 * A library to be preloaded, in which the N-th allocation fails.  README.md
 * says how it is asked to.
 *
 * It counts calls, in all threads, by where they come from: those of the
 * program for itself, or all, those of libraries and within libc too.
 */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

/* GNU's, which the build does not ask for. */
#ifndef RTLD_NEXT
#define RTLD_NEXT ((void *)-1L)
#endif
/* What dladdr fills. */
struct place {
    const char *file;
    void *base;
    const char *symbol;
    void *address;
};
int dladdr(const void *address, struct place *in);
void *reallocarray(void *old, size_t n, size_t size);
void *memalign(size_t align, size_t n);

/* Set before main runs, then constant but for the counters.  What is
 * allocated before that is neither counted nor refused. */
static struct {
    unsigned long at;  /* 0: never */
    bool forever;      /* all from there on */
    bool everyone;     /* the libraries' calls too */
    uintptr_t from;    /* the program's code */
    uintptr_t to;      /* behind it */
    const char *count; /* for the count at the end, or NULL */
    const char *say;   /* for who was refused, or NULL */
    _Atomic bool ready;
    _Atomic unsigned long counted;
} starve;

/* Where the program is, whatever address it was loaded at. */
static void find_program(void)
{
    const ElfW(Phdr) *header = (const void *)getauxval(AT_PHDR);
    size_t n = getauxval(AT_PHNUM);
    uintptr_t base = 0;

    for (size_t i = 0; i < n; i++) {
        if (header[i].p_type == PT_PHDR)
            base = (uintptr_t)header - header[i].p_vaddr;
    }
    for (size_t i = 0; i < n; i++) {
        if (header[i].p_type != PT_LOAD || (header[i].p_flags & PF_X) == 0)
            continue;
        starve.from = base + header[i].p_vaddr;
        starve.to = starve.from + header[i].p_memsz;
    }
}

static bool is_set(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && strcmp(value, "1") == 0;
}

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("STARVE_AT");
    void *frame;

    starve.at = at != NULL ? strtoul(at, NULL, 10) : 0;
    starve.forever = is_set("STARVE_FOREVER");
    starve.everyone = is_set("STARVE_ALL");
    starve.count = getenv("STARVE_COUNT");
    starve.say = getenv("STARVE_SAY");
    find_program();
    backtrace(&frame, 1); /* the first one allocates */
    atomic_store(&starve.ready, true);
}

/* The function that would be called without us, as a pointer to pointer. */
static void next(const char *name, void *to)
{
    void *symbol = dlsym(RTLD_NEXT, name);

    memcpy(to, &symbol, sizeof(symbol));
}

/* A test may have no descriptor left, and a write of its own that fails. */
static void put(const char *path, int flags, const char *text, int n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);
    ssize_t (*real)(int, const void *, size_t);

    if (fd < 0)
        return;
    next("write", &real);
    if (real(fd, text, (size_t)n) != n)
        abort();
    close(fd);
}

__attribute__((destructor)) static void end(void)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "%lu\n", atomic_load(&starve.counted));

    atomic_store(&starve.ready, false);
    if (starve.count != NULL)
        put(starve.count, O_TRUNC, text, n);
}

/* Who was refused: NUMBER FILE OFFSET, for addr2line(1). */
static void say(unsigned long number, uintptr_t caller)
{
    char text[512];
    struct place in;
    int n;

    if (starve.say == NULL || dladdr((void *)caller, &in) == 0)
        return;
    n = snprintf(text, sizeof(text), "%lu %.200s %#lx %.200s\n", number,
                 in.file, (unsigned long)(caller - (uintptr_t)in.base),
                 in.symbol != NULL ? in.symbol : "-");
    put(starve.say, O_APPEND, text, n);
}

static bool is_program(uintptr_t address)
{
    return address >= starve.from && address < starve.to;
}

/* Whether that call is one of the program for itself; where it allocates for
 * a library, that is whose function has called. */
static bool is_own(uintptr_t caller)
{
    void *frame[8];
    int n, i = 0;

    if (!is_program(caller))
        return false;
    n = backtrace(frame, 8);
    while (i < n && (uintptr_t)frame[i] != caller)
        i++;
    return i + 1 < n && is_program((uintptr_t)frame[i + 1]);
}

/* Counts a call from ${caller}.  Whether it is to fail. */
static bool refused(uintptr_t caller)
{
    unsigned long number;

    if (!atomic_load(&starve.ready) || (!starve.everyone && !is_own(caller)))
        return false;
    number = atomic_fetch_add(&starve.counted, 1) + 1;
    if (starve.at == 0 || number < starve.at ||
        (number > starve.at && !starve.forever))
        return false;
    if (number == starve.at)
        say(number, caller);
    errno = ENOMEM;
    return true;
}

#define CALLER ((uintptr_t)__builtin_return_address(0))

/* A function of that name: the same, unless it is refused. */
#define WRAP(type, none, name, parameters, arguments)                          \
    type name parameters                                                       \
    {                                                                          \
        static type(*_Atomic real) parameters;                                 \
        type(*made) parameters = atomic_load(&real);                           \
                                                                               \
        if (made == NULL) {                                                    \
            next(#name, &made);                                                \
            atomic_store(&real, made);                                         \
        }                                                                      \
        return refused(CALLER) ? (none) : made arguments;                      \
    }

WRAP(void *, NULL, malloc, (size_t n), (n))
WRAP(void *, NULL, calloc, (size_t n, size_t size), (n, size))
WRAP(void *, NULL, realloc, (void *old, size_t n), (old, n))
WRAP(void *, NULL, reallocarray, (void *old, size_t n, size_t size),
     (old, n, size))
WRAP(void *, NULL, memalign, (size_t align, size_t n), (align, n))
WRAP(void *, NULL, aligned_alloc, (size_t align, size_t n), (align, n))
WRAP(int, ENOMEM, posix_memalign, (void **to, size_t align, size_t n),
     (to, align, n))

/* Theirs would call malloc: from libc, and once more. */
static char *copy(uintptr_t caller, const char *s, size_t n)
{
    static void *(*_Atomic real)(size_t);
    void *(*made)(size_t) = atomic_load(&real);
    char *p;

    if (made == NULL) {
        next("malloc", &made);
        atomic_store(&real, made);
    }
    if (refused(caller))
        return NULL;
    p = made(n + 1);
    if (p != NULL) {
        memcpy(p, s, n);
        p[n] = '\0';
    }
    return p;
}

char *strdup(const char *s)
{
    return copy(CALLER, s, strlen(s));
}

char *strndup(const char *s, size_t n)
{
    return copy(CALLER, s, strnlen(s, n));
}
