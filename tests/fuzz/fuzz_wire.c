/*
 * Any bytes as a page of records or an ack: numbers ascend, nothing is larger
 * than what came, and what was understood, written down by hand and read
 * again, is the same.  The records as a batch to append come out of it again.
 */
#include "fuzz.h"

#include "s2.pb-c.h"
#include "s2/wire.h"

#define ROOM ((size_t)16 << 20)

static void put_number(struct buf *out, uint64_t v)
{
    do {
        char byte = (char)((v & 0x7F) | (v > 0x7F ? 0x80 : 0));

        PROMISE(buf_add(out, &byte, 1) == 0);
        v >>= 7;
    } while (v > 0);
}

static void put_field(struct buf *out, unsigned number, uint64_t v)
{
    put_number(out, number << 3);
    put_number(out, v);
}

static void put_bytes(struct buf *out, unsigned number, struct slice s)
{
    put_number(out, number << 3 | 2);
    put_number(out, s.n);
    PROMISE(buf_addslice(out, s) == 0);
}

static void put_inner(struct buf *out, unsigned number, struct buf *inner)
{
    put_bytes(out, number, buf_slice(inner));
    buf_reset(inner);
}

static void put_record(struct buf *out, const struct wire_record *record)
{
    struct buf body = BUF_INIT(ROOM), header = BUF_INIT(ROOM);

    put_field(&body, 1, record->seq_num);
    put_field(&body, 2, record->timestamp);
    for (size_t i = 0; i < record->nheaders; i++) {
        put_bytes(&header, 1, record->headers[i].name);
        put_bytes(&header, 2, record->headers[i].value);
        put_inner(&body, 3, &header);
    }
    put_bytes(&body, 4, record->body);
    put_inner(out, 1, &body);
    buf_release(&header);
    buf_release(&body);
}

static void put_position(struct buf *out, unsigned number,
                         const struct wire_position *at)
{
    struct buf inner = BUF_INIT(64);

    put_field(&inner, 1, at->seq_num);
    put_field(&inner, 2, at->timestamp);
    put_inner(out, number, &inner);
    buf_release(&inner);
}

static void same_headers(const struct wire_record *a,
                         const struct wire_record *b)
{
    PROMISE(a->nheaders == b->nheaders);
    for (size_t i = 0; i < a->nheaders; i++) {
        PROMISE(slice_eq(a->headers[i].name, b->headers[i].name));
        PROMISE(slice_eq(a->headers[i].value, b->headers[i].value));
    }
}

static void check_again(const struct wire_batch *batch)
{
    struct buf out = BUF_INIT(ROOM);
    struct wire_position tail = {0, 0}, tail_again = {0, 0};
    const struct wire_record *records, *again;
    struct wire_batch *copy;
    size_t n, m;
    bool told = wire_batch_tail(batch, &tail);

    records = wire_batch_records(batch, &n);
    for (size_t i = 0; i < n; i++)
        put_record(&out, &records[i]);
    if (told)
        put_position(&out, 2, &tail);
    put_bytes(&out, 77, SLICE("nobody knows this field"));
    copy = wire_batch_new(buf_slice(&out), NULL);
    PROMISE(copy != NULL);
    PROMISE(wire_batch_tail(copy, &tail_again) == told);
    PROMISE(tail.seq_num == tail_again.seq_num &&
            tail.timestamp == tail_again.timestamp);
    again = wire_batch_records(copy, &m);
    PROMISE(n == m);
    for (size_t i = 0; i < n; i++) {
        PROMISE(records[i].seq_num == again[i].seq_num);
        PROMISE(records[i].timestamp == again[i].timestamp);
        PROMISE(slice_eq(records[i].body, again[i].body));
        same_headers(&records[i], &again[i]);
    }
    wire_batch_free(copy);
    buf_release(&out);
}

static void same_appended(const struct wire_record *in,
                          const S2__AppendRecord *out)
{
    PROMISE(out->has_timestamp && out->timestamp == in->timestamp);
    PROMISE(slice_eq(
        in->body, (struct slice){(const char *)out->body.data, out->body.len}));
    PROMISE(out->n_headers == in->nheaders);
    for (size_t i = 0; i < in->nheaders; i++) {
        const S2__Header *h = out->headers[i];

        PROMISE(
            slice_eq(in->headers[i].name,
                     (struct slice){(const char *)h->name.data, h->name.len}));
        PROMISE(slice_eq(
            in->headers[i].value,
            (struct slice){(const char *)h->value.data, h->value.len}));
    }
}

static void check_append(const struct wire_record *records, size_t n,
                         const struct wire_position *tail)
{
    struct wire_append append = {records, n, tail->timestamp % 2 == 0,
                                 tail->seq_num, n % 2 == 0 ? "a token" : NULL};
    struct buf out = BUF_INIT(ROOM);
    S2__AppendInput *in;

    if (wire_encode(&append, &out, NULL) != 0) {
        PROMISE(n == 0 || n > WIRE_BATCH_RECORDS || out.n == 0);
        buf_release(&out);
        return;
    }
    in = s2__append_input__unpack(NULL, out.n, (const uint8_t *)out.p);
    PROMISE(in != NULL && in->n_records == n);
    PROMISE(in->has_match_seq_num == append.match);
    PROMISE(!append.match || in->match_seq_num == append.match_seq_num);
    PROMISE(append.fencing_token == NULL
                ? in->fencing_token == NULL
                : strcmp(in->fencing_token, append.fencing_token) == 0);
    for (size_t i = 0; i < n; i++)
        same_appended(&records[i], in->records[i]);
    s2__append_input__free_unpacked(in, NULL);
    buf_release(&out);
}

static struct slice bytes_of(ProtobufCBinaryData d)
{
    return (struct slice){(const char *)d.data, d.len};
}

/* The records as protobuf-c gives them. */
static void check_fields(struct slice in, const struct wire_record *records,
                         size_t n)
{
    S2__ReadBatch *batch =
        s2__read_batch__unpack(NULL, in.n, (const uint8_t *)in.p);

    PROMISE(batch != NULL && batch->n_records == n);
    for (size_t i = 0; i < n; i++) {
        const S2__SequencedRecord *r = batch->records[i];

        PROMISE(records[i].seq_num == r->seq_num);
        PROMISE(records[i].timestamp == r->timestamp);
        PROMISE(slice_eq(records[i].body, bytes_of(r->body)));
        PROMISE(records[i].nheaders == r->n_headers);
        for (size_t h = 0; h < r->n_headers; h++) {
            const struct wire_header *header = &records[i].headers[h];

            PROMISE(slice_eq(header->name, bytes_of(r->headers[h]->name)));
            PROMISE(slice_eq(header->value, bytes_of(r->headers[h]->value)));
        }
    }
    s2__read_batch__free_unpacked(batch, NULL);
}

static void check_batch(struct slice in)
{
    struct err err = ERR_INIT;
    struct wire_batch *batch = wire_batch_new(in, &err);
    const struct wire_record *records;
    struct wire_position tail = {0, 0};
    size_t n, bytes = 0;

    if (batch == NULL) {
        PROMISE(err.code == ERR_PROTOCOL);
        return;
    }
    records = wire_batch_records(batch, &n);
    for (size_t i = 0; i < n; i++) {
        PROMISE(i == 0 || records[i].seq_num > records[i - 1].seq_num);
        bytes += wire_metered(&records[i]) - 8 - 2 * records[i].nheaders;
        PROMISE(!wire_is_command(&records[i]) || records[i].nheaders == 1);
    }
    PROMISE(bytes <= in.n);
    check_fields(in, records, n);
    check_again(batch);
    wire_batch_tail(batch, &tail);
    check_append(records, n, &tail);
    wire_batch_free(batch);
}

static void check_ack(struct slice in)
{
    struct err err = ERR_INIT;
    struct wire_ack ack, again;
    struct buf out = BUF_INIT(ROOM);

    if (wire_parse_ack(in, &ack, &err) != 0) {
        PROMISE(err.code == ERR_PROTOCOL);
        return;
    }
    PROMISE(ack.start.seq_num <= ack.end.seq_num);
    put_position(&out, 3, &ack.tail);
    put_position(&out, 1, &ack.start);
    put_position(&out, 2, &ack.end);
    PROMISE(wire_parse_ack(buf_slice(&out), &again, NULL) == 0);
    PROMISE(ack.start.seq_num == again.start.seq_num &&
            ack.start.timestamp == again.start.timestamp &&
            ack.end.seq_num == again.end.seq_num &&
            ack.end.timestamp == again.end.timestamp &&
            ack.tail.seq_num == again.tail.seq_num &&
            ack.tail.timestamp == again.tail.timestamp);
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct slice in = fuzz_input(data, n);

    check_batch(in);
    check_ack(in);
    return 0;
}
