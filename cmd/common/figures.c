#include "common/figures.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

static uint64_t count_of(const struct figure *figure, const void *values)
{
    uint64_t n;

    memcpy(&n, (const char *)values + figure->offset, sizeof(n));
    return n;
}

static int64_t ms_of(const struct figure *figure, const void *values)
{
    int64_t ms;

    memcpy(&ms, (const char *)values + figure->offset, sizeof(ms));
    return ms;
}

static bool is_known(const struct figure *figure, const void *values)
{
    return figure->kind == FIGURE_SECONDS
               ? ms_of(figure, values) != FIGURE_UNKNOWN_MS
               : count_of(figure, values) != FIGURE_UNKNOWN;
}

static int add_value(const struct figure *figure, const void *values,
                     struct buf *out)
{
    if (figure->kind == FIGURE_SECONDS)
        return buf_addf(out, "%.3f", (double)ms_of(figure, values) / 1e3);
    return buf_addf(out, "%" PRIu64, count_of(figure, values));
}

int figures_text(const struct figure *table, size_t n, const void *values,
                 struct buf *out)
{
    const char *space = "";

    for (size_t i = 0; i < n; i++) {
        if (!is_known(&table[i], values))
            continue;
        if (buf_addf(out, "%s%s=", space, table[i].key) != 0 ||
            add_value(&table[i], values, out) != 0 ||
            buf_addstr(out, table[i].kind == FIGURE_SECONDS ? "s" : "") != 0)
            return -1;
        space = " ";
    }
    return 0;
}

int figures_json(const struct figure *table, size_t n, const void *values,
                 struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        if (is_known(&table[i], values) &&
            (buf_addf(out, ",\"%s\":", table[i].key) != 0 ||
             add_value(&table[i], values, out) != 0))
            return -1;
    }
    return 0;
}

static const char *suffix(const struct figure *figure)
{
    switch (figure->kind) {
    case FIGURE_COUNT:
        return "_total";
    case FIGURE_LEVEL:
        break;
    case FIGURE_SECONDS:
        return "_seconds";
    }
    return "";
}

static int add_sample(const struct figure *figure, const void *values,
                      const char *label, struct buf *out)
{
    const char *own = figure->label == NULL ? "" : figure->label;
    const char *comma = own[0] != '\0' && label[0] != '\0' ? "," : "";

    if (buf_addf(out, "bsky2s2_%s%s", figure->metric, suffix(figure)) != 0)
        return -1;
    if ((own[0] != '\0' || label[0] != '\0') &&
        buf_addf(out, "{%s%s%s}", label, comma, own) != 0)
        return -1;
    if (buf_addstr(out, " ") != 0 || add_value(figure, values, out) != 0)
        return -1;
    return buf_addstr(out, "\n");
}

int figures_prom(const struct figure *table, size_t n, const void *values,
                 const char *label, struct buf *out)
{
    const char *last = "";

    for (size_t i = 0; i < n; i++) {
        const struct figure *f = &table[i];

        if (!is_known(f, values))
            continue;
        if (strcmp(f->metric, last) != 0 &&
            buf_addf(out,
                     "# HELP bsky2s2_%s%s %s\n"
                     "# TYPE bsky2s2_%s%s %s\n",
                     f->metric, suffix(f), f->help, f->metric, suffix(f),
                     f->kind == FIGURE_COUNT ? "counter" : "gauge") != 0)
            return -1;
        last = f->metric;
        if (add_sample(f, values, label, out) != 0)
            return -1;
    }
    return 0;
}
