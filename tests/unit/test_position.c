#include "check.h"

#include <string.h>

#include "base/parse.h"
#include "bsky/position.h"

#define T0 INT64_C(1795372740000000)
#define S(n) ((n)*INT64_C(1000000))

static struct position pos;

static enum position_verdict at(int64_t time_us, int64_t seq)
{
    return position_event(&pos, time_us, seq);
}

static void test_live_tip(void)
{
    struct position_cursor c;

    position_init(&pos, -1);
    c = position_connect(&pos, "a:443", false);
    CHECK(!c.any);
    CHECK(at(T0, 5) == POSITION_TAKE);
    CHECK(at(T0 - S(100), 6) == POSITION_TAKE);
    CHECK_INT(pos.time_us, T0);
    CHECK_INT(pos.seq, 6);
}

static void test_same_host_by_number(void)
{
    struct position_cursor c;

    position_init(&pos, -1);
    position_connect(&pos, "a:443", false);
    at(T0 - S(1500), 40);
    at(T0, 50000);
    c = position_connect(&pos, "a:443", false);
    CHECK(c.any && c.is_seq);
    CHECK_INT(c.value, 40000);
    CHECK(!pos.switched);
    c = position_connect(&pos, "a:443", true);
    CHECK(c.any && !c.is_seq);
    CHECK_INT(c.value, T0 - POSITION_REWIND_US);
    pos.seq = 3;
    CHECK_INT(position_connect(&pos, "a:443", false).value, 1);
}

static void test_other_host_by_time(void)
{
    struct position_cursor c;

    position_init(&pos, -1);
    position_connect(&pos, "a:443", false);
    at(T0 - S(1500), 40);
    at(T0, 50000);
    c = position_connect(&pos, "b:443", false);
    CHECK(pos.switched && !c.is_seq);
    CHECK_INT(c.value, T0 - POSITION_REWIND_HOST_US);
    /* Nothing came from b: a's numbers still count on a. */
    c = position_connect(&pos, "a:443", false);
    CHECK(!pos.switched && c.is_seq);
    position_connect(&pos, "b:443", false);
    CHECK(at(T0 - S(1), 7) == POSITION_GAP);
    CHECK(at(T0 + S(1), 9) == POSITION_TAKE);
    c = position_connect(&pos, "b:443", false);
    CHECK(c.is_seq);
    CHECK_INT(c.value, 1);
}

static void test_floor(void)
{
    position_init(&pos, -1);
    position_connect(&pos, "a:443", false);
    at(T0 - S(1500), -1);
    at(T0, -1);
    position_connect(&pos, "a:443", false);
    /* An unsealed segment: half an hour and more of old events. */
    for (int64_t t = T0 - S(4000); t < T0 - S(60); t += S(1))
        CHECK(at(t, -1) == POSITION_BELOW);
    CHECK(at(T0 - S(60), -1) == POSITION_TAKE);
    CHECK_INT(pos.time_us, T0);
    CHECK(at(T0, -1) == POSITION_TAKE);
    CHECK(pos.reached);
    /* After that there is no floor. */
    CHECK(at(T0 - S(90), -1) == POSITION_TAKE);
    CHECK_INT(pos.time_us, T0);
}

static void test_since(void)
{
    struct position_cursor c;

    position_init(&pos, T0);
    c = position_connect(&pos, "a:443", false);
    CHECK(c.any && !c.is_seq);
    CHECK_INT(c.value, T0);
    CHECK(at(T0 - 1, 1) == POSITION_BELOW);
    CHECK(at(T0 + 1, 2) == POSITION_TAKE);
    /* A rewind does not go before --since. */
    c = position_connect(&pos, "a:443", true);
    CHECK_INT(c.value, T0);
}

static void test_gap(void)
{
    position_init(&pos, T0);
    position_connect(&pos, "a:443", false);
    CHECK(at(T0 + S(61), 1) == POSITION_GAP);
    CHECK(at(T0 + S(62), 2) == POSITION_TAKE);
    position_connect(&pos, "a:443", false);
    CHECK(at(T0 + S(62), 2) == POSITION_TAKE);
    position_connect(&pos, "a:443", false);
    CHECK(at(T0 + S(63), 3) == POSITION_GAP);
    position_init(&pos, PARSE_EARLIEST);
    position_connect(&pos, "a:443", false);
    CHECK(at(T0, 1) == POSITION_TAKE);
}

static void test_wild_time(void)
{
    position_init(&pos, -1);
    position_connect(&pos, "a:443", false);
    at(T0, 1);
    CHECK(at(T0 + S(86400), 2) == POSITION_TAKE);
    CHECK_INT(pos.time_us, T0);
    at(T0 + S(1), 3);
    CHECK_INT(pos.time_us, T0 + S(1));
    at(1000, 4);
    at(T0 + S(2), 5);
    CHECK_INT(pos.time_us, T0 + S(2));
    /* A second event confirms the jump, forward and back again. */
    at(T0 + S(86400), 6);
    at(T0 + S(86401), 7);
    CHECK_INT(pos.time_us, T0 + S(86401));
    at(T0 + S(4), 8);
    at(T0 + S(3), 9);
    CHECK_INT(pos.time_us, T0 + S(4));
    /* One that nothing confirms leaves no trace. */
    at(T0 + S(86400), 10);
    at(T0 + S(5), 11);
    CHECK_INT(pos.time_us, T0 + S(5));
}

static void test_wild_time_does_not_lift_the_floor(void)
{
    position_init(&pos, -1);
    position_connect(&pos, "a:443", false);
    at(T0, -1);
    position_connect(&pos, "a:443", false);
    CHECK(at(T0 - S(3000), -1) == POSITION_BELOW);
    CHECK(at(T0 + S(86400), -1) == POSITION_TAKE);
    CHECK(at(T0 - S(2999), -1) == POSITION_BELOW);
    CHECK_INT(pos.time_us, T0);
}

/* A server that cuts every connection after a few events must not keep us
 * at the same place, with numbers or without. */
static void cut_every(int64_t n, bool numbers)
{
    const int64_t total = 3000;
    int64_t reached = 0;
    int connections = 0;

    position_init(&pos, -1);
    while (reached < total && connections < 5000) {
        struct position_cursor c = position_connect(&pos, "a:1", false);
        int64_t i = !c.any ? 1 : c.is_seq ? c.value : (c.value - T0) / S(1);

        connections++;
        for (int64_t sent = 0; sent < n && i <= total; sent++, i++) {
            if (i < 1)
                i = 1;
            at(T0 + S(i), numbers ? i : -1);
            CHECK(i <= reached + 1);
            if (i > reached)
                reached = i;
        }
    }
    CHECK_INT(reached, total);
    printf("# %d connections\n", connections);
}

static void test_progress_when_cut(void)
{
    cut_every(10, true);
    cut_every(10, false);
    cut_every(500, true);
}

static void test_no_time(void)
{
    position_init(&pos, -1);
    position_connect(&pos, "a:443", false);
    CHECK(at(-1, 9) == POSITION_TAKE);
    CHECK_INT(pos.time_us, -1);
}

int main(void)
{
    RUN(test_live_tip);
    RUN(test_same_host_by_number);
    RUN(test_other_host_by_time);
    RUN(test_floor);
    RUN(test_since);
    RUN(test_gap);
    RUN(test_wild_time);
    RUN(test_wild_time_does_not_lift_the_floor);
    RUN(test_progress_when_cut);
    RUN(test_no_time);
    return check_done();
}
