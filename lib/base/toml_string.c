#include "base/toml_string.h"

#include <string.h>

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A character as UTF-8, which is shorter than its escape.  Its length. */
static size_t put_char(char *to, unsigned c)
{
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n - 1; i > 0; i--) {
        to[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    to[0] = (char)(lead[n] | c);
    return n;
}

/* The character of a number of so many digits; NULL, or why not. */
static const char *take_code(char **p, const char *end, int digits,
                             unsigned *code)
{
    *code = 0;
    for (int i = 0; i < digits; i++) {
        int d = *p < end ? hex(**p) : -1;

        if (d < 0)
            return "a character's number has too few digits";
        ++*p;
        *code = *code << 4 | (unsigned)d;
    }
    /* A NUL would be an early end to who takes it for C's. */
    if (*code == 0 || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
        return "a character's number that is none";
    return NULL;
}

/* What is behind a backslash goes to *${to}, which moves on. */
static const char *take_escape(char **p, const char *end, char **to)
{
    static const char names[] = "btnfr\"\\";
    static const char values[] = "\b\t\n\f\r\"\\";
    char c = *p < end ? **p : '\0';
    const char *name = c == '\0' ? NULL : strchr(names, c);
    const char *why;
    unsigned code;

    if (name == NULL && c != 'u' && c != 'U')
        return "a backslash before what it does not escape";
    ++*p;
    if (name != NULL) {
        *(*to)++ = values[name - names];
        return NULL;
    }
    why = take_code(p, end, c == 'u' ? 4 : 8, &code);
    if (why == NULL)
        *to += put_char(*to, code);
    return why;
}

const char *toml_string(char **p, const char *end, struct slice *out)
{
    char quote = *(*p)++;
    char *to = *p;

    out->p = to;
    if (end - *p >= 2 && (*p)[0] == quote && (*p)[1] == quote)
        return "a string over several lines is not read here";
    while (*p < end && **p != quote && **p != '\n') {
        const char *why = NULL;

        if (quote == '"' && **p == '\\') {
            ++*p;
            why = take_escape(p, end, &to);
        } else {
            *to++ = *(*p)++;
        }
        if (why != NULL)
            return why;
    }
    if (*p == end || **p != quote)
        return "a string without its end";
    ++*p;
    out->n = (size_t)(to - out->p);
    return NULL;
}
