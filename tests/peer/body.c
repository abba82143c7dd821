#include "body.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "s2.pb-c.h"

/* Headers of one record, and room for them.  0 or -1. */
static int add_headers(struct store_record *record, size_t n)
{
    record->headers = calloc(n + 1, sizeof(*record->headers));
    record->nheaders = n;
    return record->headers != NULL ? 0 : -1;
}

static struct slice bytes_of(ProtobufCBinaryData data)
{
    return (struct slice){(const char *)data.data, data.len};
}

static int add_records(struct body_append *out, size_t n)
{
    out->records = calloc(n + 1, sizeof(*out->records));
    if (out->records == NULL)
        return -1;
    out->nrecords = n;
    out->append.records = out->records;
    out->append.n = n;
    return 0;
}

static int parse_proto(struct slice body, struct body_append *out)
{
    S2__AppendInput *in =
        s2__append_input__unpack(NULL, body.n, (const uint8_t *)body.p);

    out->message = in;
    if (in == NULL || add_records(out, in->n_records) != 0)
        return -1;
    out->append.match = in->has_match_seq_num;
    out->append.match_seq_num = in->match_seq_num;
    out->append.fencing_token = in->fencing_token;
    for (size_t i = 0; i < in->n_records; i++) {
        const S2__AppendRecord *from = in->records[i];
        struct store_record *to = &out->records[i];

        to->timestamp = from->has_timestamp ? from->timestamp : STORE_NO_TIME;
        to->body = bytes_of(from->body);
        if (add_headers(to, from->n_headers) != 0)
            return -1;
        for (size_t h = 0; h < from->n_headers; h++) {
            to->headers[h].name = bytes_of(from->headers[h]->name);
            to->headers[h].value = bytes_of(from->headers[h]->value);
        }
    }
    return 0;
}

static struct slice text_of(const json_t *value)
{
    struct slice s = {json_string_value(value), json_string_length(value)};

    return s;
}

/* An optional unsigned number.  0 or -1. */
static int number_of(const json_t *value, uint64_t none, uint64_t *out)
{
    *out = none;
    if (value == NULL || json_is_null(value))
        return 0;
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return -1;
    *out = (uint64_t)json_integer_value(value);
    return 0;
}

static int parse_json_record(const json_t *from, struct store_record *to)
{
    const json_t *headers = json_object_get(from, "headers");

    if (!json_is_object(from) ||
        number_of(json_object_get(from, "timestamp"), STORE_NO_TIME,
                  &to->timestamp) != 0 ||
        add_headers(to, json_array_size(headers)) != 0)
        return -1;
    to->body = text_of(json_object_get(from, "body"));
    for (size_t h = 0; h < to->nheaders; h++) {
        const json_t *pair = json_array_get(headers, h);

        if (json_array_size(pair) != 2)
            return -1;
        to->headers[h].name = text_of(json_array_get(pair, 0));
        to->headers[h].value = text_of(json_array_get(pair, 1));
    }
    return 0;
}

static int parse_json(struct slice body, struct body_append *out)
{
    json_t *root = json_loadb(body.p, body.n, 0, NULL);
    const json_t *records = json_object_get(root, "records");
    const json_t *match = json_object_get(root, "match_seq_num");

    out->root = root;
    if (!json_is_array(records) ||
        add_records(out, json_array_size(records)) != 0 ||
        number_of(match, 0, &out->append.match_seq_num) != 0)
        return -1;
    out->append.match = json_is_integer(match);
    out->append.fencing_token =
        json_string_value(json_object_get(root, "fencing_token"));
    for (size_t i = 0; i < out->nrecords; i++) {
        if (parse_json_record(json_array_get(records, i), &out->records[i]) !=
            0)
            return -1;
    }
    return 0;
}

int body_parse(struct slice body, bool proto, struct body_append *out)
{
    *out = (struct body_append){.records = NULL};
    return proto ? parse_proto(body, out) : parse_json(body, out);
}

void body_release(struct body_append *append)
{
    for (size_t i = 0; i < append->nrecords; i++)
        free(append->records[i].headers);
    free(append->records);
    if (append->message != NULL)
        s2__append_input__free_unpacked(append->message, NULL);
    json_decref(append->root);
    *append = (struct body_append){.records = NULL};
}

static S2__StreamPosition position_of(const struct body_position *at)
{
    S2__StreamPosition p = S2__STREAM_POSITION__INIT;

    /* As proto3 does it: a zero is absent. */
    p.has_seq_num = at->seq_num != 0;
    p.seq_num = at->seq_num;
    p.has_timestamp = at->timestamp != 0;
    p.timestamp = at->timestamp;
    return p;
}

static int pack(const ProtobufCMessage *message, struct buf *out)
{
    size_t n = protobuf_c_message_get_packed_size(message);
    char *to = buf_reserve(out, n);

    if (to == NULL)
        return -1;
    out->n += protobuf_c_message_pack(message, (uint8_t *)to);
    return 0;
}

static int add_position(const char *name, const struct body_position *at,
                        struct buf *out)
{
    return buf_addf(
        out, "\"%s\":{\"seq_num\":%" PRIu64 ",\"timestamp\":%" PRIu64 "}", name,
        at->seq_num, at->timestamp);
}

int body_ack(const struct body_position *start, const struct body_position *end,
             bool proto, struct buf *out)
{
    S2__AppendAck ack = S2__APPEND_ACK__INIT;
    S2__StreamPosition first = position_of(start);
    S2__StreamPosition last = position_of(end);
    S2__StreamPosition tail = last;
    int bad = 0;

    if (proto) {
        ack.start = &first;
        ack.end = &last;
        ack.tail = &tail;
        return pack(&ack.base, out);
    }
    bad |= buf_addstr(out, "{");
    bad |= add_position("start", start, out);
    bad |= buf_addstr(out, ",");
    bad |= add_position("end", end, out);
    bad |= buf_addstr(out, ",");
    bad |= add_position("tail", end, out);
    bad |= buf_addstr(out, "}");
    return bad != 0 ? -1 : 0;
}

static ProtobufCBinaryData data_of(struct slice s)
{
    ProtobufCBinaryData data = {s.n, NULL};

    /* Packing only reads it; the type has no const. */
    memcpy(&data.data, &s.p, sizeof(s.p));
    return data;
}

/* One allocation for a record's message and all below it; NULL without
 * memory. */
static S2__SequencedRecord *record_message(const struct store_record *from,
                                           uint64_t seq)
{
    struct packed {
        S2__SequencedRecord record;
        S2__Header *pointers[];
    } * packed;
    S2__Header *headers;
    size_t n = from->nheaders;

    packed = calloc(1, sizeof(*packed) +
                           n * (sizeof(S2__Header *) + sizeof(S2__Header)));
    if (packed == NULL)
        return NULL;
    headers = (S2__Header *)(void *)&packed->pointers[n];
    s2__sequenced_record__init(&packed->record);
    packed->record.has_seq_num = seq != 0;
    packed->record.seq_num = seq;
    packed->record.has_timestamp = from->timestamp != 0;
    packed->record.timestamp = from->timestamp;
    packed->record.has_body = from->body.n > 0;
    packed->record.body = data_of(from->body);
    packed->record.headers = packed->pointers;
    packed->record.n_headers = n;
    for (size_t i = 0; i < n; i++) {
        s2__header__init(&headers[i]);
        headers[i].has_name = from->headers[i].name.n > 0;
        headers[i].name = data_of(from->headers[i].name);
        headers[i].has_value = from->headers[i].value.n > 0;
        headers[i].value = data_of(from->headers[i].value);
        packed->pointers[i] = &headers[i];
    }
    return &packed->record;
}

/* ${numbers}: of the records; NULL: those from ${from} on. */
static int batch_proto(const struct store_stream *stream, uint64_t from,
                       const uint64_t *numbers, size_t n,
                       const struct body_position *tail, struct buf *out)
{
    S2__ReadBatch batch = S2__READ_BATCH__INIT;
    S2__StreamPosition at;
    int result = -1;

    batch.records = calloc(n + 1, sizeof(S2__SequencedRecord *));
    if (batch.records == NULL)
        return -1;
    for (; batch.n_records < n; batch.n_records++) {
        uint64_t seq =
            numbers != NULL ? numbers[batch.n_records] : from + batch.n_records;
        S2__SequencedRecord *record =
            record_message(&stream->records[seq], seq);

        if (record == NULL)
            goto release;
        batch.records[batch.n_records] = record;
    }
    if (tail != NULL) {
        at = position_of(tail);
        batch.tail = &at;
    }
    result = pack(&batch.base, out);

release:
    while (batch.n_records > 0)
        free(batch.records[--batch.n_records]);
    free(batch.records);
    return result;
}

/* JSON has no room for bytes that are not UTF-8: they become '?'. */
static int add_text(struct slice s, struct buf *out)
{
    struct buf clean = BUF_INIT(s.n + 1);
    int result;

    if (text_is_utf8(s))
        return text_json(out, s);
    result = text_scrub(&clean, s, s.n) | text_json(out, buf_slice(&clean));
    buf_release(&clean);
    return result;
}

static int record_json(const struct store_record *record, uint64_t seq,
                       struct buf *out)
{
    int bad = buf_addf(out, "{\"seq_num\":%" PRIu64 ",\"timestamp\":%" PRIu64,
                       seq, record->timestamp);

    for (size_t i = 0; i < record->nheaders; i++) {
        bad |= buf_addstr(out, i == 0 ? ",\"headers\":[[" : ",[");
        bad |= add_text(record->headers[i].name, out);
        bad |= buf_addstr(out, ",");
        bad |= add_text(record->headers[i].value, out);
        bad |= buf_addstr(out, i + 1 == record->nheaders ? "]]" : "]");
    }
    if (record->body.n > 0) {
        bad |= buf_addstr(out, ",\"body\":");
        bad |= add_text(record->body, out);
    }
    return bad | buf_addstr(out, "}");
}

static int batch_json(const struct store_stream *stream, uint64_t from,
                      size_t n, const struct body_position *tail,
                      struct buf *out)
{
    int bad = buf_addstr(out, "{\"records\":[");

    for (size_t i = 0; i < n; i++) {
        bad |= buf_addstr(out, i > 0 ? "," : "");
        bad |= record_json(&stream->records[from + i], from + i, out);
    }
    bad |= buf_addstr(out, "]");
    if (tail != NULL) {
        bad |= buf_addstr(out, ",");
        bad |= add_position("tail", tail, out);
    }
    return bad | buf_addstr(out, "}");
}

int body_batch(const struct store_stream *stream, uint64_t from, size_t n,
               bool tail, bool proto, struct buf *out)
{
    struct body_position at = {stream->n, stream->last};
    int bad = proto ? batch_proto(stream, from, NULL, n, tail ? &at : NULL, out)
                    : batch_json(stream, from, n, tail ? &at : NULL, out);

    return bad != 0 ? -1 : 0;
}

int body_pick(const struct store_stream *stream, const uint64_t *numbers,
              size_t n, bool tail, struct buf *out)
{
    struct body_position at = {stream->n, stream->last};

    return batch_proto(stream, 0, numbers, n, tail ? &at : NULL, out);
}
