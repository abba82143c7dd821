#include "view/window_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define FIRST_CAP 16U

static bool is_label(const struct window_series *series, struct slice label)
{
    return slice_eq((struct slice){series->name, series->length}, label);
}

/* Where in the index the label is, or would be. */
static size_t place_of(const struct window *window, struct slice label)
{
    size_t i = hash_bytes(window->config.key, label).a & (window->nindex - 1);

    while (window->index[i] != 0 &&
           !is_label(&window->series[window->index[i] - 1], label))
        i = (i + 1) & (window->nindex - 1);
    return i;
}

static bool has(const struct window *window, struct slice label)
{
    return window->index[place_of(window, label)] != 0;
}

static bool is_full(const struct window *window)
{
    return window->n - has(window, SLICE(WINDOW_OTHER)) ==
           window->config.labels;
}

static int grow(struct window *window)
{
    size_t cap = window->cap == 0 ? FIRST_CAP : window->cap * 2;
    struct window_series *series;
    struct window_row *rows;

    if (window->n < window->cap)
        return 0;
    series = realloc(window->series, cap * sizeof(*series));
    if (series == NULL)
        return -1;
    window->series = series;
    rows = realloc(window->rows, cap * sizeof(*rows));
    if (rows == NULL)
        return -1;
    window->rows = rows;
    window->cap = cap;
    return 0;
}

static int add(struct window *window, struct slice label, size_t place)
{
    struct window_series s = {.length = label.n};

    if (grow(window) != 0)
        return -1;
    s.name = malloc(label.n + 1);
    s.ring = calloc(window->nring, sizeof(*s.ring));
    s.history = calloc(window->config.history + 1, sizeof(*s.history));
    if (s.name == NULL || s.ring == NULL || s.history == NULL) {
        free(s.name);
        free(s.ring);
        free(s.history);
        return -1;
    }
    if (label.n > 0)
        memcpy(s.name, label.p, label.n);
    s.name[label.n] = '\0';
    window->series[window->n++] = s;
    window->index[place] = (uint32_t)window->n;
    return 0;
}

int window_label(struct window *window, struct slice label, size_t *id,
                 struct err *err)
{
    const char *end = label.n > 0 ? memchr(label.p, '\0', label.n) : NULL;
    size_t place;

    if (end != NULL)
        label.n = (size_t)(end - label.p);
    place = place_of(window, label);
    if (window->index[place] == 0 && is_full(window)) {
        label = SLICE(WINDOW_OTHER);
        place = place_of(window, label);
    }
    if (window->index[place] == 0 && add(window, label, place) != 0)
        return err_memory(err);
    *id = window->index[place] - 1;
    return 0;
}
