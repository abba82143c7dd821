/*
 * Any thresholds on any groups: the verdict is what a plain reading of them
 * says, and its one line can be printed and has one bar, before the figures.
 *
 * A line each: 'w' and a threshold, 'c' and one, 'l' and the lag, or else a
 * byte for the count and the name of a group.
 */
#include "fuzz.h"

#include "base/parse.h"
#include "view/judge.h"

#define MOST 200

struct scene {
    char *warn[MOST], *crit[MOST];
    struct window_row rows[MOST];
    size_t nwarn, ncrit;
    struct window_snapshot snapshot;
    struct lines_facts facts;
};

/* What an expression is: unreadable, or not, and then it alerts or not. */
enum sense { UNREADABLE, QUIET, ALERT };

static uint64_t count_of(const struct scene *s, struct slice name)
{
    uint64_t n = 0, all = 0;

    for (size_t i = 0; i < s->snapshot.n; i++) {
        all += s->rows[i].recent;
        if (slice_eq(slice_str(s->rows[i].label), name))
            n = s->rows[i].recent;
    }
    return slice_eq(name, SLICE("total")) ? all : n;
}

static enum sense sense_of(const struct scene *s, const char *expr)
{
    size_t at = strlen(expr);
    struct slice name = {expr, 0};
    uint64_t limit = 0, value;
    int64_t ms = 0;

    while (at > 0 && expr[at - 1] != '<' && expr[at - 1] != '>')
        at--;
    if (at < 2)
        return UNREADABLE;
    name.n = at - 1;
    if (!slice_eq(name, SLICE("lag"))) {
        if (parse_uint(expr + at, 0, UINT64_MAX, &limit, NULL) != 0)
            return UNREADABLE;
        value = count_of(s, name);
    } else {
        if (parse_duration(expr + at, &ms, NULL) != 0)
            return UNREADABLE;
        limit = (uint64_t)ms;
        value = s->facts.lag_ms > 0 ? (uint64_t)s->facts.lag_ms : 0;
        if (s->facts.lag_ms == LINES_UNKNOWN)
            return expr[at - 1] == '>' ? ALERT : QUIET;
    }
    return (expr[at - 1] == '<' ? value < limit : value > limit) ? ALERT
                                                                 : QUIET;
}

/* Raises *${state} to ${level} when one alerts; false: one is unreadable. */
static bool expect(const struct scene *s, char *const *exprs, size_t n,
                   enum judge_state level, enum judge_state *state)
{
    bool good = true;

    for (size_t i = 0; i < n; i++) {
        enum sense sense = sense_of(s, exprs[i]);
        struct err err = ERR_INIT;

        PROMISE((judge_check(exprs[i], &err) == 0) == (sense != UNREADABLE));
        PROMISE((sense == UNREADABLE) == (err.code == ERR_USAGE));
        good = good && sense != UNREADABLE;
        if (sense == ALERT && level > *state)
            *state = level;
    }
    return good;
}

static void check_line(struct slice line, enum judge_state state)
{
    static const char *const heads[] = {"S2TAIL OK - ", "S2TAIL WARNING - ",
                                        "S2TAIL CRITICAL - ",
                                        "S2TAIL UNKNOWN - "};
    size_t n = strlen(heads[state]), bars = 0;

    PROMISE(line.n > n && memcmp(line.p, heads[state], n) == 0);
    PROMISE(fuzz_printable(line, "\n"));
    for (size_t i = 0; i < line.n; i++) {
        bars += line.p[i] == '|';
        PROMISE((line.p[i] == '\n') == (i == line.n - 1));
    }
    PROMISE(bars == (state != JUDGE_UNKNOWN));
}

static void check(const struct scene *s)
{
    enum judge_state expected = JUDGE_OK;
    bool good = expect(s, s->warn, s->nwarn, JUDGE_WARNING, &expected);
    struct judge_exprs exprs = {(const char *const *)s->warn, s->nwarn,
                                (const char *const *)s->crit, s->ncrit};
    struct buf out = BUF_INIT((size_t)1 << 20);
    enum judge_state state;

    good = expect(s, s->crit, s->ncrit, JUDGE_CRITICAL, &expected) && good;
    state = judge(&exprs, &s->snapshot, &s->facts, &out);
    PROMISE(state == (good ? expected : JUDGE_UNKNOWN));
    check_line(buf_slice(&out), state);
    buf_release(&out);
}

static void take_line(struct scene *s, struct slice line)
{
    unsigned kind = fuzz_byte(&line);

    if (kind == 'w' && s->nwarn < MOST) {
        s->warn[s->nwarn++] = fuzz_string(line);
    } else if (kind == 'c' && s->ncrit < MOST) {
        s->crit[s->ncrit++] = fuzz_string(line);
    } else if (kind == 'l') {
        s->facts.lag_ms = (int64_t)fuzz_number(&line, 2) * 10 - 100;
    } else if (s->snapshot.n < MOST) {
        struct window_row *row = &s->rows[s->snapshot.n++];

        row->recent = kind;
        row->label = fuzz_string(line);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct scene s;
    struct slice in = fuzz_input(data, n);

    memset(&s, 0, sizeof(s));
    s.facts.lag_ms = LINES_UNKNOWN;
    s.snapshot = (struct window_snapshot){
        .start_ms = 20000, .end_ms = 30000 + (n % 2 == 0), .rows = s.rows};
    while (in.n > 0)
        take_line(&s, fuzz_until(&in, '\n'));
    check(&s);
    for (size_t i = 0; i < s.snapshot.n; i++)
        free((void *)(uintptr_t)s.rows[i].label);
    for (size_t i = 0; i < s.nwarn; i++)
        free(s.warn[i]);
    for (size_t i = 0; i < s.ncrit; i++)
        free(s.crit[i]);
    return 0;
}
