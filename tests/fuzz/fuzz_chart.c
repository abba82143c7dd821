/*
 * A chart of any labels, numbers and size: it stays within its width and
 * height, holds nothing but what can be printed, is the same in colour, and a
 * terminal that is told what changed shows it.
 *
 * Ten bytes of numbers, a line for the title, one for the notice, then a row
 * a line: two bytes for its counts and the label.
 */
#include "../unit/vt.h"
#include "fuzz.h"

#include <wchar.h>

#include "view/chart.h"

#define ROWS_MAX 300
#define OUT_MAX ((size_t)8 << 20)

struct scene {
    struct chart_model model;
    struct chart_options options;
    struct chart_row rows[ROWS_MAX];
    uint32_t history[16];
    char *title, *notice;
    int width, height;
};

/* Small numbers, and some that are hardly to be written. */
static uint64_t count_of(unsigned byte)
{
    return byte < 128 ? byte * 7 : UINT64_MAX >> (byte & 63);
}

static int64_t known(unsigned byte)
{
    return byte == 255 ? CHART_UNKNOWN : (int64_t)count_of(byte) / 4;
}

static void take_rows(struct scene *s, struct slice *in)
{
    while (in->n > 0 && s->model.n < ROWS_MAX) {
        struct chart_row *row = &s->rows[s->model.n++];
        struct slice line = fuzz_until(in, '\n');
        unsigned a = fuzz_byte(&line), b = fuzz_byte(&line);

        row->recent = count_of(a);
        row->total = count_of(b);
        row->stale = a % 5 == 1;
        row->deleted = b % 7 == 1;
        row->history = a % 3 != 0 ? s->history : NULL;
        row->label = fuzz_string(line);
    }
    s->model.rows = s->rows;
}

static void take_scene(struct scene *s, struct slice in)
{
    struct chart_model *m = &s->model;
    unsigned flags = fuzz_byte(&in);

    s->width = 1 + (int)(fuzz_byte(&in) % (VT_MAX - 1));
    s->height = 1 + (int)(fuzz_byte(&in) % 60);
    m->window_ms = 1 + known(fuzz_byte(&in) % 255);
    m->clock_s = known(fuzz_byte(&in) % 255);
    m->since_s = known(fuzz_byte(&in));
    m->rate_milli = known(fuzz_byte(&in));
    m->lag_ms = known(fuzz_byte(&in));
    m->late = count_of(fuzz_byte(&in));
    m->missing = m->late / 2;
    m->late_graced = m->late / 3;
    m->nstreams = flags % 3;
    m->nstale = flags % 2;
    m->listed = (flags & 1) != 0;
    m->from_input = (flags & 2) != 0;
    m->paused = (flags & 4) != 0;
    m->nhistory = 16;
    s->options.ascii = (flags & 8) != 0;
    s->options.panels = flags >> 4 & 7;
    s->options.rate = (flags & 128) != 0;
    flags = fuzz_byte(&in);
    s->options.top = flags & 15;
    s->options.sort = (flags & 16) != 0 ? CHART_BY_COUNT : CHART_BY_NAME;
    s->options.keys = (flags & 32) != 0;
    s->title = fuzz_string(fuzz_until(&in, '\n'));
    s->notice = fuzz_string(fuzz_until(&in, '\n'));
    m->title = s->title;
    m->notice = (flags & 64) != 0 ? s->notice : NULL;
    for (int i = 0; i < 16; i++)
        s->history[i] = (uint32_t)(count_of(flags) >> i);
    take_rows(s, &in);
}

static void release(struct scene *s)
{
    for (size_t i = 0; i < s->model.n; i++)
        free((void *)(uintptr_t)s->rows[i].label);
    free(s->title);
    free(s->notice);
}

/* The cells that a line takes, by the C library alone. */
static int width_of(struct slice line)
{
    int width = 0;

    for (size_t i = 0, n; i < line.n; i += n) {
        unsigned long c = 0;
        int w;

        n = fuzz_char(line.p + i, line.n - i, &c);
        PROMISE(n > 0);
        w = wcwidth((wchar_t)c);
        PROMISE(w >= 0);
        width += w;
    }
    return width;
}

static void check_plain(const struct scene *s, struct slice text)
{
    int lines = 0;

    PROMISE(fuzz_printable(text, "\n"));
    for (; text.n > 0; lines++) {
        struct slice line = fuzz_until(&text, '\n');

        PROMISE(width_of(line) <= s->width);
        for (size_t i = 0; i < line.n && s->options.ascii; i++)
            PROMISE(line.p[i] >= ' ' && line.p[i] <= '~');
    }
    PROMISE(lines <= s->height);
}

/* Without its colours it is ${plain}. */
static void check_color(struct slice text, struct slice plain)
{
    size_t at = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\033') {
            PROMISE(i + 1 < text.n && text.p[i + 1] == '[');
            i += 2;
            while (i < text.n && strchr("0123456789;", text.p[i]) != NULL)
                i++;
            PROMISE(i < text.n && text.p[i] == 'm');
            continue;
        }
        PROMISE(at < plain.n && plain.p[at] == text.p[i]);
        at++;
    }
    PROMISE(at == plain.n);
}

static void show(struct vt *vt, const struct grid *old, const struct grid *new)
{
    struct buf out = BUF_INIT(OUT_MAX);

    PROMISE(grid_diff(old, new, true, &out) == 0);
    vt_feed(vt, buf_slice(&out));
    PROMISE(vt_shows(vt, new, true));
    PROMISE(vt->style == 0);
    buf_release(&out);
}

static void check(struct scene *s)
{
    static struct vt vt;
    struct chart_scale scale = {0};
    struct grid first, second;
    struct buf plain = BUF_INIT(OUT_MAX), color = BUF_INIT(OUT_MAX);

    if (grid_init(&first, s->width, s->height, NULL) != 0 ||
        grid_init(&second, s->width, s->height, NULL) != 0)
        abort();
    chart_draw(&s->model, &s->options, &scale, 1, &first);
    PROMISE(grid_text(&first, false, &plain) == 0);
    PROMISE(grid_text(&first, true, &color) == 0);
    check_plain(s, buf_slice(&plain));
    check_color(buf_slice(&color), buf_slice(&plain));
    vt_open(&vt, s->width, s->height);
    show(&vt, NULL, &first);
    s->model.paused = !s->model.paused;
    s->model.n /= 2;
    s->options.sort = CHART_BY_COUNT - s->options.sort;
    chart_draw(&s->model, &s->options, &scale, 2, &second);
    show(&vt, &first, &second);
    vt_close(&vt);
    buf_release(&plain);
    buf_release(&color);
    grid_release(&first);
    grid_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct scene scene;
    size_t rows;

    fuzz_locale();
    memset(&scene, 0, sizeof(scene));
    take_scene(&scene, fuzz_input(data, n));
    rows = scene.model.n;
    check(&scene);
    scene.model.n = rows;
    release(&scene);
    return 0;
}
