/*
 * The bodies of S2's data plane, as a server reads and writes them:
 * protobuf, or JSON.
 */
#ifndef PEER_BODY_H
#define PEER_BODY_H

#include "store.h"

struct json_t;

/* A parsed AppendInput, which owns what append points to. */
struct body_append {
    struct store_append append;
    struct store_record *records;
    size_t nrecords;
    void *message;       /* protobuf's, or NULL */
    struct json_t *root; /* JSON's, or NULL */
};

struct body_position {
    uint64_t seq_num;
    uint64_t timestamp;
};

/* body_parse(body, proto, out): 0, or -1 when it is no AppendInput.
 * body_release in any case. */
int body_parse(struct slice body, bool proto, struct body_append *out);
void body_release(struct body_append *append);

/* body_ack(start, end, proto, out): append an AppendAck, the tail of which
 * is ${end}.  0 or -1. */
int body_ack(const struct body_position *start, const struct body_position *end,
             bool proto, struct buf *out);

/*
 * body_batch(stream, from, n, tail, proto, out): append a ReadBatch of ${n}
 * records of ${stream} from number ${from}; ${tail}: with the tail.  0 or -1.
 */
int body_batch(const struct store_stream *stream, uint64_t from, size_t n,
               bool tail, bool proto, struct buf *out);

/* body_pick(stream, numbers, n, tail, out): append a ReadBatch of just those
 * records of ${stream}, in protobuf.  0 or -1. */
int body_pick(const struct store_stream *stream, const uint64_t *numbers,
              size_t n, bool tail, struct buf *out);

#endif
