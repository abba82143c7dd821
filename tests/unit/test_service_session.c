/* Sessions with the real server, over http and over https. */
#include "basin/service.h"

#include <signal.h>

#include "lite.h"
#include "replied.h"

#define BASIN "unit-test-basin"
#define MANY 300

/* One server for the tests of each scheme; they build on one another. */
static struct http *http;
static struct basin *basin;
static struct lite lite;
static bool tls;

/* What came of a session, so far. */
struct session {
    size_t n;
    uint64_t first, last;
    bool tail_known;
    struct wire_position tail;
    bool over;
    enum outcome outcome;
    struct err err;
};

static void on_batch(void *arg, const struct basin_reply *reply)
{
    struct session *s = arg;

    CHECK(!s->over);
    if (reply->nrecords > 0) {
        CHECK(s->n == 0 || reply->records[0].seq_num == s->last + 1);
        if (s->n == 0)
            s->first = reply->records[0].seq_num;
        s->last = reply->records[reply->nrecords - 1].seq_num;
    }
    s->n += reply->nrecords;
    if (reply->tail_known || reply->outcome == OUTCOME_UNWRITTEN) {
        s->tail_known = true;
        s->tail = reply->tail;
    }
    s->over = reply->over;
    s->outcome = reply->outcome;
    s->err = reply->err;
}

static struct basin_op *follow(const char *stream, struct wire_read read,
                               struct session *s)
{
    struct basin_op *op;

    memset(s, 0, sizeof(*s));
    op = basin_follow(basin, stream, &read, on_batch, s, NULL);
    CHECK(op != NULL);
    return op;
}

static struct basin_op *follow_from(const char *stream, uint64_t from,
                                    struct session *s)
{
    return follow(stream, (struct wire_read){false, from, 0}, s);
}

static void run_until(const bool *flag)
{
    int64_t end = loop_now() + REPLIED_PATIENCE_MS;

    while (!*flag && loop_now() < end)
        CHECK(http_wait(http, NULL, 0, 1000, NULL) == 0);
    CHECK(*flag);
}

static void run_until_n(const struct session *s, size_t n)
{
    int64_t end = loop_now() + REPLIED_PATIENCE_MS;

    while (s->n < n && loop_now() < end)
        CHECK(http_wait(http, NULL, 0, 1000, NULL) == 0);
    CHECK_INT(s->n, n);
}

static void create(const char *stream)
{
    struct replied r = {0};

    CHECK(basin_create(basin, stream, replied_done, &r, NULL) != NULL);
    replied_run(http, &r, 1);
    CHECK_INT(r.reply.outcome, OUTCOME_OK);
}

static void append(const char *stream, size_t n, size_t size)
{
    static struct wire_record records[WIRE_BATCH_RECORDS];
    static char body[1000];
    struct wire_append in = {records, n, false, 0, NULL};
    struct replied r = {0};

    memset(body, 'x', sizeof(body));
    for (size_t i = 0; i < n; i++) {
        records[i].timestamp = (uint64_t)(loop_wall() / 1000);
        records[i].body = (struct slice){body, size};
    }
    CHECK(basin_append(basin, stream, &in, replied_done, &r, NULL) != NULL);
    replied_run(http, &r, 1);
    CHECK_INT(r.reply.outcome, OUTCOME_OK);
}

static void test_missing(void)
{
    struct session s;

    follow_from("none", 0, &s);
    run_until(&s.over);
    CHECK_INT(s.outcome, OUTCOME_NO_STREAM);
    CHECK_INT(s.err.code, ERR_NOINPUT);
}

/* An empty stream tells its tail; then what is appended comes. */
static void test_live(void)
{
    struct session s;
    struct basin_op *op;

    create("live");
    op = follow_from("live", 0, &s);
    run_until(&s.tail_known);
    CHECK_INT(s.n, 0);
    CHECK_INT(s.tail.seq_num, 0);
    append("live", 3, 10);
    run_until_n(&s, 3);
    append("live", 1, 0);
    run_until_n(&s, 4);
    CHECK_INT(s.first, 0);
    CHECK_INT(s.last, 3);
    CHECK(!s.over);
    basin_cancel(basin, op);
}

static void test_unwritten(void)
{
    struct session s;

    follow_from("live", 99, &s);
    run_until(&s.over);
    CHECK_INT(s.outcome, OUTCOME_UNWRITTEN);
    CHECK_INT(s.tail.seq_num, 4);
    CHECK_INT(s.n, 0);
}

/* By a time that has not come it begins at the tail. */
static void test_by_time(void)
{
    uint64_t later = (uint64_t)(loop_wall() / 1000) + 3600000;
    struct session s;
    struct basin_op *op;

    op = follow("live", (struct wire_read){true, later, 0}, &s);
    run_until(&s.tail_known);
    CHECK_INT(s.tail.seq_num, 4);
    append("live", 1, 10);
    run_until_n(&s, 1);
    CHECK_INT(s.first, 4);
    basin_cancel(basin, op);
    op = follow("live", (struct wire_read){true, 1, 0}, &s);
    run_until_n(&s, 5);
    CHECK_INT(s.first, 0);
    basin_cancel(basin, op);
}

static void test_limit(void)
{
    struct session s;

    create("limit");
    for (int i = 0; i < 5; i++)
        append("limit", WIRE_BATCH_RECORDS, 300);
    follow("limit", (struct wire_read){false, 100, 2500}, &s);
    run_until(&s.over);
    CHECK_INT(s.outcome, OUTCOME_OK);
    CHECK_INT(s.n, 2500);
    CHECK_INT(s.first, 100);
    CHECK_INT(s.last, 2599);
    follow("limit", (struct wire_read){false, 1, 1000000}, &s);
    run_until(&s.over);
    CHECK_INT(s.outcome, OUTCOME_OK);
    CHECK_INT(s.n, 4999);
    CHECK_INT(s.last, 4999);
}

static void test_large(void)
{
    struct session s;

    create("large");
    append("large", WIRE_BATCH_RECORDS, 1000);
    follow("large", (struct wire_read){false, 0, WIRE_BATCH_RECORDS}, &s);
    run_until(&s.over);
    CHECK_INT(s.outcome, OUTCOME_OK);
    CHECK_INT(s.n, WIRE_BATCH_RECORDS);
}

/* How many TCP connections to the server stand. */
static int connections(void)
{
    static const char *const files[] = {"/proc/self/net/tcp",
                                        "/proc/self/net/tcp6"};
    int n = 0;

    for (size_t i = 0; i < 2; i++) {
        FILE *f = fopen(files[i], "r");
        char line[512];

        while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
            unsigned remote = 0, state = 0;

            if (sscanf(line, " %*d: %*[^:]:%*x %*[^:]:%x %x", &remote,
                       &state) == 2)
                n += (int)remote == lite.port && state == 1;
        }
        if (f != NULL)
            fclose(f);
    }
    return n;
}

/* Over https sessions share connections; each gets what is its own, and
 * ordinary requests find their way beside them. */
static void test_many(void)
{
    static struct session sessions[MANY];
    static struct basin_op *ops[MANY];
    int before;
    char name[32];

    for (size_t i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "many/%zu", i);
        create(name);
    }
    before = connections();
    for (size_t i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "many/%zu", i);
        ops[i] = follow_from(name, 0, &sessions[i]);
    }
    for (size_t i = 0; i < MANY; i++)
        run_until(&sessions[i].tail_known);
    printf("# %d sessions on %d connections, %d before\n", MANY, connections(),
           before);
    CHECK(connections() - before >= (tls ? 2 : MANY - before));
    CHECK(connections() - before <= (tls ? 5 : MANY));
    for (size_t i = 0; i < MANY; i += 50) {
        snprintf(name, sizeof(name), "many/%zu", i);
        append(name, 1 + i, 10);
    }
    for (size_t i = 0; i < MANY; i++) {
        run_until_n(&sessions[i], i % 50 == 0 ? 1 + i : 0);
        CHECK(!sessions[i].over);
        basin_cancel(basin, ops[i]);
        if (check_bad)
            break;
    }
}

/* A session by itself, whose patience is short. */
struct impatient {
    bool heard;
    bool over;
    enum http_failure failure;
    struct err err;
};

static void on_bytes(void *arg, struct slice bytes)
{
    ((struct impatient *)arg)->heard = bytes.n > 0;
}

static void on_end(void *arg, const struct http_reply *reply)
{
    struct impatient *i = arg;

    i->over = true;
    i->failure = reply->failure;
    i->err = reply->err;
}

static struct http_request *start_impatient(int64_t silence_ms,
                                            struct impatient *i)
{
    const char *headers[] = {"s2-basin: " BASIN, "Content-Type: s2s/proto"};
    char url[200];
    struct http_spec spec = {.method = "GET",
                             .url = url,
                             .headers = headers,
                             .nheaders = 2,
                             .timeout_ms = silence_ms,
                             .max_reply = 4096};

    memset(i, 0, sizeof(*i));
    snprintf(url, sizeof(url), "%s/v1/streams/live/records?seq_num=0",
             lite.endpoint);
    return http_stream(http, &spec, on_bytes, on_end, i, NULL);
}

/* The server stands still: the session ends, and no other uses its
 * connection any more, neither those that did nor the next. */
static void test_black_hole(void)
{
    struct impatient impatient;
    struct session sharers[3];
    struct basin_op *ops[3];
    struct http_request *next;
    int64_t begun;
    int before;

    for (size_t i = 0; i < 3; i++) {
        ops[i] = follow_from("live", 0, &sharers[i]);
        run_until_n(&sharers[i], 5);
    }
    start_impatient(500, &impatient);
    run_until(&impatient.heard);
    before = connections();
    CHECK(kill(lite.pid, SIGSTOP) == 0);
    begun = loop_now();
    run_until(&impatient.over);
    CHECK_INT(impatient.failure, HTTP_MAYBE);
    CHECK(strstr(impatient.err.text, "no sign of life for 500 ms") != NULL);
    CHECK(connections() < before);
    for (size_t i = 0; i < 3 && tls; i++) {
        run_until(&sharers[i].over);
        CHECK(strstr(sharers[i].err.text, "no sign") == NULL);
    }
    next = start_impatient(REPLIED_PATIENCE_MS, &impatient);
    for (int i = 0; i < 5; i++)
        CHECK(http_wait(http, NULL, 0, 20, NULL) == 0);
    CHECK(!impatient.heard);
    CHECK(kill(lite.pid, SIGCONT) == 0);
    printf("# stood still for %lld ms\n", (long long)(loop_now() - begun));
    run_until(&impatient.heard);
    CHECK(!impatient.over);
    http_cancel(next);
    for (size_t i = 0; i < 3 && !tls; i++) {
        CHECK(!sharers[i].over);
        basin_cancel(basin, ops[i]);
    }
}

static void run_all(const char *cacert)
{
    struct http_config config = {"test/1", cacert, 16, 0};
    struct replied r = {0};

    tls = cacert != NULL;
    printf("# over %s\n", tls ? "https" : "http");
    http = NEEDED(http_new(&config, NULL));
    basin = NEEDED(lite_basin(&lite, http, BASIN));
    basin_create_basin(basin, replied_done, &r, NULL);
    replied_run(http, &r, 1);
    RUN(test_missing);
    RUN(test_live);
    RUN(test_unwritten);
    RUN(test_by_time);
    RUN(test_limit);
    RUN(test_large);
    RUN(test_many);
    RUN(test_black_hole);
    basin_free(basin);
    http_free(http);
    lite_stop(&lite);
}

int main(void)
{
    struct peer_certs certs;

    lite_need(&lite);
    lite_start(&lite, NULL);
    run_all(NULL);
    if (!peer_certs_make(&certs)) {
        printf("Bail out! no certificates\n");
        return 1;
    }
    lite_start(&lite, &certs);
    run_all(certs.ca);
    peer_certs_remove(&certs);
    return check_done();
}
