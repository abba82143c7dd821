#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "check.h"

#include "basin/seen.h"

static struct hash128 id(uint64_t n)
{
    struct hash128 h = {n * 0x9e3779b97f4a7c15, n};

    return h;
}

static void test_has_what_was_added(void)
{
    struct seen *seen = NEEDED(seen_new());

    CHECK(!seen_has(seen, id(1)));
    for (uint64_t i = 0; i < 10000; i++)
        CHECK(seen_add(seen, id(i), (int64_t)i) == 0);
    for (uint64_t i = 0; i < 10000; i++)
        CHECK(seen_has(seen, id(i)));
    CHECK(!seen_has(seen, id(10000)));
    CHECK(seen_add(seen, id(5), 99) == 0);
    CHECK_INT(seen_count(seen), 10000);
    seen_free(seen);
}

/* Same low bits: every entry in one list. */
static void test_collisions(void)
{
    struct seen *seen = NEEDED(seen_new());
    struct hash128 h = {7, 0};

    for (h.b = 0; h.b < 300; h.b++)
        seen_add(seen, h, 0);
    for (h.b = 0; h.b < 300; h.b++)
        CHECK(seen_has(seen, h));
    CHECK(!seen_has(seen, h));
    seen_free(seen);
}

static void test_age_keeps_the_newest(void)
{
    struct seen *seen = NEEDED(seen_new());

    for (uint64_t i = 0; i < 12000; i++)
        seen_add(seen, id(i), (int64_t)i);
    seen_age(seen, 4000);
    CHECK_INT(seen_count(seen), 8000);
    CHECK(!seen_has(seen, id(3999)) && seen_has(seen, id(4000)));
    seen_age(seen, 1000000);
    CHECK_INT(seen_count(seen), SEEN_LEAST);
    CHECK(seen_has(seen, id(11999)) && seen_has(seen, id(7000)));
    CHECK(!seen_has(seen, id(6999)));
    seen_free(seen);
}

static void test_clear(void)
{
    struct seen *seen = NEEDED(seen_new());

    for (uint64_t i = 0; i < 100; i++)
        seen_add(seen, id(i), 0);
    seen_clear(seen);
    CHECK_INT(seen_count(seen), 0);
    CHECK(!seen_has(seen, id(50)));
    seen_add(seen, id(50), 0);
    CHECK(seen_has(seen, id(50)));
    seen_free(seen);
    seen_free(NULL);
}

static void test_bounded(void)
{
    struct seen *seen = NEEDED(seen_new());

    for (uint64_t i = 0; i < SEEN_MOST; i++)
        seen_add(seen, id(i), (int64_t)i);
    CHECK(!seen_forgot(seen));
    for (uint64_t i = SEEN_MOST; i < SEEN_MOST + 10; i++)
        seen_add(seen, id(i), (int64_t)i);
    CHECK(seen_forgot(seen));
    CHECK_INT(seen_count(seen), SEEN_MOST);
    CHECK(!seen_has(seen, id(9)) && seen_has(seen, id(10)));
    CHECK(seen_has(seen, id(SEEN_MOST + 9)));
    seen_free(seen);
}

/* What the C library has handed out; 0 where it does not tell. */
static size_t in_use(void)
{
#ifdef __GLIBC__
    struct mallinfo2 m = mallinfo2();

    return m.uordblks + m.hblkhd;
#else
    return 0;
#endif
}

/* Nine streams in their usual state. */
static void test_memory(void)
{
    struct seen *seen[9];
    size_t before = in_use();
    size_t used;

    for (int i = 0; i < 9; i++) {
        seen[i] = NEEDED(seen_new());
        for (uint64_t n = 0; n < SEEN_LEAST; n++)
            CHECK(seen_add(seen[i], id(n), 0) == 0);
    }
    used = in_use() - before;
    for (int i = 0; i < 9; i++)
        seen_free(seen[i]);
    if (used == 0)
        SKIP("this allocator does not tell what is in use");
    printf("# %zu bytes\n", used);
    CHECK(used > (size_t)9 * SEEN_LEAST * sizeof(struct hash128));
    CHECK(used < (size_t)4 << 20);
}

int main(void)
{
    RUN(test_has_what_was_added);
    RUN(test_collisions);
    RUN(test_age_keeps_the_newest);
    RUN(test_clear);
    RUN(test_bounded);
    RUN(test_memory);
    return check_done();
}
