#include "view/field.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "base/text.h"

#define STREAM "stream"
#define TIME_MAX_MS (PARSE_TIME_MAX / 1000)

/* Above this a double no longer tells neighbouring integers apart. */
#define EXACT_REAL 9007199254740992.0

struct where {
    char *name; /* a NUL behind it, then the glob */
    const char *glob;
};

struct field {
    char *group;        /* the names, each with a NUL behind it */
    const char **names; /* nnames, into group */
    size_t nnames;
    struct where *where;
    size_t nwhere;
    char *time; /* NULL: the record's */
    struct buf label;
};

/* Where the numbers of a body are written. */
struct scratch {
    char text[48];
};

static bool is_stream(const char *name)
{
    return strcmp(name, STREAM) == 0;
}

static int split_group(struct field *field, const char *group, struct err *err)
{
    size_t most = 1;
    char *p;

    for (p = strchr(group, ','); p != NULL; p = strchr(p + 1, ','))
        most++;
    field->group = strdup(group);
    field->names = calloc(most, sizeof(*field->names));
    if (field->group == NULL || field->names == NULL)
        return err_memory(err);
    for (p = field->group; p != NULL;) {
        const char *name = p;

        p = strchr(p, ',');
        if (p != NULL)
            *p++ = '\0';
        if (*name == '\0')
            return err_set(err, ERR_USAGE, "'%.64s' has an empty field name",
                           group);
        field->names[field->nnames++] = name;
    }
    return 0;
}

static int add_where(struct field *field, const char *expr, struct err *err)
{
    const char *equals = strchr(expr, '=');
    struct where *where = &field->where[field->nwhere];

    if (equals == NULL || equals == expr)
        return err_set(err, ERR_USAGE, "'%.64s' is not FIELD=GLOB", expr);
    where->name = strdup(expr);
    if (where->name == NULL)
        return err_memory(err);
    field->nwhere++;
    where->name[equals - expr] = '\0';
    where->glob = where->name + (equals - expr) + 1;
    return 0;
}

static int set_time(struct field *field, const char *name, struct err *err)
{
    if (name == NULL)
        return 0;
    if (*name == '\0')
        return err_set(err, ERR_USAGE, "an empty field name for the time");
    field->time = strdup(name);
    return field->time != NULL ? 0 : err_memory(err);
}

struct field *field_new(const struct field_config *config, struct err *err)
{
    struct field *field = calloc(1, sizeof(*field));

    if (field == NULL)
        goto no_memory;
    field->where = calloc(config->nwhere + 1, sizeof(*field->where));
    if (field->where == NULL)
        goto no_memory;
    buf_init(&field->label, FIELD_LABEL_MAX);
    if (split_group(field, config->group, err) != 0 ||
        set_time(field, config->time, err) != 0)
        goto free_field;
    for (size_t i = 0; i < config->nwhere; i++) {
        if (add_where(field, config->where[i], err) != 0)
            goto free_field;
    }
    return field;

no_memory:
    err_memory(err);
free_field:
    field_free(field);
    return NULL;
}

void field_free(struct field *field)
{
    if (field == NULL)
        return;
    for (size_t i = 0; i < field->nwhere; i++)
        free(field->where[i].name);
    free(field->where);
    free(field->names);
    free(field->group);
    free(field->time);
    buf_release(&field->label);
    free(field);
}

bool field_by_stream(const struct field *field)
{
    return field->nnames == 1 && is_stream(field->names[0]);
}

bool field_parses(const struct field *field)
{
    return !field_by_stream(field) || field->nwhere > 0 || field->time != NULL;
}

static bool needs_body(const struct field *field)
{
    bool needs = field->time != NULL && !is_stream(field->time);

    for (size_t i = 0; i < field->nnames; i++)
        needs = needs || !is_stream(field->names[i]);
    for (size_t i = 0; i < field->nwhere; i++)
        needs = needs || !is_stream(field->where[i].name);
    return needs;
}

/* An integer that does not fit makes jansson refuse the whole text, and
 * somebody's huge number must not hide the other fields. */
int field_json(struct slice text, json_t **json, bool *reals, struct err *err)
{
    json_error_t why = {0};

    *json = json_loadb(text.p, text.n, JSON_ALLOW_NUL, &why);
    *reals =
        *json == NULL && json_error_code(&why) == json_error_numeric_overflow;
    if (*reals)
        *json = json_loadb(text.p, text.n,
                           JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &why);
    /* jansson has no words for a lack of memory at its very start. */
    if (*json == NULL && (why.text[0] == '\0' ||
                          json_error_code(&why) == json_error_out_of_memory))
        return err_memory(err);
    return 0;
}

static const char *integer_text(int64_t v, struct scratch *scratch)
{
    snprintf(scratch->text, sizeof(scratch->text), "%" PRId64, v);
    return scratch->text;
}

/* Whether ${text} is read as that very number. */
static bool reads_as(const char *text, size_t n, double d)
{
    json_t *back = json_loadb(text, n, JSON_DECODE_ANY, NULL);
    bool same = json_is_real(back) && json_real_value(back) == d;

    json_decref(back);
    return same;
}

/* With as few digits as tell it from others. */
static const char *real_text(const json_t *real, struct scratch *scratch)
{
    size_t room = sizeof(scratch->text) - 1;
    size_t n = 0;

    for (size_t digits = 15; digits <= 17; digits++) {
        n = json_dumpb(real, scratch->text, room,
                       JSON_ENCODE_ANY | JSON_REAL_PRECISION(digits));
        if (n == 0 || n > room)
            return FIELD_NONE;
        if (reads_as(scratch->text, n, json_real_value(real)))
            break;
    }
    scratch->text[n] = '\0';
    return scratch->text;
}

static bool is_whole(double d)
{
    return d >= -EXACT_REAL && d <= EXACT_REAL && (double)(int64_t)d == d;
}

/* A text with a NUL ends there. */
static const char *value_text(const json_t *value, bool reals,
                              struct scratch *scratch)
{
    switch (value == NULL ? JSON_NULL : json_typeof(value)) {
    case JSON_STRING:
        return json_string_value(value);
    case JSON_INTEGER:
        return integer_text(json_integer_value(value), scratch);
    case JSON_REAL:
        if (reals && is_whole(json_real_value(value)))
            return integer_text((int64_t)json_real_value(value), scratch);
        return real_text(value, scratch);
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    default:
        return FIELD_NONE;
    }
}

/* Lives as long as the record and ${scratch}. */
static const char *text_of(const char *name, const struct field_record *record,
                           struct scratch *scratch)
{
    if (is_stream(name))
        return record->stream;
    return value_text(json_object_get(record->json, name), record->reals,
                      scratch);
}

/* What of the text fits, whole characters only.  Returns whether all did. */
static bool add_cut(struct buf *label, const char *text)
{
    struct slice s = slice_str(text);
    size_t room = label->max - label->n;
    size_t n = 0;

    while (n < s.n) {
        unsigned c;
        size_t length = text_char(s, n, &c);

        if (n + length > room)
            break;
        n += length;
    }
    buf_add(label, s.p, n);
    return n == s.n;
}

static int make_label(struct field *field, const struct field_record *record,
                      struct slice *label, struct err *err)
{
    bool fits = true;

    if (field_by_stream(field)) {
        *label = slice_str(record->stream);
        return 0;
    }
    buf_reset(&field->label);
    if (buf_reserve(&field->label, FIELD_LABEL_MAX) == NULL)
        return err_memory(err);
    for (size_t i = 0; i < field->nnames && fits; i++) {
        struct scratch scratch;

        if (i > 0)
            fits = add_cut(&field->label, ",");
        if (fits)
            fits = add_cut(&field->label,
                           text_of(field->names[i], record, &scratch));
    }
    *label = buf_slice(&field->label);
    return 0;
}

static bool matches(const struct field *field,
                    const struct field_record *record)
{
    for (size_t i = 0; i < field->nwhere; i++) {
        const struct where *where = &field->where[i];
        struct scratch scratch;

        if (fnmatch(where->glob, text_of(where->name, record, &scratch), 0) !=
            0)
            return false;
    }
    return true;
}

/* The time in ms since the epoch, or -1. */
static int64_t read_time(const char *name, const struct field_record *record)
{
    const json_t *value = json_object_get(record->json, name);
    int64_t t = -1;
    double d;

    if (is_stream(name))
        return parse_time(slice_str(record->stream), &t) == 0 ? t / 1000 : -1;
    switch (value == NULL ? JSON_NULL : json_typeof(value)) {
    case JSON_STRING:
        if (parse_time((struct slice){json_string_value(value),
                                      json_string_length(value)},
                       &t) == 0)
            t /= 1000;
        break;
    case JSON_INTEGER:
        t = json_integer_value(value);
        break;
    case JSON_REAL:
        d = json_real_value(value);
        t = d >= 0 && d < (double)TIME_MAX_MS + 1 ? (int64_t)d : -1;
        break;
    default:
        break;
    }
    return t <= TIME_MAX_MS ? t : -1;
}

static void set_result_time(const struct field *field,
                            const struct field_record *record,
                            struct field_result *result)
{
    int64_t t;

    result->time_ms = record->time_ms;
    result->untimed = false;
    if (field->time == NULL)
        return;
    t = read_time(field->time, record);
    result->untimed = t < 0;
    if (t >= 0 && t < record->time_ms)
        result->time_ms = t;
}

int field_eval(struct field *field, const struct field_record *record,
               struct field_result *result, struct err *err)
{
    struct field_record in = *record;
    json_t *json = NULL;
    int r;

    if (in.json == NULL && needs_body(field)) {
        if (field_json(in.body, &json, &in.reals, err) != 0)
            return -1;
        in.json = json;
    }
    result->counted = matches(field, &in);
    set_result_time(field, &in, result);
    r = make_label(field, &in, &result->label, err);
    json_decref(json);
    return r;
}
