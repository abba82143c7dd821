#include "basin/service.h"

#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "basin/service_follow.h"
#include "basin/service_op.h"

static void on_created(void *arg, const struct http_reply *in)
{
    struct basin_op *op = arg;
    struct service_answer answer;

    service_answer_init(&answer, op, in);
    service_op_finish(op, &answer);
}

static void on_tail(void *arg, const struct http_reply *in)
{
    struct basin_op *op = arg;
    struct service_answer answer;
    struct basin_reply *reply = &answer.reply;

    if (service_answer_init(&answer, op, in) &&
        wire_parse_tail(in->body, &reply->tail, &reply->err) != 0)
        service_answer_fail(&answer, OUTCOME_FAILED);
    service_op_finish(op, &answer);
}

/* Whether the ack is one for what was sent. */
static bool ack_fits(const struct basin_op *op, const struct wire_ack *ack)
{
    return ack->end.seq_num - ack->start.seq_num == op->count &&
           (!op->match || ack->start.seq_num == op->from);
}

/* A success that cannot be understood leaves open what was written.  One
 * that can, but acknowledges something else, is no ground to go on from. */
static void on_appended(void *arg, const struct http_reply *in)
{
    struct basin_op *op = arg;
    struct service_answer answer;
    struct basin_reply *reply = &answer.reply;
    struct wire_ack ack;

    if (service_answer_init(&answer, op, in)) {
        if (!in->protobuf || wire_parse_ack(in->body, &ack, &reply->err) != 0) {
            service_answer_fail(&answer, OUTCOME_UNKNOWN);
        } else if (!ack_fits(op, &ack)) {
            service_answer_fail(&answer, OUTCOME_FAILED);
        } else {
            reply->start = ack.start.seq_num;
            reply->end = ack.end.seq_num;
            reply->tail = ack.tail;
        }
    }
    service_op_finish(op, &answer);
}

static void take_records(struct service_answer *answer,
                         const struct basin_op *op, const struct http_reply *in)
{
    struct basin_reply *reply = &answer->reply;

    if (in->protobuf)
        answer->batch = wire_batch_new(in->body, &reply->err);
    if (answer->batch == NULL) {
        service_answer_fail(answer, OUTCOME_FAILED);
        return;
    }
    reply->records = wire_batch_records(answer->batch, &reply->nrecords);
    if (op->by_number && reply->nrecords > 0 &&
        reply->records[0].seq_num < op->from) {
        reply->nrecords = 0;
        service_answer_fail(answer, OUTCOME_FAILED);
    }
}

static void on_read(void *arg, const struct http_reply *in)
{
    struct basin_op *op = arg;
    struct service_answer answer;

    if (service_answer_init(&answer, op, in))
        take_records(&answer, op, in);
    service_op_finish(op, &answer);
}

static void on_listed(void *arg, const struct http_reply *in);

/* Goes on behind a page that held nothing but streams that are being
 * deleted: the caller would have no name to go on from.  Returns false, with
 * the answer failed, when that is impossible. */
static bool list_on(struct basin_op *op, struct service_answer *answer)
{
    struct basin_reply *reply = &answer->reply;

    if (strcmp(answer->list.last, op->after) <= 0) {
        service_answer_fail(answer, OUTCOME_FAILED);
        return false;
    }
    free(op->after);
    op->after = answer->list.last;
    answer->list.last = NULL;
    op->request = client_list(op->service->client, op->prefix, op->after,
                              on_listed, op, &reply->err);
    if (op->request == NULL) {
        reply->outcome = OUTCOME_FAILED;
        return false;
    }
    wire_list_release(&answer->list);
    return true;
}

static void on_listed(void *arg, const struct http_reply *in)
{
    struct basin_op *op = arg;
    struct service_answer answer;
    struct basin_reply *reply = &answer.reply;
    struct wire_list *list = &answer.list;

    if (service_answer_init(&answer, op, in)) {
        if (wire_parse_list(in->body, list, &reply->err) != 0) {
            service_answer_fail(&answer, OUTCOME_FAILED);
        } else if (list->n == 0 && list->last != NULL) {
            if (list_on(op, &answer))
                return;
        } else {
            reply->names = (const char *const *)list->names;
            reply->made = list->made;
            reply->nnames = list->n;
            reply->more = list->last != NULL;
        }
    }
    service_op_finish(op, &answer);
}

static struct basin_op *service_create_basin(struct basin *basin,
                                             basin_done *done, void *arg,
                                             struct err *err)
{
    struct basin_op *op = service_op_new(basin, done, arg, err);

    if (op == NULL)
        return NULL;
    return service_op_started(
        op, client_create_basin(op->service->client, on_created, op, err));
}

static struct basin_op *service_create(struct basin *basin, const char *stream,
                                       basin_done *done, void *arg,
                                       struct err *err)
{
    struct basin_op *op = service_op_new(basin, done, arg, err);

    if (op == NULL)
        return NULL;
    return service_op_started(
        op, client_create(op->service->client, stream, on_created, op, err));
}

static struct basin_op *service_tail(struct basin *basin, const char *stream,
                                     basin_done *done, void *arg,
                                     struct err *err)
{
    struct basin_op *op = service_op_new(basin, done, arg, err);

    if (op == NULL)
        return NULL;
    return service_op_started(
        op, client_tail(op->service->client, stream, on_tail, op, err));
}

static struct basin_op *service_read(struct basin *basin, const char *stream,
                                     const struct wire_read *read,
                                     basin_done *done, void *arg,
                                     struct err *err)
{
    struct basin_op *op = service_op_new(basin, done, arg, err);

    if (op == NULL)
        return NULL;
    op->by_number = !read->by_time;
    op->from = read->from;
    return service_op_started(
        op, client_read(op->service->client, stream, read, on_read, op, err));
}

static struct basin_op *service_append(struct basin *basin, const char *stream,
                                       const struct wire_append *append,
                                       basin_done *done, void *arg,
                                       struct err *err)
{
    struct basin_op *op = service_op_new(basin, done, arg, err);

    if (op == NULL)
        return NULL;
    op->count = append->n;
    op->match = append->match;
    op->from = append->match_seq_num;
    return service_op_started(op, client_append(op->service->client, stream,
                                                append, on_appended, op, err));
}

static struct basin_op *service_list(struct basin *basin, const char *prefix,
                                     const char *start_after, basin_done *done,
                                     void *arg, struct err *err)
{
    struct basin_op *op = service_op_new(basin, done, arg, err);
    struct http_request *request = NULL;

    if (op == NULL)
        return NULL;
    op->prefix = strdup(prefix);
    op->after = strdup(start_after);
    if (op->prefix == NULL || op->after == NULL)
        err_memory(err);
    else
        request = client_list(op->service->client, prefix, start_after,
                              on_listed, op, err);
    return service_op_started(op, request);
}

/* All that happens, happens in http_wait. */
static int64_t service_run(struct basin *basin, int64_t now)
{
    (void)basin;
    (void)now;
    return LOOP_NEVER;
}

static void service_free(struct basin *basin)
{
    struct service *service = (struct service *)basin;

    while (service->first != NULL)
        service_op_cancel(basin, service->first);
    client_free(service->client);
    free(service);
}

static const struct basin_kind service_kind = {
    .free = service_free,
    .run = service_run,
    .create_basin = service_create_basin,
    .create = service_create,
    .tail = service_tail,
    .read = service_read,
    .follow = service_follow,
    .append = service_append,
    .list = service_list,
    .cancel = service_op_cancel,
};

struct basin *service_open(const struct client_config *config, struct err *err)
{
    struct service *service = calloc(1, sizeof(*service));

    if (service == NULL) {
        err_memory(err);
        return NULL;
    }
    service->base.kind = &service_kind;
    service->client = client_new(config, err);
    if (service->client == NULL) {
        free(service);
        return NULL;
    }
    return &service->base;
}
