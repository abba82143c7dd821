#include "line.h"

#include <inttypes.h>

#include "base/text.h"

static int add_line(struct buf *to, const char *stream,
                    const struct wire_record *record, bool numbered)
{
    if (buf_addstr(to, "{\"stream\":") != 0 ||
        text_json(to, slice_str(stream)) != 0)
        return -1;
    if (numbered && buf_addf(to, ",\"seq_num\":%" PRIu64, record->seq_num))
        return -1;
    if (buf_addf(to, ",\"timestamp\":%" PRIu64 ",\"record\":",
                 record->timestamp) != 0 ||
        buf_addslice(to, record->body) != 0)
        return -1;
    return buf_addstr(to, "}");
}

int line_record(struct output *output, const char *stream,
                const struct wire_record *record, bool numbered,
                struct err *err)
{
    struct buf *to = output_buf(output);
    struct buf line = BUF_INIT(OUTPUT_MOST);
    bool starved;
    size_t before;
    int rc;

    if (to == NULL)
        return 0;
    before = to->n;
    rc = add_line(&line, stream, record, numbered);
    if (rc == 0)
        rc = text_json_print(to, buf_slice(&line));
    if (rc == 0)
        rc = buf_addstr(to, "\n");
    starved = line.starved;
    buf_release(&line);
    if (rc == 0)
        return 0;
    /* What waits is written out in the end: no half of a line. */
    to->n = before;
    return starved ? err_memory(err)
                   : buf_full(to, err, ERR_OS, "too much output is waiting");
}
