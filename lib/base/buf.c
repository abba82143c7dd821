#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct slice slice_str(const char *s)
{
    struct slice r = {s, strlen(s)};

    return r;
}

bool slice_eq(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool slice_caseeq(struct slice a, struct slice b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        if (slice_lower(a.p[i]) != slice_lower(b.p[i]))
            return false;
    }
    return true;
}

void buf_init(struct buf *buf, size_t max)
{
    buf->p = NULL;
    buf->n = 0;
    buf->cap = 0;
    buf->max = max;
    buf->starved = false;
}

void buf_release(struct buf *buf)
{
    free(buf->p);
    buf_init(buf, buf->max);
}

void buf_reset(struct buf *buf)
{
    buf->n = 0;
}

/* Grow to at least ${need} bytes allocated, by doubling, never past max+1:
 * the one byte is buf_str's NUL. */
static int grow(struct buf *buf, size_t need)
{
    size_t cap = buf->cap > 0 ? buf->cap : 64;
    char *p;

    if (need <= buf->cap)
        return 0;
    while (cap < need)
        cap = cap > buf->max / 2 ? buf->max + 1 : cap * 2;
    p = realloc(buf->p, cap);
    buf->starved |= p == NULL;
    if (p == NULL)
        return -1;
    buf->p = p;
    buf->cap = cap;
    return 0;
}

char *buf_reserve(struct buf *buf, size_t n)
{
    if (n > buf->max - buf->n)
        return NULL;
    if (grow(buf, buf->n + n + (n == 0)) != 0)
        return NULL;
    return buf->p + buf->n;
}

int buf_add(struct buf *buf, const void *p, size_t n)
{
    char *to;

    if (n == 0)
        return 0;
    to = buf_reserve(buf, n);
    if (to == NULL)
        return -1;
    memcpy(to, p, n);
    buf->n += n;
    return 0;
}

int buf_addslice(struct buf *buf, struct slice s)
{
    return buf_add(buf, s.p, s.n);
}

int buf_addstr(struct buf *buf, const char *s)
{
    return buf_add(buf, s, strlen(s));
}

int buf_addf(struct buf *buf, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n > buf->max - buf->n ||
        grow(buf, buf->n + (size_t)n + 1) != 0)
        return -1;
    va_start(ap, fmt);
    vsnprintf(buf->p + buf->n, (size_t)n + 1, fmt, ap);
    va_end(ap);
    buf->n += (size_t)n;
    return 0;
}

const char *buf_str(struct buf *buf)
{
    if (grow(buf, buf->n + 1) != 0)
        return NULL;
    buf->p[buf->n] = '\0';
    return buf->p;
}

int buf_full(const struct buf *buf, struct err *err, enum err_code code,
             const char *fmt, ...)
{
    struct err made;
    va_list ap;

    if (buf->starved)
        return err_memory(err);
    va_start(ap, fmt);
    vsnprintf(made.text, sizeof(made.text), fmt, ap);
    va_end(ap);
    return err_set(err, code, "%s", made.text);
}

void buf_drop(struct buf *buf, size_t n)
{
    if (n >= buf->n) {
        buf->n = 0;
        return;
    }
    memmove(buf->p, buf->p + n, buf->n - n);
    buf->n -= n;
}

struct slice buf_slice(const struct buf *buf)
{
    struct slice s = {buf->p, buf->n};

    return s;
}
