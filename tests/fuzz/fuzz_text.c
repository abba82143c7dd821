/*
 * Any text: what is scrubbed can be printed, whatever it was; nothing that
 * could be printed before is touched; and JSON strings and percent-encoding
 * say what the text said.
 */
#include "fuzz.h"

#include <jansson.h>

#include "base/text.h"

/* The rules of text_scrub, character by character. */
static void scrub_again(struct slice s, size_t max, struct buf *out)
{
    for (size_t i = 0, n; i < s.n; i += n) {
        unsigned long c = 0xFFFD;
        struct slice one = {s.p + i, 1};

        n = fuzz_char(s.p + i, s.n - i, &c);
        one.n = n == 0 ? 1 : n;
        if (i + one.n > max)
            return;
        /* What is assigned to nobody may be replaced or not. */
        if (n == 0 || c == 0xFFFD || fuzz_hides(c) ||
            (c >= 0xFFF0 && c < 0xFFF9) || (c > 0xE007F && c < 0xE1000))
            one = SLICE("?");
        PROMISE(buf_addslice(out, one) == 0);
        n = n == 0 ? 1 : n;
    }
}

static void check_scrub(struct slice s, size_t max)
{
    struct buf out = BUF_INIT(s.n + 1);
    struct buf again = BUF_INIT(s.n + 1);

    PROMISE(text_scrub(&out, s, max) == 0);
    PROMISE(out.n <= max && out.n <= s.n);
    PROMISE(fuzz_printable(buf_slice(&out), ""));
    scrub_again(s, max, &again);
    PROMISE(slice_eq(buf_slice(&out), buf_slice(&again)));
    buf_release(&again);
    buf_release(&out);
}

/* In place it is the same. */
static void check_clean(struct slice s)
{
    char *text = fuzz_string(s);
    struct buf out = BUF_INIT(s.n + 1);

    PROMISE(text_scrub(&out, slice_str(text), strlen(text)) == 0);
    text_clean(text);
    PROMISE(slice_eq(slice_str(text), buf_slice(&out)));
    buf_release(&out);
    free(text);
}

static void check_chars(struct slice s)
{
    bool good = true;

    for (size_t i = 0, n; i < s.n; i += n) {
        unsigned long expected = 0xFFFD;
        size_t length = fuzz_char(s.p + i, s.n - i, &expected);
        unsigned c = 0;

        n = text_char(s, i, &c);
        PROMISE(n == (length == 0 ? 1 : length));
        PROMISE(c == (length == 0 ? 0xFFFD : expected));
        good = good && length > 0;
    }
    PROMISE(text_is_utf8(s) == good);
}

static void check_json(struct slice s)
{
    struct buf out = BUF_INIT(6 * s.n + 2);
    json_t *back;

    PROMISE(text_json(&out, s) == 0);
    back = json_loadb(out.p, out.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    PROMISE((back != NULL) == fuzz_is_utf8(s));
    if (back != NULL) {
        struct slice text = {json_string_value(back), json_string_length(back)};

        PROMISE(json_is_string(back) && slice_eq(text, s));
    }
    json_decref(back);
    buf_release(&out);
}

static int hex(char c)
{
    const char *digits = "0123456789ABCDEF";

    PROMISE(c != '\0' && strchr(digits, c) != NULL);
    return (int)(strchr(digits, c) - digits);
}

static void check_percent(struct slice s)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"
                                "stuvwxyz0123456789-._~";
    struct buf out = BUF_INIT(3 * s.n);
    size_t at = 0;

    PROMISE(text_percent(&out, s) == 0);
    for (size_t i = 0; i < s.n; i++) {
        bool kept = s.p[i] != '\0' && strchr(plain, s.p[i]) != NULL;

        PROMISE(out.n - at >= (kept ? 1 : 3));
        if (kept) {
            PROMISE(out.p[at++] == s.p[i]);
            continue;
        }
        PROMISE(out.p[at] == '%');
        PROMISE(hex(out.p[at + 1]) * 16 + hex(out.p[at + 2]) ==
                (unsigned char)s.p[i]);
        at += 3;
    }
    PROMISE(at == out.n);
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct slice in = fuzz_input(data, n);
    size_t max = fuzz_byte(&in);

    check_scrub(in, in.n);
    check_scrub(in, max);
    check_clean(in);
    check_chars(in);
    check_json(in);
    check_percent(in);
    return 0;
}
