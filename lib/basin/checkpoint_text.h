/*
 * What a checkpoint says, and its JSON:
 * {"v":1,"job":..,"url":..,"settings":{"hash":..,"list":[..]},"time_us":..,
 *  "seq":..,"begin_us":..,"begin_seq":..,"host":..,"pid":..,"token":..}
 * Numbers that are unknown are null.  Readers ignore fields that they do not
 * know, and miss only begin_us, begin_seq and the list without complaint.
 */
#ifndef BASIN_CHECKPOINT_TEXT_H
#define BASIN_CHECKPOINT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "basin/checkpoint_settings.h"
#include "s2/wire.h"

#define CHECKPOINT_URL_MAX 2048
#define CHECKPOINT_TOKEN_MAX WIRE_TOKEN_MAX
#define CHECKPOINT_HOST_MAX 255

/* A longer list of settings is left out; only the hash is kept. */
#define CHECKPOINT_LIST_MAX ((size_t)64 << 10)

/* A place in the source to go on from; times in us, -1: unknown. */
struct checkpoint_at {
    int64_t time_us;   /* everything up to it is settled */
    int64_t seq;       /* the same as a number of the server url */
    int64_t begin_us;  /* nothing before it was ever wanted */
    int64_t begin_seq; /* nor, of what has that time, below this number */
    const char *url;   /* of the server; "": none yet */
};

struct checkpoint_text {
    struct checkpoint_at at;
    struct checkpoint_settings settings;
    const char *job;
    const char *host;
    int64_t pid;
    const char *token;
    uint64_t date_ms; /* the record's timestamp; not in the JSON */
};

/* checkpoint_text_write(text, out): append its JSON.  0, or -1 without
 * memory. */
int checkpoint_text_write(const struct checkpoint_text *text, struct buf *out);

struct checkpoint_read; /* a parsed one, with its memory */

/*
 * checkpoint_text_read(body, date_ms, err): parse ${body}, the body of a
 * record of ${date_ms}.  NULL: ERR_DATA, it is no checkpoint of version 1
 * (from strangers: wrong types, negative or huge numbers, texts above their
 * limits or with control characters are no checkpoint either), or ERR_OS.
 */
struct checkpoint_read *checkpoint_text_read(struct slice body,
                                             uint64_t date_ms, struct err *err);
void checkpoint_read_free(struct checkpoint_read *read);

/* checkpoint_read_text(read): what it says, alive as long as it. */
const struct checkpoint_text *
checkpoint_read_text(const struct checkpoint_read *read);

#endif
