#include "view/grid.h"

#include <inttypes.h>
#include <locale.h>
#include <stdlib.h>

#include "check.h"
#include "vt.h"

#define SEED UINT64_C(4711)
#define TEXT_MAX ((size_t)1 << 20)

#define HAN "\xE6\xBC\xA2"
#define ACUTE "\xCC\x81"

static uint64_t state = SEED;

static uint64_t rnd(uint64_t n)
{
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return (state >> 33) % n;
}

static int width_of(const char *s)
{
    return grid_width(slice_str(s), false);
}

static int ascii_width_of(const char *s)
{
    return grid_width(slice_str(s), true);
}

static void test_width(void)
{
    struct slice nul = {"a\0b", 3};

    CHECK_INT(width_of(""), 0);
    CHECK_INT(width_of("abc"), 3);
    CHECK_INT(width_of(HAN HAN), 4);
    CHECK_INT(width_of("e" ACUTE), 1);
    CHECK_INT(width_of(ACUTE), 1);
    CHECK_INT(width_of("\xE2\x80\x8B"), 1);
    CHECK_INT(width_of("a\xE2\x80\xAE"), 2);
    CHECK_INT(width_of("\033[m"), 3);
    CHECK_INT(width_of("\xC2\x9B"), 1);
    CHECK_INT(width_of("\xFF\xE6\xBC"), 3);
    CHECK_INT(width_of("\xC2\xAD"), 1);
    CHECK_INT(grid_width(nul, false), 3);
    CHECK_INT(ascii_width_of(HAN), 1);
    CHECK_INT(ascii_width_of("e" ACUTE), 2);
    CHECK_INT(ascii_width_of("\x7F~"), 2);
}

/* One row of eight cells with ${s} put as told, as text. */
static const char *put(const char *s, int column, int max, int *used)
{
    static char text[512];
    struct buf out = BUF_INIT(sizeof(text) - 1);
    struct grid grid;

    CHECK(grid_init(&grid, 8, 1, NULL) == 0);
    grid_put(&grid, 0, 0, 8, SLICE("........"), 0, false);
    *used = grid_put(&grid, 0, column, max, slice_str(s), 0, false);
    CHECK(grid_text(&grid, false, &out) == 0);
    grid_release(&grid);
    CHECK(buf_str(&out) != NULL);
    memcpy(text, out.p, out.n + 1);
    buf_release(&out);
    return text;
}

#define CHECK_PUT(s, column, max, want, cells)                                 \
    do {                                                                       \
        int used;                                                              \
        CHECK_STR(put(s, column, max, &used), want "\n");                      \
        CHECK_INT(used, cells);                                                \
    } while (0)

static void test_put(void)
{
    CHECK_PUT("ab", 1, 5, ".ab.....", 2);
    CHECK_PUT("abcdef", 1, 5, ".abcd~..", 5);
    CHECK_PUT("abcde", 1, 5, ".abcde..", 5);
    CHECK_PUT("abc", 6, 100, "......a~", 2);
    CHECK_PUT("abc", 7, 100, ".......~", 1);
    CHECK_PUT("abc", 8, 100, "........", 0);
    CHECK_PUT("abc", -1, 100, "........", 0);
    CHECK_PUT("abc", 0, 0, "........", 0);
    CHECK_PUT("abc", 0, -3, "........", 0);
    CHECK_PUT("", 3, 5, "........", 0);
    CHECK_PUT(HAN HAN, 0, 4, HAN HAN "....", 4);
    CHECK_PUT(HAN HAN, 0, 3, HAN "~.....", 3);
    CHECK_PUT(HAN HAN, 0, 2, "~.......", 1);
    CHECK_PUT(HAN, 7, 2, ".......~", 1);
    CHECK_PUT("e" ACUTE "f", 0, 2, "e" ACUTE "f......", 2);
    CHECK_PUT("e" ACUTE "fg", 0, 2, "e" ACUTE "~......", 2);
    CHECK_PUT(ACUTE "f", 0, 2, "?f......", 2);
    CHECK_PUT(" " ACUTE "f", 0, 2, " " ACUTE "f......", 2);
    CHECK_PUT("\033[1m\r\n", 0, 8, "?[1m??..", 6);
    CHECK_PUT("a\xFF", 0, 8, "a?......", 2);
}

static void test_put_rows(void)
{
    struct grid grid;

    CHECK(grid_init(&grid, 3, 2, NULL) == 0);
    CHECK_INT(grid_put(&grid, -1, 0, 3, SLICE("a"), 0, false), 0);
    CHECK_INT(grid_put(&grid, 2, 0, 3, SLICE("a"), 0, false), 0);
    CHECK_INT(grid_put(&grid, 1, 2, 3, SLICE("ab"), 0, false), 1);
    CHECK_STR(grid.cells[5].text, "~");
    grid_release(&grid);
    CHECK(grid_init(&grid, 0, -4, NULL) == 0);
    CHECK_INT(grid.width, 1);
    CHECK_INT(grid.height, 1);
    grid_release(&grid);
}

/* More marks than a cell holds are dropped whole. */
static void test_many_marks(void)
{
    char s[1 + 40 * 2] = "e";
    struct slice all = {s, sizeof(s)};
    struct grid grid;

    for (int i = 0; i < 40; i++)
        memcpy(s + 1 + 2 * i, ACUTE, 2);
    CHECK(grid_init(&grid, 4, 1, NULL) == 0);
    CHECK_INT(grid_put(&grid, 0, 0, 4, all, 0, false), 1);
    CHECK_INT(strlen(grid.cells[0].text), 23);
    CHECK_INT(grid.cells[1].text[0], 0);
    grid_release(&grid);
}

static void test_halves(void)
{
    struct grid grid;

    CHECK(grid_init(&grid, 6, 1, NULL) == 0);
    grid_put(&grid, 0, 1, 4, SLICE(HAN HAN), GRID_RED, false);
    grid_put(&grid, 0, 2, 1, SLICE("a"), 0, false);
    CHECK_STR(grid.cells[1].text, "");
    CHECK_INT(grid.cells[1].style, 0);
    CHECK_STR(grid.cells[2].text, "a");
    CHECK(!grid.cells[2].right);
    grid_put(&grid, 0, 2, 2, SLICE(HAN), 0, false);
    CHECK(grid.cells[3].right && !grid.cells[4].right);
    CHECK_STR(grid.cells[4].text, "");
    grid_put(&grid, 0, 2, 1, SLICE(" "), GRID_RED, false);
    CHECK(!grid.cells[3].right);
    CHECK_INT(grid.cells[2].style, 0);
    grid_release(&grid);
}

static void test_text(void)
{
    struct buf out = BUF_INIT(200);
    struct grid grid;

    CHECK(grid_init(&grid, 6, 5, NULL) == 0);
    CHECK(grid_text(&grid, true, &out) == 0);
    CHECK_INT(out.n, 0);
    grid_put(&grid, 1, 1, 6, SLICE("a"), GRID_BOLD | GRID_CYAN, false);
    grid_put(&grid, 1, 3, 6, SLICE("b "), GRID_DIM, false);
    grid_put(&grid, 2, 0, 6, SLICE("c"), 0, false);
    CHECK(grid_text(&grid, true, &out) == 0);
    CHECK_STR(buf_str(&out), "\n \033[0;1;36ma \033[0;2mb\033[0m\nc\n");
    buf_reset(&out);
    CHECK(grid_text(&grid, false, &out) == 0);
    CHECK_STR(buf_str(&out), "\n a b\nc\n");
    buf_release(&out);
    buf_init(&out, 4);
    CHECK(grid_text(&grid, false, &out) == -1);
    buf_release(&out);
    grid_release(&grid);
}

static void test_diff(void)
{
    struct buf out = BUF_INIT(200);
    struct grid old, new;

    CHECK(grid_init(&old, 6, 2, NULL) == 0);
    CHECK(grid_init(&new, 6, 2, NULL) == 0);
    CHECK(grid_diff(&old, &new, true, &out) == 0);
    CHECK_INT(out.n, 0);
    grid_put(&new, 1, 1, 6, SLICE("ab"), GRID_RED, false);
    grid_put(&new, 1, 5, 6, SLICE("c"), 0, false);
    CHECK(grid_diff(&old, &new, true, &out) == 0);
    CHECK_STR(buf_str(&out), "\033[2;2H\033[0;31mab\033[2;6H\033[0mc");
    buf_reset(&out);
    CHECK(grid_diff(NULL, &new, false, &out) == 0);
    CHECK_STR(buf_str(&out), "\033[H\033[2J\033[2;2Hab\033[2;6Hc");
    buf_reset(&out);
    grid_put(&old, 1, 1, 6, SLICE("ab  c"), 0, false);
    CHECK(grid_diff(&old, &new, false, &out) == 0);
    CHECK_INT(out.n, 0);
    CHECK(grid_diff(&old, &new, true, &out) == 0);
    CHECK_STR(buf_str(&out), "\033[2;2H\033[0;31mab\033[0m");
    buf_release(&out);
    buf_init(&out, 8);
    CHECK(grid_diff(NULL, &new, true, &out) == -1);
    buf_release(&out);
    grid_release(&old);
    grid_release(&new);
}

/* Terminals differ in what they think wide: none may move the rest. */
static void test_diff_moves(void)
{
    struct buf out = BUF_INIT(200);
    struct grid old, new;

    CHECK(grid_init(&old, 6, 1, NULL) == 0);
    CHECK(grid_init(&new, 6, 1, NULL) == 0);
    grid_put(&new, 0, 0, 6, SLICE("\xE2\x96\x88\xE2\x96\x89" HAN "b"), 0,
             false);
    CHECK(grid_diff(&old, &new, false, &out) == 0);
    CHECK_STR(buf_str(&out),
              "\033[1;1H\xE2\x96\x88\xE2\x96\x89" HAN "\033[1;5Hb");
    buf_reset(&out);
    grid_put(&old, 0, 0, 6, SLICE("ab" HAN "b"), 0, false);
    grid_put(&new, 0, 0, 6, SLICE("abc b"), 0, false);
    CHECK(grid_diff(&old, &new, false, &out) == 0);
    CHECK_STR(buf_str(&out), "\033[1;3Hc ");
    buf_release(&out);
    grid_release(&old);
    grid_release(&new);
}

static void scribble(struct grid *grid)
{
    static const char *const words[] = {
        "a",   "bar",          HAN,      HAN HAN "x",         "  ", "e" ACUTE,
        ACUTE, "\xE2\x96\x8B", "\033[m", "\xF0\x9F\x98\x80z", " ",  "\xC3\xA9",
    };
    uint64_t n = rnd(12);

    for (uint64_t i = 0; i < n; i++) {
        const char *word = words[rnd(sizeof(words) / sizeof(words[0]))];

        grid_put(grid, (int)rnd((uint64_t)grid->height),
                 (int)rnd((uint64_t)grid->width), 1 + (int)rnd(6),
                 slice_str(word), (unsigned)(rnd(7) + 8 * rnd(3)), false);
    }
}

/* No cell is written that was as it should be; the right half of a wide
 * character goes with its left one. */
static bool only_changes(const struct vt *vt, const struct grid *old,
                         const struct grid *new, bool color)
{
    for (int row = 0; row < new->height; row++) {
        for (int i = 0; i < new->width; i++) {
            const struct grid_cell *a = old->cells + row * new->width + i;
            const struct grid_cell *b = new->cells + row *new->width + i;
            bool same = strcmp(a->text, b->text) == 0 && a->right == b->right &&
                        (!color || a->style == b->style);

            if (vt->written[row][i] > 1 ||
                (same && !b->right && vt->written[row][i] > 0))
                return false;
        }
    }
    return true;
}

/* A terminal that shows one grid shows the next after the difference. */
static void test_diff_any(void)
{
    for (int round = 0; round < 4000; round++) {
        uint64_t at = state;
        int width = 1 + (int)rnd(16), height = 1 + (int)rnd(4);
        bool color = rnd(3) > 0;
        struct buf out = BUF_INIT(TEXT_MAX);
        struct grid old, new;
        struct vt vt;

        vt_open(&vt, width, height);
        CHECK(grid_init(&old, width, height, NULL) == 0);
        CHECK(grid_init(&new, width, height, NULL) == 0);
        scribble(&old);
        memcpy(new.cells, old.cells,
               (size_t)width * (size_t)height * sizeof(*new.cells));
        scribble(&new);
        CHECK(grid_diff(NULL, &old, color, &out) == 0);
        vt_feed(&vt, buf_slice(&out));
        CHECK(vt_shows(&vt, &old, color));
        memset(vt.written, 0, sizeof(vt.written));
        buf_reset(&out);
        CHECK(grid_diff(&old, &new, color, &out) == 0);
        vt_feed(&vt, buf_slice(&out));
        CHECK(vt_shows(&vt, &new, color));
        CHECK(only_changes(&vt, &old, &new, color));
        CHECK(color || !vt.styled);
        CHECK_INT(vt.style, 0);
        buf_release(&out);
        grid_release(&old);
        grid_release(&new);
        vt_close(&vt);
        if (check_bad) {
            printf("# seed %" PRIu64 ", round %d, state %" PRIu64 "\n", SEED,
                   round, at);
            return;
        }
    }
}

/* In the C locale nothing above ASCII can be printed. */
static void test_c_locale(void)
{
    CHECK(setlocale(LC_ALL, "C") != NULL);
    CHECK_INT(width_of("e" ACUTE HAN), 3);
    CHECK_PUT("e" ACUTE HAN, 0, 8, "e??.....", 3);
    CHECK(setlocale(LC_ALL, "C.UTF-8") != NULL);
}

int main(void)
{
    if (setlocale(LC_ALL, "C.UTF-8") == NULL)
        printf("# no C.UTF-8 here\n");
    RUN(test_width);
    RUN(test_put);
    RUN(test_put_rows);
    RUN(test_many_marks);
    RUN(test_halves);
    RUN(test_text);
    RUN(test_diff);
    RUN(test_diff_moves);
    RUN(test_diff_any);
    RUN(test_c_locale);
    return check_done();
}
