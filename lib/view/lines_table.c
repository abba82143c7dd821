#include "view/lines.h"

#include <inttypes.h>

#include "view/grid.h"
#include "view/lines_rows.h"
#include "view/lines_text.h"

enum { LABEL, RECENT, SHARE, TOTAL, COLUMNS };

/* Blanks between two columns. */
#define GAP 3

/* More than the longest number. */
#define CELL_MAX 64

/* More than the longest of the lines around the rows. */
#define NOTE_MAX 256

/* A row of cells; the label's bytes are borrowed. */
struct line {
    struct slice cells[COLUMNS];
    struct buf text[COLUMNS]; /* of the numbers */
};

struct table {
    const struct window_snapshot *snapshot;
    const struct lines_options *options;
    struct lines_rows rows;
    struct lines_row sum;
    int width[COLUMNS];
    struct grid grid; /* one row, drawn again and again */
    struct line line; /* likewise */
    struct buf *out;
};

static int spell_recent(const struct table *table, uint64_t n, struct buf *cell)
{
    if (table->options->rate)
        return lines_text_rate(
            cell, n, table->snapshot->end_ms - table->snapshot->start_ms);
    return lines_text_grouped(cell, n);
}

/* Nothing is no share of nothing. */
static int spell_share(const struct table *table, uint64_t n, struct buf *cell)
{
    unsigned milli;

    if (table->sum.recent == 0)
        return buf_addstr(cell, "-");
    milli = (unsigned)((double)n * 1000 / (double)table->sum.recent + 0.5);
    return buf_addf(cell, "%u.%u%%", milli / 10, milli % 10);
}

/* Make the line of ${row}; the sum's has no share. */
static int spell(struct table *table, const struct lines_row *row)
{
    struct line *line = &table->line;

    for (int i = RECENT; i < COLUMNS; i++)
        buf_reset(&line->text[i]);
    if (spell_recent(table, row->recent, &line->text[RECENT]) != 0 ||
        (row != &table->sum &&
         spell_share(table, row->recent, &line->text[SHARE]) != 0) ||
        lines_text_grouped(&line->text[TOTAL], row->total) != 0)
        return -1;
    line->cells[LABEL] = row->name;
    for (int i = RECENT; i < COLUMNS; i++)
        line->cells[i] = buf_slice(&line->text[i]);
    return 0;
}

static void head(struct table *table)
{
    static const char *const names[COLUMNS] = {"", "recent", "share", "total"};
    const char *label = table->options->heading;

    for (int i = 0; i < COLUMNS; i++)
        table->line.cells[i] = slice_str(names[i]);
    table->line.cells[LABEL] = slice_str(label != NULL ? label : "stream");
}

static int widen(struct table *table)
{
    for (int i = 0; i < COLUMNS; i++) {
        int width = grid_width(table->line.cells[i], table->options->ascii);

        if (width > table->width[i])
            table->width[i] = width;
    }
    return 0;
}

static int draw(struct table *table)
{
    const struct line *line = &table->line;
    int end = 0;

    grid_clear(&table->grid);
    for (int i = 0; i < COLUMNS; i++) {
        int width = grid_width(line->cells[i], table->options->ascii);
        int at = i == LABEL ? 0 : end + GAP + table->width[i] - width;

        grid_put(&table->grid, 0, at, width, line->cells[i], GRID_PLAIN,
                 table->options->ascii);
        end += table->width[i] + (i == LABEL ? 0 : GAP);
    }
    return grid_text(&table->grid, false, table->out);
}

/* What is done to each line, first to find the widths, then to draw. */
static int each(struct table *table, int (*step)(struct table *))
{
    head(table);
    if (step(table) != 0)
        return -1;
    for (size_t i = 0; i < table->rows.n; i++) {
        if (spell(table, &table->rows.rows[i]) != 0 || step(table) != 0)
            return -1;
    }
    return spell(table, &table->sum) != 0 ? -1 : step(table);
}

/* The lines before and behind the rows have no columns. */
static int title(const struct table *table)
{
    const struct window_snapshot *snapshot = table->snapshot;
    bool millis = table->options->millis;

    if (buf_addstr(table->out, "window ") != 0 ||
        lines_text_clock(table->out, snapshot->start_ms, millis) != 0 ||
        buf_add(table->out, "-", 1) != 0 ||
        lines_text_clock(table->out, snapshot->end_ms, millis) != 0)
        return -1;
    return buf_addstr(table->out, snapshot->final ? "\n" : " (open)\n");
}

static int note(struct buf *notes, const char *what, uint64_t n)
{
    if (n == 0)
        return 0;
    if (notes->n > 0 && buf_addstr(notes, ", ") != 0)
        return -1;
    return buf_addf(notes, "%s %" PRIu64, what, n);
}

/* What is wrong with the counts, if anything is. */
static int notes(const struct table *table, const struct lines_facts *facts)
{
    struct buf notes = BUF_INIT(NOTE_MAX);
    int rc = 0;

    if (note(&notes, "late", table->snapshot->late) != 0 ||
        note(&notes, "late in grace", table->snapshot->late_graced) != 0 ||
        note(&notes, "stale streams", facts->stale) != 0 ||
        note(&notes, "trimmed", facts->missing) != 0 ||
        (notes.n > 0 && buf_add(&notes, "\n", 1) != 0) ||
        buf_addslice(table->out, buf_slice(&notes)) != 0)
        rc = -1;
    buf_release(&notes);
    return rc;
}

static int write_table(struct table *table, const struct lines_facts *facts)
{
    int width = 0;

    if (each(table, widen) != 0)
        return -1;
    for (int i = 0; i < COLUMNS; i++)
        width += table->width[i] + (i == LABEL ? 0 : GAP);
    if (grid_init(&table->grid, width, 1, NULL) != 0 || title(table) != 0 ||
        each(table, draw) != 0)
        return -1;
    return notes(table, facts);
}

static void init(struct table *table)
{
    for (int i = RECENT; i < COLUMNS; i++)
        buf_init(&table->line.text[i], CELL_MAX);
    table->sum.name = SLICE("total");
    for (size_t i = 0; i < table->rows.n; i++) {
        table->sum.recent += table->rows.rows[i].recent;
        table->sum.total += table->rows.rows[i].total;
    }
}

static void release(struct table *table)
{
    for (int i = RECENT; i < COLUMNS; i++)
        buf_release(&table->line.text[i]);
    grid_release(&table->grid);
    lines_rows_release(&table->rows);
}

int lines_table(const struct window_snapshot *snapshot,
                const struct lines_facts *facts,
                const struct lines_options *options, struct buf *out)
{
    struct table table = {.snapshot = snapshot, .options = options, .out = out};
    size_t before = out->n;
    int rc = lines_rows_pick(&table.rows, snapshot, options, lines_rows_scrub);

    init(&table);
    if (rc == 0)
        rc = write_table(&table, facts);
    if (rc != 0)
        out->n = before;
    release(&table);
    return rc;
}
