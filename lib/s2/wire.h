/*
 * What travels between us and S2, without I/O: protobuf bodies of appends
 * and reads, and the JSON of the control plane and of errors.
 *
 * Field numbers: s2.v1 of the S2 specification; lib/s2/s2.proto.
 */
#ifndef S2_WIRE_H
#define S2_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* S2's limits on one append. */
#define WIRE_BATCH_RECORDS 1000
#define WIRE_BATCH_BYTES ((size_t)1 << 20)

/* And on names of streams and fencing tokens; the body of a trim has just so
 * many, a number in network order.  All in bytes. */
#define WIRE_NAME_MAX 512
#define WIRE_TOKEN_MAX 36
#define WIRE_TRIM_BYTES 8

struct wire_header {
    struct slice name; /* empty: a command record */
    struct slice value;
};

struct wire_record {
    uint64_t seq_num;   /* reads only */
    uint64_t timestamp; /* ms since the epoch */
    const struct wire_header *headers;
    size_t nheaders;
    struct slice body;
};

/* wire_library(): the version of protobuf-c in use; a static string. */
const char *wire_library(void);

/* wire_is_name(name): whether a stream can have it: 1 to WIRE_NAME_MAX bytes of
 * UTF-8, neither "." nor "..". */
bool wire_is_name(const char *name);

/* wire_is_command(record): a fence or a trim, which readers skip. */
bool wire_is_command(const struct wire_record *record);

/* wire_metered(record): what S2 counts a record as, in bytes:
 * 8 + 2 * headers + their names and values + the body. */
size_t wire_metered(const struct wire_record *record);

/* One append: a batch that is taken whole or not at all. */
struct wire_append {
    const struct wire_record *records;
    size_t n;                  /* 1 to WIRE_BATCH_RECORDS */
    bool match;                /* the next field counts */
    uint64_t match_seq_num;    /* append only if it is the next number */
    const char *fencing_token; /* NULL: none; at most WIRE_TOKEN_MAX */
};

/* A page of a read, or a session. */
struct wire_read {
    bool by_time; /* from is a timestamp in ms: the first record there or
                     later; else from is a sequence number */
    uint64_t from;
    size_t limit; /* records.  A page: 1 to WIRE_BATCH_RECORDS, fewer may come;
                     a session: any number, 0: for ever */
};

/* wire_encode(in, out, err): append the AppendInput message to ${out}.  0, or
 * -1 with ERR_BUG (above one of the limits) or ERR_OS, ${out} as it was. */
int wire_encode(const struct wire_append *in, struct buf *out, struct err *err);

/* A position: the number of a record, and its timestamp in ms. */
struct wire_position {
    uint64_t seq_num;
    uint64_t timestamp;
};

struct wire_ack {
    struct wire_position start; /* of the first record */
    struct wire_position end;   /* seq_num: one behind the last */
    struct wire_position tail;
};

/* wire_parse_ack(body, ack, err): parse an AppendAck; 0, or -1 with
 * ERR_PROTOCOL or ERR_OS. */
int wire_parse_ack(struct slice body, struct wire_ack *ack, struct err *err);

struct wire_batch; /* a parsed ReadBatch */

/* wire_batch_new(body, err): parse a ReadBatch; NULL with ERR_PROTOCOL or
 * ERR_OS.  ${body} is not needed afterwards. */
struct wire_batch *wire_batch_new(struct slice body, struct err *err);
void wire_batch_free(struct wire_batch *batch);

/* wire_batch_records(batch, n): its *${n} records, alive as long as it. */
const struct wire_record *wire_batch_records(const struct wire_batch *batch,
                                             size_t *n);

/* wire_batch_tail(batch, tail): whether the batch tells the stream's tail; then
 * it is stored.  Servers leave it out while a reader is far behind. */
bool wire_batch_tail(const struct wire_batch *batch,
                     struct wire_position *tail);

/* The JSON body of an error answer; what is absent is empty or false. */
struct wire_error {
    char code[64];
    char message[256];
    bool seq_num_mismatch; /* 412: next_seq_num is set */
    bool fencing_mismatch; /* 412: message is the token in force */
    bool tail_known;       /* 416: tail is set */
    uint64_t next_seq_num;
    struct wire_position tail;
};

/* wire_parse_error(body, error): never fails; what is not JSON leaves all
 * empty. */
void wire_parse_error(struct slice body, struct wire_error *error);

/* wire_parse_tail(body, tail, err): {"tail":{"seq_num","timestamp"}}.  0, or -1
 * with ERR_PROTOCOL. */
int wire_parse_tail(struct slice body, struct wire_position *tail,
                    struct err *err);

/* A page of a list of streams; names owned by the page. */
struct wire_list {
    char **names;   /* without those that are being deleted */
    uint64_t *made; /* when each was created, in us; 0: not told */
    size_t n;
    char *last; /* where the next page starts, NULL when there is none */
};

/* wire_parse_list(body, list, err): parse a page; wire_list_release after 0.
 * -1 with ERR_PROTOCOL or ERR_OS, nothing to release. */
int wire_parse_list(struct slice body, struct wire_list *list, struct err *err);
void wire_list_release(struct wire_list *list);

#endif
