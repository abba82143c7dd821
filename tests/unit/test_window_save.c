/* Saved windows: what is no such JSON is refused, and memory may run out. */
#include <stdlib.h>

#include "base/retry.h"
#include "check.h"
#include "scarce.h"
#include "view/window.h"

#define SEED 7u

static uint64_t recent, total, late;
static size_t ntold;
static char last_label[32];

static void tell(void *arg, const struct window_snapshot *s)
{
    (void)arg;
    ntold++;
    recent = s->n > 0 ? s->rows[0].recent : 0;
    total = s->n > 0 ? s->rows[0].total : 0;
    late = s->late;
    if (s->n > 0)
        snprintf(last_label, sizeof(last_label), "%s", s->rows[s->n - 1].label);
}

static struct window *make(int64_t grace_ms, size_t labels, size_t history)
{
    struct window_config config = {.window_ms = 30,
                                   .every_ms = 10,
                                   .grace_ms = grace_ms,
                                   .labels = labels,
                                   .history = history,
                                   .closed = tell};

    ntold = 0;
    return NEEDED(window_new(&config, NULL));
}

static struct window *make_full(void)
{
    static const char *const labels[] = {"a", "\xff", "b"};
    struct window *w = make(20, 4, 3);

    for (size_t i = 0; i < 3; i++) {
        size_t id = 0;

        CHECK_INT(window_label(w, slice_str(labels[i]), &id, NULL), 0);
        window_add(w, id, 100 + 10 * (int64_t)i);
    }
    window_advance(w, 120);
    window_add(w, 0, 99);
    return w;
}

static json_t *saved(void)
{
    struct window *w = make_full();
    json_t *json = window_save(w);

    CHECK(json != NULL);
    window_free(w);
    return json;
}

/* Load and free.  Returns the code of the error. */
static int try_load(const json_t *json)
{
    struct window *w = make(20, 4, 3);
    struct err err = ERR_INIT;
    int r = window_load(w, json, &err);

    CHECK((r == 0) == (err.code == ERR_NONE));
    if (r == 0) {
        window_advance(w, INT64_MAX);
        window_zero(w);
        window_open(w, 0, tell, NULL);
    }
    window_free(w);
    return err.code;
}

static void test_empty(void)
{
    struct window *w = make(0, 4, 0);
    json_t *json = window_save(w);

    CHECK(json != NULL);
    window_free(w);
    w = make(0, 4, 0);
    CHECK_INT(window_load(w, json, NULL), 0);
    json_decref(json);
    window_advance(w, 100);
    CHECK_INT(ntold, 0);
    window_advance(w, 110);
    CHECK_INT(ntold, 1);
    window_free(w);
}

/* The settings that are not in the numbers may differ. */
static void test_other_settings(void)
{
    json_t *json = saved();
    struct window *w = make(0, 4, 1);

    CHECK_INT(window_load(w, json, NULL), 0);
    window_advance(w, 130);
    CHECK_INT(recent, 1);
    CHECK_INT(total, 2);
    window_free(w);
    w = make(400, 4, 64);
    CHECK_INT(window_load(w, json, NULL), 0);
    window_advance(w, 200);
    CHECK_INT(ntold, 8);
    CHECK_INT(total, 2);
    CHECK_INT(late, 1);
    window_free(w);
    w = make(20, 2, 3);
    CHECK_INT(window_load(w, json, NULL), -1);
    window_free(w);
    json_decref(json);
}

static void test_other_durations(void)
{
    struct window_config config = {
        .window_ms = 20, .every_ms = 10, .labels = 4};
    struct window *w = NEEDED(window_new(&config, NULL));
    struct err err = ERR_INIT;
    json_t *json = saved();

    CHECK_INT(window_load(w, json, &err), -1);
    CHECK_INT(err.code, ERR_CONFIG);
    CHECK_STR(err.text, "saved with windows of 30 ms every 10 ms");
    window_free(w);
    json_decref(json);
}

static void test_labels_of_any_bytes(void)
{
    struct window *w = make(0, 300, 0);
    json_t *json;

    for (int c = 1; c < 256; c++) {
        const char text[2] = {(char)c, '\0'};
        size_t id = 999;

        CHECK_INT(window_label(w, slice_str(text), &id, NULL), 0);
        CHECK_INT(id, c - 1);
    }
    json = NEEDED(window_save(w));
    window_free(w);
    w = make(0, 300, 0);
    CHECK_INT(window_load(w, json, NULL), 0);
    for (int c = 1; c < 256; c++) {
        const char text[2] = {(char)c, '\0'};
        size_t id = 999;

        CHECK_INT(window_label(w, slice_str(text), &id, NULL), 0);
        CHECK_INT(id, c - 1);
    }
    window_open(w, 0, tell, NULL);
    CHECK_STR(last_label, "\xff");
    json_decref(json);
    window_free(w);
}

/* Set a member of the first label, or of all. */
static void refuse(bool of_label, const char *name, const char *value)
{
    json_t *json = saved();
    json_t *labels = json_object_get(json, "labels");
    json_t *object = of_label ? json_array_get(labels, 0) : json;

    if (value == NULL)
        CHECK_INT(json_object_del(object, name), 0);
    else
        json_object_set_new(object, name,
                            json_loads(value, JSON_DECODE_ANY, NULL));
    if (try_load(json) != ERR_CONFIG) {
        printf("# %s = %s\n", name, value);
        CHECK(false);
    }
    json_decref(json);
}

static void test_broken_numbers(void)
{
    static const char *const names[] = {
        "v",       "window_ms", "every_ms",    "begun",    "fixed",
        "next",    "advanced",  "passed",      "empties",  "skipped",
        "records", "late",      "late_graced", "nhistory", "labels"};
    static const char *const counts[] = {"empties", "skipped",     "records",
                                         "late",    "late_graced", "nhistory"};
    static const char *const buckets[] = {"next", "advanced", "passed"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        refuse(false, names[i], NULL);
        refuse(false, names[i], "null");
        refuse(false, names[i], "1.5");
        refuse(false, names[i], "{}");
    }
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        refuse(false, counts[i], "-1");
    for (size_t i = 0; i < sizeof(buckets) / sizeof(buckets[0]); i++) {
        refuse(false, buckets[i], "9223372036854775807");
        refuse(false, buckets[i], "-9223372036854775807");
    }
    refuse(false, "v", "2");
    refuse(false, "empties", "361");
    refuse(false, "begun", "0");
    refuse(false, "next", "-9223372036854775808");
}

static void test_broken_labels(void)
{
    static const char *const names[] = {"label", "total", "before", "zeroed"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        refuse(true, names[i], NULL);
        refuse(true, names[i], "[]");
        refuse(true, names[i], "-1");
    }
    refuse(true, "buckets", NULL);
    refuse(true, "buckets", "[1]");
    refuse(true, "buckets", "[1,-1]");
    refuse(true, "buckets", "[-1,1]");
    refuse(true, "buckets", "[1,null]");
    refuse(true, "buckets", "[\"1\",1]");
    refuse(true, "history", NULL);
    refuse(true, "history", "[1,-1,1]");
    refuse(true, "history", "[1,2,4294967296]");
    refuse(true, "label", "\"b\"");
    refuse(false, "labels", "[1]");
    refuse(false, "labels", "[{\"hex\":\"f\"}]");
    refuse(false, "labels", "[{\"hex\":\"fg\"}]");
    refuse(false, "labels", "[{\"hex\":\"gf\"}]");
    refuse(false, "labels", "[{\"hex\":1}]");
}

static void test_no_object(void)
{
    static const char *const texts[] = {"[]", "1", "\"x\"", "null", "{}"};

    CHECK_INT(try_load(NULL), ERR_CONFIG);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        json_t *json = NEEDED(json_loads(texts[i], JSON_DECODE_ANY, NULL));

        CHECK_INT(try_load(json), ERR_CONFIG);
        json_decref(json);
    }
}

/* Whatever numbers stand there, nothing breaks but the counts. */
static void test_odd_numbers(void)
{
    struct rng rng = {SEED};
    json_t *json = saved();
    char *text = NEEDED(json_dumps(json, JSON_COMPACT));
    size_t n = strlen(text);
    char *copy = malloc(n + 1);
    int loaded = 0;

    json_decref(json);
    for (int i = 0; i < 5000; i++) {
        memcpy(copy, text, n + 1);
        for (int k = 0; k < 2; k++) {
            size_t at = rng_next(&rng) % n;

            if (copy[at] >= '0' && copy[at] <= '9')
                copy[at] = (char)('0' + rng_next(&rng) % 10);
        }
        json = json_loads(copy, 0, NULL);
        if (json != NULL)
            loaded += try_load(json) == 0;
        json_decref(json);
    }
    printf("# seed %u: %d of 5000 were loaded\n", SEED, loaded);
    CHECK(loaded > 1000 && loaded <= 5000);
    free(copy);
    free(text);
}

static void test_no_memory(void)
{
    struct window *w = make_full();
    json_t *json = NULL;
    int fails = 0;

    while (json == NULL && fails < 10000) {
        scarce_from(fails++);
        json = window_save(w);
    }
    scarce_end();
    CHECK(fails > 50 && fails < 10000);
    CHECK_INT(try_load(json), 0);
    json_decref(json);
    window_free(w);
}

int main(void)
{
    RUN(test_empty);
    RUN(test_other_settings);
    RUN(test_other_durations);
    RUN(test_labels_of_any_bytes);
    RUN(test_broken_numbers);
    RUN(test_broken_labels);
    RUN(test_no_object);
    RUN(test_odd_numbers);
    RUN(test_no_memory);
    return check_done();
}
