#include "view/judge.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "base/text.h"

#define TOTAL "total"
#define LAG "lag"

/* Bytes of a name that are told; stream names have 512 at most. */
#define NAME_SHOWN 512

/* What is known of something that can be judged. */
struct measure {
    uint64_t value; /* records, or ms */
    bool unknown;   /* longer than any */
};

/* An expression, read and applied. */
struct threshold {
    enum judge_state level; /* what it makes of the state when it alerts */
    struct slice name;      /* of the group, or total, or lag */
    char op;                /* '<' or '>' */
    const char *limit_text;
    uint64_t limit; /* records, or ms */
    struct measure measure;
    bool alerts;
};

struct judgement {
    const struct window_snapshot *snapshot;
    struct measure total; /* records in the window */
    struct measure lag;
    struct threshold *thresholds; /* warnings, then criticals */
    size_t n;
    enum judge_state state;
};

static bool is_lag(struct slice name)
{
    return slice_eq(name, SLICE(LAG));
}

static bool is_total(struct slice name)
{
    return slice_eq(name, SLICE(TOTAL));
}

static int read_limit(struct threshold *t, struct err *err)
{
    int64_t ms = 0;

    if (!is_lag(t->name))
        return parse_uint(t->limit_text, 0, UINT64_MAX, &t->limit, err);
    if (parse_duration(t->limit_text, &ms, err) != 0)
        return -1;
    t->limit = (uint64_t)ms;
    return 0;
}

static int read_threshold(const char *expr, struct threshold *t,
                          struct err *err)
{
    const char *below = strrchr(expr, '<');
    const char *above = strrchr(expr, '>');
    const char *op = below;

    if (op == NULL || (above != NULL && above > op))
        op = above;
    if (op == NULL || op == expr)
        return err_set(err, ERR_USAGE,
                       "'%.64s' is not GROUP<N, GROUP>N, total<N, total>N, "
                       "lag>DUR or lag<DUR",
                       expr);
    t->name = (struct slice){expr, (size_t)(op - expr)};
    t->op = *op;
    t->limit_text = op + 1;
    if (read_limit(t, err) != 0)
        return err_prefix(err, "'%.64s'", expr);
    return 0;
}

int judge_check(const char *expr, struct err *err)
{
    struct threshold t;

    return read_threshold(expr, &t, err);
}

static struct measure measure(const struct judgement *j, struct slice name)
{
    struct measure m = {0, false};

    if (is_lag(name))
        return j->lag;
    if (is_total(name))
        return j->total;
    for (size_t i = 0; i < j->snapshot->n; i++) {
        if (slice_eq(name, slice_str(j->snapshot->rows[i].label)))
            m.value = j->snapshot->rows[i].recent;
    }
    return m;
}

static bool alerts(const struct threshold *t)
{
    if (t->measure.unknown)
        return t->op == '>';
    return t->op == '<' ? t->measure.value < t->limit
                        : t->measure.value > t->limit;
}

/* Apply one more expression.  Returns whether it could be read. */
static bool apply(struct judgement *j, const char *expr, enum judge_state level)
{
    struct threshold *t = &j->thresholds[j->n];

    if (read_threshold(expr, t, NULL) != 0)
        return false;
    t->level = level;
    t->measure = measure(j, t->name);
    t->alerts = alerts(t);
    if (t->alerts && level > j->state)
        j->state = level;
    j->n++;
    return true;
}

static bool apply_all(struct judgement *j, const struct judge_exprs *exprs)
{
    for (size_t i = 0; i < exprs->nwarn; i++) {
        if (!apply(j, exprs->warn[i], JUDGE_WARNING))
            return false;
    }
    for (size_t i = 0; i < exprs->ncrit; i++) {
        if (!apply(j, exprs->crit[i], JUDGE_CRITICAL))
            return false;
    }
    return true;
}

/* A name without what would end the text, the name or the line. */
static int add_name(struct buf *out, struct slice name, const char *without)
{
    size_t from = out->n;

    if (text_scrub(out, name, NAME_SHOWN) != 0)
        return -1;
    for (size_t i = from; i < out->n; i++) {
        if (strchr(without, out->p[i]) != NULL)
            out->p[i] = '?';
    }
    return 0;
}

static int add_lag_text(struct buf *out, struct measure lag)
{
    if (lag.unknown)
        return buf_addstr(out, "unknown");
    return buf_addf(out, "%" PRIu64 ".%u s", lag.value / 1000,
                    (unsigned)(lag.value % 1000 / 100));
}

/* "reddit 0 < 1" */
static int add_alert(struct buf *out, const struct threshold *t)
{
    if (add_name(out, t->name, "|") != 0 || buf_addstr(out, " ") != 0)
        return -1;
    if (is_lag(t->name) ? add_lag_text(out, t->measure)
                        : buf_addf(out, "%" PRIu64, t->measure.value))
        return -1;
    return buf_addf(out, " %c %s", t->op, t->limit_text);
}

/* What made the state what it is: "reddit 0 < 1, lag 12.3 s > 5s; ". */
static int add_alerts(struct buf *out, const struct judgement *j)
{
    const char *before = "";

    for (size_t i = 0; i < j->n; i++) {
        const struct threshold *t = &j->thresholds[i];

        if (!t->alerts || t->level != j->state)
            continue;
        if (buf_addstr(out, before) != 0 || add_alert(out, t) != 0)
            return -1;
        before = ", ";
    }
    return before[0] == '\0' ? 0 : buf_addstr(out, "; ");
}

static int add_summary(struct buf *out, const struct judgement *j)
{
    int64_t ms = j->snapshot->end_ms - j->snapshot->start_ms;
    bool whole = ms % 1000 == 0;

    if (buf_addf(out, "%" PRIu64 " %s in %" PRId64 " %s, lag ", j->total.value,
                 j->total.value == 1 ? "record" : "records",
                 whole ? ms / 1000 : ms, whole ? "s" : "ms") != 0)
        return -1;
    return add_lag_text(out, j->lag);
}

/* Records as they are, times in seconds. */
static int add_number(struct buf *out, uint64_t value, bool lag)
{
    if (!lag)
        return buf_addf(out, "%" PRIu64, value);
    return buf_addf(out, "%" PRIu64 ".%03u", value / 1000,
                    (unsigned)(value % 1000));
}

/* The strictest threshold of that level and kind, or NULL. */
static const struct threshold *strictest(const struct judgement *j,
                                         struct slice name,
                                         enum judge_state level, char op)
{
    const struct threshold *best = NULL;

    for (size_t i = 0; i < j->n; i++) {
        const struct threshold *t = &j->thresholds[i];

        if (t->level != level || t->op != op || !slice_eq(t->name, name))
            continue;
        if (best == NULL ||
            (op == '<' ? t->limit > best->limit : t->limit < best->limit))
            best = t;
    }
    return best;
}

/* The values that do not alert, as the guidelines write a range: "1:" for
 * one and more, "5" for up to five, "1:5", or nothing. */
static int add_range(struct buf *out, const struct judgement *j,
                     struct slice name, enum judge_state level)
{
    const struct threshold *low = strictest(j, name, level, '<');
    const struct threshold *high = strictest(j, name, level, '>');

    if (low != NULL && (add_number(out, low->limit, is_lag(name)) != 0 ||
                        buf_addstr(out, ":") != 0))
        return -1;
    return high == NULL ? 0 : add_number(out, high->limit, is_lag(name));
}

/* ";WARN;CRIT" without what is empty at the end. */
static int add_ranges(struct buf *out, const struct judgement *j,
                      struct slice name)
{
    if (buf_addstr(out, ";") != 0 ||
        add_range(out, j, name, JUDGE_WARNING) != 0 ||
        buf_addstr(out, ";") != 0 ||
        add_range(out, j, name, JUDGE_CRITICAL) != 0)
        return -1;
    while (out->p[out->n - 1] == ';')
        out->n--;
    return 0;
}

static bool told_before(const struct judgement *j, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (slice_eq(j->thresholds[k].name, j->thresholds[i].name))
            return true;
    }
    return false;
}

/* The groups that are judged, in the order of the expressions. */
static int add_groups(struct buf *out, const struct judgement *j)
{
    for (size_t i = 0; i < j->n; i++) {
        const struct threshold *t = &j->thresholds[i];

        if (is_lag(t->name) || is_total(t->name) || told_before(j, i))
            continue;
        if (buf_addstr(out, "'") != 0 || add_name(out, t->name, "|='") != 0 ||
            buf_addf(out, "'=%" PRIu64, t->measure.value) != 0 ||
            add_ranges(out, j, t->name) != 0 || buf_addstr(out, " ") != 0)
            return -1;
    }
    return 0;
}

static int add_perfdata(struct buf *out, const struct judgement *j)
{
    if (add_groups(out, j) != 0 ||
        buf_addf(out, TOTAL "=%" PRIu64, j->total.value) != 0 ||
        add_ranges(out, j, SLICE(TOTAL)) != 0 ||
        buf_addstr(out, " " LAG "=") != 0)
        return -1;
    if (j->lag.unknown
            ? buf_addstr(out, "U")
            : (add_number(out, j->lag.value, true) || buf_addstr(out, "s")))
        return -1;
    return add_ranges(out, j, SLICE(LAG));
}

static int add_line(struct buf *out, const struct judgement *j)
{
    static const char *const words[] = {"OK", "WARNING", "CRITICAL"};

    if (buf_addf(out, "S2TAIL %s - ", words[j->state]) != 0 ||
        add_alerts(out, j) != 0 || add_summary(out, j) != 0 ||
        buf_addstr(out, " | ") != 0 || add_perfdata(out, j) != 0)
        return -1;
    return buf_addstr(out, "\n");
}

static enum judge_state unknown(struct buf *out, const char *why)
{
    buf_addf(out, "S2TAIL UNKNOWN - %s\n", why);
    return JUDGE_UNKNOWN;
}

static uint64_t sum(const struct window_snapshot *snapshot)
{
    uint64_t total = 0;

    for (size_t i = 0; i < snapshot->n; i++)
        total += snapshot->rows[i].recent;
    return total;
}

enum judge_state judge(const struct judge_exprs *exprs,
                       const struct window_snapshot *snapshot,
                       const struct lines_facts *facts, struct buf *out)
{
    struct judgement j = {.snapshot = snapshot, .state = JUDGE_OK};
    size_t before = out->n;

    if (snapshot == NULL)
        return unknown(out, "no window has closed");
    j.total.value = sum(snapshot);
    j.lag.unknown = facts->lag_ms == LINES_UNKNOWN;
    j.lag.value = facts->lag_ms > 0 ? (uint64_t)facts->lag_ms : 0;
    j.thresholds =
        calloc(exprs->nwarn + exprs->ncrit + 1, sizeof(*j.thresholds));
    if (j.thresholds == NULL)
        return unknown(out, "out of memory");
    if (!apply_all(&j, exprs)) {
        j.state = unknown(out, "a threshold cannot be read");
    } else if (add_line(out, &j) != 0) {
        out->n = before;
        j.state = unknown(out, out->starved ? "out of memory"
                                            : "no room for the line");
    }
    free(j.thresholds);
    return j.state;
}
