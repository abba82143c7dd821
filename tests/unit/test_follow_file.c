/* Following many streams of an embedded basin while it is written to. */
#include "base/retry.h"
#include "basin/follow.h"
#include "filetest.h"

#define SEED 20260204u
#define STREAMS 12

/* What the caller has seen of each stream, by index. */
struct seen {
    uint64_t n[1000];
    uint64_t batches;
    bool more; /* asks for more at once */
    struct follow *follow;
    unsigned notes[FOLLOW_RESTARTED + 1];
};

static struct basin *writer, *reader;
static struct follow *follow;
static struct seen seen;
static struct got got;
static int64_t clock_ms;
static uint64_t written[1000];

static void on_records(void *arg, const struct follow_stream *stream,
                       const struct wire_record *records, size_t n)
{
    struct seen *s = arg;

    s->batches++;
    for (size_t i = 0; i < n; i++) {
        char body[64];

        snprintf(body, sizeof(body), "%.20s %llu", stream->name,
                 (unsigned long long)s->n[stream->index]);
        CHECK(slice_eq(records[i].body, slice_str(body)));
        CHECK_INT(records[i].seq_num, s->n[stream->index]);
        s->n[stream->index]++;
    }
    if (s->more)
        follow_more(s->follow, stream->index);
}

static void on_note(void *arg, const struct follow_note *note)
{
    ((struct seen *)arg)->notes[note->event]++;
}

static void name_of(char name[16], size_t i)
{
    snprintf(name, 16, "s/%03u", (unsigned)i);
}

static void append_to(size_t i, size_t n)
{
    static struct wire_record records[1000];
    static char bodies[1000][32];
    struct wire_append append = {records, n, false, 0, NULL};
    char name[16];

    name_of(name, i);
    for (size_t k = 0; k < n; k++) {
        snprintf(bodies[k], sizeof(bodies[k]), "%s %llu", name,
                 (unsigned long long)(written[i] + k));
        records[k].timestamp = 1000 + written[i] + k;
        records[k].body = slice_str(bodies[k]);
    }
    written[i] += n;
    CHECK_INT(ft_batch(writer, name, &append, &got), OUTCOME_OK);
}

static void begin(size_t streams)
{
    char name[16];

    ft_begin();
    memset(&seen, 0, sizeof(seen));
    memset(written, 0, sizeof(written));
    seen.more = true;
    clock_ms = 1000;
    writer = ft_open(ft_path("b"), true);
    for (size_t i = 0; i < streams; i++) {
        name_of(name, i);
        ft_create(writer, name);
    }
    reader = ft_open(ft_path("b"), false);
}

static void start(bool once)
{
    static const char *const prefixes[] = {"s/"};
    struct follow_config config = {.basin = reader,
                                   .prefixes = prefixes,
                                   .nprefixes = 1,
                                   .discover_ms = 1000,
                                   .once = once,
                                   .page = 1500,
                                   .hooks = {on_records, on_note, &seen}};

    follow = NEEDED(follow_new(&config, NULL));
    seen.follow = follow;
}

static void end(void)
{
    got_clear(&got);
    follow_free(follow);
    basin_free(reader);
    basin_free(writer);
    ft_end();
}

/* The loop, for ${ms} of its clock. */
static void run_for(int64_t ms)
{
    int64_t end_ms = clock_ms + ms;

    while (clock_ms <= end_ms) {
        struct err err = ERR_INIT;
        int64_t next, due;

        CHECK_INT(follow_run(follow, clock_ms, &next, &err), 0);
        CHECK_STR(err.text, "");
        due = basin_run(reader, clock_ms);
        if (!follow_answered(follow))
            clock_ms = next < due ? next : due;
    }
    clock_ms = end_ms;
}

static const struct follow_stream *told(size_t i)
{
    size_t n;
    const struct follow_stream *const *all = follow_streams(follow, &n);

    CHECK(i < n);
    return all[i];
}

static void test_with_a_writer(void)
{
    struct rng rng = {SEED};
    size_t streams = 2;

    printf("# seed %u\n", SEED);
    begin(streams);
    append_to(0, 1000);
    for (int i = 0; i < 7; i++)
        append_to(1, 1000);
    start(false);
    for (int i = 0; i < 400; i++) {
        if (streams < STREAMS && rng_next(&rng) % 10 == 0) {
            char name[16];

            name_of(name, streams++);
            ft_create(writer, name);
        }
        append_to(rng_next(&rng) % streams, 1 + rng_next(&rng) % 200);
        run_for((int64_t)(rng_next(&rng) % 100));
    }
    run_for(3000);
    for (size_t i = 0; i < streams; i++) {
        CHECK_INT(seen.n[i], written[i]);
        CHECK_INT(told(i)->state, FOLLOW_LIVE);
        CHECK_INT(told(i)->tail_seq, written[i]);
        CHECK(!told(i)->stale);
    }
    /* Quiet, but not stale. */
    run_for(100000);
    for (size_t i = 0; i < streams; i++)
        CHECK(!told(i)->stale);
    CHECK_INT(seen.notes[FOLLOW_FOUND], STREAMS);
    CHECK_INT(seen.notes[FOLLOW_RETRY], 0);
    end();
}

static void test_once(void)
{
    begin(3);
    for (int i = 0; i < 3; i++)
        append_to(0, 1000);
    append_to(2, 10);
    start(true);
    for (int i = 0; i < 1000 && !follow_done(follow); i++) {
        int64_t next;

        CHECK_INT(follow_run(follow, clock_ms, &next, NULL), 0);
        basin_run(reader, clock_ms);
        /* What comes while it runs is not its concern. */
        if (seen.n[0] > 0 && written[0] == 3000)
            append_to(0, 1000);
    }
    CHECK(follow_done(follow));
    CHECK_INT(seen.n[0], 3000);
    CHECK_INT(seen.n[1], 0);
    CHECK_INT(told(0)->next_seq, 3000);
    end();
}

static void test_credit(void)
{
    begin(1);
    for (int i = 0; i < 4; i++)
        append_to(0, 1000);
    seen.more = false;
    start(false);
    run_for(60000);
    CHECK_INT(seen.n[0], 1500);
    CHECK(!told(0)->stale);
    CHECK_INT(follow_bound(follow, 1000000), 1000 + 1499);
    follow_more(follow, 0);
    run_for(500);
    CHECK_INT(seen.n[0], 3000);
    follow_more(follow, 0);
    run_for(500);
    CHECK_INT(seen.n[0], 4000);
    CHECK_INT(told(0)->state, FOLLOW_LIVE);
    CHECK_INT(follow_bound(follow, 1000000), 1000000);
    end();
}

static void test_deleted_by_hand(void)
{
    begin(2);
    append_to(0, 20);
    append_to(1, 20);
    start(false);
    run_for(1000);
    ft_sql("DELETE FROM stream WHERE name = 's/000';"
           "DELETE FROM record WHERE stream = 1");
    run_for(10000);
    CHECK_INT(seen.notes[FOLLOW_GONE], 1);
    CHECK_INT(told(0)->state, FOLLOW_DELETED);
    CHECK_INT(told(1)->state, FOLLOW_LIVE);
    ft_create(writer, "s/000");
    written[0] = 0;
    seen.n[0] = 0;
    append_to(0, 30);
    run_for(3000);
    CHECK_INT(seen.n[0], 30);
    CHECK_INT(seen.notes[FOLLOW_RESTARTED], 1);
    CHECK_INT(told(0)->missing, 0);
    CHECK_INT(told(0)->state, FOLLOW_LIVE);
    end();
}

static void test_a_thousand(void)
{
    begin(1000);
    for (size_t i = 0; i < 1000; i++)
        append_to(i, 1 + i % 300);
    start(false);
    run_for(3000);
    for (size_t i = 0; i < 1000; i++)
        append_to(i, 3);
    run_for(200);
    for (size_t i = 0; i < 1000; i++)
        CHECK_INT(seen.n[i], written[i]);
    CHECK_INT(told(999)->state, FOLLOW_LIVE);
    end();
}

int main(void)
{
    RUN(test_with_a_writer);
    RUN(test_once);
    RUN(test_credit);
    RUN(test_deleted_by_hand);
    RUN(test_a_thousand);
    return check_done();
}
