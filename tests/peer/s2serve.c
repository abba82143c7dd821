#include "s2peer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/loop.h"
#include "s2fault.h"
#include "s2session.h"

#define IDLE_MS 120000
#define WRITE_MS 10000
#define REPLY_MAX ((size_t)64 << 20)
#define STEP_MS 100
#define GARBAGE_SIZE 200

static struct httpd_reply plain(const struct s2reply *reply)
{
    return (struct httpd_reply){.status = reply->status,
                                .type = reply->type,
                                .extra = reply->extra,
                                .body = buf_slice(&reply->body)};
}

/* Notes the answer, and sends it, however long it is.  0 or -1. */
static int send_reply(struct s2peer *s2, struct net_conn *conn,
                      struct s2call *call, const struct s2reply *reply)
{
    struct httpd_reply bytes = plain(reply);
    const char *name = s2call_name(call);

    journal_line(&s2->peer.journal, "answer conn=%u op=%s stream=%s %d",
                 call->conn, s2rule_op_name(call->op),
                 name != NULL ? name : "-", reply->status);
    if (call->stream != NULL)
        return s2session(s2, conn, call);
    return httpd_send(conn, &bytes);
}

/* The bytes of a reply, and where its body begins.  0 or -1. */
static int format(const struct s2reply *reply, struct buf *out, size_t *body)
{
    struct httpd_reply bytes = plain(reply);

    if (httpd_format(&bytes, out) != 0)
        return -1;
    *body = out->n - reply->body.n;
    return 0;
}

static int send_half(struct net_conn *conn, const struct s2reply *reply)
{
    struct buf out = BUF_INIT(REPLY_MAX);
    size_t body;

    if (format(reply, &out, &body) == 0)
        net_write(conn, (struct slice){out.p, body + (out.n - body) / 2},
                  WRITE_MS);
    buf_release(&out);
    net_reset(conn);
    return -1;
}

static int send_slowly(struct net_conn *conn, const struct s2reply *reply,
                       uint64_t rate)
{
    struct buf out = BUF_INIT(REPLY_MAX);
    size_t step = (size_t)(rate * STEP_MS / 1000) + 1;
    size_t body;
    int result = format(reply, &out, &body);

    for (size_t at = 0; result == 0 && at < out.n; at += step) {
        size_t n = out.n - at < step ? out.n - at : step;

        result = net_write(conn, (struct slice){out.p + at, n}, WRITE_MS);
        if (result == 0 && !net_sleep(conn->server, STEP_MS))
            result = -1;
    }
    buf_release(&out);
    return result;
}

/* The same bytes in every run, neither JSON nor protobuf. */
static void make_garbage(struct s2reply *reply)
{
    struct rng rng = {2};

    buf_reset(&reply->body);
    buf_addstr(&reply->body, "\xFF");
    for (int i = 1; i < GARBAGE_SIZE; i++) {
        char byte = (char)(rng_next(&rng) & 0xFF);

        buf_add(&reply->body, &byte, 1);
    }
}

static void make_error(struct s2reply *reply, const struct s2rule *rule)
{
    s2reply_error(reply, rule->status, rule->text, "as scripted");
    if (rule->retry_after > 0)
        snprintf(reply->extra, sizeof(reply->extra),
                 "Retry-After: %" PRIu64 "\r\n", rule->retry_after);
}

/* Closes the connection at once; the request takes effect later. */
static void apply_late(struct s2peer *s2, struct net_conn *conn,
                       struct s2call *call, const struct s2rule *rule,
                       struct s2reply *reply)
{
    int64_t due = loop_now() + (int64_t)rule->number;

    net_finish(conn);
    if (!net_sleep(conn->server, due - loop_now()))
        return;
    s2apply_call(s2, call, reply);
    journal_line(&s2->peer.journal, "late conn=%u applied: %d", conn->id,
                 reply->status);
}

/* Faults after which the connection is of no more use.  Always -1. */
static int end_by(struct s2peer *s2, struct net_conn *conn, struct s2call *call,
                  const struct s2rule *rule, struct s2reply *reply)
{
    switch (rule->fault) {
    case S2RULE_F_LATE:
        apply_late(s2, conn, call, rule, reply);
        return -1;
    case S2RULE_F_DROP:
        s2apply_call(s2, call, reply);
        net_reset(conn);
        return -1;
    case S2RULE_F_DROPLATE:
        s2apply_call(s2, call, reply);
        net_sleep(conn->server, (int64_t)rule->number);
        return -1;
    case S2RULE_F_MIDBODY:
        s2apply_call(s2, call, reply);
        return send_half(conn, reply);
    default:
        net_reset(conn);
        return -1;
    }
}

/* Answers ${call} in the way of ${rule}.  0, or -1 when the connection is
 * over. */
static int answer_by(struct s2peer *s2, struct net_conn *conn,
                     struct s2call *call, const struct s2rule *rule,
                     struct s2reply *reply)
{
    switch (rule->fault) {
    case S2RULE_F_STATUS:
        make_error(reply, rule);
        return send_reply(s2, conn, call, reply);
    case S2RULE_F_REDIRECT:
        reply->status = 307;
        snprintf(reply->extra, sizeof(reply->extra), "Location: %.900s\r\n",
                 rule->text);
        return send_reply(s2, conn, call, reply);
    case S2RULE_F_APPLIED:
        s2apply_call(s2, call, reply);
        make_error(reply, rule);
        return send_reply(s2, conn, call, reply);
    case S2RULE_F_HOLD:
        s2apply_call(s2, call, reply);
        if (!net_sleep(conn->server, (int64_t)rule->number))
            return -1;
        return send_reply(s2, conn, call, reply);
    case S2RULE_F_TRUNCATED:
        s2apply_call(s2, call, reply);
        reply->body.n /= 2;
        return send_reply(s2, conn, call, reply);
    case S2RULE_F_WRONGTYPE:
        s2apply_call(s2, call, reply);
        reply->type = "text/html";
        return send_reply(s2, conn, call, reply);
    case S2RULE_F_GARBAGE:
        s2apply_call(s2, call, reply);
        make_garbage(reply);
        return send_reply(s2, conn, call, reply);
    case S2RULE_F_SLOW:
        s2apply_call(s2, call, reply);
        return send_slowly(conn, reply, rule->number);
    default:
        return end_by(s2, conn, call, rule, reply);
    }
}

/* Keeps ${rule} for the session that ${call} may begin. */
static void add_step(struct s2call *call, const struct s2rule *rule)
{
    struct s2step *grown =
        realloc(call->steps, (call->nsteps + 1) * sizeof(*grown));

    if (grown == NULL)
        return;
    call->steps = grown;
    call->steps[call->nsteps++] =
        (struct s2step){.rule = rule, .count = rule->count};
}

/* All rules have their say about ${call}: what changes the stream is done
 * at once, what happens in a session is kept for it; the first other fault is
 * returned, or NULL. */
static const struct s2rule *meet(struct s2peer *s2, struct s2call *call)
{
    const struct s2rule *chosen = NULL;
    const char *name = s2call_name(call);
    char what[S2FAULT_DESCRIBE_SIZE];

    pthread_mutex_lock(&s2->lock);
    s2state_bury(s2);
    for (struct s2rule *rule = s2->rules.rules; rule != NULL;
         rule = rule->next) {
        bool changes = s2fault_changes(rule->fault);

        if (!s2rule_fires(rule, call->op, name))
            continue;
        if (s2fault_inside(rule)) {
            add_step(call, rule);
            continue;
        }
        if ((!changes && chosen != NULL) ||
            (changes && !s2state_change(s2, call, rule)))
            continue;
        if (!changes && rule->fault != S2RULE_F_NONE)
            chosen = rule;
        s2fault_describe(rule, what);
        journal_line(&s2->peer.journal,
                     "fault conn=%u op=%s stream=%s n=%" PRIu64 " %s",
                     call->conn, s2rule_op_name(call->op),
                     name != NULL ? name : "-", rule->count, what);
    }
    pthread_mutex_unlock(&s2->lock);
    return chosen;
}

/* One request.  0, or -1 when the connection is over. */
static int serve(struct s2peer *s2, struct net_conn *conn,
                 const struct httpd_request *req)
{
    struct s2reply reply = {.status = 500, .type = NULL};
    const struct s2rule *rule;
    struct s2call call;
    int result;

    buf_init(&reply.body, REPLY_MAX);
    s2call_parse(&call, req, conn->id);
    rule = meet(s2, &call);
    if (rule != NULL) {
        result = answer_by(s2, conn, &call, rule, &reply);
    } else {
        s2apply_call(s2, &call, &reply);
        result = send_reply(s2, conn, &call, &reply);
    }
    if (httpd_header_has(req, "Connection", "close"))
        result = -1;
    s2call_release(&call);
    buf_release(&reply.body);
    return result;
}

void s2serve(void *arg, struct net_conn *conn)
{
    struct s2peer *s2 = arg;
    int result = 0;

    while (result == 0) {
        struct httpd_request req;

        result = -1;
        if (httpd_read(conn, &req, IDLE_MS) == NET_DATA) {
            peer_note(&s2->peer, conn, &req);
            result = serve(s2, conn, &req);
        }
        httpd_release(&req);
    }
}
