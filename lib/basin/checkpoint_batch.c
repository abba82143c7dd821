#include "basin/checkpoint_batch.h"

#include <string.h>

void checkpoint_batch_init(struct checkpoint_batch *batch)
{
    memset(batch, 0, sizeof(*batch));
    buf_init(&batch->body, WIRE_BATCH_BYTES);
}

void checkpoint_batch_release(struct checkpoint_batch *batch)
{
    buf_release(&batch->body);
    batch->pending = false;
}

int checkpoint_batch_make(struct checkpoint_batch *batch,
                          const struct checkpoint_text *text, bool fence)
{
    buf_reset(&batch->body);
    batch->date_ms = text->date_ms;
    batch->token = text->token;
    batch->fence = fence;
    batch->trim = false;
    batch->pending = checkpoint_text_write(text, &batch->body) == 0;
    return batch->pending ? 0 : -1;
}

struct basin_op *checkpoint_batch_send(const struct checkpoint_batch *batch,
                                       struct basin *basin, const char *stream,
                                       uint64_t next, basin_done *done,
                                       void *arg, struct err *err)
{
    const struct wire_header fence = {.value = SLICE("fence")};
    const struct wire_header trim = {.value = SLICE("trim")};
    struct wire_record records[3];
    struct wire_append append = {
        .records = records, .match = true, .match_seq_num = next};
    char number[WIRE_TRIM_BYTES];

    memset(records, 0, sizeof(records));
    for (size_t i = 0; i < WIRE_TRIM_BYTES; i++)
        number[i] = (char)(batch->trim_to >> (8 * (WIRE_TRIM_BYTES - 1 - i)));
    if (batch->fence) {
        records[append.n].headers = &fence;
        records[append.n].nheaders = 1;
        records[append.n++].body = slice_str(batch->token);
    } else {
        append.fencing_token = batch->token;
    }
    records[append.n++].body = buf_slice(&batch->body);
    if (batch->trim) {
        records[append.n].headers = &trim;
        records[append.n].nheaders = 1;
        records[append.n++].body = (struct slice){number, WIRE_TRIM_BYTES};
    }
    for (size_t i = 0; i < append.n; i++)
        records[i].timestamp = batch->date_ms;
    return basin_append(basin, stream, &append, done, arg, err);
}

size_t checkpoint_batch_count(const struct checkpoint_batch *batch)
{
    return 1 + (size_t)batch->fence + (size_t)batch->trim;
}
