/* Windows against a naive model that keeps every record: random operations,
 * saved and loaded in between, must tell what the model tells. */
#include <stdlib.h>

#include "base/retry.h"
#include "check.h"
#include "view/window.h"

#define SEED 20260203u
#define ROUNDS 600
#define OPS 400
#define POOL 8
#define LABELS 8
#define HISTORY 6
#define TOLD_MAX 4000

struct record {
    size_t label;
    int64_t bucket;
    bool old; /* from before the last window_zero */
};

/* A window as it should be told. */
struct wanted {
    int64_t end;
    bool final;
    size_t n, nhistory;
    uint64_t recent[LABELS], total[LABELS];
    bool loose; /* totals may still be too low */
    uint32_t history[LABELS][HISTORY];
    uint64_t late, graced, skipped;
};

struct model {
    struct window_config config;
    int64_t ratio, nring;
    struct slice labels[LABELS];
    size_t nlabels;
    struct record records[OPS];
    size_t nrecords;
    bool begun, fixed;
    int64_t next, advanced, passed;
    unsigned empties;
    uint64_t skipped, late, graced;
    uint32_t past[LABELS][TOLD_MAX]; /* recent of each window told */
    size_t npast;
};

static const struct slice pool[POOL] = {
    {"a", 1},           {"", 0},        {"\xff\xfe/x", 4}, {"other", 5},
    {"\xc3\xa4/b|", 5}, {"a\"\n\t", 4}, {"x\0y", 3},       {"x", 1}};

static struct model model;
static struct window *window;
static struct wanted wanted[TOLD_MAX];
static size_t nwanted, ntold;
static struct rng rng = {SEED};

static int64_t pick(int64_t n)
{
    return (int64_t)(rng_next(&rng) % (uint64_t)n);
}

static int64_t bucket_at(int64_t time)
{
    int64_t every = model.config.every_ms;
    int64_t in_bucket = (time % every + every) % every;

    return (time - in_bucket) / every;
}

/* Every record has a row, with at most so many rows and one more. */
static size_t model_label(struct slice name)
{
    size_t others = 0;

    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '\0')
            name.n = i;
    }
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < model.nlabels; i++) {
            if (slice_eq(model.labels[i], name))
                return i;
            others += slice_eq(model.labels[i], SLICE("other"));
        }
        if (model.nlabels - (others > 0) < model.config.labels)
            break;
        name = SLICE("other");
    }
    model.labels[model.nlabels] = name;
    return model.nlabels++;
}

static int64_t newest(void)
{
    int64_t max = INT64_MIN;

    for (size_t i = 0; i < model.nrecords; i++) {
        if (model.records[i].bucket > max)
            max = model.records[i].bucket;
    }
    return max;
}

static void model_begin(int64_t bucket)
{
    if (!model.begun)
        model.next = bucket + 1;
    else if (!model.fixed && bucket + 1 < model.next &&
             bucket >= model.advanced &&
             newest() < bucket + 1 - model.ratio + model.nring)
        model.next = bucket + 1;
    model.begun = true;
}

static void model_add(size_t label, int64_t time)
{
    int64_t bucket = bucket_at(time);

    model_begin(bucket);
    if (bucket >= model.next - model.ratio + model.nring)
        bucket = model.next - model.ratio + model.nring - 1;
    if (bucket + 1 < model.next) {
        model.late++;
        model.fixed = true;
    } else if (bucket < model.passed) {
        model.graced++;
    }
    model.records[model.nrecords++] = (struct record){label, bucket, false};
}

static void want(int64_t end, bool final)
{
    struct wanted *w = &wanted[nwanted++];

    memset(w, 0, sizeof(*w));
    w->end = end;
    w->final = final;
    w->n = model.nlabels;
    w->late = model.late;
    w->graced = model.graced;
    w->skipped = model.skipped;
    for (size_t i = 0; i < model.nrecords; i++) {
        const struct record *r = &model.records[i];

        if (r->bucket >= end - model.ratio && r->bucket < end)
            w->recent[r->label]++;
        if (!r->old && (!final || r->bucket < end))
            w->total[r->label]++;
        if (r->old && final && r->bucket >= end)
            w->loose = true;
    }
}

/* The last windows told, with that one if it is one of them. */
static void want_history(struct wanted *w)
{
    w->nhistory =
        model.npast < model.config.history ? model.npast : model.config.history;
    for (size_t i = 0; i < w->n; i++)
        memcpy(w->history[i], &model.past[i][model.npast - w->nhistory],
               w->nhistory * sizeof(uint32_t));
}

static void model_close(bool last)
{
    struct wanted *w = &wanted[nwanted];
    uint64_t sum = 0;

    want(model.next++, true);
    for (size_t i = 0; i < LABELS; i++)
        sum += w->recent[i];
    if (sum == 0 && model.empties == WINDOW_EMPTY_MAX && !last) {
        nwanted--;
        model.skipped++;
        return;
    }
    model.empties = sum > 0                            ? 0
                    : model.empties < WINDOW_EMPTY_MAX ? model.empties + 1
                                                       : WINDOW_EMPTY_MAX;
    model.skipped = 0;
    for (size_t i = 0; i < LABELS; i++)
        model.past[i][model.npast] = (uint32_t)w->recent[i];
    model.npast++;
    want_history(w);
}

static void model_advance(int64_t time)
{
    int64_t to = bucket_at(time);

    if (to > model.passed)
        model.passed = to;
    if (!model.begun)
        model.next = to + 1;
    if (!model.begun || model.next <= to)
        model.fixed = true;
    model.begun = true;
    if (to > model.advanced)
        model.advanced = to;
    if (to - model.next < WINDOW_EMPTY_MAX)
        model.empties = 0;
    while (model.next <= to)
        model_close(model.next == to);
}

static bool total_is_right(const struct wanted *w, size_t i, uint64_t total)
{
    return w->loose ? total <= w->total[i] : total == w->total[i];
}

static void check_rows(const struct wanted *w, const struct window_snapshot *s)
{
    CHECK_INT(s->n, w->n);
    CHECK_INT(s->nhistory, w->nhistory);
    for (size_t i = 0; i < s->n && !check_bad; i++) {
        CHECK(slice_eq(slice_str(s->rows[i].label), model.labels[i]));
        CHECK_INT(s->rows[i].recent, w->recent[i]);
        if (!total_is_right(w, i, s->rows[i].total))
            CHECK_INT(s->rows[i].total, w->total[i]);
        CHECK(s->nhistory == 0 || memcmp(s->rows[i].history, w->history[i],
                                         w->nhistory * sizeof(uint32_t)) == 0);
    }
}

static void told(void *arg, const struct window_snapshot *s)
{
    const struct wanted *w = &wanted[ntold++];

    (void)arg;
    if (ntold > nwanted) {
        CHECK_INT(ntold, nwanted);
        return;
    }
    CHECK_INT(s->end_ms, w->end * model.config.every_ms);
    CHECK_INT(s->end_ms - s->start_ms, model.config.window_ms);
    CHECK_INT(s->final, w->final);
    CHECK_INT(s->late, w->late);
    CHECK_INT(s->late_graced, w->graced);
    CHECK_INT(s->skipped, w->skipped);
    check_rows(w, s);
}

static void begin_round(void)
{
    static const int64_t everies[] = {1, 3, 10, 1000};
    static const int64_t ratios[] = {1, 2, 3, 10, 60};
    struct window_config *c = &model.config;

    memset(&model, 0, sizeof(model));
    c->every_ms = everies[pick(4)];
    model.ratio = ratios[pick(5)];
    c->window_ms = c->every_ms * model.ratio;
    c->grace_ms = pick(2) * pick(5 * c->every_ms);
    c->labels = 1 + (size_t)pick(LABELS - 2);
    c->history = (size_t)pick(HISTORY + 1);
    c->closed = told;
    c->key.k0 = rng_next(&rng);
    model.nring = 2 * model.ratio + c->grace_ms / c->every_ms +
                  (c->grace_ms % c->every_ms != 0);
    model.advanced = model.passed = INT64_MIN;
    window = NEEDED(window_new(c, NULL));
}

/* Through text, as a file would. */
static void save_and_load(void)
{
    json_t *json = NEEDED(window_save(window));
    char *text = NEEDED(json_dumps(json, JSON_COMPACT));
    json_t *read = NEEDED(json_loads(text, 0, NULL));
    struct err err = ERR_INIT;
    json_t *again;

    window_free(window);
    window = NEEDED(window_new(&model.config, NULL));
    CHECK_INT(window_load(window, read, &err), 0);
    CHECK_STR(err.text, "");
    again = NEEDED(window_save(window));
    CHECK(json_equal(json, again));
    json_decref(json);
    json_decref(read);
    json_decref(again);
    free(text);
}

static void zero(void)
{
    window_zero(window);
    model.late = model.graced = 0;
    for (size_t i = 0; i < model.nrecords; i++)
        model.records[i].old = true;
}

static void look(int64_t time)
{
    int64_t end = bucket_at(time) + 1;

    if (model.begun && end < model.next)
        end = model.next;
    nwanted = ntold = 0;
    want(end, false);
    want_history(&wanted[0]);
    window_open(window, time, told, NULL);
    CHECK_INT(ntold, 1);
}

static void add(int64_t time)
{
    struct slice name = pool[pick(POOL)];
    size_t id = SIZE_MAX;

    CHECK_INT(window_label(window, name, &id, NULL), 0);
    CHECK_INT(id, model_label(name));
    if (pick(20) == 0)
        return;
    window_add(window, id, time);
    model_add(id, time);
    CHECK_INT(window_records(window), model.nrecords);
}

static void advance(int64_t time)
{
    nwanted = ntold = 0;
    model_advance(time);
    window_advance(window, time);
    CHECK_INT(ntold, nwanted);
}

/* ${now} wanders; returns where to. */
static int64_t operate(int64_t now)
{
    int64_t window_ms = model.config.window_ms;
    int64_t around = now + pick(4 * window_ms) - 3 * window_ms / 2;

    switch (pick(40)) {
    case 0:
        save_and_load();
        break;
    case 1:
        if (pick(4) == 0)
            zero();
        break;
    case 2:
        now += pick(800) * model.config.every_ms;
        break;
    case 3:
    case 4:
        window_passed(window, around);
        if (bucket_at(around) > model.passed)
            model.passed = bucket_at(around);
        break;
    case 5:
    case 6:
        look(around);
        break;
    case 7:
    case 8:
    case 9:
    case 10:
        advance(now - model.config.grace_ms);
        break;
    default:
        now += pick(3) * pick(model.config.every_ms + 1);
        add(around);
    }
    return now;
}

static void test_model(void)
{
    static const int64_t starts[] = {0, -1, -7777, 1700000000000};
    uint64_t late = 0, graced = 0, past = 0;

    for (int round = 0; round < ROUNDS && !check_bad; round++) {
        int64_t now = starts[pick(4)];

        begin_round();
        for (int op = 0; op < OPS && !check_bad; op++) {
            now = operate(now);
            if (model.npast > TOLD_MAX - 1500)
                break;
        }
        if (check_bad)
            printf("# seed %u, round %d: window %lld, every %lld\n", SEED,
                   round, (long long)model.config.window_ms,
                   (long long)model.config.every_ms);
        late += model.late;
        graced += model.graced;
        past += model.npast;
        window_free(window);
    }
    CHECK(late > 1000 && graced > 1000 && past > 10000);
    printf("# told %llu windows, %llu late, %llu in the grace\n",
           (unsigned long long)past, (unsigned long long)late,
           (unsigned long long)graced);
}

int main(void)
{
    RUN(test_model);
    return check_done();
}
