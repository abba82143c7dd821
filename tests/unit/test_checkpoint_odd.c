/* Answers to a job's checkpoints that no basin should give, and callers that
 * ask for what cannot be. */
#include "check.h"

#include <stdlib.h>

#include "base/loop.h"
#include "basin/checkpoint.h"
#include "basinbyhand.h"

#define WALL_MS INT64_C(1784560000000)

struct scene {
    struct basin_byhand basin;
    struct checkpoint *cp;
    const char *url; /* of where it begins */
    int64_t now;
    int64_t next;
    int notes[CHECKPOINT_LOST + 1];
    struct err err;
};

static int on_begin(void *arg, const struct checkpoint_found *found,
                    struct checkpoint_at *begin, struct err *err)
{
    (void)found;
    (void)err;
    *begin = (struct checkpoint_at){5, 5, -1, -1, ((struct scene *)arg)->url};
    return 0;
}

static void on_note(void *arg, const struct checkpoint_note *note)
{
    ((struct scene *)arg)->notes[note->event]++;
}

static int run(struct scene *s)
{
    return checkpoint_run(s->cp, s->now, WALL_MS, &s->next, &s->err);
}

/* One that is about to create its stream. */
static void start(struct scene *s, const char *url)
{
    static const struct checkpoint_settings settings = {
        "00000000000000000000000000000000", NULL, 0};
    struct checkpoint_config config = {.basin = &s->basin.head,
                                       .create_basin = true,
                                       .stream = "_bsky2s2/j",
                                       .job = "j",
                                       .settings = &settings,
                                       .host = "here",
                                       .pid = 12,
                                       .token = "ours",
                                       .every_ms = CHECKPOINT_EVERY_MS,
                                       .still_ms = CHECKPOINT_STILL_MS,
                                       .retry_for = 1000,
                                       .hooks = {on_begin, on_note, s}};

    memset(s, 0, sizeof(*s));
    s->url = url;
    basin_byhand_begin(&s->basin);
    s->cp = NEEDED(checkpoint_new(&config, NULL));
}

/* One that asks for the tail of its stream. */
static void open_scene(struct scene *s, const char *url)
{
    start(s, url);
    CHECK_INT(run(s), 0);
    answer_outcome(&s->basin, CREATE, OUTCOME_OK);
    CHECK_INT(run(s), 0);
    CHECK_INT(s->basin.op.asked, TAIL);
}

/* One that has sent its fence to an empty stream. */
static void fence(struct scene *s)
{
    open_scene(s, "wss://a.example");
    answer_tail(&s->basin, TAIL, 0);
    CHECK_INT(run(s), 0);
    CHECK_INT(s->basin.op.asked, APPEND);
    CHECK_INT(s->basin.op.match, 0);
    CHECK_INT(s->basin.op.n, 2);
}

/* One whose fence is in force. */
static void begin(struct scene *s)
{
    fence(s);
    answer_ack(&s->basin, 0, 2);
    CHECK(checkpoint_ready(s->cp));
    CHECK_INT(s->notes[CHECKPOINT_WRITTEN], 1);
    CHECK_INT(run(s), 0);
    CHECK_INT(s->basin.op.asked, NOTHING);
}

static void end(struct scene *s)
{
    checkpoint_free(s->cp);
    CHECK_INT(s->basin.op.asked, NOTHING);
}

static void put(struct scene *s, const struct checkpoint_at *at)
{
    checkpoint_put(s->cp, at);
    checkpoint_flush(s->cp);
}

/* ${at} is written at once, or stands already. */
static void check_written(struct scene *s, const struct checkpoint_at *at,
                          bool written)
{
    uint64_t from;

    put(s, at);
    CHECK(checkpoint_settled(s->cp) != written);
    CHECK_INT(run(s), 0);
    CHECK_INT(s->basin.op.asked, written ? APPEND : NOTHING);
    from = s->basin.op.match;
    if (written)
        answer_ack(&s->basin, from, from + 1);
    CHECK(checkpoint_settled(s->cp));
}

static void check_dead(struct scene *s, enum err_code code, const char *text)
{
    CHECK_INT(run(s), -1);
    CHECK_INT(s->err.code, code);
    CHECK_STR(s->err.text, text);
    CHECK(!checkpoint_ready(s->cp));
    CHECK_INT(s->basin.op.asked, NOTHING);
    end(s);
}

#define NO_FIT "_bsky2s2/j: the ack does not fit the batch that was sent"
#define OWN "_bsky2s2/j: an append was refused for the number that it named"

static void misfit(uint64_t start, uint64_t stop)
{
    const struct checkpoint_at at = {6, 6, -1, -1, "wss://a.example"};
    struct scene s;

    fence(&s);
    answer_ack(&s.basin, start, stop);
    check_dead(&s, ERR_PROTOCOL, NO_FIT);
    begin(&s);
    put(&s, &at);
    CHECK_INT(run(&s), 0);
    answer_ack(&s.basin, start + 2, stop + 1);
    CHECK_INT(s.notes[CHECKPOINT_WRITTEN], 1);
    check_dead(&s, ERR_PROTOCOL, NO_FIT);
}

static void test_ack_does_not_fit(void)
{
    misfit(0, 1);
    misfit(0, 3);
    misfit(1, 3);
    misfit(1, 2);
}

static void test_refused_for_its_own_number(void)
{
    const struct checkpoint_at at = {6, 6, -1, -1, "wss://a.example"};
    struct scene s;

    fence(&s);
    answer_tail(&s.basin, APPEND, 0);
    check_dead(&s, ERR_PROTOCOL, OWN);
    begin(&s);
    put(&s, &at);
    CHECK_INT(run(&s), 0);
    answer_tail(&s.basin, APPEND, 2);
    check_dead(&s, ERR_PROTOCOL, OWN);
}

/* As MISMATCH to a question for the tail. */
static void test_answer_does_not_fit(void)
{
    static const enum outcome outcomes[] = {OUTCOME_MISMATCH, OUTCOME_FENCED,
                                            OUTCOME_UNWRITTEN};

    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        struct scene s;

        open_scene(&s, "wss://a.example");
        answer_outcome(&s.basin, TAIL, outcomes[i]);
        check_dead(&s, ERR_PROTOCOL,
                   "_bsky2s2/j: the answer does not fit the request");
    }
}

/* How many requests are made without the clock going on, while the basin can
 * be made, and is missing all the same. */
static unsigned miss(struct scene *s)
{
    unsigned n = 0;

    while (n < 100 && run(s) == 0 && s->basin.op.asked != NOTHING) {
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

    start(&s, "wss://a.example");
    CHECK_INT(miss(&s), 3);
    CHECK_INT(s.notes[CHECKPOINT_RETRY], 1);
    s.now = 500;
    CHECK_INT(miss(&s), 2);
    CHECK_INT(s.notes[CHECKPOINT_RETRY], 2);
    s.now = 1500;
    CHECK_INT(miss(&s), 2);
    CHECK_INT(s.notes[CHECKPOINT_CREATED], 1);
    CHECK_INT(s.notes[CHECKPOINT_RECOVERED], 0);
    check_dead(&s, ERR_UNAVAILABLE, "_bsky2s2/j: given up: not so");
}

/* It took a while to be there. */
static void test_basin_comes_late(void)
{
    struct scene s;

    start(&s, "wss://a.example");
    CHECK_INT(miss(&s), 3);
    s.now = 500;
    CHECK_INT(run(&s), 0);
    answer_outcome(&s.basin, CREATE_BASIN, OUTCOME_OK);
    CHECK_INT(run(&s), 0);
    answer_outcome(&s.basin, CREATE, OUTCOME_OK);
    CHECK_INT(run(&s), 0);
    CHECK_INT(s.notes[CHECKPOINT_RECOVERED], 0);
    answer_tail(&s.basin, TAIL, 0);
    CHECK_INT(s.notes[CHECKPOINT_RECOVERED], 1);
    end(&s);
}

static void test_cannot_be_asked(void)
{
    struct scene s;

    open_scene(&s, "wss://a.example");
    answer_tail(&s.basin, TAIL, 0);
    s.basin.full = true;
    check_dead(&s, ERR_OS, "out of memory");
}

static void test_long_url(void)
{
    const struct checkpoint_at good = {6, 6, -1, -1, "wss://a.example"};
    char *url = calloc(1, CHECKPOINT_URL_MAX + 2);
    struct checkpoint_at at = {7, 7, -1, -1, url};
    struct scene s;

    memset(url, 'u', CHECKPOINT_URL_MAX + 1);
    open_scene(&s, url);
    answer_tail(&s.basin, TAIL, 0);
    check_dead(&s, ERR_BUG, "a URL that is too long");
    begin(&s);
    check_written(&s, &at, false);
    check_written(&s, &good, true);
    check_written(&s, &at, false);
    url[CHECKPOINT_URL_MAX] = '\0';
    check_written(&s, &at, true);
    end(&s);
    free(url);
}

/* A position is another one by each of its parts. */
static void test_every_part_counts(void)
{
    static const struct checkpoint_at ats[] = {
        {6, 6, -1, -1, "wss://a.example"}, {7, 6, -1, -1, "wss://a.example"},
        {7, 8, -1, -1, "wss://a.example"}, {7, 8, 1, -1, "wss://a.example"},
        {7, 8, 1, 2, "wss://a.example"},   {7, 8, 1, 2, "wss://b.example"},
        {-1, -1, 1, 2, "wss://b.example"},
    };
    struct scene s;

    begin(&s);
    for (size_t i = 0; i < sizeof(ats) / sizeof(ats[0]); i++) {
        check_written(&s, &ats[i], true);
        check_written(&s, &ats[i], false);
        CHECK(checkpoint_begun(s.cp));
    }
    end(&s);
}

/* Where nothing was put, there is nothing to flush, whatever is under way. */
static void test_flush_nothing(void)
{
    struct scene s;

    fence(&s);
    checkpoint_flush(s.cp);
    answer_ack(&s.basin, 0, 2);
    CHECK(checkpoint_settled(s.cp));
    CHECK_INT(run(&s), 0);
    CHECK_INT(s.basin.op.asked, NOTHING);
    end(&s);
}

/* Other settings are written down at once, with the position that stands. */
static void test_renew(void)
{
    const struct checkpoint_at at = {6, 6, -1, -1, "wss://a.example"};
    struct scene s;

    begin(&s);
    check_written(&s, &at, true);
    CHECK_INT(run(&s), 0);
    CHECK_INT(s.basin.op.asked, NOTHING);
    checkpoint_renew(s.cp);
    CHECK_INT(run(&s), 0);
    CHECK_INT(s.basin.op.asked, APPEND);
    answer_ack(&s.basin, 3, 4);
    CHECK_INT(s.notes[CHECKPOINT_WRITTEN], 3);
    CHECK_INT(run(&s), 0);
    CHECK_INT(s.basin.op.asked, NOTHING);
    end(&s);
}

int main(void)
{
    RUN(test_ack_does_not_fit);
    RUN(test_refused_for_its_own_number);
    RUN(test_answer_does_not_fit);
    RUN(test_basin_stays_missing);
    RUN(test_basin_comes_late);
    RUN(test_cannot_be_asked);
    RUN(test_long_url);
    RUN(test_every_part_counts);
    RUN(test_flush_nothing);
    RUN(test_renew);
    return check_done();
}
