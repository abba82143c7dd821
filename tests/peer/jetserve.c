#include "jet.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/zst.h"

#define V1_PATH "/subscribe"
#define V2_PATH "/xrpc/network.bsky.jetstream.subscribeEvents"
#define DICTIONARY_PATH "/xrpc/network.bsky.jetstream.getZstdDictionary"

#define REQUEST_MS 10000
#define FOREVER_MS INT64_MAX
#define REFUSAL_MAX ((size_t)4096)
#define MESSAGE_MAX ((size_t)128 << 20)

/* Cursors below are sequence numbers. */
#define FIRST_TIME INT64_C(1000000000000000)

static int refuse(struct net_conn *conn, int status, const char *type,
                  struct slice body)
{
    struct httpd_reply reply = {.status = status,
                                .type = type,
                                .body = body,
                                .extra = "Connection: "
                                         "close\r\n"};

    return httpd_send(conn, &reply);
}

/* What is wrong with the cursor of ${jc}: it is below the floor.  1 with
 * ${refusal} filled, or 0 with *${outdated} set where that is said. */
static int raise_to_floor(struct jetconn *jc, bool by_time, bool *outdated,
                          struct ask_refusal *refusal)
{
    size_t floor = (size_t)jc->block->settings.floor;
    char message[128];

    if (floor > jc->feed->n)
        floor = jc->feed->n;
    if (jc->next >= floor)
        return 0;
    if (jc->ask.wire == EVENT_V2 && !by_time) {
        snprintf(message, sizeof(message),
                 "cursor is below the oldest retained event %" PRId64,
                 floor < jc->feed->n ? feed_seq(jc->feed, floor, &jc->view)
                                     : -1);
        return ask_refuse(refusal, EVENT_V2, "CursorTooOld", message);
    }
    jc->next = floor;
    *outdated = jc->ask.wire == EVENT_V2;
    return 0;
}

/* Sets the first event to be sent, by the cursor.  As raise_to_floor. */
static int find_start(struct jetconn *jc, bool *outdated,
                      struct ask_refusal *refusal)
{
    struct jet *jet = jc->jet;
    size_t total = jc->feed->n;
    int64_t wait_ms;
    size_t tip = jetclock_count(jet, total, &wait_ms);
    size_t log = jet->plan.live ? tip : total;
    uint64_t segment = jc->block->settings.segment;
    bool by_time = jc->ask.cursor >= FIRST_TIME || !jc->feed->numbered;

    /* Without "live", the tip is before all of the file. */
    jc->next = jet->plan.live ? tip : 0;
    if (!jc->ask.has_cursor)
        return 0;
    /* Times that nobody has seen yet are all later than any cursor. */
    if (by_time && jet->restamp && !jc->view.stamped)
        jc->next = 0;
    else
        jc->next = feed_find(jc->feed, log, by_time, jc->ask.cursor, &jc->view);
    if (jc->next == log)
        jc->next = jet->plan.live ? tip : 0;
    else if (by_time && segment > 0) {
        size_t unsealed = (size_t)((log - 1) / segment * segment);

        if (jc->next > unsealed)
            jc->next = unsealed;
    }
    return raise_to_floor(jc, by_time, outdated, refusal);
}

static int send_upgrade(struct jetconn *jc, const struct httpd_request *req)
{
    struct buf out = BUF_INIT(4096);
    char accept[WSFRAME_ACCEPT_SIZE];
    int bad = wsframe_accept(httpd_header(req, "Sec-WebSocket-Key"), accept);

    if (jc->block->entry == PLAN_BADACCEPT)
        accept[0] = accept[0] == 'A' ? 'B' : 'A';
    bad |= buf_addf(&out,
                    "HTTP/1.1 101 Switching Protocols\r\n"
                    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Accept: %s\r\n",
                    accept);
    if (jc->ask.wire == EVENT_V2 &&
        httpd_header_has(req, "Sec-WebSocket-Protocol", "xrpc.v1.json"))
        bad |= buf_addstr(&out, "Sec-WebSocket-Protocol: xrpc.v1.json\r\n");
    bad |= buf_addstr(&out, "\r\n");
    if (bad == 0)
        bad = net_write(jc->ws.conn, buf_slice(&out), REQUEST_MS);
    buf_release(&out);
    return bad;
}

/* The upgrade and all that comes after it. */
static void subscribe(struct jetconn *jc, const struct httpd_request *req,
                      bool outdated)
{
    const struct journal *journal = &jc->jet->peer.journal;
    unsigned id = jc->ws.conn->id;

    if (jc->ask.compress) {
        jc->squeeze =
            squeeze_new(buf_slice(&jc->jet->dictionaries[jc->ask.wire]));
        if (jc->squeeze == NULL)
            return;
    }
    journal_line(
        journal,
        "subscribe conn=%u wire=%d cursor=%" PRId64 " first=%zu compress=%d",
        id, (int)jc->ask.wire, jc->ask.has_cursor ? jc->ask.cursor : -1,
        jc->next, jc->ask.compress);
    jc->first = jc->next;
    jetclock_start(jc);
    if (send_upgrade(jc, req) == 0 &&
        (!outdated || jetfault_info(jc, "OutdatedCursor") == 0))
        jetrun(jc);
    /* As a real server that is shut down says good-bye. */
    if (net_stopping(jc->ws.conn->server))
        ws_close(&jc->ws, 1001);
    if (jc->ws.dropped)
        journal_line(journal, "drop conn=%u does not read", id);
    journal_line(journal, "end conn=%u sent=%" PRIu64, id, jc->sent);
}

/* The scripted refusal.  Whether there is one. */
static bool refuse_scripted(struct jet *jet, struct net_conn *conn,
                            const struct plan_block *block)
{
    struct httpd_reply reply = {.status = block->status};
    char extra[1024];

    if (block->entry == PLAN_REDIRECT) {
        reply.status = 307;
        snprintf(extra, sizeof(extra),
                 "Location: %.900s\r\nConnection: close\r\n", block->text);
    } else if (block->entry == PLAN_REFUSE) {
        reply.type = block->text[0] == '{' ? "application/json" : "text/plain";
        reply.body = slice_str(block->text);
        snprintf(extra, sizeof(extra), "Connection: close\r\n");
        if (block->retry_after > 0)
            snprintf(extra, sizeof(extra),
                     "Retry-After: %" PRIu64 "\r\nConnection: close\r\n",
                     block->retry_after);
    } else {
        return false;
    }
    reply.extra = extra;
    journal_line(&jet->peer.journal, "fault conn=%u refused with %d", conn->id,
                 reply.status);
    httpd_send(conn, &reply);
    return true;
}

/* The scripted end of the connection before any answer.  Whether it is. */
static bool end_scripted(struct jet *jet, struct net_conn *conn,
                         const struct plan_block *block)
{
    static const char *const names[] = {
        [PLAN_STALL] = "stall", [PLAN_CLOSE] = "close", [PLAN_RESET] = "reset"};

    if (block->entry != PLAN_STALL && block->entry != PLAN_CLOSE &&
        block->entry != PLAN_RESET)
        return false;
    journal_line(&jet->peer.journal, "fault conn=%u %s before the upgrade",
                 conn->id, names[block->entry]);
    if (block->entry == PLAN_STALL)
        net_discard(conn, FOREVER_MS);
    else if (block->entry == PLAN_RESET)
        net_reset(conn);
    return true;
}

/* A connection's block; one that does not ask for an upgrade, to learn why
 * it was refused, gets the block of the latest one that did. */
static struct plan_block *next_block(struct jet *jet, bool upgrade)
{
    unsigned nth;

    pthread_mutex_lock(&jet->lock);
    jet->upgrades += upgrade;
    nth = jet->upgrades;
    pthread_mutex_unlock(&jet->lock);
    return plan_block(&jet->plan, nth > 0 ? nth : 1);
}

static void answer(struct jetconn *jc, const struct httpd_request *req,
                   enum event_wire wire)
{
    struct ask_refusal refusal = {.body = BUF_INIT(REFUSAL_MAX)};
    struct jet *jet = jc->jet;
    struct net_conn *conn = jc->ws.conn;
    bool upgrade = httpd_header_has(req, "Upgrade", "websocket");
    bool outdated = false;
    int result;

    jc->block = next_block(jet, upgrade);
    jc->feed = jc->block->feed != NULL ? jc->block->feed : &jet->feeds[wire];
    if (refuse_scripted(jet, conn, jc->block) ||
        (upgrade && end_scripted(jet, conn, jc->block)))
        return;
    result = ask_parse(&jc->ask, req, wire,
                       zst_dictionary_id(buf_slice(&jet->dictionaries[wire])),
                       &refusal);
    jetclock_look(jc);
    if (result == 0)
        result = find_start(jc, &outdated, &refusal);
    if (result > 0) {
        journal_line(&jet->peer.journal, "refuse conn=%u %.*s", conn->id,
                     (int)refusal.body.n, refusal.body.p);
        refuse(conn, 400, refusal.type, buf_slice(&refusal.body));
    } else if (result == 0 && !upgrade) {
        refuse(conn, 426, "text/plain", SLICE("a websocket is wanted\n"));
    } else if (result == 0) {
        if (jc->block->entry == PLAN_BADACCEPT)
            journal_line(&jet->peer.journal, "fault conn=%u badaccept",
                         conn->id);
        subscribe(jc, req, outdated);
    }
    buf_release(&refusal.body);
}

static void serve_dictionary(struct jet *jet, struct net_conn *conn,
                             const struct httpd_request *req)
{
    struct slice dictionary = buf_slice(&jet->dictionaries[EVENT_V2]);
    struct buf id = BUF_INIT(64);
    char have[16];

    snprintf(have, sizeof(have), "%" PRIu32, zst_dictionary_id(dictionary));
    if (dictionary.n == 0 || (httpd_param(req, "id", 0, &id) &&
                              !slice_eq(buf_slice(&id), slice_str(have))))
        refuse(conn, 400, "application/json",
               SLICE("{\"error\":\"UnknownZstdDictionary\","
                     "\"message\":\"unknown dictionary\"}"));
    else
        refuse(conn, 200, "application/octet-stream", dictionary);
    buf_release(&id);
}

static void route(struct jet *jet, struct net_conn *conn,
                  const struct httpd_request *req)
{
    enum event_wire wire =
        slice_eq(req->path, SLICE(V2_PATH)) ? EVENT_V2 : EVENT_V1;
    struct jetconn jc = {.jet = jet};

    if (slice_eq(req->path, SLICE(DICTIONARY_PATH))) {
        serve_dictionary(jet, conn, req);
        return;
    }
    if ((wire == EVENT_V1 && !slice_eq(req->path, SLICE(V1_PATH))) ||
        jet->feeds[wire].n == 0) {
        refuse(conn, 404, "text/plain", SLICE("nothing here\n"));
        return;
    }
    ws_init(&jc.ws, conn);
    buf_init(&jc.packed, MESSAGE_MAX);
    buf_init(&jc.stamped, MESSAGE_MAX);
    answer(&jc, req, wire);
    squeeze_free(jc.squeeze);
    buf_release(&jc.packed);
    buf_release(&jc.stamped);
    ask_release(&jc.ask);
    ws_release(&jc.ws);
}

void jet_serve(void *arg, struct net_conn *conn)
{
    struct jet *jet = arg;
    struct httpd_request req;

    if (httpd_read(conn, &req, REQUEST_MS) == NET_DATA) {
        peer_note(&jet->peer, conn, &req);
        route(jet, conn, &req);
    }
    httpd_release(&req);
}
