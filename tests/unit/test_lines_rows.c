/* Which groups of a window are told, and in which order. */
#include <inttypes.h>
#include <jansson.h>
#include <locale.h>

#include "base/text.h"
#include "check.h"
#include "view/lines.h"

#define OUT_MAX (1 << 20)

static const struct lines_facts plain_facts = {.lag_ms = 412, .streams = 3};
static const struct lines_options plain;

static struct window_snapshot snapshot_of(const struct window_row *rows,
                                          size_t n)
{
    struct window_snapshot snapshot = {
        .start_ms = INT64_C(1795373550000),
        .end_ms = INT64_C(1795373560000),
        .final = true,
        .rows = rows,
        .n = n,
    };

    return snapshot;
}

/* Compare the groups of the TSV, without times and states. */
static void check_groups(const struct window_row *rows, size_t n,
                         const struct lines_options *options, const char *want)
{
    struct window_snapshot snapshot = snapshot_of(rows, n);
    struct buf out = BUF_INIT(OUT_MAX), got = BUF_INIT(OUT_MAX);
    const char *line;

    CHECK_INT(lines_tsv(&snapshot, &plain_facts, options, &out), 0);
    line = NEEDED(buf_str(&out));
    for (const char *end = strchr(line, '\n'); end != NULL;
         line = end + 1, end = strchr(line, '\n')) {
        buf_add(&got, line + 21, (size_t)(end - line) - 21 - 6);
        buf_addstr(&got, "|");
    }
    CHECK_STR(buf_str(&got), want);
    buf_release(&out);
    buf_release(&got);
}

static void test_top(void)
{
    static const struct window_row rows[] = {
        {"a", 5, 50, NULL},     {"b", 7, 10, NULL}, {"c", 5, 60, NULL},
        {"other", 6, 66, NULL}, {"d", 5, 50, NULL}, {"z", 0, 99, NULL},
    };
    struct lines_options top = {.top = 6};

    check_groups(rows, 6, &top,
                 "a\t5\t50|b\t7\t10|c\t5\t60|d\t5\t50|other\t6\t66|"
                 "z\t0\t99|");
    top.top = 4;
    check_groups(rows, 6, &top, "a\t5\t50|b\t7\t10|c\t5\t60|other\t11\t215|");
    top.top = 1;
    check_groups(rows, 6, &top, "b\t7\t10|other\t21\t325|");
    top.top = 2;
    top.by_count = true;
    check_groups(rows, 6, &top, "other\t21\t325|b\t7\t10|");
    check_groups(rows, 3, &top, "b\t7\t10|c\t5\t60|other\t5\t50|");
}

static void test_sort(void)
{
    static const struct window_row rows[] = {
        {"b", 1, 5, NULL},  {"a", 1, 4, NULL}, {"a/b", 2, 0, NULL},
        {"a-", 0, 9, NULL}, {"B", 1, 7, NULL}, {"\xc3\xa4", 1, 1, NULL},
    };

    check_groups(rows, 6, &plain,
                 "B\t1\t7|a\t1\t4|a-\t0\t9|a/b\t2\t0|b\t1\t5|\xc3\xa4\t1\t1|");
    check_groups(rows, 6, &(struct lines_options){.by_count = true},
                 "a/b\t2\t0|B\t1\t7|a\t1\t4|b\t1\t5|\xc3\xa4\t1\t1|a-\t0\t9|");
}

/* Random windows of odd labels: the formats agree with each other, with the
 * options, and with the sums; nothing that could steer a terminal is in them.
 */

#define SEED UINT64_C(20261122)
#define ROUNDS 2000
#define ROWS_MAX 12
#define LABEL_SIZE 8

static uint64_t rng = SEED;

static uint64_t below(uint64_t n)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (rng >> 11) % n;
}

struct world {
    struct window_row rows[ROWS_MAX];
    char labels[ROWS_MAX][LABEL_SIZE];
    struct window_snapshot snapshot;
    struct lines_options options;
    uint64_t recent, total;
};

static void make_world(struct world *world)
{
    static const char bytes[] =
        "ab\t\n\\\"\x01\x7f\xff\xc3\xa9\xe2\x80\xae\xcc";

    memset(world, 0, sizeof(*world));
    world->snapshot = snapshot_of(world->rows, below(ROWS_MAX + 1));
    world->options.top = below(5);
    world->options.by_count = below(2) == 0;
    for (size_t i = 0; i < world->snapshot.n; i++) {
        struct window_row *row = &world->rows[i];
        size_t n = below(LABEL_SIZE);

        for (size_t at = 0; at < n; at++)
            world->labels[i][at] = bytes[below(sizeof(bytes) - 1)];
        row->label = world->labels[i];
        row->recent = below(5);
        row->total = row->recent + below(9);
        world->recent += row->recent;
        world->total += row->total;
    }
}

static void check_clean(const struct buf *out, bool tabs)
{
    CHECK(text_is_utf8(buf_slice(out)));
    for (size_t i = 0; i < out->n; i++) {
        unsigned char c = (unsigned char)out->p[i];

        CHECK(c == '\n' || (tabs && c == '\t') || (c >= 0x20 && c != 0x7f));
    }
}

static size_t world_json(const struct world *world)
{
    struct buf out = BUF_INIT(OUT_MAX);
    uint64_t recent = 0, total = 0;
    json_t *json, *groups, *group;
    const char *name;
    size_t n;

    CHECK_INT(lines_json(&world->snapshot, &plain_facts, &world->options, &out),
              0);
    check_clean(&out, false);
    json = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES, NULL);
    CHECK(json != NULL);
    groups = json_object_get(json, "groups");
    n = json_object_size(groups);
    json_object_foreach(groups, name, group)
    {
        recent += (uint64_t)json_integer_value(json_object_get(group, "n"));
        total += (uint64_t)json_integer_value(json_object_get(group, "total"));
    }
    CHECK_INT(recent, world->recent);
    CHECK_INT(total, world->total);
    json_decref(json);
    buf_release(&out);
    return n;
}

static size_t world_tsv(const struct world *world)
{
    struct buf out = BUF_INIT(OUT_MAX);
    uint64_t recent = 0, total = 0, last = UINT64_MAX;
    size_t n = 0;

    CHECK_INT(lines_tsv(&world->snapshot, &plain_facts, &world->options, &out),
              0);
    check_clean(&out, true);
    for (const char *line = NEEDED(buf_str(&out)); *line != '\0'; n++) {
        const char *tab = strchr(strchr(line, '\t') + 1, '\t');
        uint64_t r, t;
        char state[8];

        CHECK_INT(sscanf(tab, "\t%" SCNu64 "\t%" SCNu64 "\t%7s", &r, &t, state),
                  3);
        CHECK_STR(state, "final");
        CHECK(!world->options.by_count || r <= last);
        last = r;
        recent += r;
        total += t;
        line = strchr(line, '\n') + 1;
    }
    CHECK_INT(recent, world->recent);
    CHECK_INT(total, world->total);
    buf_release(&out);
    return n;
}

static void test_random_windows(void)
{
    struct world world;
    struct buf out = BUF_INIT(OUT_MAX);

    for (int i = 0; i < ROUNDS && !check_bad; i++) {
        size_t top, most;

        make_world(&world);
        top = world.options.top;
        most =
            top > 0 && top + 1 < world.snapshot.n ? top + 1 : world.snapshot.n;
        CHECK(world_json(&world) <= most);
        CHECK(world_tsv(&world) <= most);
        buf_reset(&out);
        CHECK_INT(
            lines_prom(&world.snapshot, &plain_facts, &world.options, &out), 0);
        check_clean(&out, false);
        buf_reset(&out);
        world.options.ascii = below(2) == 0;
        CHECK_INT(
            lines_table(&world.snapshot, &plain_facts, &world.options, &out),
            0);
        check_clean(&out, false);
        if (check_bad)
            printf("# seed %" PRIu64 ", round %d\n", SEED, i);
    }
    buf_release(&out);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    RUN(test_top);
    RUN(test_sort);
    RUN(test_random_windows);
    return check_done();
}
