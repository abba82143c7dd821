#include "base/text.h"

#include <string.h>

#define INVALID 0xFFFDU

size_t text_char(struct slice s, size_t at, unsigned *out)
{
    const unsigned char *p = (const unsigned char *)s.p + at;
    size_t left = s.n - at;
    size_t len = p[0] < 0x80   ? 1
                 : p[0] < 0xC2 ? 0
                 : p[0] < 0xE0 ? 2
                 : p[0] < 0xF0 ? 3
                 : p[0] < 0xF5 ? 4
                               : 0;
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned c;

    *out = INVALID;
    if (len == 0 || len > left)
        return 1;
    c = len == 1 ? p[0] : p[0] & (0x7FU >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 1;
        c = c << 6 | (p[i] & 0x3F);
    }
    if (c < least[len] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 1;
    *out = c;
    return len;
}

bool text_is_utf8(struct slice s)
{
    for (size_t i = 0; i < s.n;) {
        unsigned c;
        size_t len = text_char(s, i, &c);

        if (len == 1 && c == INVALID)
            return false;
        i += len;
    }
    return true;
}

/* Whether printing the character could move the cursor, turn the line
 * around, or hide. */
static bool is_unsafe(unsigned c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x61C ||
           c == 0x180E || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) ||
           c == 0xFEFF || (c >= 0xFFF0 && c <= 0xFFFB) || c == INVALID ||
           (c >= 0xE0000 && c <= 0xE0FFF);
}

int text_scrub(struct buf *out, struct slice s, size_t max)
{
    for (size_t i = 0; i < s.n;) {
        unsigned c;
        size_t len = text_char(s, i, &c);

        if (i + len > max)
            break;
        if (is_unsafe(c) ? buf_add(out, "?", 1) : buf_add(out, s.p + i, len))
            return -1;
        i += len;
    }
    return 0;
}

void text_clean(char *s)
{
    struct slice all = slice_str(s);
    char *to = s;

    for (size_t i = 0; i < all.n;) {
        unsigned c;
        size_t len = text_char(all, i, &c);

        if (is_unsafe(c)) {
            *to++ = '?';
        } else {
            memmove(to, s + i, len);
            to += len;
        }
        i += len;
    }
    *to = '\0';
}

static int add_escaped(struct buf *out, unsigned char c)
{
    switch (c) {
    case '"':
        return buf_add(out, "\\\"", 2);
    case '\\':
        return buf_add(out, "\\\\", 2);
    case '\b':
        return buf_add(out, "\\b", 2);
    case '\f':
        return buf_add(out, "\\f", 2);
    case '\n':
        return buf_add(out, "\\n", 2);
    case '\r':
        return buf_add(out, "\\r", 2);
    case '\t':
        return buf_add(out, "\\t", 2);
    default:
        return buf_addf(out, "\\u%04x", c);
    }
}

int text_json(struct buf *out, struct slice s)
{
    size_t from = 0;

    if (buf_add(out, "\"", 1) != 0)
        return -1;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        if (buf_add(out, s.p + from, i - from) != 0 || add_escaped(out, c) != 0)
            return -1;
        from = i + 1;
    }
    if (buf_add(out, s.p + from, s.n - from) != 0)
        return -1;
    return buf_add(out, "\"", 1);
}

/* As JSON spells it, in two halves where it needs them. */
static int add_spelled(struct buf *out, unsigned c)
{
    if (c <= 0xFFFF)
        return buf_addf(out, "\\u%04x", c);
    return buf_addf(out, "\\u%04x\\u%04x", 0xD7C0 + (c >> 10),
                    0xDC00 | (c & 0x3FF));
}

int text_json_print(struct buf *out, struct slice json)
{
    size_t from = 0;

    for (size_t i = 0; i < json.n;) {
        unsigned c;
        size_t len = text_char(json, i, &c);

        if (is_unsafe(c)) {
            if (buf_add(out, json.p + from, i - from) != 0 ||
                add_spelled(out, c) != 0)
                return -1;
            from = i + len;
        }
        i += len;
    }
    return buf_add(out, json.p + from, json.n - from);
}

static bool is_unreserved(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') || (c != '\0' && strchr("-._~", c) != NULL);
}

int text_percent(struct buf *out, struct slice s)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t before = out->n;

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        char coded[3] = {'%', hex[c >> 4], hex[c & 15]};

        if (is_unreserved(c) ? buf_add(out, s.p + i, 1)
                             : buf_add(out, coded, 3)) {
            out->n = before;
            return -1;
        }
    }
    return 0;
}
