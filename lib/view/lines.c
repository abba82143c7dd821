#include "view/lines.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "view/lines_rows.h"
#include "view/lines_text.h"

static int add_recent(struct buf *out, const struct window_snapshot *snapshot,
                      const struct lines_options *options, uint64_t recent)
{
    if (options->rate)
        return lines_text_rate(out, recent,
                               snapshot->end_ms - snapshot->start_ms);
    return lines_text_uint(out, recent);
}

static const char *escape_of(char c)
{
    return c == '\t' ? "\\t" : c == '\n' ? "\\n" : c == '\\' ? "\\\\" : NULL;
}

static int spell_tsv(struct buf *out, struct slice label)
{
    size_t from = 0;

    for (size_t i = 0; i < label.n; i++) {
        const char *escape = escape_of(label.p[i]);
        struct slice piece = {label.p + from, i - from};

        if (escape == NULL)
            continue;
        if (lines_rows_scrub(out, piece) != 0 || buf_addstr(out, escape) != 0)
            return -1;
        from = i + 1;
    }
    return lines_rows_scrub(out,
                            (struct slice){label.p + from, label.n - from});
}

static int tsv_row(const struct window_snapshot *snapshot,
                   const struct lines_options *options,
                   const struct lines_row *row, struct buf *out)
{
    if (lines_text_time(out, snapshot->end_ms, options->millis) != 0 ||
        buf_add(out, "\t", 1) != 0 || buf_addslice(out, row->name) != 0 ||
        buf_add(out, "\t", 1) != 0 ||
        add_recent(out, snapshot, options, row->recent) != 0 ||
        buf_add(out, "\t", 1) != 0 || lines_text_uint(out, row->total) != 0)
        return -1;
    return buf_addstr(out, snapshot->final ? "\tfinal\n" : "\topen\n");
}

int lines_tsv(const struct window_snapshot *snapshot,
              const struct lines_facts *facts,
              const struct lines_options *options, struct buf *out)
{
    size_t before = out->n;
    struct lines_rows rows;
    int rc = lines_rows_pick(&rows, snapshot, options, spell_tsv);

    (void)facts;
    for (size_t i = 0; rc == 0 && i < rows.n; i++)
        rc = tsv_row(snapshot, options, &rows.rows[i], out);
    if (rc != 0)
        out->n = before;
    lines_rows_release(&rows);
    return rc;
}

static int json_head(const struct window_snapshot *snapshot,
                     const struct lines_options *options, struct buf *out)
{
    if (buf_addstr(out, "{\"v\":1,\"start\":\"") != 0 ||
        lines_text_time(out, snapshot->start_ms, options->millis) != 0 ||
        buf_addstr(out, "\",\"end\":\"") != 0 ||
        lines_text_time(out, snapshot->end_ms, options->millis) != 0)
        return -1;
    return buf_addf(out, "\",\"final\":%s,\"groups\":{",
                    snapshot->final ? "true" : "false");
}

static int json_group(const struct window_snapshot *snapshot,
                      const struct lines_options *options,
                      const struct lines_row *row, struct buf *out)
{
    if (text_json(out, row->name) != 0 || buf_addstr(out, ":{\"n\":") != 0 ||
        add_recent(out, snapshot, options, row->recent) != 0 ||
        buf_addstr(out, ",\"total\":") != 0 ||
        lines_text_uint(out, row->total) != 0)
        return -1;
    return buf_add(out, "}", 1);
}

/* A member that is there only when there is something to tell. */
static int json_extra(struct buf *out, const char *name, uint64_t n)
{
    return n == 0 ? 0 : buf_addf(out, ",\"%s\":%" PRIu64, name, n);
}

static int json_tail(const struct window_snapshot *snapshot,
                     const struct lines_facts *facts, struct buf *out)
{
    if (buf_addf(out, "},\"late\":%" PRIu64 ",\"lag_ms\":", snapshot->late) !=
        0)
        return -1;
    if (facts->lag_ms == LINES_UNKNOWN
            ? buf_addstr(out, "null")
            : buf_addf(out, "%" PRId64, facts->lag_ms))
        return -1;
    if (buf_addf(out, ",\"streams\":%zu", facts->streams) != 0 ||
        json_extra(out, "late_graced", snapshot->late_graced) != 0 ||
        json_extra(out, "stale", facts->stale) != 0 ||
        json_extra(out, "missing", facts->missing) != 0)
        return -1;
    return buf_add(out, "}\n", 2);
}

int lines_json(const struct window_snapshot *snapshot,
               const struct lines_facts *facts,
               const struct lines_options *options, struct buf *out)
{
    size_t before = out->n;
    struct lines_rows rows;
    int rc = lines_rows_pick(&rows, snapshot, options, lines_rows_scrub);

    if (rc == 0)
        rc = json_head(snapshot, options, out);
    for (size_t i = 0; rc == 0 && i < rows.n; i++) {
        if (i > 0)
            rc = buf_add(out, ",", 1);
        if (rc == 0)
            rc = json_group(snapshot, options, &rows.rows[i], out);
    }
    if (rc == 0)
        rc = json_tail(snapshot, facts, out);
    if (rc != 0)
        out->n = before;
    lines_rows_release(&rows);
    return rc;
}
