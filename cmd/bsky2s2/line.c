#include "line.h"

#include <inttypes.h>

#include "base/text.h"

/* ${name}: the stream's, as a string of JSON. */
static int add_line(struct buf *to, struct slice name,
                    const struct wire_record *record, bool numbered)
{
    if (buf_addstr(to, "{\"stream\":") != 0 || text_json_print(to, name) != 0)
        return -1;
    if (numbered && buf_addf(to, ",\"seq_num\":%" PRIu64, record->seq_num))
        return -1;
    if (buf_addf(to, ",\"timestamp\":%" PRIu64 ",\"record\":",
                 record->timestamp) != 0 ||
        text_json_print(to, record->body) != 0)
        return -1;
    return buf_addstr(to, "}\n");
}

int line_record(struct output *output, const char *stream,
                const struct wire_record *record, bool numbered,
                struct err *err)
{
    struct buf *to = output_buf(output);
    struct buf name = BUF_INIT(OUTPUT_MOST);
    bool starved;
    size_t before;
    int rc;

    if (to == NULL)
        return 0;
    before = to->n;
    rc = text_json(&name, slice_str(stream));
    if (rc == 0)
        rc = add_line(to, buf_slice(&name), record, numbered);
    starved = name.starved;
    buf_release(&name);
    if (rc == 0)
        return 0;
    /* What waits is written out in the end: no half of a line. */
    to->n = before;
    return starved ? err_memory(err)
                   : buf_full(to, err, ERR_OS, "too much output is waiting");
}
