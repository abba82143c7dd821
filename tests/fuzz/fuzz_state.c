/*
 * Any file as the state of s2tail's windows: refused, or what it says is
 * saved and loaded again as the same, and the windows go on from there.
 */
#include "fuzz.h"

#include <unistd.h>

#include "view/state.h"
#include "view/window.h"

#define FAR (INT64_C(1) << 60)

static char folder[40];
static char path[64];

static void at_exit(void)
{
    char name[80];

    unlink(path);
    snprintf(name, sizeof(name), "%s.lock", path);
    unlink(name);
    rmdir(folder);
}

static void init(void)
{
    fuzz_folder(folder, sizeof(folder));
    snprintf(path, sizeof(path), "%s/state", folder);
    atexit(at_exit);
}

static void write_file(struct slice in)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL || fwrite(in.p, 1, in.n, file) != in.n ||
        fclose(file) != 0)
        abort();
}

/* The JSON of the file, or NULL; saved, it is the same again. */
static json_t *through_file(struct slice in)
{
    struct state *state = state_open(path, NULL);
    struct err err = ERR_INIT;
    json_t *json = NULL, *again = NULL;

    PROMISE(state != NULL);
    write_file(in);
    if (state_load(state, &json, &err) != 0) {
        PROMISE(err.code == ERR_CONFIG && json == NULL);
    } else {
        PROMISE(json != NULL);
        PROMISE(state_save(state, json, NULL) == 0);
        PROMISE(state_load(state, &again, NULL) == 0);
        PROMISE(json_equal(json, again));
        json_decref(again);
    }
    state_close(state);
    return json;
}

struct told {
    int64_t end;
    size_t windows;
};

static void closed(void *arg, const struct window_snapshot *snapshot)
{
    struct told *told = arg;

    PROMISE(snapshot->start_ms < snapshot->end_ms);
    PROMISE(!snapshot->final || told->windows == 0 ||
            snapshot->end_ms > told->end);
    for (size_t i = 0; i < snapshot->n; i++)
        PROMISE(strlen(snapshot->rows[i].label) < (size_t)1 << 20);
    told->end = snapshot->end_ms;
    told->windows++;
}

/* Windows as long as the state says; NULL when there are no such. */
static struct window *new_window(const json_t *json, struct told *told)
{
    struct window_config config = {
        .window_ms = json_integer_value(json_object_get(json, "window_ms")),
        .every_ms = json_integer_value(json_object_get(json, "every_ms")),
        .labels = 100,
        .history = 8,
        .closed = closed,
        .arg = told,
        .key = {5, 6}};

    memset(told, 0, sizeof(*told));
    if (config.every_ms > FAR)
        return NULL;
    return window_new(&config, NULL);
}

static void go_on(struct window *window, struct told *told)
{
    uint64_t records = window_records(window);
    int64_t end;
    size_t id = 0;

    window_open(window, 0, closed, told);
    end = told->end;
    memset(told, 0, sizeof(*told));
    PROMISE(window_label(window, SLICE("one more"), &id, NULL) == 0);
    window_add(window, id, end);
    PROMISE(window_records(window) == records + 1);
    PROMISE(window_advance(window, FAR));
    PROMISE(told->windows < 5000);
    window_zero(window);
    window_open(window, FAR, closed, told);
}

static void through_window(const json_t *json)
{
    struct told told;
    struct window *window = new_window(json, &told), *other;
    json_t *saved, *again;

    if (window == NULL)
        return;
    if (window_load(window, json, NULL) == 0) {
        saved = window_save(window);
        other = new_window(json, &told);
        PROMISE(saved != NULL && other != NULL);
        PROMISE(window_load(other, saved, NULL) == 0);
        again = window_save(other);
        PROMISE(json_equal(saved, again));
        PROMISE(window_records(window) == window_records(other));
        json_decref(saved);
        json_decref(again);
        window_free(other);
        go_on(window, &told);
    }
    window_free(window);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    json_t *json;

    if (path[0] == '\0')
        init();
    json = through_file(fuzz_input(data, n));
    if (json != NULL)
        through_window(json);
    json_decref(json);
    return 0;
}
