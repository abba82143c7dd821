#include "basin/checkpoint_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/parse.h"
#include "base/text.h"

#define FORM 1
#define HASH_LENGTH (sizeof(((struct checkpoint_settings *)NULL)->hash) - 1)

/* The name of its stream holds it. */
#define JOB_MAX WIRE_NAME_MAX

struct checkpoint_read {
    json_t *root; /* owns all texts */
    const char **list;
    struct checkpoint_text text;
};

/* Whether a text can be kept: not too long, UTF-8, no control characters. */
static bool is_plain(const char *text, size_t max)
{
    struct slice s = slice_str(text);

    if (s.n > max || !text_is_utf8(s))
        return false;
    for (size_t i = 0; i < s.n;) {
        unsigned c;

        i += text_char(s, i, &c);
        if (c < 0x20 || (c >= 0x7F && c < 0xA0))
            return false;
    }
    return true;
}

/* The same of a list, whose texts all count with an end. */
static bool is_plain_list(const char *const *list, size_t n)
{
    size_t left = CHECKPOINT_LIST_MAX;

    for (size_t i = 0; i < n; i++) {
        if (left == 0 || !is_plain(list[i], left - 1))
            return false;
        left -= strlen(list[i]) + 1;
    }
    return true;
}

static int write_text(struct buf *out, const char *before, const char *text)
{
    if (buf_addstr(out, before) != 0)
        return -1;
    return text_json(out, slice_str(text));
}

static int write_number(struct buf *out, const char *before, int64_t number)
{
    if (number < 0)
        return buf_addf(out, "%snull", before);
    return buf_addf(out, "%s%" PRId64, before, number);
}

static int write_settings(struct buf *out,
                          const struct checkpoint_settings *settings)
{
    if (write_text(out, ",\"settings\":{\"hash\":", settings->hash) != 0)
        return -1;
    if (!is_plain_list(settings->list, settings->n))
        return buf_addstr(out, "}");
    if (buf_addstr(out, ",\"list\":[") != 0)
        return -1;
    for (size_t i = 0; i < settings->n; i++) {
        if (write_text(out, i > 0 ? "," : "", settings->list[i]) != 0)
            return -1;
    }
    return buf_addstr(out, "]}");
}

int checkpoint_text_write(const struct checkpoint_text *text, struct buf *out)
{
    const struct checkpoint_at *at = &text->at;
    size_t before = out->n;

    if (write_text(out, "{\"v\":1,\"job\":", text->job) == 0 &&
        write_text(out, ",\"url\":", at->url) == 0 &&
        write_settings(out, &text->settings) == 0 &&
        write_number(out, ",\"time_us\":", at->time_us) == 0 &&
        write_number(out, ",\"seq\":", at->seq) == 0 &&
        write_number(out, ",\"begin_us\":", at->begin_us) == 0 &&
        write_number(out, ",\"begin_seq\":", at->begin_seq) == 0 &&
        write_text(out, ",\"host\":", text->host) == 0 &&
        write_number(out, ",\"pid\":", text->pid) == 0 &&
        write_text(out, ",\"token\":", text->token) == 0 &&
        buf_addstr(out, "}") == 0)
        return 0;
    out->n = before;
    return -1;
}

static bool read_text(const json_t *object, const char *key, size_t max,
                      const char **out)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_string(value))
        return false;
    *out = json_string_value(value);
    return is_plain(*out, max);
}

/* A number up to ${max}; null, and nothing unless it is ${needed}, are -1. */
static bool read_number(const json_t *object, const char *key, bool needed,
                        int64_t max, int64_t *out)
{
    const json_t *value = json_object_get(object, key);

    *out = -1;
    if (value == NULL)
        return !needed;
    if (json_is_null(value))
        return true;
    if (!json_is_integer(value))
        return false;
    *out = json_integer_value(value);
    return *out >= 0 && *out <= max;
}

static bool read_at(const json_t *root, struct checkpoint_at *at)
{
    return read_number(root, "time_us", true, PARSE_TIME_MAX, &at->time_us) &&
           read_number(root, "seq", true, INT64_MAX, &at->seq) &&
           read_number(root, "begin_us", false, PARSE_TIME_MAX,
                       &at->begin_us) &&
           read_number(root, "begin_seq", false, INT64_MAX, &at->begin_seq) &&
           read_text(root, "url", CHECKPOINT_URL_MAX, &at->url);
}

static bool read_hash(const json_t *settings, struct checkpoint_settings *out)
{
    const char *hash;

    if (!read_text(settings, "hash", HASH_LENGTH, &hash) ||
        strlen(hash) != HASH_LENGTH ||
        strspn(hash, "0123456789abcdef") != HASH_LENGTH)
        return false;
    memcpy(out->hash, hash, HASH_LENGTH + 1);
    return true;
}

/* The list may be missing: 0, or -1 when it is none of ours. */
static int read_list(const json_t *settings, struct checkpoint_read *read,
                     struct err *err)
{
    const json_t *list = json_object_get(settings, "list");
    size_t n = json_array_size(list);

    if (list == NULL)
        return 0;
    if (!json_is_array(list) || n > CHECKPOINT_LIST_MAX)
        return err_set(err, ERR_DATA, "the list of settings is malformed");
    read->list = calloc(n + 1, sizeof(*read->list));
    if (read->list == NULL)
        return err_memory(err);
    for (size_t i = 0; i < n; i++) {
        read->list[i] = json_string_value(json_array_get(list, i));
        if (read->list[i] == NULL)
            return err_set(err, ERR_DATA, "a setting is no text");
    }
    if (!is_plain_list(read->list, n))
        return err_set(err, ERR_DATA, "the list of settings is malformed");
    read->text.settings.list = read->list;
    read->text.settings.n = n;
    return 0;
}

static int take(struct checkpoint_read *read, struct err *err)
{
    struct checkpoint_text *text = &read->text;
    const json_t *root = read->root;
    const json_t *settings = json_object_get(root, "settings");
    const json_t *form = json_object_get(root, "v");

    if (!json_is_integer(form) || json_integer_value(form) != FORM)
        return err_set(err, ERR_DATA, "no checkpoint of version %d", FORM);
    if (!read_text(root, "job", JOB_MAX, &text->job) ||
        !read_text(root, "host", CHECKPOINT_HOST_MAX, &text->host) ||
        !read_text(root, "token", CHECKPOINT_TOKEN_MAX, &text->token) ||
        !read_number(root, "pid", true, INT64_MAX, &text->pid) ||
        !read_at(root, &text->at) || !read_hash(settings, &text->settings))
        return err_set(err, ERR_DATA, "a malformed checkpoint");
    return read_list(settings, read, err);
}

/* jansson has no words for a lack of memory at its very start. */
static void load_failed(const json_error_t *why, struct err *err)
{
    if (why->text[0] == '\0' ||
        json_error_code(why) == json_error_out_of_memory)
        err_memory(err);
    else
        err_set(err, ERR_DATA, "no checkpoint: %s", why->text);
}

struct checkpoint_read *checkpoint_text_read(struct slice body,
                                             uint64_t date_ms, struct err *err)
{
    struct checkpoint_read *read = calloc(1, sizeof(*read));
    json_error_t why = {0};

    if (read == NULL) {
        err_memory(err);
        return NULL;
    }
    read->text.date_ms = date_ms;
    read->root = json_loadb(body.n > 0 ? body.p : "", body.n,
                            JSON_REJECT_DUPLICATES, &why);
    if (read->root == NULL)
        load_failed(&why, err);
    if (read->root != NULL && take(read, err) == 0)
        return read;
    checkpoint_read_free(read);
    return NULL;
}

void checkpoint_read_free(struct checkpoint_read *read)
{
    if (read == NULL)
        return;
    json_decref(read->root);
    free(read->list);
    free(read);
}

const struct checkpoint_text *
checkpoint_read_text(const struct checkpoint_read *read)
{
    return &read->text;
}
