#include "view/lines_rows.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int lines_rows_scrub(struct buf *out, struct slice label)
{
    return text_scrub(out, label, label.n);
}

static int order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_name(const void *one, const void *two)
{
    const struct lines_row *a = one, *b = two;
    size_t n = a->name.n < b->name.n ? a->name.n : b->name.n;
    int c = n == 0 ? 0 : memcmp(a->name.p, b->name.p, n);

    return c != 0 ? c : order(a->name.n, b->name.n);
}

static int by_count(const void *one, const void *two)
{
    const struct lines_row *a = one, *b = two;
    int c = order(b->recent, a->recent);

    return c != 0 ? c : by_name(a, b);
}

static int by_size(const void *one, const void *two)
{
    const struct lines_row *a = one, *b = two;
    int c = order(b->recent, a->recent);

    if (c == 0)
        c = order(b->total, a->total);
    return c != 0 ? c : by_name(a, b);
}

static void sort(struct lines_rows *rows,
                 int (*compare)(const void *, const void *))
{
    if (rows->n > 1)
        qsort(rows->rows, rows->n, sizeof(rows->rows[0]), compare);
}

static void add(struct lines_row *to, const struct lines_row *row)
{
    to->recent += row->recent;
    to->total += row->total;
}

/* Rows of one name, which are neighbours, become one. */
static void unite(struct lines_rows *rows)
{
    size_t kept = 0;

    for (size_t i = 0; i < rows->n; i++) {
        struct lines_row *last = kept > 0 ? &rows->rows[kept - 1] : NULL;

        if (last != NULL && slice_eq(last->name, rows->rows[i].name))
            add(last, &rows->rows[i]);
        else
            rows->rows[kept++] = rows->rows[i];
    }
    rows->n = kept;
}

/* The row of that name among the first ${n}, or the one behind them, which
 * is made it. */
static struct lines_row *other_row(struct lines_rows *rows, size_t n)
{
    struct slice name = SLICE(WINDOW_OTHER);

    for (size_t i = 0; i < n; i++) {
        if (slice_eq(rows->rows[i].name, name))
            return &rows->rows[i];
    }
    rows->rows[n] = (struct lines_row){.name = name};
    rows->n = n + 1;
    return &rows->rows[n];
}

static void fold(struct lines_rows *rows, size_t top)
{
    struct lines_row rest = {.recent = 0};

    if (top == 0 || rows->n <= top)
        return;
    sort(rows, by_size);
    for (size_t i = top; i < rows->n; i++)
        add(&rest, &rows->rows[i]);
    rows->n = top;
    add(other_row(rows, top), &rest);
}

/* The names get all their memory at once, so that slices of it stay. */
static int reserve(struct lines_rows *rows,
                   const struct window_snapshot *snapshot)
{
    size_t bytes = 0;

    for (size_t i = 0; i < snapshot->n; i++)
        bytes += strlen(snapshot->rows[i].label);
    buf_init(&rows->names, 2 * bytes);
    rows->n = 0;
    rows->rows = calloc(snapshot->n + 1, sizeof(rows->rows[0]));
    if (rows->rows == NULL)
        return -1;
    return buf_reserve(&rows->names, 2 * bytes) != NULL ? 0 : -1;
}

int lines_rows_pick(struct lines_rows *rows,
                    const struct window_snapshot *snapshot,
                    const struct lines_options *options, lines_spell *spell)
{
    if (reserve(rows, snapshot) != 0)
        return -1;
    for (size_t i = 0; i < snapshot->n; i++) {
        const struct window_row *from = &snapshot->rows[i];
        struct lines_row *row = &rows->rows[rows->n++];
        size_t at = rows->names.n;

        if (spell(&rows->names, slice_str(from->label)) != 0)
            return -1;
        row->name.p = rows->names.p + at;
        row->name.n = rows->names.n - at;
        row->recent = from->recent;
        row->total = from->total;
    }
    sort(rows, by_name);
    unite(rows);
    fold(rows, options->top);
    sort(rows, options->by_count ? by_count : by_name);
    return 0;
}

void lines_rows_release(struct lines_rows *rows)
{
    free(rows->rows);
    rows->rows = NULL;
    rows->n = 0;
    buf_release(&rows->names);
}
