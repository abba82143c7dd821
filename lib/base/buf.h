/*
 * Slices, which borrow bytes, and buffers, which own them.
 *
 * A buffer is born with its maximum: an append that would pass it, or that
 * finds no memory, returns -1 and leaves the content as it was.  The content
 * may hold NUL bytes and is not terminated.  p is NULL only while n is 0.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Borrowed bytes: valid as long as their owner says. */
struct slice {
    const char *p;
    size_t n;
};

/* A slice of a string literal. */
#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})

/* slice_str(s): the bytes of the string ${s}, without its NUL. */
struct slice slice_str(const char *s);

/* slice_eq(a, b): whether both hold the same bytes. */
bool slice_eq(struct slice a, struct slice b);

/* slice_lower(c): ${c}, or its lowercase letter for A to Z, whatever the
 * locale. */
static inline char slice_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

/* slice_caseeq(a, b): slice_eq that takes A-Z and a-z for the same. */
bool slice_caseeq(struct slice a, struct slice b);

struct buf {
    char *p;      /* the content, owned */
    size_t n;     /* its length in bytes */
    size_t cap;   /* bytes allocated */
    size_t max;   /* n never passes this */
    bool starved; /* an append has found no memory */
};

#define BUF_INIT(max)                                                          \
    {                                                                          \
        NULL, 0, 0, (max), false                                               \
    }

/* buf_init(buf, max): an empty buffer that may grow to ${max} bytes. */
void buf_init(struct buf *buf, size_t max);

/* buf_release(buf): free the content; ${buf} is empty and usable again. */
void buf_release(struct buf *buf);

/* buf_reset(buf): empty ${buf} but keep its memory. */
void buf_reset(struct buf *buf);

/*
 * buf_reserve(buf, n): make room for ${n} more bytes behind the content and
 * return where they go; the caller writes there and adds to buf->n.  Returns
 * NULL when that would pass the maximum or memory is out.  The pointer lives
 * until the next call on ${buf}.
 */
char *buf_reserve(struct buf *buf, size_t n);

/* buf_add(buf, p, n): append a copy of ${n} bytes at ${p}.  0 or -1. */
int buf_add(struct buf *buf, const void *p, size_t n);

/* buf_addslice(buf, s), buf_addstr(buf, s): append a copy.  0 or -1. */
int buf_addslice(struct buf *buf, struct slice s);
int buf_addstr(struct buf *buf, const char *s);

/* buf_addf(buf, fmt, ...): append formatted text, without a NUL.  0 or -1. */
int buf_addf(struct buf *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* buf_str(buf): the content as a string, a NUL put behind it (not counted in
 * n); lives until the next call on ${buf}.  NULL when there is no room. */
const char *buf_str(struct buf *buf);

/*
 * buf_full(buf, err, code, fmt, ...): what to say when an append has failed:
 * err_memory where memory was missing, else err_set.  Returns -1.
 */
int buf_full(const struct buf *buf, struct err *err, enum err_code code,
             const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* buf_drop(buf, n): remove the first ${n} bytes; at most all. */
void buf_drop(struct buf *buf, size_t n);

/* buf_slice(buf): the content, valid until the next call that changes it. */
struct slice buf_slice(const struct buf *buf);

#endif
