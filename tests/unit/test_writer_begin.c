/* Another writer, at any point of a writer's beginning: what he appends is
 * neither written again nor taken for a gap. */
#include "check.h"

#include "writerrun.h"

#define HELD 20  /* records that the stream holds from the start */
#define TOTAL 40 /* records that are sent, those among them */

static void append_next(struct log *log)
{
    char body[24];

    snprintf(body, sizeof(body), "p%d", (int)log->n);
    store(log, body);
}

/* The other writer appends ${n} of our records before the request number
 * ${at} is answered.  Returns whether so many were made. */
static bool meet(int at, int n, int64_t from_ms)
{
    struct log *log;
    struct run run;
    bool met = false;

    begin_with(&run, 1, false, 1);
    log = &run.fake.logs[0];
    log->exists = true;
    while (log->n < HELD)
        append_next(log);
    writer_start(run.writer, from_ms);
    writer_flush(run.writer);
    for (int i = 0; i < TOTAL; i++)
        add(&run, 0, i);
    for (int i = 1; i < 100 && writer_records(run.writer) > 0; i++) {
        int64_t next;

        CHECK(writer_run(run.writer, run.now, &next, &run.err) == 0);
        met |= i == at && run.fake.ops != NULL;
        for (int j = 0; j < n && i == at; j++)
            append_next(log);
        basin_run(&run.fake.head, run.now);
        run.now += 40;
    }
    drain(&run);
    verify(&run, 0, TOTAL, true);
    CHECK_INT(log->n, TOTAL);
    CHECK_INT(run.acked[0], TOTAL - HELD - (met ? n : 0));
    CHECK_INT(run.notes[WRITER_GAP], 0);
    end(&run);
    return met;
}

static void sweep(int n, int64_t from_ms)
{
    int at;

    for (at = 1; at < 50 && meet(at, n, from_ms); at++) {
        if (check_bad) {
            printf("# %d records before answer %d\n", n, at);
            return;
        }
    }
    /* To create, the tail, at least three pages, to append. */
    CHECK(at > 6 && at < 50);
}

static void test_another_writer(void)
{
    for (int n = 1; n <= 15; n += 7) {
        sweep(n, -1);
        sweep(n, 0);
    }
}

int main(void)
{
    RUN(test_another_writer);
    return check_done();
}
