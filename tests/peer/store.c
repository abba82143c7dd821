#include "store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define RECORDS_MAX 1000
#define BYTES_MAX ((size_t)1 << 20)

static void release_record(struct store_record *record)
{
    free(record->headers);
    free(record->bytes);
    *record = (struct store_record){.timestamp = record->timestamp};
}

static void free_stream(struct store_stream *stream)
{
    for (size_t i = 0; i < stream->n; i++)
        release_record(&stream->records[i]);
    free(stream->records);
    free(stream->name);
    free(stream);
}

void store_release(struct store *store)
{
    for (size_t i = 0; i < store->n; i++)
        free_stream(store->streams[i]);
    while (store->buried != NULL) {
        struct store_stream *stream = store->buried;

        store->buried = stream->next;
        free_stream(stream);
    }
    free(store->streams);
    *store = (struct store){.n = 0};
}

/* The place of the first stream whose name is not before ${name}. */
static size_t place(const struct store *store, const char *name)
{
    size_t low = 0;
    size_t high = store->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (strcmp(store->streams[mid]->name, name) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct store_stream *store_find(const struct store *store, const char *name)
{
    size_t at = place(store, name);

    if (at == store->n || strcmp(store->streams[at]->name, name) != 0)
        return NULL;
    return store->streams[at];
}

size_t store_after(const struct store *store, const char *name)
{
    return place(store, name) + (store_find(store, name) != NULL);
}

struct store_stream *store_create(struct store *store, const char *name,
                                  int64_t now_us)
{
    size_t at = place(store, name);
    struct store_stream *stream = calloc(1, sizeof(*stream));

    if (stream == NULL)
        return NULL;
    stream->name = strdup(name);
    stream->created_us = now_us;
    if (stream->name != NULL && store->n == store->cap) {
        size_t cap = store->cap * 2 + 16;
        struct store_stream **grown =
            realloc(store->streams, cap * sizeof(struct store_stream *));

        if (grown == NULL) {
            free_stream(stream);
            return NULL;
        }
        store->streams = grown;
        store->cap = cap;
    }
    if (stream->name == NULL) {
        free_stream(stream);
        return NULL;
    }
    memmove(store->streams + at + 1, store->streams + at,
            (store->n - at) * sizeof(struct store_stream *));
    store->streams[at] = stream;
    store->n++;
    return stream;
}

void store_bury(struct store *store, int64_t before_us)
{
    size_t kept = 0;

    for (size_t i = 0; i < store->n; i++) {
        struct store_stream *stream = store->streams[i];

        if (stream->deleted_us == 0 || stream->deleted_us > before_us) {
            store->streams[kept++] = stream;
            continue;
        }
        stream->next = store->buried;
        store->buried = stream;
    }
    store->n = kept;
}

size_t store_metered(const struct store_record *record)
{
    size_t n = 8 + 2 * record->nheaders + record->body.n;

    for (size_t i = 0; i < record->nheaders; i++)
        n += record->headers[i].name.n + record->headers[i].value.n;
    return n;
}

bool store_is_command(const struct store_record *record)
{
    return record->nheaders == 1 && record->headers[0].name.n == 0;
}

static bool is_named(const struct store_record *record, struct slice command)
{
    return store_is_command(record) &&
           slice_eq(record->headers[0].value, command);
}

static bool is_valid(const struct store_record *record,
                     const struct store_clock *clock)
{
    if (clock->required && record->timestamp == STORE_NO_TIME)
        return false;
    if (is_named(record, SLICE("fence")))
        return record->body.n <= STORE_TOKEN_MAX;
    if (is_named(record, SLICE("trim")))
        return record->body.n == 8;
    for (size_t i = 0; i < record->nheaders; i++) {
        if (record->headers[i].name.n == 0)
            return false;
    }
    return true;
}

static bool all_valid(const struct store_append *append,
                      const struct store_clock *clock)
{
    size_t bytes = 0;

    for (size_t i = 0; i < append->n; i++) {
        if (!is_valid(&append->records[i], clock))
            return false;
        bytes += store_metered(&append->records[i]);
    }
    return append->n >= 1 && append->n <= RECORDS_MAX && bytes <= BYTES_MAX;
}

static struct slice put(char **at, struct slice s)
{
    struct slice copy = {*at, s.n};

    if (s.n > 0)
        memcpy(*at, s.p, s.n);
    *at += s.n;
    return copy;
}

/* A record of its own.  0 or -1. */
static int copy_record(struct store_record *to, const struct store_record *from)
{
    char *at;

    *to = (struct store_record){.timestamp = from->timestamp};
    to->bytes = malloc(store_metered(from));
    to->headers = calloc(from->nheaders + 1, sizeof(*to->headers));
    if (to->bytes == NULL || to->headers == NULL) {
        release_record(to);
        return -1;
    }
    at = to->bytes;
    to->nheaders = from->nheaders;
    to->body = put(&at, from->body);
    for (size_t i = 0; i < from->nheaders; i++) {
        to->headers[i].name = put(&at, from->headers[i].name);
        to->headers[i].value = put(&at, from->headers[i].value);
    }
    return 0;
}

static int make_room(struct store_stream *stream, size_t n)
{
    size_t cap = stream->cap;
    struct store_record *grown;

    while (cap < stream->n + n)
        cap = cap * 2 + 16;
    if (cap == stream->cap)
        return 0;
    grown = realloc(stream->records, cap * sizeof(*grown));
    if (grown == NULL)
        return -1;
    stream->records = grown;
    stream->cap = cap;
    return 0;
}

/* The timestamp under which a record is stored. */
static uint64_t date(const struct store_stream *stream, uint64_t asked,
                     const struct store_clock *clock)
{
    uint64_t t = asked;

    if (t == STORE_NO_TIME || (t > clock->now_ms && !clock->uncapped))
        t = clock->now_ms;
    return t < stream->last ? stream->last : t;
}

static void obey(struct store_stream *stream, const struct store_record *record)
{
    uint64_t seq = 0;

    if (is_named(record, SLICE("fence"))) {
        memcpy(stream->token, record->body.p, record->body.n);
        stream->token[record->body.n] = '\0';
    } else if (is_named(record, SLICE("trim"))) {
        for (size_t i = 0; i < 8; i++)
            seq = seq << 8 | (unsigned char)record->body.p[i];
        /* A trim never takes itself away. */
        store_trim(stream, seq < stream->n - 1 ? seq : stream->n - 1);
    }
}

enum store_result store_append(struct store_stream *stream,
                               const struct store_append *append,
                               const struct store_clock *clock)
{
    if (!all_valid(append, clock))
        return STORE_INVALID;
    if (append->fencing_token != NULL &&
        strcmp(append->fencing_token, stream->token) != 0)
        return STORE_FENCED;
    if (append->match && append->match_seq_num != stream->n)
        return STORE_MISMATCH;
    if (make_room(stream, append->n) != 0)
        return STORE_MEMORY;
    for (size_t i = 0; i < append->n; i++) {
        if (copy_record(&stream->records[stream->n + i], &append->records[i]) ==
            0)
            continue;
        while (i-- > 0)
            release_record(&stream->records[stream->n + i]);
        return STORE_MEMORY;
    }
    for (size_t i = 0; i < append->n; i++) {
        struct store_record *record = &stream->records[stream->n];

        record->timestamp = date(stream, record->timestamp, clock);
        stream->last = record->timestamp;
        stream->n++;
        obey(stream, record);
    }
    return STORE_OK;
}

int store_delete(struct store_stream *stream, int64_t now_us)
{
    struct store_header trim = {.value = SLICE("trim")};
    struct store_record record = {.timestamp = STORE_NO_TIME,
                                  .body = SLICE("\xff\xff\xff\xff"
                                                "\xff\xff\xff\xff"),
                                  .headers = &trim,
                                  .nheaders = 1};
    struct store_append append = {.records = &record, .n = 1};
    struct store_clock clock = {.now_ms = (uint64_t)(now_us / 1000)};

    if (stream->deleted_us != 0 ||
        store_append(stream, &append, &clock) != STORE_OK)
        return -1;
    stream->deleted_us = now_us;
    return 0;
}

void store_trim(struct store_stream *stream, uint64_t seq)
{
    if (seq > stream->n)
        seq = stream->n;
    for (; stream->trimmed < seq; stream->trimmed++)
        release_record(&stream->records[stream->trimmed]);
}

uint64_t store_at_time(const struct store_stream *stream, uint64_t ms)
{
    size_t low = 0;
    size_t high = stream->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (stream->records[mid].timestamp < ms)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

int store_dump(const struct store_stream *stream, bool full, struct buf *out)
{
    int bad = 0;

    if (stream->deleted_us != 0)
        return 0;
    for (size_t i = (size_t)stream->trimmed; i < stream->n; i++) {
        const struct store_record *record = &stream->records[i];
        bool command = store_is_command(record);

        if (!full && command)
            continue;
        if (full)
            bad |= buf_addf(out, "%s\t%zu\t%" PRIu64 "\t", stream->name, i,
                            record->timestamp);
        if (command) {
            bad |= buf_addstr(out, "!");
            bad |= buf_addslice(out, record->headers[0].value);
        } else {
            bad |= buf_addslice(out, record->body);
        }
        bad |= buf_addstr(out, "\n");
    }
    return bad != 0 ? -1 : 0;
}
