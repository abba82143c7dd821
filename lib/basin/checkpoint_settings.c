#include "basin/checkpoint_settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"

/* How much of the differences is shown. */
#define SHOWN_MAX 400

/* Each text is hashed under what came of those before it, so that no text
 * can be mistaken for two. */
void checkpoint_settings_hash(struct checkpoint_settings *settings)
{
    struct hash_key key = {0, 0};

    for (size_t i = 0; i < settings->n; i++) {
        struct hash128 h = hash_bytes(key, slice_str(settings->list[i]));

        key.k0 = h.a;
        key.k1 = h.b;
    }
    snprintf(settings->hash, sizeof(settings->hash),
             "%016" PRIx64 "%016" PRIx64, key.k0, key.k1);
}

/* Whether the list is there: an empty one has the hash of nothing. */
static bool is_kept(const struct checkpoint_settings *settings)
{
    struct checkpoint_settings empty = {.n = 0};

    checkpoint_settings_hash(&empty);
    return settings->n > 0 || strcmp(settings->hash, empty.hash) == 0;
}

struct difference {
    struct buf *out;
    size_t from; /* where its text begins in out */
    size_t n;
    size_t hidden; /* of them not shown */
};

/* The first is shown, cut if it must be; then whatever has room. */
static int add(struct difference *d, char sign, const char *text)
{
    size_t used = d->out->n - d->from;
    struct slice s = slice_str(text);

    d->n++;
    if (used > 0 && used + s.n > SHOWN_MAX) {
        d->hidden++;
        return 0;
    }
    if (buf_addf(d->out, "%s%c", used > 0 ? ", " : "", sign) != 0 ||
        text_scrub(d->out, s, SHOWN_MAX) != 0)
        return -1;
    return s.n > SHOWN_MAX ? buf_addstr(d->out, "...") : 0;
}

/* Two sorted lists: what only one of them has. */
static int compare(const struct checkpoint_settings *old,
                   const struct checkpoint_settings *new, struct difference *d)
{
    size_t i = 0;
    size_t j = 0;
    int rc = 0;

    while (rc == 0 && (i < old->n || j < new->n)) {
        int order = i == old->n   ? 1
                    : j == new->n ? -1
                                  : strcmp(old->list[i], new->list[j]);

        if (order < 0)
            rc = add(d, '-', old->list[i]);
        else if (order > 0)
            rc = add(d, '+', new->list[j]);
        i += order <= 0;
        j += order >= 0;
    }
    return rc;
}

int checkpoint_settings_differ(const struct checkpoint_settings *old,
                               const struct checkpoint_settings *new,
                               struct buf *out)
{
    struct difference d = {.out = out, .from = out->n};

    if (strcmp(old->hash, new->hash) == 0)
        return 0;
    if (!is_kept(old) || !is_kept(new))
        return buf_addstr(out, "they are too long to compare") == 0 ? 1 : -1;
    if (compare(old, new, &d) != 0)
        return -1;
    if (d.hidden > 0 && buf_addf(out, " and %zu more", d.hidden) != 0)
        return -1;
    return d.n > 0;
}
