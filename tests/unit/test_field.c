#include <jansson.h>
#include <stdlib.h>

#include "base/retry.h"
#include "base/text.h"
#include "check.h"
#include "scarce.h"
#include "view/field.h"

#define SEED 99u
#define STREAM_MAX 600

static struct field *make(const char *group, const char *time,
                          const char *const *where, size_t nwhere)
{
    struct field_config config = {
        .group = group, .where = where, .nwhere = nwhere, .time = time};
    struct err err = ERR_INIT;
    struct field *field = field_new(&config, &err);

    CHECK_STR(err.text, "");
    return field;
}

/* Of a body that is read already comes the same. */
static void check_read(struct field *field, struct field_record record,
                       const struct field_result *want)
{
    char label[STREAM_MAX];
    size_t n = want->label.n;
    struct field_result result = {0};
    json_t *json = NULL;

    CHECK(n < sizeof(label));
    memcpy(label, want->label.p, n);
    CHECK_INT(field_json(record.body, &json, &record.reals, NULL), 0);
    record.body = SLICE("garbage");
    record.json = json;
    CHECK_INT(field_eval(field, &record, &result, NULL), 0);
    json_decref(json);
    CHECK(slice_eq(result.label, (struct slice){label, n}));
    CHECK_INT(result.counted, want->counted);
    CHECK_INT(result.time_ms, want->time_ms);
    CHECK_INT(result.untimed, want->untimed);
}

static struct field_result eval(struct field *field, const char *stream,
                                struct slice body)
{
    struct field_record record = {
        .stream = stream, .time_ms = 5000, .body = body};
    struct field_result result = {0};
    struct err err = ERR_INIT;

    CHECK_INT(field_eval(field, &record, &result, &err), 0);
    check_read(field, record, &result);
    CHECK_INT(field_eval(field, &record, &result, &err), 0);
    CHECK_STR(err.text, "");
    return result;
}

static void check_label_of(const char *group, struct slice body,
                           const char *want)
{
    struct field *field = make(group, NULL, NULL, 0);
    struct field_result r = eval(field, "social/x", body);

    CHECK(r.counted && !r.untimed);
    CHECK_INT(r.time_ms, 5000);
    if (!slice_eq(r.label, slice_str(want)))
        printf("# %.*s: '%.*s', not '%s'\n", (int)body.n, body.p,
               (int)r.label.n, r.label.p, want);
    CHECK(slice_eq(r.label, slice_str(want)));
    field_free(field);
}

static void check_label(const char *group, const char *body, const char *want)
{
    check_label_of(group, slice_str(body), want);
}

static void test_label(void)
{
    check_label("a", "{\"a\":\"x y\"}", "x y");
    check_label("a", "{\"b\":1,\"a\":\"\"}", "");
    check_label("a", "{\"a\":\"\\u00e4\\n\"}", "\xc3\xa4\n");
    check_label("a", "{\"a\":1,\"a\":2}", "2");
    check_label("a", " {\"a\": true} ", "true");
    check_label("a", "{\"a\":false}", "false");
    check_label("a,b", "{\"a\":1,\"b\":\"x\"}", "1,x");
    check_label("b,stream,a,a", "{\"a\":1}", "(none),social/x,1,1");
    check_label("stream", "garbage", "social/x");
    check_label("stream,stream", "garbage", "social/x,social/x");
}

static void test_numbers(void)
{
    check_label("a", "{\"a\":0}", "0");
    check_label("a", "{\"a\":-7}", "-7");
    check_label("a", "{\"a\":9223372036854775807}", "9223372036854775807");
    check_label("a", "{\"a\":-9223372036854775808}", "-9223372036854775808");
    check_label("a", "{\"a\":0.1}", "0.1");
    check_label("a", "{\"a\":1.10}", "1.1");
    check_label("a", "{\"a\":5.0}", "5.0");
    check_label("a", "{\"a\":0.30000000000000004}", "0.30000000000000004");
    check_label("a", "{\"a\":1e300}", "1e300");
    check_label("a", "{\"a\":-2.5e-7}", "-2.5e-7");
}

/* A number that fits nowhere does not hide the others. */
static void test_huge_numbers(void)
{
    static const char big[] = "123456789012345678901234567890";
    char body[128];

    snprintf(body, sizeof(body), "{\"a\":\"x\",\"b\":7,\"c\":2.5,\"d\":%s}",
             big);
    check_label("a", body, "x");
    check_label("b", body, "7");
    check_label("c", body, "2.5");
    check_label("d", body, "1.2345678901234568e29");
    check_label("a", "{\"a\":\"x\",\"b\":1e999}", "(none)");
}

static void test_none(void)
{
    static const char *const bodies[] = {"",
                                         "x",
                                         "{",
                                         "[]",
                                         "[\"a\"]",
                                         "\"a\"",
                                         "1",
                                         "{\"b\":1}",
                                         "{\"a\":null}",
                                         "{\"a\":[1]}",
                                         "null",
                                         "{\"a\":{}}",
                                         "{\"a\":1} 2",
                                         "{\"a\":1,}",
                                         "{'a':1}",
                                         "\xff",
                                         "{\"a\":\"\xff\"}",
                                         "{\"a\":\"\\ud800\"}",
                                         "{\"a\":01}",
                                         "{\"b\":{\"a\":1}}",
                                         "{\"a\":1",
                                         "{\"a\\u0000\":1}",
                                         "{\"A\":1}"};

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        check_label("a", bodies[i], "(none)");
    check_label_of("a", (struct slice){NULL, 0}, "(none)");
    check_label_of("a", (struct slice){"{\"a\":1}\0", 8}, "(none)");
    check_label_of("a", (struct slice){"{\"a\":\"x\0y\"}", 11}, "(none)");
}

static void test_nul(void)
{
    check_label("a", "{\"a\":\"x\\u0000y\"}", "x");
    check_label("a", "{\"a\":\"\\u0000\"}", "");
    check_label("a,b", "{\"a\":\"x\\u0000y\",\"b\":1}", "x,1");
}

static void test_deep(void)
{
    static const size_t deep = 1 << 20;
    char *body = malloc(deep);

    memset(body, '[', deep);
    check_label_of("a", (struct slice){body, deep}, "(none)");
    for (size_t i = 0; i + 5 <= deep; i += 5)
        memcpy(body + i, "{\"a\":", 5);
    check_label_of("a", (struct slice){body, deep}, "(none)");
    free(body);
    check_label("a", "{\"b\":[[[[[[[[[[{}]]]]]]]]]],\"a\":1}", "1");
}

/* The label is cut to whole characters, and what comes behind is dropped. */
static void test_long(void)
{
    static const size_t n = (1 << 20) - 16;
    char *body = malloc(n + 16);
    struct field *field = make("a,b", NULL, NULL, 0);
    struct field_result r;
    size_t at = 7;

    snprintf(body, 8, "{\"a\":\"x");
    for (; at < n - 2; at += 2)
        memcpy(body + at, "\xc3\xa4", 2);
    memcpy(body + at, "\"}", 2);
    r = eval(field, "s", (struct slice){body, at + 2});
    CHECK_INT(r.label.n, FIELD_LABEL_MAX - 1);
    CHECK(text_is_utf8(r.label));
    CHECK_INT(r.label.p[0], 'x');
    field_free(field);

    field = make("stream,a", NULL, NULL, 0);
    memset(body, 's', 254);
    body[254] = '\0';
    r = eval(field, body, SLICE("{\"a\":\"\xf0\x9f\x98\x80\"}"));
    CHECK_INT(r.label.n, 255);
    CHECK_INT(r.label.p[254], ',');
    body[254] = 's';
    body[512] = '\0';
    memset(body, 's', 512);
    r = eval(field, body, SLICE("{\"a\":1}"));
    CHECK_INT(r.label.n, 256);
    field_free(field);

    field = make("stream", NULL, NULL, 0);
    CHECK_INT(eval(field, body, SLICE("")).label.n, 512);
    field_free(field);
    free(body);
}

static bool counts(const char *where, const char *body)
{
    struct field *field = make("stream", NULL, &where, 1);
    bool counted;

    CHECK(field_parses(field));
    counted = eval(field, "social/x", slice_str(body)).counted;
    field_free(field);
    return counted;
}

static void test_where(void)
{
    static const char *const two[] = {"a=x*", "b=[0-9]"};
    struct field *field;

    CHECK(counts("a=x*", "{\"a\":\"xyz\"}"));
    CHECK(!counts("a=x*", "{\"a\":\"yxz\"}"));
    CHECK(counts("a=*", "{}"));
    CHECK(counts("a=*/z", "{\"a\":\"/x/y/z\"}"));
    CHECK(counts("a=(none)", "garbage"));
    CHECK(counts("a=", "{\"a\":\"\"}"));
    CHECK(counts("a=b=c", "{\"a\":\"b=c\"}"));
    CHECK(counts("a=4?", "{\"a\":42}"));
    CHECK(counts("a=true", "{\"a\":true}"));
    CHECK(counts("a=x", "{\"a\":\"x\\u0000y\"}"));
    CHECK(counts("stream=social/*", "garbage"));
    CHECK(!counts("stream=news/*", "garbage"));
    field = make("stream", NULL, two, 2);
    CHECK(eval(field, "s", SLICE("{\"a\":\"x\",\"b\":5}")).counted);
    CHECK(!eval(field, "s", SLICE("{\"a\":\"x\",\"b\":55}")).counted);
    CHECK(!eval(field, "s", SLICE("{\"a\":\"y\",\"b\":5}")).counted);
    field_free(field);
}

static void check_time(const char *body, int64_t time_ms, bool untimed)
{
    struct field *field = make("stream", "t", NULL, 0);
    struct field_result r;

    CHECK(field_parses(field));
    r = eval(field, "social/x", slice_str(body));
    if (r.time_ms != time_ms || r.untimed != untimed)
        printf("# %s\n", body);
    CHECK_INT(r.time_ms, time_ms);
    CHECK_INT(r.untimed, untimed);
    CHECK(r.counted && slice_eq(r.label, SLICE("social/x")));
    field_free(field);
}

static void test_time(void)
{
    check_time("{\"t\":4000}", 4000, false);
    check_time("{\"t\":4000.9}", 4000, false);
    check_time("{\"t\":0}", 0, false);
    check_time("{\"t\":\"1970-01-01T00:00:01.5Z\"}", 1500, false);
    check_time("{\"t\":\"1970-01-01T01:00:02.123999+01:00\"}", 2123, false);
    check_time("{\"t\":5001}", 5000, false);
    check_time("{\"t\":253402300799999}", 5000, false);
    check_time("{\"t\":\"2200-01-01T00:00:00Z\"}", 5000, false);
}

static void test_untimed(void)
{
    static const char *const bodies[] = {
        "{\"t\":253402300800000}",
        "{\"t\":-1}",
        "{\"t\":-0.5}",
        "{\"t\":1e300}",
        "{\"t\":253402300800000.0}",
        "{\"t\":\"4000\"}",
        "{\"t\":\"1970-01-01T00:00:01.5\"}",
        "{\"t\":\"\"}",
        "{\"t\":null}",
        "{\"t\":true}",
        "{\"t\":[4000]}",
        "{}",
        "garbage",
        "",
        "{\"t\":\"1970-01-01T00:00:01Z\\u0000\"}",
        "{\"t\":9223372036854775807}",
        "{\"t\":12345678901234567890123}"};

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        check_time(bodies[i], 5000, true);
}

static void test_time_of_stream(void)
{
    struct field *field = make("stream", "stream", NULL, 0);
    struct field_result r = eval(field, "1970-01-01T00:00:03Z", SLICE(""));

    CHECK_INT(r.time_ms, 3000);
    CHECK(!r.untimed);
    CHECK(eval(field, "social/x", SLICE("{\"stream\":1}")).untimed);
    field_free(field);
}

static void test_parses(void)
{
    struct field *field = make("stream", NULL, NULL, 0);

    CHECK(!field_parses(field));
    field_free(field);
    field = make("a", NULL, NULL, 0);
    CHECK(field_parses(field));
    field_free(field);
    field_free(NULL);
}

static void refused(const char *group, const char *where, const char *time,
                    const char *text)
{
    struct field_config config = {
        .group = group, .where = &where, .nwhere = where != NULL, .time = time};
    struct err err = ERR_INIT;

    CHECK(field_new(&config, &err) == NULL);
    CHECK_INT(err.code, ERR_USAGE);
    CHECK_STR(err.text, text);
    CHECK(field_new(&config, NULL) == NULL);
}

static void test_refused(void)
{
    refused("", NULL, NULL, "'' has an empty field name");
    refused("a,,b", NULL, NULL, "'a,,b' has an empty field name");
    refused("a,", NULL, NULL, "'a,' has an empty field name");
    refused(",a", NULL, NULL, "',a' has an empty field name");
    refused("a", "b", NULL, "'b' is not FIELD=GLOB");
    refused("a", "=b", NULL, "'=b' is not FIELD=GLOB");
    refused("a", "", NULL, "'' is not FIELD=GLOB");
    refused("a", NULL, "", "an empty field name for the time");
}

/* Whatever bytes a body has: a label in its bounds, and no crash. */
static void test_garbage(void)
{
    static const char base[] =
        "{\"a\":\"x\\u00e4\",\"b\":[1,{\"a\":2}],\"t\":1.5e3,\"c\":true}";
    static const char *const where[] = {"b=*", "a=?*"};
    struct field *field = make("a,b,stream,c", "t", where, 2);
    struct rng rng = {SEED};
    int none = 0;

    for (int i = 0; i < 30000 && !check_bad; i++) {
        char body[sizeof(base)];
        size_t n = rng_next(&rng) % sizeof(base);
        struct field_result r;

        memcpy(body, base, sizeof(base));
        for (uint64_t k = rng_next(&rng) % 4; k > 0; k--)
            body[rng_next(&rng) % sizeof(base)] = (char)rng_next(&rng);
        if (rng_next(&rng) % 4 > 0)
            n = sizeof(base) - 1;
        r = eval(field, "s", (struct slice){body, n});
        CHECK(r.label.n <= FIELD_LABEL_MAX && r.time_ms <= 5000);
        CHECK(text_is_utf8(r.label));
        none += r.untimed;
        if (check_bad)
            printf("# seed %u, body %d\n", SEED, i);
    }
    CHECK(none > 1000 && none < 29000);
    field_free(field);
}

static void test_no_memory(void)
{
    struct field *field = make("a,b", NULL, NULL, 0);
    struct field_record record = {.stream = "s",
                                  .body = SLICE("{\"a\":\"x\",\"b\":0.1}")};
    struct field_result result;
    struct err err = ERR_INIT;
    int fails = 0;

    for (int i = 0; i < 30; i++) {
        scarce_from(i);
        err_clear(&err);
        if (field_eval(field, &record, &result, &err) == 0)
            continue;
        CHECK_INT(err.code, ERR_OS);
        fails++;
    }
    scarce_end();
    CHECK(fails > 0);
    field_free(field);
}

int main(void)
{
    RUN(test_label);
    RUN(test_numbers);
    RUN(test_huge_numbers);
    RUN(test_none);
    RUN(test_nul);
    RUN(test_deep);
    RUN(test_long);
    RUN(test_where);
    RUN(test_time);
    RUN(test_untimed);
    RUN(test_time_of_stream);
    RUN(test_parses);
    RUN(test_refused);
    RUN(test_garbage);
    RUN(test_no_memory);
    return check_done();
}
