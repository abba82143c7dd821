/* The embedded basin: sessions that follow a stream, on a clock that the test
 * turns; and what a reader is told of a basin that it cannot open. */
#include <sys/wait.h>

#include "base/retry.h"
#include "filetest.h"

#define SEED 20260203u

/* What a session was told. */
struct heard {
    int calls, signs, overs;
    struct basin_reply last; /* its pointers are dead */
    uint64_t next;           /* of the record that must come next */
    uint64_t n;
    struct basin_op *op; /* to be cancelled at the call number ... */
    int cancel_at;
    struct basin *basin;
};

static struct basin *writer, *reader;
static struct got got;
static int64_t clock_ms;

static void hear(void *arg, const struct basin_reply *reply)
{
    struct heard *heard = arg;

    heard->calls++;
    heard->last = *reply;
    heard->overs += reply->over;
    heard->signs += reply->outcome == OUTCOME_OK && reply->nrecords == 0;
    for (size_t i = 0; i < reply->nrecords; i++) {
        char body[24];

        snprintf(body, sizeof(body), "%llu", (unsigned long long)heard->next);
        CHECK_INT(reply->records[i].seq_num, heard->next);
        CHECK(slice_eq(reply->records[i].body, slice_str(body)));
        heard->next++;
        heard->n++;
    }
    if (heard->calls == heard->cancel_at)
        basin_cancel(heard->basin, heard->op);
}

static void append_to(const char *stream, uint64_t from, size_t n)
{
    static struct wire_record records[1000];
    static char bodies[1000][24];
    struct wire_append append = {records, n, false, 0, NULL};

    for (size_t i = 0; i < n; i++) {
        snprintf(bodies[i], sizeof(bodies[i]), "%llu",
                 (unsigned long long)(from + i));
        records[i].timestamp = 1000 + (from + i) * 10;
        records[i].body = slice_str(bodies[i]);
    }
    CHECK_INT(ft_batch(writer, stream, &append, &got), OUTCOME_OK);
    CHECK_INT(got.start, from);
}

static void begin(size_t n)
{
    ft_begin();
    clock_ms = 1000;
    writer = ft_open(ft_path("b"), true);
    ft_create(writer, "s");
    for (size_t at = 0; at < n; at += 1000)
        append_to("s", at, n - at < 1000 ? n - at : 1000);
    reader = ft_open(ft_path("b"), false);
}

static void end(void)
{
    got_clear(&got);
    basin_free(reader);
    basin_free(writer);
    ft_end();
}

static struct basin_op *follow(struct heard *heard, bool by_time, uint64_t from,
                               size_t limit)
{
    struct wire_read read = {by_time, from, limit, 0};

    memset(heard, 0, sizeof(*heard));
    heard->basin = reader;
    heard->next = by_time ? 0 : from;
    heard->op = basin_follow(reader, "s", &read, hear, heard, NULL);
    CHECK(heard->op != NULL);
    return heard->op;
}

/* Turn the clock as the basin asks, for ${ms}. */
static void run_for(int64_t ms)
{
    int64_t end_ms = clock_ms + ms;

    for (int64_t next = clock_ms; next <= end_ms;) {
        clock_ms = next;
        next = basin_run(reader, clock_ms);
        CHECK(next >= clock_ms);
    }
    clock_ms = end_ms;
}

static void test_follows(void)
{
    struct heard heard;

    begin(2500);
    follow(&heard, false, 0, 0);
    CHECK_INT(basin_run(reader, clock_ms), clock_ms);
    CHECK_INT(heard.n, 1000);
    CHECK(heard.last.tail_known);
    CHECK_INT(heard.last.tail.seq_num, 2500);
    basin_run(reader, clock_ms);
    basin_run(reader, clock_ms);
    CHECK_INT(heard.n, 2500);
    run_for(1000);
    CHECK_INT(heard.calls, 3);
    append_to("s", 2500, 7);
    run_for(100);
    CHECK_INT(heard.n, 2507);
    CHECK_INT(heard.last.tail.seq_num, 2507);
    CHECK_INT(heard.last.tail.timestamp, 1000 + 25060);
    CHECK_INT(heard.overs, 0);
    end();
}

/* Once on reaching the tail, then every five seconds of silence. */
static void test_signs_of_life(void)
{
    struct heard heard;

    begin(3);
    follow(&heard, false, 3, 0);
    basin_run(reader, clock_ms);
    CHECK_INT(heard.signs, 1);
    CHECK(heard.last.tail_known);
    CHECK_INT(heard.last.tail.seq_num, 3);
    run_for(4900);
    CHECK_INT(heard.signs, 1);
    run_for(200);
    CHECK_INT(heard.signs, 2);
    append_to("s", 3, 1);
    run_for(4900);
    CHECK_INT(heard.signs, 2);
    CHECK_INT(heard.n, 1);
    run_for(60000);
    CHECK(heard.signs >= 13 && heard.signs <= 15);
    CHECK_INT(heard.overs, 0);
    end();
}

static void test_limit(void)
{
    static const struct {
        uint64_t from, limit, want;
        int calls;
        enum outcome outcome;
    } rows[] = {
        {0, 1, 1, 1, OUTCOME_OK},
        {0, 1000, 1000, 1, OUTCOME_OK},
        {0, 1500, 1500, 2, OUTCOME_OK},
        {0, 2500, 2500, 3, OUTCOME_OK},
        {0, 9999, 2500, 3, OUTCOME_OK},
        {2400, 100, 100, 1, OUTCOME_OK},
        {2499, 100, 1, 1, OUTCOME_OK},
        {2500, 100, 0, 1, OUTCOME_UNWRITTEN},
        {2501, 100, 0, 1, OUTCOME_UNWRITTEN},
        {2501, 0, 0, 1, OUTCOME_UNWRITTEN},
    };
    struct heard heard;

    begin(2500);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        follow(&heard, false, rows[i].from, rows[i].limit);
        run_for(20000);
        CHECK_INT(heard.n, rows[i].want);
        CHECK_INT(heard.calls, rows[i].calls);
        CHECK_INT(heard.overs, 1);
        CHECK(heard.last.over && heard.last.tail_known);
        CHECK_INT(heard.last.outcome, rows[i].outcome);
        CHECK_INT(heard.last.tail.seq_num, 2500);
    }
    end();
}

static void test_by_time(void)
{
    struct heard heard;

    begin(10);
    follow(&heard, true, 1045, 3);
    heard.next = 5;
    run_for(100);
    CHECK_INT(heard.n, 3);
    CHECK_INT(heard.overs, 1);
    /* From behind the last record: the tail of now, not of later. */
    follow(&heard, true, 1500, 0);
    heard.next = 10;
    run_for(100);
    CHECK_INT(heard.signs, 1);
    append_to("s", 10, 1);
    run_for(100);
    CHECK_INT(heard.n, 1);
    follow(&heard, true, 5000, 3);
    run_for(100);
    CHECK_INT(heard.last.outcome, OUTCOME_UNWRITTEN);
    CHECK_INT(heard.overs, 1);
    end();
}

/* The second page is found by number, whatever the first was found by. */
static void test_by_time_on_and_on(void)
{
    struct heard heard;

    begin(2500);
    follow(&heard, true, 1000 + 50, 0);
    heard.next = 5;
    run_for(1000);
    CHECK_INT(heard.next, 2500);
    end();
}

static void test_trimmed(void)
{
    struct heard heard;

    begin(30);
    ft_sql("DELETE FROM record WHERE seq_num < 20");
    follow(&heard, false, 5, 0);
    heard.next = 20;
    run_for(100);
    CHECK_INT(heard.n, 10);
    basin_cancel(reader, heard.op);
    ft_sql("DELETE FROM record");
    follow(&heard, false, 5, 10);
    run_for(100);
    CHECK_INT(heard.calls, 1);
    CHECK_INT(heard.last.outcome, OUTCOME_OK);
    CHECK(heard.last.over);
    follow(&heard, false, 5, 0);
    run_for(100);
    append_to("s", 30, 1);
    heard.next = 30;
    run_for(100);
    CHECK_INT(heard.n, 1);
    end();
}

static void test_no_stream(void)
{
    struct wire_read read = {false, 0, 0, 0};
    struct heard heard = {0};

    begin(0);
    basin_follow(reader, "none", &read, hear, &heard, NULL);
    run_for(100);
    CHECK_INT(heard.last.outcome, OUTCOME_NO_STREAM);
    CHECK_INT(heard.overs, 1);
    memset(&heard, 0, sizeof(heard));
    basin_follow(reader, "..", &read, hear, &heard, NULL);
    run_for(100);
    CHECK_INT(heard.last.outcome, OUTCOME_FAILED);
    CHECK_INT(heard.overs, 1);
    end();
}

/* By hand: seen at the latest when a sign of life is due. */
static void test_deleted(void)
{
    struct heard heard, other;

    begin(30);
    follow(&heard, false, 0, 0);
    follow(&other, false, 0, 0);
    run_for(100);
    ft_sql("DELETE FROM stream");
    run_for(6000);
    CHECK_INT(heard.last.outcome, OUTCOME_NO_STREAM);
    CHECK_INT(heard.overs, 1);
    CHECK_INT(other.overs, 1);
    CHECK_INT(basin_run(reader, clock_ms), LOOP_NEVER);
    /* Made again, with more records than were read. */
    ft_sql("DELETE FROM record");
    ft_create(writer, "s");
    append_to("s", 0, 30);
    follow(&heard, false, 0, 0);
    run_for(100);
    CHECK_INT(heard.n, 30);
    ft_sql("DELETE FROM record; DELETE FROM stream");
    ft_create(writer, "s");
    append_to("s", 0, 50);
    run_for(6000);
    CHECK_INT(heard.n, 30);
    CHECK_INT(heard.last.outcome, OUTCOME_NO_STREAM);
    CHECK_INT(heard.overs, 1);
    end();
}

/* The numbers go back: the store is older than what was read of it. */
static void test_rewound(void)
{
    struct heard heard;

    begin(30);
    follow(&heard, false, 0, 0);
    run_for(100);
    ft_sql("DELETE FROM record WHERE seq_num >= 10;"
           "UPDATE stream SET next_seq = 10");
    run_for(6000);
    CHECK_INT(heard.last.outcome, OUTCOME_UNWRITTEN);
    CHECK_INT(heard.last.tail.seq_num, 10);
    CHECK_INT(heard.overs, 1);
    end();
}

/* From within any of its calls, and from outside, in any state. */
static void test_cancel(void)
{
    struct heard heard, others[2];

    begin(2500);
    for (int at = 1; at <= 4; at++) {
        follow(&others[0], false, 0, 0);
        follow(&heard, false, 0, 0);
        follow(&others[1], false, 0, 0);
        heard.cancel_at = at;
        run_for(6000);
        CHECK_INT(heard.calls, at);
        for (int i = 0; i < 2; i++) {
            CHECK_INT(others[i].n, 2500);
            CHECK_INT(others[i].overs, 0);
            basin_cancel(reader, others[i].op);
        }
        CHECK_INT(basin_run(reader, clock_ms), LOOP_NEVER);
    }
    basin_cancel(reader, follow(&heard, false, 0, 0));
    follow(&heard, false, 0, 0);
    basin_run(reader, clock_ms);
    basin_cancel(reader, heard.op);
    CHECK_INT(basin_run(reader, clock_ms), LOOP_NEVER);
    CHECK_INT(heard.calls, 1);
    follow(&heard, false, 0, 0);
    run_for(100);
    end();
}

/* Each run gives every session one page. */
static void test_fair(void)
{
    struct heard heard[20];

    begin(3000);
    for (int i = 0; i < 20; i++)
        follow(&heard[i], false, 0, 0);
    for (uint64_t n = 1000; n <= 3000; n += 1000) {
        basin_run(reader, clock_ms);
        for (int i = 0; i < 20; i++)
            CHECK_INT(heard[i].n, n);
    }
    end();
}

/* The writer follows what it writes itself, at once. */
static void test_own_appends(void)
{
    struct heard heard;
    struct basin *both;

    begin(0);
    both = reader;
    reader = writer;
    follow(&heard, false, 0, 0);
    basin_run(writer, clock_ms);
    for (uint64_t i = 0; i < 5; i++) {
        append_to("s", i, 1);
        CHECK_INT(heard.n, i + 1);
    }
    reader = both;
    end();
}

/* Many streams and sessions, begun, cancelled and written to at random. */
static void test_at_random(void)
{
    struct rng rng = {SEED};
    struct heard heard[8];
    uint64_t n = 0;

    begin(0);
    memset(heard, 0, sizeof(heard));
    printf("# seed %u\n", SEED);
    for (int i = 0; i < 1000; i++) {
        struct heard *h = &heard[rng_next(&rng) % 8];
        unsigned what = (unsigned)(rng_next(&rng) % 10);

        if (what == 0 && h->op != NULL && h->overs == 0) {
            basin_cancel(reader, h->op);
            h->op = NULL;
        } else if (what <= 2 && (h->op == NULL || h->overs > 0)) {
            follow(h, false, rng_next(&rng) % (n + 1),
                   (rng_next(&rng) & 1) * (rng_next(&rng) % 3000));
        } else if (what <= 4) {
            size_t more = (size_t)(rng_next(&rng) % 300) + 1;

            append_to("s", n, more);
            n += more;
        } else {
            run_for((int64_t)(rng_next(&rng) % 200));
        }
    }
    run_for(10000);
    for (int i = 0; i < 8; i++)
        CHECK(heard[i].op == NULL || heard[i].overs == 1 || heard[i].next == n);
    end();
}

/*
 * What a child says that may not do all that root may.  It is made before
 * ${meanwhile} has run in this process, and holds nothing of what that opens.
 */
static int as_nobody(int (*what)(void), void (*meanwhile)(void))
{
    int status = 0, go[2];
    char byte = 0;
    pid_t pid;

    fflush(stdout);
    CHECK_INT(pipe(go), 0);
    pid = fork();
    if (pid == 0) {
        if (read(go[0], &byte, 1) != 1 || setgid(65534) != 0 ||
            setuid(65534) != 0)
            _exit(99);
        _exit(what());
    }
    if (meanwhile != NULL)
        meanwhile();
    CHECK_INT(write(go[1], &byte, 1), 1);
    waitpid(pid, &status, 0);
    close(go[0]);
    close(go[1]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void open_and_write(void)
{
    writer = ft_open(ft_path("b"), true);
    ft_create(writer, "s");
    append_to("s", 0, 3);
}

static int open_code(void)
{
    struct err err = ERR_INIT;
    struct basin *b = ft_try(ft_path("b"), false, &err);

    basin_free(b);
    return (int)err.code;
}

static int read_all(void)
{
    struct heard heard;

    reader = ft_try(ft_path("b"), false, NULL);
    if (reader == NULL)
        return 1;
    follow(&heard, false, 0, 0);
    run_for(6000);
    basin_free(reader);
    return heard.n == 3 && heard.overs == 0 ? 0 : 2;
}

/* Missing, empty: come again.  Not for us: no.  A directory that we must not
 * write to: as good as any. */
static void test_opening(void)
{
    if (getuid() != 0)
        SKIP("needs to be root to become somebody else");
    ft_begin();
    CHECK_INT(chmod(ft_dir, 0755), 0);
    CHECK_INT(as_nobody(open_code, NULL), ERR_NOINPUT);
    ft_write(ft_path("b"), "", 0);
    CHECK_INT(as_nobody(open_code, NULL), ERR_NOINPUT);
    unlink(ft_path("b"));
    CHECK_INT(as_nobody(read_all, open_and_write), 0);
    basin_free(writer);
    CHECK_INT(as_nobody(read_all, NULL), 0);
    CHECK_INT(chmod(ft_path("b"), 0600), 0);
    CHECK_INT(as_nobody(open_code, NULL), ERR_DENIED);
    CHECK_INT(chmod(ft_path("b"), 0644), 0);
    CHECK_INT(unlink(ft_path("b-shm")), 0);
    CHECK_INT(as_nobody(open_code, NULL), ERR_DENIED);
    /* Who cannot look into the directory cannot know that it is there. */
    CHECK_INT(chmod(ft_dir, 0700), 0);
    CHECK_INT(as_nobody(open_code, NULL), ERR_NOINPUT);
    got_clear(&got);
    ft_end();
}

int main(void)
{
    RUN(test_follows);
    RUN(test_signs_of_life);
    RUN(test_limit);
    RUN(test_by_time);
    RUN(test_by_time_on_and_on);
    RUN(test_trimmed);
    RUN(test_no_stream);
    RUN(test_deleted);
    RUN(test_rewound);
    RUN(test_cancel);
    RUN(test_fair);
    RUN(test_own_appends);
    RUN(test_at_random);
    RUN(test_opening);
    return check_done();
}
