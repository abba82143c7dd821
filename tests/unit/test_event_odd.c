#include "base/retry.h"
#include "posts.h"
#include "scarce.h"

#define SEED 1795372744U

/* A number that fits nowhere, in a field that nobody reads, costs nothing. */
static void test_giant_number(void)
{
    struct event event;

    CHECK_INT(posts_edited(V1_POST, "\"createdAt\"",
                           "\"x\":[1,-98765432109876543210],\"createdAt\"",
                           &event),
              1);
    CHECK_INT(event.time_us, 1795372744737147);
    CHECK_INT(event.seq, 1001);
    event_release(&event);
    CHECK_INT(posts_edited(V1_POST, "1001", "98765432109876543210", &event), 1);
    CHECK_INT(event.time_us, 1795372744737147);
    CHECK_INT(event.seq, -1);
    event_release(&event);
    posts_check_edit(V1_POST, "1001", "98765432109876543210,\"did\":\"x\"", -1);
    posts_check_edit(V1_POST, "1001", "98765432109876543210,\"z\"", -1);
}

/* Damages ${text} at a few places. */
static void damage(struct rng *rng, struct buf *text)
{
    static const char bytes[] = "{}[]\",:\\u0eE+-. \n\xC3\xFF$#tfn9";

    for (size_t i = rng_next(rng) % 3; i > 0 && text->n > 0; i--)
        text->p[rng_next(rng) % text->n] = bytes[rng_next(rng) % sizeof(bytes)];
    if (rng_next(rng) % 4 == 0)
        text->n -= rng_next(rng) % (text->n + 1);
    if (rng_next(rng) % 4 == 0)
        buf_drop(text, rng_next(rng) % 20);
}

static void test_garbage(void)
{
    static const char *const posts[] = {V1_POST, V2_POST};
    struct rng rng = {SEED};
    int taken[3] = {0, 0, 0};

    printf("# seed %u\n", SEED);
    for (int i = 0; i < 40000; i++) {
        struct buf text = BUF_INIT(4096);
        struct event event;
        int r;

        buf_addstr(&text, posts[i % 2]);
        damage(&rng, &text);
        r = posts_parse(text.n > 0 ? buf_slice(&text) : SLICE(""), &event,
                        NULL);
        CHECK(r >= -1 && r <= 1);
        CHECK_INT(event.kind == EVENT_POST, r == 1);
        CHECK(r != 1 ||
              (event.did.n > 0 && event.rkey.n > 0 && event.cid.n > 0 &&
               event.record != NULL && event.time_us >= 0));
        taken[r + 1]++;
        event_release(&event);
        buf_release(&text);
    }
    CHECK(taken[0] > 1000 && taken[1] > 100 && taken[2] > 1000);
}

/* Only the first allocation is refused: jansson asserts that later ones of
 * its lexer succeed. */
static void test_no_memory(void)
{
    struct event event;
    struct err err = ERR_INIT;

    scarce_from(0);
    CHECK_INT(posts_parse(SLICE(V1_POST), &event, &err), -1);
    scarce_end();
    CHECK_INT(err.code, ERR_OS);
    CHECK_STR(err.text, "out of memory");
    event_release(&event);
}

int main(void)
{
    RUN(test_giant_number);
    RUN(test_garbage);
    RUN(test_no_memory);
    return check_done();
}
