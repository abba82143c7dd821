/*
 * The rows of a window as they are to be told: labels made fit to print,
 * those that are then the same added up, the smallest put together, sorted.
 */
#ifndef VIEW_LINES_ROWS_H
#define VIEW_LINES_ROWS_H

#include "view/lines.h"

struct lines_row {
    struct slice name; /* borrowed from the names */
    uint64_t recent;
    uint64_t total;
};

struct lines_rows {
    struct lines_row *rows; /* owned */
    size_t n;
    struct buf names;
};

/* Append ${label}, fit to print, to ${out}: at most twice its length.  0, or
 * -1 when ${out} is full. */
typedef int lines_spell(struct buf *out, struct slice label);

/*
 * lines_rows_pick(rows, snapshot, options, spell): fill ${rows}, whatever it
 * held, with the rows that ${options} ask for, in their order.  0, or -1
 * without memory.  lines_rows_release ends it, also after a failure.
 */
int lines_rows_pick(struct lines_rows *rows,
                    const struct window_snapshot *snapshot,
                    const struct lines_options *options, lines_spell *spell);
void lines_rows_release(struct lines_rows *rows);

/* lines_rows_scrub(out, label): the lines_spell of text_scrub. */
int lines_rows_scrub(struct buf *out, struct slice label);

#endif
