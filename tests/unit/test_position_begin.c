/* Where a job began, and how another run of it goes on. */
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

static struct position_place resume(int64_t begin_us, int64_t begin_seq,
                                    int64_t time_us, int64_t seq)
{
    struct position_place place = {begin_us, begin_seq, time_us, seq};

    position_resume(&pos, &place, "a:443");
    return place;
}

static void test_begin_live(void)
{
    struct position_cursor c;

    position_init(&pos, -1);
    CHECK_INT(pos.begin_us, -1);
    position_connect(&pos, "a:443", false);
    at(T0, 50);
    at(T0 - S(30), 51); /* live: taken, and no other begin */
    CHECK_INT(pos.begin_us, T0);
    CHECK_INT(pos.begin_seq, 50);
    at(T0 + S(1), 52);
    c = position_connect(&pos, "a:443", false);
    CHECK(c.is_seq);
    CHECK_INT(c.value, 1);
    CHECK(at(T0 - S(1), 48) == POSITION_BELOW);
    CHECK(at(T0, 49) == POSITION_BELOW); /* a tie before it */
    CHECK(at(T0, 50) == POSITION_TAKE);
    CHECK(!pos.reached);
    /* Behind the begin by number, before it by time. */
    CHECK(at(T0 - S(30), 51) == POSITION_TAKE);
    CHECK(at(T0 + S(1), 52) == POSITION_TAKE);
    CHECK(pos.reached);
    CHECK(at(T0 - S(59), 53) == POSITION_TAKE);
    /* A crashed server gives an old number to a later event. */
    position_connect(&pos, "a:443", false);
    CHECK(at(T0 + 1, 49) == POSITION_TAKE);
}

static void test_begin_without_numbers(void)
{
    struct position_cursor c;

    position_init(&pos, -1);
    position_connect(&pos, "a:443", false);
    at(T0, -1);
    CHECK_INT(pos.begin_us, T0);
    CHECK_INT(pos.begin_seq, -1);
    at(T0 + S(10), -1);
    c = position_connect(&pos, "a:443", false);
    CHECK(!c.is_seq);
    CHECK_INT(c.value, T0);
    CHECK_INT(pos.floor_us, T0 - S(50));
    CHECK(at(T0 - 1, -1) == POSITION_BELOW);
    CHECK(at(T0, -1) == POSITION_TAKE);
    /* An unnumbered event among numbered ones is judged by time. */
    resume(T0, 50, T0 + S(10), 60);
    position_connect(&pos, "a:443", true);
    CHECK(at(T0 - 1, -1) == POSITION_BELOW);
    CHECK(at(T0 - 1, 55) == POSITION_TAKE);
}

static void test_begin_by_since(void)
{
    position_init(&pos, T0);
    position_connect(&pos, "a:443", false);
    CHECK(at(T0 - S(1), 10) == POSITION_BELOW);
    CHECK_INT(pos.begin_seq, -1);
    CHECK(at(T0 + S(1), 11) == POSITION_TAKE);
    CHECK_INT(pos.begin_us, T0);
    CHECK_INT(pos.begin_seq, 11);
    at(T0 - S(1), 12);
    position_connect(&pos, "a:443", false);
    CHECK(at(T0 - S(1), 10) == POSITION_BELOW);
    CHECK(at(T0 - S(1), 12) == POSITION_TAKE);
}

static void test_begin_on_another_host(void)
{
    position_init(&pos, -1);
    position_connect(&pos, "a:443", false);
    at(T0, 50);
    CHECK_INT(pos.epoch, 0); /* from no host to the first is no change */
    at(T0 + S(1), 51);
    position_connect(&pos, "b:443", false);
    CHECK_INT(pos.epoch, 0);
    /* Its numbers tell nothing there. */
    CHECK(at(T0 - 1, 900) == POSITION_BELOW);
    CHECK(at(T0, 10) == POSITION_GAP);
    CHECK_INT(pos.begin_seq, 50);
    CHECK_STR(pos.host, "a:443");
    at(T0 + S(1), 11);
    CHECK_STR(pos.host, "b:443");
    CHECK_INT(pos.epoch, 1);
    CHECK_INT(pos.begin_seq, -1);
    CHECK_INT(pos.begin_us, T0);
    position_connect(&pos, "a:443", false);
    at(T0 + S(2), 52);
    CHECK_INT(pos.epoch, 2);
    CHECK_INT(pos.begin_seq, -1);
}

/* A begin in the far future would have every later connection by time ask
 * for the live tip. */
static void test_begin_at_a_wild_time(void)
{
    position_init(&pos, -1);
    position_connect(&pos, "a:443", false);
    at(T0 + S(86400), 1);
    CHECK_INT(pos.begin_us, T0 + S(86400));
    at(T0, 2);
    CHECK_INT(pos.begin_us, T0 + S(86400));
    at(T0 - 1, 3);
    CHECK_INT(pos.begin_us, T0 - 1);
    CHECK_INT(pos.begin_seq, 1);
    CHECK_INT(pos.time_us, T0);
    CHECK_INT(position_connect(&pos, "a:443", true).value, T0 - 1);
    /* What --since asked for stays. */
    position_init(&pos, T0);
    position_connect(&pos, "a:443", false);
    at(T0 + S(1), 1);
    at(T0 - S(4000), 2);
    at(T0 - S(4000), 3);
    CHECK_INT(pos.time_us, T0 - S(4000));
    CHECK_INT(pos.begin_us, T0);
    CHECK_INT(position_connect(&pos, "a:443", true).value, T0);
}

/* One wild time in an unsealed segment must not open the way for what lies
 * before the time asked for. */
static void test_since_and_a_wild_time(void)
{
    position_init(&pos, T0);
    position_connect(&pos, "a:443", false);
    CHECK(at(T0 - S(900), 1) == POSITION_BELOW);
    CHECK(at(T0 + S(86400), 2) == POSITION_TAKE);
    CHECK(at(T0 - S(899), 3) == POSITION_BELOW);
    CHECK_INT(pos.time_us, -1);
    CHECK_INT(pos.begin_seq, -1);
    CHECK(at(T0 + 1, 4) == POSITION_TAKE);
    CHECK_INT(pos.time_us, T0 + 1);
    CHECK_INT(pos.begin_seq, 4);
    /* The server's first may lie far behind: the second one confirms it. */
    position_init(&pos, T0);
    position_connect(&pos, "a:443", false);
    CHECK(at(T0 + S(7200), 1) == POSITION_GAP);
    CHECK(at(T0 + S(7201), 2) == POSITION_TAKE);
    CHECK_INT(pos.time_us, T0 + S(7201));
}

static void test_floor_is_the_position_alone(void)
{
    resume(T0 - S(10), 1, T0, 500);
    position_connect(&pos, "a:443", false);
    CHECK_INT(pos.floor_us, T0 - POSITION_REWIND_US);
    position_connect(&pos, "b:443", false);
    CHECK_INT(pos.floor_us, T0 - POSITION_REWIND_HOST_US);
    resume(0, -1, S(3), -1);
    position_connect(&pos, "a:443", false);
    CHECK_INT(pos.floor_us, 0);
    position_init(&pos, T0);
    position_connect(&pos, "a:443", false);
    CHECK_INT(pos.floor_us, T0);
}

static void test_resume(void)
{
    struct position_place place = resume(T0 - S(5000), 7, T0, 50000);
    struct position_place again = position_place(&pos);
    struct position_cursor c;

    CHECK(memcmp(&place, &again, sizeof(place)) == 0);
    CHECK_STR(pos.host, "a:443");
    c = position_connect(&pos, "a:443", false);
    CHECK(c.is_seq && !pos.switched && !pos.reached);
    CHECK_INT(c.value, 40000);
    CHECK_INT(position_reading(&pos), T0 - POSITION_REWIND_US);
    CHECK(at(T0 - S(61), 40000) == POSITION_BELOW);
    CHECK(at(T0 - S(60), 40001) == POSITION_TAKE);
    CHECK(at(T0, 50000) == POSITION_TAKE);
    CHECK_INT(position_reading(&pos), T0);
    resume(T0, 7, T0, 50000);
    c = position_connect(&pos, "b:443", false);
    CHECK(!c.is_seq && pos.switched);
    CHECK_INT(c.value, T0);
}

static void test_resume_without_a_position(void)
{
    struct position_cursor c;

    resume(T0, 50, -1, -1);
    c = position_connect(&pos, "a:443", false);
    CHECK(c.any && !c.is_seq && !pos.switched);
    CHECK_INT(c.value, T0);
    CHECK(at(T0, 49) == POSITION_BELOW);
    CHECK(at(T0, 50) == POSITION_TAKE);
    CHECK_INT(pos.begin_seq, 50);
    /* Another host's numbers tell nothing of it. */
    resume(T0, 50, -1, -1);
    position_connect(&pos, "b:443", false);
    CHECK(at(T0, 49) == POSITION_TAKE);
    CHECK_INT(pos.begin_seq, 49);
    CHECK_INT(pos.begin_us, T0);
    resume(-1, -1, -1, -1);
    CHECK(!position_connect(&pos, "a:443", false).any);
    at(T0, 3);
    CHECK_INT(pos.begin_us, T0);
    CHECK_INT(pos.begin_seq, 3);
}

static void test_resume_from_an_unknown_host(void)
{
    struct position_place place = {T0 - S(5000), 7, T0, 50000};
    struct position_cursor c;

    position_resume(&pos, &place, "");
    c = position_connect(&pos, "a:443", false);
    CHECK(pos.switched && !c.is_seq);
    CHECK_INT(c.value, T0 - POSITION_REWIND_HOST_US);
    CHECK(at(T0, 3) == POSITION_GAP);
    CHECK_INT(pos.epoch, 0);
    CHECK_INT(pos.begin_seq, -1);
    CHECK_INT(pos.seq, 3);
}

static void test_start(void)
{
    struct position before;

    position_init(&pos, -1);
    CHECK_INT(position_start(&pos, "a:443"), -1);
    position_init(&pos, T0);
    CHECK_INT(position_start(&pos, "a:443"), T0);
    resume(T0 - S(5000), 7, T0, 50000);
    before = pos;
    CHECK_INT(position_start(&pos, "a:443"), T0 - POSITION_REWIND_US);
    CHECK_INT(position_start(&pos, "b:443"), T0 - POSITION_REWIND_HOST_US);
    CHECK(memcmp(&before, &pos, sizeof(pos)) == 0);
    CHECK_INT(position_connect(&pos, "b:443", true).value,
              T0 - POSITION_REWIND_HOST_US);
    resume(T0 - S(5), 7, T0, 50000);
    CHECK_INT(position_start(&pos, "a:443"), T0 - S(5));
    CHECK_INT(position_start(&pos, "b:443"), T0 - S(5));
    resume(T0 - S(5), 7, -1, -1);
    CHECK_INT(position_start(&pos, "b:443"), T0 - S(5));
}

/* A wild time was the first of all, and the run ended before others
 * corrected it. */
static void test_resume_from_a_wild_position(void)
{
    resume(T0 + S(86400), 60, T0 + S(86400), 60);
    CHECK(position_connect(&pos, "a:443", false).is_seq);
    CHECK(at(T0, 58) == POSITION_BELOW);
    CHECK(at(T0 + 1, 59) == POSITION_BELOW);
    CHECK(at(T0 + S(86400), 60) == POSITION_TAKE);
    CHECK(pos.reached);
    resume(T0 - S(1), 1, T0 + S(86400), 60);
    position_connect(&pos, "a:443", false);
    CHECK(at(T0, 60) == POSITION_BELOW);
    CHECK(at(T0 + 1, 61) == POSITION_TAKE);
    CHECK(pos.reached);
    CHECK_INT(pos.time_us, T0 + S(86400));
    CHECK(at(T0 + 2, 62) == POSITION_TAKE);
    CHECK_INT(pos.time_us, T0 + 2);
    CHECK_INT(pos.seq, 62);
    /* Another host's numbers are no proof. */
    resume(T0 - S(1), 1, T0 + S(86400), 60);
    position_connect(&pos, "b:443", false);
    CHECK(at(T0 + 1, 61) == POSITION_BELOW);
}

static void test_gap_across_hosts(void)
{
    resume(T0 - S(5000), 1, T0, 60);
    position_connect(&pos, "b:443", false);
    /* The first event is below the floor: told with the first one taken. */
    CHECK(at(T0 - S(601), 1) == POSITION_BELOW);
    CHECK(at(T0 - S(600), 2) == POSITION_GAP);
    CHECK(at(T0 - S(599), 3) == POSITION_TAKE);
    /* Not reached: going back is no switch, but b again is one. */
    position_connect(&pos, "a:443", false);
    CHECK(at(T0, 60) == POSITION_TAKE);
    position_connect(&pos, "b:443", false);
    CHECK(at(T0, 4) == POSITION_GAP);
    position_connect(&pos, "b:443", false);
    CHECK(at(T0, 4) == POSITION_TAKE);
}

static void test_sparse(void)
{
    position_init(&pos, T0);
    pos.sparse = true;
    position_connect(&pos, "a:443", false);
    CHECK(at(T0 + S(9000), 1) == POSITION_TAKE);
    CHECK(at(T0 + S(9001), 2) == POSITION_TAKE);
    /* With a C its event must come again. */
    position_connect(&pos, "a:443", false);
    CHECK(pos.sparse);
    CHECK(at(T0 + S(9002), 3) == POSITION_GAP);
}

int main(void)
{
    RUN(test_begin_live);
    RUN(test_begin_without_numbers);
    RUN(test_begin_by_since);
    RUN(test_begin_on_another_host);
    RUN(test_begin_at_a_wild_time);
    RUN(test_since_and_a_wild_time);
    RUN(test_floor_is_the_position_alone);
    RUN(test_resume);
    RUN(test_resume_without_a_position);
    RUN(test_resume_from_an_unknown_host);
    RUN(test_start);
    RUN(test_resume_from_a_wild_position);
    RUN(test_gap_across_hosts);
    RUN(test_sparse);
    return check_done();
}
