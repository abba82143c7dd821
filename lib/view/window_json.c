#include "view/window_state.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

#define FORM 1

/* More than will ever be counted; on top of it there is room to count. */
#define COUNT_MAX (INT64_C(1) << 48)

enum number {
    V,
    WINDOW_MS,
    EVERY_MS,
    BEGUN,
    FIXED,
    NEXT,
    ADVANCED,
    PASSED,
    EMPTIES,
    SKIPPED,
    RECORDS,
    LATE,
    LATE_GRACED,
    NHISTORY,
    NUMBERS
};

static const char *const number_names[NUMBERS] = {
    "v",       "window_ms", "every_ms",    "begun",   "fixed",
    "next",    "advanced",  "passed",      "empties", "skipped",
    "records", "late",      "late_graced", "nhistory"};

enum total { TOTAL, BEFORE, ZEROED, TOTALS };

static const char *const total_names[TOTALS] = {"total", "before", "zeroed"};

/* A value that is made: itself, or NULL when a part of it is missing. */
static json_t *whole(json_t *json, int bad)
{
    if (!bad)
        return json;
    json_decref(json);
    return NULL;
}

static json_t *save_numbers(const char *const *names, const int64_t *values,
                            size_t n)
{
    json_t *object = json_object();
    int bad = object == NULL;

    for (size_t i = 0; i < n && !bad; i++)
        bad = json_object_set_new(object, names[i], json_integer(values[i]));
    return whole(object, bad);
}

/* Labels may be any bytes, but JSON is UTF-8: others are saved as hex. */
static json_t *save_hex(struct slice label)
{
    struct buf hex = BUF_INIT(2 * label.n);
    json_t *json = NULL;
    int bad = 0;

    for (size_t i = 0; i < label.n && !bad; i++)
        bad = buf_addf(&hex, "%02x", (unsigned char)label.p[i]);
    if (!bad)
        json = json_stringn(hex.p, hex.n);
    buf_release(&hex);
    return json;
}

/* Offset and count of each bucket that is not empty. */
static json_t *save_ring(const struct window *window,
                         const struct window_series *series)
{
    json_t *list = json_array();
    int bad = list == NULL;

    for (size_t i = 0; i < window->nring && !bad; i++) {
        uint64_t n = series->ring[(window->head + i) % window->nring];

        if (n == 0)
            continue;
        bad = json_array_append_new(list, json_integer((json_int_t)i)) != 0 ||
              json_array_append_new(list, json_integer((json_int_t)n)) != 0;
    }
    return whole(list, bad);
}

static json_t *save_history(const struct window *window,
                            const struct window_series *series)
{
    size_t h = window->config.history;
    json_t *list = json_array();
    int bad = list == NULL;

    for (size_t i = h - window->nhistory; i < h && !bad; i++)
        bad = json_array_append_new(list, json_integer(series->history[i]));
    return whole(list, bad);
}

static json_t *save_series(const struct window *window,
                           const struct window_series *series)
{
    const struct slice label = {series->name, series->length};
    const int64_t totals[TOTALS] = {(int64_t)series->total,
                                    (int64_t)series->before,
                                    (int64_t)series->zeroed};
    json_t *json = save_numbers(total_names, totals, TOTALS);
    bool utf8 = text_is_utf8(label);
    int bad =
        json_object_set_new(json, utf8 ? "label" : "hex",
                            utf8 ? json_stringn(label.p, label.n)
                                 : save_hex(label)) != 0 ||
        json_object_set_new(json, "buckets", save_ring(window, series)) != 0 ||
        json_object_set_new(json, "history", save_history(window, series)) != 0;

    return whole(json, bad);
}

static json_t *save_all_series(const struct window *window)
{
    json_t *list = json_array();
    int bad = list == NULL;

    for (size_t i = 0; i < window->n && !bad; i++)
        bad = json_array_append_new(list,
                                    save_series(window, &window->series[i]));
    return whole(list, bad);
}

json_t *window_save(const struct window *window)
{
    const int64_t numbers[NUMBERS] = {
        [V] = FORM,
        [WINDOW_MS] = window->config.window_ms,
        [EVERY_MS] = window->config.every_ms,
        [BEGUN] = window->begun,
        [FIXED] = window->fixed,
        [NEXT] = window->next,
        [ADVANCED] = window->advanced,
        [PASSED] = window->passed,
        [EMPTIES] = window->empties,
        [SKIPPED] = (int64_t)window->skipped,
        [RECORDS] = (int64_t)window->records,
        [LATE] = (int64_t)window->late,
        [LATE_GRACED] = (int64_t)window->late_graced,
        [NHISTORY] = (int64_t)window->nhistory,
    };
    json_t *json = save_numbers(number_names, numbers, NUMBERS);
    int bad = json_object_set_new(json, "labels", save_all_series(window));

    return whole(json, bad);
}

static int broken(struct err *err, const char *what)
{
    return err_set(err, ERR_CONFIG, "no saved windows: %s", what);
}

static bool is_count(int64_t n)
{
    return n >= 0 && n <= COUNT_MAX;
}

/* A count, or how far something is from something. */
static int load_count(const json_t *json, uint64_t *count)
{
    if (!json_is_integer(json) || !is_count(json_integer_value(json)))
        return -1;
    *count = (uint64_t)json_integer_value(json);
    return 0;
}

static int load_numbers(const json_t *json, const char *const *names,
                        int64_t *values, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_object_get(json, names[i]);

        if (!json_is_integer(value))
            return broken(err, names[i]);
        values[i] = json_integer_value(value);
    }
    return 0;
}

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

static int load_hex(struct slice hex, struct buf *label)
{
    for (size_t i = 0; i + 1 < hex.n; i += 2) {
        int high = digit(hex.p[i]);
        int low = digit(hex.p[i + 1]);
        char c = (char)(high * 16 + low);

        if (high < 0 || low < 0 || buf_add(label, &c, 1) != 0)
            return -1;
    }
    return hex.n % 2 == 0 ? 0 : -1;
}

/* Labels come in the order of their numbers, each once. */
static int make_label(struct window *window, struct slice label, size_t number,
                      struct err *err)
{
    size_t id = 0;

    if (window_label(window, label, &id, err) != 0)
        return -1;
    if (id != number ||
        !slice_eq(label, (struct slice){window->series[id].name,
                                        window->series[id].length}))
        return broken(err, "labels");
    return 0;
}

static int load_label(struct window *window, const json_t *json, size_t number,
                      struct err *err)
{
    const json_t *label = json_object_get(json, "label");
    const json_t *hex = json_object_get(json, "hex");
    struct slice text = {json_string_value(hex), json_string_length(hex)};
    struct buf bytes = BUF_INIT(text.n);
    int r;

    if (json_is_string(label))
        return make_label(
            window,
            (struct slice){json_string_value(label), json_string_length(label)},
            number, err);
    if (text.p == NULL || load_hex(text, &bytes) != 0)
        r = broken(err, "label");
    else
        r = make_label(window, buf_slice(&bytes), number, err);
    buf_release(&bytes);
    return r;
}

/* Another grace makes another ring: what is ahead of it goes where
 * window_add would put it. */
static void load_bucket(struct window *window, struct window_series *series,
                        uint64_t offset, uint64_t count)
{
    int64_t bucket;

    if (offset >= window->nring)
        offset = window->nring - 1;
    bucket = window->next - window->ratio + (int64_t)offset;
    series->ring[offset] += count;
    window->ringed += count;
    if (bucket < window->next - 1)
        series->sum += count;
    if (bucket > window->newest)
        window->newest = bucket;
}

static int load_ring(struct window *window, struct window_series *series,
                     const json_t *list, struct err *err)
{
    size_t n = json_array_size(list);
    uint64_t offset;
    uint64_t count;

    if (!json_is_array(list) || n % 2 != 0 || (n > 0 && !window->begun))
        return broken(err, "buckets");
    for (size_t i = 0; i < n; i += 2) {
        if (load_count(json_array_get(list, i), &offset) != 0 ||
            load_count(json_array_get(list, i + 1), &count) != 0)
            return broken(err, "buckets");
        load_bucket(window, series, offset, count);
        if (window->ringed > (uint64_t)COUNT_MAX)
            return broken(err, "buckets");
    }
    return 0;
}

static int load_history(struct window *window, struct window_series *series,
                        const json_t *list, struct err *err)
{
    size_t n = json_array_size(list);
    size_t h = window->config.history;

    if (!json_is_array(list))
        return broken(err, "history");
    for (size_t i = 0; i < n && i < h; i++) {
        uint64_t count;

        if (load_count(json_array_get(list, n - 1 - i), &count) != 0 ||
            count > UINT32_MAX)
            return broken(err, "history");
        series->history[h - 1 - i] = (uint32_t)count;
    }
    return 0;
}

static int load_series(struct window *window, const json_t *json, size_t number,
                       struct err *err)
{
    int64_t totals[TOTALS] = {0};
    struct window_series *series;

    if (load_label(window, json, number, err) != 0 ||
        load_numbers(json, total_names, totals, TOTALS, err) != 0)
        return -1;
    for (size_t i = 0; i < TOTALS; i++) {
        if (!is_count(totals[i]))
            return broken(err, total_names[i]);
    }
    series = &window->series[number];
    series->total = (uint64_t)totals[TOTAL];
    series->before = (uint64_t)totals[BEFORE];
    series->zeroed = (uint64_t)totals[ZEROED];
    if (load_ring(window, series, json_object_get(json, "buckets"), err) != 0)
        return -1;
    return load_history(window, series, json_object_get(json, "history"), err);
}

/* Whether a number of a bucket can be reckoned with. */
static bool is_bucket(const struct window *window, int64_t bucket)
{
    int64_t max = WINDOW_STATE_TIME_MAX / window->config.every_ms + 2;

    return bucket >= -max && bucket <= max;
}

static bool is_start(const struct window *window, int64_t bucket)
{
    return bucket == WINDOW_STATE_NEVER || is_bucket(window, bucket);
}

static int take_numbers(struct window *window, const int64_t n[NUMBERS],
                        struct err *err)
{
    if (n[V] != FORM)
        return broken(err, "of another version");
    if (n[WINDOW_MS] != window->config.window_ms ||
        n[EVERY_MS] != window->config.every_ms)
        return err_set(err, ERR_CONFIG,
                       "saved with windows of %" PRId64 " ms every %" PRId64
                       " ms",
                       n[WINDOW_MS], n[EVERY_MS]);
    for (size_t i = EMPTIES; i < NUMBERS; i++) {
        if (!is_count(n[i]))
            return broken(err, number_names[i]);
    }
    if (!is_bucket(window, n[NEXT]) || !is_start(window, n[ADVANCED]) ||
        !is_start(window, n[PASSED]) || n[EMPTIES] > WINDOW_EMPTY_MAX)
        return broken(err, "a number out of range");
    window->begun = n[BEGUN] != 0;
    window->fixed = n[FIXED] != 0;
    window->next = n[NEXT];
    window->advanced = n[ADVANCED];
    window->passed = n[PASSED];
    window->empties = (unsigned)n[EMPTIES];
    window->skipped = (uint64_t)n[SKIPPED];
    window->records = (uint64_t)n[RECORDS];
    window->late = (uint64_t)n[LATE];
    window->late_graced = (uint64_t)n[LATE_GRACED];
    window->nhistory = (size_t)n[NHISTORY];
    if (window->nhistory > window->config.history)
        window->nhistory = window->config.history;
    return 0;
}

int window_load(struct window *window, const json_t *json, struct err *err)
{
    const json_t *labels = json_object_get(json, "labels");
    int64_t numbers[NUMBERS] = {0};

    if (load_numbers(json, number_names, numbers, NUMBERS, err) != 0 ||
        take_numbers(window, numbers, err) != 0)
        return -1;
    if (!json_is_array(labels))
        return broken(err, "labels");
    for (size_t i = 0; i < json_array_size(labels); i++) {
        if (load_series(window, json_array_get(labels, i), i, err) != 0)
            return -1;
    }
    return 0;
}
