#include "basin/checkpoint_look.h"

#include <string.h>

/* The newest checkpoint is among the last few records, unless somebody else
 * appended something. */
#define FIRST_WINDOW 16
#define WINDOW WIRE_BATCH_RECORDS

void checkpoint_look_release(struct checkpoint_look *look)
{
    checkpoint_read_free(look->newest);
    look->newest = NULL;
}

static void begin(struct checkpoint_look *look, const char *job)
{
    checkpoint_look_release(look);
    memset(look, 0, sizeof(*look));
    look->job = job;
}

static void set_window(struct checkpoint_look *look, uint64_t until,
                       uint64_t size)
{
    look->until = until;
    look->window = until > size ? until - size : 0;
    look->from = look->window;
}

void checkpoint_look_back(struct checkpoint_look *look, const char *job,
                          uint64_t tail)
{
    begin(look, job);
    look->back = true;
    set_window(look, tail, FIRST_WINDOW);
}

void checkpoint_look_on(struct checkpoint_look *look, const char *job,
                        uint64_t from, uint64_t tail, const char *token,
                        struct slice body)
{
    begin(look, job);
    look->token = token;
    look->body = body;
    look->from = from;
    look->until = tail;
}

struct wire_read checkpoint_look_next(const struct checkpoint_look *look)
{
    uint64_t left = look->until - look->from;

    return (struct wire_read){
        .from = look->from,
        .limit = left < WIRE_BATCH_RECORDS ? (size_t)left : WIRE_BATCH_RECORDS};
}

static void found(struct checkpoint_look *look, struct checkpoint_read *read,
                  uint64_t seq_num)
{
    const struct checkpoint_text *text = checkpoint_read_text(read);

    if (look->token != NULL && strcmp(text->token, look->token) == 0) {
        checkpoint_read_free(read);
        return;
    }
    checkpoint_read_free(look->newest);
    look->newest = read;
    look->newest_at = seq_num;
}

static int take(struct checkpoint_look *look, const struct wire_record *record)
{
    struct checkpoint_read *read;
    struct err err = ERR_INIT;

    if (wire_is_command(record))
        return 0;
    if (look->body.n > 0 && slice_eq(record->body, look->body)) {
        look->landed = true;
        look->landed_at = record->seq_num;
        return 0;
    }
    read = checkpoint_text_read(record->body, record->timestamp, &err);
    if (read == NULL && err.code == ERR_OS)
        return -1;
    if (read != NULL &&
        strcmp(checkpoint_read_text(read)->job, look->job) == 0) {
        found(look, read, record->seq_num);
        return 0;
    }
    checkpoint_read_free(read);
    look->foreign++;
    look->foreign_at = record->seq_num;
    return 0;
}

/* The window is read: is there one before it that is to be? */
static int next_window(struct checkpoint_look *look)
{
    if (!look->back || look->newest != NULL || look->hole || look->window == 0)
        return 1;
    set_window(look, look->window, WINDOW);
    return 0;
}

int checkpoint_look_page(struct checkpoint_look *look,
                         const struct basin_reply *reply)
{
    size_t n = reply->nrecords;
    uint64_t last = n > 0 ? reply->records[n - 1].seq_num : look->until;

    look->foreign = 0;
    if (look->from == look->window)
        look->hole = n == 0 || reply->records[0].seq_num > look->from;
    for (size_t i = 0; i < n; i++) {
        if (take(look, &reply->records[i]) != 0)
            return -1;
    }
    /* Whatever the numbers are, this comes to an end. */
    look->from =
        last >= look->from && last < look->until ? last + 1 : look->until;
    return look->from < look->until ? 0 : next_window(look);
}
