/* The rules behind the chart: scale, colours, which rows stay, what bars and
 * labels show. */
#include "chartscene.h"

#include <locale.h>
#include <stdlib.h>

/* Draws with one row that counts ${n}, and returns the scale. */
static uint64_t scale_after(struct chart_scale *scale, int64_t window,
                            uint64_t n)
{
    struct chart_row row = {"a", n, n, NULL, false, false};
    struct chart_model model = model_of(&row, 1);
    struct grid grid;

    CHECK(grid_init(&grid, 40, 10, NULL) == 0);
    chart_draw(&model, &usual, scale, window, &grid);
    grid_release(&grid);
    return scale->recent;
}

static void test_scale(void)
{
    struct chart_scale scale = {0};

    CHECK_INT(scale_after(&scale, 1, 80), 80);
    CHECK_INT(scale_after(&scale, 1, 100), 100);
    CHECK_INT(scale_after(&scale, 2, 50), 100);
    for (int64_t window = 3; window < 13; window++) {
        CHECK_INT(scale_after(&scale, window, 10), 100);
        CHECK_INT(scale_after(&scale, window, window == 7 ? 49 : 20), 100);
    }
    CHECK_INT(scale_after(&scale, 13, 10), 49);
    CHECK_INT(scale_after(&scale, 13, 70), 70);
}

/* A window that fills from nothing is not a small one. */
static void test_scale_tumbling(void)
{
    struct chart_scale scale = {0};

    for (int64_t window = 1; window < 40; window++) {
        for (uint64_t n = 0; n <= 60; n += 20)
            scale_after(&scale, window, window == 1 ? n * 100 / 60 : n);
        CHECK_INT(scale.recent, 100);
    }
}

/* The colour of the bar of a row with that label, as a digit. */
static char bar_color(const char *label)
{
    struct chart_row row = {label, 1, 1, NULL, false, false};
    struct chart_model model = model_of(&row, 1);
    char *text = NEEDED(draw(&model, &usual, 60, 10, true));
    const char *bar = strstr(text, "m\xE2\x96\x88");
    char digit = bar != NULL ? bar[-1] : '0';

    free(text);
    return digit;
}

static void test_kinds(void)
{
    char social = bar_color("social/a"), news = bar_color("news/a");
    char shops = bar_color("ecommerce/a");

    CHECK(social != news && news != shops && shops != social);
    CHECK(social > '1' && news > '1' && shops > '1');
    CHECK_INT(bar_color("social/b/c"), social);
    CHECK_INT(bar_color("de"), bar_color("en"));
}

/* Whether ${line} begins a line of rows of these at 40 columns by 4 lines. */
static bool has_row(const struct chart_row *rows, size_t n,
                    const struct chart_options *options, const char *line)
{
    struct chart_model model = model_of(rows, n);
    char *text = NEEDED(draw(&model, options, 40, 4, false));
    bool found = strstr(text, line) != NULL;

    free(text);
    return found;
}

/* By name, the largest totals stay; by count, what the panel shows. */
static void test_who_stays(void)
{
    static const struct chart_row rows[] = {
        {"a", 9, 10, NULL, false, false},
        {"b", 1, 40, NULL, false, false},
        {"c", 8, 20, NULL, false, false},
        {"d", 2, 30, NULL, false, false},
    };
    struct chart_options options = {.panels = CHART_RECENT | CHART_TOTAL};

    CHECK(has_row(rows, 4, &options, "\n b "));
    CHECK(has_row(rows, 4, &options, "\n d "));
    CHECK(has_row(rows, 4, &options, "\n other (2) "));
    options.sort = CHART_BY_COUNT;
    CHECK(has_row(rows, 4, &options, "\n a "));
    CHECK(has_row(rows, 4, &options, "\n c "));
    options.panels = CHART_RECENT;
    options.sort = CHART_BY_NAME;
    CHECK(has_row(rows, 4, &options, "\n a "));
    options.panels = CHART_TOTAL;
    options.sort = CHART_BY_COUNT;
    CHECK(has_row(rows, 4, &options, "\n b "));
}

/* What is common to all is not taken off where nothing would be left. */
static void test_prefix(void)
{
    static const struct chart_row whole[] = {
        {"long-name/of-a-kind/", 1, 1, NULL, false, false},
        {"long-name/of-a-kind/x", 1, 1, NULL, false, false},
    };
    static const struct chart_row same[] = {
        {"long-name/of-kind/b", 1, 1, NULL, false, false},
        {"long-name/of-king/b", 1, 1, NULL, false, false},
    };

    CHECK(has_row(whole, 2, &usual, "\n of-a-kind/ "));
    CHECK(has_row(whole, 2, &usual, "\n of-a-kind/x "));
    CHECK(has_row(same, 2, &usual, "\n of-kind/b "));
    CHECK(has_row(same, 2, &usual, "\n of-king/b "));
}

/* A row of nothing is no bar, of anything a bar; rows stay in order. */
static void test_least_bar(void)
{
    static const struct chart_row rows[] = {
        {"b", 1, 1, NULL, false, false},
        {"c", 0, 0, NULL, false, false},
        {"a", 1000000000, UINT64_MAX, NULL, false, false},
    };
    struct chart_model model = model_of(rows, 3);
    struct chart_options options = usual;
    char *text;

    options.panels = CHART_RECENT;
    options.keys = false;
    text = NEEDED(draw(&model, &options, 60, 10, false));
    CHECK(strstr(text, " b  \xE2\x96\x8F ") != NULL);
    CHECK(strstr(text, " c       ") != NULL);
    free(text);
    options.ascii = true;
    text = NEEDED(draw(&model, &options, 60, 10, false));
    CHECK(strstr(text, " b  - ") != NULL);
    CHECK(strstr(text, " c  - ") == NULL);
    free(text);
    text = NEEDED(draw(&model, &options, 100, 10, false));
    CHECK(strstr(text, " 1,000,000,000  100%\n") != NULL);
    CHECK(strstr(text, "             1   <1%\n") != NULL);
    CHECK(strstr(text, "             0    0%\n") != NULL);
    free(text);
}

int main(void)
{
    if (setlocale(LC_ALL, "C.UTF-8") == NULL)
        printf("# no C.UTF-8 here\n");
    RUN(test_scale);
    RUN(test_scale_tumbling);
    RUN(test_kinds);
    RUN(test_who_stays);
    RUN(test_prefix);
    RUN(test_least_bar);
    return check_done();
}
