#include "s2/client.h"

#include "check.h"

static enum outcome classify(int status, const char *body,
                             struct wire_error *error, struct err *err)
{
    struct http_reply reply = {.failure = HTTP_NONE, .status = status};

    reply.body = slice_str(body);
    err_clear(err);
    return client_classify(&reply, error, err);
}

/* A row of S2's table of errors, and what follows from it. */
struct row {
    const char *code;
    int status;
    enum outcome outcome;
    enum err_code err;
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct wire_error error;
        struct err err = ERR_INIT;
        char body[200], want[200];

        snprintf(body, sizeof(body), "{\"code\":\"%s\",\"message\":\"words\"}",
                 rows[i].code);
        CHECK_INT(classify(rows[i].status, body, &error, &err),
                  rows[i].outcome);
        CHECK_INT(err.code, rows[i].err);
        snprintf(want, sizeof(want), "HTTP %d %s: words", rows[i].status,
                 rows[i].code);
        CHECK_STR(err.text, rows[i].err == ERR_NONE ? "" : want);
        CHECK_STR(error.code, rows[i].code);
        if (check_bad)
            printf("# in the row of %d %s\n", rows[i].status, rows[i].code);
    }
}

static void test_table(void)
{
    static const struct row rows[] = {
        {"bad_header", 400, OUTCOME_FAILED, ERR_PROTOCOL},
        {"bad_path", 400, OUTCOME_FAILED, ERR_PROTOCOL},
        {"bad_query", 400, OUTCOME_FAILED, ERR_PROTOCOL},
        {"bad_json", 400, OUTCOME_FAILED, ERR_PROTOCOL},
        {"bad_proto", 400, OUTCOME_FAILED, ERR_PROTOCOL},
        {"bad_frame", 400, OUTCOME_FAILED, ERR_PROTOCOL},
        {"decryption_failed", 400, OUTCOME_FAILED, ERR_PROTOCOL},
        {"authn", 401, OUTCOME_FAILED, ERR_DENIED},
        {"permission_denied", 403, OUTCOME_FAILED, ERR_DENIED},
        {"quota_exhausted", 403, OUTCOME_FAILED, ERR_DENIED},
        {"basin_not_found", 404, OUTCOME_NO_BASIN, ERR_CONFIG},
        {"stream_not_found", 404, OUTCOME_NO_STREAM, ERR_NOINPUT},
        {"access_token_not_found", 404, OUTCOME_FAILED, ERR_PROTOCOL},
        {"request_timeout", 408, OUTCOME_UNKNOWN, ERR_UNAVAILABLE},
        {"resource_already_exists", 409, OUTCOME_OK, ERR_NONE},
        {"basin_deletion_pending", 409, OUTCOME_RETRY, ERR_UNAVAILABLE},
        {"stream_deletion_pending", 409, OUTCOME_RETRY, ERR_UNAVAILABLE},
        {"transaction_conflict", 409, OUTCOME_RETRY, ERR_UNAVAILABLE},
        {"invalid", 422, OUTCOME_FAILED, ERR_PROTOCOL},
        {"rate_limited", 429, OUTCOME_RETRY, ERR_UNAVAILABLE},
        {"client_hangup", 499, OUTCOME_UNKNOWN, ERR_UNAVAILABLE},
        {"other", 500, OUTCOME_UNKNOWN, ERR_UNAVAILABLE},
        {"storage", 500, OUTCOME_UNKNOWN, ERR_UNAVAILABLE},
        {"not_implemented", 501, OUTCOME_FAILED, ERR_PROTOCOL},
        {"hot_server", 502, OUTCOME_RETRY, ERR_UNAVAILABLE},
        {"server_draining", 503, OUTCOME_RETRY, ERR_UNAVAILABLE},
        {"unavailable", 503, OUTCOME_UNKNOWN, ERR_UNAVAILABLE},
        {"upstream_timeout", 504, OUTCOME_UNKNOWN, ERR_UNAVAILABLE},
    };

    check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

/* A code that does not belong to its status, or that nobody knows, promises
 * nothing. */
static void test_strangers(void)
{
    static const struct row rows[] = {
        {"hot_server", 503, OUTCOME_UNKNOWN, ERR_UNAVAILABLE},
        {"rate_limited", 500, OUTCOME_UNKNOWN, ERR_UNAVAILABLE},
        {"transaction_conflict", 400, OUTCOME_FAILED, ERR_PROTOCOL},
        {"resource_already_exists", 404, OUTCOME_FAILED, ERR_PROTOCOL},
        {"stream_not_found", 410, OUTCOME_FAILED, ERR_PROTOCOL},
        {"basin_not_found", 400, OUTCOME_FAILED, ERR_PROTOCOL},
        {"unavailable", 401, OUTCOME_FAILED, ERR_DENIED},
        {"novel", 403, OUTCOME_FAILED, ERR_DENIED},
        {"novel", 404, OUTCOME_FAILED, ERR_PROTOCOL},
        {"novel", 408, OUTCOME_UNKNOWN, ERR_UNAVAILABLE},
        {"novel", 409, OUTCOME_FAILED, ERR_PROTOCOL},
        {"novel", 413, OUTCOME_FAILED, ERR_PROTOCOL},
        {"novel", 429, OUTCOME_UNKNOWN, ERR_UNAVAILABLE},
        {"novel", 499, OUTCOME_FAILED, ERR_PROTOCOL},
        {"novel", 500, OUTCOME_UNKNOWN, ERR_UNAVAILABLE},
        {"novel", 501, OUTCOME_FAILED, ERR_PROTOCOL},
        {"novel", 502, OUTCOME_UNKNOWN, ERR_UNAVAILABLE},
        {"novel", 503, OUTCOME_UNKNOWN, ERR_UNAVAILABLE},
        {"novel", 504, OUTCOME_UNKNOWN, ERR_UNAVAILABLE},
        {"novel", 301, OUTCOME_FAILED, ERR_PROTOCOL},
        {"novel", 307, OUTCOME_FAILED, ERR_PROTOCOL},
        {"novel", 308, OUTCOME_FAILED, ERR_PROTOCOL},
    };

    check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_success(void)
{
    static const int status[] = {200, 201, 204};

    for (size_t i = 0; i < 3; i++) {
        struct wire_error error;
        struct err err = ERR_INIT;

        CHECK_INT(classify(status[i], "{\"code\":\"x\"}", &error, &err),
                  OUTCOME_OK);
        CHECK_INT(err.code, ERR_NONE);
        CHECK_STR(error.code, "");
    }
}

static void test_conditions(void)
{
    struct wire_error error;
    struct err err = ERR_INIT;

    CHECK_INT(classify(412, "{\"seq_num_mismatch\":2}", &error, &err),
              OUTCOME_MISMATCH);
    CHECK_INT(error.next_seq_num, 2);
    CHECK_INT(err.code, ERR_NONE);
    CHECK_INT(
        classify(412, "{\"fencing_token_mismatch\":\"a b\"}", &error, &err),
        OUTCOME_FENCED);
    CHECK_INT(err.code, ERR_TAKEN);
    CHECK_STR(err.text, "HTTP 412: the fencing token in force is 'a b'");
    CHECK_INT(classify(416, "{\"tail\":{\"seq_num\":7,\"timestamp\":8}}",
                       &error, &err),
              OUTCOME_UNWRITTEN);
    CHECK_INT(error.tail.seq_num, 7);
    CHECK_INT(err.code, ERR_NONE);
}

/* The status of a condition, without the fact that should come with it. */
static void test_empty_conditions(void)
{
    static const int status[] = {412, 416};

    for (size_t i = 0; i < 2; i++) {
        struct wire_error error;
        struct err err = ERR_INIT;

        CHECK_INT(classify(status[i], "{}", &error, &err), OUTCOME_FAILED);
        CHECK_INT(err.code, ERR_PROTOCOL);
        CHECK_INT(classify(status[i], "", &error, &err), OUTCOME_FAILED);
    }
}

static void test_no_json(void)
{
    struct wire_error error;
    struct err err = ERR_INIT;

    CHECK_INT(classify(503, "<html>busy</html>", &error, &err),
              OUTCOME_UNKNOWN);
    CHECK_STR(err.text, "HTTP 503");
    CHECK_INT(classify(302, "", &error, &err), OUTCOME_FAILED);
    CHECK_STR(err.text, "HTTP 302");
}

static enum outcome fail(enum http_failure failure, enum err_code code,
                         struct err *err)
{
    struct http_reply reply = {.failure = failure};
    struct wire_error error;

    err_clear(err);
    err_set(&reply.err, code, "why");
    return client_classify(&reply, &error, err);
}

static void test_failures(void)
{
    struct err err = ERR_INIT;

    CHECK_INT(fail(HTTP_NO_EFFECT, ERR_UNAVAILABLE, &err), OUTCOME_RETRY);
    CHECK_INT(err.code, ERR_UNAVAILABLE);
    CHECK_STR(err.text, "why");
    CHECK_INT(fail(HTTP_MAYBE, ERR_UNAVAILABLE, &err), OUTCOME_UNKNOWN);
    CHECK_INT(fail(HTTP_NO_EFFECT, ERR_CONFIG, &err), OUTCOME_FAILED);
    CHECK_INT(err.code, ERR_CONFIG);
}

/* Whatever a server writes, the message is one clean line. */
static void test_clean_message(void)
{
    struct wire_error error;
    struct err err = ERR_INIT;

    classify(500, "{\"code\":\"a\\nb\",\"message\":\"c\\u001bd\\u202ee\"}",
             &error, &err);
    CHECK_STR(err.text, "HTTP 500 a?b: c?d?e");
}

int main(void)
{
    RUN(test_table);
    RUN(test_strangers);
    RUN(test_success);
    RUN(test_conditions);
    RUN(test_empty_conditions);
    RUN(test_no_json);
    RUN(test_failures);
    RUN(test_clean_message);
    return check_done();
}
