#include "base/toml.h"

#include <string.h>

#include "base/text.h"
#include "base/toml_string.h"

#define PATH_MAX_BYTES 256
#define DEPTH_MAX 8

struct reader {
    char *p;
    char *end;
    unsigned line;
    char path[PATH_MAX_BYTES]; /* of the item that is being read */
    size_t npath;
    size_t ntable; /* that of the table we are in is as long */
    int muted;     /* lists that we are in */
    int depth;     /* of values in values */
    toml_each *each;
    void *arg;
    struct err *err;
};

static int fail(struct reader *r, const char *why)
{
    return err_set(r->err, ERR_CONFIG, "%s", why);
}

/* No NUL gets past check_text: here it is the end. */
static char peek(const struct reader *r)
{
    return r->p < r->end ? *r->p : '\0';
}

static bool take(struct reader *r, char c)
{
    if (peek(r) != c)
        return false;
    r->p++;
    return true;
}

static void skip_space(struct reader *r)
{
    while (peek(r) == ' ' || peek(r) == '\t')
        r->p++;
}

static void skip_comment(struct reader *r)
{
    while (peek(r) != '\0' && peek(r) != '\n')
        r->p++;
}

static bool take_newline(struct reader *r)
{
    if (peek(r) == '\r')
        r->p++;
    if (!take(r, '\n'))
        return false;
    r->line++;
    return true;
}

/* What may be between the values of a list. */
static void skip_blank(struct reader *r)
{
    do {
        skip_space(r);
        if (peek(r) == '#')
            skip_comment(r);
    } while (take_newline(r));
}

static int end_line(struct reader *r)
{
    skip_space(r);
    if (peek(r) == '#')
        skip_comment(r);
    if (take_newline(r) || peek(r) == '\0')
        return 0;
    return fail(r, "more on the line than belongs there");
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_bare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) ||
           c == '_' || c == '-';
}

static int take_string(struct reader *r, struct slice *out)
{
    const char *why = toml_string(&r->p, r->end, out);

    return why == NULL ? 0 : fail(r, why);
}

static int add_part(struct reader *r, struct slice part)
{
    size_t gap = r->npath > 0 ? 1 : 0;

    if (part.n + gap > sizeof(r->path) - r->npath)
        return fail(r, "a key that is too long");
    if (gap > 0)
        r->path[r->npath++] = '\0';
    if (part.n > 0)
        memcpy(r->path + r->npath, part.p, part.n);
    r->npath += part.n;
    return 0;
}

/* A key, dotted or not, behind those that are in the path. */
static int take_key(struct reader *r)
{
    do {
        struct slice part;

        skip_space(r);
        part.p = r->p;
        if (peek(r) == '"' || peek(r) == '\'') {
            if (take_string(r, &part) != 0)
                return -1;
        } else {
            while (is_bare(peek(r)))
                r->p++;
            part.n = (size_t)(r->p - part.p);
            if (part.n == 0)
                return fail(r, "no key where one is due");
        }
        if (add_part(r, part) != 0)
            return -1;
        skip_space(r);
    } while (take(r, '.'));
    return 0;
}

static int tell(struct reader *r, enum toml_kind kind, struct slice string,
                bool truth)
{
    struct toml_item item = {{r->path, r->npath}, kind, string, truth};

    return r->muted > 0 ? 0 : r->each(r->arg, &item, r->err);
}

static void skip_word(struct reader *r)
{
    while (is_bare(peek(r)) || peek(r) == '+' || peek(r) == '.' ||
           peek(r) == ':')
        r->p++;
}

/* true, false, a number, a date. */
static int take_scalar(struct reader *r)
{
    struct slice word = {r->p, 0};

    skip_word(r);
    word.n = (size_t)(r->p - word.p);
    if (slice_eq(word, SLICE("true")) || slice_eq(word, SLICE("false")))
        return tell(r, TOML_BOOL, SLICE(""), word.p[0] == 't');
    /* A date may have a blank before its time of day. */
    if (word.n == 10 && word.p[4] == '-' && r->end - r->p >= 2 &&
        r->p[0] == ' ' && is_digit(r->p[1])) {
        r->p++;
        skip_word(r);
    }
    if (word.n > 0 && (word.p[0] == '+' || word.p[0] == '-')) {
        word.p++;
        word.n--;
    }
    if ((word.n > 0 && is_digit(word.p[0])) || slice_eq(word, SLICE("inf")) ||
        slice_eq(word, SLICE("nan")))
        return tell(r, TOML_OTHER, SLICE(""), false);
    return fail(r, "no value where one is due");
}

/* As deep as take_nested lets it. */
/* NOLINTBEGIN(misc-no-recursion) */
static int take_value(struct reader *r);

static int take_list(struct reader *r)
{
    r->p++;
    r->muted++;
    for (;;) {
        skip_blank(r);
        if (take(r, ']'))
            break;
        if (take_value(r) != 0)
            return -1;
        skip_blank(r);
        if (!take(r, ',') && peek(r) != ']')
            return fail(r, "a list without its end");
    }
    r->muted--;
    return 0;
}

/* KEY = VALUE, below the path as it is. */
static int take_pair(struct reader *r)
{
    size_t npath = r->npath;

    if (take_key(r) != 0)
        return -1;
    if (!take(r, '='))
        return fail(r, "a key without =");
    skip_space(r);
    if (take_value(r) != 0)
        return -1;
    r->npath = npath;
    return 0;
}

static int take_inline_table(struct reader *r)
{
    r->p++;
    skip_space(r);
    if (take(r, '}'))
        return 0;
    do {
        if (take_pair(r) != 0)
            return -1;
        skip_space(r);
    } while (take(r, ','));
    return take(r, '}') ? 0 : fail(r, "a table without its end");
}

static int take_nested(struct reader *r, bool list)
{
    int rc;

    if (r->depth == DEPTH_MAX)
        return fail(r, "nested too deeply");
    r->depth++;
    rc = tell(r, list ? TOML_LIST : TOML_TABLE, SLICE(""), false);
    if (rc == 0)
        rc = list ? take_list(r) : take_inline_table(r);
    r->depth--;
    return rc;
}

static int take_value(struct reader *r)
{
    struct slice string;

    switch (peek(r)) {
    case '"':
    case '\'':
        if (take_string(r, &string) != 0)
            return -1;
        return tell(r, TOML_STRING, string, false);
    case '[':
        return take_nested(r, true);
    case '{':
        return take_nested(r, false);
    default:
        return take_scalar(r);
    }
}
/* NOLINTEND(misc-no-recursion) */

/* [TABLE], or [[TABLE]], which is one of a list. */
static int take_header(struct reader *r)
{
    bool list;

    r->p++;
    list = take(r, '[');
    r->npath = 0;
    r->muted = 0;
    if (take_key(r) != 0)
        return -1;
    if (!take(r, ']') || (list && !take(r, ']')))
        return fail(r, "a table's name without its end");
    r->ntable = r->npath;
    if (tell(r, list ? TOML_LIST : TOML_TABLE, SLICE(""), false) != 0)
        return -1;
    r->muted = list;
    return 0;
}

/* Only UTF-8, and of control characters only tabs and the ends of lines. */
static int check_text(struct reader *r)
{
    struct slice s = {r->p, (size_t)(r->end - r->p)};

    for (size_t at = 0; at < s.n;) {
        unsigned c;
        size_t n = text_char(s, at, &c);

        if (n == 1 && c == 0xfffd)
            return fail(r, "not UTF-8");
        if ((c < ' ' && c != '\t' && c != '\n' &&
             (c != '\r' || at + 1 == s.n || s.p[at + 1] != '\n')) ||
            c == 0x7f)
            return fail(r, "a control character");
        r->line += c == '\n';
        at += n;
    }
    r->line = 1;
    return 0;
}

static int read_lines(struct reader *r)
{
    if (check_text(r) != 0)
        return -1;
    while (r->p < r->end) {
        skip_space(r);
        if (peek(r) == '[') {
            if (take_header(r) != 0)
                return -1;
        } else if (is_bare(peek(r)) || peek(r) == '"' || peek(r) == '\'') {
            r->npath = r->ntable;
            if (take_pair(r) != 0)
                return -1;
        }
        if (end_line(r) != 0)
            return -1;
    }
    return 0;
}

int toml_read(const char *name, struct buf *text, toml_each *each, void *arg,
              struct err *err)
{
    struct reader r = {
        .p = text->p, .line = 1, .each = each, .arg = arg, .err = err};

    if (text->n == 0)
        return 0;
    r.end = text->p + text->n;
    if (text->n >= 3 && memcmp(text->p, "\xef\xbb\xbf", 3) == 0)
        r.p += 3;
    if (read_lines(&r) == 0)
        return 0;
    return err_prefix(err, "%.300s:%u", name, r.line);
}
