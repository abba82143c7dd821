#include "basin/service.h"

#include <stdlib.h>
#include <string.h>

#include "base/loop.h"

struct service {
    struct basin base; /* first, so that a basin can be cast back */
    struct client *client;
    struct basin_op *first; /* all that runs */
};

struct basin_op {
    struct service *service;
    struct basin_op *prev;
    struct basin_op *next;
    struct http_request *request; /* NULL: over */
    basin_done *done;
    void *arg;
    size_t count;   /* append: records sent */
    bool match;     /* append: from is the number that was named */
    bool by_number; /* read: from is a number */
    uint64_t from;
    char *prefix; /* list */
    char *after;  /* list: where the page asked for starts */
};

/* Requests and pages of what an answer consists of; the callback borrows. */
struct answer {
    struct basin_reply reply;
    struct wire_batch *batch;
    struct wire_list list;
};

static struct service *service_of(struct basin *basin)
{
    return (struct service *)basin;
}

static struct basin_op *op_new(struct basin *basin, basin_done *done, void *arg,
                               struct err *err)
{
    struct service *service = service_of(basin);
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

static void op_free(struct basin_op *op)
{
    free(op->prefix);
    free(op->after);
    free(op);
}

/* Keeps the request that was started; without one the operation ends. */
static struct basin_op *op_started(struct basin_op *op,
                                   struct http_request *request)
{
    op->request = request;
    if (request != NULL)
        return op;
    op_unlink(op);
    op_free(op);
    return NULL;
}

/* Ends an operation that has its answer.  It leaves the service before the
 * callback, which may end others and the service too. */
static void op_finish(struct basin_op *op, struct answer *answer)
{
    op_unlink(op);
    op->done(op->arg, &answer->reply);
    wire_batch_free(answer->batch);
    wire_list_release(&answer->list);
    op_free(op);
}

/* Classifies ${in}; what every operation takes from it is put into the
 * answer.  Returns whether there is a result to parse. */
static bool answer_init(struct answer *answer, struct basin_op *op,
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

/* The answer says that all went well, but not what came of it. */
static void answer_fail(struct answer *answer, enum outcome outcome)
{
    answer->reply.outcome = outcome;
    err_set(&answer->reply.err, ERR_PROTOCOL, "the answer makes no sense");
    err_prefix(&answer->reply.err, "S2");
}

static void on_created(void *arg, const struct http_reply *in)
{
    struct basin_op *op = arg;
    struct answer answer;

    answer_init(&answer, op, in);
    op_finish(op, &answer);
}

static void on_tail(void *arg, const struct http_reply *in)
{
    struct basin_op *op = arg;
    struct answer answer;
    struct basin_reply *reply = &answer.reply;

    if (answer_init(&answer, op, in) &&
        wire_parse_tail(in->body, &reply->tail, &reply->err) != 0)
        answer_fail(&answer, OUTCOME_FAILED);
    op_finish(op, &answer);
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
    struct answer answer;
    struct basin_reply *reply = &answer.reply;
    struct wire_ack ack;

    if (answer_init(&answer, op, in)) {
        if (!in->protobuf || wire_parse_ack(in->body, &ack, &reply->err) != 0) {
            answer_fail(&answer, OUTCOME_UNKNOWN);
        } else if (!ack_fits(op, &ack)) {
            answer_fail(&answer, OUTCOME_FAILED);
        } else {
            reply->start = ack.start.seq_num;
            reply->end = ack.end.seq_num;
            reply->tail = ack.tail;
        }
    }
    op_finish(op, &answer);
}

static void take_records(struct answer *answer, const struct basin_op *op,
                         const struct http_reply *in)
{
    struct basin_reply *reply = &answer->reply;

    if (in->protobuf)
        answer->batch = wire_batch_new(in->body, &reply->err);
    if (answer->batch == NULL) {
        answer_fail(answer, OUTCOME_FAILED);
        return;
    }
    reply->records = wire_batch_records(answer->batch, &reply->nrecords);
    if (op->by_number && reply->nrecords > 0 &&
        reply->records[0].seq_num < op->from) {
        reply->nrecords = 0;
        answer_fail(answer, OUTCOME_FAILED);
    }
}

static void on_read(void *arg, const struct http_reply *in)
{
    struct basin_op *op = arg;
    struct answer answer;

    if (answer_init(&answer, op, in))
        take_records(&answer, op, in);
    op_finish(op, &answer);
}

static void on_listed(void *arg, const struct http_reply *in);

/* Goes on behind a page that held nothing but streams that are being
 * deleted: the caller would have no name to go on from.  Returns false, with
 * the answer failed, when that is impossible. */
static bool list_on(struct basin_op *op, struct answer *answer)
{
    struct basin_reply *reply = &answer->reply;

    if (strcmp(answer->list.last, op->after) <= 0) {
        answer_fail(answer, OUTCOME_FAILED);
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
    struct answer answer;
    struct basin_reply *reply = &answer.reply;
    struct wire_list *list = &answer.list;

    if (answer_init(&answer, op, in)) {
        if (wire_parse_list(in->body, list, &reply->err) != 0) {
            answer_fail(&answer, OUTCOME_FAILED);
        } else if (list->n == 0 && list->last != NULL) {
            if (list_on(op, &answer))
                return;
        } else {
            reply->names = (const char *const *)list->names;
            reply->nnames = list->n;
            reply->more = list->last != NULL;
        }
    }
    op_finish(op, &answer);
}

static struct basin_op *service_create_basin(struct basin *basin,
                                             basin_done *done, void *arg,
                                             struct err *err)
{
    struct basin_op *op = op_new(basin, done, arg, err);

    if (op == NULL)
        return NULL;
    return op_started(
        op, client_create_basin(op->service->client, on_created, op, err));
}

static struct basin_op *service_create(struct basin *basin, const char *stream,
                                       basin_done *done, void *arg,
                                       struct err *err)
{
    struct basin_op *op = op_new(basin, done, arg, err);

    if (op == NULL)
        return NULL;
    return op_started(
        op, client_create(op->service->client, stream, on_created, op, err));
}

static struct basin_op *service_tail(struct basin *basin, const char *stream,
                                     basin_done *done, void *arg,
                                     struct err *err)
{
    struct basin_op *op = op_new(basin, done, arg, err);

    if (op == NULL)
        return NULL;
    return op_started(
        op, client_tail(op->service->client, stream, on_tail, op, err));
}

static struct basin_op *service_read(struct basin *basin, const char *stream,
                                     const struct wire_read *read,
                                     basin_done *done, void *arg,
                                     struct err *err)
{
    struct basin_op *op = op_new(basin, done, arg, err);

    if (op == NULL)
        return NULL;
    op->by_number = !read->by_time;
    op->from = read->from;
    return op_started(
        op, client_read(op->service->client, stream, read, on_read, op, err));
}

static struct basin_op *service_append(struct basin *basin, const char *stream,
                                       const struct wire_append *append,
                                       basin_done *done, void *arg,
                                       struct err *err)
{
    struct basin_op *op = op_new(basin, done, arg, err);

    if (op == NULL)
        return NULL;
    op->count = append->n;
    op->match = append->match;
    op->from = append->match_seq_num;
    return op_started(op, client_append(op->service->client, stream, append,
                                        on_appended, op, err));
}

static struct basin_op *service_list(struct basin *basin, const char *prefix,
                                     const char *start_after, basin_done *done,
                                     void *arg, struct err *err)
{
    struct basin_op *op = op_new(basin, done, arg, err);
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
    return op_started(op, request);
}

static void service_cancel(struct basin *basin, struct basin_op *op)
{
    (void)basin;
    http_cancel(op->request);
    op_unlink(op);
    op_free(op);
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
    struct service *service = service_of(basin);

    while (service->first != NULL)
        service_cancel(basin, service->first);
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
    .append = service_append,
    .list = service_list,
    .cancel = service_cancel,
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
