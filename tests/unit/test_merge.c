#include <stdint.h>

#include "base/retry.h"
#include "check.h"
#include "view/merge.h"

#define SEED 4711u
#define STREAMS 7
#define ROUNDS 40
#define OPS 3000

static struct rng rng = {SEED};

static int64_t pick(int64_t n)
{
    return (int64_t)(rng_next(&rng) % (uint64_t)n);
}

static void push(struct merge *m, size_t stream, int64_t key, uint64_t seq)
{
    struct merge_item item = {.key_ms = key,
                              .time_ms = key ^ 1,
                              .next_seq = seq,
                              .label = (uint32_t)seq,
                              .live = seq % 3 == 0};

    CHECK_INT(merge_push(m, stream, &item, NULL), 0);
}

static void expect(struct merge *m, int64_t bound, size_t stream, int64_t key,
                   uint64_t seq)
{
    struct merge_item item = {0};
    size_t from = SIZE_MAX;

    CHECK(merge_pop(m, bound, &item, &from));
    CHECK_INT(from, stream);
    CHECK_INT(item.key_ms, key);
    CHECK_INT(item.next_seq, seq);
    CHECK_INT(item.label, seq);
    CHECK_INT(item.live, seq % 3 == 0);
}

static void expect_none(struct merge *m, int64_t bound)
{
    struct merge_item item;
    size_t from;

    CHECK(!merge_pop(m, bound, &item, &from));
}

static void test_order(void)
{
    struct merge *m = NEEDED(merge_new(NULL));

    expect_none(m, INT64_MAX);
    push(m, 3, 20, 1);
    push(m, 0, 30, 2);
    push(m, 1, 20, 3);
    push(m, 1, 25, 4);
    CHECK_INT(merge_size(m), 4);
    CHECK_INT(merge_waiting(m, 1), 2);
    CHECK_INT(merge_waiting(m, 2), 0);
    CHECK_INT(merge_waiting(m, 99), 0);
    expect_none(m, 19);
    expect(m, 20, 1, 20, 3);
    expect(m, 20, 3, 20, 1);
    expect_none(m, 20);
    expect(m, INT64_MAX, 1, 25, 4);
    expect(m, INT64_MAX, 0, 30, 2);
    expect_none(m, INT64_MAX);
    CHECK_INT(merge_size(m), 0);
    merge_free(m);
    merge_free(NULL);
}

/* A key never goes down in a stream, not even when nothing waits. */
static void test_raises(void)
{
    struct merge *m = NEEDED(merge_new(NULL));
    struct merge_item item;
    size_t stream;

    push(m, 0, 20, 1);
    push(m, 0, 10, 2);
    push(m, 1, 15, 3);
    expect(m, 100, 1, 15, 3);
    expect(m, 100, 0, 20, 1);
    CHECK(merge_pop(m, 100, &item, &stream));
    CHECK_INT(item.key_ms, 20);
    CHECK_INT(item.time_ms, 11);
    push(m, 0, 5, 4);
    expect(m, 100, 0, 20, 4);
    merge_free(m);
}

static void test_drop(void)
{
    struct merge *m = NEEDED(merge_new(NULL));

    merge_drop(m, 5);
    push(m, 0, 1, 1);
    push(m, 1, 2, 2);
    push(m, 1, 3, 3);
    push(m, 2, 4, 4);
    merge_drop(m, 1);
    CHECK_INT(merge_size(m), 2);
    CHECK_INT(merge_waiting(m, 1), 0);
    merge_drop(m, 1);
    push(m, 1, 0, 5);
    expect(m, 100, 1, 0, 5);
    expect(m, 100, 0, 1, 1);
    merge_drop(m, 2);
    expect_none(m, INT64_MAX);
    CHECK_INT(merge_size(m), 0);
    merge_free(m);
}

static void test_extreme_keys(void)
{
    struct merge *m = NEEDED(merge_new(NULL));

    push(m, 0, INT64_MAX, 1);
    push(m, 1, INT64_MIN, 2);
    expect(m, INT64_MIN, 1, INT64_MIN, 2);
    expect_none(m, INT64_MAX - 1);
    expect(m, INT64_MAX, 0, INT64_MAX, 1);
    merge_free(m);
}

static void test_no_such_room(void)
{
    struct merge *m = NEEDED(merge_new(NULL));
    struct merge_item item = {0};
    struct err err = ERR_INIT;

    CHECK_INT(merge_push(m, SIZE_MAX, &item, &err), -1);
    CHECK_INT(err.code, ERR_OS);
    CHECK_INT(merge_push(m, SIZE_MAX / 2, &item, NULL), -1);
    push(m, 1000, 1, 1);
    expect(m, 1, 1000, 1, 1);
    merge_free(m);
}

/* The model: all that waits, in no order. */
struct model {
    struct {
        size_t stream;
        struct merge_item item;
    } at[OPS];
    size_t n;
    int64_t last[STREAMS];
    uint64_t seq;
};

static struct model model;

static void model_remove(size_t i)
{
    memmove(&model.at[i], &model.at[i + 1],
            (model.n - i - 1) * sizeof(model.at[0]));
    model.n--;
}

static void try_push(struct merge *m, size_t stream)
{
    bool first = model.last[stream] == INT64_MIN;
    int64_t key = (first ? pick(100) : model.last[stream]) + pick(30) - 3;

    push(m, stream, key, ++model.seq);
    if (key < model.last[stream])
        key = model.last[stream];
    model.last[stream] = key;
    model.at[model.n].stream = stream;
    model.at[model.n].item.key_ms = key;
    model.at[model.n++].item.next_seq = model.seq;
}

/* The first in order of (key, stream, arrival). */
static size_t model_first(void)
{
    size_t best = 0;

    for (size_t i = 1; i < model.n; i++) {
        int64_t a = model.at[i].item.key_ms;
        int64_t b = model.at[best].item.key_ms;

        if (a < b || (a == b && model.at[i].stream < model.at[best].stream))
            best = i;
    }
    return best;
}

static void try_pop(struct merge *m)
{
    size_t first = model_first();
    int64_t bound =
        model.n > 0 ? model.at[first].item.key_ms + pick(40) - 10 : INT64_MAX;

    if (model.n == 0 || model.at[first].item.key_ms > bound) {
        expect_none(m, bound);
        return;
    }
    expect(m, bound, model.at[first].stream, model.at[first].item.key_ms,
           model.at[first].item.next_seq);
    model_remove(first);
}

static void try_drop(struct merge *m, size_t stream)
{
    merge_drop(m, stream);
    model.last[stream] = INT64_MIN;
    for (size_t i = 0; i < model.n;) {
        if (model.at[i].stream == stream)
            model_remove(i);
        else
            i++;
    }
}

static void try_count(const struct merge *m, size_t stream)
{
    size_t n = 0;

    for (size_t i = 0; i < model.n; i++)
        n += model.at[i].stream == stream;
    CHECK_INT(merge_waiting(m, stream), n);
    CHECK_INT(merge_size(m), model.n);
}

static void test_model(void)
{
    for (int round = 0; round < ROUNDS && !check_bad; round++) {
        struct merge *m = NEEDED(merge_new(NULL));
        int64_t pushes = 2 + pick(12);

        memset(&model, 0, sizeof(model));
        for (size_t i = 0; i < STREAMS; i++)
            model.last[i] = INT64_MIN;
        for (int op = 0; op < OPS && !check_bad; op++) {
            size_t stream = (size_t)pick(STREAMS);
            int64_t what = pick(20);

            if (what < pushes)
                try_push(m, stream);
            else
                try_pop(m);
            if (pick(200) == 0)
                try_drop(m, stream);
            try_count(m, stream);
        }
        if (check_bad)
            printf("# seed %u, round %d\n", SEED, round);
        merge_free(m);
    }
}

int main(void)
{
    RUN(test_order);
    RUN(test_raises);
    RUN(test_drop);
    RUN(test_extreme_keys);
    RUN(test_no_such_room);
    RUN(test_model);
    return check_done();
}
