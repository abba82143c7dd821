/*
 * An operation on a basin in S2: one request after another until it has its
 * answer, or a session.  Internal to service*.c.
 */
#ifndef BASIN_SERVICE_OP_H
#define BASIN_SERVICE_OP_H

#include "basin/basin.h"
#include "s2/client.h"
#include "s2/frame.h"

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
    bool by_number; /* read, follow: no number below from may come */
    uint64_t from;
    char *prefix;                /* list */
    char *after;                 /* list: where the page asked for starts */
    struct frame_parser *frames; /* follow */
    bool inside;                 /* follow: its callback runs */
    bool cancelled;              /* follow: by its callback */
};

/* What an answer consists of; the callback borrows it. */
struct service_answer {
    struct basin_reply reply;
    struct wire_batch *batch;
    struct wire_list list;
};

/* service_op_new(basin, done, arg, err): an operation without a request;
 * NULL with ERR_OS. */
struct basin_op *service_op_new(struct basin *basin, basin_done *done,
                                void *arg, struct err *err);

/* service_op_started(op, request): keep the request that was started and
 * return ${op}; with NULL free ${op} and return NULL. */
struct basin_op *service_op_started(struct basin_op *op,
                                    struct http_request *request);

/* service_op_finish(op, answer): call back, for the last time, and free both
 * ${op} and what ${answer} holds.  Its request must be over. */
void service_op_finish(struct basin_op *op, struct service_answer *answer);

/* service_op_cancel(basin, op): basin_cancel. */
void service_op_cancel(struct basin *basin, struct basin_op *op);

/* service_op_free(op): free what has left the service. */
void service_op_free(struct basin_op *op);

/*
 * service_answer_init(answer, op, in): the request of ${op} is over: classify
 * how; what every operation takes from ${in} is put into ${answer}.  Returns
 * whether there is a result to parse.
 */
bool service_answer_init(struct service_answer *answer, struct basin_op *op,
                         const struct http_reply *in);

/* service_answer_fail(answer, outcome): the answer says that all went well,
 * but not what came of it. */
void service_answer_fail(struct service_answer *answer, enum outcome outcome);

#endif
