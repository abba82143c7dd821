#include "basin/file_follow.h"

#include <string.h>

#include "basin/file_read.h"

/* The session is behind ${n} more records. */
static void use_up(struct basin_op *op, size_t n)
{
    struct wire_read *read = &op->read;
    struct basin_reply *reply = &op->reply;

    if (read->limit == 0)
        return;
    reply->over = n >= read->limit || read->from >= reply->tail.seq_num;
    read->limit -= n < read->limit ? n : read->limit;
}

/* A page without records: all that was there is trimmed. */
static void take_page(struct basin_op *op, int64_t now)
{
    const struct basin_reply *reply = &op->reply;
    size_t n = reply->nrecords;

    op->read.by_time = false;
    op->read.from =
        n > 0 ? reply->records[n - 1].seq_num + 1 : reply->tail.seq_num;
    op->deadline = now + FILE_FOLLOW_SIGN_MS;
    use_up(op, n);
}

static void take_tail(struct basin_op *op, int64_t now)
{
    struct wire_read *read = &op->read;
    struct basin_reply *reply = &op->reply;

    if (read->limit > 0 ||
        (!read->by_time && read->from > reply->tail.seq_num)) {
        reply->over = true;
        return;
    }
    read->by_time = false;
    read->from = reply->tail.seq_num;
    reply->outcome = OUTCOME_OK;
    op->waits = true;
    op->quiet = now < op->deadline;
    if (!op->quiet)
        op->deadline = now + FILE_FOLLOW_SIGN_MS;
}

/* Another stream has the name: ours was deleted by hand. */
static void tell_replaced(struct basin_op *op)
{
    memset(&op->reply, 0, sizeof(op->reply));
    op->reply.outcome = OUTCOME_NO_STREAM;
    op->reply.over = true;
    err_set(&op->reply.err, ERR_CONFIG, "the stream %s was deleted", op->name);
}

int file_follow_look(struct file_db *db, struct file_page *page,
                     struct basin_op *op, int64_t now)
{
    struct basin_reply *reply = &op->reply;
    int64_t id = 0;
    int rc = file_read_page(db, op->name, &op->read, page, &id, reply);

    op->waits = false;
    op->quiet = false;
    if (rc != SQLITE_OK)
        return rc;
    if (reply->outcome == OUTCOME_NO_STREAM) {
        reply->over = true;
    } else if (op->stream != 0 && op->stream != id) {
        tell_replaced(op);
    } else {
        op->stream = id;
        reply->tail_known = true;
        if (reply->outcome == OUTCOME_OK)
            take_page(op, now);
        else
            take_tail(op, now);
    }
    return SQLITE_OK;
}
