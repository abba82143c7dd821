/* Charts of every size from random models: nothing is out of the grid,
 * columns line up, and nothing but text comes out. */
#include "view/chart.h"

#include <inttypes.h>
#include <locale.h>
#include <stdlib.h>

#include "base/text.h"
#include "check.h"
#include "view/chart_layout.h"

#define SEED UINT64_C(20261122)
#define ROWS_MAX 40
#define TEXT_MAX ((size_t)1 << 22)
#define CANARIES 64

static uint64_t state = SEED;

static uint64_t rnd(uint64_t n)
{
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return (state >> 33) % n;
}

static uint64_t rnd_count(void)
{
    static const uint64_t bounds[] = {1,    2,       10,
                                      1000, 1000000, UINT64_C(1) << 30};

    return rnd(50) == 0 ? UINT64_MAX - rnd(2)
                        : rnd(bounds[rnd(sizeof(bounds) / sizeof(bounds[0]))]);
}

struct world {
    struct chart_row rows[ROWS_MAX];
    char labels[ROWS_MAX][64];
    uint32_t history[ROWS_MAX][70];
    char title[80];
    char notice[80];
    struct chart_model model;
    struct chart_options options;
};

/* Words of what strangers may write, and raw bytes. */
static void make_text(char *out, size_t size)
{
    static const char *const words[] = {
        "social/", "news/",        "youtube",      "a",
        "/",       "\033[31m",     "\xC2\x9B",     "\r\n\t",
        "漢字",    "e\xCC\x81",    "\xCC\x81",     "\xE2\x80\x8B",
        "😀",       "\xE2\x80\xAE", "\xEF\xB8\x8F", "\xE2\x80\x8D",
    };
    size_t n = 0, parts = rnd(7);

    for (size_t i = 0; i < parts; i++) {
        const char *word = words[rnd(sizeof(words) / sizeof(words[0]))];
        char byte[2] = {(char)(1 + rnd(255)), '\0'};

        if (rnd(6) == 0)
            word = byte;
        if (n + strlen(word) >= size)
            break;
        memcpy(out + n, word, strlen(word));
        n += strlen(word);
    }
    out[n] = '\0';
}

static int64_t rnd_known(uint64_t n)
{
    return rnd(4) == 0 ? CHART_UNKNOWN : (int64_t)rnd(n);
}

static void make_model(struct world *w)
{
    make_text(w->title, sizeof(w->title));
    make_text(w->notice, sizeof(w->notice));
    w->model = (struct chart_model){
        .title = w->title,
        .rows = w->rows,
        .n = rnd(3) == 0 ? rnd(4) : rnd(ROWS_MAX),
        .nhistory = rnd(71),
        .window_ms = 1 + (int64_t)rnd(100000),
        .clock_s = (int64_t)rnd(1U << 31),
        .since_s = rnd_known(1U << 31),
        .rate_milli = rnd_known(1U << 30),
        .lag_ms = rnd_known(1U << 30),
        .late = rnd_count(),
        .late_graced = rnd_count(),
        .missing = rnd_count(),
        .nstreams = rnd(4),
        .nstale = rnd(3),
        .ndeleted = rnd(3),
        .from_input = rnd(4) == 0,
        .paused = rnd(2),
        .listed = rnd(2),
        .notice = rnd(2) ? w->notice : NULL,
    };
    w->options = (struct chart_options){
        .ascii = rnd(3) == 0,
        .panels = (unsigned)rnd(8),
        .rate = rnd(3) == 0,
        .sort = rnd(2) ? CHART_BY_NAME : CHART_BY_COUNT,
        .top = rnd(3) == 0 ? rnd(12) : 0,
        .keys = rnd(2),
    };
}

static void make_world(struct world *w)
{
    make_model(w);
    for (size_t i = 0; i < ROWS_MAX; i++) {
        make_text(w->labels[i], sizeof(w->labels[i]));
        for (size_t k = 0; k < 70; k++)
            w->history[i][k] = (uint32_t)rnd_count();
        w->rows[i] = (struct chart_row){
            .label = w->labels[i],
            .recent = rnd_count(),
            .total = rnd_count(),
            .history = rnd(3) ? w->history[i] : NULL,
            .stale = rnd(8) == 0,
            .deleted = rnd(8) == 0,
        };
    }
}

/* A grid whose cells have guards on both sides. */
static struct grid_cell *guarded(int width, int height, struct grid *grid)
{
    size_t n = (size_t)width * (size_t)height;
    struct grid_cell *all = malloc((n + 2 * CANARIES) * sizeof(*all));

    memset(all, 0x5A, (n + 2 * CANARIES) * sizeof(*all));
    grid->width = width;
    grid->height = height;
    grid->cells = all + CANARIES;
    return all;
}

static bool guards_stand(const struct grid_cell *all, size_t n)
{
    const unsigned char *p = (const unsigned char *)all;
    const unsigned char *q = (const unsigned char *)(all + CANARIES + n);
    bool good = true;

    for (size_t i = 0; i < CANARIES * sizeof(*all); i++)
        good = good && p[i] == 0x5A && q[i] == 0x5A;
    return good;
}

/* Every line is as wide as the cells say, and has no control byte. */
static bool lines_are_fit(struct slice text, int width)
{
    size_t from = 0;

    for (size_t i = 0; i < text.n; i++) {
        struct slice line = {text.p + from, i - from};
        struct buf clean = BUF_INIT(TEXT_MAX);
        bool same;

        if (text.p[i] != '\n')
            continue;
        same = text_scrub(&clean, line, line.n) == 0 &&
               slice_eq(buf_slice(&clean), line);
        buf_release(&clean);
        if (!same || !text_is_utf8(line) || grid_width(line, false) > width)
            return false;
        from = i + 1;
    }
    return from == text.n;
}

/* In every row, the cells as text are as many columns as there are cells. */
static bool rows_are_aligned(const struct grid *grid)
{
    for (int row = 0; row < grid->height; row++) {
        for (int i = 0; i < grid->width; i++) {
            const struct grid_cell *cell = grid->cells + row * grid->width + i;
            int width = grid_width(slice_str(cell->text), false);
            bool wide = i + 1 < grid->width && cell[1].right;

            if (cell->right && (i == 0 || cell->text[0] != '\0'))
                return false;
            if (cell->text[0] != '\0' && width != (wide ? 2 : 1))
                return false;
        }
    }
    return true;
}

static bool try_size(const struct world *w, int width, int height,
                     struct chart_scale *scale)
{
    struct grid grid;
    struct grid_cell *all = guarded(width, height, &grid);
    size_t n = (size_t)width * (size_t)height;
    struct buf out = BUF_INIT(TEXT_MAX);
    bool good;

    chart_draw(&w->model, &w->options, scale, (int64_t)rnd(5), &grid);
    good = guards_stand(all, n) && rows_are_aligned(&grid) &&
           grid_text(&grid, false, &out) == 0 &&
           lines_are_fit(buf_slice(&out), width);
    buf_release(&out);
    free(all);
    return good;
}

static void test_every_size(void)
{
    static struct world w;
    struct chart_scale scale = {0};

    for (int height = 1; height <= 60; height++) {
        for (int width = 1; width <= 200; width++) {
            uint64_t at = state;

            make_world(&w);
            if (try_size(&w, width, height, &scale))
                continue;
            check_bad = true;
            printf("# seed %" PRIu64 ", state %" PRIu64 ", %dx%d\n", SEED, at,
                   width, height);
            return;
        }
    }
}

/* Labels of other rows never move the counts: they all end in one column. */
static void test_counts_line_up(void)
{
    static struct world w;
    struct chart_scale scale = {0};
    struct grid grid = {0};

    for (int round = 0; round < 300; round++) {
        int width = 40 + (int)rnd(100);
        int rows = 0;

        make_world(&w);
        w.model.n = 1 + rnd(20);
        w.model.notice = NULL;
        w.options.panels = rnd(2) ? CHART_RECENT : CHART_TOTAL;
        w.options.keys = false;
        CHECK(grid_init(&grid, width, 30, NULL) == 0);
        chart_draw(&w.model, &w.options, &scale, round, &grid);
        for (int row = 2; row < 30; row++) {
            char last = grid.cells[(row + 1) * width - 2].text[0];

            rows += (last >= '0' && last <= '9') || last == '%';
        }
        if (rows != (int)(w.options.top > 0 && w.options.top < w.model.n
                              ? w.options.top + 1
                              : w.model.n)) {
            check_bad = true;
            printf("# seed %" PRIu64 ", round %d: %d rows\n", SEED, round,
                   rows);
        }
        grid_release(&grid);
    }
}

/* The rows of a model that does not change are the same in every frame, and
 * what is cut off is all in other. */
static void test_other_is_the_rest(void)
{
    struct chart_row rows[30];
    char labels[30][8];
    struct chart_scale scale = {0};
    struct chart_options options = {.panels = CHART_TOTAL};
    struct chart_model model = {.title = "",
                                .rows = rows,
                                .n = 30,
                                .window_ms = 1000,
                                .since_s = CHART_UNKNOWN,
                                .rate_milli = CHART_UNKNOWN,
                                .lag_ms = CHART_UNKNOWN};
    struct grid grid = {0};
    struct buf out = BUF_INIT(TEXT_MAX);

    for (int i = 0; i < 30; i++) {
        snprintf(labels[i], sizeof(labels[i]), "l%02d", (i * 7) % 30);
        rows[i] = (struct chart_row){.label = labels[i],
                                     .total = (uint64_t)(i * 7) % 30};
    }
    CHECK(grid_init(&grid, 30, 6, NULL) == 0);
    chart_draw(&model, &options, &scale, 0, &grid);
    CHECK(grid_text(&grid, false, &out) == 0);
    CHECK(buf_str(&out) != NULL && strstr(out.p, " l27 ") != NULL);
    CHECK(strstr(out.p, " l29 ") != NULL && strstr(out.p, " l26 ") == NULL);
    CHECK(strstr(out.p, " other (27) ") != NULL);
    CHECK(strstr(out.p, " 351\n") != NULL);
    CHECK(strstr(out.p, " l27 ") < strstr(out.p, " l28 "));
    buf_release(&out);
    grid_release(&grid);
}

/* All ends are within the width and behind each other. */
static void test_layout(void)
{
    struct chart_layout layout;

    for (int round = 0; round < 200000; round++) {
        int label = 1 + (int)rnd(90);
        struct chart_need need = {
            .width = 1 + (int)rnd(220),
            .height = (int)rnd(60),
            .nrows = 1 + rnd(30),
            .panels = (unsigned)rnd(8),
            .label = label,
            .short_label = 1 + (int)rnd((uint64_t)label),
            .counts = {5 + (int)rnd(24), 6 + (int)rnd(24)},
        };
        int from;

        chart_layout_make(&need, &layout);
        from = layout.margin + layout.label;
        for (size_t i = 0; i < layout.npanels; i++) {
            const struct chart_panel *p = &layout.panels[i];
            int end = p->share > 0 ? p->share_end : p->count_end;

            CHECK(p->bar == 0 || p->column > from);
            CHECK(p->bar == 0 ||
                  p->column + p->spark + p->bar < p->count_end - p->count);
            CHECK(p->count == 0 || p->count_end - p->count > from);
            CHECK(end <= need.width - layout.margin);
            from = layout.stacked ? from : end;
        }
        if (check_bad) {
            printf("# seed %" PRIu64 ", round %d\n", SEED, round);
            return;
        }
    }
}

int main(void)
{
    if (setlocale(LC_ALL, "C.UTF-8") == NULL)
        printf("# no C.UTF-8 here\n");
    RUN(test_layout);
    RUN(test_other_is_the_rest);
    RUN(test_counts_line_up);
    RUN(test_every_size);
    return check_done();
}
