/*
 * Any fields, conditions and body: what is counted, under which label and at
 * what time is within its bounds, the same when the body is spelled anew, and
 * no condition lets through what it refuses alone.
 *
 * A line each for the group, two conditions and the time's field (a condition
 * or a time of "-" is none), then the body.
 */
#include "fuzz.h"

#include "view/field.h"

#define NOW 1795370912779
#define STREAM "social/\xC3\xA9l\xC3\xA8ve"

struct scene {
    char *group, *time;
    char *where[2];
    struct slice body;
};

static struct field *make(const struct scene *s, const char *const *where,
                          size_t n)
{
    struct field_config config = {
        .group = s->group, .where = where, .nwhere = n};
    struct err err = ERR_INIT;
    struct field *field;
    bool good = s->group[0] != '\0' && s->group[0] != ',' &&
                s->group[strlen(s->group) - 1] != ',' &&
                strstr(s->group, ",,") == NULL;

    config.time = strcmp(s->time, "-") == 0 ? NULL : s->time;
    good = good && s->time[0] != '\0';
    for (size_t i = 0; i < n; i++)
        good = good && where[i][0] != '=' && strchr(where[i], '=') != NULL;
    field = field_new(&config, &err);
    PROMISE((field != NULL) == good);
    PROMISE(err.code == (good ? ERR_NONE : ERR_USAGE));
    return field;
}

static struct field_result eval(struct field *field, struct slice body)
{
    struct field_record record = {
        .stream = STREAM, .time_ms = NOW, .body = body};
    struct field_result result;

    PROMISE(field_eval(field, &record, &result, NULL) == 0);
    PROMISE(result.time_ms >= 0 && result.time_ms <= NOW);
    PROMISE(!result.untimed || result.time_ms == NOW);
    PROMISE(fuzz_is_utf8(result.label));
    PROMISE(memchr(result.label.p, '\0', result.label.n) == NULL);
    PROMISE(result.label.n <= FIELD_LABEL_MAX);
    return result;
}

/* A number, true or false: the label is read as the same. */
static void check_value(const json_t *value, struct slice label)
{
    json_t *back = json_loadb(label.p, label.n, JSON_DECODE_ANY, NULL);

    PROMISE(json_equal(back, value));
    json_decref(back);
}

/* Of one field that is a string, the label is that string, cut. */
static void check_label(const struct scene *s, const json_t *root,
                        struct slice label)
{
    const json_t *value = json_object_get(root, s->group);
    const char *text = json_string_value(value);

    if (strcmp(s->group, "stream") == 0)
        text = STREAM;
    else if (strchr(s->group, ',') != NULL)
        return;
    else if (!json_is_object(root) || value == NULL || json_is_null(value) ||
             json_is_object(value) || json_is_array(value))
        text = FIELD_NONE;
    if (text == NULL) {
        check_value(value, label);
        return;
    }
    PROMISE(strncmp(text, label.p, label.n) == 0);
    PROMISE(label.n == strlen(text) ||
            (label.n > FIELD_LABEL_MAX - 4 && label.n <= FIELD_LABEL_MAX));
}

/* What has a number that no integer holds is left out: it is not written as
 * it was read. */
static void check_spelled(const struct scene *s, struct field *field,
                          const struct field_result *result)
{
    json_t *root = json_loadb(s->body.p, s->body.n, JSON_ALLOW_NUL, NULL);
    char label[FIELD_LABEL_MAX];
    size_t n = result->label.n;
    bool counted = result->counted, untimed = result->untimed;
    int64_t time = result->time_ms;
    struct field_result again;
    char *text;

    if (root == NULL)
        return;
    check_label(s, root, result->label);
    memcpy(label, result->label.p, n);
    text = json_dumps(root, JSON_ENSURE_ASCII | JSON_INDENT(1));
    PROMISE(text != NULL);
    again = eval(field, slice_str(text));
    PROMISE(again.counted == counted && again.untimed == untimed);
    PROMISE(again.time_ms == time);
    PROMISE(slice_eq(again.label, (struct slice){label, n}));
    free(text);
    json_decref(root);
}

/* 1 or 0, or -1 when there are no such fields. */
static int counted(const struct scene *s, const char *const *where, size_t n)
{
    struct field *field = make(s, where, n);
    int yes = field != NULL ? 1 : -1;

    if (field != NULL && field_parses(field)) {
        struct field_result result = eval(field, s->body);

        yes = result.counted;
        check_spelled(s, field, &result);
    }
    field_free(field);
    return yes;
}

/* Two conditions let through what both of them do. */
static void check_where(const struct scene *s, const char *const *where,
                        size_t n)
{
    int a = counted(s, NULL, 0);
    int b = n > 0 ? counted(s, where, 1) : a;
    int c = n > 1 ? counted(s, where + 1, 1) : a;

    PROMISE(a != 0);
    PROMISE(counted(s, where, n) == (b < c ? b : c));
}

/* Many stars make any matching slow: they are the user's own. */
static bool is_slow(const char *glob)
{
    size_t stars = 0;

    for (; *glob != '\0'; glob++)
        stars += *glob == '*' || *glob == '[';
    return stars > 5;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct slice in = fuzz_input(data, n);
    struct scene s = {.group = fuzz_string(fuzz_until(&in, '\n'))};
    const char *where[2];
    size_t nwhere = 0;

    fuzz_locale();
    for (int i = 0; i < 2; i++) {
        s.where[i] = fuzz_string(fuzz_until(&in, '\n'));
        if (strcmp(s.where[i], "-") != 0 && !is_slow(s.where[i]))
            where[nwhere++] = s.where[i];
    }
    s.time = fuzz_string(fuzz_until(&in, '\n'));
    s.body = in;
    /* A label must be UTF-8 if the names in it are; theirs are the user's. */
    if (fuzz_is_utf8(slice_str(s.group)))
        check_where(&s, where, nwhere);
    free(s.group);
    free(s.where[0]);
    free(s.where[1]);
    free(s.time);
    return 0;
}
