#include "s2/wire.h"

#include <stdlib.h>

#include "check.h"

static struct wire_error parse_error(const char *body)
{
    struct wire_error error;

    memset(&error, 0xff, sizeof(error));
    wire_parse_error(slice_str(body), &error);
    return error;
}

static void test_errors(void)
{
    struct wire_error e = parse_error(
        "{\"code\":\"stream_not_found\",\"message\":\"no \\u001b[1mway\"}");

    CHECK_STR(e.code, "stream_not_found");
    CHECK_STR(e.message, "no ?[1mway");
    CHECK(!e.seq_num_mismatch && !e.fencing_mismatch && !e.tail_known);
    e = parse_error("{\"seq_num_mismatch\":0}");
    CHECK(e.seq_num_mismatch && !e.fencing_mismatch);
    CHECK_INT(e.next_seq_num, 0);
    e = parse_error("{\"seq_num_mismatch\":9007199254740993}");
    CHECK(e.next_seq_num == UINT64_C(9007199254740993));
    e = parse_error("{\"fencing_token_mismatch\":\"tok\"}");
    CHECK(e.fencing_mismatch && !e.seq_num_mismatch);
    CHECK_STR(e.message, "tok");
    e = parse_error("{\"tail\":{\"seq_num\":7,\"timestamp\":8}}");
    CHECK(e.tail_known);
    CHECK_INT(e.tail.seq_num, 7);
    CHECK_INT(e.tail.timestamp, 8);
}

static void test_odd_errors(void)
{
    static const char *const odd[] = {
        "",
        "null",
        "[]",
        "3",
        "\"x\"",
        "{",
        "<html>",
        "{\"code\":1,\"message\":[],\"seq_num_mismatch\":\"2\"}",
        "{\"fencing_token_mismatch\":null,\"tail\":[1,2]}",
        "{\"seq_num_mismatch\":-1}",
        "{\"seq_num_mismatch\":1.0}",
        "{\"seq_num_mismatch\":99999999999999999999999}",
        "{\"tail\":{\"seq_num\":1}}",
        "{\"code\":\"\\u0000\"}",
    };

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        struct wire_error e = parse_error(odd[i]);

        CHECK_STR(e.code, "");
        CHECK_STR(e.message, "");
        CHECK(!e.seq_num_mismatch && !e.fencing_mismatch && !e.tail_known);
    }
}

static void test_long_error(void)
{
    char body[2000];
    struct wire_error e;

    snprintf(body, sizeof(body), "{\"code\":\"%0900d\",\"message\":\"%0900d\"}",
             1, 1);
    e = parse_error(body);
    CHECK_INT(strlen(e.code), sizeof(e.code) - 1);
    CHECK_INT(strlen(e.message), sizeof(e.message) - 1);
}

static void test_deep_json(void)
{
    size_t n = 200000;
    char *body = malloc(n + 1);
    struct wire_error e;

    memset(body, '[', n);
    body[n] = '\0';
    e = parse_error(body);
    CHECK_STR(e.code, "");
    free(body);
}

static void test_tail(void)
{
    static const char *const bad[] = {
        "",
        "{}",
        "{\"tail\":{}}",
        "{\"tail\":{\"seq_num\":1}}",
        "{\"tail\":{\"seq_num\":-1,\"timestamp\":2}}",
        "{\"tail\":{\"seq_num\":1,\"timestamp\":2}"};
    struct wire_position tail = {0, 0};
    struct err err = ERR_INIT;

    CHECK(wire_parse_tail(SLICE("{\"tail\":{\"timestamp\":9,\"seq_num\":4,"
                                "\"x\":1},\"y\":2}"),
                          &tail, &err) == 0);
    CHECK_INT(tail.seq_num, 4);
    CHECK_INT(tail.timestamp, 9);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        err_clear(&err);
        CHECK(wire_parse_tail(slice_str(bad[i]), &tail, &err) == -1);
        CHECK_INT(err.code, ERR_PROTOCOL);
    }
}

static void test_list(void)
{
    struct wire_list list;
    struct err err = ERR_INIT;

    CHECK(wire_parse_list(
              SLICE("{\"streams\":[{\"name\":\"a/b\",\"deleted_at\":null},"
                    "{\"name\":\"c\",\"created_at\":\"x\"},"
                    "{\"name\":\"d\",\"deleted_at\":\"2024\"}],"
                    "\"has_more\":true}"),
              &list, &err) == 0);
    CHECK_INT(list.n, 2);
    CHECK_STR(list.names[0], "a/b");
    CHECK_STR(list.names[1], "c");
    CHECK_STR(list.last, "d");
    wire_list_release(&list);
    CHECK(wire_parse_list(SLICE("{\"streams\":[],\"has_more\":false}"), &list,
                          &err) == 0);
    CHECK_INT(list.n, 0);
    CHECK(list.last == NULL);
    wire_list_release(&list);
    CHECK_STR(err.text, "");
}

/* What cannot be read as a time is as good as not told. */
static void test_list_made(void)
{
    static const char *const times[] = {"\"2026-11-22T18:00:00.000001Z\"",
                                        "\"2026-11-22T19:00:00.000001+01:00\"",
                                        "\"2026-11-22T18:00:00.000002999Z\"",
                                        "\"soon\"",
                                        "\"\"",
                                        "3",
                                        "null"};
    static const uint64_t want[] = {1, 1, 2};
    struct wire_list list;
    char body[200];

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        snprintf(body, sizeof(body),
                 "{\"streams\":[{\"name\":\"z\",\"deleted_at\":\"2024\"},"
                 "{\"name\":\"a\",\"created_at\":%s},{\"name\":\"b\"}]}",
                 times[i]);
        CHECK(wire_parse_list(slice_str(body), &list, NULL) == 0);
        CHECK_INT(list.n, 2);
        CHECK(list.made[0] ==
              (i < 3 ? UINT64_C(1795370400000000) + want[i] : 0));
        CHECK(list.made[1] == 0);
        wire_list_release(&list);
    }
}

static void test_bad_lists(void)
{
    char long_name[700];
    const char *bad[] = {"",
                         "{}",
                         "{\"streams\":{}}",
                         "{\"streams\":[1]}",
                         "{\"streams\":[{\"name\":\"a\"},{}]}",
                         "{\"streams\":[{\"name\":\"\"}]}",
                         "{\"streams\":[],\"has_more\":true}",
                         "{\"streams\":[{\"deleted_at\":1}],\"has_more\":true}",
                         long_name};

    snprintf(long_name, sizeof(long_name),
             "{\"streams\":[{\"name\":\"%0513d\"}]}", 1);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct wire_list list;
        struct err err = ERR_INIT;

        CHECK(wire_parse_list(slice_str(bad[i]), &list, &err) == -1);
        CHECK_INT(err.code, ERR_PROTOCOL);
    }
}

int main(void)
{
    RUN(test_errors);
    RUN(test_odd_errors);
    RUN(test_long_error);
    RUN(test_deep_json);
    RUN(test_tail);
    RUN(test_list);
    RUN(test_list_made);
    RUN(test_bad_lists);
    return check_done();
}
