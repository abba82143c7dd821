#include "basin/service.h"

#include <signal.h>
#include <stdlib.h>

#include "replied.h"
#include "serve.h"

#define PROTOBUF "Content-Type: application/protobuf\r\n"
#define JSON "Content-Type: application/json\r\n"

/* A basin whose server follows a script. */
struct setup {
    struct serve serve;
    struct http *http;
    struct basin *basin;
    struct replied replied;
};

static void setup_init(struct setup *s, const struct serve_step *steps,
                       size_t n)
{
    struct http_config http_config = {"test/1", NULL, 4, 0};
    struct client_config config = {.basin = "some-basin"};
    char endpoint[64];

    memset(s, 0, sizeof(*s));
    serve_start(&s->serve, steps, n);
    s->http = http_new(&http_config, NULL);
    snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%d", s->serve.port);
    config.http = s->http;
    config.account_endpoint = config.basin_endpoint = endpoint;
    s->basin = service_open(&config, NULL);
    CHECK(s->http != NULL && s->basin != NULL);
}

static void setup_release(struct setup *s)
{
    basin_free(s->basin);
    http_free(s->http);
    serve_stop(&s->serve);
    serve_free(&s->serve);
}

/* The reply to one operation that gets one answer. */
enum kind { CREATE_BASIN, CREATE, TAIL, READ, READ_TIME, APPEND, MATCH, LIST };

static struct basin_op *begin(struct setup *s, enum kind kind)
{
    static const struct wire_record records[2];
    struct wire_append append = {records, 2, kind == MATCH, 5, NULL};
    struct wire_read read = {kind == READ_TIME, 5, 10};
    struct replied *r = &s->replied;

    switch (kind) {
    case CREATE_BASIN:
        return basin_create_basin(s->basin, replied_done, r, NULL);
    case CREATE:
        return basin_create(s->basin, "a/b", replied_done, r, NULL);
    case TAIL:
        return basin_tail(s->basin, "a/b", replied_done, r, NULL);
    case READ:
    case READ_TIME:
        return basin_read(s->basin, "a/b", &read, replied_done, r, NULL);
    case APPEND:
    case MATCH:
        return basin_append(s->basin, "a/b", &append, replied_done, r, NULL);
    case LIST:
        break;
    }
    return basin_list(s->basin, "a", "", replied_done, r, NULL);
}

static struct replied ask(enum kind kind, int status, const char *headers,
                          struct slice body)
{
    struct serve_step step = {status, headers, body.p, body.n, NULL, 0};
    struct setup s;
    struct replied r;

    setup_init(&s, &step, 1);
    CHECK(begin(&s, kind) != NULL);
    CHECK_INT(basin_run(s.basin, 0), LOOP_NEVER);
    CHECK_INT(s.replied.calls, 0);
    replied_run(s.http, &s.replied, 1);
    r = s.replied;
    setup_release(&s);
    return r;
}

static void check_outcome(const struct replied *r, enum outcome outcome,
                          enum err_code code)
{
    CHECK_INT(r->reply.outcome, outcome);
    CHECK_INT(r->reply.err.code, code);
    CHECK_INT(r->reply.err.text[0] != '\0', code != ERR_NONE);
    if (outcome != OUTCOME_OK)
        CHECK_INT(r->reply.nrecords + r->reply.nnames, 0);
}

static void test_creates(void)
{
    struct slice exists = SLICE("{\"code\":\"resource_already_exists\"}");
    struct slice denied = SLICE("{\"code\":\"authn\",\"message\":\"no\"}");
    const enum kind kinds[] = {CREATE_BASIN, CREATE};

    for (size_t i = 0; i < 2; i++) {
        struct replied r = ask(kinds[i], 201, JSON, SLICE("{}"));

        check_outcome(&r, OUTCOME_OK, ERR_NONE);
        r = ask(kinds[i], 409, JSON, exists);
        check_outcome(&r, OUTCOME_OK, ERR_NONE);
        r = ask(kinds[i], 401, JSON, denied);
        check_outcome(&r, OUTCOME_FAILED, ERR_DENIED);
        CHECK_STR(r.reply.err.text, "HTTP 401 authn: no");
    }
}

static void test_tail(void)
{
    struct replied r = ask(TAIL, 200, JSON,
                           SLICE("{\"tail\":{\"seq_num\":3,\"timestamp\":4}}"));

    check_outcome(&r, OUTCOME_OK, ERR_NONE);
    CHECK_INT(r.reply.tail.seq_num, 3);
    CHECK_INT(r.reply.tail.timestamp, 4);
    r = ask(TAIL, 200, JSON, SLICE("{\"tail\":3}"));
    check_outcome(&r, OUTCOME_FAILED, ERR_PROTOCOL);
    r = ask(TAIL, 404, JSON, SLICE("{\"code\":\"stream_not_found\"}"));
    check_outcome(&r, OUTCOME_NO_STREAM, ERR_NOINPUT);
    r = ask(TAIL, 404, JSON, SLICE("{\"code\":\"basin_not_found\"}"));
    check_outcome(&r, OUTCOME_NO_BASIN, ERR_CONFIG);
}

#define ACK_5_TO_7                                                             \
    SLICE("\x0a\x04\x08\x05\x10\x07\x12\x04\x08\x07\x10\x08\x1a\x04\x08\x09"   \
          "\x10\x0a")

static void test_append(void)
{
    struct replied r = ask(MATCH, 200, PROTOBUF, ACK_5_TO_7);

    check_outcome(&r, OUTCOME_OK, ERR_NONE);
    CHECK_INT(r.reply.start, 5);
    CHECK_INT(r.reply.end, 7);
    CHECK_INT(r.reply.tail.seq_num, 9);
    CHECK_INT(r.reply.tail.timestamp, 10);
}

/* A success that is not understood may be one all the same. */
static void test_unclear_acks(void)
{
    struct slice cut = ACK_5_TO_7;
    struct replied r = ask(MATCH, 200, JSON, ACK_5_TO_7);

    check_outcome(&r, OUTCOME_UNKNOWN, ERR_PROTOCOL);
    r = ask(MATCH, 200, NULL, SLICE("<html>welcome</html>"));
    check_outcome(&r, OUTCOME_UNKNOWN, ERR_PROTOCOL);
    cut.n--;
    r = ask(MATCH, 200, PROTOBUF, cut);
    check_outcome(&r, OUTCOME_UNKNOWN, ERR_PROTOCOL);
    r = ask(MATCH, 204, NULL, SLICE(""));
    check_outcome(&r, OUTCOME_UNKNOWN, ERR_PROTOCOL);
}

/* Acks of three records, of one, and of two that begin elsewhere. */
static void test_wrong_acks(void)
{
    struct replied r =
        ask(MATCH, 200, PROTOBUF, SLICE("\x0a\x02\x08\x05\x12\x02\x08\x08"));

    check_outcome(&r, OUTCOME_FAILED, ERR_PROTOCOL);
    r = ask(APPEND, 200, PROTOBUF, SLICE("\x0a\x02\x08\x05\x12\x02\x08\x06"));
    check_outcome(&r, OUTCOME_FAILED, ERR_PROTOCOL);
    r = ask(MATCH, 200, PROTOBUF, SLICE("\x0a\x02\x08\x06\x12\x02\x08\x08"));
    check_outcome(&r, OUTCOME_FAILED, ERR_PROTOCOL);
    r = ask(APPEND, 200, PROTOBUF, SLICE("\x0a\x02\x08\x06\x12\x02\x08\x08"));
    check_outcome(&r, OUTCOME_OK, ERR_NONE);
    CHECK_INT(r.reply.start, 6);
    CHECK_INT(r.reply.tail.seq_num, 8);
}

static void test_conditions(void)
{
    struct replied r = ask(MATCH, 412, JSON, SLICE("{\"seq_num_mismatch\":9}"));

    check_outcome(&r, OUTCOME_MISMATCH, ERR_NONE);
    CHECK_INT(r.reply.tail.seq_num, 9);
    r = ask(MATCH, 412, JSON, SLICE("{\"fencing_token_mismatch\":\"t\"}"));
    check_outcome(&r, OUTCOME_FENCED, ERR_TAKEN);
    r = ask(READ, 416, JSON,
            SLICE("{\"tail\":{\"seq_num\":3,\"timestamp\":4}}"));
    check_outcome(&r, OUTCOME_UNWRITTEN, ERR_NONE);
    CHECK_INT(r.reply.tail.seq_num, 3);
    CHECK_INT(r.reply.tail.timestamp, 4);
}

static void test_retry_after(void)
{
    struct replied r = ask(MATCH, 429, JSON "Retry-After: 2\r\n",
                           SLICE("{\"code\":\"rate_limited\"}"));

    check_outcome(&r, OUTCOME_RETRY, ERR_UNAVAILABLE);
    CHECK_INT(r.reply.retry_after_ms, 2000);
    r = ask(MATCH, 503, "retry-after-ms: 70\r\n", SLICE("busy"));
    check_outcome(&r, OUTCOME_UNKNOWN, ERR_UNAVAILABLE);
    CHECK_INT(r.reply.retry_after_ms, 70);
}

#define PAGE_5_AND_7                                                           \
    SLICE("\x0a\x08\x08\x05\x10\x07\x22\x02hi\x0a\x04\x08\x07\x10\x07")

static void test_read(void)
{
    struct replied r = ask(READ, 200, PROTOBUF, PAGE_5_AND_7);

    check_outcome(&r, OUTCOME_OK, ERR_NONE);
    CHECK_INT(r.reply.nrecords, 2);
    CHECK_INT(r.seq_nums[0], 5);
    CHECK_STR(r.bodies[0], "hi");
    CHECK_INT(r.seq_nums[1], 7);
    r = ask(READ, 200, PROTOBUF, SLICE(""));
    check_outcome(&r, OUTCOME_OK, ERR_NONE);
    CHECK_INT(r.reply.nrecords, 0);
    r = ask(READ, 200, JSON, SLICE("{\"records\":[]}"));
    check_outcome(&r, OUTCOME_FAILED, ERR_PROTOCOL);
    r = ask(READ, 200, PROTOBUF, SLICE("\x0a\x09"));
    check_outcome(&r, OUTCOME_FAILED, ERR_PROTOCOL);
}

/* A number below the one that was asked for; by time any number will do. */
static void test_read_too_early(void)
{
    struct replied r = ask(READ, 200, PROTOBUF, SLICE("\x0a\x02\x08\x04"));

    check_outcome(&r, OUTCOME_FAILED, ERR_PROTOCOL);
    r = ask(READ_TIME, 200, PROTOBUF, SLICE("\x0a\x02\x08\x04"));
    check_outcome(&r, OUTCOME_OK, ERR_NONE);
    CHECK_INT(r.reply.nrecords, 1);
}

static void test_list(void)
{
    struct replied r = ask(LIST, 200, JSON,
                           SLICE("{\"streams\":[{\"name\":\"a\"},{\"name\":"
                                 "\"ab\"}],\"has_more\":true}"));

    check_outcome(&r, OUTCOME_OK, ERR_NONE);
    CHECK_INT(r.reply.nnames, 2);
    CHECK_STR(r.names[0], "a");
    CHECK_STR(r.names[1], "ab");
    CHECK(r.reply.more);
    r = ask(LIST, 200, JSON, SLICE("{\"streams\":[],\"has_more\":false}"));
    check_outcome(&r, OUTCOME_OK, ERR_NONE);
    CHECK(!r.reply.more);
    r = ask(LIST, 200, JSON, SLICE("{\"streams\":3}"));
    check_outcome(&r, OUTCOME_FAILED, ERR_PROTOCOL);
}

/* A page without a name that lives is not the caller's business. */
static void test_list_skips_deleted(void)
{
    static const struct serve_step steps[] = {
        {200, NULL,
         "{\"streams\":[{\"name\":\"a1\",\"deleted_at\":\"x\"},{\"name\":"
         "\"a/2\",\"deleted_at\":\"x\"}],\"has_more\":true}",
         0, NULL, 0},
        {200, NULL, "{\"streams\":[{\"name\":\"a3\"}],\"has_more\":false}", 0,
         NULL, 0}};
    struct setup s;

    setup_init(&s, steps, 2);
    CHECK(begin(&s, LIST) != NULL);
    replied_run(s.http, &s.replied, 1);
    check_outcome(&s.replied, OUTCOME_OK, ERR_NONE);
    CHECK_INT(s.replied.reply.nnames, 1);
    CHECK_STR(s.replied.names[0], "a3");
    CHECK(!s.replied.reply.more);
    basin_free(s.basin);
    s.basin = NULL;
    http_free(s.http);
    serve_stop(&s.serve);
    CHECK(strstr(s.serve.log, "prefix=a&start_after=&") != NULL);
    CHECK(strstr(s.serve.log, "prefix=a&start_after=a%2F2&") != NULL);
    serve_free(&s.serve);
}

/* A server that always gives the same page is not asked for ever. */
static void test_list_stands_still(void)
{
    struct replied r = ask(LIST, 200, JSON,
                           SLICE("{\"streams\":[{\"name\":\"a1\",\"deleted_"
                                 "at\":1}],\"has_more\":true}"));

    check_outcome(&r, OUTCOME_FAILED, ERR_PROTOCOL);
}

static void test_not_started(void)
{
    static const struct serve_step step = {200, NULL, "ok", 0, NULL, 0};
    struct wire_append append = {NULL, 0, false, 0, NULL};
    struct setup s;
    struct err err = ERR_INIT;

    setup_init(&s, &step, 1);
    CHECK(basin_create(s.basin, "..", replied_done, NULL, &err) == NULL);
    CHECK_INT(err.code, ERR_CONFIG);
    err_clear(&err);
    CHECK(basin_append(s.basin, "a", &append, replied_done, NULL, &err) ==
          NULL);
    CHECK_INT(err.code, ERR_BUG);
    setup_release(&s);
}

static void test_bad_config(void)
{
    struct client_config config = {.basin = "short"};
    struct err err = ERR_INIT;

    CHECK(service_open(&config, &err) == NULL);
    CHECK_INT(err.code, ERR_CONFIG);
}

static void test_cancel(void)
{
    static const struct serve_step step = {200, NULL, "ok",
                                           0,   NULL, SERVE_HANG};
    struct setup s;
    struct basin_op *ops[3];

    setup_init(&s, &step, 1);
    for (int i = 0; i < 3; i++)
        ops[i] = begin(&s, TAIL);
    CHECK(http_wait(s.http, NULL, 0, 10, NULL) == 0);
    basin_cancel(s.basin, NULL);
    basin_cancel(s.basin, ops[1]);
    basin_cancel(s.basin, ops[2]);
    CHECK(http_wait(s.http, NULL, 0, 10, NULL) == 0);
    CHECK_INT(s.replied.calls, 0);
    setup_release(&s);
}

static void free_basin(void *arg, const struct basin_reply *reply)
{
    struct setup *s = arg;

    CHECK_INT(reply->outcome, OUTCOME_OK);
    s->replied.calls++;
    basin_free(s->basin);
    s->basin = NULL;
}

/* The callback of one operation ends the basin and all the others. */
static void test_free_in_callback(void)
{
    static const struct serve_step steps[] = {
        {200, NULL, "{\"tail\":{\"seq_num\":0,\"timestamp\":0}}", 0, NULL, 0},
        {200, NULL, "ok", 0, NULL, SERVE_HANG}};
    struct setup s;

    setup_init(&s, steps, 2);
    for (int i = 0; i < 3; i++)
        basin_tail(s.basin, "a", free_basin, &s, NULL);
    replied_run(s.http, &s.replied, 1);
    CHECK(s.basin == NULL);
    CHECK(http_wait(s.http, NULL, 0, 10, NULL) == 0);
    CHECK_INT(s.replied.calls, 1);
    setup_release(&s);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    RUN(test_creates);
    RUN(test_tail);
    RUN(test_append);
    RUN(test_unclear_acks);
    RUN(test_wrong_acks);
    RUN(test_conditions);
    RUN(test_retry_after);
    RUN(test_read);
    RUN(test_read_too_early);
    RUN(test_list);
    RUN(test_list_skips_deleted);
    RUN(test_list_stands_still);
    RUN(test_not_started);
    RUN(test_bad_config);
    RUN(test_cancel);
    RUN(test_free_in_callback);
    return check_done();
}
