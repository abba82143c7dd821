#include "basin/service_follow.h"

#include "basin/service_op.h"

/* What came was nonsense, or half of it. */
static void answer_broken(struct service_answer *answer, const struct err *why)
{
    answer->reply.outcome = OUTCOME_RETRY;
    answer->reply.err = *why;
    err_prefix(&answer->reply.err, "S2");
}

static void finish(struct basin_op *op, struct service_answer *answer)
{
    answer->reply.over = true;
    service_op_finish(op, answer);
}

/* Ends a session that the far side has not ended. */
static void finish_early(struct basin_op *op, struct service_answer *answer)
{
    http_cancel(op->request);
    op->request = NULL;
    finish(op, answer);
}

static void finish_broken(struct basin_op *op, const struct err *why)
{
    struct service_answer answer = {0};

    answer_broken(&answer, why);
    finish_early(op, &answer);
}

/* The last frame says what the status would have said, had it been known in
 * time; so it cannot say that all is well. */
static void take_terminal(struct basin_op *op, const struct frame *frame)
{
    struct http_reply in = {.status = frame->status, .body = frame->payload};
    struct service_answer answer;

    http_cancel(op->request);
    if (service_answer_init(&answer, op, &in))
        service_answer_fail(&answer, OUTCOME_RETRY);
    finish(op, &answer);
}

/* Hands out a batch.  Returns whether the session still is. */
static bool hand_out(struct basin_op *op, const struct basin_reply *reply)
{
    op->inside = true;
    op->done(op->arg, reply);
    op->inside = false;
    if (!op->cancelled)
        return true;
    service_op_free(op);
    return false;
}

/* The records of a batch follow those before it. */
static int check_order(struct basin_op *op, const struct basin_reply *reply,
                       struct err *err)
{
    if (reply->nrecords == 0)
        return 0;
    if (op->by_number && reply->records[0].seq_num < op->from)
        return err_set(err, ERR_PROTOCOL, "records that were not asked for");
    op->by_number = true;
    op->from = reply->records[reply->nrecords - 1].seq_num + 1;
    return 0;
}

/* Returns whether the session still is. */
static bool take_batch(struct basin_op *op, struct slice payload)
{
    struct basin_reply reply = {.outcome = OUTCOME_OK};
    struct err err = ERR_INIT;
    struct wire_batch *batch = wire_batch_new(payload, &err);
    bool lives;

    if (batch != NULL) {
        reply.records = wire_batch_records(batch, &reply.nrecords);
        reply.tail_known = wire_batch_tail(batch, &reply.tail);
    }
    if (batch == NULL || check_order(op, &reply, &err) != 0) {
        finish_broken(op, &err);
        lives = false;
    } else {
        lives = hand_out(op, &reply);
    }
    wire_batch_free(batch);
    return lives;
}

/* Returns whether the session still is. */
static bool take_frame(struct basin_op *op, const struct frame *frame)
{
    struct service_answer answer = {0};

    if (frame->terminal) {
        take_terminal(op, frame);
        return false;
    }
    if (!take_batch(op, frame->payload))
        return false;
    answer.reply.again = true;
    if (frame->reconnect)
        finish_early(op, &answer);
    return !frame->reconnect;
}

static void on_bytes(void *arg, struct slice bytes)
{
    struct basin_op *op = arg;
    struct frame frame;
    struct err err = ERR_INIT;
    int rc;

    do {
        rc = frame_next(op->frames, &bytes, &frame, &err);
        if (rc < 0)
            finish_broken(op, &err);
    } while (rc > 0 && take_frame(op, &frame));
}

static void on_end(void *arg, const struct http_reply *in)
{
    struct basin_op *op = arg;
    struct service_answer answer;
    struct err err = ERR_INIT;

    if (service_answer_init(&answer, op, in)) {
        if (in->status != 200)
            service_answer_fail(&answer, OUTCOME_RETRY);
        if (frame_partial(op->frames)) {
            err_set(&err, ERR_PROTOCOL, "the session ended amid a frame");
            answer_broken(&answer, &err);
        }
    }
    finish(op, &answer);
}

struct basin_op *service_follow(struct basin *basin, const char *stream,
                                const struct wire_read *read, basin_done *done,
                                void *arg, struct err *err)
{
    struct basin_op *op = service_op_new(basin, done, arg, err);
    struct http_request *request = NULL;

    if (op == NULL)
        return NULL;
    op->by_number = !read->by_time;
    op->from = read->from;
    op->frames = frame_new(err);
    if (op->frames != NULL)
        request = client_follow(op->service->client, stream, read, on_bytes,
                                on_end, op, err);
    return service_op_started(op, request);
}
