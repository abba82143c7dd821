#include "bsky/record.h"
#include "posts.h"

static const struct hash_key key = {1, 2};

static void test_encode(void)
{
    struct buf out = BUF_INIT(4096);
    struct event event;

    CHECK_INT(posts_edited(V1_POST, "did:plc:a", "d\\\"\\u00e9\\u001F\\u0000",
                           &event),
              1);
    buf_addstr(&out, "x");
    CHECK_INT(record_encode(&out, &event, SLICE("YouTube.COM"),
                            SLICE("https://YouTube.COM/\\\x7F\n")),
              0);
    CHECK_STR(buf_str(&out),
              "x{\"did\":\"d\\\"\xC3\xA9\\u001f\\u0000\","
              "\"rkey\":\"3n2wb7esvxsb2\","
              "\"created_at\":\"2026-11-22T18:00:00.000Z\","
              "\"observed_at\":\"2026-11-22T18:39:04.737147+00:00\","
              "\"cid\":\"bafy\",\"offsite\":\"youtube.com\","
              "\"offsite_uri\":\"https://YouTube.COM/\\\\\x7F\\n\"}");
    event_release(&event);
    buf_release(&out);
}

/* Every size that is too small leaves the content as it was. */
static void test_encode_full(void)
{
    struct event event;
    size_t max = 0;
    int r = -1;

    CHECK_INT(posts_parse(SLICE(V2_POST), &event, NULL), 1);
    for (; r != 0 && max < 1000; max++) {
        struct buf out = BUF_INIT(max);

        buf_add(&out, "x", max > 0);
        r = record_encode(&out, &event, SLICE("a.b"), SLICE("http://a.b"));
        if (r != 0)
            CHECK_INT(out.n, max > 0);
        else
            CHECK(strstr(NEEDED(buf_str(&out)), "\"created_at\":null,") !=
                  NULL);
        buf_release(&out);
    }
    CHECK(max > 100 && max < 1000);
    event_release(&event);
}

static bool same(struct hash128 a, struct hash128 b)
{
    return a.a == b.a && a.b == b.b;
}

static void test_id_of_both(void)
{
    struct buf out = BUF_INIT(4096);
    struct hash128 id = {0, 0};
    struct hash128 other;
    struct event event;

    CHECK_INT(posts_edited(V1_POST, "did:plc:a", "a\\u0000\\u00e9", &event), 1);
    CHECK_INT(record_encode(&out, &event, SLICE("a"), SLICE("b")), 0);
    CHECK_INT(record_body_id(key, buf_slice(&out), &id), 0);
    CHECK(same(id, record_event_id(key, &event)));
    CHECK(!same(id, record_event_id((struct hash_key){1, 3}, &event)));
    event_release(&event);
    CHECK_INT(record_body_id(key,
                             SLICE(" {\"cid\":\"bafy\",\"x\":[1],\"rkey\":"
                                   "\"3n2wb7esvxsb\\u0032\",\"did\":"
                                   "\"\\u0061\\u0000\xC3\xA9\"}"),
                             &other),
              0);
    CHECK(same(id, other));
    buf_release(&out);
}

/* Moving a byte from one string to the next makes another identity. */
static void test_id_unambiguous(void)
{
    static const char *const bodies[] = {
        "{\"did\":\"ab\",\"rkey\":\"c\",\"cid\":\"d\"}",
        "{\"did\":\"a\",\"rkey\":\"bc\",\"cid\":\"d\"}",
        "{\"did\":\"a\",\"rkey\":\"b\",\"cid\":\"cd\"}",
        "{\"did\":\"c\",\"rkey\":\"ab\",\"cid\":\"d\"}",
        "{\"did\":\"a\\u0000\",\"rkey\":\"b\",\"cid\":\"c\"}",
        "{\"did\":\"a\",\"rkey\":\"\\u0000b\",\"cid\":\"c\"}"};
    struct hash128 ids[6];

    for (size_t i = 0; i < 6; i++) {
        CHECK_INT(record_body_id(key, slice_str(bodies[i]), &ids[i]), 0);
        for (size_t j = 0; j < i; j++)
            CHECK(!same(ids[i], ids[j]));
    }
}

static void test_id_refused(void)
{
    static const char *const bad[] = {
        "",
        "x",
        "[]",
        "{}",
        "{\"did\":\"a\",\"rkey\":\"b\"}",
        "{\"did\":\"a\",\"rkey\":\"b\",\"cid\":7}",
        "{\"did\":\"a\",\"rkey\":\"b\",\"cid\":\"\"}",
        "{\"did\":\"a\",\"rkey\":\"b\",\"cid\":\"c\"} x"};
    struct hash128 id = {5, 6};
    char body[600];
    char did[EVENT_ID_MAX + 2] = "";

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_INT(record_body_id(key, slice_str(bad[i]), &id), -1);
    CHECK_INT(id.a, 5);
    memset(did, 'd', EVENT_ID_MAX);
    snprintf(body, sizeof(body),
             "{\"did\":\"%s\",\"rkey\":\"b\","
             "\"cid\":\"c\"}",
             did);
    CHECK_INT(record_body_id(key, slice_str(body), &id), 0);
    did[EVENT_ID_MAX] = 'd';
    snprintf(body, sizeof(body),
             "{\"did\":\"%s\",\"rkey\":\"b\","
             "\"cid\":\"c\"}",
             did);
    CHECK_INT(record_body_id(key, slice_str(body), &id), -1);
}

int main(void)
{
    RUN(test_encode);
    RUN(test_encode_full);
    RUN(test_id_of_both);
    RUN(test_id_unambiguous);
    RUN(test_id_refused);
    return check_done();
}
