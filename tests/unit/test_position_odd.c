/* Continuity by numbers, and accounts that are quiet for long. */
#include "check.h"

#include <string.h>

#include "bsky/position.h"

#define T0 INT64_C(1795372740000000)
#define S(n) ((n)*INT64_C(1000000))

static struct position pos;

static enum position_verdict at(int64_t time_us, int64_t seq)
{
    return position_event(&pos, time_us, seq);
}

/* C at T0, S at 50000, and a new connection by number or by time. */
static void again(bool by_time)
{
    struct position_place place = {T0 - S(9999), 1, T0, 50000};

    position_resume(&pos, &place, "a:443");
    position_connect(&pos, "a:443", by_time);
}

static void test_number_proves(void)
{
    again(false);
    CHECK(at(T0 + S(90000), 40000) == POSITION_TAKE);
    again(false);
    CHECK(at(T0 + S(90000), 50000) == POSITION_TAKE);
    /* By time a number proves nothing. */
    again(true);
    CHECK(at(T0 + S(90000), 40000) == POSITION_GAP);
}

static void test_number_disproves(void)
{
    again(false);
    CHECK(at(T0 - S(10), 50001) == POSITION_GAP);
}

/* A server that counts anew: its time decides. */
static void test_number_below(void)
{
    again(false);
    CHECK(at(T0 + S(10), 17) == POSITION_GAP);
    again(false);
    CHECK(at(T0 - S(10), 17) == POSITION_TAKE);
}

static void test_strides(void)
{
    position_init(&pos, -1);
    pos.sparse = true;
    position_connect(&pos, "a:443", false);
    for (int i = 0; i < 5; i++)
        CHECK(at(T0 + S(2400) * i, 1 + i) == POSITION_TAKE);
    CHECK_INT(pos.time_us, T0 + S(2400) * 3);
    /* One wild time, and the feed goes on. */
    at(T0 + S(900000), 6);
    CHECK_INT(pos.time_us, T0 + S(2400) * 4);
    at(T0 + S(2400) * 5, 7);
    CHECK_INT(pos.time_us, T0 + S(2400) * 5);
    at(T0 + S(2400) * 5 + 1, 8);
    CHECK_INT(pos.time_us, T0 + S(2400) * 5 + 1);
    CHECK_INT(pos.seq, 8);
}

static void test_no_strides_in_a_full_feed(void)
{
    position_init(&pos, -1);
    position_connect(&pos, "a:443", false);
    at(T0, 1);
    at(T0 + S(2400), 2);
    at(T0 + S(4800), 3);
    CHECK_INT(pos.time_us, T0);
}

int main(void)
{
    RUN(test_number_proves);
    RUN(test_number_disproves);
    RUN(test_number_below);
    RUN(test_strides);
    RUN(test_no_strides_in_a_full_feed);
    return check_done();
}
