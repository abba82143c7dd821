/*
 * A window of any labels as lines: whatever the labels, the lines can be
 * taken apart again, name each group once, hold nothing that could not be
 * printed, and count what the window counts.
 *
 * Four bytes of options and times, then a group a line: two bytes for its
 * counts and the label.
 */
#include "fuzz.h"

#include <jansson.h>
#include <wchar.h>

#include "base/text.h"
#include "view/lines.h"

#define ROWS_MAX 1000
#define OUT_MAX ((size_t)8 << 20)

struct scene {
    struct window_row rows[ROWS_MAX];
    struct window_snapshot snapshot;
    struct lines_options options;
    struct lines_facts facts;
    uint64_t recent, total; /* of all rows */
};

/* What is found in some lines. */
struct found {
    size_t rows;
    uint64_t recent, total;
};

static void take_scene(struct scene *s, struct slice in)
{
    struct window_snapshot *w = &s->snapshot;
    unsigned flags = fuzz_byte(&in);

    s->options.rate = (flags & 1) != 0;
    s->options.by_count = (flags & 2) != 0;
    s->options.millis = (flags & 4) != 0;
    s->options.ascii = (flags & 8) != 0;
    w->final = (flags & 16) != 0;
    s->facts.lag_ms = (flags & 32) != 0 ? LINES_UNKNOWN : (int)flags * 77;
    s->options.top = fuzz_byte(&in) % 8;
    w->start_ms = (int64_t)fuzz_byte(&in) * 15778476007 - 1000000;
    w->end_ms = w->start_ms + 1 + (int64_t)fuzz_byte(&in) * 40;
    w->late = flags;
    w->late_graced = flags % 3;
    s->facts.stale = flags % 2;
    w->rows = s->rows;
    while (in.n > 0 && w->n < ROWS_MAX) {
        struct slice line = fuzz_until(&in, '\n');
        struct window_row *row = &s->rows[w->n++];

        row->recent = fuzz_byte(&line) * 3;
        row->total = row->recent + fuzz_byte(&line) * 1000;
        /* A newline may be in a label, too. */
        for (size_t i = 0; i < line.n; i++) {
            if (line.p[i] == '\v')
                ((char *)(uintptr_t)line.p)[i] = '\n';
        }
        row->label = fuzz_string(line);
        s->recent += row->recent;
        s->total += row->total;
    }
}

static uint64_t number(struct slice s)
{
    uint64_t n = 0;

    PROMISE(s.n > 0 && s.n < 19);
    for (size_t i = 0; i < s.n; i++) {
        PROMISE(s.p[i] >= '0' && s.p[i] <= '9');
        n = n * 10 + (uint64_t)(s.p[i] - '0');
    }
    return n;
}

static void check_found(const struct scene *s, const struct found *found,
                        bool recent)
{
    size_t top = s->options.top;

    PROMISE(found->total == s->total);
    PROMISE(!recent || found->recent == s->recent);
    PROMISE(found->rows <= s->snapshot.n);
    PROMISE(top == 0 || found->rows <= top + 1);
    PROMISE(found->rows > 0 || s->snapshot.n == 0);
}

static bool tsv_label(struct slice label)
{
    for (size_t i = 0; i < label.n; i++) {
        if (label.p[i] == '\\' &&
            (++i == label.n || strchr("tn\\", label.p[i]) == NULL))
            return false;
    }
    return fuzz_printable(label, "");
}

/* Where nothing is put together, each label is there as it is to be spelled. */
static void check_spelled(const struct scene *s, const char *text)
{
    struct buf label = BUF_INIT(OUT_MAX);

    for (size_t i = 0; i < s->snapshot.n && s->options.top == 0; i++) {
        struct slice in = slice_str(s->rows[i].label);

        buf_reset(&label);
        PROMISE(buf_addstr(&label, "\t") == 0);
        for (size_t at = 0, n; at < in.n; at += n) {
            unsigned long c = 0;
            struct slice one = {in.p + at, 1};

            n = fuzz_char(one.p, in.n - at, &c);
            n = one.n = n == 0 ? 1 : n;
            if (one.p[0] == '\t' || one.p[0] == '\n' || one.p[0] == '\\')
                one = one.p[0] == '\t'   ? SLICE("\\t")
                      : one.p[0] == '\n' ? SLICE("\\n")
                                         : SLICE("\\\\");
            PROMISE(text_scrub(&label, one, one.n) == 0);
        }
        PROMISE(buf_addstr(&label, "\t") == 0);
        PROMISE(strstr(text, buf_str(&label)) != NULL);
    }
    buf_release(&label);
}

static void check_tsv(const struct scene *s)
{
    struct buf out = BUF_INIT(OUT_MAX);
    struct slice text, last = {NULL, 0};
    struct found found = {0, 0, 0};

    PROMISE(lines_tsv(&s->snapshot, NULL, &s->options, &out) == 0);
    for (text = buf_slice(&out); text.n > 0; found.rows++) {
        struct slice line = fuzz_until(&text, '\n');
        struct slice end = fuzz_until(&line, '\t');
        struct slice label = fuzz_until(&line, '\t');
        struct slice recent = fuzz_until(&line, '\t');

        PROMISE(end.n >= 20 && end.p[end.n - 1] == 'Z' && tsv_label(label));
        found.total += number(fuzz_until(&line, '\t'));
        if (!s->options.rate)
            found.recent += number(recent);
        PROMISE(
            slice_eq(line, slice_str(s->snapshot.final ? "final" : "open")));
        if (!s->options.by_count && last.p != NULL) {
            size_t n = last.n < label.n ? last.n : label.n;
            int order = memcmp(last.p, label.p, n);

            PROMISE(order < 0 || (order == 0 && last.n < label.n));
        }
        last = label;
    }
    check_found(s, &found, !s->options.rate);
    check_spelled(s, buf_str(&out));
    buf_release(&out);
}

static void check_json(const struct scene *s)
{
    struct buf out = BUF_INIT(OUT_MAX);
    struct found found = {0, 0, 0};
    const char *name;
    json_t *root, *value;

    PROMISE(lines_json(&s->snapshot, &s->facts, &s->options, &out) == 0);
    PROMISE(fuzz_printable(buf_slice(&out), "\n"));
    PROMISE(memchr(out.p, '\n', out.n) == out.p + out.n - 1);
    root = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES, NULL);
    PROMISE(root != NULL);
    json_object_foreach(json_object_get(root, "groups"), name, value)
    {
        PROMISE(fuzz_printable(slice_str(name), ""));
        found.rows++;
        found.recent +=
            (uint64_t)json_integer_value(json_object_get(value, "n"));
        found.total +=
            (uint64_t)json_integer_value(json_object_get(value, "total"));
    }
    check_found(s, &found, !s->options.rate);
    json_decref(root);
    buf_release(&out);
}

/* The value of ${line} when it is one of ${metric}'s; 0 else. */
static uint64_t prom_value(struct slice line, const char *metric, size_t *rows)
{
    size_t n = strlen(metric);

    if (line.n <= n || memcmp(line.p, metric, n) != 0)
        return 0;
    line.p += n;
    line.n -= n;
    while (line.n > 0 && line.p[0] != '"') {
        size_t step = line.p[0] == '\\' ? 2 : 1;

        PROMISE(line.n > step);
        PROMISE(step == 1 || strchr("\\\"", line.p[1]) != NULL);
        line.p += step;
        line.n -= step;
    }
    PROMISE(line.n > 3 && memcmp(line.p, "\"} ", 3) == 0);
    ++*rows;
    return number((struct slice){line.p + 3, line.n - 3});
}

static void check_prom(const struct scene *s)
{
    struct buf out = BUF_INIT(OUT_MAX);
    struct found found = {0, 0, 0};
    struct slice text;
    size_t rows = 0;

    PROMISE(lines_prom(&s->snapshot, &s->facts, &s->options, &out) == 0);
    PROMISE(fuzz_printable(buf_slice(&out), "\n"));
    for (text = buf_slice(&out); text.n > 0;) {
        struct slice line = fuzz_until(&text, '\n');

        PROMISE(line.n > 7 &&
                (line.p[0] == '#' || memcmp(line.p, "s2tail_", 7) == 0));
        found.recent +=
            prom_value(line, "s2tail_window_records{group=\"", &found.rows);
        found.total += prom_value(line, "s2tail_records_total{group=\"", &rows);
    }
    PROMISE(rows == found.rows);
    check_found(s, &found, true);
    buf_release(&out);
}

static int width_of(struct slice line)
{
    int width = 0;

    for (size_t i = 0, n; i < line.n; i += n) {
        unsigned long c = 0;

        n = fuzz_char(line.p + i, line.n - i, &c);
        PROMISE(n > 0 && wcwidth((wchar_t)c) >= 0);
        width += wcwidth((wchar_t)c);
    }
    return width;
}

/* All lines but the title and the notes end in the same column. */
static void check_table(const struct scene *s)
{
    struct buf out = BUF_INIT(OUT_MAX);
    struct slice text;
    int width = 0;
    bool noted = false;

    PROMISE(lines_table(&s->snapshot, &s->facts, &s->options, &out) == 0);
    text = buf_slice(&out);
    PROMISE(fuzz_printable(text, "\n"));
    fuzz_until(&text, '\n');
    while (text.n > 0) {
        struct slice line = fuzz_until(&text, '\n');

        PROMISE(!noted);
        if (width == 0)
            width = width_of(line);
        else if (text.n > 0 || s->snapshot.late == 0)
            PROMISE(width_of(line) == width);
        else
            noted = true;
    }
    PROMISE(noted == (s->snapshot.late > 0));
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct scene scene;
    char *copy = fuzz_alloc(n);

    if (n > 0)
        memcpy(copy, data, n);
    fuzz_locale();
    memset(&scene, 0, sizeof(scene));
    take_scene(&scene, (struct slice){copy, n});
    check_tsv(&scene);
    check_json(&scene);
    check_prom(&scene);
    check_table(&scene);
    for (size_t i = 0; i < scene.snapshot.n; i++)
        free((void *)(uintptr_t)scene.rows[i].label);
    free(copy);
    return 0;
}
