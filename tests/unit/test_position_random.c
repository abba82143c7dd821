/*
 * A position against a server with a random log: ties in time, times that go
 * back, holes, an unsealed segment that comes whole; connections that end
 * anywhere, and runs that end and go on from any earlier place.
 */
#include "check.h"

#include <stdlib.h>

#include "base/retry.h"
#include "bsky/position.h"

#define EVENTS 1200
#define SEEDS 1500
#define T0 INT64_C(1795372740000000)
#define S(n) ((n)*INT64_C(1000000))

/* What was known before an event was judged: a checkpoint, if the run ends. */
struct mark {
    int64_t time_us;
    int64_t seq;
    int newest; /* index of the newest event received, -1: none */
};

struct world {
    struct rng rng;
    struct position pos;
    bool numbers; /* the server gives some */
    int64_t time[EVENTS];
    int64_t most[EVENTS];    /* the latest time so far */
    int segment;             /* so many events are sealed together */
    int tip;                 /* so many events exist */
    int begin;               /* index of the first one that is wanted */
    int64_t since;           /* or -1: the job began at the live tip */
    int first_taken[EVENTS]; /* as which mark, -1: not yet, or lost again */
    struct mark marks[EVENTS * 40];
    int nmarks;
    int newest;
    int crashes;
    int replayed;
};

static int64_t below(struct world *w, int64_t n)
{
    return (int64_t)(rng_next(&w->rng) % (uint64_t)n);
}

static void make_log(struct world *w)
{
    int64_t now = T0;
    int64_t step = below(w, 2) ? S(1) : S(10);

    for (int i = 0; i < EVENTS; i++) {
        if (below(w, 3) > 0) /* else a tie */
            now += below(w, 2 * step);
        if (below(w, 200) == 0)
            now += S(2700);
        w->time[i] = below(w, 12) == 0 ? now - below(w, S(60)) : now;
        w->most[i] =
            i > 0 && w->most[i - 1] > w->time[i] ? w->most[i - 1] : w->time[i];
        w->first_taken[i] = -1;
    }
}

/* Begin at the tip, with an event later than all before it: where its time has
 * gone back, or without a number is the same, nobody could tell it from them.
 * Or ask for a time. */
static void make_begin(struct world *w)
{
    w->tip = (int)below(w, EVENTS / 2) + 1;
    w->since = -1;
    if (below(w, 2) == 0) {
        while (w->time[w->tip] < w->most[w->tip - 1] + !w->numbers)
            w->tip++;
        w->begin = w->tip;
    } else {
        w->since = w->most[below(w, w->tip)] - below(w, S(3));
        w->begin = 0;
        while (w->time[w->begin] < w->since)
            w->begin++;
    }
    position_init(&w->pos, w->since);
}

/* Where the server begins to send. */
static int seek(const struct world *w, struct position_cursor cursor)
{
    int sealed = w->tip / w->segment * w->segment;
    int i = 0;

    if (!cursor.any || (cursor.is_seq && cursor.value > w->tip))
        return w->tip;
    if (cursor.is_seq)
        return (int)cursor.value - 1;
    if (cursor.value > w->most[w->tip - 1])
        return w->tip;
    if (sealed > 0 && cursor.value > w->most[sealed - 1])
        return sealed;
    while (w->time[i] < cursor.value)
        i++;
    return i;
}

static bool is_unwanted(const struct world *w, int i)
{
    if (i >= w->begin)
        return false;
    return w->numbers || w->since >= 0 || w->time[i] < w->time[w->begin];
}

/* One event; ${target} is C when the connection was made, ${known} the newest
 * event received by then; *${replay} ends with the first event at C. */
static void receive(struct world *w, int i, int64_t target, int known,
                    bool *replay)
{
    struct mark mark = {w->pos.time_us, w->pos.seq, w->newest};
    enum position_verdict verdict =
        position_event(&w->pos, w->time[i], w->numbers ? i + 1 : -1);

    if (w->since < 0 || target >= 0)
        CHECK(verdict != POSITION_GAP);
    if (w->time[i] >= target)
        *replay = false;
    if (i > w->newest)
        w->newest = i;
    w->replayed += *replay;
    if (verdict == POSITION_BELOW)
        return;
    CHECK(!is_unwanted(w, i));
    if (*replay && i <= known)
        CHECK(w->time[i] >= target - POSITION_REWIND_US);
    if (w->first_taken[i] < 0)
        w->first_taken[i] = w->nmarks;
    w->marks[w->nmarks] = mark;
    if (w->nmarks < EVENTS * 40 - 1)
        w->nmarks++;
}

static void converse(struct world *w, int n)
{
    bool by_time = below(w, 3) == 0;
    int64_t target = w->pos.time_us;
    int known = w->newest;
    bool replay = target >= 0;
    int i;

    i = seek(w, position_connect(&w->pos, "a:443", by_time));
    for (; n > 0 && i < EVENTS; n--) {
        if (i == w->tip)
            w->tip++;
        receive(w, i++, target, known, &replay);
    }
    if (w->tip < EVENTS)
        w->tip += (int)below(w, EVENTS - w->tip) / 10;
}

/* The run ends: what was taken after the place to go on from is lost. */
static void crash(struct world *w)
{
    struct position_place place = position_place(&w->pos);
    int at = w->nmarks - 1 - (int)below(w, w->nmarks < 300 ? w->nmarks : 300);
    bool known = w->pos.time_us >= 0;

    for (int i = 0; i < EVENTS; i++) {
        if (w->first_taken[i] >= at)
            w->first_taken[i] = -1;
    }
    place.time_us = w->marks[at].time_us;
    place.seq = w->marks[at].seq;
    w->newest = w->marks[at].newest;
    w->nmarks = at;
    position_resume(&w->pos, &place, known ? "a:443" : "");
    w->crashes++;
}

static void exercise(struct world *w, uint64_t seed)
{
    w->rng.state = seed;
    w->numbers = below(w, 2) == 0;
    w->segment = 100 + (int)below(w, 800);
    w->nmarks = 0;
    w->newest = -1;
    make_log(w);
    make_begin(w);
    for (int turns = 0; turns < 60 && w->newest < EVENTS - 1; turns++) {
        converse(w, 1 + (int)below(w, below(w, 2) ? 10 : 400));
        if (w->nmarks > 0 && below(w, 3) == 0)
            crash(w);
    }
    converse(w, 2 * EVENTS);
    for (int i = w->begin; i < EVENTS; i++)
        CHECK(w->first_taken[i] >= 0);
    CHECK_INT(w->pos.epoch, 0);
}

static void test_nothing_lost_nothing_old(void)
{
    struct world *w = calloc(1, sizeof(*w));

    for (uint64_t seed = 1; seed <= SEEDS && !check_bad; seed++) {
        exercise(w, seed);
        if (check_bad)
            printf("# seed %d\n", (int)seed);
    }
    CHECK(w->crashes > 1000 && w->replayed > 100000);
    printf("# %d crashes, %d events replayed\n", w->crashes, w->replayed);
    free(w);
}

int main(void)
{
    RUN(test_nothing_lost_nothing_old);
    return check_done();
}
