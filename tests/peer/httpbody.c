#include "httpbody.h"

#include <string.h>

/* More digits than any size that is meant. */
#define DIGITS_MAX 12

void httpbody_begin(struct httpbody *body, enum httpbody_kind kind,
                    uint64_t length)
{
    *body = (struct httpbody){.kind = kind, .part = HTTPBODY_DATA};
    if (kind == HTTPBODY_CHUNKED)
        body->part = HTTPBODY_SIZE;
    else
        body->left = kind == HTTPBODY_OPEN ? UINT64_MAX : length;
    body->done = body->kind == HTTPBODY_LENGTH && length == 0;
}

/* A byte of the size of a chunk.  0, or -1 when it is none. */
static int take_digit(struct httpbody *body, char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;

    if (c == ';' || c == ' ' || c == '\r') {
        body->part = HTTPBODY_EXTENSION;
        return body->digits > 0 ? 0 : -1;
    }
    if (at == NULL || ++body->digits > DIGITS_MAX)
        return -1;
    body->left = body->left << 4 | (uint64_t)((at - digits) & 15);
    return 0;
}

/* A byte between two chunks, or behind the last.  0, or -1 when it cannot be
 * there. */
static int take_frame(struct httpbody *body, char c)
{
    switch (body->part) {
    case HTTPBODY_SIZE:
        return take_digit(body, c);
    case HTTPBODY_EXTENSION:
        if (c == '\n')
            body->part = body->left > 0 ? HTTPBODY_DATA : HTTPBODY_TRAILER;
        return 0;
    case HTTPBODY_DATA_END:
        if (c == '\n') {
            body->part = HTTPBODY_SIZE;
            body->digits = 0;
        }
        return c == '\r' || c == '\n' ? 0 : -1;
    case HTTPBODY_TRAILER:
        body->done = c == '\n';
        if (c != '\n' && c != '\r')
            body->part = HTTPBODY_FIELD;
        return 0;
    default:
        if (c == '\n')
            body->part = HTTPBODY_TRAILER;
        return 0;
    }
}

/* Content, as much of it as there is.  How many bytes, or -1. */
static ssize_t take_data(struct httpbody *body, struct slice bytes,
                         struct buf *content)
{
    size_t n = bytes.n < body->left ? bytes.n : (size_t)body->left;

    if (content != NULL && buf_add(content, bytes.p, n) != 0)
        return -1;
    if (body->kind == HTTPBODY_OPEN)
        return (ssize_t)n;
    body->left -= n;
    if (body->left == 0 && body->kind == HTTPBODY_LENGTH)
        body->done = true;
    else if (body->left == 0)
        body->part = HTTPBODY_DATA_END;
    return (ssize_t)n;
}

ssize_t httpbody_take(struct httpbody *body, struct slice bytes,
                      struct buf *content)
{
    size_t at = 0;

    while (at < bytes.n && !body->done) {
        struct slice rest = {bytes.p + at, bytes.n - at};
        ssize_t n = 1;

        if (body->part == HTTPBODY_DATA)
            n = take_data(body, rest, content);
        else if (take_frame(body, rest.p[0]) != 0)
            n = -1;
        if (n < 0)
            return -1;
        at += (size_t)n;
    }
    return (ssize_t)at;
}
