#include "view/chart_bar.h"

/* U+2580 + ${offset}, the block elements, in UTF-8. */
static void put_block(const struct chart_bar *bar, int column, int offset,
                      struct grid *grid)
{
    char text[3] = {'\xE2', '\x96', (char)(0x80 + offset)};
    struct slice s = {text, sizeof(text)};

    grid_put(grid, bar->row, column, 1, s, bar->style, false);
}

static void put_ascii(const struct chart_bar *bar, int column, bool full,
                      struct grid *grid)
{
    grid_put(grid, bar->row, column, 1, full ? SLICE("#") : SLICE("-"),
             bar->style, true);
}

/* Steps of ${value} out of ${steps} for ${most}: at least one for what is
 * above zero. */
static int scale(uint64_t value, uint64_t most, int steps)
{
    int n;

    if (value == 0 || most == 0 || steps == 0)
        return 0;
    if (value >= most)
        return steps;
    n = (int)((double)value / (double)most * steps + 0.5);
    return n > 0 ? n : 1;
}

/* The last cell is a `-` when it is half full or all there is. */
static void draw_ascii(const struct chart_bar *bar, int eighths,
                       struct grid *grid)
{
    int full = eighths / 8;

    for (int i = 0; i < full; i++)
        put_ascii(bar, bar->column + i, true, grid);
    if (eighths % 8 >= 4 || (full == 0 && eighths > 0))
        put_ascii(bar, bar->column + full, false, grid);
}

void chart_bar_draw(const struct chart_bar *bar, uint64_t value, uint64_t most,
                    struct grid *grid)
{
    int eighths = scale(value, most, bar->width * 8);

    if (bar->ascii) {
        draw_ascii(bar, eighths, grid);
        return;
    }
    for (int i = 0; i < eighths / 8; i++)
        put_block(bar, bar->column + i, 8, grid);
    if (eighths % 8 > 0)
        put_block(bar, bar->column + eighths / 8, 16 - eighths % 8, grid);
}

void chart_bar_spark(const struct chart_bar *bar, const uint32_t *values,
                     size_t n, struct grid *grid)
{
    int column = bar->column + bar->width - (int)n;
    uint32_t most = 0;

    for (size_t i = 0; i < n; i++)
        most = values[i] > most ? values[i] : most;
    for (size_t i = 0; i < n; i++) {
        int height = scale(values[i], most, 8);

        if (height > 0 && bar->ascii)
            put_ascii(bar, column + (int)i, height > 4, grid);
        else if (height > 0)
            put_block(bar, column + (int)i, height, grid);
    }
}
