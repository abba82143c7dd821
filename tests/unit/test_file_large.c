/* Records of which a page of the embedded basin holds only one. */
#include "filetest.h"

#define LARGE ((size_t)600 << 10)

static struct got got;

/* Two records "s" 0 and 1, each with a body, a header's name and its value of
 * so many bytes: what a page has no room for is in the next one, whole. */
static void two_pages(size_t body, size_t name, size_t value)
{
    char *text = malloc(LARGE);
    struct wire_header header = {{text, name}, {text, value}};
    struct wire_record record = {0, 7, &header, 1, {text, body}};
    struct wire_append append = {&record, 1, false, 0, NULL};
    struct basin *b;

    ft_begin();
    memset(text, 'x', LARGE);
    b = ft_open(ft_path("b"), true);
    CHECK_INT(ft_create(b, "s"), OUTCOME_OK);
    CHECK_INT(ft_append(b, "s", 7, "small", &got), OUTCOME_OK);
    CHECK_INT(ft_batch(b, "s", &append, &got), OUTCOME_OK);
    CHECK_INT(ft_batch(b, "s", &append, &got), OUTCOME_OK);
    CHECK_INT(ft_read(b, "s", 0, 10, &got), OUTCOME_OK);
    CHECK_INT(got.n, 2);
    CHECK_STR(got.text[0], "small");
    CHECK_INT(got.nheaders[0], 0);
    CHECK_INT(strlen(got.text[1]), body);
    CHECK_INT(got.nheaders[1], 1);
    CHECK_INT(ft_read(b, "s", 2, 10, &got), OUTCOME_OK);
    CHECK_INT(got.n, 1);
    CHECK_INT(got.seq[0], 2);
    CHECK_INT(strlen(got.text[0]), body);
    CHECK_INT(got.nheaders[0], 1);
    got_clear(&got);
    basin_free(b);
    free(text);
    ft_end();
}

static void test_bodies(void)
{
    two_pages(LARGE, 1, 0);
}

static void test_names(void)
{
    two_pages(1, LARGE, 0);
}

static void test_values(void)
{
    two_pages(1, 1, LARGE);
}

/* Both would fit, but for what they count as besides. */
static void test_halves(void)
{
    two_pages(WIRE_BATCH_BYTES / 2 - 10, 1, 0);
}

int main(void)
{
    RUN(test_bodies);
    RUN(test_names);
    RUN(test_values);
    RUN(test_halves);
    return check_done();
}
