#include "basin/service_op.h"

#include <stdlib.h>
#include <string.h>

struct basin_op *service_op_new(struct basin *basin, basin_done *done,
                                void *arg, struct err *err)
{
    struct service *service = (struct service *)basin;
    struct basin_op *op = calloc(1, sizeof(*op));

    if (op == NULL) {
        err_memory(err);
        return NULL;
    }
    op->service = service;
    op->done = done;
    op->arg = arg;
    op->next = service->first;
    if (op->next != NULL)
        op->next->prev = op;
    service->first = op;
    return op;
}

static void op_unlink(struct basin_op *op)
{
    if (op->prev != NULL)
        op->prev->next = op->next;
    else
        op->service->first = op->next;
    if (op->next != NULL)
        op->next->prev = op->prev;
}

void service_op_free(struct basin_op *op)
{
    free(op->prefix);
    free(op->after);
    frame_free(op->frames);
    free(op);
}

struct basin_op *service_op_started(struct basin_op *op,
                                    struct http_request *request)
{
    op->request = request;
    if (request != NULL)
        return op;
    op_unlink(op);
    service_op_free(op);
    return NULL;
}

/* Ends an operation that has its answer.  It leaves the service before the
 * callback, which may end others and the service too. */
void service_op_finish(struct basin_op *op, struct service_answer *answer)
{
    op_unlink(op);
    op->done(op->arg, &answer->reply);
    wire_batch_free(answer->batch);
    wire_list_release(&answer->list);
    service_op_free(op);
}

bool service_answer_init(struct service_answer *answer, struct basin_op *op,
                         const struct http_reply *in)
{
    struct basin_reply *reply = &answer->reply;
    struct wire_error error;

    op->request = NULL;
    memset(answer, 0, sizeof(*answer));
    reply->outcome = client_classify(in, &error, &reply->err);
    reply->retry_after_ms = in->retry_after_ms;
    if (reply->outcome == OUTCOME_MISMATCH)
        reply->tail.seq_num = error.next_seq_num;
    if (reply->outcome == OUTCOME_UNWRITTEN)
        reply->tail = error.tail;
    return reply->outcome == OUTCOME_OK;
}

void service_answer_fail(struct service_answer *answer, enum outcome outcome)
{
    answer->reply.outcome = outcome;
    err_set(&answer->reply.err, ERR_PROTOCOL, "the answer makes no sense");
    err_prefix(&answer->reply.err, "S2");
}

/* Who calls back a session needs it once more when its callback returns. */
void service_op_cancel(struct basin *basin, struct basin_op *op)
{
    (void)basin;
    http_cancel(op->request);
    op->request = NULL;
    op_unlink(op);
    op->cancelled = true;
    if (!op->inside)
        service_op_free(op);
}
