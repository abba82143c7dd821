#include "view/lines.h"

#include <string.h>

#include "view/lines_rows.h"
#include "view/lines_text.h"

struct metric {
    const char *name; /* without the s2tail_ before it */
    const char *type;
    const char *help;
};

static int head(struct buf *out, const struct metric *metric)
{
    return buf_addf(out, "# HELP s2tail_%s %s\n# TYPE s2tail_%s %s\n",
                    metric->name, metric->help, metric->name, metric->type);
}

static int count(struct buf *out, const struct metric *metric, uint64_t n)
{
    if (head(out, metric) != 0 || buf_addf(out, "s2tail_%s ", metric->name) ||
        lines_text_uint(out, n) != 0)
        return -1;
    return buf_add(out, "\n", 1);
}

static int seconds(struct buf *out, const struct metric *metric, int64_t ms)
{
    if (head(out, metric) != 0 || buf_addf(out, "s2tail_%s ", metric->name) ||
        lines_text_milli(out, ms) != 0)
        return -1;
    return buf_add(out, "\n", 1);
}

/* Scrubbed names hold no newline, the third that would be escaped. */
static int label(struct buf *out, struct slice name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (strchr("\\\"", name.p[i]) != NULL && buf_add(out, "\\", 1) != 0)
            return -1;
        if (buf_add(out, name.p + i, 1) != 0)
            return -1;
    }
    return 0;
}

static int group(struct buf *out, const struct metric *metric,
                 const struct lines_row *row, uint64_t n)
{
    if (buf_addf(out, "s2tail_%s{group=\"", metric->name) != 0 ||
        label(out, row->name) != 0 || buf_addstr(out, "\"} ") != 0 ||
        lines_text_uint(out, n) != 0)
        return -1;
    return buf_add(out, "\n", 1);
}

static int groups(struct buf *out, const struct lines_rows *rows)
{
    static const struct metric recent = {"window_records", "gauge",
                                         "Records in the window."};
    static const struct metric total = {"records_total", "counter",
                                        "Records before the window's end."};
    int rc = head(out, &recent);

    for (size_t i = 0; rc == 0 && i < rows->n; i++)
        rc = group(out, &recent, &rows->rows[i], rows->rows[i].recent);
    if (rc == 0)
        rc = head(out, &total);
    for (size_t i = 0; rc == 0 && i < rows->n; i++)
        rc = group(out, &total, &rows->rows[i], rows->rows[i].total);
    return rc;
}

static int figures(struct buf *out, const struct window_snapshot *snapshot,
                   const struct lines_facts *facts)
{
    static const struct metric late = {
        "late_records_total", "counter",
        "Records that came after a window they belong to had closed."};
    static const struct metric graced = {
        "late_in_grace_records_total", "counter",
        "Records that came behind time, but missed no window."};
    static const struct metric missing = {
        "missing_records_total", "counter",
        "Records that were trimmed before they could be read."};
    static const struct metric streams = {"streams", "gauge",
                                          "Streams followed."};
    static const struct metric stale = {"stale_streams", "gauge",
                                        "Streams that do not answer."};
    static const struct metric lag = {"lag_seconds", "gauge",
                                      "How far behind the clock it is."};
    static const struct metric end = {"window_end_timestamp_seconds", "gauge",
                                      "When the window ended."};

    if (count(out, &late, snapshot->late) != 0 ||
        count(out, &graced, snapshot->late_graced) != 0 ||
        count(out, &missing, facts->missing) != 0 ||
        count(out, &streams, facts->streams) != 0 ||
        count(out, &stale, facts->stale) != 0)
        return -1;
    if (facts->lag_ms != LINES_UNKNOWN && seconds(out, &lag, facts->lag_ms))
        return -1;
    return seconds(out, &end, snapshot->end_ms);
}

int lines_prom(const struct window_snapshot *snapshot,
               const struct lines_facts *facts,
               const struct lines_options *options, struct buf *out)
{
    size_t before = out->n;
    struct lines_rows rows;
    int rc = lines_rows_pick(&rows, snapshot, options, lines_rows_scrub);

    if (rc == 0)
        rc = groups(out, &rows);
    if (rc == 0)
        rc = figures(out, snapshot, facts);
    if (rc != 0)
        out->n = before;
    lines_rows_release(&rows);
    return rc;
}
