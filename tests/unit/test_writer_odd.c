/* Answers to a writer that no basin should give, or hardly ever gives. */
#include "check.h"

#include "basin/seen.h"
#include "writerscene.h"

/* Nothing counts as durable for an ack of other numbers. */
static void misfit(uint64_t start, uint64_t stop)
{
    struct scene s;

    begin(&s);
    add(&s, "a");
    add(&s, "b");
    append(&s, 0, 2);
    answer_ack(&s.basin, start, stop);
    check_dead(&s, ERR_PROTOCOL,
               "s: the ack does not fit the batch that was sent");
}

static void test_ack_does_not_fit(void)
{
    misfit(1, 3);
    misfit(0, 1);
    misfit(0, 3);
    misfit(1, 2);
}

static void test_refused_for_its_own_number(void)
{
    struct scene s;

    begin(&s);
    add(&s, "a");
    append(&s, 0, 1);
    answer_tail(&s.basin, APPEND, 0);
    check_dead(&s, ERR_PROTOCOL,
               "s: an append was refused for the number that it named");
}

/* It names no token that could be a wrong one. */
static void test_fenced(void)
{
    struct scene s;

    begin(&s);
    add(&s, "a");
    append(&s, 0, 1);
    answer_outcome(&s.basin, APPEND, OUTCOME_FENCED);
    check_dead(&s, ERR_UNAVAILABLE, "s: not so");
}

/* As MISMATCH to a question for the tail. */
static void unfit(enum asked asked, enum outcome outcome)
{
    struct scene s;

    start(&s, true, -1);
    CHECK_INT(run(&s), 0);
    if (asked == CREATE_BASIN)
        answer_outcome(&s.basin, CREATE, OUTCOME_NO_BASIN);
    else if (asked != CREATE)
        answer_outcome(&s.basin, CREATE, OUTCOME_OK);
    CHECK_INT(run(&s), 0);
    if (asked == READ || asked == APPEND)
        answer_tail(&s.basin, TAIL, asked == READ ? 5 : 0);
    add(&s, "a");
    writer_flush(s.writer);
    CHECK_INT(run(&s), 0);
    answer_outcome(&s.basin, asked, outcome);
    check_dead(&s, ERR_PROTOCOL, "s: the answer does not fit the request");
}

static void test_answer_does_not_fit(void)
{
    for (enum asked asked = CREATE_BASIN; asked <= READ; asked++)
        unfit(asked, OUTCOME_MISMATCH);
    for (enum asked asked = CREATE_BASIN; asked <= TAIL; asked++)
        unfit(asked, OUTCOME_UNWRITTEN);
    unfit(APPEND, OUTCOME_UNWRITTEN);
}

/* How many requests are made without the clock going on, while the basin can
 * be made, and is missing all the same. */
static unsigned miss(struct scene *s)
{
    int64_t next;
    unsigned n = 0;

    while (n < 100 && writer_run(s->writer, s->now, &next, &s->err) == 0 &&
           s->basin.op.asked != NOTHING) {
        enum asked asked = s->basin.op.asked;

        answer_outcome(&s->basin, asked,
                       asked == CREATE ? OUTCOME_NO_BASIN : OUTCOME_OK);
        n++;
    }
    return n;
}

/* Once it is made at once; then its absence is a failure like others. */
static void test_basin_stays_missing(void)
{
    struct scene s;

    start(&s, true, -1);
    CHECK_INT(miss(&s), 3);
    CHECK_INT(s.notes[WRITER_RETRY], 1);
    s.now = 500;
    CHECK_INT(miss(&s), 2);
    CHECK_INT(s.notes[WRITER_RETRY], 2);
    s.now = 1500;
    CHECK_INT(miss(&s), 2);
    CHECK_INT(s.notes[WRITER_CREATED], 1);
    CHECK_INT(s.notes[WRITER_RECOVERED], 0);
    check_dead(&s, ERR_UNAVAILABLE, "s: given up: not so");
}

/* It took a while to be there. */
static void test_basin_comes_late(void)
{
    struct scene s;

    start(&s, true, -1);
    CHECK_INT(miss(&s), 3);
    CHECK_INT(run(&s), 0);
    answer_outcome(&s.basin, CREATE_BASIN, OUTCOME_OK);
    CHECK_INT(run(&s), 0);
    answer_outcome(&s.basin, CREATE, OUTCOME_OK);
    CHECK_INT(run(&s), 0);
    CHECK_INT(s.notes[WRITER_RECOVERED], 0);
    answer_tail(&s.basin, TAIL, 0);
    CHECK_INT(s.notes[WRITER_RECOVERED], 1);
    CHECK_INT(s.n, 1);
    end(&s);
}

static void test_cannot_be_asked(void)
{
    struct scene s;

    begin(&s);
    s.basin.full = true;
    add(&s, "a");
    writer_flush(s.writer);
    check_dead(&s, ERR_OS, "s: out of memory");
}

/* A batch of two whose answer is lost, and which then meets others' records:
 * it is about to read [0, ${tail}). */
static void lose(struct scene *s, uint64_t tail)
{
    begin(s);
    add(s, "0");
    add(s, "x");
    append(s, 0, 2);
    answer_outcome(&s->basin, APPEND, OUTCOME_UNKNOWN);
    CHECK_INT(run(s), 0);
    append(s, 0, 2);
    answer_tail(&s->basin, APPEND, tail);
    CHECK_INT(run(s), 0);
    CHECK_INT(s->basin.op.asked, READ);
    CHECK_INT(s->basin.op.read.from, 0);
    CHECK_INT(s->basin.op.read.limit, tail);
}

/* Only what stood there then is compared, whatever the page brings. */
static void test_read_back(void)
{
    struct scene s;

    lose(&s, 3);
    answer_page(&s.basin, 0, 2);
    CHECK_INT(run(&s), 0);
    CHECK_INT(s.basin.op.read.from, 2);
    answer_page(&s.basin, 2, 6);
    CHECK_INT(s.notes[WRITER_RESOLVED], 1);
    CHECK_INT(s.n, 1);
    CHECK_INT(s.acked, 1);
    append(&s, 3, 1);
    answer_ack(&s.basin, 3, 4);
    CHECK_INT(s.acked, 2);
    CHECK_INT(s.notes[WRITER_GAP], 0);
    /* Not learnt, though it was on the page. */
    add(&s, "5");
    end(&s);
}

/* What cannot be read back is said to be a gap. */
static void test_read_back_with_a_hole(void)
{
    struct scene s;

    lose(&s, 5);
    answer_page(&s.basin, 2, 5);
    CHECK_INT(s.notes[WRITER_GAP], 1);
    append(&s, 5, 2);
    end(&s);
    lose(&s, 5);
    answer_page(&s.basin, 0, 0);
    CHECK_INT(s.notes[WRITER_GAP], 1);
    end(&s);
    lose(&s, 5);
    answer_page(&s.basin, 0, 3);
    CHECK_INT(run(&s), 0);
    answer_outcome(&s.basin, READ, OUTCOME_UNWRITTEN);
    CHECK_INT(s.notes[WRITER_GAP], 1);
    CHECK_INT(s.notes[WRITER_RESOLVED], 0);
    CHECK_INT(writer_stats(s.writer)->gaps, 1);
    append(&s, 5, 1);
    end(&s);
}

/* One that loses its end before it is learnt. */
static void test_nothing_to_load(void)
{
    struct scene s;

    open_scene(&s, -1);
    answer_tail(&s.basin, TAIL, 5);
    CHECK_INT(run(&s), 0);
    answer_outcome(&s.basin, READ, OUTCOME_UNWRITTEN);
    CHECK(writer_ready(s.writer));
    add(&s, "a");
    append(&s, 5, 1);
    end(&s);
}

/* The stream vanishes while it is read: all is written into the new one. */
static void test_deleted_while_read_back(void)
{
    struct scene s;

    lose(&s, 5);
    answer_outcome(&s.basin, READ, OUTCOME_NO_STREAM);
    CHECK_INT(run(&s), 0);
    CHECK_INT(run(&s), 0);
    answer_outcome(&s.basin, CREATE, OUTCOME_OK);
    append(&s, 0, 2);
    answer_ack(&s.basin, 0, 2);
    CHECK_INT(s.acked, 2);
    end(&s);
}

/* And before it was known: its tail is asked anew. */
static void test_deleted_while_loaded(void)
{
    struct scene s;

    open_scene(&s, -1);
    answer_tail(&s.basin, TAIL, 5);
    CHECK_INT(run(&s), 0);
    answer_outcome(&s.basin, READ, OUTCOME_NO_STREAM);
    CHECK_INT(run(&s), 0);
    CHECK_INT(run(&s), 0);
    answer_outcome(&s.basin, CREATE, OUTCOME_OK);
    CHECK_INT(run(&s), 0);
    answer_tail(&s.basin, TAIL, 0);
    CHECK(writer_ready(s.writer));
    end(&s);
}

/* Where the records to learn begin, by time; in any case the newest are. */
static uint64_t loads_from(enum outcome outcome, uint64_t found)
{
    const uint64_t tail = 2 * SEEN_LEAST;
    uint64_t from;
    struct scene s;

    open_scene(&s, 1000000);
    answer_tail(&s.basin, TAIL, tail);
    CHECK_INT(run(&s), 0);
    CHECK(s.basin.op.read.by_time);
    if (outcome == OUTCOME_OK)
        answer_page(&s.basin, found, found < tail ? found + 1 : found);
    else
        answer_outcome(&s.basin, READ, outcome);
    CHECK_INT(run(&s), 0);
    CHECK(!s.basin.op.read.by_time);
    from = s.basin.op.read.from;
    end(&s);
    return from;
}

static void test_where_loading_begins(void)
{
    CHECK_INT(loads_from(OUTCOME_OK, 12), 12);
    CHECK_INT(loads_from(OUTCOME_OK, SEEN_LEAST + 1), SEEN_LEAST);
    CHECK_INT(loads_from(OUTCOME_OK, 2 * SEEN_LEAST), SEEN_LEAST);
    CHECK_INT(loads_from(OUTCOME_UNWRITTEN, 0), SEEN_LEAST);
}

/* A batch is what S2 takes at once; a full one does not wait. */
static void test_large_records(void)
{
    const size_t size = WIRE_BATCH_BYTES / 2 - 100;
    struct scene s;

    begin(&s);
    add_long(&s, "a", size);
    CHECK_INT(run(&s), 0);
    CHECK_INT(s.basin.op.asked, NOTHING);
    add_long(&s, "b", size);
    add_long(&s, "c", size);
    CHECK_INT(run(&s), 0);
    CHECK_INT(s.basin.op.n, 2);
    answer_ack(&s.basin, 0, 2);
    CHECK_INT(run(&s), 0);
    CHECK_INT(s.basin.op.asked, NOTHING);
    append(&s, 2, 1);
    end(&s);
}

/* Once started, a stream keeps its place. */
static void test_known_stream(void)
{
    struct scene s;

    begin(&s);
    CHECK_INT(writer_stream(s.writer, "s", NULL), 0);
    CHECK(writer_ready(s.writer));
    add(&s, "a");
    append(&s, 0, 1);
    CHECK(!writer_answered(s.writer));
    answer_ack(&s.basin, 0, 1);
    CHECK(writer_answered(s.writer));
    CHECK_INT(run(&s), 0);
    CHECK(!writer_answered(s.writer));
    end(&s);
    writer_free(NULL);
}

int main(void)
{
    RUN(test_ack_does_not_fit);
    RUN(test_refused_for_its_own_number);
    RUN(test_fenced);
    RUN(test_answer_does_not_fit);
    RUN(test_basin_stays_missing);
    RUN(test_basin_comes_late);
    RUN(test_cannot_be_asked);
    RUN(test_read_back);
    RUN(test_read_back_with_a_hole);
    RUN(test_nothing_to_load);
    RUN(test_deleted_while_read_back);
    RUN(test_deleted_while_loaded);
    RUN(test_where_loading_begins);
    RUN(test_large_records);
    RUN(test_known_stream);
    return check_done();
}
