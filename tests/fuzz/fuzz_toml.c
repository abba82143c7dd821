/*
 * Any settings: read or refused, every slice is of the text, no string holds
 * a NUL, and an error has the line it is about.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int on_item(void *arg, const struct toml_item *item, struct err *err)
{
    const struct buf *text = arg;
    struct slice s = item->string;

    (void)err;
    if (!text_is_utf8(item->path) || !text_is_utf8(s) ||
        (s.n > 0 &&
         (item->kind != TOML_STRING || s.p < text->p ||
          s.p + s.n > text->p + text->n || memchr(s.p, '\0', s.n) != NULL)))
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct buf text = BUF_INIT((size_t)1 << 20);
    struct err err = ERR_INIT;
    unsigned line = 0;

    text.p = malloc(n > 0 ? n : 1);
    if (text.p == NULL || n > text.max)
        abort();
    if (n > 0)
        memcpy(text.p, data, n);
    text.n = text.cap = n;
    if (toml_read("f", &text, on_item, &text, &err) == 0) {
        if (err.code != ERR_NONE)
            abort();
    } else if (err.code != ERR_CONFIG ||
               sscanf(err.text, "f:%u:", &line) != 1 || line == 0) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    buf_release(&text);
    return 0;
}
