#include <jansson.h>

#include "posts.h"

/* Checks what comes of ${json}, and that an error is told only for -1. */
static void check_parse(const char *json, int want)
{
    struct event event;
    struct err err = ERR_INIT;
    int got = posts_parse(slice_str(json), &event, &err);

    CHECK_INT(got, want);
    if (got != want)
        printf("# message: %s\n# error: %s\n", json, err.text);
    CHECK_INT(err.code, want < 0 ? ERR_DATA : ERR_NONE);
    event_release(&event);
}

static void test_v1_post(void)
{
    struct event event;

    CHECK_INT(posts_parse(SLICE(V1_POST), &event, NULL), 1);
    CHECK_INT(event.wire, EVENT_V1);
    CHECK_INT(event.kind, EVENT_POST);
    CHECK_INT(event.time_us, 1795372744737147);
    CHECK_INT(event.seq, 1001);
    CHECK(slice_eq(event.did, SLICE("did:plc:a")));
    CHECK(slice_eq(event.rkey, SLICE("3n2wb7esvxsb2")));
    CHECK(slice_eq(event.cid, SLICE("bafy")));
    CHECK(slice_eq(event.created_at, SLICE("2026-11-22T18:00:00.000Z")));
    CHECK(json_is_object(event.record));
    event_release(&event);
    CHECK(event.root == NULL);
    event_release(&event);
}

static void test_v2_post(void)
{
    struct event event;

    CHECK_INT(posts_parse(SLICE(V2_POST), &event, NULL), 1);
    CHECK_INT(event.wire, EVENT_V2);
    CHECK_INT(event.kind, EVENT_POST);
    CHECK_INT(event.time_us, 1795372744737147);
    CHECK_INT(event.seq, 7);
    CHECK(slice_eq(event.did, SLICE("did:plc:a")));
    CHECK(slice_eq(event.cid, SLICE("bafy")));
    CHECK(event.created_at.p == NULL);
    event_release(&event);
}

static void test_v2_words(void)
{
    struct event event;

    CHECK_INT(
        posts_parse(SLICE("{\"$type\":\"error\",\"error\":\"ConsumerTooSlow\","
                          "\"message\":\"bye\"}"),
                    &event, NULL),
        0);
    CHECK_INT(event.kind, EVENT_ERROR);
    CHECK_INT(event.wire, EVENT_V2);
    CHECK(slice_eq(event.name, SLICE("ConsumerTooSlow")));
    CHECK(slice_eq(event.message, SLICE("bye")));
    event_release(&event);
    CHECK_INT(posts_parse(SLICE("{\"$type\":\"message\",\"payload\":{\"$type\":"
                                "\"x#info\",\"name\":\"OutdatedCursor\"}}"),
                          &event, NULL),
              0);
    CHECK_INT(event.kind, EVENT_INFO);
    CHECK(slice_eq(event.name, SLICE("OutdatedCursor")));
    CHECK(event.message.p != NULL && event.message.n == 0);
    CHECK_INT(event.seq, -1);
    CHECK_INT(event.time_us, -1);
    event_release(&event);
}

/* What is not ours still says where in the firehose it is. */
static void test_position_of_others(void)
{
    struct event event;

    CHECK_INT(posts_parse(SLICE(V1_HEAD "\"cursor\":5,\"kind\":\"identity\"}"),
                          &event, NULL),
              0);
    CHECK_INT(event.kind, EVENT_OTHER);
    CHECK_INT(event.time_us, 1795372744737147);
    CHECK_INT(event.seq, 5);
    event_release(&event);
    CHECK_INT(posts_parse(SLICE("{\"$type\":\"message\",\"payload\":{\"$type\":"
                                "\"x#account\",\"seq\":9,\"time\":"
                                "\"1970-01-01T00:00:01.000002Z\"}}"),
                          &event, NULL),
              0);
    CHECK_INT(event.kind, EVENT_OTHER);
    CHECK_INT(event.wire, EVENT_V2);
    CHECK_INT(event.time_us, 1000002);
    CHECK_INT(event.seq, 9);
    event_release(&event);
}

static void test_not_ours(void)
{
    static const char *const others[] = {
        "{}",
        "[]",
        "7",
        "null",
        "\"x\"",
        " [1] ",
        "{\"kind\":null}",
        "{\"kind\":7,\"commit\":{}}",
        "{\"kind\":\"Commit\"}",
        "{\"kind\":\"account\",\"commit\":7}",
        "{\"$type\":7}",
        "{\"$type\":\"message\"}",
        "{\"$type\":\"message\",\"payload\":[]}",
        "{\"$type\":\"message\",\"payload\":{}}",
        "{\"$type\":\"message\",\"payload\":{\"$type\":\"x#sync\"}}",
        "{\"$type\":\"message\",\"payload\":{\"$type\":\"commit\"}}",
        "{\"$type\":\"other\",\"payload\":{\"$type\":\"x#commit\"}}",
        "{\"kind\":\"commit\",\"commit\":{\"operation\":\"delete\","
        "\"collection\":\"app.bsky.feed.post\"}}",
        "{\"kind\":\"commit\",\"commit\":{\"operation\":\"create\","
        "\"collection\":\"app.bsky.feed.postgate\"}}",
        "{\"kind\":\"commit\",\"commit\":{\"operation\":\"Create\","
        "\"collection\":\"app.bsky.feed.post\"}}",
        V2_HEAD "\"operation\":\"update\",\"collection\":\"x\"}}",
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        check_parse(others[i], 0);
}

static void test_malformed(void)
{
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "nul",
        "{\"a\":1,}",
        "{\"a\":01}",
        "{} {}",
        "{\"a\":\"\xFF\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"\\u0061\":1}",
        "{\"kind\":\"account\",\"x\":{\"y\":1,\"y\":2}}",
        "{\"kind\":\"commit\"}",
        "{\"kind\":\"commit\",\"commit\":[]}",
        "{\"kind\":\"commit\",\"commit\":{}}",
        "{\"kind\":\"commit\",\"commit\":{\"operation\":\"delete\"}}",
        "{\"kind\":\"commit\",\"commit\":{\"collection\":\"x\"}}",
        "{\"kind\":\"commit\",\"commit\":{\"collection\":\"x\","
        "\"operation\":7}}",
        V2_HEAD "\"operation\":\"delete\"}}",
        V2_HEAD "\"operation\":\"delete\",\"collection\":null}}",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        check_parse(bad[i], -1);
}

/* Both wires alike: a post lacks what it needs. */
static void test_post_needs(void)
{
    static const char *const posts[] = {V1_POST, V2_POST};
    static const char *const edits[][2] = {
        {"\"did\":\"did:plc:a\"", "\"did\":7"},
        {"\"did\":", "\"Did\":"},
        {"did:plc:a", ""},
        {"\"rkey\"", "\"rkex\""},
        {"\"3n2wb7esvxsb2\"", "null"},
        {"3n2wb7esvxsb2", ""},
        {"\"cid\"", "\"cix\""},
        {"\"bafy\"", "[\"bafy\"]"},
        {"\"bafy\"", "\"\""},
        {"\"record\":{", "\"record\":7,\"recorx\":{"},
        {"\"record\"", "\"recorx\""},
    };

    for (size_t p = 0; p < 2; p++) {
        posts_check_edit(posts[p], "bafy", "x", 1);
        posts_check_edit(posts[p], "bafy", "\\u0000\\u00e9", 1);
        posts_check_edit(posts[p], "create", "\\u0063reate", 1);
        posts_check_edit(posts[p], "\"rkey\":", "\"\\u0072key\" :\r\n\t", 1);
        for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++)
            posts_check_edit(posts[p], edits[i][0], edits[i][1], -1);
    }
}

static void test_id_lengths(void)
{
    char id[EVENT_ID_MAX + 2];

    memset(id, 'i', sizeof(id));
    id[EVENT_ID_MAX + 1] = '\0';
    posts_check_edit(V1_POST, "bafy", id, -1);
    posts_check_edit(V1_POST, "did:plc:a", id, -1);
    posts_check_edit(V2_POST, "3n2wb7esvxsb2", id, -1);
    posts_check_edit(V1_POST, "bafy", id + 1, 1);
    posts_check_edit(V1_POST, "did:plc:a", id + 1, 1);
    posts_check_edit(V2_POST, "3n2wb7esvxsb2", id + 1, 1);
}

static void test_time_needed(void)
{
    static const char *const v1[] = {
        "\"1795372744737147\"",
        "1795372744737147.0",
        "1.795372744737147e15",
        "-1",
        "253402300800000000",
        "null",
        "18446744073709551616",
        "1795372744737147.5,\"x\":18446744073709551616"};
    static const char *const v2[] = {"2026-11-22",
                                     "2026-11-22T18:39:04.737147",
                                     "",
                                     "1969-12-31T23:59:59Z",
                                     "2026-11-22t18:39:04z",
                                     "2026-13-22T18:39:04.737147Z"};

    for (size_t i = 0; i < sizeof(v1) / sizeof(v1[0]); i++)
        posts_check_edit(V1_POST, "1795372744737147", v1[i], -1);
    for (size_t i = 0; i < sizeof(v2) / sizeof(v2[0]); i++)
        posts_check_edit(V2_POST, "2026-11-22T18:39:04.737147Z", v2[i], -1);
    posts_check_edit(V1_POST, "1795372744737147", "0", 1);
    posts_check_edit(V1_POST, "1795372744737147", "253402300799999999", 1);
    posts_check_edit(V2_POST, "2026-11-22T18:39:04.737147Z",
                     "2026-11-22T18:39:04+01:00", 1);
    posts_check_edit(V2_POST, "\"time\":", "\"time_us\":", -1);
}

static void check_seq(const char *seq, int64_t want)
{
    struct event event;
    char v2[64];

    CHECK_INT(posts_edited(V1_POST, "1001", seq, &event), 1);
    CHECK_INT(event.seq, want);
    event_release(&event);
    snprintf(v2, sizeof(v2), "\"seq\":%s", seq);
    CHECK_INT(posts_edited(V2_POST, "\"seq\":7", v2, &event), 1);
    CHECK_INT(event.seq, want);
    event_release(&event);
}

static void test_seq(void)
{
    check_seq("0", 0);
    check_seq("-1", -1);
    check_seq("9223372036854775807", INT64_MAX);
    check_seq("9223372036854775808", -1);
    check_seq("1001.0", -1);
    check_seq("\"1001\"", -1);
    check_seq("null", -1);
}

static void check_created(const char *value, const char *want)
{
    struct event event;

    CHECK_INT(
        posts_edited(V1_POST, "\"2026-11-22T18:00:00.000Z\"", value, &event),
        1);
    if (want == NULL)
        CHECK(event.created_at.p == NULL);
    else
        CHECK(event.created_at.p != NULL &&
              slice_eq(event.created_at, slice_str(want)));
    event_release(&event);
}

static void test_created_at(void)
{
    char quoted[EVENT_CREATED_MAX + 4];
    char want[EVENT_CREATED_MAX + 1];

    check_created("\"not a date\"", "not a date");
    check_created("\"\"", "");
    check_created("null", NULL);
    check_created("7", NULL);
    check_created("[\"2026\"]", NULL);
    memset(want, 'x', sizeof(want));
    want[EVENT_CREATED_MAX] = '\0';
    snprintf(quoted, sizeof(quoted), "\"%s\"", want);
    check_created(quoted, want);
    snprintf(quoted, sizeof(quoted), "\"%sx\"", want);
    check_created(quoted, NULL);
}

static void check_tid(const char *rkey, int64_t want)
{
    int64_t us = -1;

    CHECK_INT(event_rkey_time(slice_str(rkey), &us), want < 0 ? -1 : 0);
    CHECK_INT(us, want);
}

static void test_tid(void)
{
    check_tid("2222222222222", 0);
    check_tid("222222222223z", 0);
    check_tid("222222222232z", 1);
    check_tid("jzzzzzzzzzzzz", (INT64_C(1) << 54) - 1);
    check_tid("3jzfcijpj2z2a", 1688137381887007);
    check_tid("kzzzzzzzzzzzz", -1);
    check_tid("zzzzzzzzzzzzz", -1);
    check_tid("self", -1);
    check_tid("", -1);
    check_tid("222222222222", -1);
    check_tid("22222222222222", -1);
    check_tid("3JZFCIJPJ2Z2A", -1);
    check_tid("3jzfcijpj2z20", -1);
    check_tid("1jzfcijpj2z2a", -1);
    check_tid("3jzf-cij-pj2z", -1);
}

int main(void)
{
    RUN(test_v1_post);
    RUN(test_v2_post);
    RUN(test_v2_words);
    RUN(test_position_of_others);
    RUN(test_not_ours);
    RUN(test_malformed);
    RUN(test_post_needs);
    RUN(test_id_lengths);
    RUN(test_time_needed);
    RUN(test_seq);
    RUN(test_created_at);
    RUN(test_tid);
    return check_done();
}
