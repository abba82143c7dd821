/*
 * What the fuzz targets share: promises, input taken piece by piece, and what
 * may be printed, by rules written down a second time.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* One that is broken is a finding, whatever else went well. */
#define PROMISE(what)                                                          \
    do {                                                                       \
        if (!(what))                                                           \
            fuzz_broken(__FILE__, __LINE__, #what);                            \
    } while (0)

__attribute__((noreturn)) static inline void
fuzz_broken(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: broken promise: %s\n", file, line, what);
    abort();
}

/* The slice of the input; never NULL. */
static inline struct slice fuzz_input(const uint8_t *data, size_t n)
{
    struct slice in = {n > 0 ? (const char *)data : "", n};

    return in;
}

/* The next byte, 0 behind the end. */
static inline unsigned fuzz_byte(struct slice *in)
{
    if (in->n == 0)
        return 0;
    in->n--;
    return (unsigned char)*in->p++;
}

/* The next ${n} bytes, at most 8, as a number. */
static inline uint64_t fuzz_number(struct slice *in, int n)
{
    uint64_t number = 0;

    while (n-- > 0)
        number = number << 8 | fuzz_byte(in);
    return number;
}

/* What is before the next ${end}, which is taken too; else all of it. */
static inline struct slice fuzz_until(struct slice *in, char end)
{
    const char *at = in->n > 0 ? memchr(in->p, end, in->n) : NULL;
    struct slice part = {in->p, at != NULL ? (size_t)(at - in->p) : in->n};
    size_t used = part.n + (at != NULL);

    in->p += used;
    in->n -= used;
    return part;
}

static inline void *fuzz_alloc(size_t n)
{
    void *p = calloc(1, n > 0 ? n : 1);

    if (p == NULL)
        abort();
    return p;
}

/* A string, cut at a NUL; the caller frees it. */
static inline char *fuzz_string(struct slice s)
{
    char *text = fuzz_alloc(s.n + 1);

    if (s.n > 0)
        memcpy(text, s.p, s.n);
    return text;
}

/* The length of the UTF-8 character at ${p} (RFC 3629, section 4), 0 when it
 * is none. */
static inline size_t fuzz_char(const char *p, size_t n, unsigned long *c)
{
    const unsigned char *b = (const unsigned char *)p;
    size_t length = b[0] < 0x80                   ? 1
                    : b[0] >= 0xC2 && b[0] < 0xE0 ? 2
                    : b[0] >= 0xE0 && b[0] < 0xF0 ? 3
                    : b[0] >= 0xF0 && b[0] < 0xF5 ? 4
                                                  : 0;

    if (length == 0 || length > n)
        return 0;
    *c = length == 1 ? b[0] : b[0] % (1UL << (7 - length));
    for (size_t i = 1; i < length; i++) {
        if (b[i] < 0x80 || b[i] > 0xBF)
            return 0;
        *c = *c * 64 + b[i] % 64;
    }
    if ((length == 3 && *c < 0x800) || (length == 4 && *c < 0x10000) ||
        *c > 0x10FFFF || (*c > 0xD7FF && *c < 0xE000))
        return 0;
    return length;
}

/* Controls, line ends, bidi controls, and what has no width of its own. */
static inline bool fuzz_hides(unsigned long c)
{
    static const unsigned long ranges[][2] = {
        {0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},      {0x61C, 0x61C},
        {0x180E, 0x180E}, {0x200B, 0x200F}, {0x2028, 0x202E},  {0x2060, 0x206F},
        {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F}};

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (c >= ranges[i][0] && c <= ranges[i][1])
            return true;
    }
    return false;
}

/* Whether ${s} may be printed: UTF-8, nothing that hides, but for the bytes
 * of ${besides}. */
static inline bool fuzz_printable(struct slice s, const char *besides)
{
    for (size_t i = 0; i < s.n;) {
        unsigned long c = 0;
        size_t length = fuzz_char(s.p + i, s.n - i, &c);

        if (length == 0)
            return false;
        if (fuzz_hides(c) &&
            (c == 0 || c > 0x7F || strchr(besides, (int)c) == NULL))
            return false;
        i += length;
    }
    return true;
}

static inline bool fuzz_is_utf8(struct slice s)
{
    unsigned long c;

    for (size_t i = 0, n; i < s.n; i += n) {
        n = fuzz_char(s.p + i, s.n - i, &c);
        if (n == 0)
            return false;
    }
    return true;
}

/* A folder of its own in memory, where there is such; its name into ${out}. */
static inline void fuzz_folder(char *out, size_t size)
{
    static const char *const places[] = {"/dev/shm", "/tmp"};

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        snprintf(out, size, "%s/fuzz.XXXXXX", places[i]);
        if (mkdtemp(out) != NULL)
            return;
    }
    abort();
}

static inline void fuzz_locale(void)
{
    static bool set;

    if (!set)
        PROMISE(setlocale(LC_ALL, "C.UTF-8") != NULL);
    set = true;
}

#endif
