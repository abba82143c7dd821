#include "proxy.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "netwait.h"
#include "proxyflow.h"

#define PIECE 65536
/* Who sends more than this waits. */
#define HELD_MAX ((uint64_t)256 << 10)
/* A request that is not whole goes on within so long. */
#define QUIET_MS 50
#define WRITE_MS 10000

/* A connection of a client's, and that to the server. */
struct raw {
    struct proxyconn *pc;
    int fds[2]; /* where a flow comes from: the client's, the server's */
    struct proxyflow flows[2]; /* by side */
};

static void tell(struct raw *raw)
{
    char what[PROXYTOXIC_DESCRIBE_SIZE];

    for (int side = 0; side < 2; side++) {
        struct proxyflow *flow = &raw->flows[side];

        if (!flow->happened || flow->told)
            continue;
        flow->told = true;
        proxytoxic_describe(flow->toxic, what);
        journal_line(&raw->pc->proxy->peer.journal, "fault conn=%u %s",
                     raw->pc->conn->id, what);
    }
}

/* Sends what is due; a full socket is tried again. */
static int pass_on(struct raw *raw, int side, int64_t now)
{
    struct proxyflow *flow = &raw->flows[side];

    for (;;) {
        struct slice due = proxyflow_due(flow, now);
        ssize_t n = due.n == 0 ? 0
                               : send(raw->fds[!side], due.p, due.n,
                                      MSG_NOSIGNAL | MSG_DONTWAIT);

        if (due.n == 0)
            return 0;
        if (n < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -1;
        proxyflow_gone(flow, (size_t)n);
    }
}

/* Reads what came.  0 or -1. */
static int take(struct raw *raw, int side, int64_t now)
{
    struct proxyflow *flow = &raw->flows[side];
    char bytes[PIECE];
    ssize_t n = recv(raw->fds[side], bytes, sizeof(bytes), MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n < 0)
        return -1;
    if (n == 0)
        proxyflow_eof(flow, now);
    else if (proxyflow_take(flow, (struct slice){bytes, (size_t)n}, now) != 0)
        return -1;
    return n == 0 ? 1 : 0;
}

/* How long nothing can happen but that bytes come or go. */
static int nap(const struct raw *raw, int64_t now)
{
    int64_t next = now + 60000;

    for (int side = 0; side < 2; side++) {
        int64_t due = proxyflow_next(&raw->flows[side]);

        if (due < next && due > now)
            next = due;
    }
    return (int)(next - now);
}

/* Waits; -1 when the process is to end or poll fails. */
static int await(struct raw *raw, const bool eof[2], struct pollfd fds[3],
                 int64_t now)
{
    for (int side = 0; side < 2; side++) {
        bool reads = !eof[side] && raw->flows[side].held < HELD_MAX;
        bool writes = proxyflow_due(&raw->flows[!side], now).n > 0;

        fds[side].events =
            (short)((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
        fds[side].revents = 0;
        /* Without this an end that is not asked for would not let us wait. */
        fds[side].fd = reads || writes ? raw->fds[side] : -1;
    }
    fds[2] = (struct pollfd){raw->pc->conn->server->stop, POLLIN, 0};
    if (poll(fds, 3, nap(raw, now)) < 0 && errno != EINTR)
        return -1;
    return fds[2].revents != 0 ? -1 : 0;
}

/* Until something ends the connection. */
static enum proxyflow_end run(struct raw *raw)
{
    bool eof[2] = {false, false};
    struct pollfd fds[3];

    for (;;) {
        int64_t now = loop_now();

        for (int side = 0; side < 2; side++) {
            enum proxyflow_end end;

            if (pass_on(raw, side, now) != 0)
                return PROXYFLOW_RESET;
            tell(raw);
            end = proxyflow_ended(&raw->flows[side], now);
            if (end != PROXYFLOW_GOES_ON)
                return end;
        }
        if (await(raw, eof, fds, now) != 0)
            return PROXYFLOW_CLOSE;
        now = loop_now();
        for (int side = 0; side < 2; side++) {
            int rc = 0;

            if ((fds[side].revents & ~POLLOUT) != 0 && !eof[side])
                rc = take(raw, side, now);
            if (rc < 0)
                return PROXYFLOW_RESET;
            eof[side] = eof[side] || rc > 0;
        }
    }
}

/* The rest of the request, if more of it is on its way. */
static void take_rest(struct raw *raw)
{
    struct net_conn *conn = raw->pc->conn;

    while (net_read(conn, QUIET_MS) == NET_DATA)
        continue;
}

/* The client is gone; now the server gets its request. */
static void forward_late(struct raw *raw)
{
    struct proxyconn *pc = raw->pc;
    struct proxyflow *flow = &raw->flows[PROXYTOXIC_UPSTREAM];
    struct net_conn *up = &pc->link.conn;
    char byte;

    if (!net_sleep(pc->conn->server, (int64_t)flow->toxic->args[0]))
        return;
    for (;;) {
        struct slice piece = proxyflow_due(flow, INT64_MAX);

        if (piece.n == 0)
            break;
        if (net_write(up, piece, WRITE_MS) != 0)
            return;
        proxyflow_gone(flow, piece.n);
    }
    if (net_write(up, buf_slice(&pc->conn->in), WRITE_MS) != 0 ||
        netwait(pc->conn->server, up->fd, POLLIN, netwait_deadline(WRITE_MS)) !=
            NET_DATA ||
        recv(up->fd, &byte, 1, MSG_DONTWAIT) != 1)
        return;
    journal_line(&pc->proxy->peer.journal, "late conn=%u answered",
                 pc->conn->id);
}

static void finish(struct raw *raw, enum proxyflow_end end)
{
    struct proxyconn *pc = raw->pc;

    switch (end) {
    case PROXYFLOW_RESET:
        proxy_reset(pc);
        break;
    case PROXYFLOW_DOWN:
        for (int side = 0; side < 2; side++) {
            struct proxyflow *flow = &raw->flows[side];

            if (flow->end == PROXYFLOW_DOWN)
                proxy_down(pc->proxy, (int64_t)flow->toxic->args[0]);
        }
        break;
    case PROXYFLOW_LATE:
        take_rest(raw);
        proxy_reset(pc);
        forward_late(raw);
        break;
    default:
        break;
    }
    journal_line(&pc->proxy->peer.journal,
                 "end conn=%u up=%" PRIu64 " down=%" PRIu64, pc->conn->id,
                 raw->flows[PROXYTOXIC_UPSTREAM].taken,
                 raw->flows[PROXYTOXIC_DOWNSTREAM].taken);
}

void proxyraw(struct proxyconn *pc)
{
    const struct proxyrules *rules = &pc->proxy->rules;
    const uint64_t nth = pc->conn->id;
    struct raw raw = {.pc = pc};

    journal_line(&pc->proxy->peer.journal, "connect conn=%u", pc->conn->id);
    for (int side = 0; side < 2; side++)
        proxyflow_init(
            &raw.flows[side],
            proxytoxic_find(rules->toxics, (enum proxytoxic_side)side, nth),
            rules->seed + 2 * nth + (uint64_t)side);
    if (proxylink_open(&pc->link) != 0) {
        proxy_reset(pc);
    } else {
        raw.fds[PROXYTOXIC_UPSTREAM] = pc->conn->fd;
        raw.fds[PROXYTOXIC_DOWNSTREAM] = pc->link.conn.fd;
        finish(&raw, run(&raw));
    }
    for (int side = 0; side < 2; side++)
        proxyflow_release(&raw.flows[side]);
}
