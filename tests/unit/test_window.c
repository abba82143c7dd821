/* Rolling windows, case by case; test_window_model.c has the random ones. */
#include <stdlib.h>

#include "base/loop.h"
#include "check.h"
#include "view/window.h"

#define TOLD_MAX 2000
#define ROWS_MAX 8

/* What was told. */
struct told {
    size_t n;
    struct {
        int64_t start, end;
        bool final;
        size_t n, nhistory;
        uint64_t recent[ROWS_MAX], total[ROWS_MAX];
        uint32_t history[ROWS_MAX][64];
        char label[ROWS_MAX][32];
        uint64_t late, graced, skipped;
    } at[TOLD_MAX];
};

static struct told told;

static void tell(void *arg, const struct window_snapshot *s)
{
    struct told *to = arg;

    if (to->n < TOLD_MAX) {
        to->at[to->n].start = s->start_ms;
        to->at[to->n].end = s->end_ms;
        to->at[to->n].final = s->final;
        to->at[to->n].n = s->n;
        to->at[to->n].nhistory = s->nhistory;
        to->at[to->n].late = s->late;
        to->at[to->n].graced = s->late_graced;
        to->at[to->n].skipped = s->skipped;
        for (size_t i = 0; i < s->n && i < ROWS_MAX; i++) {
            to->at[to->n].recent[i] = s->rows[i].recent;
            to->at[to->n].total[i] = s->rows[i].total;
            snprintf(to->at[to->n].label[i], 32, "%s", s->rows[i].label);
            memcpy(to->at[to->n].history[i], s->rows[i].history,
                   s->nhistory * sizeof(uint32_t));
        }
    }
    to->n++;
}

static struct window *make(int64_t window, int64_t every, int64_t grace)
{
    struct window_config config = {.window_ms = window,
                                   .every_ms = every,
                                   .grace_ms = grace,
                                   .labels = 4,
                                   .history = 3,
                                   .closed = tell,
                                   .arg = &told,
                                   .key = {1, 2}};

    memset(&told, 0, sizeof(told));
    return NEEDED(window_new(&config, NULL));
}

static size_t label(struct window *w, const char *name)
{
    size_t id = SIZE_MAX;

    CHECK_INT(window_label(w, slice_str(name), &id, NULL), 0);
    return id;
}

static void check_told(size_t i, int64_t start, int64_t end, uint64_t recent,
                       uint64_t total)
{
    CHECK(i < told.n);
    CHECK_INT(told.at[i].start, start);
    CHECK_INT(told.at[i].end, end);
    CHECK_INT(told.at[i].recent[0], recent);
    CHECK_INT(told.at[i].total[0], total);
}

static void test_tumbling(void)
{
    struct window *w = make(10, 10, 0);
    size_t a = label(w, "a");

    window_add(w, a, 1000);
    window_add(w, a, 1009);
    window_add(w, a, 1010);
    window_advance(w, 1009);
    CHECK_INT(told.n, 0);
    window_advance(w, 1010);
    CHECK_INT(told.n, 1);
    check_told(0, 1000, 1010, 2, 2);
    CHECK(told.at[0].final);
    CHECK_INT(told.at[0].n, 1);
    CHECK_STR(told.at[0].label[0], "a");
    window_advance(w, 1005);
    window_advance(w, 1030);
    CHECK_INT(told.n, 3);
    check_told(1, 1010, 1020, 1, 3);
    check_told(2, 1020, 1030, 0, 3);
    CHECK_INT(window_records(w), 3);
    window_free(w);
}

static void test_hopping(void)
{
    struct window *w = make(30, 10, 0);
    size_t a = label(w, "a");

    window_add(w, a, 105);
    window_add(w, a, 115);
    window_add(w, a, 119);
    window_advance(w, 150);
    CHECK_INT(told.n, 5);
    check_told(0, 80, 110, 1, 1);
    check_told(1, 90, 120, 3, 3);
    check_told(2, 100, 130, 3, 3);
    check_told(3, 110, 140, 2, 3);
    check_told(4, 120, 150, 0, 3);
    window_free(w);
}

static void test_before_the_epoch(void)
{
    struct window *w = make(10, 10, 0);
    size_t a = label(w, "a");

    window_add(w, a, -1);
    window_add(w, a, -10);
    window_add(w, a, 0);
    window_advance(w, 10);
    CHECK_INT(told.n, 2);
    check_told(0, -10, 0, 2, 2);
    check_told(1, 0, 10, 1, 3);
    window_free(w);
}

/* A total is what lies before the end, whenever it came. */
static void test_totals_of_a_replay(void)
{
    struct window *w = make(10, 10, 20);
    size_t a = label(w, "a");

    window_add(w, a, 5);
    window_add(w, a, 15);
    window_add(w, a, 25);
    window_advance(w, 5);
    window_advance(w, 30);
    check_told(0, 0, 10, 1, 1);
    check_told(1, 10, 20, 1, 2);
    check_told(2, 20, 30, 1, 3);
    window_free(w);
}

static void test_late(void)
{
    struct window *w = make(30, 10, 20);
    size_t a = label(w, "a");

    window_add(w, a, 100);
    window_passed(w, 130);
    window_advance(w, 110);
    CHECK_INT(told.n, 1);
    window_add(w, a, 109); /* missed one window, is in two others */
    window_add(w, a, 75);  /* missed all */
    window_add(w, a, 110); /* behind time */
    window_add(w, a, 129);
    window_add(w, a, 130); /* just in time */
    window_advance(w, 140);
    CHECK_INT(told.n, 4);
    check_told(1, 90, 120, 3, 4);
    check_told(2, 100, 130, 4, 5);
    check_told(3, 110, 140, 3, 6);
    CHECK_INT(told.at[3].late, 2);
    CHECK_INT(told.at[3].graced, 2);
    CHECK_INT(window_records(w), 6);
    window_free(w);
}

/* The order of records within the grace decides nothing. */
static void test_begins_with_the_earliest(void)
{
    struct window *w = make(10, 10, 50);
    size_t a = label(w, "a");

    window_add(w, a, 132);
    window_advance(w, 82);
    window_add(w, a, 109);
    window_add(w, a, 95);
    window_add(w, a, 131);
    window_advance(w, 140);
    CHECK_INT(told.n, 5);
    check_told(0, 90, 100, 1, 1);
    check_told(1, 100, 110, 1, 2);
    check_told(2, 110, 120, 0, 2);
    check_told(4, 130, 140, 2, 4);
    CHECK_INT(told.at[4].late, 0);
    window_free(w);

    w = make(10, 10, 50);
    a = label(w, "a");
    window_add(w, a, 132);
    window_advance(w, 100);
    window_add(w, a, 99); /* before what was told to be past */
    window_add(w, a, 105);
    window_advance(w, 140);
    CHECK_INT(told.n, 1);
    check_told(0, 130, 140, 1, 3);
    CHECK_INT(told.at[0].late, 2);
    window_free(w);
}

static void test_begins_with_the_clock(void)
{
    struct window *w = make(10, 10, 0);
    size_t a = label(w, "a");

    window_advance(w, 100);
    CHECK_INT(told.n, 0);
    window_add(w, a, 99);
    window_advance(w, 120);
    CHECK_INT(told.n, 2);
    check_told(0, 100, 110, 0, 1);
    CHECK_INT(told.at[0].late, 1);
    window_free(w);
}

static void test_far_ahead(void)
{
    struct window *w = make(20, 10, 10);
    size_t a = label(w, "a");

    window_advance(w, 100);
    window_add(w, a, 130); /* grace and window: as it is */
    window_add(w, a, 139);
    window_add(w, a, 100000);
    window_add(w, a, INT64_MAX);
    window_advance(w, 150);
    CHECK_INT(told.n, 5);
    check_told(2, 110, 130, 0, 0);
    check_told(3, 120, 140, 4, 4);
    check_told(4, 130, 150, 4, 4);
    window_free(w);
}

static void test_empty_stretch(void)
{
    struct window *w = make(20, 10, 0);
    size_t a = label(w, "a");
    int64_t later = INT64_C(1800000000000);

    window_add(w, a, 5);
    window_advance(w, later);
    CHECK_INT(told.n, 3 + WINDOW_EMPTY_MAX);
    check_told(1, 0, 20, 1, 1);
    check_told(2, 10, 30, 0, 1);
    CHECK_INT(told.at[1 + WINDOW_EMPTY_MAX].skipped, 0);
    check_told(2 + WINDOW_EMPTY_MAX, later - 20, later, 0, 1);
    CHECK_INT(told.at[2 + WINDOW_EMPTY_MAX].skipped,
              later / 10 - WINDOW_EMPTY_MAX - 3);
    window_advance(w, later + 1000);
    CHECK_INT(told.n, 3 + WINDOW_EMPTY_MAX + 100);
    CHECK_INT(told.at[told.n - 1].skipped, 0);
    window_add(w, a, later + 1000);
    window_advance(w, later + 1020);
    CHECK_INT(told.n, 5 + WINDOW_EMPTY_MAX + 100);
    check_told(told.n - 2, later + 990, later + 1010, 1, 2);
    CHECK_INT(told.at[told.n - 1].skipped, 0);
    window_free(w);
}

/* Time that passes step by step tells every window. */
static void test_empty_stretch_in_steps(void)
{
    struct window *w = make(10, 10, 0);
    size_t a = label(w, "a");

    window_add(w, a, 5);
    for (int64_t t = 0; t <= 10000; t += 7)
        window_advance(w, t);
    CHECK_INT(told.n, 999);
    window_add(w, a, 10001);
    window_advance(w, 10020);
    CHECK_INT(told.n, 1002);
    check_told(1000, 10000, 10010, 1, 2);
    CHECK_INT(told.at[1000].skipped, 0);
    window_free(w);
}

static unsigned asked;

static bool is_third(void *arg)
{
    CHECK(arg == &told);
    asked++;
    return asked % 3 == 0;
}

/* Stopped on its way again and again, it tells what it would have told. */
static void test_full(void)
{
    struct window_config config = {.window_ms = 10,
                                   .every_ms = 10,
                                   .labels = 4,
                                   .closed = tell,
                                   .full = is_third,
                                   .arg = &told};
    struct window *w = NEEDED(window_new(&config, NULL));
    size_t a = label(w, "a");
    int stops = 0;

    memset(&told, 0, sizeof(told));
    window_add(w, a, 5);
    while (!window_advance(w, 100000) && stops < 1000)
        stops++;
    CHECK_INT(told.n, 2 + WINDOW_EMPTY_MAX);
    CHECK_INT(stops, (1 + WINDOW_EMPTY_MAX) / 3);
    CHECK_INT(told.at[told.n - 1].end, 100000);
    CHECK_INT(told.at[told.n - 1].skipped, 10000 - 2 - WINDOW_EMPTY_MAX);
    window_free(w);
}

static void test_ends_of_time(void)
{
    struct window *w = make(3600, 1, 3600);
    size_t a = label(w, "a");

    window_add(w, a, INT64_MIN);
    window_advance(w, INT64_MIN);
    window_open(w, INT64_MIN, tell, &told);
    window_advance(w, INT64_MAX);
    window_add(w, a, INT64_MAX);
    window_open(w, INT64_MAX, tell, &told);
    window_passed(w, INT64_MAX);
    window_advance(w, INT64_MAX);
    CHECK_INT(window_records(w), 2);
    CHECK(told.n > 3600);
    window_free(w);
}

static void test_labels(void)
{
    struct window *w = make(10, 10, 0);
    static const char bytes[] = {'x', '\0', 'y'};
    size_t id = 9;

    CHECK_INT(label(w, "a"), 0);
    CHECK_INT(label(w, ""), 1);
    CHECK_INT(label(w, "\xff\xfe"), 2);
    CHECK_INT(window_label(w, (struct slice){bytes, 3}, &id, NULL), 0);
    CHECK_INT(id, 3);
    CHECK_INT(label(w, "x"), 3);
    CHECK_INT(label(w, "b"), 4);
    CHECK_INT(label(w, "c"), 4);
    CHECK_INT(label(w, "other"), 4);
    CHECK_INT(label(w, "a"), 0);
    CHECK_INT(window_label(w, (struct slice){NULL, 0}, &id, NULL), 0);
    CHECK_INT(id, 1);
    window_open(w, 0, tell, &told);
    CHECK_INT(told.at[0].n, 5);
    CHECK_STR(told.at[0].label[2], "\xff\xfe");
    CHECK_STR(told.at[0].label[3], "x");
    CHECK_STR(told.at[0].label[4], "other");
    window_free(w);
}

/* A stream may have that very name; it does not use up a place. */
static void test_label_named_other(void)
{
    struct window *w = make(10, 10, 0);

    CHECK_INT(label(w, "other"), 0);
    CHECK_INT(label(w, "a"), 1);
    CHECK_INT(label(w, "b"), 2);
    CHECK_INT(label(w, "c"), 3);
    CHECK_INT(label(w, "d"), 4);
    CHECK_INT(label(w, "e"), 0);
    window_free(w);
}

static void test_many_labels(void)
{
    struct window_config config = {
        .window_ms = 10, .every_ms = 10, .labels = WINDOW_LABELS_MAX};
    struct window *w = NEEDED(window_new(&config, NULL));
    char name[32];

    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < WINDOW_LABELS_MAX + 5; i++) {
            size_t want = i < WINDOW_LABELS_MAX ? i : WINDOW_LABELS_MAX;

            snprintf(name, sizeof(name), "label %zu", i);
            CHECK_INT(label(w, name), want);
        }
    }
    window_advance(w, 0);
    window_advance(w, 100);
    window_free(w);
}

static void test_new_label(void)
{
    struct window *w = make(10, 10, 0);
    size_t a = label(w, "a");

    window_add(w, a, 5);
    window_advance(w, 20);
    CHECK_INT(told.at[1].n, 1);
    label(w, "b");
    window_advance(w, 30);
    CHECK_INT(told.at[2].n, 2);
    CHECK_STR(told.at[2].label[1], "b");
    CHECK_INT(told.at[2].recent[1], 0);
    CHECK_INT(told.at[2].nhistory, 3);
    CHECK_INT(told.at[2].history[1][0], 0);
    CHECK_INT(told.at[2].history[0][0], 1);
    CHECK_INT(told.at[2].history[0][2], 0);
    window_free(w);
}

static void test_open(void)
{
    struct window *w = make(30, 10, 20);
    size_t a;

    window_open(w, 105, tell, &told);
    CHECK_INT(told.at[0].n, 0);
    CHECK_INT(told.at[0].start, 80);
    CHECK_INT(told.at[0].end, 110);
    CHECK(!told.at[0].final);
    a = label(w, "a");
    window_add(w, a, 105);
    window_add(w, a, 115);
    window_add(w, a, 126);
    window_open(w, 105, tell, &told);
    check_told(1, 80, 110, 1, 3);
    window_open(w, 50, tell, &told);
    check_told(2, 80, 110, 1, 3);
    window_open(w, 129, tell, &told);
    check_told(3, 100, 130, 3, 3);
    window_open(w, 130, tell, &told);
    check_told(4, 110, 140, 2, 3);
    window_open(w, 1000000, tell, &told);
    check_told(5, 999980, 1000010, 0, 3);
    window_advance(w, 110);
    window_open(w, 105, tell, &told);
    check_told(7, 90, 120, 2, 3);
    window_free(w);
}

static void test_zero(void)
{
    struct window *w = make(10, 10, 20);
    size_t a = label(w, "a");

    window_add(w, a, 5);
    window_advance(w, 10);
    window_add(w, a, 5);
    window_add(w, a, 15);
    window_add(w, a, 25);
    window_zero(w);
    window_add(w, a, 26);
    window_open(w, 15, tell, &told);
    check_told(1, 10, 20, 1, 1);
    CHECK_INT(told.at[1].late, 0);
    window_advance(w, 30);
    check_told(2, 10, 20, 1, 0);
    check_told(3, 20, 30, 2, 1);
    CHECK_INT(window_records(w), 5);
    window_free(w);
}

static void refused(int64_t window, int64_t every, int64_t grace, size_t labels,
                    size_t history)
{
    struct window_config config = {.window_ms = window,
                                   .every_ms = every,
                                   .grace_ms = grace,
                                   .labels = labels,
                                   .history = history};
    struct err err = ERR_INIT;

    CHECK(window_new(&config, &err) == NULL);
    CHECK_INT(err.code, ERR_USAGE);
    CHECK(err.text[0] != '\0');
}

static void test_refused(void)
{
    struct window *w;

    refused(0, 1, 0, 1, 0);
    refused(10, 0, 0, 1, 0);
    refused(-10, -1, 0, 1, 0);
    refused(10, 3, 0, 1, 0);
    refused(10, 20, 0, 1, 0);
    refused(3601, 1, 0, 1, 0);
    refused(INT64_MAX, INT64_MAX, 0, 1, 0);
    refused(10, 10, -1, 1, 0);
    refused(10, 10, 36001, 1, 0);
    refused(10, 10, INT64_MAX, 1, 0);
    refused(10, 10, 0, 0, 0);
    refused(10, 10, 0, WINDOW_LABELS_MAX + 1, 0);
    refused(10, 10, 0, 1, 65);
    w = make(3600, 1, 3600);
    CHECK(w != NULL);
    window_free(w);
    window_free(NULL);
}

/* 10 ms windows over 200,000 records, each counted once and no more. */
static void sum_up(void *arg, const struct window_snapshot *s)
{
    uint64_t *sums = arg;

    for (size_t i = 0; i < s->n; i++)
        sums[i] += s->rows[i].recent;
    sums[9] = s->rows[8].total;
}

static void test_small_windows(void)
{
    uint64_t sums[10] = {0};
    struct window_config config = {.window_ms = 10,
                                   .every_ms = 10,
                                   .grace_ms = 2000,
                                   .labels = 100,
                                   .closed = sum_up,
                                   .arg = sums};
    struct window *w = NEEDED(window_new(&config, NULL));
    char name[2] = "a";
    int64_t from = loop_now();

    for (size_t i = 0; i < 9; i++, name[0]++)
        CHECK_INT(label(w, name), i);
    for (int64_t i = 0; i < 200000; i++) {
        window_add(w, (size_t)i % 9, 1700000000000 + i * 37 / 10);
        window_advance(w, 1700000000000 + i * 37 / 10 - 2000);
    }
    window_advance(w, 1700001000000);
    for (size_t i = 0; i < 9; i++)
        CHECK_INT(sums[i], 22222 + (i < 2));
    CHECK_INT(sums[9], sums[8]);
    printf("# 200,000 records, 74,000 windows: %lld ms\n",
           (long long)(loop_now() - from));
    window_free(w);
}

static void test_cost_of_adding(void)
{
    struct window *w = make(10000, 1000, 2000);
    size_t a = label(w, "a");
    int64_t from = loop_now();

    for (int64_t i = 0; i < 10000000; i++)
        window_add(w, a, 1700000000000 + (i & 1023));
    printf("# adding: %.1f ns\n", (double)(loop_now() - from) / 10.0);
    window_advance(w, 1700000010000);
    CHECK_INT(told.at[0].recent[0], 1000 * (10000000 / 1024) + 640);
    CHECK_INT(told.at[1].recent[0], 10000000);
    window_free(w);
}

int main(void)
{
    RUN(test_tumbling);
    RUN(test_hopping);
    RUN(test_before_the_epoch);
    RUN(test_totals_of_a_replay);
    RUN(test_late);
    RUN(test_begins_with_the_earliest);
    RUN(test_begins_with_the_clock);
    RUN(test_far_ahead);
    RUN(test_empty_stretch);
    RUN(test_empty_stretch_in_steps);
    RUN(test_full);
    RUN(test_ends_of_time);
    RUN(test_labels);
    RUN(test_label_named_other);
    RUN(test_many_labels);
    RUN(test_new_label);
    RUN(test_open);
    RUN(test_zero);
    RUN(test_refused);
    RUN(test_small_windows);
    RUN(test_cost_of_adding);
    return check_done();
}
