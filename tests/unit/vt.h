/*
 * A small terminal for tests: what grid_diff and term write, as it would look.
 * An unknown sequence or control byte is an error.
 */
#ifndef VT_H
#define VT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "check.h"
#include "view/grid.h"

#define VT_MAX 128

struct vt {
    struct grid screen;
    int row, column;
    unsigned style;
    bool styled; /* SGR was seen */
    bool cursor, wrap, alternate;
    int written[VT_MAX][VT_MAX]; /* how often each cell was */
    bool bad;
};

static inline void vt_open(struct vt *vt, int width, int height)
{
    memset(vt, 0, sizeof(*vt));
    vt->cursor = true;
    vt->wrap = true;
    NEED(grid_init(&vt->screen, width, height, NULL) == 0);
}

static inline void vt_close(struct vt *vt)
{
    grid_release(&vt->screen);
}

/* What is to be shown: ${text} in red on its first row.  grid_release() frees
 * it. */
static inline struct grid vt_grid(int width, int height, const char *text)
{
    struct grid grid;

    NEED(grid_init(&grid, width, height, NULL) == 0);
    grid_put(&grid, 0, 0, width, slice_str(text), GRID_RED, false);
    return grid;
}

static inline void vt_color(struct vt *vt, int n)
{
    vt->styled = true;
    if (n == 0)
        vt->style = 0;
    else if (n == 1)
        vt->style |= GRID_BOLD;
    else if (n == 2)
        vt->style |= GRID_DIM;
    else if (n >= 31 && n <= 36)
        vt->style |= (unsigned)n - 30;
    else
        vt->bad = true;
}

static inline void vt_mode(struct vt *vt, int n, bool on)
{
    if (n == 1049)
        vt->alternate = on;
    else if (n == 25)
        vt->cursor = on;
    else if (n == 7)
        vt->wrap = on;
    else
        vt->bad = true;
}

static inline void vt_csi(struct vt *vt, char final, bool private,
                          const int *args, int n)
{
    if (final == 'H') {
        vt->row = n > 0 && args[0] > 0 ? args[0] - 1 : 0;
        vt->column = n > 1 && args[1] > 0 ? args[1] - 1 : 0;
    } else if (final == 'J' && n == 1 && args[0] == 2) {
        grid_clear(&vt->screen);
    } else if (final == 'm') {
        for (int i = 0; i < n; i++)
            vt_color(vt, args[i]);
    } else if (private && (final == 'h' || final == 'l')) {
        vt_mode(vt, args[0], final == 'h');
    } else {
        vt->bad = true;
    }
}

/* ESC [ and so on; returns its length. */
static inline size_t vt_escape(struct vt *vt, struct slice s, size_t at)
{
    int args[8] = {0}, n = 0;
    size_t i = at + 2;
    bool private = i < s.n && s.p[i] == '?';

    if (at + 1 >= s.n || s.p[at + 1] != '[') {
        vt->bad = true;
        return 1;
    }
    i += private;
    while (i < s.n && ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == ';')) {
        if (s.p[i] == ';')
            n = n < 6 ? n + 1 : n;
        else
            args[n] = args[n] * 10 + s.p[i] - '0';
        i++;
    }
    if (i >= s.n) {
        vt->bad = true;
        return s.n - at;
    }
    n += i > at + 2 + private;
    vt_csi(vt, s.p[i], private, args, n);
    return i + 1 - at;
}

/* A character with those that combine with it; as a terminal does, halves of
 * wide characters that are written over go. */
static inline size_t vt_print(struct vt *vt, struct slice s, size_t at)
{
    unsigned c;
    size_t n = text_char(s, at, &c);
    struct slice one = {s.p + at, n};
    int width = grid_width(one, false);

    if (c < 0x20 || vt->row >= vt->screen.height ||
        vt->column + width > vt->screen.width) {
        vt->bad = true;
        return n;
    }
    while (at + one.n < s.n) {
        struct slice next = one;
        unsigned mark;

        next.n += text_char(s, at + one.n, &mark);
        if (mark < 0x20 || grid_width(next, false) != width)
            break;
        one = next;
    }
    for (int i = 0; i < width; i++)
        vt->written[vt->row][vt->column + i]++;
    grid_put(&vt->screen, vt->row, vt->column, width, one,
             c == ' ' && one.n == 1 ? 0 : vt->style, false);
    vt->column += width;
    return one.n;
}

static inline void vt_feed(struct vt *vt, struct slice s)
{
    for (size_t at = 0; at < s.n;) {
        if (s.p[at] == '\033') {
            at += vt_escape(vt, s, at);
        } else if (s.p[at] == '\r') {
            vt->column = 0;
            at++;
        } else if (s.p[at] == '\n') {
            vt->row++;
            at++;
        } else {
            at += vt_print(vt, s, at);
        }
    }
}

/* Whether the screen shows ${grid}; without ${color} in whatever colour. */
static inline bool vt_shows(const struct vt *vt, const struct grid *grid,
                            bool color)
{
    size_t n = (size_t)grid->width * (size_t)grid->height;

    for (size_t i = 0; i < n; i++) {
        const struct grid_cell *a = &vt->screen.cells[i];
        const struct grid_cell *b = &grid->cells[i];

        if (strcmp(a->text, b->text) != 0 || a->right != b->right ||
            (color && a->style != b->style))
            return false;
    }
    return !vt->bad;
}

#endif
