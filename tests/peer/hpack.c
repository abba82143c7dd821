#include "hpack.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_SIZE 4096
#define ENTRY_SIZE 32 /* of each, besides its bytes */
#define TEXT_MAX ((size_t)8192)

struct known {
    const char *name;
    const char *value;
};

static const struct known known[] = {
    {":authority", ""},
    {":method", "GET"},
    {":method", "POST"},
    {":path", "/"},
    {":path", "/index.html"},
    {":scheme", "http"},
    {":scheme", "https"},
    {":status", "200"},
    {":status", "204"},
    {":status", "206"},
    {":status", "304"},
    {":status", "400"},
    {":status", "404"},
    {":status", "500"},
    {"accept-charset", ""},
    {"accept-encoding", "gzip, deflate"},
    {"accept-language", ""},
    {"accept-ranges", ""},
    {"accept", ""},
    {"access-control-allow-origin", ""},
    {"age", ""},
    {"allow", ""},
    {"authorization", ""},
    {"cache-control", ""},
    {"content-disposition", ""},
    {"content-encoding", ""},
    {"content-language", ""},
    {"content-length", ""},
    {"content-location", ""},
    {"content-range", ""},
    {"content-type", ""},
    {"cookie", ""},
    {"date", ""},
    {"etag", ""},
    {"expect", ""},
    {"expires", ""},
    {"from", ""},
    {"host", ""},
    {"if-match", ""},
    {"if-modified-since", ""},
    {"if-none-match", ""},
    {"if-range", ""},
    {"if-unmodified-since", ""},
    {"last-modified", ""},
    {"link", ""},
    {"location", ""},
    {"max-forwards", ""},
    {"proxy-authenticate", ""},
    {"proxy-authorization", ""},
    {"range", ""},
    {"referer", ""},
    {"refresh", ""},
    {"retry-after", ""},
    {"server", ""},
    {"set-cookie", ""},
    {"strict-transport-security", ""},
    {"transfer-encoding", ""},
    {"user-agent", ""},
    {"vary", ""},
    {"via", ""},
    {"www-authenticate", ""},
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

/* The code is canonical: characters by length, and in each by value.  Those
 * of more than 15 bits are in no header of ours. */
#define SHORTEST 5
#define LONGEST 15
static const struct slice codes[] = {
    {"012aceiost", 10},
    {" %-./3456789=A_bdfghlmnpru", 26},
    {":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz", 32},
    {"&*,;XZ", 6},
    {"", 0},
    {"!\"()?", 5},
    {"'+|", 3},
    {"#>", 2},
    {"\0$@[]~", 6},
    {"^}", 2},
    {"<`{", 3},
};
_Static_assert(sizeof(codes) / sizeof(codes[0]) == LONGEST - SHORTEST + 1,
               "one for each length");

void hpack_init(struct hpack *hpack)
{
    memset(hpack, 0, sizeof(*hpack));
    hpack->max = TABLE_SIZE;
}

/* Forgets the oldest until no more than ${room} is taken. */
static void evict(struct hpack *hpack, size_t room)
{
    while (hpack->n > 0 && hpack->size > room) {
        struct hpack_entry *last = &hpack->entries[--hpack->n];

        hpack->size -= last->nname + last->nvalue + ENTRY_SIZE;
        free(last->bytes);
    }
}

void hpack_release(struct hpack *hpack)
{
    evict(hpack, 0);
}

/* One that is larger than the table empties it. */
static int insert(struct hpack *hpack, struct slice name, struct slice value)
{
    size_t size = name.n + value.n + ENTRY_SIZE;
    struct hpack_entry entry = {malloc(name.n + value.n + 1), name.n, value.n};

    if (entry.bytes == NULL)
        return -1;
    memcpy(entry.bytes, name.p, name.n);
    memcpy(entry.bytes + name.n, value.p, value.n);
    evict(hpack, size < hpack->max ? hpack->max - size : 0);
    if (size > hpack->max) {
        free(entry.bytes);
        return 0;
    }
    memmove(hpack->entries + 1, hpack->entries,
            hpack->n * sizeof(hpack->entries[0]));
    hpack->entries[0] = entry;
    hpack->n++;
    hpack->size += size;
    return 0;
}

/* What stands under ${index}, from 1.  0 or -1. */
static int look_up(const struct hpack *hpack, uint64_t index,
                   struct slice *name, struct slice *value)
{
    const struct hpack_entry *entry;

    if (index == 0 || index > KNOWN + hpack->n)
        return -1;
    if (index <= KNOWN) {
        *name = slice_str(known[index - 1].name);
        *value = slice_str(known[index - 1].value);
        return 0;
    }
    entry = &hpack->entries[index - KNOWN - 1];
    *name = (struct slice){entry->bytes, entry->nname};
    *value = (struct slice){entry->bytes + entry->nname, entry->nvalue};
    return 0;
}

/* A number whose first byte has ${bits} of it.  0 or -1. */
static int take_number(struct slice *s, unsigned bits, uint64_t *out)
{
    const uint64_t most = ((uint64_t)1 << bits) - 1;
    unsigned shift = 0;
    unsigned char c;

    if (s->n == 0)
        return -1;
    *out = (unsigned char)s->p[0] & most;
    s->p++;
    s->n--;
    if (*out < most)
        return 0;
    do {
        if (s->n == 0 || shift > 28)
            return -1;
        c = (unsigned char)s->p[0];
        s->p++;
        s->n--;
        *out += (uint64_t)(c & 0x7F) << shift;
        shift += 7;
    } while (c >= 0x80);
    return 0;
}

/* Reads bits until they are a character's.  0 or -1. */
static int expand(struct slice s, struct buf *out)
{
    unsigned code = 0, first = 0, length = 0;

    for (size_t bit = 0; bit < s.n * 8; bit++) {
        code = code << 1 | ((unsigned char)s.p[bit / 8] >> (7 - bit % 8) & 1);
        first = first << 1;
        length++;
        if (length < SHORTEST)
            continue;
        if (length > LONGEST)
            return -1;
        if (code - first < codes[length - SHORTEST].n) {
            if (buf_add(out, codes[length - SHORTEST].p + (code - first), 1) !=
                0)
                return -1;
            code = first = length = 0;
        } else {
            first += (unsigned)codes[length - SHORTEST].n;
        }
    }
    /* Ones fill the last byte. */
    return length < 8 && code == (1U << length) - 1 ? 0 : -1;
}

static int take_text(struct slice *s, struct buf *out)
{
    bool packed = s->n > 0 && (s->p[0] & 0x80) != 0;
    struct slice text = {NULL, 0};
    uint64_t n;

    buf_reset(out);
    if (take_number(s, 7, &n) != 0 || n > s->n)
        return -1;
    text.p = s->p;
    text.n = (size_t)n;
    s->p += text.n;
    s->n -= text.n;
    return packed ? expand(text, out) : buf_addslice(out, text);
}

/* A header that is spelt out, its name perhaps by index. */
static int take_literal(struct hpack *hpack, struct slice *s, unsigned bits,
                        struct buf *name, struct buf *value)
{
    struct slice key, unused;
    uint64_t index;

    if (take_number(s, bits, &index) != 0)
        return -1;
    if (index == 0) {
        if (take_text(s, name) != 0)
            return -1;
    } else {
        buf_reset(name);
        if (look_up(hpack, index, &key, &unused) != 0 ||
            buf_addslice(name, key) != 0)
            return -1;
    }
    return take_text(s, value);
}

/* One piece of a block. */
static int take(struct hpack *hpack, struct slice *s, struct buf *name,
                struct buf *value, hpack_field *field, void *arg)
{
    unsigned char c = (unsigned char)s->p[0];
    struct slice key, text;
    uint64_t index;

    if ((c & 0x80) != 0) {
        if (take_number(s, 7, &index) != 0 ||
            look_up(hpack, index, &key, &text) != 0)
            return -1;
        return field(arg, key, text);
    }
    if ((c & 0xE0) == 0x20) {
        if (take_number(s, 5, &index) != 0 || index > TABLE_SIZE)
            return -1;
        hpack->max = (size_t)index;
        evict(hpack, hpack->max);
        return 0;
    }
    if (take_literal(hpack, s, (c & 0x40) != 0 ? 6 : 4, name, value) != 0 ||
        ((c & 0x40) != 0 &&
         insert(hpack, buf_slice(name), buf_slice(value)) != 0))
        return -1;
    return field(arg, buf_slice(name), buf_slice(value));
}

int hpack_decode(struct hpack *hpack, struct slice block, hpack_field *field,
                 void *arg)
{
    struct buf name = BUF_INIT(TEXT_MAX);
    struct buf value = BUF_INIT(TEXT_MAX);
    int rc = 0;

    while (block.n > 0 && rc == 0)
        rc = take(hpack, &block, &name, &value, field, arg);
    buf_release(&name);
    buf_release(&value);
    return rc;
}
