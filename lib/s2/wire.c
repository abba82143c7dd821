#include "s2/wire.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "s2.pb-c.h"

/* What one parsed message may allocate.  A page holds at most 1 MiB, but an
 * empty record of two bytes becomes a struct of a hundred. */
#define PARSE_MEMORY ((size_t)64 << 20)

const char *wire_library(void)
{
    return protobuf_c_version();
}

bool wire_is_name(const char *name)
{
    size_t n = strlen(name);

    return n > 0 && n <= WIRE_NAME_MAX && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0 && text_is_utf8(slice_str(name));
}

bool wire_is_command(const struct wire_record *record)
{
    return record->nheaders == 1 && record->headers[0].name.n == 0;
}

size_t wire_metered(const struct wire_record *record)
{
    size_t n = 8 + 2 * record->nheaders + record->body.n;

    for (size_t i = 0; i < record->nheaders; i++)
        n += record->headers[i].name.n + record->headers[i].value.n;
    return n;
}

/* The generated structs hold pointers to non-const bytes, which packing only
 * reads; the cast by way of an integer is what -Wcast-qual accepts. */
static ProtobufCBinaryData binary(struct slice s)
{
    ProtobufCBinaryData d = {s.n, (uint8_t *)(uintptr_t)s.p};

    return d;
}

static struct slice unbinary(ProtobufCBinaryData d)
{
    struct slice s = {(const char *)d.data, d.len};

    return s;
}

/* The structs of one message to pack and the pointers to them, all in one
 * allocation that begins at records: what needs the widest alignment first. */
struct packing {
    S2__AppendRecord *records;
    S2__Header *headers;
    S2__AppendRecord **record_at;
    S2__Header **header_at;
};

static int packing_init(struct packing *p, size_t nrecords, size_t nheaders)
{
    size_t structs =
        nrecords * sizeof(*p->records) + nheaders * sizeof(*p->headers);
    size_t pointers =
        nrecords * sizeof(*p->record_at) + nheaders * sizeof(*p->header_at);

    /* One more: of nothing, malloc may give nothing. */
    p->records = malloc(structs + pointers + 1);
    if (p->records == NULL)
        return -1;
    p->headers = (S2__Header *)(p->records + nrecords);
    p->record_at = (S2__AppendRecord **)(p->headers + nheaders);
    p->header_at = (S2__Header **)(p->record_at + nrecords);
    return 0;
}

static void fill_record(struct packing *p, size_t i, size_t first_header,
                        const struct wire_record *in)
{
    S2__AppendRecord *out = &p->records[i];

    s2__append_record__init(out);
    out->has_timestamp = 1;
    out->timestamp = in->timestamp;
    out->has_body = 1;
    out->body = binary(in->body);
    out->n_headers = in->nheaders;
    out->headers = p->header_at + first_header;
    p->record_at[i] = out;
    for (size_t h = 0; h < in->nheaders; h++) {
        S2__Header *header = &p->headers[first_header + h];

        s2__header__init(header);
        header->has_name = 1;
        header->name = binary(in->headers[h].name);
        header->has_value = 1;
        header->value = binary(in->headers[h].value);
        p->header_at[first_header + h] = header;
    }
}

/* Refuses what S2 would refuse, and counts the headers. */
static int check_append(const struct wire_append *in, size_t *nheaders,
                        struct err *err)
{
    size_t metered = 0;

    *nheaders = 0;
    if (in->n == 0 || in->n > WIRE_BATCH_RECORDS)
        return err_set(err, ERR_BUG, "a batch of %zu records", in->n);
    for (size_t i = 0; i < in->n; i++) {
        metered += wire_metered(&in->records[i]);
        *nheaders += in->records[i].nheaders;
    }
    if (metered > WIRE_BATCH_BYTES)
        return err_set(err, ERR_BUG, "a batch of %zu bytes", metered);
    if (in->fencing_token != NULL && strlen(in->fencing_token) > WIRE_TOKEN_MAX)
        return err_set(err, ERR_BUG, "a fencing token over %d bytes",
                       WIRE_TOKEN_MAX);
    return 0;
}

static int pack(const S2__AppendInput *message, struct buf *out,
                struct err *err)
{
    size_t n = s2__append_input__get_packed_size(message);
    char *to = buf_reserve(out, n);

    if (to == NULL)
        return err_memory(err);
    out->n += s2__append_input__pack(message, (uint8_t *)to);
    return 0;
}

int wire_encode(const struct wire_append *in, struct buf *out, struct err *err)
{
    S2__AppendInput message = S2__APPEND_INPUT__INIT;
    struct packing p;
    size_t nheaders, header = 0;
    int rc;

    if (check_append(in, &nheaders, err) != 0)
        return -1;
    if (packing_init(&p, in->n, nheaders) != 0)
        return err_memory(err);
    for (size_t i = 0; i < in->n; i++) {
        fill_record(&p, i, header, &in->records[i]);
        header += in->records[i].nheaders;
    }
    message.n_records = in->n;
    message.records = p.record_at;
    message.has_match_seq_num = in->match;
    message.match_seq_num = in->match_seq_num;
    message.fencing_token = (char *)(uintptr_t)in->fencing_token;
    rc = pack(&message, out, err);
    free(p.records);
    return rc;
}

/* What parsing may take; an allocator's data. */
struct budget {
    size_t left;
    bool starved; /* there was less memory than that */
};

static void *budget_alloc(void *data, size_t n)
{
    struct budget *budget = data;
    void *p;

    if (n > budget->left)
        return NULL;
    budget->left -= n;
    p = malloc(n);
    budget->starved |= p == NULL;
    return p;
}

static void budget_free(void *data, void *p)
{
    (void)data;
    free(p);
}

static void read_position(const S2__StreamPosition *from,
                          struct wire_position *to)
{
    to->seq_num = from->seq_num;
    to->timestamp = from->timestamp;
}

int wire_parse_ack(struct slice body, struct wire_ack *ack, struct err *err)
{
    struct budget budget = {PARSE_MEMORY, false};
    ProtobufCAllocator allocator = {budget_alloc, budget_free, &budget};
    S2__AppendAck *message =
        s2__append_ack__unpack(&allocator, body.n, (const uint8_t *)body.p);
    int rc = -1;

    if (message == NULL)
        return budget.starved ? err_memory(err)
                              : err_set(err, ERR_PROTOCOL, "the ack is broken");
    if (message->start != NULL && message->end != NULL) {
        read_position(message->start, &ack->start);
        read_position(message->end, &ack->end);
        read_position(message->tail != NULL ? message->tail : message->end,
                      &ack->tail);
        rc = ack->end.seq_num < ack->start.seq_num ? -1 : 0;
    }
    s2__append_ack__free_unpacked(message, &allocator);
    if (rc != 0)
        return err_set(err, ERR_PROTOCOL, "the ack makes no sense");
    return 0;
}

/* The records and headers point into the message. */
struct wire_batch {
    S2__ReadBatch *message;
    struct wire_record *records;
    struct wire_header *headers;
};

static void batch_fill(struct wire_batch *batch)
{
    struct wire_header *header = batch->headers;

    for (size_t i = 0; i < batch->message->n_records; i++) {
        const S2__SequencedRecord *in = batch->message->records[i];
        struct wire_record *out = &batch->records[i];

        out->seq_num = in->seq_num;
        out->timestamp = in->timestamp;
        out->headers = header;
        out->nheaders = in->n_headers;
        out->body = unbinary(in->body);
        for (size_t h = 0; h < in->n_headers; h++, header++) {
            header->name = unbinary(in->headers[h]->name);
            header->value = unbinary(in->headers[h]->value);
        }
    }
}

static bool is_ascending(const S2__ReadBatch *message)
{
    for (size_t i = 1; i < message->n_records; i++) {
        if (message->records[i]->seq_num <= message->records[i - 1]->seq_num)
            return false;
    }
    return true;
}

/* Frees ${message} on failure. */
static struct wire_batch *batch_make(S2__ReadBatch *message, struct err *err)
{
    struct wire_batch *batch = calloc(1, sizeof(*batch));
    size_t nheaders = 0;

    for (size_t i = 0; i < message->n_records; i++)
        nheaders += message->records[i]->n_headers;
    if (batch == NULL) {
        s2__read_batch__free_unpacked(message, NULL);
        err_memory(err);
        return NULL;
    }
    batch->message = message;
    batch->records = calloc(message->n_records + 1, sizeof(*batch->records));
    batch->headers = calloc(nheaders + 1, sizeof(*batch->headers));
    if (batch->records == NULL || batch->headers == NULL) {
        wire_batch_free(batch);
        err_memory(err);
        return NULL;
    }
    batch_fill(batch);
    return batch;
}

struct wire_batch *wire_batch_new(struct slice body, struct err *err)
{
    struct budget budget = {PARSE_MEMORY, false};
    ProtobufCAllocator allocator = {budget_alloc, budget_free, &budget};
    S2__ReadBatch *message =
        s2__read_batch__unpack(&allocator, body.n, (const uint8_t *)body.p);

    if (budget.starved) {
        err_memory(err);
        if (message != NULL)
            s2__read_batch__free_unpacked(message, NULL);
        return NULL;
    }
    if (message == NULL) {
        err_set(err, ERR_PROTOCOL, "the page of records is broken");
        return NULL;
    }
    if (!is_ascending(message)) {
        s2__read_batch__free_unpacked(message, NULL);
        err_set(err, ERR_PROTOCOL, "the records of a page are not in order");
        return NULL;
    }
    return batch_make(message, err);
}

void wire_batch_free(struct wire_batch *batch)
{
    if (batch == NULL)
        return;
    s2__read_batch__free_unpacked(batch->message, NULL);
    free(batch->records);
    free(batch->headers);
    free(batch);
}

const struct wire_record *wire_batch_records(const struct wire_batch *batch,
                                             size_t *n)
{
    *n = batch->message->n_records;
    return batch->records;
}

bool wire_batch_tail(const struct wire_batch *batch, struct wire_position *tail)
{
    if (batch->message->tail == NULL)
        return false;
    read_position(batch->message->tail, tail);
    return true;
}
