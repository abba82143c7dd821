#include "s2/wire.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "base/text.h"

static json_t *load(struct slice body)
{
    return body.n == 0 ? NULL : json_loadb(body.p, body.n, 0, NULL);
}

/* A whole number that is not negative; -1 when ${v} is none. */
static int read_number(const json_t *v, uint64_t *out)
{
    if (!json_is_integer(v) || json_integer_value(v) < 0)
        return -1;
    *out = (uint64_t)json_integer_value(v);
    return 0;
}

/* Copies a string that may be cut, made fit to print; empty when ${v} is
 * none. */
static void read_text(const json_t *v, char *out, size_t size)
{
    size_t n = json_string_length(v);

    out[0] = '\0';
    if (!json_is_string(v))
        return;
    if (n >= size)
        n = size - 1;
    memcpy(out, json_string_value(v), n);
    out[n] = '\0';
    text_clean(out);
}

static int read_tail(const json_t *root, struct wire_position *tail)
{
    const json_t *v = json_object_get(root, "tail");
    struct wire_position p;

    if (read_number(json_object_get(v, "seq_num"), &p.seq_num) != 0 ||
        read_number(json_object_get(v, "timestamp"), &p.timestamp) != 0)
        return -1;
    *tail = p;
    return 0;
}

void wire_parse_error(struct slice body, struct wire_error *error)
{
    json_t *root = load(body);
    const json_t *token;

    memset(error, 0, sizeof(*error));
    read_text(json_object_get(root, "code"), error->code, sizeof(error->code));
    read_text(json_object_get(root, "message"), error->message,
              sizeof(error->message));
    error->seq_num_mismatch =
        read_number(json_object_get(root, "seq_num_mismatch"),
                    &error->next_seq_num) == 0;
    token = json_object_get(root, "fencing_token_mismatch");
    error->fencing_mismatch = json_is_string(token);
    if (error->fencing_mismatch)
        read_text(token, error->message, sizeof(error->message));
    error->tail_known = read_tail(root, &error->tail) == 0;
    json_decref(root);
}

int wire_parse_tail(struct slice body, struct wire_position *tail,
                    struct err *err)
{
    json_t *root = load(body);
    int rc = read_tail(root, tail);

    json_decref(root);
    if (rc != 0)
        return err_set(err, ERR_PROTOCOL, "the answer names no tail");
    return 0;
}

/* Copies the name of an entry; -1 when it has none that could be a
 * stream's, or without memory. */
static int read_name(const json_t *entry, char **name, struct err *err)
{
    const json_t *v = json_object_get(entry, "name");
    size_t n = json_string_length(v);

    if (!json_is_string(v) || n == 0 || n > WIRE_NAME_MAX)
        return err_set(err, ERR_PROTOCOL, "a listed stream has no name");
    *name = malloc(n + 1);
    if (*name == NULL)
        return err_memory(err);
    memcpy(*name, json_string_value(v), n + 1);
    return 0;
}

static bool is_deleted(const json_t *entry)
{
    const json_t *v = json_object_get(entry, "deleted_at");

    return v != NULL && !json_is_null(v);
}

/* When the stream was created, in us; 0 when that is not told. */
static uint64_t read_created(const json_t *entry)
{
    const json_t *v = json_object_get(entry, "created_at");
    struct slice text = {json_string_value(v), json_string_length(v)};
    int64_t us = 0;

    if (!json_is_string(v) || parse_time(text, &us) != 0)
        return 0;
    return (uint64_t)us;
}

static int read_entries(const json_t *streams, struct wire_list *list,
                        struct err *err)
{
    for (size_t i = 0; i < json_array_size(streams); i++) {
        const json_t *entry = json_array_get(streams, i);

        if (is_deleted(entry))
            continue;
        if (read_name(entry, &list->names[list->n], err) != 0)
            return -1;
        list->made[list->n] = read_created(entry);
        list->n++;
    }
    return 0;
}

/* list->last, when there is another page; a page that holds nothing and
 * promises more would be asked for for ever. */
static int read_last(const json_t *root, const json_t *streams,
                     struct wire_list *list, struct err *err)
{
    size_t n = json_array_size(streams);

    if (!json_is_true(json_object_get(root, "has_more")))
        return 0;
    if (n == 0)
        return err_set(err, ERR_PROTOCOL, "an empty page promises more");
    return read_name(json_array_get(streams, n - 1), &list->last, err);
}

int wire_parse_list(struct slice body, struct wire_list *list, struct err *err)
{
    json_t *root = load(body);
    const json_t *streams = json_object_get(root, "streams");
    int rc;

    memset(list, 0, sizeof(*list));
    if (!json_is_array(streams)) {
        json_decref(root);
        return err_set(err, ERR_PROTOCOL, "the answer is no list of streams");
    }
    list->names = calloc(json_array_size(streams) + 1, sizeof(*list->names));
    list->made = calloc(json_array_size(streams) + 1, sizeof(*list->made));
    rc = list->names == NULL || list->made == NULL
             ? err_memory(err)
             : read_entries(streams, list, err);
    if (rc == 0)
        rc = read_last(root, streams, list, err);
    json_decref(root);
    if (rc != 0)
        wire_list_release(list);
    return rc;
}

void wire_list_release(struct wire_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->names[i]);
    free(list->names);
    free(list->made);
    free(list->last);
    memset(list, 0, sizeof(*list));
}
