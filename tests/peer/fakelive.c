/*
 * A Jetstream server (wire v1) that never ends and keeps nothing: its events
 * are made from their numbers, 2,000 a second by the clock, so that they are
 * the same ones for whoever comes, and after it was started again.  Of each
 * ten events one is a record in one of the nine default streams.
 */
#include <stdio.h>
#include <string.h>

#include "../bench/corpus_event.h"
#include "ask.h"
#include "base/loop.h"
#include "peer.h"
#include "ws.h"

#define REQUEST_MS 10000
#define WAIT_MS 5
#define REFUSAL_MAX ((size_t)4096)
#define TEXT_MAX ((size_t)1 << 16)
#define OUTPUT_BUFFER ((size_t)1 << 18)

/* Cursors below are sequence numbers. */
#define FIRST_TIME INT64_C(1000000000000000)

/* Of 1000 posts that are no records, so many link to a default site, in another
 * language; of other links, so many look as if they did. */
#define LINK_FOREIGN 300
#define LINK_LOOKALIKE 200

static const char usage[] =
    "usage: fakelive [--start SECONDS] [--seed N] [--segment N] [--log FILE]\n"
    "                [--port N] [--tls CERT KEY] [--orphan]\n"
    "       fakelive [--start SECONDS] [--seed N] --print N\n";

/* Constant. */
struct live {
    struct peer peer;
    uint64_t seed;
    uint64_t segment; /* events in one; 0: all are sealed */
    uint64_t print;   /* so many events, and no server */
    int64_t start_us; /* when the first one happens */
    uint64_t first;   /* its number, as the corpus counts them */
};

/* One subscriber. */
struct viewer {
    struct live *live;
    struct ws ws;
    struct ask ask;
    struct maker maker;
    uint64_t next; /* event to be sent next, from 0 */
};

static void maker_init(struct maker *m)
{
    *m = (struct maker){.failed = false};
    buf_init(&m->line, LINE_MAX_BYTES);
    buf_init(&m->text, TEXT_MAX);
    buf_init(&m->link, TEXT_MAX);
}

static void maker_release(struct maker *m)
{
    buf_release(&m->line);
    buf_release(&m->text);
    buf_release(&m->link);
}

static void put_post_event(struct maker *m, bool english)
{
    put_create(m, POST);
    put_post(m, pick_english(m, english));
    put_cid_and_end(m);
}

static void make_default_link(struct maker *m)
{
    const char *const *hosts = sites[pick(m, COUNT(sites))];
    const char *host = hosts[pick(m, SITE_HOSTS)];

    make_link(m, (const char *const[]){"https://", host, NULL});
}

static void put_cold_post(struct maker *m)
{
    if (permille(m, LINK_FOREIGN)) {
        make_default_link(m);
        put_post_event(m, false);
        return;
    }
    if (permille(m, LINK_LOOKALIKE))
        make_link(m, (const char *const[]){
                         lookalikes[pick(m, COUNT(lookalikes))], NULL});
    else
        make_link(m, (const char *const[]){"https://",
                                           elsewhere[pick(m, COUNT(elsewhere))],
                                           NULL});
    put_post_event(m, permille(m, 500));
}

/* What is no record. */
static void put_cold(struct maker *m)
{
    static void (*const others[])(struct maker *) = {
        put_like,   put_repost, put_follow,   put_unfollow, put_unpost,
        put_status, put_block,  put_identity, put_account,  put_music};

    if (permille(m, 400))
        others[pick(m, COUNT(others))](m);
    else
        put_cold_post(m);
}

/* Event ${k} into m->line, with its newline.  0, or -1 without memory. */
static int make_event(const struct live *live, struct maker *m, uint64_t k)
{
    unsigned place;

    buf_reset(&m->line);
    buf_reset(&m->text);
    buf_reset(&m->link);
    /* Draws of each ten, and of each event, are others. */
    m->state = live->seed << 40 ^ UINT64_C(1) << 63 ^ k / 10;
    place = pick(m, 10);
    m->state = live->seed << 40 ^ k;
    m->number = live->first + k;
    make_record_time(m);
    if (k % 10 == place) {
        make_default_link(m);
        put_post_event(m, true);
    } else {
        put_cold(m);
    }
    return m->failed ? -1 : 0;
}

/* How many events have happened. */
static uint64_t tip_of(const struct live *live)
{
    int64_t us = loop_wall() - live->start_us;

    return us < 0 ? 0 : (uint64_t)us / STEP_US + 1;
}

/* The event to begin with. */
static uint64_t find_start(const struct live *live, const struct ask *ask)
{
    uint64_t tip = tip_of(live), segment = live->segment, next;
    bool by_time = ask->cursor >= FIRST_TIME;
    int64_t ahead = by_time
                        ? (ask->cursor - live->start_us + STEP_US - 1) / STEP_US
                        : ask->cursor - FIRST_CURSOR - (int64_t)live->first;

    /* The future is the live tip. */
    if (!ask->has_cursor || (ahead > 0 && (uint64_t)ahead >= tip))
        return tip;
    next = ahead > 0 ? (uint64_t)ahead : 0;
    /* A time in the newest segment brings it whole. */
    if (by_time && segment > 0 && next > (tip - 1) / segment * segment)
        next = (tip - 1) / segment * segment;
    return next;
}

static int refuse(struct net_conn *conn, int status, const char *type,
                  struct slice body)
{
    struct httpd_reply reply = {.status = status,
                                .type = type,
                                .body = body,
                                .extra = "Connection: close\r\n"};

    return httpd_send(conn, &reply);
}

static int send_upgrade(struct viewer *v, const struct httpd_request *req)
{
    struct buf out = BUF_INIT(4096);
    char accept[WSFRAME_ACCEPT_SIZE];
    int bad = wsframe_accept(httpd_header(req, "Sec-WebSocket-Key"), accept);

    if (bad == 0)
        bad = buf_addf(&out,
                       "HTTP/1.1 101 Switching Protocols\r\n"
                       "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Accept: %s\r\n\r\n",
                       accept);
    if (bad == 0)
        bad = net_write(v->ws.conn, buf_slice(&out), REQUEST_MS);
    buf_release(&out);
    return bad;
}

/* Writes what waits and reads for at most ${ms}.  0, or -1 at the end. */
static int breathe(struct viewer *v, int64_t ms)
{
    if (ws_flush(&v->ws) != 0)
        return -1;
    return ws_poll(&v->ws, ms) == WS_CLOSED ? -1 : 0;
}

/* All that has happened, and then what happens, until the client goes. */
static void send_events(struct viewer *v)
{
    struct maker *m = &v->maker;

    do {
        uint64_t end = tip_of(v->live);

        for (; v->next < end; v->next++) {
            struct slice line;

            if (make_event(v->live, m, v->next) != 0)
                return;
            line = (struct slice){m->line.p, m->line.n - 1};
            if (ws_message(&v->ws, WSFRAME_TEXT, line) != 0 ||
                (v->next % 256 == 0 && breathe(v, 0) != 0))
                return;
        }
    } while (breathe(v, WAIT_MS) == 0);
}

static void subscribe(struct viewer *v, const struct httpd_request *req)
{
    const struct journal *journal = &v->live->peer.journal;
    unsigned id = v->ws.conn->id;
    uint64_t first = find_start(v->live, &v->ask);

    journal_line(
        journal,
        "subscribe conn=%u cursor=%" PRId64 " first=%" PRIu64 " tip=%" PRIu64,
        id, v->ask.has_cursor ? v->ask.cursor : -1, first, tip_of(v->live));
    v->next = first;
    if (send_upgrade(v, req) == 0)
        send_events(v);
    /* As a real server that is shut down says good-bye. */
    if (net_stopping(v->ws.conn->server))
        ws_close(&v->ws, 1001);
    if (v->ws.dropped)
        journal_line(journal, "drop conn=%u does not read", id);
    journal_line(journal, "end conn=%u sent=%" PRIu64, id, v->next - first);
}

static void answer(struct viewer *v, const struct httpd_request *req)
{
    struct ask_refusal refusal = {.body = BUF_INIT(REFUSAL_MAX)};
    struct net_conn *conn = v->ws.conn;
    int result;

    if (!slice_eq(req->path, SLICE("/subscribe"))) {
        refuse(conn, 404, "text/plain", SLICE("nothing here\n"));
        return;
    }
    result = ask_parse(&v->ask, req, EVENT_V1, 0, &refusal);
    if (result > 0)
        refuse(conn, 400, refusal.type, buf_slice(&refusal.body));
    else if (result == 0 && !httpd_header_has(req, "Upgrade", "websocket"))
        refuse(conn, 426, "text/plain", SLICE("a websocket is wanted\n"));
    else if (result == 0)
        subscribe(v, req);
    ask_release(&v->ask);
    buf_release(&refusal.body);
}

static void serve(void *arg, struct net_conn *conn)
{
    struct viewer v = {.live = arg};
    struct httpd_request req;

    ws_init(&v.ws, conn);
    maker_init(&v.maker);
    if (httpd_read(conn, &req, REQUEST_MS) == NET_DATA) {
        peer_note(&v.live->peer, conn, &req);
        answer(&v, &req);
    }
    httpd_release(&req);
    maker_release(&v.maker);
    ws_release(&v.ws);
}

static int print_events(const struct live *live, struct err *err)
{
    struct maker m;
    bool bad = false;

    maker_init(&m);
    setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER);
    for (uint64_t k = 0; k < live->print && !bad; k++)
        bad = make_event(live, &m, k) != 0 ||
              fwrite(m.line.p, 1, m.line.n, stdout) != m.line.n;
    maker_release(&m);
    if (fflush(stdout) != 0 || bad)
        return err_set(err, ERR_IO, "cannot write the events");
    return 0;
}

/* The options of its own.  0 or -1. */
static int parse(struct live *live, int argc, char **argv, struct err *err)
{
    const char *start = NULL, *seed = "1", *segment = "0", *print = "0";
    const struct peer_option options[] = {{"--start", &start, NULL},
                                          {"--seed", &seed, NULL},
                                          {"--segment", &segment, NULL},
                                          {"--print", &print, NULL}};
    uint64_t seconds = (uint64_t)(loop_wall() / 1000000);

    if (peer_parse(&live->peer, argc, argv, options, COUNT(options), err) !=
            0 ||
        (start != NULL && parse_uint(start, START_US / 1000000 + 1, UINT32_MAX,
                                     &seconds, err) != 0) ||
        parse_uint(seed, 0, 1 << 22, &live->seed, err) != 0 ||
        parse_uint(segment, 0, INT64_MAX, &live->segment, err) != 0 ||
        parse_uint(print, 0, INT64_MAX, &live->print, err) != 0)
        return -1;
    live->start_us = (int64_t)seconds * 1000000;
    live->first = (uint64_t)(live->start_us - START_US) / STEP_US;
    return 0;
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct live live;
    int result;

    if (parse(&live, argc, argv, &err) != 0) {
        fprintf(stderr, "fakelive: %s\n%s", err.text, usage);
        return (int)err.code;
    }
    if (live.print > 0)
        result = print_events(&live, &err);
    else
        result = peer_serve(&live.peer, serve, &live, &err);
    peer_close(&live.peer);
    if (result == 0)
        return 0;
    fprintf(stderr, "fakelive: %s\n", err.text);
    return err.code != ERR_NONE ? (int)err.code : ERR_OS;
}
