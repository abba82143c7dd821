/* Frames of the chart against golden files: tests/data/chart/NAME.txt, with
 * colour NAME.color.txt.  CHART_GOLDEN=write in the environment writes them
 * anew, to be looked at before they are kept. */
#include "chartscene.h"

#include <locale.h>
#include <stdlib.h>

#define AT INT64_C(1795373561) /* 2026-11-22 18:52:41 */
#define SINCE (AT - 759)       /* 18:40:02 */

static const uint32_t history[][12] = {
    {40, 44, 52, 61, 55, 38, 30, 33, 41, 47, 49, 45},
    {0, 0, 1, 5, 30, 62, 90, 120, 118, 99, 92, 90},
    {0, 0, 0, 0, 0, 0, 0, 12, 60, 110, 170, 185},
};

static const struct chart_row three[] = {
    {"social/facebook", 45, 4091, history[0], false, false},
    {"social/youtube", 185, 15902, history[2], false, false},
    {"social/reddit", 90, 6987, history[1], false, false},
};

static const struct chart_row nine[] = {
    {"social/youtube", 185, 15902, NULL, false, false},
    {"social/facebook", 45, 4091, NULL, false, false},
    {"social/reddit", 90, 6987, NULL, true, false},
    {"news/bbc", 3, 310, NULL, false, false},
    {"news/cnn", 0, 44, NULL, false, true},
    {"news/cbc", 1, 1204, NULL, false, false},
    {"ecommerce/etsy", 17, 1020, NULL, false, false},
    {"ecommerce/ebay", 0, 0, NULL, false, false},
    {"ecommerce/amazon", 9, 733, NULL, false, false},
};

/* A label that tries something, one that combines, and a wide one. */
static const struct chart_row hostile[] = {
    {"a\033[2J\r\nb", 5, 50, NULL, false, false},
    {"\xC2\x9B"
     "31m/c1",
     4, 40, NULL, false, false},
    {"bidi\xE2\x80\xAE"
     "cba",
     3, 30, NULL, false, false},
    {"e\xCC\x81t\xCC\x81\xCC\x82", 6, 60, NULL, false, false},
    {"\xE6\xBC\xA2\xE5\xAD\x97/\xE4\xB8\x96\xE7\x95\x8C", 7, 70, NULL, true,
     false},
    {"zero\xE2\x80\x8Bwidth", 2, 20, NULL, false, false},
    {"not\xFF\xC3utf8", 1, 10, NULL, false, false},
    {"\xCC\x81"
     "alone",
     1, 9, NULL, false, false},
};

static struct chart_model model_at(const struct chart_row *rows, size_t n)
{
    struct chart_model model = model_of(rows, n);

    model.clock_s = AT;
    model.since_s = SINCE;
    return model;
}

static void write_golden(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    CHECK(f != NULL);
    if (f == NULL)
        return;
    fputs(text, f);
    fclose(f);
}

static void check_golden(const char *name, const char *text)
{
    static char want[TEXT_MAX];
    const char *mode = getenv("CHART_GOLDEN");
    char path[256];
    size_t n = 0;
    FILE *f;

    snprintf(path, sizeof(path), "tests/data/chart/%s.txt", name);
    if (mode != NULL && strcmp(mode, "write") == 0)
        write_golden(path, text);
    f = fopen(path, "r");
    if (f != NULL) {
        n = fread(want, 1, sizeof(want) - 1, f);
        fclose(f);
    }
    want[n] = '\0';
    if (strcmp(text, want) == 0)
        return;
    check_bad = true;
    printf("# %s differs; drawn was:\n%s", path, text);
}

static void golden(const char *name, const struct chart_model *model,
                   const struct chart_options *options, int width, int height)
{
    char *text = NEEDED(draw(model, options, width, height, false));

    check_golden(name, text);
    free(text);
}

static void golden_color(const char *name, const struct chart_model *model,
                         int width, int height)
{
    char *text = NEEDED(draw(model, &usual, width, height, true));

    check_golden(name, text);
    free(text);
}

static void test_side_by_side(void)
{
    struct chart_model model = model_at(three, 3);

    golden("100x24", &model, &usual, 100, 24);
    golden("200x60", &model, &usual, 200, 60);
    model = model_at(nine, 9);
    model.title = "";
    model.nstale = 1;
    model.ndeleted = 1;
    golden("nine-100x24", &model, &usual, 100, 24);
    golden("nine-80x24", &model, &usual, 80, 24);
    golden_color("nine-100x24.color", &model, 100, 24);
}

static void test_stacked(void)
{
    struct chart_model model = model_at(three, 3);

    golden("60x24", &model, &usual, 60, 24);
    golden_color("60x24.color", &model, 60, 24);
    golden("60x9", &model, &usual, 60, 9);
}

static void test_small(void)
{
    struct chart_model model = model_at(three, 3);
    struct chart_options options = usual;

    options.sort = CHART_BY_COUNT;
    golden("40x3", &model, &options, 40, 3);
    golden("40x1", &model, &options, 40, 1);
    golden("20x6", &model, &options, 20, 6);
    golden("8x6", &model, &options, 8, 6);
    model = model_at(nine, 9);
    model.nstale = 1;
    golden("nine-40x10", &model, &usual, 40, 10);
    golden_color("nine-40x10.color", &model, 40, 10);
}

static void test_spark(void)
{
    struct chart_model model = model_at(three, 3);
    struct chart_options options = usual;

    model.nhistory = 12;
    options.panels |= CHART_SPARK;
    golden("spark-100x24", &model, &options, 100, 24);
    golden("spark-60x24", &model, &options, 60, 24);
    options.top = 1;
    golden("spark-top-60x24", &model, &options, 60, 24);
    options.top = 0;
    options.ascii = true;
    golden("spark-ascii-60x24", &model, &options, 60, 24);
}

static void test_panels(void)
{
    struct chart_model model = model_at(nine, 9);
    struct chart_options options = usual;

    model.title = "";
    options.panels = CHART_RECENT;
    options.rate = true;
    golden("rate-80x24", &model, &options, 80, 24);
    options.panels = CHART_TOTAL;
    model.since_s = AT - 200000;
    golden("total-80x24", &model, &options, 80, 24);
    model.since_s = CHART_UNKNOWN;
    options.top = 3;
    options.ascii = true;
    options.keys = false;
    golden("total-ascii-80x24", &model, &options, 80, 24);
}

static void test_status(void)
{
    struct chart_model model = model_at(three, 3);

    model.paused = true;
    model.late = 5;
    model.late_graced = 12;
    model.missing = 1200;
    model.nstale = 1;
    model.ndeleted = 1;
    model.notice = "S2: 503, trying again in 4 s";
    golden("status-140x10", &model, &usual, 140, 10);
    golden("status-120x10", &model, &usual, 120, 10);
    golden("status-100x10", &model, &usual, 100, 10);
    golden("status-80x10", &model, &usual, 80, 10);
    golden("status-60x10", &model, &usual, 60, 10);
    golden("status-40x10", &model, &usual, 40, 10);
    golden("status-24x2", &model, &usual, 24, 2);
}

static void test_nothing_yet(void)
{
    struct chart_model model = model_at(NULL, 0);

    golden("none-60x10", &model, &usual, 60, 10);
    model.nstreams = 3;
    model.rate_milli = CHART_UNKNOWN;
    model.lag_ms = CHART_UNKNOWN;
    golden("waiting-60x10", &model, &usual, 60, 10);
    model.listed = false;
    golden("looking-60x10", &model, &usual, 60, 10);
    model.from_input = true;
    model.title = "";
    golden("input-60x10", &model, &usual, 60, 10);
}

static void test_hostile(void)
{
    struct chart_model model =
        model_at(hostile, sizeof(hostile) / sizeof(hostile[0]));
    struct chart_options options = usual;

    model.title = "\033]0;x\a\xE2\x80\xAE\xE6\xBC\xA2";
    model.notice = "\xE2\x80\xAA\033[5m";
    golden("hostile-80x24", &model, &options, 80, 24);
    options.ascii = true;
    golden("hostile-ascii-80x24", &model, &options, 80, 24);
}

int main(void)
{
    if (setlocale(LC_ALL, "C.UTF-8") == NULL)
        printf("# no C.UTF-8 here\n");
    RUN(test_side_by_side);
    RUN(test_stacked);
    RUN(test_small);
    RUN(test_spark);
    RUN(test_panels);
    RUN(test_status);
    RUN(test_nothing_yet);
    RUN(test_hostile);
    return check_done();
}
