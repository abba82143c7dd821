/*
 * A rectangle of character cells: what a frame of the chart is drawn on, and
 * what makes bytes for a terminal or a file of it.
 */
#ifndef VIEW_GRID_H
#define VIEW_GRID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Colours are the eight of every terminal; 0 is the terminal's own. */
enum grid_style {
    GRID_PLAIN = 0,
    GRID_RED,
    GRID_GREEN,
    GRID_YELLOW,
    GRID_BLUE,
    GRID_MAGENTA,
    GRID_CYAN,
    GRID_COLOR_MASK = 7,
    GRID_BOLD = 8,
    GRID_DIM = 16
};

#define GRID_CELL 24 /* bytes of a character with its combining ones */

struct grid_cell {
    char text[GRID_CELL]; /* ends with NUL; "" is a blank, or the right half
                             of a wide character */
    unsigned char style;
    bool right; /* the right half of the wide character before it */
};

struct grid {
    int width, height; /* cells, at least 1 */
    struct grid_cell *cells;
};

/* grid_init(grid, width, height, err): all blank.  0 or -1 (ERR_OS).
 * grid_release may be called on zeroed memory. */
int grid_init(struct grid *grid, int width, int height, struct err *err);
void grid_release(struct grid *grid);

/* grid_clear(grid): all blank. */
void grid_clear(struct grid *grid);

/*
 * grid_width(s, ascii): cells that ${s} takes when it is put: by wcwidth(3),
 * so the locale decides; what is not printable (controls, bidi controls,
 * zero-width characters that stand alone, invalid UTF-8; with ${ascii}
 * everything above 0x7e) is one cell, a '?'.
 */
int grid_width(struct slice s, bool ascii);

/*
 * grid_put(grid, row, column, max, s, style, ascii): put ${s} from that cell
 * on, at most ${max} cells wide and never beyond the edge, by the rules of
 * grid_width; what does not fit is cut, with `~` as the last cell to show it.
 * A half of a wide character becomes a blank.  Outside the grid nothing
 * happens.  Returns the cells used.
 */
int grid_put(struct grid *grid, int row, int column, int max, struct slice s,
             unsigned style, bool ascii);

/* grid_text(grid, color, out): append the rows as lines, trailing blanks cut,
 * trailing empty rows left out; with ${color} with SGR sequences, plain at
 * each line's end.  0 or -1 when ${out} is full. */
int grid_text(const struct grid *grid, bool color, struct buf *out);

/*
 * grid_diff(old, new, color, out): append what a terminal that shows ${old}
 * needs to show ${new}, of the same size: cursor movements and the cells
 * that differ, no more; NULL ${old}: a terminal whose content is unknown is
 * cleared first.  0 or -1 when ${out} is full.
 */
int grid_diff(const struct grid *old, const struct grid *new, bool color,
              struct buf *out);

#endif
