/* Following many streams of the real server, "s2 lite". */
#include "basin/follow.h"
#include "basin/service.h"
#include "lite.h"
#include "replied.h"

#define BASIN "unit-test-follow"
#define STREAMS 40
#define PATIENCE_MS check_patience(20000)

struct seen {
    uint64_t n[STREAMS + 1];
    unsigned notes[FOLLOW_RESTARTED + 1];
    struct follow *follow;
};

static struct lite lite;
static struct http *http;
static struct basin *basin;
static struct follow *follow;
static struct seen seen;
static uint64_t written[STREAMS];

/* Streams are named by their numbers: "f/00", "f/01", ... */
static size_t number_of(const char *name)
{
    return (size_t)(name[2] - '0') * 10 + (size_t)(name[3] - '0');
}

static void name_of(char name[8], size_t i)
{
    snprintf(name, 8, "f/%c%c", '0' + (char)(i / 10 % 10),
             '0' + (char)(i % 10));
}

static void on_records(void *arg, const struct follow_stream *stream,
                       const struct wire_record *records, size_t n)
{
    struct seen *s = arg;
    uint64_t *at = &s->n[number_of(stream->name)];

    for (size_t i = 0; i < n; i++) {
        char body[64];

        snprintf(body, sizeof(body), "%.8s %llu", stream->name,
                 (unsigned long long)*at);
        CHECK(slice_eq(records[i].body, slice_str(body)));
        ++*at;
    }
    follow_more(s->follow, stream->index);
}

static void on_note(void *arg, const struct follow_note *note)
{
    ((struct seen *)arg)->notes[note->event]++;
    if (note->err != NULL)
        printf("# %s: %s\n", note->stream != NULL ? note->stream->name : "list",
               note->err->text);
}

static void create(size_t i)
{
    struct replied r = {0};
    int64_t end = loop_now() + PATIENCE_MS;
    char name[8];

    name_of(name, i);
    do {
        memset(&r, 0, sizeof(r));
        CHECK(basin_create(basin, name, replied_done, &r, NULL) != NULL);
        replied_run(http, &r, 1);
    } while (r.reply.outcome == OUTCOME_RETRY && loop_now() < end);
    CHECK_INT(r.reply.outcome, OUTCOME_OK);
    written[i] = 0;
}

/* ${n} records, and a command among them. */
static void append_to(size_t i, size_t n)
{
    static const struct wire_header fence = {{"", 0}, {"fence", 5}};
    static struct wire_record records[WIRE_BATCH_RECORDS];
    static char bodies[WIRE_BATCH_RECORDS][32];
    struct wire_append append = {records, n + 1, false, 0, NULL};
    struct replied r = {0};
    uint64_t now = (uint64_t)(loop_wall() / 1000);
    char name[8];

    name_of(name, i);
    memset(records, 0, sizeof(records));
    records[0].headers = &fence;
    records[0].nheaders = 1;
    records[0].timestamp = now;
    for (size_t k = 0; k < n; k++) {
        snprintf(bodies[k], sizeof(bodies[k]), "%s %llu", name,
                 (unsigned long long)written[i]++);
        records[k + 1].timestamp = now;
        records[k + 1].body = slice_str(bodies[k]);
    }
    CHECK(basin_append(basin, name, &append, replied_done, &r, NULL) != NULL);
    replied_run(http, &r, 1);
    CHECK_INT(r.reply.outcome, OUTCOME_OK);
    CHECK_STR(r.reply.err.text, "");
}

static void start(struct basin *of, bool once)
{
    static const char *const prefixes[] = {"f/"};
    struct follow_config config = {.basin = of,
                                   .prefixes = prefixes,
                                   .nprefixes = 1,
                                   .discover_ms = 300,
                                   .once = once,
                                   .page = 700,
                                   .seed = 5,
                                   .hooks = {on_records, on_note, &seen}};

    memset(&seen, 0, sizeof(seen));
    follow = NEEDED(follow_new(&config, NULL));
    seen.follow = follow;
}

static void turn(struct err *err)
{
    int64_t now = loop_now(), next;

    if (follow_run(follow, now, &next, err) != 0)
        return;
    basin_run(basin, now);
    CHECK(http_wait(http, NULL, 0, next - now > 50 ? 50 : next - now, NULL) ==
          0);
}

static const struct follow_stream *told(size_t i)
{
    size_t n;
    const struct follow_stream *const *all = follow_streams(follow, &n);
    static const struct follow_stream none;

    return i < n ? all[i] : &none;
}

static bool all_live(size_t n)
{
    size_t found;

    follow_streams(follow, &found);
    for (size_t i = 0; i < n; i++) {
        if (found < n || told(i)->state != FOLLOW_LIVE ||
            seen.n[number_of(told(i)->name)] !=
                written[number_of(told(i)->name)])
            return false;
    }
    return true;
}

static void await_all(size_t n)
{
    int64_t end = loop_now() + PATIENCE_MS;
    struct err err = ERR_INIT;

    while (!all_live(n) && loop_now() < end && err.code == ERR_NONE)
        turn(&err);
    CHECK(all_live(n));
    CHECK_STR(err.text, "");
}

static void test_catch_up_and_follow(void)
{
    struct replied r = {0};

    basin_create_basin(basin, replied_done, &r, NULL);
    replied_run(http, &r, 1);
    for (size_t i = 0; i < STREAMS - 1; i++) {
        create(i);
        if (i % 3 != 0)
            append_to(i, 1 + i * 9);
    }
    for (int k = 0; k < 5; k++)
        append_to(1, 900);
    start(basin, false);
    await_all(STREAMS - 1);
    for (size_t i = 0; i < STREAMS - 1; i++)
        append_to(i, 1 + i % 3);
    create(STREAMS - 1);
    append_to(STREAMS - 1, 5);
    await_all(STREAMS);
    CHECK_INT(seen.notes[FOLLOW_FOUND], STREAMS);
    CHECK_INT(seen.notes[FOLLOW_RETRY], 0);
    CHECK_INT(told(1)->next_seq, told(1)->tail_seq);
    CHECK_INT(told(1)->missing, 0);
}

static void raw_done(void *arg, const struct http_reply *reply)
{
    *(int *)arg = reply->status;
}

static void delete_stream(const char *escaped)
{
    const char *headers[] = {"s2-basin: " BASIN};
    char url[200];
    struct http_spec spec = {.method = "DELETE",
                             .url = url,
                             .headers = headers,
                             .nheaders = 1,
                             .timeout_ms = 10000,
                             .max_reply = 65536};
    int status = 0;

    snprintf(url, sizeof(url), "%s/v1/streams/%s", lite.endpoint, escaped);
    CHECK(http_start(http, &spec, raw_done, &status, NULL) != NULL);
    while (status == 0)
        CHECK(http_wait(http, NULL, 0, 1000, NULL) == 0);
    CHECK_INT(status, 202);
}

/* A deletion ends the session; the stream that is made anew is found. */
static void test_deleted(void)
{
    int64_t end = loop_now() + PATIENCE_MS;
    struct err err = ERR_INIT;

    delete_stream("f%2F04");
    while (seen.notes[FOLLOW_GONE] == 0 && loop_now() < end &&
           err.code == ERR_NONE)
        turn(&err);
    CHECK_INT(seen.notes[FOLLOW_GONE], 1);
    CHECK_INT(told(4)->state, FOLLOW_DELETED);
    CHECK(told(4)->last_ms < UINT64_MAX / 2);
    create(4);
    seen.n[4] = 0;
    append_to(4, 3);
    await_all(STREAMS);
    CHECK_INT(seen.notes[FOLLOW_FOUND], STREAMS + 1);
    follow_free(follow);
}

static void test_once(void)
{
    int64_t end = loop_now() + PATIENCE_MS;
    struct err err = ERR_INIT;

    start(basin, true);
    while (!follow_done(follow) && loop_now() < end && err.code == ERR_NONE)
        turn(&err);
    CHECK(follow_done(follow));
    for (size_t i = 0; i < STREAMS; i++)
        CHECK_INT(seen.n[i], written[i]);
    follow_free(follow);
}

static void test_no_basin(void)
{
    int64_t end = loop_now() + PATIENCE_MS;
    struct basin *other = lite_basin(&lite, http, "never-created");
    struct err err = ERR_INIT;

    start(other, false);
    while (loop_now() < end && err.code == ERR_NONE)
        turn(&err);
    CHECK_INT(err.code, ERR_CONFIG);
    follow_free(follow);
    basin_free(other);
}

int main(void)
{
    struct http_config config = {"test/1", NULL, 16, 0};

    lite_need(&lite);
    lite_start(&lite, NULL);
    http = NEEDED(http_new(&config, NULL));
    basin = NEEDED(lite_basin(&lite, http, BASIN));
    RUN(test_catch_up_and_follow);
    RUN(test_deleted);
    RUN(test_once);
    RUN(test_no_basin);
    basin_free(basin);
    http_free(http);
    lite_stop(&lite);
    return check_done();
}
