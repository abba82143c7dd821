#include "view/grid.h"

#include <string.h>

/* Where a terminal's cursor is, as far as we can know, and its colour. */
struct pen {
    int row, column; /* -1: unknown */
    unsigned style;
};

static const struct grid_cell *cell_of(const struct grid *grid, int row,
                                       int column)
{
    return grid->cells + (size_t)row * (size_t)grid->width + column;
}

static bool is_blank(const struct grid_cell *cell)
{
    return cell->text[0] == '\0' && !cell->right;
}

static int add_style(unsigned style, struct buf *out)
{
    int rc = buf_addstr(out, "\033[0");

    if (style & GRID_BOLD)
        rc |= buf_addstr(out, ";1");
    if (style & GRID_DIM)
        rc |= buf_addstr(out, ";2");
    if (style & GRID_COLOR_MASK)
        rc |= buf_addf(out, ";3%u", style & GRID_COLOR_MASK);
    return rc | buf_addstr(out, "m");
}

/* A blank looks the same in every style, so it takes the one there is. */
static int add_cell(const struct grid_cell *cell, bool color, unsigned *style,
                    struct buf *out)
{
    int rc = 0;

    if (is_blank(cell))
        return buf_addstr(out, " ");
    if (color && cell->style != *style) {
        rc = add_style(cell->style, out);
        *style = cell->style;
    }
    return rc | buf_addstr(out, cell->text);
}

static int add_plain(unsigned *style, struct buf *out)
{
    if (*style == GRID_PLAIN)
        return 0;
    *style = GRID_PLAIN;
    return buf_addstr(out, "\033[0m");
}

/* The cells of a row up to its last that is not blank. */
static int row_length(const struct grid *grid, int row)
{
    int n = grid->width;

    while (n > 0 && is_blank(cell_of(grid, row, n - 1)))
        n--;
    return n;
}

static int add_row(const struct grid *grid, int row, bool color,
                   struct buf *out)
{
    unsigned style = GRID_PLAIN;
    int rc = 0, n = row_length(grid, row);

    for (int i = 0; i < n && rc == 0; i++) {
        const struct grid_cell *cell = cell_of(grid, row, i);

        if (!cell->right)
            rc = add_cell(cell, color, &style, out);
    }
    return rc | add_plain(&style, out) | buf_addstr(out, "\n");
}

int grid_text(const struct grid *grid, bool color, struct buf *out)
{
    int rc = 0, rows = grid->height;

    while (rows > 0 && row_length(grid, rows - 1) == 0)
        rows--;
    for (int row = 0; row < rows && rc == 0; row++)
        rc = add_row(grid, row, color, out);
    return rc == 0 ? 0 : -1;
}

/* Whether every terminal moves by the cells we think: ASCII, box drawing and
 * blocks.  Of other characters they differ from wcwidth(3) and each other. */
static bool is_certain(const struct grid_cell *cell)
{
    const unsigned char *t = (const unsigned char *)cell->text;

    if (t[0] == '\0' || t[1] == '\0')
        return true;
    return t[0] == 0xE2 && t[1] >= 0x94 && t[1] <= 0x96 && t[3] == '\0';
}

static bool is_changed(const struct grid_cell *old, const struct grid_cell *new,
                       bool color)
{
    return strcmp(old->text, new->text) != 0 || old->right != new->right ||
           (color && old->style != new->style);
}

static int write_cell(const struct grid *grid, int row, int column, bool color,
                      struct pen *pen, struct buf *out)
{
    const struct grid_cell *cell = cell_of(grid, row, column);
    bool wide = column + 1 < grid->width && cell[1].right;
    int rc = 0;

    if (pen->row != row || pen->column != column)
        rc = buf_addf(out, "\033[%d;%dH", row + 1, column + 1);
    rc |= add_cell(cell, color, &pen->style, out);
    pen->row = row;
    pen->column = is_certain(cell) ? column + (wide ? 2 : 1) : -1;
    return rc;
}

int grid_diff(const struct grid *old, const struct grid *new, bool color,
              struct buf *out)
{
    static const struct grid_cell nothing;
    struct pen pen = {-1, -1, GRID_PLAIN};
    int rc = 0;

    if (old == NULL)
        rc = buf_addstr(out, color ? "\033[0m\033[H\033[2J" : "\033[H\033[2J");
    for (int row = 0; row < new->height &&rc == 0; row++) {
        for (int i = 0; i < new->width &&rc == 0; i++) {
            const struct grid_cell *now = cell_of(new, row, i);
            const struct grid_cell *was =
                old != NULL ? cell_of(old, row, i) : &nothing;

            if (!now->right && is_changed(was, now, color))
                rc = write_cell(new, row, i, color, &pen, out);
        }
    }
    return rc == 0 && add_plain(&pen.style, out) == 0 ? 0 : -1;
}
