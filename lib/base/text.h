/*
 * Text that strangers wrote, made fit to print.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buf.h"

/*
 * text_char(s, at, out): decode the UTF-8 character at byte ${at} < s.n
 * (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).  Returns
 * its length in bytes and stores the code point; an invalid byte has length
 * 1 and code point 0xFFFD, and so does a byte of a cut-off character.
 */
size_t text_char(struct slice s, size_t at, unsigned *out);

/* text_is_utf8(s): whether all of ${s} is valid UTF-8. */
bool text_is_utf8(struct slice s);

/*
 * text_scrub(out, s, max): append at most ${max} bytes of ${s} to ${out},
 * whole characters only; control characters (C0, DEL, C1), line and
 * paragraph separators, bidi controls, zero-width characters and invalid
 * bytes are replaced by '?'.  Returns 0, or -1 when ${out} is full.
 */
int text_scrub(struct buf *out, struct slice s, size_t max);

/*
 * text_clean(s): scrub the string ${s} in place; the same rules.
 */
void text_clean(char *s);

/*
 * text_json(out, s): append ${s} as a JSON string with its quotes (RFC 8259
 * section 7): quote, backslash and C0 controls escaped, everything else as
 * it is.  ${s} must be valid UTF-8.  Returns 0, or -1 when ${out} is full.
 */
int text_json(struct buf *out, struct slice s);

/*
 * text_json_print(out, json): append the JSON text ${json}, which has no space
 * between its tokens, with all escaped that text_scrub would replace: it says
 * the same, and no terminal obeys it.  0, or -1 when ${out} is full.
 */
int text_json_print(struct buf *out, struct slice json);

/*
 * text_percent(out, s): append ${s} percent-encoded, all but unreserved
 * characters (RFC 3986 section 2.3), as one segment of a path or one value of
 * a query.  0, or -1 when ${out} is full (its content is then as it was).
 */
int text_percent(struct buf *out, struct slice s);

#endif
