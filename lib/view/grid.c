#include "view/grid.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/text.h"

/* One character as it is put: its bytes, and the cells they take; 0 for one
 * that combines with the character before it. */
struct glyph {
    char text[5];
    int width;
};

int grid_init(struct grid *grid, int width, int height, struct err *err)
{
    grid->width = width < 1 ? 1 : width;
    grid->height = height < 1 ? 1 : height;
    grid->cells = calloc((size_t)grid->width * (size_t)grid->height,
                         sizeof(*grid->cells));
    return grid->cells != NULL ? 0 : err_memory(err);
}

void grid_release(struct grid *grid)
{
    free(grid->cells);
    grid->cells = NULL;
    grid->width = 0;
    grid->height = 0;
}

void grid_clear(struct grid *grid)
{
    memset(grid->cells, 0,
           (size_t)grid->width * (size_t)grid->height * sizeof(*grid->cells));
}

/* Takes the character at *${at}, and moves behind it.  Whatever could do
 * more than show up in its own cells is a '?'. */
static void read_glyph(struct slice s, size_t *at, bool ascii,
                       struct glyph *glyph)
{
    unsigned c;
    size_t n = text_char(s, *at, &c);

    memcpy(glyph->text, s.p + *at, n);
    glyph->text[n] = '\0';
    text_clean(glyph->text);
    glyph->width = ascii && c > 0x7E ? -1 : wcwidth((wchar_t)c);
    if (glyph->width < 0 || c == '\0' || strcmp(glyph->text, "?") == 0) {
        memcpy(glyph->text, "?", 2);
        glyph->width = 1;
    }
    *at += n;
}

/* read_glyph for the first character, which has none to combine with. */
static void read_first(struct slice s, size_t *at, bool ascii,
                       struct glyph *glyph)
{
    read_glyph(s, at, ascii, glyph);
    if (glyph->width == 0) {
        memcpy(glyph->text, "?", 2);
        glyph->width = 1;
    }
}

static void read_next(struct slice s, size_t *at, bool ascii,
                      struct glyph *glyph)
{
    if (*at == 0)
        read_first(s, at, ascii, glyph);
    else
        read_glyph(s, at, ascii, glyph);
}

/* The cells that ${s} takes; counting ends once they are more than
 * ${enough}. */
static int measure(struct slice s, bool ascii, int enough)
{
    int width = 0;

    for (size_t at = 0; at < s.n && width <= enough;) {
        struct glyph glyph;

        read_next(s, &at, ascii, &glyph);
        width += glyph.width;
    }
    return width;
}

int grid_width(struct slice s, bool ascii)
{
    return measure(s, ascii, INT_MAX - 2);
}

static struct grid_cell *cell_at(struct grid *grid, int row, int column)
{
    return grid->cells + (size_t)row * (size_t)grid->width + column;
}

static void blank(struct grid_cell *cell)
{
    memset(cell, 0, sizeof(*cell));
}

/* Makes the cell ready to be written: a wide character that it is a half of
 * is gone. */
static struct grid_cell *take_cell(struct grid *grid, int row, int column)
{
    struct grid_cell *cell = cell_at(grid, row, column);

    if (cell->right)
        blank(cell - 1);
    else if (column + 1 < grid->width && cell[1].right)
        blank(cell + 1);
    blank(cell);
    return cell;
}

static void put_glyph(struct grid *grid, int row, int column,
                      const struct glyph *glyph, unsigned style)
{
    struct grid_cell *cell = take_cell(grid, row, column);

    if (glyph->width == 2)
        take_cell(grid, row, column + 1)->right = true;
    if (strcmp(glyph->text, " ") == 0)
        return;
    memcpy(cell->text, glyph->text, sizeof(glyph->text));
    cell->style = (unsigned char)style;
    if (glyph->width == 2)
        cell[1].style = cell->style;
}

/* Puts a combining character upon what the cell holds, if it has room. */
static void put_mark(struct grid_cell *cell, const struct glyph *glyph,
                     unsigned style)
{
    size_t have, n = strlen(glyph->text);

    if (cell->text[0] == '\0') {
        cell->text[0] = ' ';
        cell->style = (unsigned char)style;
    }
    have = strlen(cell->text);
    if (have + n < sizeof(cell->text))
        memcpy(cell->text + have, glyph->text, n + 1);
}

/* Puts what fits into ${room} cells; returns the cells used. */
static int put_some(struct grid *grid, int row, int column, int room,
                    struct slice s, unsigned style, bool ascii)
{
    int used = 0, last = column;

    for (size_t at = 0; at < s.n;) {
        struct glyph glyph;

        read_next(s, &at, ascii, &glyph);
        if (used + glyph.width > room)
            break;
        if (glyph.width == 0) {
            put_mark(cell_at(grid, row, last), &glyph, style);
            continue;
        }
        last = column + used;
        put_glyph(grid, row, last, &glyph, style);
        used += glyph.width;
    }
    return used;
}

int grid_put(struct grid *grid, int row, int column, int max, struct slice s,
             unsigned style, bool ascii)
{
    static const struct glyph cut = {"~", 1};
    int used;

    if (row < 0 || row >= grid->height || column < 0 || column >= grid->width)
        return 0;
    if (max > grid->width - column)
        max = grid->width - column;
    if (max <= 0)
        return 0;
    if (measure(s, ascii, max) <= max)
        return put_some(grid, row, column, max, s, style, ascii);
    used = put_some(grid, row, column, max - 1, s, style, ascii);
    put_glyph(grid, row, column + used, &cut, style);
    return used + 1;
}
