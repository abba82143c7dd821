/*
 * Streams in memory, with S2's semantics.  Nothing here is safe for threads:
 * the caller holds a lock.
 */
#ifndef PEER_STORE_H
#define PEER_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* A timestamp that a writer left out. */
#define STORE_NO_TIME UINT64_MAX

#define STORE_TOKEN_MAX 36

struct store_header {
    struct slice name;
    struct slice value;
};

/* A record; its number is its place in the stream. */
struct store_record {
    uint64_t timestamp; /* ms */
    struct slice body;
    struct store_header *headers;
    size_t nheaders;
    char *bytes; /* what body and headers point to, owned */
};

struct store_stream {
    char *name;
    int64_t created_us;
    int64_t deleted_us;           /* 0: it was not deleted */
    struct store_record *records; /* those below trimmed are empty */
    size_t n;                     /* the tail: the next number */
    size_t cap;
    uint64_t trimmed; /* records below are gone */
    uint64_t last;    /* timestamp of the newest record, 0 for none */
    char token[STORE_TOKEN_MAX + 1]; /* fencing token */
    struct store_stream *next;       /* among those that are buried */
};

struct store {
    struct store_stream **streams; /* in byte order of their names */
    size_t n;
    size_t cap;
    struct store_stream *buried; /* no longer listed; readers may be left */
};

/* What an append asks for; records are borrowed. */
struct store_append {
    const struct store_record *records; /* timestamp may be STORE_NO_TIME */
    size_t n;
    bool match;
    uint64_t match_seq_num;
    const char *fencing_token; /* NULL: none */
};

/* How a store dates records. */
struct store_clock {
    uint64_t now_ms; /* arrival */
    bool uncapped;   /* later timestamps than arrival are kept */
    bool required;   /* records without a timestamp are refused */
};

enum store_result {
    STORE_OK,
    STORE_FENCED,   /* another token is in force */
    STORE_MISMATCH, /* the next number is another */
    STORE_INVALID,  /* breaks a limit or a rule */
    STORE_MEMORY
};

void store_release(struct store *store);

/* store_find(store, name): the stream, or NULL. */
struct store_stream *store_find(const struct store *store, const char *name);

/* store_after(store, name): the place of the first stream behind ${name}. */
size_t store_after(const struct store *store, const char *name);

/* store_create(store, name, now_us): make a stream that does not exist yet;
 * NULL without memory. */
struct store_stream *store_create(struct store *store, const char *name,
                                  int64_t now_us);

/*
 * store_delete(stream, now_us): as S2 does it, a last command that trims all
 * that was there.  The stream stays listed until store_bury, and valid until
 * store_release.  0; -1 when it is deleted already or memory is out.
 */
int store_delete(struct store_stream *stream, int64_t now_us);

/* store_bury(store, before_us): streams deleted up to then are gone. */
void store_bury(struct store *store, int64_t before_us);

/*
 * store_append(stream, append, clock): append all records or none.  Checked
 * in S2's order: limits, token, number, timestamps.  Commands take effect.
 */
enum store_result store_append(struct store_stream *stream,
                               const struct store_append *append,
                               const struct store_clock *clock);

/* store_trim(stream, seq): records below ${seq} are gone, never the tail. */
void store_trim(struct store_stream *stream, uint64_t seq);

/* store_at_time(stream, ms): the number of the first record with a timestamp
 * of at least ${ms}; the tail when there is none. */
uint64_t store_at_time(const struct store_stream *stream, uint64_t ms);

/* store_metered(record): its size as S2 counts. */
size_t store_metered(const struct store_record *record);

/* store_is_command(record): whether its one header has no name. */
bool store_is_command(const struct store_record *record);

/* store_dump(stream, full, out): append the bodies of what can be read, one
 * a line, without commands; ${full}: all, behind name, number and timestamp,
 * with tabs between, commands as "!name".  0 or -1. */
int store_dump(const struct store_stream *stream, bool full, struct buf *out);

#endif
