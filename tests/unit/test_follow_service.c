#include "basin/service.h"

#include <signal.h>
#include <stdlib.h>

#include "httpbyhand.h"

#define BYTES(literal) ((struct slice){(literal), sizeof(literal) - 1})

/* Batches: records 5 and 7, the first with the body "hi"; record 4; record 8;
 * none, with the tail 9 at 10; none. */
#define PAGE_5_AND_7                                                           \
    "\x0a\x08\x08\x05\x10\x07\x22\x02hi\x0a\x04\x08\x07\x10\x07"
#define PAGE_4 "\x0a\x02\x08\x04"
#define PAGE_8 "\x0a\x02\x08\x08"
#define TAIL_9 "\x12\x04\x08\x09\x10\x0a"

/* Each as a frame. */
#define FRAME_5_AND_7 "\0\0\x11\0" PAGE_5_AND_7
#define FRAME_4 "\0\0\5\0" PAGE_4
#define FRAME_8 "\0\0\5\0" PAGE_8
#define FRAME_TAIL_9 "\0\0\7\0" TAIL_9
#define FRAME_EMPTY "\0\0\1\0"

/* What came of a session. */
struct session {
    int batches;
    int heartbeats;
    int tails;
    struct wire_position tail;
    size_t n;
    uint64_t seq_nums[16];
    char body[8];
    int ends;
    struct basin_reply end; /* its pointers are dead */
};

static void on_batch(void *arg, const struct basin_reply *reply)
{
    struct session *s = arg;

    CHECK_INT(s->ends, 0);
    if (reply->over) {
        CHECK_INT(reply->nrecords, 0);
        s->ends++;
        s->end = *reply;
        return;
    }
    CHECK_INT(reply->outcome, OUTCOME_OK);
    s->batches += reply->nrecords > 0;
    s->heartbeats += reply->nrecords == 0;
    s->tails += reply->tail_known;
    s->tail = reply->tail;
    for (size_t i = 0; i < reply->nrecords && s->n < 16; i++)
        s->seq_nums[s->n++] = reply->records[i].seq_num;
    if (reply->nrecords > 0 && reply->records[0].body.n == 2)
        memcpy(s->body, reply->records[0].body.p, 2);
}

/* A basin whose server is played by hand. */
struct setup {
    struct http *http;
    struct byhand byhand;
    struct basin *basin;
};

static void setup_init(struct setup *s)
{
    struct client_config config = {.basin = "some-basin"};

    s->http = got_make(1);
    byhand_start(&s->byhand, s->http);
    config.http = s->http;
    config.account_endpoint = config.basin_endpoint = s->byhand.url;
    s->basin = service_open(&config, NULL);
    CHECK(s->basin != NULL);
}

static void setup_release(struct setup *s)
{
    basin_free(s->basin);
    http_free(s->http);
    byhand_stop(&s->byhand);
}

static struct basin_op *follow(struct setup *s, bool by_time, basin_done *done,
                               void *arg)
{
    struct wire_read read = {by_time, 5, 0};
    struct err err = ERR_INIT;
    struct basin_op *op = basin_follow(s->basin, "a/b", &read, done, arg, &err);

    CHECK(op != NULL);
    CHECK_STR(err.text, "");
    return op;
}

static void run_to_end(struct setup *s, const struct session *session)
{
    int64_t end = loop_now() + PATIENCE_MS;

    while (session->ends == 0 && loop_now() < end)
        CHECK(http_wait(s->http, NULL, 0, 1000, NULL) == 0);
    CHECK_INT(session->ends, 1);
}

/* The session whose body is ${body}, in pieces of ${step} bytes, and ends. */
static struct session play_cut(bool by_time, struct slice body, size_t step)
{
    struct setup s;
    struct session session = {0};
    size_t peer;

    setup_init(&s);
    follow(&s, by_time, on_batch, &session);
    peer = byhand_accept(&s.byhand);
    byhand_raw(&s.byhand, peer, BYHAND_HEAD);
    for (size_t at = 0; at < body.n; at += step) {
        size_t n = step < body.n - at ? step : body.n - at;

        byhand_chunk(&s.byhand, peer, (struct slice){body.p + at, n});
    }
    byhand_end(&s.byhand, peer);
    run_to_end(&s, &session);
    CHECK(http_wait(s.http, NULL, 0, 0, NULL) == 0);
    setup_release(&s);
    return session;
}

static struct session play(struct slice body)
{
    return play_cut(false, body, body.n);
}

static void check_end(const struct session *s, enum outcome outcome,
                      enum err_code code)
{
    CHECK_INT(s->ends, 1);
    CHECK(s->end.over);
    CHECK_INT(s->end.outcome, outcome);
    CHECK_INT(s->end.err.code, code);
    CHECK_INT(s->end.err.text[0] != '\0', code != ERR_NONE);
}

static void test_batches(void)
{
    struct slice body =
        BYTES(FRAME_5_AND_7 FRAME_EMPTY FRAME_TAIL_9 FRAME_8 FRAME_EMPTY);

    for (size_t step = 1; step <= body.n; step += step < 12 ? 1 : 7) {
        struct session s = play_cut(false, body, step);

        check_end(&s, OUTCOME_OK, ERR_NONE);
        CHECK_INT(s.batches, 2);
        CHECK_INT(s.heartbeats, 3);
        CHECK_INT(s.tails, 1);
        CHECK_INT(s.n, 3);
        CHECK_INT(s.seq_nums[0], 5);
        CHECK_INT(s.seq_nums[1], 7);
        CHECK_INT(s.seq_nums[2], 8);
        CHECK_STR(s.body, "hi");
    }
}

static void test_tail(void)
{
    struct session s = play(BYTES("\0\0\x0b\0" PAGE_8 TAIL_9));

    CHECK_INT(s.batches, 1);
    CHECK_INT(s.tails, 1);
    CHECK_INT(s.tail.seq_num, 9);
    CHECK_INT(s.tail.timestamp, 10);
    s = play(BYTES("\0\0\3\0\x12\0"));
    CHECK_INT(s.tails, 1);
    CHECK_INT(s.tail.seq_num, 0);
}

static void test_unknown_fields(void)
{
    struct session s = play(BYTES("\0\0\x0b\0" PAGE_8 "\x9a\x06\x03xyz"));

    check_end(&s, OUTCOME_OK, ERR_NONE);
    CHECK_INT(s.n, 1);
}

/* Nothing of a batch that makes no sense is handed out; what came before it
 * is. */
static void test_nonsense(void)
{
    const struct {
        struct slice body;
        size_t n;
    } rows[] = {
        {BYTES(FRAME_4), 0},
        {BYTES("\0\0\x09\0" PAGE_8 PAGE_8), 0},
        {BYTES("\0\0\x09\0" PAGE_8 PAGE_4), 0},
        {BYTES(FRAME_5_AND_7 FRAME_5_AND_7), 2},
        {BYTES(FRAME_5_AND_7 FRAME_8 "\0\0\x09\0\x0a\x02\x08\x07" PAGE_8), 3},
        {BYTES(FRAME_5_AND_7 "\0\0\0"), 2},
        {BYTES(FRAME_5_AND_7 "\x20\0\1"), 2},
        {BYTES(FRAME_5_AND_7 "\0\0\2\x40x"), 2},
        {BYTES(FRAME_5_AND_7 "\0\0\2\x80x"), 2},
        {BYTES(FRAME_5_AND_7 "\0\0\2\x20x"), 2},
        {BYTES(FRAME_5_AND_7 "\0\0\3\0\x0a\x09"), 2},
        {BYTES(FRAME_5_AND_7 "\0\0\x0e\0\x0a\x0b\x08"
                             "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
         2},
        {BYTES(FRAME_5_AND_7 "\0\0\x09\0hi"), 2},
        {BYTES(FRAME_5_AND_7 "\0"), 2},
        {BYTES("<html>welcome to our network</html>"), 0},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct session s = play(rows[i].body);

        check_end(&s, OUTCOME_RETRY, ERR_PROTOCOL);
        CHECK_INT(s.n, rows[i].n);
        CHECK(strncmp(s.end.err.text, "S2: ", 4) == 0);
        if (check_bad)
            printf("# row %zu: %s\n", i, s.end.err.text);
    }
}

/* By time the first record may have any number, but no later one. */
static void test_by_time(void)
{
    struct slice body = BYTES(FRAME_4 FRAME_5_AND_7 FRAME_4);
    struct session s = play_cut(true, body, body.n);

    check_end(&s, OUTCOME_RETRY, ERR_PROTOCOL);
    CHECK_INT(s.n, 3);
    CHECK_INT(s.seq_nums[0], 4);
}

static void test_terminal(void)
{
    const struct {
        struct slice body;
        enum outcome outcome;
        enum err_code code;
        const char *text;
    } rows[] = {
        {BYTES(FRAME_8 "\0\0\x1e\x80\1\x94{\"code\":\"stream_not_found\"}"),
         OUTCOME_NO_STREAM, ERR_NOINPUT, "HTTP 404 stream_not_found"},
        {BYTES(FRAME_8 "\0\0\x1d\x80\1\x94{\"code\":\"basin_not_found\"}" //
                       "bytes behind"),
         OUTCOME_NO_BASIN, ERR_CONFIG, "HTTP 404 basin_not_found"},
        {BYTES(FRAME_8 "\0\0\x1d\x80\1\xf7{\"code\":\"server_draining\"}"),
         OUTCOME_RETRY, ERR_UNAVAILABLE, "HTTP 503 server_draining"},
        {BYTES(FRAME_8 "\0\0\5\x80\1\xf4\xff\xfe"), OUTCOME_UNKNOWN,
         ERR_UNAVAILABLE, "HTTP 500"},
        {BYTES(FRAME_8 "\0\0\3\x80\1\x91"), OUTCOME_FAILED, ERR_DENIED,
         "HTTP 401"},
        {BYTES(FRAME_8 "\0\0\3\x80\1\x90" FRAME_8), OUTCOME_FAILED,
         ERR_PROTOCOL, "HTTP 400"},
        {BYTES(FRAME_8 "\0\0\3\x80\0\xc8"), OUTCOME_RETRY, ERR_PROTOCOL,
         "S2: the answer makes no sense"},
        {BYTES(FRAME_8 "\0\0\x27\x80\1\xa0{\"tail\":{\"seq_num\":3,"
                       "\"timestamp\":4}} bytes too"),
         OUTCOME_UNWRITTEN, ERR_NONE, ""},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct session s = play(rows[i].body);

        check_end(&s, rows[i].outcome, rows[i].code);
        CHECK_STR(s.end.err.text, rows[i].text);
        CHECK_INT(s.n, 1);
        if (rows[i].outcome == OUTCOME_UNWRITTEN)
            CHECK_INT(s.end.tail.seq_num, 3);
    }
}

/* What comes with the advice counts, what comes after it does not. */
static void test_reconnect(void)
{
    struct session s = play(BYTES("\0\0\5\x10" PAGE_8 FRAME_EMPTY));

    check_end(&s, OUTCOME_OK, ERR_NONE);
    CHECK_INT(s.n, 1);
    CHECK_INT(s.heartbeats, 0);
    CHECK(s.end.again);
    s = play(BYTES("\0\0\1\x10"));
    check_end(&s, OUTCOME_OK, ERR_NONE);
    CHECK_INT(s.heartbeats, 1);
    CHECK(s.end.again);
    s = play(BYTES("\0\0\1\0"));
    check_end(&s, OUTCOME_OK, ERR_NONE);
    CHECK(!s.end.again);
}

/* Answers that are no session. */
static struct session refuse(const char *answer)
{
    struct setup s;
    struct session session = {0};

    setup_init(&s);
    follow(&s, false, on_batch, &session);
    byhand_raw(&s.byhand, byhand_accept(&s.byhand), answer);
    run_to_end(&s, &session);
    setup_release(&s);
    return session;
}

static void test_refusals(void)
{
    struct session s = refuse("HTTP/1.1 416 Range\r\nContent-Length: 38\r\n\r\n"
                              "{\"tail\":{\"seq_num\":3,\"timestamp\":4}}  ");

    check_end(&s, OUTCOME_UNWRITTEN, ERR_NONE);
    CHECK_INT(s.end.tail.seq_num, 3);
    CHECK_INT(s.end.tail.timestamp, 4);
    s = refuse("HTTP/1.1 404 No\r\nContent-Length: 27\r\n\r\n"
               "{\"code\":\"stream_not_found\"}");
    check_end(&s, OUTCOME_NO_STREAM, ERR_NOINPUT);
    s = refuse("HTTP/1.1 404 No\r\nContent-Length: 26\r\n\r\n"
               "{\"code\":\"basin_not_found\"}");
    check_end(&s, OUTCOME_NO_BASIN, ERR_CONFIG);
    s = refuse("HTTP/1.1 429 Slow\r\nretry-after-ms: 70\r\n"
               "Content-Length: 23\r\n\r\n{\"code\":\"rate_limited\"}");
    check_end(&s, OUTCOME_RETRY, ERR_UNAVAILABLE);
    CHECK_INT(s.end.retry_after_ms, 70);
    s = refuse("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
    check_end(&s, OUTCOME_FAILED, ERR_DENIED);
    s = refuse("HTTP/1.1 204 Nothing\r\n\r\n");
    check_end(&s, OUTCOME_RETRY, ERR_PROTOCOL);
}

/* The connection ends: amid an answer, and without one. */
static void test_cut(void)
{
    static const char *const said[] = {"", "HTTP/1.1 200 OK\r\n", BYHAND_HEAD,
                                       BYHAND_HEAD "5\r\nxx"};

    for (size_t i = 0; i < 4; i++) {
        struct setup s;
        struct session session = {0};
        size_t peer;

        setup_init(&s);
        follow(&s, false, on_batch, &session);
        peer = byhand_accept(&s.byhand);
        byhand_raw(&s.byhand, peer, said[i]);
        shutdown(s.byhand.peers[peer], SHUT_RDWR);
        run_to_end(&s, &session);
        CHECK(session.end.outcome == OUTCOME_UNKNOWN ||
              session.end.outcome == OUTCOME_RETRY);
        CHECK(session.end.err.text[0] != '\0');
        setup_release(&s);
    }
}

/* A callback that ends its own session, and others, and begins one. */
struct meddler {
    struct setup *setup;
    struct basin_op *ops[2];
    struct session next;
    bool free_basin;
    int calls;
};

static void meddle(void *arg, const struct basin_reply *reply)
{
    struct meddler *m = arg;

    m->calls++;
    CHECK(!reply->over);
    if (m->free_basin) {
        basin_free(m->setup->basin);
        m->setup->basin = NULL;
    } else {
        basin_cancel(m->setup->basin, m->ops[0]);
        basin_cancel(m->setup->basin, m->ops[1]);
        follow(m->setup, false, on_batch, &m->next);
    }
    CHECK_INT(reply->nrecords, 2);
    CHECK_INT(reply->records[1].seq_num, 7);
}

static void check_meddling(bool free_basin)
{
    struct setup s;
    struct meddler m = {.setup = &s, .free_basin = free_basin};

    setup_init(&s);
    for (size_t i = 0; i < 2; i++) {
        m.ops[i] = follow(&s, false, meddle, &m);
        byhand_accept(&s.byhand);
    }
    for (size_t i = 0; i < 2; i++) {
        byhand_raw(&s.byhand, i, BYHAND_HEAD);
        byhand_chunk(&s.byhand, i, BYTES(FRAME_5_AND_7 FRAME_8 "\0\0\0"));
        byhand_end(&s.byhand, i);
    }
    if (!free_basin) {
        byhand_raw(&s.byhand, byhand_accept(&s.byhand), BYHAND_HEAD);
        byhand_end(&s.byhand, 2);
        run_to_end(&s, &m.next);
    }
    for (int i = 0; i < 3; i++)
        CHECK(http_wait(s.http, NULL, 0, 20, NULL) == 0);
    CHECK_INT(m.calls, 1);
    setup_release(&s);
}

static void test_callback_meddles(void)
{
    check_meddling(false);
    check_meddling(true);
}

/* The last callback may begin the next session. */
static void again(void *arg, const struct basin_reply *reply)
{
    struct meddler *m = arg;

    CHECK(reply->over);
    m->calls++;
    if (m->calls < 3)
        follow(m->setup, false, again, m);
}

static void test_again(void)
{
    static const char *const ends[] = {BYHAND_HEAD "0\r\n\r\n",
                                       BYHAND_HEAD "3\r\nnon\r\n",
                                       "HTTP/1.1 404 No\r\n\r\n"};
    int64_t end = loop_now() + PATIENCE_MS;
    struct setup s;
    struct meddler m = {.setup = &s};

    setup_init(&s);
    follow(&s, false, again, &m);
    for (size_t i = 0; i < 3; i++) {
        size_t peer = byhand_accept(&s.byhand);

        byhand_raw(&s.byhand, peer, ends[i]);
        shutdown(s.byhand.peers[peer], SHUT_RDWR);
        while (m.calls <= (int)i && loop_now() < end)
            CHECK(http_wait(s.http, NULL, 0, 10, NULL) == 0);
        if (check_bad)
            break;
    }
    CHECK_INT(m.calls, 3);
    setup_release(&s);
}

static void test_cancel(void)
{
    struct setup s;
    struct session session = {0};
    struct basin_op *ops[3];

    setup_init(&s);
    for (size_t i = 0; i < 3; i++)
        ops[i] = follow(&s, false, on_batch, &session);
    byhand_accept(&s.byhand);
    basin_cancel(s.basin, ops[0]);
    basin_cancel(s.basin, ops[2]);
    CHECK(http_wait(s.http, NULL, 0, 10, NULL) == 0);
    CHECK_INT(session.ends, 0);
    setup_release(&s);
    CHECK_INT(session.ends, 0);
}

static void test_not_started(void)
{
    struct wire_read read = {false, 0, 0};
    struct setup s;
    struct err err = ERR_INIT;

    setup_init(&s);
    CHECK(basin_follow(s.basin, "..", &read, on_batch, NULL, &err) == NULL);
    CHECK_INT(err.code, ERR_CONFIG);
    setup_release(&s);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    RUN(test_batches);
    RUN(test_tail);
    RUN(test_unknown_fields);
    RUN(test_nonsense);
    RUN(test_by_time);
    RUN(test_terminal);
    RUN(test_reconnect);
    RUN(test_refusals);
    RUN(test_cut);
    RUN(test_callback_meddles);
    RUN(test_again);
    RUN(test_cancel);
    RUN(test_not_started);
    return check_done();
}
