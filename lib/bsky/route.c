#include "bsky/route.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "bsky/route_map.h"

/* A route and what it owns. */
struct entry {
    struct route route;
    bool user;
    char *names;           /* what stream and domains point into */
    const char *domains[]; /* route.domains */
};

/* An open hash table from names to entries.  Its size is a power of two and
 * more than twice the names it has to hold, so that a search ends. */
struct slot {
    uint64_t hash;
    struct slice name; /* p NULL: the slot is free */
    const struct entry *entry;
};

struct table {
    struct slot *slots;
    size_t size;
    size_t used;
};

struct routes {
    struct entry **entries; /* each stays where it is until routes_free */
    size_t n;
    size_t cap;
    struct table domains;
    struct table streams; /* a stream to the first route that leads there */
};

/* The hash goes backwards through a name, so that one pass over a host gives
 * the hashes of all its suffixes (FNV-1a, 64 bits). */
#define HASH_START UINT64_C(0xcbf29ce484222325)

static uint64_t hash_step(uint64_t hash, char c)
{
    return (hash ^ (unsigned char)c) * UINT64_C(0x100000001b3);
}

static uint64_t hash_name(struct slice name)
{
    uint64_t hash = HASH_START;

    for (size_t i = name.n; i > 0; i--)
        hash = hash_step(hash, name.p[i - 1]);
    return hash;
}

/* The slot of ${name}, or the free one where it would go.  The table has at
 * least one slot. */
static struct slot *table_slot(const struct table *table, uint64_t hash,
                               struct slice name)
{
    size_t i = (size_t)(hash ^ hash >> 32) & (table->size - 1);

    while (
        table->slots[i].name.p != NULL &&
        (table->slots[i].hash != hash || !slice_eq(table->slots[i].name, name)))
        i = (i + 1) & (table->size - 1);
    return &table->slots[i];
}

static const struct entry *table_find(const struct table *table, uint64_t hash,
                                      struct slice name)
{
    return table->size > 0 ? table_slot(table, hash, name)->entry : NULL;
}

/* Makes room for ${more} names. */
static int table_reserve(struct table *table, size_t more)
{
    struct table bigger = {NULL, table->size > 0 ? table->size : 16,
                           table->used};

    while (bigger.size / 2 <= table->used + more)
        bigger.size *= 2;
    if (bigger.size == table->size)
        return 0;
    bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
    if (bigger.slots == NULL)
        return -1;
    for (size_t i = 0; i < table->size; i++) {
        const struct slot *old = &table->slots[i];

        if (old->name.p != NULL)
            *table_slot(&bigger, old->hash, old->name) = *old;
    }
    free(table->slots);
    *table = bigger;
    return 0;
}

/* Leads ${name} to ${entry}, unless it leads somewhere and ${override} is
 * not set.  There must be room. */
static void table_put(struct table *table, struct slice name,
                      const struct entry *entry, bool override)
{
    uint64_t hash = hash_name(name);
    struct slot *slot = table_slot(table, hash, name);

    if (slot->name.p == NULL)
        table->used++;
    else if (!override)
        return;
    slot->hash = hash;
    slot->name = name;
    slot->entry = entry;
}

struct routes *routes_new(void)
{
    return calloc(1, sizeof(struct routes));
}

static void entry_free(struct entry *entry)
{
    if (entry == NULL)
        return;
    free(entry->names);
    free(entry);
}

void routes_free(struct routes *routes)
{
    if (routes == NULL)
        return;
    for (size_t i = 0; i < routes->n; i++)
        entry_free(routes->entries[i]);
    free(routes->entries);
    free(routes->domains.slots);
    free(routes->streams.slots);
    free(routes);
}

static int entries_reserve(struct routes *routes)
{
    size_t cap = routes->cap > 0 ? routes->cap * 2 : 16;
    struct entry **entries;

    if (routes->n < routes->cap)
        return 0;
    entries = realloc(routes->entries, cap * sizeof(struct entry *));
    if (entries == NULL)
        return -1;
    routes->entries = entries;
    routes->cap = cap;
    return 0;
}

/* Takes the draft's names. */
static struct entry *entry_new(struct route_draft *draft)
{
    struct entry *entry =
        malloc(sizeof(*entry) + draft->ndomains * sizeof(char *));
    const char *name = draft->names.p;

    if (entry == NULL)
        return NULL;
    entry->user = draft->user;
    entry->names = draft->names.p;
    buf_init(&draft->names, draft->names.max);
    entry->route.stream = name;
    entry->route.domains = entry->domains;
    entry->route.ndomains = draft->ndomains;
    for (size_t i = 0; i < entry->route.ndomains; i++) {
        name += strlen(name) + 1;
        entry->domains[i] = name;
    }
    return entry;
}

/* Leads names to ${entry}, for all of which there is room. */
static void entry_index(struct routes *routes, struct entry *entry)
{
    struct slice stream = slice_str(entry->route.stream);
    const struct entry *first =
        table_find(&routes->streams, hash_name(stream), stream);

    entry->route.stream_id =
        first != NULL ? first->route.stream_id : routes->streams.used;
    table_put(&routes->streams, stream, entry, false);
    for (size_t i = 0; i < entry->route.ndomains; i++)
        table_put(&routes->domains, slice_str(entry->domains[i]), entry,
                  entry->user);
}

int routes_insert(struct routes *routes, struct route_draft *draft,
                  struct err *err)
{
    struct entry *entry;

    if (routes->n == ROUTE_MAX)
        return err_set(err, draft->blame, "more than %d routes", ROUTE_MAX);
    if (draft->ndomains > ROUTE_DOMAINS_MAX - routes->domains.used)
        return err_set(err, draft->blame, "more than %d domains",
                       ROUTE_DOMAINS_MAX);
    if (entries_reserve(routes) != 0 ||
        table_reserve(&routes->streams, 1) != 0 ||
        table_reserve(&routes->domains, draft->ndomains) != 0)
        return err_memory(err);
    entry = entry_new(draft);
    if (entry == NULL)
        return err_memory(err);
    entry_index(routes, entry);
    routes->entries[routes->n++] = entry;
    return 0;
}

size_t routes_count(const struct routes *routes)
{
    return routes->n;
}

const struct route *routes_get(const struct routes *routes, size_t i)
{
    return &routes->entries[i]->route;
}

size_t routes_streams(const struct routes *routes)
{
    return routes->streams.used;
}

/* The last bytes of ${host}, lowercased into ${low}: all that a domain could
 * equal. */
static struct slice lowered_tail(struct slice host, char low[ROUTE_DOMAIN_MAX])
{
    struct slice tail = {low, host.n};

    if (tail.n > ROUTE_DOMAIN_MAX)
        tail.n = ROUTE_DOMAIN_MAX;
    for (size_t i = 0; i < tail.n; i++)
        low[i] = slice_lower(host.p[host.n - tail.n + i]);
    return tail;
}

const struct route *routes_find(const struct routes *routes, struct slice host)
{
    char low[ROUTE_DOMAIN_MAX];
    struct slice tail = lowered_tail(host, low);
    size_t cut = host.n - tail.n;
    const struct entry *longest = NULL;
    uint64_t hash = HASH_START;

    for (size_t i = tail.n; i > 0; i--) {
        size_t at = i - 1; /* of the suffix, in the tail */
        struct slice suffix = {tail.p + at, tail.n - at};
        const struct entry *found = NULL;

        hash = hash_step(hash, tail.p[at]);
        if (cut + at == 0 || host.p[cut + at - 1] == '.')
            found = table_find(&routes->domains, hash, suffix);
        if (found != NULL)
            longest = found;
    }
    return longest != NULL ? &longest->route : NULL;
}

static bool has_controls(struct slice s)
{
    for (size_t i = 0; i < s.n;) {
        unsigned c;

        i += text_char(s, i, &c);
        if (c < 0x20 || (c >= 0x7F && c < 0xA0))
            return true;
    }
    return false;
}

bool routes_stream_ok(struct slice name)
{
    const struct slice own = SLICE("_bsky2s2/");

    if (name.n == 0 || name.n > ROUTE_STREAM_MAX)
        return false;
    if (slice_eq(name, SLICE(".")) || slice_eq(name, SLICE("..")))
        return false;
    if (name.n >= own.n && memcmp(name.p, own.p, own.n) == 0)
        return false;
    return text_is_utf8(name) && !has_controls(name);
}
