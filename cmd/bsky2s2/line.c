#include "line.h"

#include <inttypes.h>

#include "base/text.h"

int line_record(struct output *output, const char *stream,
                const struct wire_record *record, bool numbered,
                struct err *err)
{
    struct buf *to = output_buf(output);
    int rc = 0;

    if (to == NULL)
        return 0;
    rc |= buf_addstr(to, "{\"stream\":");
    rc |= text_json(to, slice_str(stream));
    if (numbered)
        rc |= buf_addf(to, ",\"seq_num\":%" PRIu64, record->seq_num);
    rc |= buf_addf(to,
                   ",\"timestamp\":%" PRIu64 ",\"record\":", record->timestamp);
    rc |= buf_addslice(to, record->body);
    rc |= buf_addstr(to, "}\n");
    return rc == 0 ? 0 : err_set(err, ERR_OS, "too much output is waiting");
}
