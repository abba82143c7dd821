/*
 * Any answer of S2's control plane, behind three digits of status, and any
 * refusal of Jetstream: what is told can be printed, says the same when the
 * JSON is spelled anew, and no failure passes for a success.
 */
#include "fuzz.h"

#include <jansson.h>

#include "base/parse.h"
#include "bsky/jetstream_host.h"
#include "s2/client.h"

static bool is_text(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL &&
           fuzz_printable(slice_str(text), "");
}

/* ${in} with other spaces, or NULL when it is no JSON; freed by the caller. */
static char *respelled(struct slice in)
{
    json_t *root = in.n == 0 ? NULL : json_loadb(in.p, in.n, 0, NULL);
    char *text =
        root != NULL ? json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS) : NULL;

    PROMISE(root == NULL || text != NULL);
    json_decref(root);
    return text;
}

static void check_error(struct slice in, const char *again)
{
    struct wire_error a, b;

    memset(&a, 0x5A, sizeof(a));
    wire_parse_error(in, &a);
    PROMISE(is_text(a.code, sizeof(a.code)));
    PROMISE(is_text(a.message, sizeof(a.message)));
    PROMISE(a.next_seq_num <= INT64_MAX && a.tail.seq_num <= INT64_MAX);
    if (again == NULL) {
        PROMISE(a.code[0] == '\0' && a.message[0] == '\0');
        PROMISE(!a.seq_num_mismatch && !a.fencing_mismatch && !a.tail_known);
        return;
    }
    wire_parse_error(slice_str(again), &b);
    PROMISE(strcmp(a.code, b.code) == 0 && strcmp(a.message, b.message) == 0);
    PROMISE(a.seq_num_mismatch == b.seq_num_mismatch &&
            a.fencing_mismatch == b.fencing_mismatch &&
            a.tail_known == b.tail_known && a.next_seq_num == b.next_seq_num &&
            a.tail.seq_num == b.tail.seq_num &&
            a.tail.timestamp == b.tail.timestamp);
}

/* Which outcomes an answer of that status may have at all. */
static void check_outcome(int status, struct slice in)
{
    struct http_reply reply = {.status = status, .body = in};
    struct wire_error error;
    struct err err = ERR_INIT;
    enum outcome outcome = client_classify(&reply, &error, &err);
    bool quiet = outcome == OUTCOME_OK || outcome == OUTCOME_MISMATCH ||
                 outcome == OUTCOME_UNWRITTEN;

    if (status >= 200 && status < 300)
        PROMISE(outcome == OUTCOME_OK);
    if (outcome == OUTCOME_OK)
        PROMISE((status >= 200 && status < 300) || status == 409);
    PROMISE(outcome != OUTCOME_MISMATCH ||
            (status == 412 && error.seq_num_mismatch));
    PROMISE(outcome != OUTCOME_FENCED ||
            (status == 412 && error.fencing_mismatch));
    PROMISE(outcome != OUTCOME_UNWRITTEN ||
            (status == 416 && error.tail_known));
    PROMISE((outcome != OUTCOME_NO_STREAM && outcome != OUTCOME_NO_BASIN) ||
            status == 404);
    PROMISE(quiet == (err.code == ERR_NONE));
    PROMISE(is_text(err.text, sizeof(err.text)));
    PROMISE((status != 401 && status != 403) || err.code == ERR_DENIED);
}

static void check_tail(struct slice in, const char *again)
{
    struct wire_position tail = {7, 8}, other = {7, 8};
    struct err err = ERR_INIT;
    int r = wire_parse_tail(in, &tail, &err);

    PROMISE(r == 0 || (err.code == ERR_PROTOCOL && tail.seq_num == 7));
    PROMISE(r == 0 ? tail.seq_num <= INT64_MAX && again != NULL : r == -1);
    if (again == NULL)
        return;
    PROMISE(wire_parse_tail(slice_str(again), &other, NULL) == r);
    PROMISE(tail.seq_num == other.seq_num && tail.timestamp == other.timestamp);
}

/* The list against the JSON itself. */
static void check_names(const struct wire_list *list, const json_t *root)
{
    const json_t *streams = json_object_get(root, "streams");
    size_t n = 0;

    for (size_t i = 0; i < json_array_size(streams); i++) {
        const json_t *entry = json_array_get(streams, i);
        const json_t *gone = json_object_get(entry, "deleted_at");
        const char *name = json_string_value(json_object_get(entry, "name"));

        if (gone != NULL && !json_is_null(gone))
            continue;
        PROMISE(n < list->n && name != NULL);
        PROMISE(strcmp(list->names[n], name) == 0);
        PROMISE(name[0] != '\0' && strlen(name) <= 512);
        PROMISE(list->made[n] <= (uint64_t)PARSE_TIME_MAX);
        n++;
    }
    PROMISE(n == list->n);
    PROMISE((list->last != NULL) ==
            json_is_true(json_object_get(root, "has_more")));
    if (list->last != NULL)
        PROMISE(
            strcmp(list->last,
                   json_string_value(json_object_get(
                       json_array_get(streams, json_array_size(streams) - 1),
                       "name"))) == 0);
}

static void check_list(struct slice in, const char *again)
{
    struct wire_list list;
    struct err err = ERR_INIT;
    json_t *root;

    if (wire_parse_list(in, &list, &err) != 0) {
        PROMISE(err.code == ERR_PROTOCOL);
        PROMISE(list.names == NULL && list.last == NULL && list.n == 0);
        return;
    }
    PROMISE(again != NULL);
    root = json_loads(again, 0, NULL);
    check_names(&list, root);
    json_decref(root);
    wire_list_release(&list);
}

static void check_refusal(struct slice in, const char *again)
{
    char words[JETSTREAM_REFUSAL_WORDS], other[JETSTREAM_REFUSAL_WORDS];
    enum jetstream_refusal refusal = jetstream_host_refusal(in, words);

    PROMISE(is_text(words, sizeof(words)));
    if (again == NULL) {
        PROMISE(refusal == JETSTREAM_REFUSAL_OTHER);
        return;
    }
    PROMISE(jetstream_host_refusal(slice_str(again), other) == refusal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct slice in = fuzz_input(data, n);
    struct slice number = {in.p, in.n < 3 ? in.n : 3};
    int status = 0;
    char *again;

    /* Three digits, so that an input can be read. */
    for (size_t i = 0; i < number.n; i++)
        status = status * 10 + (unsigned char)number.p[i] % 48 % 10;
    in.p += number.n;
    in.n -= number.n;
    again = respelled(in);
    check_error(in, again);
    check_outcome(status, in);
    check_tail(in, again);
    check_list(in, again);
    check_refusal(in, again);
    free(again);
    return 0;
}
