/* The embedded basin when SQLite finds no memory: each of its allocations
 * fails once, and nothing worse happens than that it is said. */
#include <sqlite3.h>

#include "filetest.h"

static struct got got;
static sqlite3_mem_methods real_methods;
static long countdown = -1; /* the allocation that fails; below 0: none */

static bool fails(void)
{
    if (countdown < 0)
        return false;
    return countdown-- == 0;
}

static void *failing_malloc(int n)
{
    return fails() ? NULL : real_methods.xMalloc(n);
}

static void *failing_realloc(void *p, int n)
{
    return fails() ? NULL : real_methods.xRealloc(p, n);
}

/* Whether an outcome is one that lack of memory may have; after it, the
 * same append is tried again. */
static bool is_fair(enum outcome outcome)
{
    return outcome == OUTCOME_OK || outcome == OUTCOME_RETRY ||
           outcome == OUTCOME_UNKNOWN;
}

static void use(struct basin *b, uint64_t n)
{
    struct wire_header header = {SLICE("k"), SLICE("v")};
    struct wire_record record = {0, n, &header, 1, SLICE("body")};
    struct wire_append append = {&record, 1, true, n, NULL};
    struct wire_read end = {false, n + 1, 0};

    CHECK(is_fair(ft_create(b, "s")));
    if (ft_tail(b, "s", &got) == OUTCOME_NO_STREAM)
        CHECK_INT(ft_create(b, "s"), OUTCOME_OK);
    CHECK(is_fair(ft_batch(b, "s", &append, &got)));
    if (got.outcome != OUTCOME_OK)
        CHECK(ft_batch(b, "s", &append, &got) == OUTCOME_OK ||
              got.outcome == OUTCOME_MISMATCH);
    CHECK(is_fair(ft_read(b, "s", n, 10, &got)));
    CHECK(is_fair(ft_read_time(b, "s", n, &got)));
    got_clear(&got);
    basin_list(b, "", "", got_it, &got, NULL);
    CHECK(is_fair(ft_run(b, &got)));
    got_clear(&got);
    basin_follow(b, "s", &end, got_it, &got, NULL);
    for (int64_t at = 0; got.calls == 0 && at < 100; at++)
        basin_run(b, at);
    CHECK(is_fair(got.outcome));
}

/* Open "b" until no allocation fails any more (every third is enough); with
 * ${fresh}, it is made anew each time.  How often it was refused. */
static int open_until_it_works(bool fresh)
{
    int refused = 0;

    countdown = -1;
    for (long at = 0; countdown < 0 && !check_bad; at += 3) {
        struct err err = ERR_INIT;
        struct basin *b;

        if (fresh)
            unlink(ft_path("b"));
        countdown = at;
        b = ft_try(ft_path("b"), true, &err);
        refused += b == NULL;
        CHECK(b != NULL || err.code == ERR_OS || err.code == ERR_CANTCREATE ||
              err.code == ERR_IO);
        basin_free(b);
    }
    countdown = -1;
    return refused;
}

static void test_opening(void)
{
    ft_begin();
    CHECK(open_until_it_works(true) > 100);
    CHECK(open_until_it_works(false) > 100);
    ft_end();
}

static void test_using(void)
{
    uint64_t n;

    ft_begin();
    countdown = -1;
    for (n = 0; countdown < 0 && !check_bad; n++) {
        struct basin *b = ft_open(ft_path("b"), true);

        countdown = (long)n;
        use(b, n);
        basin_free(b);
    }
    countdown = -1;
    CHECK(n > 20);
    ft_end();
}

int main(void)
{
    sqlite3_mem_methods methods;

    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_methods);
    methods = real_methods;
    methods.xMalloc = failing_malloc;
    methods.xRealloc = failing_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
    RUN(test_opening);
    RUN(test_using);
    got_clear(&got);
    return check_done();
}
