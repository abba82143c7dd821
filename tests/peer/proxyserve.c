#include "proxy.h"

#include <inttypes.h>

#include "base/loop.h"
#include "s2peer.h"

#define IDLE_MS (INT64_C(3600) * 1000)
#define WRITE_MS 10000
/* How soon a client that has gone is missed while its answer is awaited. */
#define LOOK_MS 100

/* A request, and what is to become of it. */
struct errand {
    struct proxyconn *pc;
    const struct httpd_request *req;
    struct s2call call;
    const struct proxyrule *rule; /* NULL: nothing but what it asks for */
    uint64_t count;               /* requests that the rule had seen */
    struct proxyanswer answer;
};

/* Whether ${pc} may stand: none does while all is down. */
static bool enlist(struct proxyconn *pc)
{
    struct proxy *proxy = pc->proxy;
    bool up;

    pthread_mutex_lock(&proxy->lock);
    up = loop_now() >= proxy->down_until;
    if (up) {
        pc->next = proxy->conns;
        proxy->conns = pc;
    }
    pthread_mutex_unlock(&proxy->lock);
    return up;
}

/* From here on nobody else touches the client's connection. */
static void delist(struct proxyconn *pc)
{
    struct proxyconn **at = &pc->proxy->conns;

    pthread_mutex_lock(&pc->proxy->lock);
    while (*at != NULL && *at != pc)
        at = &(*at)->next;
    if (*at != NULL)
        *at = pc->next;
    pthread_mutex_unlock(&pc->proxy->lock);
}

void proxy_reset(struct proxyconn *pc)
{
    delist(pc);
    net_reset(pc->conn);
}

/* Always -1. */
static int reset(struct proxyconn *pc)
{
    proxy_reset(pc);
    return -1;
}

static const char *stream_of(struct errand *errand)
{
    const char *name = s2call_name(&errand->call);

    return name != NULL ? name : "-";
}

static void note_fault(struct errand *errand, const struct proxyrule *rule,
                       uint64_t count)
{
    char what[PROXYRULE_DESCRIBE_SIZE];

    proxyrule_describe(rule, what);
    journal_line(&errand->pc->proxy->peer.journal,
                 "fault conn=%u op=%s stream=%s n=%" PRIu64 " %s",
                 errand->pc->conn->id, s2rule_op_name(errand->call.op),
                 stream_of(errand), count, what);
}

static void note_happened(struct errand *errand)
{
    note_fault(errand, errand->rule, errand->count);
}

/* "WHAT conn=N applied: STATUS" */
static void note_applied(struct errand *errand, const char *what)
{
    journal_line(&errand->pc->proxy->peer.journal, "%s conn=%u applied: %d",
                 what, errand->pc->conn->id, errand->answer.status);
}

/* The server is not there, or breaks off.  Always -1. */
static int give_up(struct errand *errand)
{
    journal_line(&errand->pc->proxy->peer.journal,
                 "broken conn=%u op=%s stream=%s", errand->pc->conn->id,
                 s2rule_op_name(errand->call.op), stream_of(errand));
    return reset(errand->pc);
}

/* Each rule counts the request; the first that has a fault for it is kept. */
static void meet(struct errand *errand)
{
    struct proxy *proxy = errand->pc->proxy;
    const char *name = s2call_name(&errand->call);

    /* Sessions are no such requests, not even of any kind. */
    if (errand->call.op == S2RULE_FOLLOW)
        return;
    pthread_mutex_lock(&proxy->lock);
    for (struct proxyrule *rule = proxy->rules.rules; rule != NULL;
         rule = rule->next) {
        if (!s2rule_fires(&rule->aim, errand->call.op, name) ||
            errand->rule != NULL)
            continue;
        if (rule->fault == PROXYRULE_NONE) {
            note_fault(errand, rule, rule->aim.count);
            continue;
        }
        errand->rule = rule;
        errand->count = rule->aim.count;
    }
    pthread_mutex_unlock(&proxy->lock);
}

/* Forwards the request and reads the whole answer.  0 or -1. */
static int collect(struct errand *errand)
{
    struct proxylink *link = &errand->pc->link;

    if (proxylink_ask(link, errand->req) != 0)
        return -1;
    while (!errand->answer.body.done) {
        if (proxylink_read(link, &errand->answer, IDLE_MS) == NET_CLOSED)
            return -1;
    }
    return 0;
}

/* Forwards the request, and the answer as it comes.  0, or -1 when the
 * connection is over. */
static int relay(struct errand *errand)
{
    struct proxyanswer *answer = &errand->answer;
    struct proxyconn *pc = errand->pc;

    if (proxylink_ask(&pc->link, errand->req) != 0)
        return give_up(errand);
    while (!answer->body.done) {
        enum net_result result = proxylink_read(&pc->link, answer, LOOK_MS);

        if (result == NET_CLOSED)
            return give_up(errand);
        if (result == NET_TIMEOUT && net_read(pc->conn, 0) == NET_CLOSED)
            return -1;
        if (net_write(pc->conn, buf_slice(&answer->bytes), WRITE_MS) != 0)
            return -1;
        buf_reset(&answer->bytes);
    }
    journal_line(&pc->proxy->peer.journal, "answer conn=%u op=%s stream=%s %d",
                 pc->conn->id, s2rule_op_name(errand->call.op),
                 stream_of(errand), answer->status);
    return answer->last ? -1 : 0;
}

static int drop(struct errand *errand)
{
    if (collect(errand) != 0)
        return give_up(errand);
    note_happened(errand);
    note_applied(errand, "dropped");
    return reset(errand->pc);
}

/* The client is gone at once; its request comes later. */
static int forward_late(struct errand *errand)
{
    struct proxyconn *pc = errand->pc;

    note_happened(errand);
    reset(pc);
    if (!net_sleep(pc->conn->server, (int64_t)errand->rule->ms))
        return -1;
    if (collect(errand) != 0)
        return give_up(errand);
    note_applied(errand, "late");
    return -1;
}

static int delay(struct errand *errand)
{
    struct proxyconn *pc = errand->pc;

    if (collect(errand) != 0)
        return give_up(errand);
    note_happened(errand);
    if (!net_sleep(pc->conn->server, (int64_t)errand->rule->ms) ||
        net_write(pc->conn, buf_slice(&errand->answer.bytes), WRITE_MS) != 0)
        return -1;
    return errand->answer.last ? -1 : 0;
}

/* The head and half of the body; of an answer without one, half the head. */
static int halve(struct errand *errand)
{
    const struct proxyanswer *answer = &errand->answer;
    struct slice half;

    if (collect(errand) != 0)
        return give_up(errand);
    half = buf_slice(&answer->bytes);
    half.n = half.n > answer->head ? answer->head + (half.n - answer->head) / 2
                                   : half.n / 2;
    net_write(errand->pc->conn, half, WRITE_MS);
    note_happened(errand);
    return reset(errand->pc);
}

void proxy_down(struct proxy *proxy, int64_t ms)
{
    net_refuse(&proxy->peer.server, ms);
    pthread_mutex_lock(&proxy->lock);
    proxy->down_until = loop_now() + ms;
    for (struct proxyconn *pc = proxy->conns; pc != NULL; pc = pc->next)
        net_cut(pc->conn);
    pthread_mutex_unlock(&proxy->lock);
}

/* This connection is reset, too. */
static int take_down(struct errand *errand)
{
    note_happened(errand);
    proxy_down(errand->pc->proxy, (int64_t)errand->rule->ms);
    return -1;
}

static int run(struct errand *errand)
{
    if (errand->rule == NULL)
        return relay(errand);
    switch (errand->rule->fault) {
    case PROXYRULE_DROPPED:
        return drop(errand);
    case PROXYRULE_LATE:
        return forward_late(errand);
    case PROXYRULE_DELAY:
        return delay(errand);
    case PROXYRULE_HALF:
        return halve(errand);
    case PROXYRULE_DOWN:
        return take_down(errand);
    default:
        note_happened(errand);
        return reset(errand->pc);
    }
}

/* One request.  0, or -1 when the connection is over. */
static int serve(struct proxyconn *pc, const struct httpd_request *req)
{
    struct errand errand = {.pc = pc, .req = req};
    int result;

    s2call_parse(&errand.call, req, pc->conn->id);
    proxyanswer_init(&errand.answer, req);
    meet(&errand);
    result = run(&errand);
    if (httpd_header_has(req, "Connection", "close"))
        result = -1;
    s2call_release(&errand.call);
    proxyanswer_release(&errand.answer);
    return result;
}

void proxyserve(void *arg, struct net_conn *conn)
{
    struct proxyconn pc = {.proxy = arg, .conn = conn};
    int result = 0;

    proxylink_init(&pc.link, conn->server, pc.proxy->port);
    if (!enlist(&pc)) {
        result = reset(&pc);
    } else if (pc.proxy->rules.toxics != NULL) {
        proxyraw(&pc);
        result = -1;
    }
    while (result == 0) {
        struct httpd_request req;

        result = -1;
        if (httpd_read(conn, &req, IDLE_MS) == NET_DATA) {
            peer_note(&pc.proxy->peer, conn, &req);
            result = serve(&pc, &req);
        }
        httpd_release(&req);
    }
    delist(&pc);
    proxylink_close(&pc.link);
}
